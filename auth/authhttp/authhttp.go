// Package authhttp puts an auth.Service on the web: pages that work without scripts, the same as a JSON API, cookies,
// the visitor's address, and the defence against requests from other sites. It needs net/http only; a router that takes
// an http.Handler takes a Web.
//
// Web itself serves everything below Config.Prefix. Require guards the pages of the app. For a sign-in page of one's
// own there are Credentials, SignIn and Error.
//
// A client gets JSON where it sends or accepts application/json, and pages otherwise; forms to fill in are pages for
// everybody. Failures in JSON are problem documents (RFC 9457, package errcodes/problem); in pages they say the same in
// the same status. Every failure carries a reference that the log has too.
package authhttp

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/errcodes/problem"
)

// Web is the pages and the API of one Service. It is safe for concurrent use. Make it with New.
type Web struct {
	svc         *auth.Service
	log         *slog.Logger
	origin      origin
	prefix      string
	afterLogin  string
	proxies     []netip.Prefix
	mail        bool // sign-up and recovery are on
	tokenInBody bool
	cookies     cookies
	cross       *http.CrossOriginProtection
	trusted     []string // origins that cross trusts
	routes      map[string]*route
	patterns    []*route // with an {id}
	// problems writes what failed. From an expired link to set a password, "have the mail sent anew" leads elsewhere.
	// To somebody who proves a password inside a session, sign-in is no matter.
	problems, resetProblems, sessionProblems *problem.Responder
	pages                                    *pages
	signedIn                                 []byte // the usual answer to a sign-in
}

// New makes the pages and the API of svc, and tells svc where the links in mails lead. The error names the field of the
// Config and the remedy.
func New(svc *auth.Service, cfg Config) (*Web, error) {
	if svc == nil {
		return nil, errors.New("authhttp: the auth.Service is nil: make one with auth.New first")
	}
	o, nets, err := cfg.check(svc.HasMailer())
	if err != nil {
		return nil, err
	}
	web := &Web{
		svc: svc, log: cfg.Logger, origin: o, prefix: cfg.Prefix, afterLogin: headerSafe(cfg.AfterLogin), proxies: nets,
		mail: !cfg.NoMail, tokenInBody: cfg.TokenInBody, cookies: newCookies(o.https),
		cross: http.NewCrossOriginProtection(),
	}
	// Our own origin is trusted by name too: behind a proxy that rewrites Host, a browser without Sec-Fetch-Site could
	// not be told from another site otherwise.
	web.trusted = append([]string{o.text}, cfg.TrustedOrigins...)
	for _, trusted := range web.trusted {
		if err := web.cross.AddTrustedOrigin(trusted); err != nil {
			return nil, fmt.Errorf("authhttp: Config.TrustedOrigins: %q must be an origin such as https://app.example.com", trusted)
		}
	}
	if err := web.prepareProblems(cfg); err != nil {
		return nil, err
	}
	if web.pages, err = newPages(web, cfg); err != nil {
		return nil, err
	}
	web.route()
	web.signedIn = appendSignedIn(nil, web.afterLogin, "")
	if web.mail {
		svc.UseLinks(web.links())
	}
	return web, nil
}

// links are what mails point to. They begin with the configured origin: a Host header that a visitor made up leads
// nobody anywhere.
func (web *Web) links() auth.Links {
	base := web.origin.text + web.prefix
	return auth.Links{
		Verify: func(t auth.Token) string { return base + "email/verify?token=" + t.Reveal() },
		Reset:  func(t auth.Token) string { return base + "password/reset?token=" + t.Reveal() },
		SignIn: base + "login",
		Forgot: base + "password/forgot",
	}
}

// ServeHTTP serves everything below Config.Prefix.
func (web *Web) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := web.begin(w, r)
	defer c.recover()
	err := c.serve()
	switch {
	case err == nil:
	case errors.Is(err, errcodes.ReasonNotSignedIn) && !c.json && reads(r):
		_ = c.toLogin()
	default:
		c.fail(err)
	}
}

// Error answers a request with what err means to the person: status, Retry-After, text and remedies in their language,
// as a page or a problem document, and a line in the log. An error that is not in the taxonomy is answered as
// internal_error. Call it before anything else is written.
func (web *Web) Error(w http.ResponseWriter, r *http.Request, err error) {
	if err == nil {
		err = errors.New("authhttp: Web.Error was called without an error")
	}
	web.begin(w, r).fail(err)
}

// Shared header values. Nobody changes them: http.Header.Set and Add make new slices, since these are full.
var (
	noStore    = []string{"no-store"}
	noReferrer = []string{"no-referrer"}
	noSniff    = []string{"nosniff"}
	typeJSON   = []string{"application/json"}
	typeHTML   = []string{"text/html; charset=utf-8"}
	varyBy     = []string{"Accept, Accept-Language, Cookie"}
	policy     = []string{"default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"}
)
