package authhttp

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/internal/token"
)

const (
	// maxCookie is the longest cookie that is looked at, in bytes.
	maxCookie = 4096
	// signUpAge is how long a browser remembers that it began a sign-up.
	signUpAge = 24 * time.Hour
)

// cookies knows the names and attributes of the cookies that one Web sets.
type cookies struct {
	session, signUp string // names
	attributes      string // "; Path=/; HttpOnly; …"
}

// newCookies chooses names and attributes. The __Host- prefix binds a cookie to this host, to https and to the whole
// path, so that no subdomain can plant one (RFC 6265bis §4.1.3.2, ASVS 3.3.1–3.3.4). Browsers refuse it without Secure.
func newCookies(https bool) cookies {
	if https {
		return cookies{
			session:    "__Host-sekisho",
			signUp:     "__Host-sekisho-signup",
			attributes: "; Path=/; HttpOnly; Secure; SameSite=Lax",
		}
	}
	return cookies{session: "sekisho", signUp: "sekisho-signup", attributes: "; Path=/; HttpOnly; SameSite=Lax"}
}

// set adds a Set-Cookie line; maxAge 0 leaves the cookie to the end of the browser's session, and less removes it.
func (k *cookies) set(h http.Header, name, value string, maxAge time.Duration) {
	line := name + "=" + value + k.attributes
	switch {
	case maxAge > 0:
		line += "; Max-Age=" + strconv.FormatInt(int64((maxAge+time.Second-1)/time.Second), 10)
	case maxAge < 0:
		line += "; Max-Age=0"
	}
	h["Set-Cookie"] = append(h["Set-Cookie"], line)
}

// presence says what a request knows about a cookie.
type presence uint8

const (
	absent  presence = iota
	unclear          // there, but not one well-formed token
	present
)

// find returns the token in the cookie with this name. Two cookies of one name mean that somebody else may have set one
// of them, and which one comes first is up to them: neither counts. What does not look like one of our tokens never
// reaches the store.
func find(r *http.Request, name string) (auth.Token, presence) {
	found, state := "", absent
	for _, line := range r.Header["Cookie"] {
		for len(line) > 0 {
			var pair string
			pair, line, _ = strings.Cut(line, ";")
			pair = strings.Trim(pair, " \t")
			key, value, ok := strings.Cut(pair, "=")
			if !ok || key != name || len(pair) > maxCookie {
				continue
			}
			if state != absent {
				return "", unclear
			}
			found, state = value, present
		}
	}
	if state == present && !token.Valid(found) {
		return "", unclear
	}
	return auth.Token(found), state
}

// setSession puts a session's token into its cookie. Only people who asked to stay signed in get one that outlives the
// browser.
func (web *Web) setSession(h http.Header, s *auth.Session) {
	var age time.Duration
	if s.Remember {
		age = max(time.Until(s.Expires), time.Second)
	}
	web.cookies.set(h, web.cookies.session, s.Token.Reveal(), age)
}

// clearSession makes the browser forget the session.
func (web *Web) clearSession(h http.Header) { web.cookies.set(h, web.cookies.session, "", -1) }

// sessionToken returns the token a request comes with: the bearer token if those are switched on and one is there, else
// the cookie. A bearer token never came by itself, as cookies do.
func (web *Web) sessionToken(r *http.Request) (t auth.Token, state presence, bearer bool) {
	if web.tokenInBody {
		if t, state := bearerToken(r); state != absent {
			return t, state, true
		}
	}
	t, state = find(r, web.cookies.session)
	return t, state, false
}

// bearerToken reads Authorization: Bearer (RFC 6750 §2.1). Other schemes are not ours.
func bearerToken(r *http.Request) (auth.Token, presence) {
	lines := r.Header["Authorization"]
	if len(lines) == 0 {
		return "", absent
	}
	scheme, value, _ := strings.Cut(lines[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", absent
	}
	value = strings.Trim(value, " ")
	if len(lines) > 1 || !token.Valid(value) {
		return "", unclear
	}
	return auth.Token(value), present
}
