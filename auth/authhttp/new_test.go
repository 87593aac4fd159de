package authhttp_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/authhttp"
	"github.com/sekisho-auth/sekisho/auth/memstore"
	"github.com/sekisho-auth/sekisho/errcodes"
)

// TestNewRefuses: what cannot work is an error that names the field, never a surprise later.
func TestNewRefuses(t *testing.T) {
	svc, err := auth.New(auth.Config{Stores: memstore.New(), Keys: auth.EphemeralKey(), Mailer: &mailbox{}})
	if err != nil {
		t.Fatal(err)
	}
	quiet, err := auth.New(auth.Config{Stores: memstore.New(), Keys: auth.EphemeralKey()})
	if err != nil {
		t.Fatal(err)
	}
	base := authhttp.Config{Origin: host, Proxies: authhttp.Direct}
	tests := []struct {
		name   string
		svc    *auth.Service
		change func(*authhttp.Config)
		want   string
	}{
		{"good", svc, func(*authhttp.Config) {}, ""},
		{"no service", nil, func(*authhttp.Config) {}, "auth.New"},
		{"no mailer", quiet, func(*authhttp.Config) {}, "Mailer"},
		{"no mailer on loopback", quiet, func(c *authhttp.Config) { *c = authhttp.Config{Origin: "http://localhost:8080"} }, ""},
		{"origin", svc, func(c *authhttp.Config) { c.Origin = "app.example" }, "Config.Origin"},
		{"proxies", svc, func(c *authhttp.Config) { c.Proxies = nil }, "Config.Proxies"},
		{"everyone", svc, func(c *authhttp.Config) { c.Proxies = authhttp.Proxies{"::/0"} }, "trusts everyone"},
		{"trusted origin with path", svc, func(c *authhttp.Config) { c.TrustedOrigins = []string{"https://a.example/x"} }, "Config.TrustedOrigins"},
		{"trusted origin without scheme", svc, func(c *authhttp.Config) { c.TrustedOrigins = []string{"a.example"} }, "Config.TrustedOrigins"},
		{"support address", svc, func(c *authhttp.Config) { c.SupportURL = "javascript:alert(1)" }, "SupportURL"},
		{"link to nowhere", svc, func(c *authhttp.Config) {
			c.Links = map[errcodes.Action]string{errcodes.ActionReload: "//evil.example"}
		}, "Links"},
		{"link of no action", svc, func(c *authhttp.Config) { c.Links = map[errcodes.Action]string{"dance": "/dance"} }, "dance"},
		{"page text of no page", svc, func(c *authhttp.Config) { c.Texts = fstest.MapFS{"pages/en.json": {Data: []byte(`{"x":"y"}`)}} }, "pages/en.json"},
		{"error text that is none", svc, func(c *authhttp.Config) { c.Texts = fstest.MapFS{"en.json": {Data: []byte(`{`)}} }, "Config.Texts"},
		{"half a language", svc, func(c *authhttp.Config) { c.Texts = fstest.MapFS{"fr.json": {Data: []byte(`{"language":"fr"}`)}} }, "Config.Texts"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := base
			tt.change(&cfg)
			web, err := authhttp.New(tt.svc, cfg)
			if tt.want == "" {
				if err != nil || web == nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			if err == nil || web != nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "authhttp: ") {
				t.Errorf("got %v, want an error of authhttp that names %s", err, tt.want)
			}
		})
	}
}

// TestNewCopies: what happens to the Config afterwards changes nothing.
func TestNewCopies(t *testing.T) {
	origins := []string{"https://partner.example"}
	proxies := authhttp.Proxies{"10.0.0.0/8"}
	s := newSite(t, nil, func(c *authhttp.Config) { c.TrustedOrigins, c.Proxies = origins, proxies })
	origins[0], proxies[0] = "https://evil.example", "0.0.0.0/0"
	s.browser().do("POST", "/auth/logout", "application/json", "{}", "Origin", "https://evil.example").wantReason(t, 403, "cross_origin_blocked")
	s.browser().do("POST", "/auth/logout", "application/json", "{}", "Origin", "https://partner.example").want(t, 204)
}

// TestTextsAreReplaced: wording of one's own, in problem documents and pages.
func TestTextsAreReplaced(t *testing.T) {
	s := newSite(t, nil, func(c *authhttp.Config) {
		c.Texts = fstest.MapFS{
			"en.json":       {Data: []byte(`{"language":"en","reasons":{"not_found":{"detail":"This train does not stop here."}}}`)},
			"pages/en.json": {Data: []byte(`{"login_title":"Tickets, if you would"}`)},
		}
	})
	b := s.browser()
	b.get("/auth/nothing").want(t, 404, "This train does not stop here.")
	b.page("/auth/login").wantPage(t, 200, "<h1>Tickets, if you would</h1>")
}
