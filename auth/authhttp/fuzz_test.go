package authhttp_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/authhttp"
)

// FuzzServeHTTP: whatever a stranger sends, the answer is complete, harmless and never a fault of ours.
func FuzzServeHTTP(f *testing.F) {
	quiet := slog.New(slog.DiscardHandler)
	s := newSite(f, func(c *auth.Config) { c.Logger = quiet }, func(c *authhttp.Config) { c.Logger = quiet; c.TokenInBody = true })
	s.create(taro)
	b := s.browser()
	b.signIn(taro, good)
	cookie := session + "=" + b.cookies[session]
	for _, path := range []string{"", "login", "register", "email/verify?token=x", "password/reset", "password/change", "session", "sessions", "sessions/x/revoke", "errors/otp_invalid", "style.css", "%2e%2e/login", "errors/%00"} {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			f.Add(method, path, "application/json", `{"email":"taro@example.com","password":"x"}`, "text/html", cookie)
			f.Add(method, path, formTyp, "email=taro@example.com&password=x&return_to=//e", "application/json", "a=b; "+session+"=x")
		}
	}
	f.Fuzz(func(t *testing.T, method, path, kind, body, accept, cookies string) {
		u, err := url.Parse("/auth/" + path)
		if err != nil {
			return
		}
		r := &http.Request{
			Method: method, URL: u, RequestURI: u.RequestURI(), Host: "app.example", RemoteAddr: "192.0.2.1:1", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{"Content-Type": {kind}, "Accept": {accept}, "Cookie": {cookies}, "Accept-Language": {accept}, "Authorization": {cookies}, "X-Forwarded-For": {body}},
			Body:   http.NoBody, ContentLength: int64(len(body)),
		}
		r = r.WithContext(t.Context())
		r.Body = struct {
			*strings.Reader
			nopCloser
		}{Reader: strings.NewReader(body)}
		w := httptest.NewRecorder()
		s.web.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Fatalf("%d: %s", w.Code, w.Body)
		}
		if w.Code >= 400 {
			if !strings.Contains(w.Body.String(), "eference") {
				t.Fatalf("%d without a reference: %s", w.Code, w.Body)
			}
			if kind := w.Header().Get("Content-Type"); kind != "application/problem+json" && kind != "text/html; charset=utf-8" {
				t.Fatalf("%d as %s", w.Code, kind)
			}
		}
		if to := w.Header().Get("Location"); to != "" && (to[0] != '/' || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t ")) {
			t.Fatalf("leads to %q", to)
		}
		for name, values := range w.Header() {
			if strings.ContainsAny(strings.Join(values, ""), "\r\n\x00") {
				t.Fatalf("%s: %q", name, values)
			}
		}
	})
}

type nopCloser struct{}

func (nopCloser) Close() error { return nil }
