package authhttp_test

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/authhttp"
	"github.com/sekisho-auth/sekisho/auth/ratelimit"
	"github.com/sekisho-auth/sekisho/lockout"
)

func withTokenInBody(c *authhttp.Config) { c.TokenInBody = true }

var references = regexp.MustCompile(`[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{2}|urn:authref:[0-9A-Z]{10}|(ref|subject)=[0-9A-Z]{10}`)

// normal takes the reference out of a body.
func normal(body string) string { return references.ReplaceAllString(body, "REF") }

// transcript is all that a client sees of an answer: status, sorted headers, body, and the names and attributes of cookies.
func transcript(a answer, email string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d\n", a.Code)
	for _, name := range slices.Sorted(maps.Keys(a.Header())) {
		for _, value := range a.Header()[name] {
			if name == "Set-Cookie" {
				cookie, rest, _ := strings.Cut(value, ";")
				key, _, _ := strings.Cut(cookie, "=")
				value = key + "=…;" + rest
			}
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	b.WriteString(strings.ReplaceAll(normal(a.body), email, "EMAIL"))
	return b.String()
}

// TestNobodyLearnsWhetherAnAccountExists plays one long scene with every kind of address: wrong passwords until sign-in
// is paused, after it, until it is off for good, and all that can be asked for by mail. The transcripts are the same,
// line by line.
func TestNobodyLearnsWhetherAnAccountExists(t *testing.T) {
	kinds := map[string]func(*site, string){
		"unknown": func(*site, string) {},
		"wrong":   func(s *site, email string) { s.create(email) },
		"disabled": func(s *site, email string) {
			if err := s.svc.Accounts().SetState(s.t.Context(), s.create(email), auth.StateDisabled, "test", ""); err != nil {
				s.t.Fatal(err)
			}
		},
		"provider only": func(s *site, email string) {
			if _, err := s.svc.CreateAccount(s.t.Context(), auth.NewAccount{Email: email}); err != nil {
				s.t.Fatal(err)
			}
		},
		"unverified": func(s *site, email string) {
			if err := s.svc.Accounts().SetState(s.t.Context(), s.create(email), auth.StateUnverified, "import", ""); err != nil {
				s.t.Fatal(err)
			}
		},
		"pending": func(s *site, email string) {
			s.browser().json("/auth/register", "email", email, "password", better).want(s.t, http.StatusAccepted)
			if mails := s.work(); len(mails) != 1 || mails[0].Kind != "verify" {
				s.t.Fatalf("mails %+v", mails)
			}
		},
	}
	transcripts := map[string][]string{}
	for kind, prepare := range kinds {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t, func(c *auth.Config) {
				wide := ratelimit.Per(100_000, time.Minute)
				c.Limits = auth.LimitConfig{Source: wide, Requests: wide}
				c.Lockout = lockout.Policy{Threshold: 3, MaxConsecutive: 6}
			}, nil)
			email := fmt.Sprintf("a%07d@example.com", len(kind)) // of one length
			prepare(s, email)
			transcripts[kind] = scene(s, email)
		})
	}
	want := transcripts["unknown"]
	seen := strings.Join(want, "\n")
	for _, part := range []string{"401\n", "423\n", "403\n", "202\n", "303\n", "Retry-After: 60", "password_sign_in_disabled", "__Host-sekisho-signup"} {
		if !strings.Contains(seen, part) {
			t.Errorf("the scene never comes to %q", part)
		}
	}
	for kind, got := range transcripts {
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s, step %d:\n%s\n--- unknown:\n%s", kind, i, got[i], want[i])
				break
			}
		}
	}
}

// scene plays everything a stranger can try with an address, as a program and as a browser.
func scene(s *site, email string) (lines []string) {
	note := func(a answer) { lines = append(lines, transcript(a, email)) }
	for range 8 { // three failures lock; each try after a lock locks again; six are the end
		for range 2 {
			note(s.browser().json("/auth/login", "email", email, "password", "wrong wrong wrong wrong"))
			note(s.browser().submit("/auth/login", "email", email, "password", "wrong wrong wrong wrong"))
		}
		time.Sleep(61 * time.Minute)
	}
	for _, path := range []string{"/auth/password/forgot", "/auth/email/resend"} {
		for range 5 { // more than mails are sent
			note(s.browser().json(path, "email", email))
			note(s.browser().submit(path, "email", email))
		}
	}
	for range 3 {
		note(s.browser().json("/auth/register", "email", email, "password", better))
		note(s.browser().submit("/auth/register", "email", email, "password", better))
		note(s.browser().json("/auth/register", "email", email, "password", "short"))
		note(s.browser().submit("/auth/register", "email", email, "password", "password123456789"))
	}
	s.work()
	note(s.browser().json("/auth/login", "email", email, "password", "wrong wrong wrong wrong"))
	note(s.browser().json("/auth/password/forgot", "email", email))
	return lines
}
