package authhttp

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/internal/token"
)

func TestSessionCookie(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tok := token.New()
		for _, tt := range []struct {
			https, remember bool
			want            string
		}{
			{true, false, "__Host-sekisho=" + tok + "; Path=/; HttpOnly; Secure; SameSite=Lax"},
			{true, true, "__Host-sekisho=" + tok + "; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=3600"},
			{false, false, "sekisho=" + tok + "; Path=/; HttpOnly; SameSite=Lax"},
			{false, true, "sekisho=" + tok + "; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600"},
		} {
			web := &Web{cookies: newCookies(tt.https)}
			h := make(http.Header)
			web.setSession(h, &auth.Session{Token: auth.Token(tok), Remember: tt.remember, Expires: time.Now().Add(time.Hour)})
			if got := h.Get("Set-Cookie"); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			parsed, err := http.ParseSetCookie(h.Get("Set-Cookie"))
			if err != nil {
				t.Fatal(err)
			}
			if parsed.Domain != "" || parsed.Path != "/" || !parsed.HttpOnly || parsed.Secure != tt.https || parsed.SameSite != http.SameSiteLaxMode {
				t.Errorf("a browser reads %+v", parsed)
			}
			h = make(http.Header)
			web.clearSession(h)
			if parsed, err := http.ParseSetCookie(h.Get("Set-Cookie")); err != nil || parsed.MaxAge >= 0 || parsed.Value != "" || parsed.Secure != tt.https {
				t.Errorf("clearing: %q, %v", h.Get("Set-Cookie"), err)
			}
		}
	})
}

func TestFindCookie(t *testing.T) {
	a, b := token.New(), token.New()
	tests := []struct {
		name  string
		lines []string
		state presence
	}{
		{"none", nil, absent},
		{"others", []string{"x=y; sekisho2=" + a}, absent},
		{"one", []string{"sekisho=" + a}, present},
		{"among others", []string{"x=y; sekisho=" + a + "; z"}, present},
		{"second header", []string{"x=y", "sekisho=" + a}, present},
		{"no spaces", []string{"x=y;sekisho=" + a + ";z=1"}, present},
		{"two", []string{"sekisho=" + a + "; sekisho=" + b}, unclear},
		{"two in two headers", []string{"sekisho=" + a, "sekisho=" + b}, unclear},
		{"the same twice", []string{"sekisho=" + a + "; sekisho=" + a}, unclear},
		{"good and bad", []string{"sekisho=" + a + "; sekisho=x"}, unclear},
		{"bad and good", []string{"sekisho=; sekisho=" + a}, unclear},
		{"empty", []string{"sekisho="}, unclear},
		{"no value", []string{"sekisho"}, absent},
		{"too short", []string{"sekisho=" + a[1:]}, unclear},
		{"too long", []string{"sekisho=" + a + "A"}, unclear},
		{"quoted", []string{`sekisho="` + a + `"`}, unclear},
		{"percent", []string{"sekisho=%41" + a[3:]}, unclear},
		{"not the canonical spelling", []string{"sekisho=" + a[:42] + "B"}, unclear},
		{"other case", []string{"Sekisho=" + a}, absent},
		{"other server's prefix", []string{"__Host-sekisho=" + a}, absent},
		{"over 4 KiB", []string{"sekisho=" + strings.Repeat("A", 4096)}, absent},
		{"another over 4 KiB", []string{"big=" + strings.Repeat("A", 9000) + "; sekisho=" + a}, present},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, state := find(&http.Request{Header: http.Header{"Cookie": tt.lines}}, "sekisho")
			if state != tt.state {
				t.Fatalf("got %d, want %d", state, tt.state)
			}
			if want := (state == present); (got.Reveal() == a) != want || !want && got != "" {
				t.Errorf("got %q", got.Reveal())
			}
		})
	}
}

func TestBearerToken(t *testing.T) {
	a := token.New()
	for value, want := range map[string]presence{
		"Bearer " + a: present, "bearer " + a: present, "BEARER  " + a + " ": present, "Basic " + a: absent, "Bearer": unclear, "Bearer ": unclear,
		"Bearer x": unclear, "Bearer " + a + ", Bearer " + a: unclear, a: absent, "": absent, "BearerX " + a: absent,
	} {
		got, state := bearerToken(&http.Request{Header: http.Header{"Authorization": {value}}})
		if state != want || (got.Reveal() == a) != (want == present) {
			t.Errorf("%q: %d, want %d", value, state, want)
		}
	}
	two := http.Header{"Authorization": {"Bearer " + a, "Bearer " + token.New()}}
	if _, state := bearerToken(&http.Request{Header: two}); state != unclear {
		t.Error("two tokens: one was taken")
	}
}
