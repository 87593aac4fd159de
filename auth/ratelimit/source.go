package ratelimit

import "net/netip"

// nat64 is the well-known prefix of RFC 6052: an IPv4 address stands in the
// last four bytes. Without it all of IPv4 would share the bucket of one IPv6
// /64.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// Source returns the key of the network that one client can be expected to have
// to itself: an IPv4 address (also where it is written as IPv6), or the /64 of
// an IPv6 address, from which a client may choose any address at no cost. The
// zone is dropped. For an invalid address it returns "", which Limiter.Allow
// refuses: an address that is not known must not become a bucket that everybody
// shares.
func Source(addr netip.Addr) string {
	addr = plain(addr)
	switch {
	case !addr.IsValid():
		return ""
	case addr.Is4():
		return addr.String()
	}
	return prefix(addr, 64)
}

// SourceWide returns the key of the /48 around an IPv6 address, which is what
// many providers hand to one customer: a second, more generous limit there
// stops a client that walks through its own /64s. ok is false for everything
// else, which has no second limit.
func SourceWide(addr netip.Addr) (key string, ok bool) {
	addr = plain(addr)
	if !addr.Is6() {
		return "", false
	}
	return prefix(addr, 48), true
}

func plain(addr netip.Addr) netip.Addr {
	addr = addr.Unmap().WithZone("")
	if addr.Is6() && nat64.Contains(addr) {
		b := addr.As16()
		return netip.AddrFrom4([4]byte(b[12:]))
	}
	return addr
}

func prefix(addr netip.Addr, bits int) string {
	p, err := addr.Prefix(bits)
	if err != nil { // only a number of bits that the family does not have
		return ""
	}
	return p.String()
}
