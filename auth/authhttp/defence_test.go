package authhttp_test

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/authhttp"
	"github.com/sekisho-auth/sekisho/auth/ratelimit"
	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/internal/token"
)

const session = "__Host-sekisho"

// TestCrossOrigin: no request from another site changes anything, signing in and out included.
func TestCrossOrigin(t *testing.T) {
	s := newSite(t, nil, func(c *authhttp.Config) { c.TrustedOrigins = []string{"https://partner.example"} })
	s.create(taro)
	b := s.browser()
	b.signIn(taro, good)
	hostile := [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"},
		{"Origin", "http://app.example"}, {"Origin", "https://app.example.evil.example"}, {"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
	}
	posts := []string{"register", "email/verify", "email/resend", "login", "reauthenticate", "logout", "password/forgot", "password/reset", "password/change", "sessions/revoke", "sessions/x/revoke"}
	for _, header := range hostile {
		for _, path := range posts {
			b.do(http.MethodPost, "/auth/"+path, "application/json", `{}`, header...).wantReason(t, 403, "cross_origin_blocked")
			b.do(http.MethodPost, "/auth/"+path, formTyp, "", append(header, "Accept", htmlAccept)...).wantPage(t, 403, `role="alert"`)
		}
		b.do(http.MethodDelete, "/auth/sessions", "", "", header...).wantReason(t, 403, "cross_origin_blocked")
		b.do(http.MethodPost, "/trains", "", "", append(header, "Accept", "application/json")...).wantReason(t, 403, "cross_origin_blocked")
		b.do(http.MethodGet, "/auth/login", "", "", append(header, "Accept", htmlAccept)...).wantPage(t, 200)
	}
	b.get("/auth/session").want(t, http.StatusOK)
	for _, header := range [][]string{
		{"Origin", host}, {"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "none"}, {"Origin", "https://partner.example", "Sec-Fetch-Site", "cross-site"}, {},
	} {
		b.do(http.MethodPost, "/trains", "", "", header...).want(t, http.StatusOK)
	}
	// Behind a proxy that rewrites Host, our own origin is still our own.
	b.do(http.MethodPost, "http://internal:8080/auth/logout", "application/json", `{}`, "Origin", host).want(t, http.StatusNoContent)
}

// TestFormsOfOldBrowsers: under no-referrer browsers send "Origin: null" with forms (Fetch, "append a request Origin
// header"). Those with Sec-Fetch-Site are told apart by that; the others need a page that lets them name their origin.
func TestFormsOfOldBrowsers(t *testing.T) {
	for _, origin := range []string{host, "http://intranet.example:8080"} {
		s := newSite(t, nil, func(c *authhttp.Config) { c.Origin, c.InsecureHTTP = origin, true })
		s.create(taro)
		b := s.browser()
		b.page(origin+"/auth/login").wantPage(t, 200, `<meta name="referrer" content="strict-origin">`)
		b.do(http.MethodPost, origin+"/auth/login", "application/json", loginBody, "Origin", "null", "Sec-Fetch-Site", "same-origin").want(t, 200)
		b.do(http.MethodPost, origin+"/auth/login", "application/json", loginBody, "Origin", origin).want(t, 200)
		b.do(http.MethodPost, origin+"/auth/login", "application/json", loginBody, "Origin", "null").want(t, 403)
	}
}

// TestHostHeaderLeadsNowhere: what a visitor says about the host appears in no mail, link, cookie or redirect.
func TestHostHeaderLeadsNowhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, nil, nil)
		s.create(taro)
		b := s.browser()
		forged := []string{"X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "http", "Forwarded", "host=evil.example", "X-Original-Url", "/evil", "Accept", htmlAccept}
		var answers []answer
		for _, path := range []string{"password/forgot", "register", "email/resend"} {
			answers = append(answers, b.do(http.MethodPost, "http://evil.example/auth/"+path, formTyp, "email=taro%40example.com&password=fifty+three+stations", forged...))
		}
		answers = append(answers,
			b.do(http.MethodPost, "http://evil.example/auth/login", formTyp, "email=taro%40example.com&password=x", forged...),
			b.do(http.MethodGet, "http://evil.example/auth/login", "", "", forged...),
			b.do(http.MethodGet, "http://evil.example/trains", "", "", forged...),
			b.do(http.MethodGet, "http://evil.example/auth/errors", "", "", "Accept", "application/json"))
		for _, a := range answers {
			if strings.Contains(a.body, "evil") {
				t.Errorf("the forged host is in a page: %s", a.body)
			}
			for name, values := range a.Header() {
				if strings.Contains(strings.Join(values, " "), "evil") {
					t.Errorf("the forged host is in %s: %q", name, values)
				}
			}
		}
		mails := s.work()
		if len(mails) == 0 {
			t.Fatal("no mail")
		}
		for _, m := range mails {
			if !strings.HasPrefix(m.Link, host+"/auth/") {
				t.Errorf("%s: the link is %s", m.Kind, m.Link)
			}
		}
	})
}

// TestSessionFixation: a token that was in the browser before signing in is worth nothing afterwards, and one that the
// client made up is never adopted.
func TestSessionFixation(t *testing.T) {
	s := newSite(t, nil, nil)
	s.create(taro)
	s.create("mallory@example.com")
	mallory := s.browser()
	mallory.signIn("mallory@example.com", good)
	planted := mallory.cookies[session]

	victim := s.browser()
	victim.cookies[session] = planted
	victim.signIn(taro, good)
	if victim.cookies[session] == planted {
		t.Fatal("the session kept the planted token")
	}
	mallory.get("/auth/session").wantReason(t, 401, "session_expired")
	victim.get("/auth/session").want(t, 200, taro)

	made := token.New()
	victim = s.browser()
	victim.cookies[session] = made
	victim.get("/auth/session").wantReason(t, 401, "session_expired")
	if _, still := victim.cookies[session]; still {
		t.Error("a made-up cookie is not cleared")
	}
	victim.cookies[session] = made
	victim.signIn(taro, good)
	if victim.cookies[session] == made {
		t.Error("a made-up token was adopted")
	}
	// Rotation at every proof: the old tokens are dead.
	for _, step := range []func() answer{
		func() answer { return victim.json("/auth/reauthenticate", "password", good) },
		func() answer { return victim.json("/auth/password/change", "current", good, "new", better) },
		func() answer { return victim.json("/auth/login", "email", taro, "password", better) },
	} {
		old := victim.cookies[session]
		step().want(t, 200)
		replay := s.browser()
		replay.cookies[session] = old
		replay.get("/auth/session").wantReason(t, 401, "session_expired")
	}
	last := victim.cookies[session]
	victim.json("/auth/logout")
	replay := s.browser()
	replay.cookies[session] = last
	replay.get("/auth/session").wantReason(t, 401, "session_expired")
}

func TestStrangeCookies(t *testing.T) {
	s := newSite(t, nil, nil)
	s.create(taro)
	b := s.browser()
	b.signIn(taro, good)
	mine := b.cookies[session]
	for cookie, reason := range map[string]string{
		session + "=" + mine + "; " + session + "=" + mine: "session_expired",
		session + "=x; " + session + "=" + mine:            "session_expired",
		session + "=":                                      "session_expired",
		session + `="` + mine + `"`:                        "session_expired",
		session + "=" + strings.Repeat("A", 5000):          "not_signed_in",
		"sekisho=" + mine:                                  "not_signed_in",
		session + "=" + mine[:42] + "é":                    "session_expired",
		"":                                                 "not_signed_in",
	} {
		a := s.browser().do(http.MethodGet, "/auth/session", "", "", "Cookie", cookie)
		a.wantReason(t, 401, reason)
		if cleared := strings.Contains(a.Header().Get("Set-Cookie"), session+"=;"); cleared != (reason == "session_expired") {
			t.Errorf("%.60s: Set-Cookie %q", cookie, a.Header().Get("Set-Cookie"))
		}
		s.browser().do(http.MethodGet, "/trains", "", "", "Cookie", cookie, "Accept", htmlAccept).wantRedirect(t, "/auth/login?return_to=%2Ftrains")
	}
	// Where the token is not looked for.
	for _, target := range []string{"/auth/session?token=" + mine, "/auth/session?" + session + "=" + mine} {
		s.browser().do(http.MethodGet, target, "", "", "X-Auth-Token", mine, "Authorization", "Bearer "+mine).wantReason(t, 401, "not_signed_in")
	}
}

// TestRememberedCookie: only who asks gets a cookie that outlives the browser.
func TestRememberedCookie(t *testing.T) {
	s := newSite(t, nil, nil)
	s.create(taro)
	for body, remembered := range map[string]bool{
		`{"email":"taro@example.com","password":"` + good + `"}`:                  false,
		`{"email":"taro@example.com","password":"` + good + `","remember":false}`: false,
		`{"email":"taro@example.com","password":"` + good + `","remember":true}`:  true,
	} {
		a := s.browser().do(http.MethodPost, "/auth/login", "application/json", body)
		line := a.want(t, 200).Header().Get("Set-Cookie")
		if strings.Contains(line, "Max-Age=2592000") != remembered || strings.Contains(line, "Max-Age") != remembered {
			t.Errorf("%s: %s", body, line)
		}
		if !strings.Contains(line, "; Path=/; HttpOnly; Secure; SameSite=Lax") || strings.Contains(line, "Domain") || len(a.Header().Values("Set-Cookie")) != 1 {
			t.Errorf("Set-Cookie: %s", line)
		}
	}
}

// TestReturnToOnTheWire: nothing leads off the site, by page or by JSON.
func TestReturnToOnTheWire(t *testing.T) {
	s := newSite(t, nil, nil)
	s.create(taro)
	for _, evil := range []string{"//evil.example", `/\evil.example`, "https://evil.example", "/\t/evil.example", "/\r\nSet-Cookie: a=b", "javascript:alert(1)", "/auth/logout"} {
		b := s.browser()
		b.json("/auth/login", "email", taro, "password", good, "return_to", evil).want(t, 200, `"return_to":"/"`)
		b.submit("/auth/login", "email", taro, "password", good, "return_to", evil).wantRedirect(t, "/")
		b.submit("/auth/reauthenticate", "password", good, "return_to", evil).wantRedirect(t, "/")
		if p := b.submit("/auth/login", "email", taro, "password", "x", "return_to", evil); strings.Contains(p.body, "return_to") {
			t.Errorf("%q is carried on: %s", evil, p.body)
		}
	}
}

// TestQueryFillsNothing: no link can sign anybody in or out.
func TestQueryFillsNothing(t *testing.T) {
	s := newSite(t, nil, nil)
	s.create(taro)
	b := s.browser()
	b.do(http.MethodPost, "/auth/login?email=taro@example.com&password=fifty+three+stations+of+the+tokaido", formTyp, "", "Accept", "application/json").wantReason(t, 422, "identifier_malformed")
	b.signIn(taro, good)
	b.page("/auth/logout?token=x")
	b.get("/auth/logout")
	b.get("/auth/session").want(t, 200)
}

// TestPagesEscape: nothing that was typed or sent becomes markup.
func TestPagesEscape(t *testing.T) {
	s := newSite(t, nil, nil)
	s.create(taro)
	const evil = `"><script>alert(1)</script>`
	b := s.browser()
	for _, a := range []answer{
		b.submit("/auth/login", "email", evil, "password", evil, "return_to", "/"+evil),
		b.submit("/auth/register", "email", evil, "password", evil),
		b.page("/auth/login?return_to=/%22%3E%3Cscript%3Ealert(1)%3C/script%3E"),
		b.page("/auth/errors/%3Cscript%3E"), b.page("/auth/email/verify?token=%22%3E%3Cscript%3E"), b.page("/auth/%3Cscript%3E"),
	} {
		if strings.Contains(a.body, "<script") {
			t.Errorf("unescaped: %s", a.body)
		}
	}
	b.header.Set("User-Agent", evil)
	b.signIn(taro, good)
	if p := b.page("/auth/"); strings.Contains(p.body, "alert(1)") {
		t.Error("the program's name is shown as it was sent")
	}
}

// TestRequire: who is led where.
func TestRequire(t *testing.T) {
	s := newSite(t, nil, nil)
	s.create(taro)
	b := s.browser()
	b.page("/a?b=c&d").wantRedirect(t, "/auth/login?return_to=%2Fa%3Fb%3Dc%26d")
	b.page("/").wantRedirect(t, "/auth/login?return_to=%2F")
	b.do(http.MethodHead, "/a", "", "", "Accept", htmlAccept).wantRedirect(t, "/auth/login?return_to=%2Fa")
	b.page("/"+strings.Repeat("a", 3000)).wantRedirect(t, "/auth/login")
	b.submit("/a", "x", "y").wantPage(t, 401, `href="/auth/login"`)
	a := b.get("/a")
	a.wantReason(t, 401, "not_signed_in")
	checkHeaders(t, a)
	b.do(http.MethodGet, "/a", "", "", "Authorization", "Bearer x").wantReason(t, 401, "not_signed_in")
	b.signIn(taro, good)
	a = b.page("/a").want(t, 200, "hello "+taro)
	if a.Header().Get("Cache-Control") != "private, no-cache" || a.Header().Get("Vary") != "Cookie" {
		t.Errorf("a guarded page may be kept: %v", a.Header())
	}
	if _, ok := authhttp.SessionFrom(t.Context()); ok {
		t.Error("a session out of nowhere")
	}
}

// TestProxies: the limit counts the visitor and not what the visitor says.
func TestLimitCountsTheVisitor(t *testing.T) {
	s := newSite(t, nil, func(c *authhttp.Config) { c.Proxies = authhttp.Proxies{"10.0.0.0/8"} })
	limiter, err := ratelimit.New(ratelimit.NewMemory(0), ratelimit.Limit{Rate: 0.001, Burst: 2}, nil, "export")
	if err != nil {
		t.Fatal(err)
	}
	s.app = s.web.Limit(limiter, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	visit := func(peer, forwarded string) answer {
		b := s.browser()
		b.peer = peer
		return b.do(http.MethodGet, "/export", "", "", "X-Forwarded-For", forwarded, "Accept", "application/json")
	}
	visit("203.0.113.1:1", "1.1.1.1").want(t, 200)
	visit("203.0.113.1:2", "1.1.1.2").want(t, 200)
	a := visit("203.0.113.1:3", "1.1.1.3")
	a.wantReason(t, 429, "rate_limited")
	if a.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	visit("10.0.0.1:1", "1.1.1.1, 198.51.100.1").want(t, 200)
	visit("10.0.0.1:1", "1.1.1.2, 198.51.100.1").want(t, 200)
	visit("10.0.0.1:1", "1.1.1.3, 198.51.100.1").wantReason(t, 429, "rate_limited")
	visit("10.0.0.1:1", "198.51.100.2").want(t, 200)
	visit("@", "198.51.100.2").wantReason(t, 500, "internal_error")
	visit("[2001:db8::1]:1", "").want(t, 200)
	visit("[2001:db8::2]:1", "").want(t, 200)
	visit("[2001:db8::3]:1", "").wantReason(t, 429, "rate_limited")
}

// TestOwnHandler is a sign-in page of the app's own.
func TestOwnHandler(t *testing.T) {
	written := make(chan string, 100)
	s := newSite(t, func(c *auth.Config) {
		c.Hooks.OnEvent = func(_ context.Context, e auth.Event) { written <- e.Reference }
	}, nil)
	s.create(taro)
	<-written
	s.app = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		in, err := s.web.Credentials(w, r)
		if err != nil {
			s.web.Error(w, r, err)
			return
		}
		if in.Client.Addr != netip.MustParseAddr("192.0.2.1") || in.Client.Language != "ja" || in.Client.UserAgent != "test" {
			t.Errorf("client %+v", in.Client)
		}
		sess, err := s.svc.Login(r.Context(), in)
		if err != nil {
			s.web.Error(w, r, err)
			return
		}
		if extra := r.FormValue("extra"); extra != "" && extra != "kept" {
			t.Errorf("another field of the form: %q", extra)
		}
		s.web.SignIn(w, r, sess)
	})
	b := s.browser()
	b.header.Set("Accept-Language", "ja")
	b.header.Set("User-Agent", "test")
	doc := b.json("/in", "email", taro, "password", "x").wantReason(t, 401, "invalid_credentials")
	if ref := <-written; errcodes.FormatReference(ref) != doc["reference"] {
		t.Errorf("the audit log has reference %q, the person was told %v", ref, doc["reference"])
	}
	b.json("/in", "email", taro, "token", "x").wantReason(t, 400, "request_malformed")
	b.submit("/in", "email", taro, "password", "x").wantPage(t, 401, `role="alert"`, `lang="ja"`)
	b.json("/in", "email", taro, "password", good, "return_to", "/a").want(t, 200, `{"status":"signed_in","return_to":"/a"}`)
	b.submit("/in", "email", taro, "password", good, "return_to", "/a", "extra", "kept").wantRedirect(t, "/a")
	b.submit("/in", "email", taro, "password", good, "return_to", "//evil.example").wantRedirect(t, "/")

	s.app = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.web.SignIn(w, r, nil) })
	b.json("/in").wantReason(t, 500, "internal_error")
	s.app = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.web.Error(w, r, nil) })
	b.json("/in").wantReason(t, 500, "internal_error")
	s.app = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.web.Error(w, r, io.ErrUnexpectedEOF) })
	b.json("/in").wantReason(t, 500, "internal_error")
	s.app = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.web.Error(w, r.WithContext(errcodes.ContextWithReference(r.Context(), "7Q3KM2XP9D")), errcodes.ReasonAccountDisabled)
	})
	if doc := b.json("/in").wantReason(t, 401, "invalid_credentials"); doc["reference"] != "7Q3K-M2XP-9D" {
		t.Errorf("reference %v", doc["reference"])
	}
}

// TestTokensAreNotShown: no answer but Set-Cookie and the link's own form holds a token.
func TestTokensAreNotShown(t *testing.T) {
	s := newSite(t, nil, nil)
	s.create(taro)
	b := s.browser()
	a := b.json("/auth/login", "email", taro, "password", good)
	tok := b.cookies[session]
	hash := token.Hash(tok)
	for _, x := range []answer{a, b.get("/auth/session"), b.get("/auth/sessions"), b.page("/auth/"), b.page("/auth/password/change")} {
		for _, secret := range []string{tok, base64.StdEncoding.EncodeToString(hash[:]), base64.RawURLEncoding.EncodeToString(hash[:]), good} {
			if strings.Contains(x.body, secret) {
				t.Errorf("a secret is in %s", x.body)
			}
		}
	}
}

// TestStylesheet is the one thing that may be kept.
func TestStylesheet(t *testing.T) {
	s := newSite(t, nil, nil)
	b := s.browser()
	a := b.do(http.MethodGet, "/auth/style.css", "", "").want(t, 200, "main {")
	if a.Header().Get("Content-Type") != "text/css; charset=utf-8" || !strings.HasPrefix(a.Header().Get("Cache-Control"), "public") {
		t.Errorf("%v", a.Header())
	}
	b.do(http.MethodGet, "/auth/style.css", "", "", "If-None-Match", a.Header().Get("Etag")).want(t, http.StatusNotModified)
}

// TestOnARealServer goes over a socket, where MaxBytesReader and HEAD have their full effect.
func TestOnARealServer(t *testing.T) {
	s := newSite(t, nil, func(c *authhttp.Config) { c.Origin = "http://localhost:8080" })
	server := httptest.NewServer(s.app)
	defer server.Close()
	resp, err := http.Post(server.URL+"/auth/login", "application/json", strings.NewReader(`{"email":"`+strings.Repeat("a", 1<<20)+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusRequestEntityTooLarge || resp.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("1 MiB: %s %s", resp.Status, resp.Header)
	}
	head, err := http.Head(server.URL + "/auth/login")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = head.Body.Close() }()
	if head.StatusCode != http.StatusOK {
		t.Errorf("HEAD: %s", head.Status)
	}
}
