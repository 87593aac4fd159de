package authhttp

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/internal/token"
)

func (c *call) loginForm() error {
	return c.formPage(form{page: pageLogin, ReturnTo: c.queryReturn()})
}

// queryReturn reads return_to from the address, for forms to carry on.
func (c *call) queryReturn() string { return c.web.carry(c.r.URL.Query().Get("return_to")) }

func (c *call) login() error {
	if err := c.read(fieldEmail | fieldPassword | fieldReturnTo | fieldRemember); err != nil {
		return err
	}
	if !c.json {
		c.form = &form{page: pageLogin, Email: c.in.email, ReturnTo: c.web.carry(c.in.returnTo), Remember: c.in.remember}
	}
	s, err := c.web.svc.Login(c.r.Context(), auth.Credentials{
		Email: c.in.email, Password: auth.Password(c.in.password), Remember: c.in.remember, Client: c.client(),
	})
	if err != nil {
		return err
	}
	return c.signIn(s, c.in.returnTo)
}

// signIn gives the session to the client and ends the one it had before: a token that somebody planted, or that was
// known to somebody, is worth nothing after signing in (ASVS 7.2.4).
func (c *call) signIn(s *auth.Session, returnTo string) error {
	if old, state, _ := c.web.sessionToken(c.r); state == present && !token.Equal([]byte(old), []byte(s.Token)) {
		if err := c.web.svc.Logout(c.r.Context(), old); err != nil {
			// The new session stands; the old one ends by itself in time.
			c.web.log.WarnContext(c.r.Context(), "authhttp: the session before this sign-in could not be ended", errcodes.LogAttr(err))
		}
	}
	c.web.setSession(c.w.Header(), s)
	to := c.web.returnTo(returnTo)
	if !c.json {
		return c.seeOther(to)
	}
	if to == c.web.afterLogin && !c.web.tokenInBody {
		return c.writeJSON(http.StatusOK, c.web.signedIn)
	}
	return c.writeJSON(http.StatusOK, appendSignedIn(make([]byte, 0, 128), to, c.web.bodyToken(s)))
}

// bodyToken returns what an answer in JSON says of a session's token: nothing, unless that is switched on.
func (web *Web) bodyToken(s *auth.Session) string {
	if web.tokenInBody {
		return s.Token.Reveal()
	}
	return ""
}

// appendSignedIn writes the answer to a sign-in. to is in ASCII, but may hold what JSON escapes.
func appendSignedIn(b []byte, to, bearer string) []byte {
	quoted, err := json.Marshal(to)
	if err != nil {
		quoted = []byte(`"/"`) // a string can always be encoded
	}
	b = append(b, `{"status":"signed_in","return_to":`...)
	b = append(b, quoted...)
	return append(appendToken(b, bearer), '}')
}

// appendToken adds a token to an answer, if it may be there. A token needs no escapes.
func appendToken(b []byte, bearer string) []byte {
	if bearer == "" {
		return b
	}
	b = append(b, `,"token":"`...)
	b = append(b, bearer...)
	return append(b, '"')
}

// session finds out who is there. Reasons: not_signed_in, session_expired, faults.
func (web *Web) session(r *http.Request) (s *auth.Session, bearer bool, err error) {
	t, state, bearer := web.sessionToken(r)
	if err := unusable(state); err != nil {
		return nil, bearer, err
	}
	s, err = web.svc.Session(r.Context(), t)
	return s, bearer, err
}

// unusable says why there is no token to ask the service about; nil if there is one.
func unusable(state presence) error {
	switch state {
	case absent:
		return errcodes.New(errcodes.ReasonNotSignedIn)
	case unclear:
		return errcodes.New(errcodes.ReasonSessionExpired, errcodes.Because(errUnclearToken))
	default:
		return nil
	}
}

var errUnclearToken = errors.New("authhttp: the session cookie or bearer token is malformed, or there are two")

// who is session for a call.
func (c *call) who() (*auth.Session, error) {
	s, _, err := c.web.session(c.r)
	return s, err
}

// ownForm finds the token of a request that proves a password in a session, and for pages sets the form to show again,
// with the address in it for password managers. The service checks the session itself.
func (c *call) ownForm(f form) (auth.Token, error) {
	t, state, _ := c.web.sessionToken(c.r)
	if err := unusable(state); err != nil || c.json {
		return t, err
	}
	s, err := c.who()
	if err != nil {
		return "", err
	}
	f.Username = s.User.Email
	c.form = &f
	return t, nil
}

type userBody struct {
	ID    auth.UserID `json:"id"`
	Email string      `json:"email"`
}

type sessionBody struct {
	User     userBody `json:"user"`
	AuthTime string   `json:"auth_time"`
	AMR      []string `json:"amr"`
	Expires  string   `json:"expires"`
}

// rfc3339 is how times appear in JSON: UTC, whole seconds.
func rfc3339(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func (c *call) sessionInfo() error {
	if !c.json {
		return c.accountPage()
	}
	s, err := c.who()
	if err != nil {
		return err
	}
	return c.encodeJSON(http.StatusOK, sessionBody{
		User: userBody{ID: s.UserID, Email: s.User.Email}, AuthTime: rfc3339(s.AuthTime), AMR: s.AMR, Expires: rfc3339(s.Expires),
	})
}

func (c *call) reauthForm() error {
	s, err := c.who()
	if err != nil {
		return err
	}
	return c.formPage(form{page: pageReauth, Username: s.User.Email, ReturnTo: c.queryReturn()})
}

func (c *call) reauthenticate() error {
	if err := c.read(fieldPassword | fieldReturnTo); err != nil {
		return err
	}
	c.proving = true
	t, err := c.ownForm(form{page: pageReauth, ReturnTo: c.web.carry(c.in.returnTo)})
	if err != nil {
		return err
	}
	fresh, err := c.web.svc.Reauthenticate(c.r.Context(), t, auth.Password(c.in.password), c.client())
	if err != nil {
		return err
	}
	c.web.setSession(c.w.Header(), fresh)
	if c.json {
		return c.renewed("reauthenticated", fresh)
	}
	if c.in.returnTo == "" {
		return c.seeOther(c.web.prefix)
	}
	return c.seeOther(c.web.returnTo(c.in.returnTo))
}

// renewed answers in JSON where a session got a new token.
func (c *call) renewed(word string, s *auth.Session) error {
	body := append([]byte(`{"status":"`), word...)
	body = appendToken(append(body, '"'), c.web.bodyToken(s))
	return c.writeJSON(http.StatusOK, append(body, '}'))
}

func (c *call) logoutForm() error {
	if _, err := c.who(); err != nil {
		return err
	}
	return c.formPage(form{page: pageLogout})
}

// logout ends the session. The browser forgets it even if the store cannot: somebody who walks away from a shared
// computer must not leave a way in.
func (c *call) logout() error {
	if err := c.read(0); err != nil {
		return err
	}
	t, state, bearer := c.web.sessionToken(c.r)
	if state != absent && !bearer {
		c.web.clearSession(c.w.Header())
	}
	if state == present {
		if err := c.web.svc.Logout(c.r.Context(), t); err != nil {
			return err
		}
	}
	if c.json {
		return c.noContent()
	}
	return c.seeOther(c.web.prefix + "logout/done")
}

// Credentials reads a sign-in from the body of r, JSON or form, with the fields email, password, remember and
// return_to, for handlers of the app that call Service.Login themselves. The client's address, program and language are
// filled in. The request is given its reference, so that what Service.Login writes into the audit log and what Error
// tells the person are one: take r.Context() after this call. Reasons: request_malformed,
// request_too_large, unsupported_media_type; hand them to Error.
func (web *Web) Credentials(w http.ResponseWriter, r *http.Request) (auth.Credentials, error) {
	if ctx := r.Context(); errcodes.ReferenceFrom(ctx) == "" {
		*r = *r.WithContext(errcodes.ContextWithReference(ctx, errcodes.NewReference()))
	}
	var in fields
	if err := readFields(w, r, fieldEmail|fieldPassword|fieldReturnTo|fieldRemember, &in); err != nil {
		return auth.Credentials{}, err
	}
	if r.PostForm == nil { // for SignIn, since the body is gone now
		r.PostForm = url.Values{"return_to": {in.returnTo}}
	}
	c := call{web: web, w: w, r: r}
	return auth.Credentials{
		Email: in.email, Password: auth.Password(in.password), Remember: in.remember, Client: c.client(),
	}, nil
}

// SignIn answers with a session that Service.Login has made: it sets the cookie, ends the session that the client had
// before, and leads to return_to as Credentials read it, or to Config.AfterLogin. A client that wants JSON gets
// {"status":"signed_in","return_to":…}.
func (web *Web) SignIn(w http.ResponseWriter, r *http.Request, s *auth.Session) {
	c := web.begin(w, r)
	if s == nil || s.Token == "" {
		c.fail(errors.New("authhttp: Web.SignIn needs a session that was just made"))
		return
	}
	if err := c.signIn(s, r.PostForm.Get("return_to")); err != nil {
		c.fail(err)
	}
}
