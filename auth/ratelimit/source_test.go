package ratelimit_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"

	"github.com/sekisho-auth/sekisho/auth/ratelimit"
)

func TestSource(t *testing.T) {
	for _, tt := range []struct{ addr, source, wide string }{
		{"192.0.2.1", "192.0.2.1", ""},
		{"::ffff:192.0.2.1", "192.0.2.1", ""},
		{"::ffff:c000:201", "192.0.2.1", ""},
		{"64:ff9b::192.0.2.1", "192.0.2.1", ""},
		{"64:ff9b:1::192.0.2.1", "64:ff9b:1::/64", "64:ff9b:1::/48"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"},
		{"2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64", "2001:db8:1::/48"},
		{"2001:db8:1:3::1", "2001:db8:1:3::/64", "2001:db8:1::/48"},
		{"fe80::1%eth0", "fe80::/64", "fe80::/48"},
		{"fe80::1%eth1", "fe80::/64", "fe80::/48"},
		{"::1", "::/64", "::/48"},
		{"", "", ""},
	} {
		addr, err := netip.ParseAddr(tt.addr)
		if err != nil && tt.addr != "" {
			t.Fatal(err)
		}
		if got := ratelimit.Source(addr); got != tt.source {
			t.Errorf("Source(%s) = %q, want %q", tt.addr, got, tt.source)
		}
		if got, ok := ratelimit.SourceWide(addr); got != tt.wide || ok != (tt.wide != "") {
			t.Errorf("SourceWide(%s) = %q, %v, want %q", tt.addr, got, ok, tt.wide)
		}
	}
}

func FuzzSource(f *testing.F) {
	f.Add([]byte{192, 0, 2, 1})
	f.Add(netip.MustParseAddr("::ffff:192.0.2.1").AsSlice())
	f.Add(netip.MustParseAddr("2001:db8::1").AsSlice())
	f.Fuzz(func(t *testing.T, b []byte) {
		addr, ok := netip.AddrFromSlice(b)
		source := ratelimit.Source(addr)
		if ok != (source != "") {
			t.Fatalf("Source(%v) = %q", addr, source)
		}
		if prefix, err := netip.ParsePrefix(source); ok && err == nil && !prefix.Contains(addr) {
			t.Fatalf("%s does not contain %v", source, addr)
		}
		if zoned := addr.WithZone("x"); ratelimit.Source(zoned) != source {
			t.Fatalf("the zone of %v makes a difference", zoned)
		}
	})
}

func TestKeyOf(t *testing.T) {
	secret := []byte("0123456789abcdef0123456789abcdef")
	long := []byte(strings.Repeat("x", 33))
	seen := map[ratelimit.Key]string{}
	for _, k := range [][3]string{
		{string(secret), "login", "192.0.2.1"}, {string(secret), "login1", "92.0.2.1"}, {string(secret), "", "login192.0.2.1"},
		{string(secret), "login192.0.2.1", ""}, {string(secret), "forgot", "192.0.2.1"}, {"another secret of sixteen", "login", "192.0.2.1"},
		{string(long), "login", "192.0.2.1"}, {string(secret), "", ""},
	} {
		key := ratelimit.KeyOf([]byte(k[0]), k[1], k[2])
		if other, twice := seen[key]; twice {
			t.Errorf("%q and %q share a key", k, other)
		}
		seen[key] = strings.Join(k[:], "|")
	}
	mac := hmac.New(sha256.New, secret)
	for _, part := range []string{"login", "192.0.2.1"} {
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		mac.Write([]byte(part))
	}
	if got := ratelimit.KeyOf(secret, "login", "192.0.2.1"); !hmac.Equal(got[:], mac.Sum(nil)) {
		t.Errorf("KeyOf = %x, want the HMAC %x", got, mac.Sum(nil))
	}
}
