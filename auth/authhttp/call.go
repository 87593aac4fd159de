package authhttp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/errcodes/problem"
)

// call is one request on its way.
type call struct {
	web       *Web
	w         http.ResponseWriter
	r         *http.Request
	id        string // the {id} in the path
	in        fields
	form      *form // the page to show again if this fails, besides the failure
	json      bool
	resetting bool // recovery: a new mail comes from elsewhere
	proving   bool // a password inside a session
	wrote     bool
}

// begin gives a request its reference and the headers that every answer has.
func (web *Web) begin(w http.ResponseWriter, r *http.Request) *call {
	if ctx := r.Context(); errcodes.ReferenceFrom(ctx) == "" {
		r = r.WithContext(errcodes.ContextWithReference(ctx, errcodes.NewReference()))
	}
	h := w.Header()
	h["Cache-Control"] = noStore
	h["Referrer-Policy"] = noReferrer
	h["X-Content-Type-Options"] = noSniff
	h["Vary"] = varyBy
	return &call{web: web, w: w, r: r, json: wantsJSON(r, false)}
}

// wantsJSON tells whether the client sends or accepts application/json. A browser names text/html, or sends a form; who
// takes anything gets a page, or JSON where there is no page.
func wantsJSON(r *http.Request, api bool) bool {
	if mediaOf(r) == mediaJSON {
		return true
	}
	var html, jsonType bool
	for _, line := range r.Header["Accept"] {
		for part := range strings.SplitSeq(line, ",") {
			kind, params, _ := strings.Cut(part, ";")
			if unwanted(params) {
				continue
			}
			switch kind = strings.Trim(kind, " \t"); {
			case strings.EqualFold(kind, "text/html"), strings.EqualFold(kind, "application/xhtml+xml"):
				html = true
			case strings.EqualFold(kind, "application/json"), strings.EqualFold(kind, problem.MediaType):
				jsonType = true
			}
		}
	}
	return jsonType || api && !html
}

// unwanted reports whether the parameters of a media range refuse it: q=0 (RFC 9110 §12.4.2).
func unwanted(params string) bool {
	for part := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.Trim(part, " \t"), "=")
		if strings.EqualFold(name, "q") {
			q, err := strconv.ParseFloat(value, 64)
			return err == nil && q == 0
		}
	}
	return false
}

// lang returns the language to answer in.
func (c *call) lang() problem.Lang {
	lines := c.r.Header["Accept-Language"]
	if len(lines) == 1 {
		return c.web.problems.Match(lines[0])
	}
	return c.web.problems.Match(strings.Join(lines, ","))
}

// client describes where the request comes from.
func (c *call) client() auth.Client { return c.web.client(c.r, c.lang()) }

func (web *Web) client(r *http.Request, lang problem.Lang) auth.Client {
	return auth.Client{Addr: web.ClientIP(r), UserAgent: r.UserAgent(), Language: string(lang)}
}

// read reads the body.
func (c *call) read(allowed field) error { return readFields(c.w, c.r, allowed, &c.in) }

// recover turns a panic into an answer, if there was none yet. http.ErrAbortHandler means that there shall be none.
func (c *call) recover() {
	v := recover()
	if v == nil {
		return
	}
	if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(v)
	}
	p := panicked{what: fmt.Sprintf("a %T", v), stack: string(debug.Stack())}
	if err, ok := v.(runtime.Error); ok {
		p.what = err.Error() // says what the program did; what other values say may be anybody's data
	}
	if c.wrote {
		c.web.log.ErrorContext(c.r.Context(), "authhttp: a handler failed while it answered",
			"reference", errcodes.FormatReference(errcodes.ReferenceFrom(c.r.Context())), "error", p)
		panic(http.ErrAbortHandler) // cut the answer off rather than let half of it pass for the whole
	}
	c.form = nil
	delete(c.w.Header(), "Set-Cookie") // no session comes out of a program's fault
	c.fail(p)
}

// panicked is a panic as a cause for the log.
type panicked struct{ what, stack string }

func (p panicked) Error() string { return "authhttp: panic: " + p.what + "\n" + p.stack }

// fail answers with what went wrong.
func (c *call) fail(err error) {
	if errors.Is(err, errcodes.ReasonSessionExpired) {
		if _, state, bearer := c.web.sessionToken(c.r); state != absent && !bearer {
			c.web.clearSession(c.w.Header())
		}
	}
	responder := c.web.problems
	switch {
	case c.proving:
		responder = c.web.sessionProblems
	case c.resetting:
		responder = c.web.resetProblems
	}
	c.wrote = true
	if c.json {
		responder.Write(c.w, c.r, err)
		return
	}
	doc := responder.Prepare(c.w, c.r, err)
	if errors.Is(err, errcodes.ReasonLinkExpired) || doc.Status == http.StatusUnauthorized && doc.Reason != errcodes.ReasonInvalidCredentials {
		c.form = nil // nothing that this form could do
	}
	c.failurePage(doc)
}

// Answers in JSON.

func (c *call) writeJSON(status int, body []byte) error {
	c.wrote = true
	c.w.Header()["Content-Type"] = typeJSON
	c.w.WriteHeader(status)
	_, _ = c.w.Write(body) // the client may be gone; there is nobody to tell
	return nil
}

// encodeJSON answers with v.
func (c *call) encodeJSON(status int, v any) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("authhttp: encoding an answer: %w", err)
	}
	return c.writeJSON(status, bytes.TrimSuffix(buf.Bytes(), []byte("\n")))
}

func (c *call) noContent() error {
	c.wrote = true
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// done answers a success: in JSON with a status word, in HTML by leading on to a page below the prefix, so that a reload
// does nothing twice.
func (c *call) done(status int, word, page string) error {
	if c.json {
		return c.writeJSON(status, []byte(`{"status":"`+word+`"}`))
	}
	return c.seeOther(c.web.prefix + page)
}

// seeOther leads on to a path on this site that has been checked.
func (c *call) seeOther(path string) error {
	c.wrote = true
	c.w.Header()["Location"] = []string{path}
	c.w.WriteHeader(http.StatusSeeOther)
	return nil
}
