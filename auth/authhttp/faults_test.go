package authhttp_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/authhttp"
	"github.com/sekisho-auth/sekisho/auth/memstore"
	"github.com/sekisho-auth/sekisho/errcodes"
)

// brokenSessions is a session store that panics or fails.
type brokenSessions struct {
	auth.SessionStore
	mu   sync.Mutex
	fail error
	boom any
}

func (b *brokenSessions) set(fail error, boom any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail, b.boom = fail, boom
}

func (b *brokenSessions) err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.boom != nil {
		panic(b.boom)
	}
	return b.fail
}

func (b *brokenSessions) Put(ctx context.Context, s auth.Session, old *[32]byte) error {
	return errors.Join(b.err(), b.SessionStore.Put(ctx, s, old))
}

func (b *brokenSessions) Delete(ctx context.Context, hashes ...[32]byte) error {
	return errors.Join(b.err(), b.SessionStore.Delete(ctx, hashes...))
}

func breakable(t *testing.T) (*site, *brokenSessions) {
	broken := &brokenSessions{}
	s := newSite(t, func(c *auth.Config) {
		c.Stores = memstore.New()
		broken.SessionStore = c.Stores.Sessions
		c.Stores.Sessions = broken
	}, nil)
	s.create(taro)
	return s, broken
}

// TestPanics: a panic is answered with a reference and logged with it; it neither signs in nor tells what happened.
func TestPanics(t *testing.T) {
	s, broken := breakable(t)
	b := s.browser()
	broken.set(nil, "canary: row 17 of users")
	a := b.json("/auth/login", "email", taro, "password", good)
	doc := a.wantReason(t, 500, "internal_error")
	logged := s.log.take()
	if strings.Contains(a.body, "canary") || strings.Contains(logged, "canary") || a.Header().Get("Set-Cookie") != "" {
		t.Errorf("%s, %v; log: %s", a.body, a.Header(), logged)
	}
	if ref := doc["reference"].(string); strings.Count(logged, ref) != 1 || strings.Count(logged, "\n") != 1 || !strings.Contains(logged, "goroutine") {
		t.Errorf("reference %s, log: %s", ref, logged)
	}
	b.submit("/auth/login", "email", taro, "password", good).wantPage(t, 500, `role="alert"`, `href="/help`)
	broken.set(nil, nil)
	b.signIn(taro, good)

	broken.set(nil, http.ErrAbortHandler)
	defer func() {
		if v := recover(); v != http.ErrAbortHandler { //nolint:errorlint // identity is meant
			t.Errorf("the server is to see http.ErrAbortHandler, not %v", v)
		}
	}()
	b.json("/auth/login", "email", taro, "password", good)
}

// TestOutage: a store that fails signs nobody in, and signs nobody's browser out of safety.
func TestOutage(t *testing.T) {
	s, broken := breakable(t)
	b := s.browser()
	broken.set(errors.New("canary: connection refused"), nil)
	a := b.json("/auth/login", "email", taro, "password", good)
	a.wantReason(t, 503, "service_unavailable")
	if a.Header().Get("Retry-After") == "" || a.Header().Get("Set-Cookie") != "" || strings.Contains(a.body, "canary") {
		t.Errorf("%v %s", a.Header(), a.body)
	}
	broken.set(nil, nil)
	b.signIn(taro, good)
	broken.set(errors.New("canary"), nil)
	a = b.json("/auth/logout")
	a.wantReason(t, 503, "service_unavailable")
	if _, still := b.cookies[session]; still {
		t.Error("somebody who signs out while the store is down leaves a way in")
	}
}

// TestRequireFaults: when the session cannot be looked up, nobody gets through and nobody is told to sign in.
func TestRequireFaults(t *testing.T) {
	users := &failingUsers{}
	s := newSite(t, func(c *auth.Config) {
		c.Stores = memstore.New()
		users.UserStore = c.Stores.Users
		c.Stores.Users = users
	}, nil)
	s.create(taro)
	b := s.browser()
	b.signIn(taro, good)
	users.down.Store(true)
	b.page("/trains").wantPage(t, 503, `role="alert"`)
	b.get("/trains").wantReason(t, 503, "service_unavailable")
	if b.cookies[session] == "" {
		t.Error("an outage signs people out")
	}
	users.down.Store(false)
	b.page("/trains").want(t, 200, "hello")
}

// TestLogs: one line for each failure, with the reference that the person got and never a secret.
func TestLogs(t *testing.T) {
	s := newSite(t, nil, nil)
	s.create(taro)
	b := s.browser()
	b.signIn(taro, good)
	tok := b.cookies[session]
	s.log.take()
	for _, ask := range []func() answer{
		func() answer {
			return b.json("/auth/login", "email", "canary@example.com", "password", "canary canary canary")
		},
		func() answer {
			return b.json("/auth/password/reset", "token", strings.Repeat("A", 43), "password", "canary canary canary")
		},
		func() answer { return b.get("/auth/nothing?canary") },
		func() answer { return b.get("/auth/canary") },
		func() answer {
			return b.do(http.MethodPost, "/auth/login", formTyp, "email=%zzcanary&password=canary", "Accept", "application/json")
		},
		func() answer { return b.do(http.MethodPost, "/auth/login", "application/json", `{"canary":"canary"}`) },
		func() answer {
			return b.do(http.MethodPost, "/auth/login", "canary/canary", `{"canary":"canary"}`, "Accept", "application/json")
		},
		func() answer { return b.do(http.MethodGet, "/auth/session", "", "", "Cookie", session+"=canary") },
	} {
		a := ask()
		logged := s.log.take()
		ref := references.FindString(a.body)
		if strings.HasPrefix(ref, "urn:authref:") {
			ref = errcodes.FormatReference(strings.TrimPrefix(ref, "urn:authref:"))
		}
		if strings.Count(logged, "\n") != 1 || !strings.Contains(logged, "reference="+ref) || ref == "" {
			t.Errorf("%s logged %q", a.body, logged)
		}
		if strings.Contains(logged, "canary") || strings.Contains(logged, tok) || strings.Contains(a.body, "canary") {
			t.Errorf("a secret or input is in the log or the answer: %s %s", logged, a.body)
		}
	}
}

// TestSessionOfARequest: pages that are open to everybody learn who is there, and an outage is told from nobody.
func TestSessionOfARequest(t *testing.T) {
	users := &failingUsers{}
	s := newSite(t, func(c *auth.Config) {
		users.UserStore = c.Stores.Users
		c.Stores.Users = users
	}, nil)
	s.create(taro)
	b := s.browser()
	ask := func() (*auth.Session, error) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if value := b.cookies[session]; value != "" {
			r.Header.Set("Cookie", session+"="+value)
		}
		return s.web.Session(r)
	}
	if _, err := ask(); !errors.Is(err, errcodes.ReasonNotSignedIn) {
		t.Errorf("nobody: %v", err)
	}
	b.signIn(taro, good)
	if got, err := ask(); err != nil || got.User.Email != taro {
		t.Errorf("%+v, %v", got, err)
	}
	users.down.Store(true)
	if _, err := ask(); !errors.Is(err, errcodes.CodeServerError) {
		t.Errorf("an outage: %v", err)
	}
}

// TestWordsFitTheSituation: without mail nobody is told to open one or to reset a password, and inside a session nobody
// is told about signing in.
func TestWordsFitTheSituation(t *testing.T) {
	noMail := newSite(t, nil, func(c *authhttp.Config) { c.NoMail = true })
	usual := newSite(t, nil, nil)
	for lang, words := range map[string][]string{"en": {"mail first", "reset your password"}, "ja": {"メールを開いて", "再設定"}} {
		locked := func(s *site) string {
			b := s.browser()
			b.header.Set("Accept-Language", lang)
			var all strings.Builder
			for range 6 {
				all.WriteString(b.json("/auth/login", "email", lang+"@example.com", "password", "wrong wrong wrong").body)
			}
			return strings.ToLower(all.String())
		}
		for _, word := range words {
			if !strings.Contains(locked(usual), word) {
				t.Errorf("%s: the usual texts lack %q: this test asserts nothing", lang, word)
			}
			if text := locked(noMail); strings.Contains(text, word) || strings.Contains(text, "check_mailbox") {
				t.Errorf("%s: without mail the answer says %q: %s", lang, word, text)
			}
		}
		email := lang + "-in@example.com"
		usual.create(email)
		b := usual.browser()
		b.header.Set("Accept-Language", lang)
		b.signIn(email, good)
		for range 6 {
			for _, path := range []string{"/auth/reauthenticate", "/auth/password/change"} {
				fields := []string{"password", "wrong wrong wrong"}
				if path == "/auth/password/change" {
					fields = []string{"current", "wrong wrong wrong", "new", better}
				}
				text := b.json(path, fields...).body
				for _, word := range []string{"mail first", "メールを開いて", "this address", "このアドレス", "check_mailbox"} {
					if strings.Contains(text, word) {
						t.Errorf("%s: inside a session %s says %q: %s", lang, path, word, text)
					}
				}
			}
		}
	}
}
