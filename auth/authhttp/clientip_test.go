package authhttp

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

func TestProxies(t *testing.T) {
	good := map[string]string{
		"10.0.0.0/8": "10.0.0.0/8", " 10.1.0.0/16 ": "10.1.0.0/16", "127.0.0.1": "127.0.0.1/32", "::1": "::1/128", "fd00::/8": "fd00::/8", "fc00::/7": "fc00::/7",
		"2001:db8::/32": "2001:db8::/32", "::ffff:10.0.0.0/104": "10.0.0.0/8", "::ffff:192.0.2.1": "192.0.2.1/32",
	}
	for in, want := range good {
		got, err := Proxies{in}.parse()
		if err != nil || len(got) != 1 || got[0].String() != want {
			t.Errorf("%q: %v, %v, want %s", in, got, err, want)
		}
	}
	bad := map[string]string{
		"0.0.0.0/0": "trusts everyone", "::/0": "trusts everyone", "0.0.0.0/1": "trusts everyone", "128.0.0.0/1": "trusts everyone", "2000::/3": "trusts everyone",
		"::ffff:0.0.0.0/96": "trusts everyone", "::ffff:0:0/90": "trusts everyone", "8.0.0.0/7": "trusts everyone",
		"": "empty entry", "*": "not an address", "all": "not an address", "10.0.0.0/33": "not an address", "10.0.0.1:80": "not an address",
		"fe80::1%eth0": "not an address", "fe80::%eth0/64": "not an address", "10.1.2.3/8": "write 10.0.0.0/8", "direct": "",
	}
	for in, want := range bad {
		list := Proxies{in}
		if in == "direct" {
			list, want = Proxies{"direct", "10.0.0.0/8"}, "stands alone"
		}
		if _, err := list.parse(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want an error that says %q", in, err, want)
		}
	}
	if nets, err := Direct.parse(); err != nil || len(nets) != 0 {
		t.Errorf("Direct: %v, %v", nets, err)
	}
}

func behind(t testing.TB, proxies ...string) *Web {
	t.Helper()
	nets, err := Proxies(proxies).parse()
	if err != nil {
		t.Fatal(err)
	}
	return &Web{proxies: nets}
}

func TestClientIP(t *testing.T) {
	many := func(hop string, n int) string { return strings.Repeat(hop+", ", n-1) + hop }
	tests := []struct {
		name, peer string
		hops       []string
		want       string
	}{
		{"no header", "10.0.0.1:1234", nil, "10.0.0.1"},
		{"not a proxy", "203.0.113.9:1", []string{"198.51.100.1"}, "203.0.113.9"},
		{"one hop", "10.0.0.1:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"made up in front", "10.0.0.1:1", []string{"1.2.3.4, 198.51.100.1"}, "198.51.100.1"},
		{"chain of proxies", "10.0.0.1:1", []string{"1.2.3.4, 198.51.100.1, 10.0.0.3,10.0.0.2"}, "198.51.100.1"},
		{"repeated headers", "10.0.0.1:1", []string{"1.2.3.4", "198.51.100.1", "10.0.0.2"}, "198.51.100.1"},
		{"made up in an own header", "10.0.0.1:1", []string{"10.0.0.9", "198.51.100.1"}, "198.51.100.1"},
		{"all trusted", "10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"port", "10.0.0.1:1", []string{"198.51.100.1:4711"}, "198.51.100.1"},
		{"IPv6", "10.0.0.1:1", []string{"2001:db8::7"}, "2001:db8::7"},
		{"IPv6 in brackets", "10.0.0.1:1", []string{"[2001:db8::7]"}, "2001:db8::7"},
		{"IPv6 with port", "10.0.0.1:1", []string{"[2001:db8::7]:443"}, "2001:db8::7"},
		{"zone", "10.0.0.1:1", []string{"fe80::1%eth0"}, "fe80::1"},
		{"zone of anything", "10.0.0.1:1", []string{"fe80::1%<script>"}, "fe80::1"},
		{"mapped", "10.0.0.1:1", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"mapped proxy", "10.0.0.1:1", []string{"198.51.100.1, ::ffff:10.0.0.2"}, "198.51.100.1"},
		{"mapped peer", "[::ffff:10.0.0.1]:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"peer with zone", "[fe80::2%eth1]:1", []string{"198.51.100.1"}, "fe80::2"},
		{"unknown", "10.0.0.1:1", []string{"1.2.3.4, unknown"}, "10.0.0.1"},
		{"unknown behind a proxy", "10.0.0.1:1", []string{"1.2.3.4, unknown, 10.0.0.2"}, "10.0.0.2"},
		{"obfuscated", "10.0.0.1:1", []string{"_hidden"}, "10.0.0.1"},
		{"empty", "10.0.0.1:1", []string{""}, "10.0.0.1"},
		{"empty hop", "10.0.0.1:1", []string{"1.2.3.4,"}, "10.0.0.1"},
		{"empty hop in between", "10.0.0.1:1", []string{"1.2.3.4,,10.0.0.2"}, "10.0.0.2"},
		{"quoted", "10.0.0.1:1", []string{`"198.51.100.1"`}, "10.0.0.1"},
		{"in the form of Forwarded", "10.0.0.1:1", []string{"for=198.51.100.1"}, "10.0.0.1"},
		{"bad port", "10.0.0.1:1", []string{"198.51.100.1:99999"}, "10.0.0.1"},
		{"leading zeros", "10.0.0.1:1", []string{"198.051.100.001"}, "10.0.0.1"},
		{"five parts", "10.0.0.1:1", []string{"1.2.3.4.5"}, "10.0.0.1"},
		{"IPv4 in brackets", "10.0.0.1:1", []string{"[198.51.100.1]"}, "10.0.0.1"},
		{"too long", "10.0.0.1:1", []string{strings.Repeat("1", 100)}, "10.0.0.1"},
		{"full-width", "10.0.0.1:1", []string{"１９８.51.100.1"}, "10.0.0.1"},
		{"1000 hops", "10.0.0.1:1", []string{"198.51.100.1, " + many("10.0.0.2", 1000)}, "10.0.0.2"},
		{"1000 headers", "10.0.0.1:1", strings.Split(many("10.0.0.2", 1000), ", "), "10.0.0.2"},
		{"1000 made up", "10.0.0.1:1", []string{many("1.2.3.4", 1000) + ", 198.51.100.1"}, "198.51.100.1"},
		{"unix socket", "@", []string{"198.51.100.1"}, "invalid IP"},
		{"no peer", "", []string{"198.51.100.1"}, "invalid IP"},
		{"peer without port", "10.0.0.1", []string{"198.51.100.1"}, "invalid IP"},
	}
	web := behind(t, "10.0.0.0/8")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: tt.peer, Header: http.Header{
				"X-Forwarded-For": tt.hops, "Forwarded": {"for=192.0.2.66"}, "X-Real-Ip": {"192.0.2.66"}, "True-Client-Ip": {"192.0.2.66"},
			}}
			if got := web.ClientIP(r).String(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	r := &http.Request{RemoteAddr: "10.0.0.1:1", Header: http.Header{"X-Forwarded-For": {"198.51.100.1"}}}
	if got := (&Web{}).ClientIP(r).String(); got != "10.0.0.1" {
		t.Errorf("without proxies the header was believed: %s", got)
	}
}

// FuzzClientIP: whatever stands in the header, a peer that is no proxy counts by itself; behind a proxy the result is
// valid, and what stands left of an untrusted hop changes nothing.
func FuzzClientIP(f *testing.F) {
	for _, seed := range []string{"", "1.2.3.4", "unknown", "[::1]:80", "fe80::1%a", "10.0.0.2, 1.2.3.4", ",,,", "::ffff:1.2.3.4", "1.2.3.4:5", "\x00", "%", "[", "]"} {
		f.Add(seed, seed)
	}
	web := behind(f, "10.0.0.0/8", "fd00::/8")
	f.Fuzz(func(t *testing.T, left, hops string) {
		at := func(peer string, lines ...string) netip.Addr {
			return web.ClientIP(&http.Request{RemoteAddr: peer, Header: http.Header{"X-Forwarded-For": lines}})
		}
		if got := at("203.0.113.9:1", hops); got.String() != "203.0.113.9" {
			t.Fatalf("%q from a stranger: %s", hops, got)
		}
		got := at("10.0.0.1:1", hops)
		if !got.IsValid() || got.Zone() != "" || got.Is4In6() {
			t.Fatalf("%q: %s", hops, got)
		}
		if web.proxied(got) {
			return // everything right of here is trusted, or no address
		}
		if again := at("10.0.0.1:1", left+","+hops); again != got {
			t.Fatalf("%q: %s; with %q in front: %s", hops, got, left, again)
		}
		if again := at("10.0.0.1:1", left, hops); again != got {
			t.Fatalf("%q: %s; with a header %q before: %s", hops, got, left, again)
		}
	})
}
