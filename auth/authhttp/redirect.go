package authhttp

import (
	"net/url"
	"path"
	"strings"
)

// maxReturnTo is the longest return_to in bytes.
const maxReturnTo = 2048

// returnTo returns where to go after signing in: raw if it is a path on this very server, else the configured default.
// It is an allow-list, since browsers read addresses more loosely than net/url does: "/\evil.example" and
// "//evil.example" leave the site, and browsers drop tabs and line breaks before they look (RFC 9700 §4.11, ASVS 3.7.2).
// The pages that sign in and out are no place to return to.
func (web *Web) returnTo(raw string) string {
	if raw = web.carry(raw); raw == "" {
		return web.afterLogin
	}
	return headerSafe(raw)
}

// carry returns raw if returnTo would follow it, for a form to carry on, else "".
func (web *Web) carry(raw string) string {
	if raw == "" || !localPath(raw) || web.loops(raw) {
		return ""
	}
	return raw
}

// localPath is the rule: exactly one "/" at the start, no backslash and no control character anywhere, nothing but a
// path, query and fragment for net/url either, and not too long.
func localPath(raw string) bool {
	if len(raw) == 0 || len(raw) > maxReturnTo || raw[0] != '/' {
		return false
	}
	if len(raw) > 1 && raw[1] == '/' {
		return false
	}
	for i := 0; i < len(raw); i++ {
		if c := raw[i]; c < 0x20 || c == 0x7f || c == '\\' {
			return false
		}
	}
	u, err := url.Parse(raw)
	return err == nil && u.Scheme == "" && u.Host == "" && u.User == nil && u.Opaque == ""
}

// loops reports whether a local path leads back into signing in or out.
func (web *Web) loops(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil {
		return true
	}
	rest, ok := strings.CutPrefix(path.Clean(u.Path), web.prefix)
	if !ok {
		return false
	}
	first, _, _ := strings.Cut(rest, "/")
	return first == "login" || first == "logout"
}

// headerSafe percent-encodes what may stand in a path but not in a Location header (RFC 3986 §2): spaces, quotes, angle
// brackets and everything that is not ASCII.
func headerSafe(raw string) string {
	clean := true
	for i := 0; i < len(raw); i++ {
		if mustEncode(raw[i]) {
			clean = false
			break
		}
	}
	if clean {
		return raw
	}
	const digits = "0123456789ABCDEF"
	out := make([]byte, 0, len(raw)+16)
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if mustEncode(c) {
			out = append(out, '%', digits[c>>4], digits[c&15])
		} else {
			out = append(out, c)
		}
	}
	return string(out)
}

func mustEncode(c byte) bool {
	return c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>'
}
