package authhttp_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
)

// TestJourneyJSON walks through everything there is, as a program does.
func TestJourneyJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, nil, nil)
		b := s.browser()
		a := b.json("/auth/register", "email", taro, "password", good).want(t, http.StatusAccepted, `{"status":"check_mailbox"}`)
		cookie, err := http.ParseSetCookie(a.Header().Get("Set-Cookie"))
		if err != nil || cookie.Name != "__Host-sekisho-signup" || !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteLaxMode || len(cookie.Value) != 43 || cookie.Domain != "" {
			t.Errorf("sign-up cookie: %+v, %v", cookie, err)
		}
		mails := s.work()
		if len(mails) != 1 || mails[0].Kind != "verify" || mails[0].To != taro || mails[0].Language != "en" {
			t.Fatalf("mails: %+v", mails)
		}
		path, token, _ := strings.Cut(pathOf(t, mails[0].Link), "?token=")
		if path != "/auth/email/verify" {
			t.Fatalf("the link leads to %s", path)
		}
		b.json("/auth/login", "email", taro, "password", good).wantReason(t, 401, "invalid_credentials")
		b.json(path, "token", token).want(t, http.StatusOK, `{"status":"verified"}`)
		if _, still := b.cookies["__Host-sekisho-signup"]; still {
			t.Error("the sign-up cookie is still there")
		}
		b.json(path, "token", token).wantReason(t, 410, "link_expired")

		b.get("/auth/session").wantReason(t, 401, "not_signed_in")
		a = b.json("/auth/login", "email", taro, "password", good, "return_to", "/trains?to=kyoto")
		a.want(t, http.StatusOK)
		if a.body != `{"status":"signed_in","return_to":"/trains?to=kyoto"}` {
			t.Errorf("body %s", a.body)
		}
		a = b.get("/auth/session").want(t, http.StatusOK)
		var session struct {
			User     struct{ ID, Email string }
			AuthTime string `json:"auth_time"`
			AMR      []string
			Expires  string
		}
		if err := json.Unmarshal([]byte(a.body), &session); err != nil {
			t.Fatal(err)
		}
		if session.User.Email != taro || session.User.ID == "" || len(session.AMR) != 1 || session.AMR[0] != "pwd" {
			t.Errorf("session %+v", session)
		}
		if at, err := time.Parse(time.RFC3339, session.AuthTime); err != nil || time.Since(at).Abs() > time.Minute {
			t.Errorf("auth_time %s", session.AuthTime)
		}
		if at, err := time.Parse(time.RFC3339, session.Expires); err != nil || time.Until(at) > 24*time.Hour || time.Until(at) < 23*time.Hour {
			t.Errorf("expires %s", session.Expires)
		}

		old := b.cookies["__Host-sekisho"]
		b.json("/auth/reauthenticate", "password", "wrong wrong wrong wrong").wantReason(t, 401, "invalid_credentials")
		b.json("/auth/reauthenticate", "password", good).want(t, http.StatusOK, `{"status":"reauthenticated"}`)
		if b.cookies["__Host-sekisho"] == old {
			t.Error("the session has the same token after proving the password again")
		}
		b.json("/auth/password/change", "current", good, "new", "short").wantReason(t, 422, "weak_password")
		b.json("/auth/password/change", "current", good, "new", better).want(t, http.StatusOK, `{"status":"password_changed"}`)
		b.get("/auth/session").want(t, http.StatusOK)
		if a := b.json("/auth/logout"); a.Code != http.StatusNoContent || a.body != "" {
			t.Errorf("logout: %d %s", a.Code, a.body)
		}
		b.get("/auth/session").wantReason(t, 401, "not_signed_in")
		b.json("/auth/logout").want(t, http.StatusNoContent)

		b.json("/auth/password/forgot", "email", taro).want(t, http.StatusAccepted, `{"status":"check_mailbox"}`)
		var reset auth.Mail
		for _, m := range s.work() {
			if m.Kind == "reset" {
				reset = m
			}
		}
		path, token, _ = strings.Cut(pathOf(t, reset.Link), "?token=")
		b.json(path, "token", token, "password", "short").wantReason(t, 422, "weak_password")
		b.json(path, "token", token, "password", good).want(t, http.StatusOK, `{"status":"password_reset"}`)
		b.json(path, "token", token, "password", good).wantReason(t, 410, "link_expired")
		b.get("/auth/session").wantReason(t, 401, "not_signed_in")
		b.signIn(taro, good)
	})
}

func TestSessionsJSON(t *testing.T) {
	s := newSite(t, nil, nil)
	s.create(taro)
	s.create("hanako@example.com")
	first, second, third, stranger := s.browser(), s.browser(), s.browser(), s.browser()
	stranger.signIn("hanako@example.com", good)
	for _, b := range []*browser{first, second, third} {
		b.signIn(taro, good)
	}
	list := func(b *browser) (ids []string, current string) {
		t.Helper()
		var body struct {
			Sessions []struct {
				ID                     string
				Current                bool
				Created, Seen, Expires time.Time
				Address                string
			}
		}
		a := b.get("/auth/sessions").want(t, http.StatusOK)
		if err := json.Unmarshal([]byte(a.body), &body); err != nil {
			t.Fatal(err)
		}
		for _, x := range body.Sessions {
			ids = append(ids, x.ID)
			if x.Current {
				current = x.ID
			}
			if x.Address != "192.0.2.1" || x.Expires.Before(time.Now()) {
				t.Errorf("%+v", x)
			}
		}
		return ids, current
	}
	ids, own := list(first)
	if len(ids) != 3 {
		t.Fatalf("%d sessions", len(ids))
	}
	_, two := list(second)
	del := func(b *browser, path string) answer { return b.do(http.MethodDelete, path, "", "") }
	del(stranger, "/auth/sessions/"+two).want(t, http.StatusNoContent) // no such session of theirs: nothing to end
	second.get("/auth/session").want(t, http.StatusOK)
	del(first, "/auth/sessions/"+two).want(t, http.StatusNoContent)
	del(first, "/auth/sessions/"+two).want(t, http.StatusNoContent) // twice is once
	second.get("/auth/session").wantReason(t, 401, "session_expired")
	if _, still := second.cookies["__Host-sekisho"]; still {
		t.Error("the cookie of a session that has ended is still there")
	}
	del(first, "/auth/sessions").want(t, http.StatusNoContent)
	third.get("/auth/session").wantReason(t, 401, "session_expired")
	first.get("/auth/session").want(t, http.StatusOK)
	stranger.get("/auth/session").want(t, http.StatusOK)
	del(second, "/auth/sessions").wantReason(t, 401, "not_signed_in")

	// The twins, for forms.
	second.signIn(taro, good)
	_, two = list(second)
	first.json("/auth/sessions/"+two+"/revoke").want(t, http.StatusNoContent)
	second.get("/auth/session").wantReason(t, 401, "session_expired")
	third.signIn(taro, good)
	first.submit("/auth/sessions/revoke").wantRedirect(t, "/auth/")
	third.get("/auth/session").wantReason(t, 401, "session_expired")
	first.submit("/auth/sessions/"+own+"/revoke").wantRedirect(t, "/auth/logout/done")
	if len(first.cookies) != 0 {
		t.Error("the cookie of one's own session, just ended, is still there")
	}
}

// TestStatuses is the table of what is refused before the service is asked.
func TestStatuses(t *testing.T) {
	s := newSite(t, nil, nil)
	const js = "application/json"
	tests := []struct {
		method, path, kind, body, reason string
		status                           int
		allow                            string
	}{
		{"GET", "/auth/nothing", "", "", "not_found", 404, ""},
		{"POST", "/auth/nothing", js, "{}", "not_found", 404, ""},
		{"GET", "/auth/login/", "", "", "not_found", 404, ""},
		{"GET", "/auth/Login", "", "", "not_found", 404, ""},
		{"GET", "/auth/second-factor", "", "", "not_found", 404, ""},
		{"GET", "/auth/oauth/google/start", "", "", "not_found", 404, ""},
		{"DELETE", "/auth/sessions/a/b", "", "", "not_found", 404, ""},
		{"GET", "/auth/errors/nothing", "", "", "not_found", 404, ""},
		{"PUT", "/auth/login", js, "{}", "method_not_allowed", 405, "GET, HEAD, POST"},
		{"OPTIONS", "/auth/login", "", "", "method_not_allowed", 405, "GET, HEAD, POST"},
		{"post", "/auth/login", js, "{}", "method_not_allowed", 405, "GET, HEAD, POST"},
		{"POST", "/auth/session", js, "{}", "method_not_allowed", 405, "GET, HEAD"},
		{"POST", "/auth/sessions", js, "{}", "method_not_allowed", 405, "GET, HEAD, DELETE"},
		{"GET", "/auth/sessions/abc", "", "", "method_not_allowed", 405, "DELETE"},
		{"GET", "/auth/sessions/revoke", "", "", "method_not_allowed", 405, "POST"},
		{"GET", "/auth/sessions/abc/revoke", "", "", "method_not_allowed", 405, "POST"},
		{"DELETE", "/auth/login", "", "", "method_not_allowed", 405, "GET, HEAD, POST"},
		{"POST", "/auth/errors", js, "{}", "method_not_allowed", 405, "GET, HEAD"},
		{"POST", "/auth/login", js, `{"email":"a@example.com","password":"x","admin":true}`, "request_malformed", 400, ""},
		{"POST", "/auth/login", js, `{"email":"a@example.com","email":"b@example.com","password":"x"}`, "request_malformed", 400, ""},
		{"POST", "/auth/login", js, `{"Email":"a@example.com","password":"x"}`, "request_malformed", 400, ""},
		{"POST", "/auth/login", js, `{"email":"a@example.com","password":"x"} x`, "request_malformed", 400, ""},
		{"POST", "/auth/login", js, `{"email":["a@example.com"],"password":"x"}`, "request_malformed", 400, ""},
		{"POST", "/auth/login", js, `{"email":"a@example.com","password":"\uD800"}`, "request_malformed", 400, ""},
		{"POST", "/auth/login", js, "{\"email\":\"a@example.com\",\"password\":\"\xff\"}", "request_malformed", 400, ""},
		{"POST", "/auth/login", js, `{"token":"x"}`, "request_malformed", 400, ""},
		{"POST", "/auth/logout", js, `{"token":"x"}`, "request_malformed", 400, ""},
		{"POST", "/auth/login", js, `{"email":"` + strings.Repeat("a", 17<<10) + `"}`, "request_too_large", 413, ""},
		{"POST", "/auth/login", "text/plain", `{"email":"a@example.com","password":"x"}`, "unsupported_media_type", 415, ""},
		{"POST", "/auth/login", "multipart/form-data; boundary=b", "--b--", "unsupported_media_type", 415, ""},
		{"POST", "/auth/login", formTyp, "email=a@example.com&email=b@example.com", "request_malformed", 400, ""},
		{"POST", "/auth/login", js, `{}`, "identifier_malformed", 422, ""},
		{"POST", "/auth/login", js, `{"email":"not an address","password":"x"}`, "identifier_malformed", 422, ""},
		{"POST", "/auth/login", js, `{"email":"` + strings.Repeat("a", 255) + `@example.com","password":"x"}`, "identifier_malformed", 422, ""},
		{"POST", "/auth/login", js, `{"email":"a@example.com","password":"` + strings.Repeat("a", 1025) + `"}`, "request_too_large", 413, ""},
		{"POST", "/auth/register", js, `{"email":"a@example.com","password":"short"}`, "weak_password", 422, ""},
		{"POST", "/auth/email/verify", js, `{"token":"x"}`, "link_expired", 410, ""},
		{"POST", "/auth/email/verify", js, `{}`, "link_expired", 410, ""},
		{"POST", "/auth/password/reset", js, `{"token":"` + strings.Repeat("A", 43) + `","password":"` + good + `"}`, "link_expired", 410, ""},
		{"POST", "/auth/password/change", js, `{"current":"x","new":"y"}`, "not_signed_in", 401, ""},
		{"POST", "/auth/reauthenticate", js, `{"password":"x"}`, "not_signed_in", 401, ""},
		{"GET", "/auth/sessions", "", "", "not_signed_in", 401, ""},
		{"GET", "/auth/", "", "", "not_signed_in", 401, ""},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.path+" "+tt.reason, func(t *testing.T) {
			b := s.browser()
			a := b.do(tt.method, tt.path, tt.kind, tt.body, "Accept", "application/json")
			a.wantReason(t, tt.status, tt.reason)
			if got := a.Header().Get("Allow"); got != tt.allow {
				t.Errorf("Allow: %q, want %q", got, tt.allow)
			}
			a = b.do(tt.method, tt.path, tt.kind, tt.body, "Accept", htmlAccept)
			if tt.reason == "not_signed_in" && tt.method == http.MethodGet {
				a.wantRedirect(t, "/auth/login?return_to="+url.QueryEscape(tt.path))
			} else if tt.kind != js {
				a.wantPage(t, tt.status, `role="alert"`, "/auth/errors/"+tt.reason)
			}
			checkHeaders(t, a)
		})
	}
}

// checkHeaders: what every answer that is not the style sheet has.
func checkHeaders(t testing.TB, a answer) {
	t.Helper()
	for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"} {
		if got := a.Header().Values(name); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if !strings.Contains(a.Header().Get("Vary"), "Accept-Language") || !strings.Contains(a.Header().Get("Vary"), "Cookie") {
		t.Errorf("Vary: %q", a.Header().Get("Vary"))
	}
}

// TestBadInputIsTheSameForEverybody: what cannot be right is refused alike for an address with and without an account.
func TestBadInputIsTheSameForEverybody(t *testing.T) {
	s := newSite(t, nil, nil)
	s.create(taro)
	b := s.browser()
	for _, password := range []string{"", strings.Repeat("a", 73), strings.Repeat("a", 1025), strings.Repeat("漢", 257), "a\x00b", "\u202e", strings.Repeat("a", 9000)} {
		known := b.json("/auth/login", "email", taro, "password", password)
		unknown := b.json("/auth/login", "email", "nobody@example.com", "password", password)
		if normal(known.body) != normal(unknown.body) || known.Code != unknown.Code {
			t.Errorf("%.20q: %s and %s", password, known.body, unknown.body)
		}
	}
}

func TestHeadIsLikeGet(t *testing.T) {
	s := newSite(t, nil, nil)
	b := s.browser()
	for _, path := range []string{"/auth/login", "/auth/register", "/auth/errors", "/auth/nothing", "/auth/session", "/auth/style.css"} {
		get, head := b.page(path), b.do(http.MethodHead, path, "", "", "Accept", htmlAccept)
		if get.Code != head.Code || get.Header().Get("Content-Type") != head.Header().Get("Content-Type") {
			t.Errorf("%s: GET %d, HEAD %d", path, get.Code, head.Code)
		}
	}
}

func TestTokenInBody(t *testing.T) {
	s := newSite(t, nil, withTokenInBody)
	s.create(taro)
	token := func(a answer) string {
		t.Helper()
		var body struct{ Status, Token string }
		if err := json.Unmarshal([]byte(a.want(t, http.StatusOK).body), &body); err != nil || len(body.Token) != 43 {
			t.Fatalf("%s: %v", a.body, err)
		}
		return body.Token
	}
	first := token(s.browser().json("/auth/login", "email", taro, "password", good))
	bearer := func(tok string) *browser {
		b := s.browser()
		b.header.Set("Authorization", "Bearer "+tok)
		return b
	}
	bearer(first).get("/auth/session").want(t, http.StatusOK, taro)
	bearer(first).do(http.MethodGet, "/trains", "", "").want(t, http.StatusOK, "hello "+taro)
	bearer(first).do(http.MethodPost, "/trains", "", "", "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site").want(t, http.StatusOK)
	second := token(bearer(first).json("/auth/reauthenticate", "password", good))
	a := bearer(first).get("/auth/session")
	a.wantReason(t, 401, "session_expired")
	if a.Header().Get("Set-Cookie") != "" {
		t.Error("a bearer token that has ended clears a cookie")
	}
	third := token(bearer(second).json("/auth/password/change", "current", good, "new", better))
	bearer(third).json("/auth/logout").want(t, http.StatusNoContent)
	bearer(third).do(http.MethodGet, "/trains", "", "").wantReason(t, 401, "session_expired")
	bearer("rubbish").do(http.MethodGet, "/trains", "", "").wantReason(t, 401, "session_expired")

	// Off by default: neither in bodies nor read.
	plain := newSite(t, nil, nil)
	plain.create(taro)
	b := plain.browser()
	a = b.json("/auth/login", "email", taro, "password", good)
	if strings.Contains(a.body, b.cookies["__Host-sekisho"]) || strings.Contains(a.body, "token") {
		t.Errorf("the token is in the body: %s", a.body)
	}
	other := plain.browser()
	other.header.Set("Authorization", "Bearer "+b.cookies["__Host-sekisho"])
	other.get("/auth/session").wantReason(t, 401, "not_signed_in")
}

// TestLanguages: the problem documents of 1001, 1002 and 1004 in Japanese, with remedies that lead somewhere.
func TestLanguages(t *testing.T) {
	s := newSite(t, nil, nil)
	s.create(taro)
	b := s.browser()
	b.header.Set("Accept-Language", "ja,en-US;q=0.7,en;q=0.3")
	var last answer
	for range 5 {
		last = b.json("/auth/login", "email", taro, "password", "wrong wrong wrong wrong")
		if last.Code == http.StatusUnauthorized && !strings.Contains(last.body, "無効なユーザー名またはパスワード") {
			t.Errorf("1001: %s", last.body)
		}
	}
	last = b.json("/auth/login", "email", taro, "password", good)
	doc := last.wantReason(t, http.StatusLocked, "account_temporarily_locked")
	if doc["code"] != 1002.0 || doc["title"] != "アカウントがロックされています" || last.Header().Get("Retry-After") == "" || doc["retry_after"] == nil {
		t.Errorf("1002: %s", last.body)
	}
	a := b.get("/auth/nothing")
	if doc := a.wantReason(t, 404, "not_found"); doc["code"] != 1004.0 || doc["title"] != "サーバーエラー" {
		t.Errorf("1004: %s", a.body)
	}
	for _, x := range []answer{last, a} {
		if x.Header().Get("Content-Language") != "ja" || !strings.Contains(x.body, `"label":"`) {
			t.Errorf("Content-Language %q: %s", x.Header().Get("Content-Language"), x.body)
		}
	}
	p := b.page("/auth/login").wantPage(t, http.StatusOK, `<html lang="ja">`, "ログインする")
	if p.Header().Get("Content-Language") != "ja" {
		t.Error("Content-Language of a page")
	}
	for header, lang := range map[string]string{"": "en", "fr": "en", "ja-JP": "ja", "*": "en", "en;q=0.1,ja;q=0.9": "ja", strings.Repeat("ja,", 3000): "en", "\x00": "en"} {
		if a := b.do(http.MethodGet, "/auth/login", "", "", "Accept", htmlAccept, "Accept-Language", header); a.Header().Get("Content-Language") != lang {
			t.Errorf("%.20q: %q, want %q", header, a.Header().Get("Content-Language"), lang)
		}
	}
}
