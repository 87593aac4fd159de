package problem

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
)

// MediaType is the Content-Type of a problem document (RFC 9457 §3).
const MediaType = "application/problem+json"

// Lang is the language tag of one of a Responder's languages, as in "ja". It is
// what [Responder.Match] returns and what a page puts into its lang attribute.
type Lang string

// Text is what a person reads about a failure.
type Text struct {
	// Title is the official title of the code; a page should lead with Detail.
	Title string
	// Detail says what happened and what to do.
	Detail string
	// Causes says what may have led to it, the most likely first.
	Causes []string
	// Remedies says what to do next, the most likely to help first. There is
	// always at least one.
	Remedies []Remedy
}

// Remedy is one thing to do.
type Remedy struct {
	Action errcodes.Action `json:"action"`
	Label  string          `json:"label"`
	// Href leads to the page for it, where the app has linked one.
	Href string `json:"href,omitempty"`
	// After is how many seconds to wait first.
	After int64 `json:"after,omitempty"`
}

// HintText is a hint about the shape of what was typed, in words.
type HintText struct {
	Hint errcodes.Hint `json:"hint"`
	Text string        `json:"text"`
}

// Problem is the body of a response: the members of RFC 9457 §3.1 and ours as
// its extensions (§3.2). Clients decide by Reason, or by Code; texts change.
type Problem struct {
	// Type is the type base and the reason: a page that describes it.
	Type string `json:"type"`
	// Title is the official title of the code.
	Title string `json:"title"`
	// Status is that of the response, one per reason for ever.
	Status int `json:"status"`
	// Detail says what happened and what to do.
	Detail string `json:"detail,omitempty"`
	// Instance is "urn:authref:" and the reference, ungrouped.
	Instance string          `json:"instance,omitempty"`
	Code     errcodes.Code   `json:"code"`
	Reason   errcodes.Reason `json:"reason"`
	// Reference is what the person quotes to support, grouped for reading aloud.
	Reference string `json:"reference"`
	// RetryAfter repeats the header: whole seconds, rounded up, never 0 if set.
	RetryAfter int64      `json:"retry_after,omitempty"`
	Causes     []string   `json:"causes"`
	Remedies   []Remedy   `json:"remedies"`
	Hints      []HintText `json:"hints,omitempty"`

	lang Lang
}

// Lang returns the language of the texts; "" for a document that was read.
func (p *Problem) Lang() Lang { return p.lang }

// SetHeader sets in h what belongs to the problem whatever the body's form is:
// Content-Language, Vary, Cache-Control: no-store, Retry-After (RFC 9110
// §10.2.3) and, with status 401, WWW-Authenticate (§15.5.2) with a scheme of our
// own, so that no browser opens its own password box. What described another
// body is removed. Content-Type and status are left to the caller.
func (p *Problem) SetHeader(h http.Header) {
	for _, k := range [...]string{"Content-Length", "Content-Encoding", "Etag", "Last-Modified"} {
		delete(h, k)
	}
	// One allocation for all values; each slice is full, so that an append to
	// one does not reach into the next.
	v := [...]string{string(p.lang), "no-store", "Sekisho", ""}
	values := v[:]
	h["Content-Language"] = values[0:1:1]
	h["Cache-Control"] = values[1:2:2]
	if p.Status == http.StatusUnauthorized {
		h["Www-Authenticate"] = values[2:3:3]
	}
	if p.RetryAfter > 0 {
		values[3] = strconv.FormatInt(p.RetryAfter, 10)
		h["Retry-After"] = values[3:4:4]
	} else {
		delete(h, "Retry-After")
	}
	if !slices.ContainsFunc(h["Vary"], variesByLanguage) {
		h.Add("Vary", "Accept-Language")
	}
}

func variesByLanguage(v string) bool {
	for name := range strings.SplitSeq(v, ",") {
		if name = strings.TrimSpace(name); name == "*" || strings.EqualFold(name, "Accept-Language") {
			return true
		}
	}
	return false
}

// seconds rounds up to whole seconds: who comes back when told must not have
// come too early.
func seconds(d time.Duration) int64 {
	s := int64(d / time.Second)
	if d%time.Second > 0 {
		s++
	}
	return s
}
