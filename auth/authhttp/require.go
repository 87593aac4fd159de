package authhttp

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/ratelimit"
	"github.com/sekisho-auth/sekisho/errcodes"
)

type sessionKey struct{}

// SessionFrom returns the session of the request whose context ctx is; ok is false outside handlers behind Require. The
// session, its User included, is shared: do not change it.
func SessionFrom(ctx context.Context) (s *auth.Session, ok bool) {
	s, ok = ctx.Value(sessionKey{}).(*auth.Session)
	return s, ok
}

// Session returns the session that a request comes with, its User included, for pages that are open to everybody and
// greet those who are signed in. Its error is not_signed_in, session_expired or a fault (1004). Behind Require,
// SessionFrom costs nothing.
func (web *Web) Session(r *http.Request) (*auth.Session, error) {
	s, _, err := web.session(r)
	return s, err
}

// Require lets only people who are signed in through to next, which finds the session by SessionFrom. A browser that
// asks for a page is led to sign in and comes back afterwards; everything else gets 401, with not_signed_in or
// session_expired. A fault (1004) lets nobody through. Requests that change something are refused if they come from
// another site (cross_origin_blocked), unless they carry a bearer token.
//
// Answers of next are marked private and to be checked each time, so that neither a shared cache nor the back button
// shows them to somebody else; next may set Cache-Control to something else.
func (web *Web) Require(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, bearer, err := web.session(r)
		if err == nil && !bearer {
			err = web.sameOrigin(r)
		}
		if err != nil {
			web.refuse(w, r, err)
			return
		}
		h := w.Header()
		h.Set("Cache-Control", "private, no-cache")
		h.Add("Vary", "Cookie")
		ctx := context.WithValue(r.Context(), sessionKey{}, s)
		if errcodes.ReferenceFrom(ctx) == "" {
			ctx = errcodes.ContextWithReference(ctx, errcodes.NewReference())
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// refuse answers somebody who is not let through. Programs are better served with a problem document than with a page.
func (web *Web) refuse(w http.ResponseWriter, r *http.Request, err error) {
	c := web.begin(w, r)
	c.json = c.json || strings.HasPrefix(strings.ToLower(r.Header.Get("Authorization")), "bearer ")
	signIn := errors.Is(err, errcodes.ReasonNotSignedIn) || errors.Is(err, errcodes.ReasonSessionExpired)
	if c.json || !reads(r) || !signIn {
		c.fail(err)
		return
	}
	if _, state, _ := web.sessionToken(r); state != absent {
		web.clearSession(w.Header())
	}
	_ = c.toLogin()
}

// reads reports whether a request asks for a page, which can be asked for again after signing in.
func reads(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// toLogin leads a person to sign in, and back here afterwards.
func (c *call) toLogin() error {
	to := c.web.prefix + "login"
	here := c.r.RequestURI
	if !strings.HasPrefix(here, "/") { // absolute, as sent to a proxy, or made by a program
		here = c.r.URL.RequestURI()
	}
	if here = c.web.carry(here); here != "" {
		to += "?return_to=" + url.QueryEscape(here)
	}
	return c.seeOther(to)
}

// Limit lets through to next what l allows for each source, an IPv4 address or an IPv6 /64 as ClientIP knows it, and
// answers like Error beyond that: rate_limited with Retry-After, or, since a limit that an outage switches off is none,
// 1004 if the limit's store fails.
func (web *Web) Limit(l *ratelimit.Limiter, next http.Handler) http.Handler {
	return l.Handler(func(r *http.Request) (string, error) {
		source := ratelimit.Source(web.ClientIP(r))
		if source == "" {
			return "", errNoPeer
		}
		return source, nil
	}, web.Error, next)
}

var errNoPeer = errors.New("authhttp: the server does not know its peer's address")
