package authhttp

import (
	"net/url"
	"strings"
	"testing"
)

func bare() *Web { return &Web{prefix: "/auth/", afterLogin: "/home"} }

func TestReturnTo(t *testing.T) {
	web := bare()
	for _, path := range []string{
		"/", "/a", "/a/b?c=d&e=%2F#f", "/?q=//evil.example", "/a//b", "/%2f%2fevil.example", "/@evil.example", "/a:b@c",
		"/auth/", "/auth/password/change", "/auth/reauthenticate?return_to=/x", "/loginx", "/authlogin", "/auth/logins",
	} {
		if got := web.returnTo(path); got != path {
			t.Errorf("returnTo(%q) = %q, want it followed", path, got)
		}
	}
	for in, want := range map[string]string{
		"/日本": "/%E6%97%A5%E6%9C%AC", "/a b": "/a%20b", `/"<x>`: "/%22%3Cx%3E", "/\xff": "/%FF",
	} {
		if got := web.returnTo(in); got != want {
			t.Errorf("returnTo(%q) = %q, want %q", in, got, want)
		}
	}
	for _, bad := range []string{
		"", "a", "./a", "//", "//evil.example", "///evil.example", "////evil.example", `/\evil.example`, `\\evil.example`, `\/evil.example`,
		`/a\b`, `/a/\evil.example`, "https://evil.example", "https:evil.example", "https:/evil.example", "HTTPS://evil.example",
		"javascript:alert(1)", "data:text/html,x", "/\tevil", "/\t/evil.example", "\t//evil.example", " //evil.example", " /a", "/\r\nX: y", "/a\n", "/a\x00b",
		"/a\x7f", "/%zz", "%2f%2fevil.example", "//user@evil.example/", "http://localhost:8080/a", "?a", "#a", "／／evil.example",
		"/" + strings.Repeat("a", maxReturnTo),
		"/auth/login", "/auth/login?return_to=/x", "/auth/login/", "/auth/logout", "/auth/logout/done", "/auth/x/../login",
		"/auth/%6cogin", "/auth/./logout", "/auth/x/%2e%2e/logout", "/x/../auth/login",
	} {
		if got := web.returnTo(bad); got != "/home" {
			t.Errorf("returnTo(%q) = %q, want the default", bad, got)
		}
	}
	if localPath("/%zz") || localPath("/a\x00") || localPath("/\t/evil.example") { // also AfterLogin's rule, without a second look
		t.Error("net/url and the list of bytes must both agree")
	}
	if long := "/" + strings.Repeat("a", maxReturnTo-1); web.returnTo(long) != long {
		t.Error("the longest path is not followed")
	}
}

// browse does what the URL Standard (WHATWG) makes of an address in a Location header of a page at https://app.example/:
// it returns the host that the browser goes to.
func browse(location string) string {
	s := strings.TrimFunc(location, func(r rune) bool { return r <= ' ' })
	s = strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/").Replace(s)
	if scheme, rest, ok := strings.Cut(s, ":"); ok && scheme != "" && !strings.ContainsAny(scheme, "/?#") {
		return "scheme " + scheme + rest
	}
	if rest, ok := strings.CutPrefix(s, "//"); ok {
		return strings.TrimLeft(rest, "/")
	}
	return "app.example"
}

func FuzzReturnTo(f *testing.F) {
	for _, seed := range []string{
		"/", "//e", `/\e`, "/\t/e", "https:e", "/a?b#c", "/%2f%2fe", "/é", "/auth/login", "/..//e", "/.//e", "/a/..//e", "\x00/", "/a b\"<>",
	} {
		f.Add(seed)
	}
	base, _ := url.Parse("https://app.example/auth/login")
	f.Fuzz(func(t *testing.T, raw string) {
		web := bare()
		got := web.returnTo(raw)
		if host := browse(got); host != "app.example" {
			t.Fatalf("returnTo(%q) = %q leads a browser to %q", raw, got, host)
		}
		u, err := url.Parse(got)
		if err != nil {
			t.Fatalf("returnTo(%q) = %q: %v", raw, got, err)
		}
		if abs := base.ResolveReference(u); abs.Host != "app.example" || abs.Scheme != "https" || abs.User != nil {
			t.Fatalf("returnTo(%q) = %q resolves to %s", raw, got, abs)
		}
		for i := 0; i < len(got); i++ {
			if got[i] <= ' ' || got[i] >= 0x7f {
				t.Fatalf("returnTo(%q) = %q would break a header", raw, got)
			}
		}
		if again := web.returnTo(got); len(got) <= maxReturnTo && again != got {
			t.Fatalf("returnTo(%q) = %q, and of that %q", raw, got, again)
		}
	})
}
