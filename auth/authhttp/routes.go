package authhttp

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/sekisho-auth/sekisho/errcodes"
)

// handler answers one request, or says why not.
type handler func(c *call) error

// route is one path below the prefix and what it answers to.
type route struct {
	path              string // may hold one {id}
	get, post, delete handler
	mail              bool // needs mail: absent with Config.NoMail
	api               bool // JSON unless the client asks for HTML by name
	head, tail        string
	allow             []string // the Allow header
}

// table is everything there is. A DELETE has a POST twin, for forms.
func (web *Web) table() []route {
	return []route{
		{path: "", get: (*call).accountPage},
		{path: "style.css", get: (*call).stylesheet},

		{path: "register", get: (*call).registerForm, post: (*call).register, mail: true},
		{path: "register/sent", get: notice(noticeRegister), mail: true},
		{path: "email/verify", get: (*call).verifyForm, post: (*call).verify, mail: true},
		{path: "email/verify/done", get: notice(noticeVerified), mail: true},
		{path: "email/resend", get: (*call).resendForm, post: (*call).resend, mail: true},
		{path: "email/resend/sent", get: notice(noticeResend), mail: true},

		{path: "login", get: (*call).loginForm, post: (*call).login},
		{path: "reauthenticate", get: (*call).reauthForm, post: (*call).reauthenticate},
		{path: "logout", get: (*call).logoutForm, post: (*call).logout},
		{path: "logout/done", get: notice(noticeSignedOut)},
		{path: "session", get: (*call).sessionInfo, api: true},

		{path: "password/forgot", get: (*call).forgotForm, post: (*call).forgot, mail: true},
		{path: "password/forgot/sent", get: notice(noticeForgot), mail: true},
		{path: "password/reset", get: (*call).resetForm, post: (*call).reset, mail: true},
		{path: "password/reset/done", get: notice(noticeReset), mail: true},
		{path: "password/change", get: (*call).changeForm, post: (*call).change},
		{path: "password/change/done", get: notice(noticeChanged)},

		{path: "sessions", get: (*call).sessions, delete: (*call).endOthers},
		{path: "sessions/revoke", post: (*call).endOthers},
		{path: "sessions/{id}", delete: (*call).endSession},
		{path: "sessions/{id}/revoke", post: (*call).endSession},

		{path: "errors", get: (*call).catalogue},
		{path: "errors/{id}", get: (*call).catalogueEntry},
	}
}

// route indexes the table.
func (web *Web) route() {
	web.routes = make(map[string]*route)
	for _, entry := range web.table() {
		if entry.mail && !web.mail {
			continue
		}
		rt := &entry
		var methods []string
		if rt.get != nil {
			methods = append(methods, http.MethodGet, http.MethodHead)
		}
		if rt.post != nil {
			methods = append(methods, http.MethodPost)
		}
		if rt.delete != nil {
			methods = append(methods, http.MethodDelete)
		}
		rt.allow = []string{strings.Join(methods, ", ")}
		var wild bool
		if rt.head, rt.tail, wild = strings.Cut(rt.path, "{id}"); wild {
			web.patterns = append(web.patterns, rt)
		} else {
			web.routes[rt.path] = rt
		}
	}
}

// find returns the route of a path and the {id} in it.
func (web *Web) find(path string) (rt *route, id string) {
	rest, ok := strings.CutPrefix(path, web.prefix)
	if !ok {
		if path+"/" != web.prefix {
			return nil, ""
		}
		rest = "" // "/auth" for "/auth/", under routers that pass it on
	}
	if rt := web.routes[rest]; rt != nil {
		return rt, ""
	}
	for _, rt := range web.patterns {
		id, ok := strings.CutPrefix(rest, rt.head)
		if !ok {
			continue
		}
		if id, ok = strings.CutSuffix(id, rt.tail); ok && id != "" && !strings.Contains(id, "/") {
			return rt, id
		}
	}
	return nil, ""
}

// serve finds the handler and checks what all requests have in common.
func (c *call) serve() error {
	rt, id := c.web.find(c.r.URL.Path)
	if rt == nil {
		return errcodes.New(errcodes.ReasonNotFound)
	}
	c.id = id
	c.json = wantsJSON(c.r, rt.api || c.r.Method == http.MethodDelete)
	var h handler
	switch c.r.Method {
	case http.MethodGet, http.MethodHead:
		h = rt.get
	case http.MethodPost:
		h = rt.post
	case http.MethodDelete:
		h = rt.delete
	}
	if h == nil {
		c.w.Header()["Allow"] = rt.allow
		return errcodes.New(errcodes.ReasonMethodNotAllowed)
	}
	if err := c.web.sameOrigin(c.r); err != nil {
		return err
	}
	return h(c)
}

var errDowngraded = errors.New("authhttp: a request from an http page to an https origin")

// sameOrigin refuses requests that change something and come from a page of another site: by Sec-Fetch-Site, which a
// page cannot forge, or in old browsers by Origin. Who sends neither is no browser. net/http compares Origin with Host,
// which has no scheme, so that whoever can forge the http pages of our host is refused here.
func (web *Web) sameOrigin(r *http.Request) error {
	err := web.cross.Check(r)
	if err == nil && web.origin.https && r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodOptions {
		from := r.Header.Get("Origin")
		if r.Header.Get("Sec-Fetch-Site") == "" && strings.HasPrefix(from, "http://") && !slices.Contains(web.trusted, from) {
			err = errDowngraded
		}
	}
	if err != nil {
		return errcodes.New(errcodes.ReasonCrossOriginBlocked, errcodes.Because(err))
	}
	return nil
}
