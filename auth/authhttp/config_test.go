package authhttp

import (
	"strings"
	"testing"
)

func TestParseOrigin(t *testing.T) {
	for in, want := range map[string]string{
		"https://example.com": "https://example.com", "https://Example.COM": "https://example.com", "https://example.com:443": "https://example.com",
		"https://example.com:8443": "https://example.com:8443", "http://localhost:8080": "http://localhost:8080", "http://localhost:80": "http://localhost",
		"http://127.0.0.1:3000": "http://127.0.0.1:3000", "http://[::1]:3000": "http://[::1]:3000", "https://xn--wgv71a.example": "https://xn--wgv71a.example",
	} {
		got, err := parseOrigin(in)
		if err != nil || got.text != want {
			t.Errorf("%q: %q, %v, want %q", in, got.text, err, want)
		}
	}
	for _, bad := range []string{
		"", "example.com", "//example.com", "https://", "https:///auth", "https://example.com/", "https://example.com/auth", "https://example.com?x", "https://example.com?",
		"https://example.com#x", "https://example.com#", "https://u@example.com", "https://u:p@example.com", "ftp://example.com", "https://example.com:0", "https://example.com:99999",
		"https://example.com:", "https://example.com:x", "https://日本.example", "https://exa mple.com", "https://*.example.com", "https://[fe80::1%25eth0]", "https://a_b.example", "null",
	} {
		if got, err := parseOrigin(bad); err == nil {
			t.Errorf("%q is taken for %q", bad, got.text)
		} else if !strings.Contains(err.Error(), "https://example.com") {
			t.Errorf("%q: the error %q does not say how it should look", bad, err)
		}
	}
	for host, want := range map[string]bool{
		"localhost": true, "app.localhost": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true, "localhost.example.com": false, "example.com": false, "10.0.0.1": false, "0.0.0.0": false,
	} {
		if loopbackHost(host) != want {
			t.Errorf("loopbackHost(%q) = %v", host, !want)
		}
	}
}

func TestConfigCheck(t *testing.T) {
	good := func() Config { return Config{Origin: "https://example.com", Proxies: Direct} }
	tests := []struct {
		name     string
		change   func(*Config)
		noMailer bool
		want     string // in the error; "" for none
	}{
		{"https", func(*Config) {}, false, ""},
		{"loopback without anything", func(c *Config) { *c = Config{Origin: "http://localhost:8080"} }, true, ""},
		{"http", func(c *Config) { c.Origin = "http://example.com" }, false, "InsecureHTTP"},
		{"http, allowed", func(c *Config) { c.Origin, c.InsecureHTTP = "http://example.com", true }, false, ""},
		{"http, allowed, no mailer", func(c *Config) { c.Origin, c.InsecureHTTP = "http://example.com", true }, true, "Mailer"},
		{"no mailer", func(*Config) {}, true, "Mailer"},
		{"https on loopback, no mailer", func(c *Config) { c.Origin = "https://localhost" }, true, "Mailer"},
		{"no mail", func(c *Config) { c.NoMail = true }, true, ""},
		{"no proxies", func(c *Config) { c.Proxies = nil }, false, "Config.Proxies"},
		{"empty proxies", func(c *Config) { c.Proxies = Proxies{} }, false, "authhttp.Direct"},
		{"trust in everyone", func(c *Config) { c.Proxies = Proxies{"0.0.0.0/0"} }, false, "trusts everyone"},
		{"prefix", func(c *Config) { c.Prefix = "/konto/" }, false, ""},
		{"root prefix", func(c *Config) { c.Prefix = "/" }, false, ""},
		{"prefix without end", func(c *Config) { c.Prefix = "/auth" }, false, "Config.Prefix"},
		{"prefix without start", func(c *Config) { c.Prefix = "auth/" }, false, "Config.Prefix"},
		{"prefix with dots", func(c *Config) { c.Prefix = "/a/../" }, false, "Config.Prefix"},
		{"prefix with two slashes", func(c *Config) { c.Prefix = "//auth/" }, false, "Config.Prefix"},
		{"prefix with a query", func(c *Config) { c.Prefix = "/a?b/" }, false, "Config.Prefix"},
		{"after login", func(c *Config) { c.AfterLogin = "/home?x=1" }, false, ""},
		{"after login elsewhere", func(c *Config) { c.AfterLogin = "//evil.example" }, false, "Config.AfterLogin"},
		{"after login absolute", func(c *Config) { c.AfterLogin = "https://example.com/" }, false, "Config.AfterLogin"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := good()
			tt.change(&cfg)
			_, _, err := cfg.check(!tt.noMailer)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want an error that names %s", err, tt.want)
			}
		})
	}
}
