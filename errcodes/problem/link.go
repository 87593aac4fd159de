package problem

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/sekisho-auth/sekisho/errcodes"
)

// link is where an action leads: bare without a reference, else before + the
// reference + after.
type link struct {
	bare          string
	before, after string // both "" if the link takes no reference
}

func (l link) href(ref string) string {
	if ref == "" || l.before == "" {
		return l.bare
	}
	return l.before + ref + l.after
}

func newLink(a errcodes.Action, target string) (link, error) {
	if !slices.Contains(slices.Collect(errcodes.AllActions()), a) {
		return link{}, fmt.Errorf("problem: WithLink: there is no action %q", a)
	}
	u, err := url.Parse(target)
	if err != nil || !linkable(target, u) {
		return link{}, fmt.Errorf("problem: WithLink(%s): %q is neither a path that begins with a single /, nor an http(s) URL, nor a mailto: or tel: address", a, target)
	}
	l := link{bare: target}
	if a != errcodes.ActionContactSupport || u.Scheme == "tel" {
		return l, nil
	}
	name := "ref="
	if u.Scheme == "mailto" {
		if strings.Contains(strings.ToLower(u.RawQuery), "subject=") {
			return l, nil
		}
		name = "subject="
	}
	l.before, l.after = target, ""
	if i := strings.IndexByte(target, '#'); i >= 0 {
		l.before, l.after = target[:i], target[i:]
	}
	switch {
	case !strings.Contains(l.before, "?"):
		l.before += "?"
	case !strings.HasSuffix(l.before, "?") && !strings.HasSuffix(l.before, "&"):
		l.before += "&"
	}
	l.before += name
	return l, nil
}

// linkable keeps out what a page must never offer: script, data and the paths
// that browsers take for another host (//host, /\host).
func linkable(target string, u *url.URL) bool {
	if strings.ContainsFunc(target, func(c rune) bool { return unicode.IsControl(c) || unicode.IsSpace(c) }) {
		return false
	}
	switch u.Scheme {
	case "":
		return strings.HasPrefix(target, "/") && !strings.HasPrefix(target, "//") && !strings.Contains(target, `\`)
	case "http", "https":
		return u.Host != ""
	case "mailto", "tel":
		return u.Opaque != ""
	}
	return false
}
