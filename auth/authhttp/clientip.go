package authhttp

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// Proxies lists the addresses of the reverse proxies in front of the app, as CIDRs ("10.0.0.0/8", "fd00::/8") or single
// addresses ("127.0.0.1"). What such a proxy says in X-Forwarded-For is believed; what anybody else says there is not.
// An app that visitors reach without a proxy says Direct.
type Proxies []string

// Direct says that there is no proxy: the peer of the connection is the visitor.
var Direct = Proxies{"direct"}

// maxHops bounds the work on one X-Forwarded-For.
const maxHops = 64

// parse returns the trusted networks. It refuses what would let any visitor choose an address, and with it escape every
// limit.
func (p Proxies) parse() ([]netip.Prefix, error) {
	if len(p) == 1 && strings.TrimSpace(p[0]) == Direct[0] {
		return nil, nil
	}
	nets := make([]netip.Prefix, 0, len(p))
	for _, entry := range p {
		n, err := parseProxy(strings.TrimSpace(entry))
		if err != nil {
			return nil, fmt.Errorf("authhttp: Config.Proxies: %q: %w", entry, err)
		}
		nets = append(nets, n)
	}
	return nets, nil
}

// The widest networks that are believed to be somebody's own: 10.0.0.0/8 and fc00::/7.
const (
	widest4 = 8
	widest6 = 7
)

func parseProxy(entry string) (netip.Prefix, error) {
	none := netip.Prefix{}
	switch {
	case entry == "":
		return none, errors.New("an empty entry; list CIDRs such as 10.0.0.0/8, or use authhttp.Direct")
	case entry == Direct[0]:
		return none, errors.New("this stands alone: either there are proxies or there are none")
	case !strings.Contains(entry, "/"):
		addr, err := netip.ParseAddr(entry)
		if err != nil || addr.Zone() != "" {
			return none, errors.New("not an address or CIDR such as 10.0.0.0/8")
		}
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	n, err := netip.ParsePrefix(entry)
	if err != nil {
		return none, errors.New("not an address or CIDR such as 10.0.0.0/8")
	}
	if n.Addr().Is4In6() {
		n = netip.PrefixFrom(n.Addr().Unmap(), max(n.Bits()-96, 0))
	}
	least := widest4
	if n.Addr().Is6() {
		least = widest6
	}
	if n.Bits() < least {
		return none, fmt.Errorf("so wide a network trusts everyone, and anyone could choose the address that limits count: "+
			"list your own proxies only (at least /%d)", least)
	}
	if n != n.Masked() {
		return none, fmt.Errorf("has bits behind its prefix; if you mean the network, write %s", n.Masked())
	}
	return n, nil
}

// ClientIP returns the address of the person's device as far as it can be trusted: the peer of the connection, or, if
// that is one of Config.Proxies, the rightmost hop of X-Forwarded-For that is not. A hop that is no address ends the
// search, and the address found so far counts. Forwarded (RFC 7239), X-Real-IP and the like are never read. The result
// is not valid (netip.Addr.IsValid) if the server does not know its peer's address, for instance on a Unix socket; then
// nobody can sign in.
func (web *Web) ClientIP(r *http.Request) netip.Addr {
	addr := peer(r.RemoteAddr)
	if len(web.proxies) == 0 || !web.proxied(addr) {
		return addr
	}
	lines := r.Header["X-Forwarded-For"]
	hops := 0
	for i := len(lines) - 1; i >= 0; i-- {
		rest := lines[i]
		for more := true; more; hops++ {
			if hops == maxHops {
				return addr
			}
			hop := rest
			if at := strings.LastIndexByte(rest, ','); at >= 0 {
				hop, rest = rest[at+1:], rest[:at]
			} else {
				more = false
			}
			next := parseHop(strings.Trim(hop, " \t"))
			if !next.IsValid() {
				return addr
			}
			if addr = next; !web.proxied(addr) {
				return addr
			}
		}
	}
	return addr
}

func (web *Web) proxied(addr netip.Addr) bool {
	for _, n := range web.proxies {
		if n.Contains(addr) {
			return true
		}
	}
	return false
}

// peer reads http.Request.RemoteAddr.
func peer(remote string) netip.Addr {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	return plain(ap.Addr())
}

// parseHop reads one hop as proxies write it: an address, bare or with a port, IPv6 in brackets or not. The zero Addr
// stands for everything else.
func parseHop(hop string) netip.Addr {
	if len(hop) == 0 || len(hop) > 64 {
		return netip.Addr{}
	}
	if hop[0] == '[' && hop[len(hop)-1] == ']' {
		if addr, err := netip.ParseAddr(hop[1 : len(hop)-1]); err == nil && addr.Is6() {
			return plain(addr)
		}
		return netip.Addr{}
	}
	if addr, err := netip.ParseAddr(hop); err == nil {
		return plain(addr)
	}
	if ap, err := netip.ParseAddrPort(hop); err == nil {
		return plain(ap.Addr())
	}
	return netip.Addr{}
}

// plain drops what would let one device count as many: the zone, and IPv4 written as IPv6.
func plain(addr netip.Addr) netip.Addr { return addr.WithZone("").Unmap() }
