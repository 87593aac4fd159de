// Package input turns what people type into what the program compares: the
// canonical form of an identifier, the digits of a code, the caps on a
// password. Everything here looks at the submitted bytes alone. Nothing here
// knows whether an account exists, or reads anything stored.
//
// Its errors are [errcodes.Error]s with hints about the shape of the input. No
// error, hint or text echoes the input.
package input

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sekisho-auth/sekisho/errcodes"
	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

const (
	// MaxIdentifier is the greatest length of an identifier in bytes, as typed
	// and in its canonical form: that of an address in SMTP (RFC 5321
	// §4.5.3.1.3, less the angle brackets).
	MaxIdentifier = 254

	// Version is the version of the rule of Identifier. It is stored beside
	// each canonical identifier, so that a later rule can find the rows that an
	// earlier one made.
	Version = 1
)

// maxRounds bounds the repetitions in Identifier. Two rounds are the most that
// any input has been seen to need.
const maxRounds = 4

// Identifier returns the canonical form of an e-mail address as typed. Two
// spellings of one address give one form, and canonical forms are their own:
// Identifier(Identifier(x)) is Identifier(x). Accounts, locks and limits are
// kept by this form; mail goes to the form that is stored, never to what
// somebody typed later.
//
// Version 1 of the rule: at most MaxIdentifier bytes of valid UTF-8; Unicode
// space trimmed at both ends; width folded (full-width to ASCII, half-width
// kana to full); NFC; no character that is a control, a format character such
// as U+202E, a space, a replacement character U+FFFD, for private use or
// unassigned (an unassigned one may have another canonical form in the next
// Unicode); an address as net/mail reads it, written plainly: no display name,
// comment, angle brackets or group; the domain by IDNA Lookup (RFC 5891), so
// that Unicode and punycode are one; the local part lower-cased rune by rune;
// all of it again until nothing changes.
//
// Three things that RFC 5321 and 5322 allow are refused on purpose:
//   - a quoted local part: "a"@example.com and a@example.com are one mailbox in
//     two spellings, and next to nobody has one that needs quotes;
//   - an address literal, a@[192.0.2.1], or a domain whose last label does not
//     begin with a letter: no address that anybody keeps;
//   - a domain without a dot, a@localhost: RFC 5321 §2.3.5 asks for a
//     fully-qualified name, and a@gmail, the usual reason for one, must be told
//     at once and not by a mail that never arrives. An intranet needs a name
//     with a dot.
//
// Lower-casing is by simple mapping alone: the Kelvin sign becomes k and İ
// becomes i, but ſ is not s, ı is not i and ß is not ss. It is known to unite
// what RFC 5321 keeps apart, since no provider of note gives a@ and A@ to two
// people.
//
// The error is identifier_malformed with the hints of IdentifierHints.
func Identifier(raw string) (canonical string, err error) {
	if len(raw) <= MaxIdentifier {
		s := strings.TrimSpace(raw)
		if plainAddress(s) {
			return s, nil
		}
		if isASCII(s) {
			if s := strings.ToLower(s); plainAddress(s) {
				return s, nil
			}
		}
		if s, ok := stable(s); ok {
			return s, nil
		}
	}
	return "", errcodes.New(errcodes.ReasonIdentifierMalformed, errcodes.WithHints(IdentifierHints(raw)...))
}

// stable applies the rule until nothing changes.
func stable(s string) (string, bool) {
	for range maxRounds {
		next, ok := once(s)
		if !ok || len(next) > MaxIdentifier {
			return "", false
		}
		if next == s {
			return s, true
		}
		s = next
	}
	return "", false
}

// once applies the rule of Identifier once.
func once(s string) (string, bool) {
	s = norm.NFC.String(width.Fold.String(strings.TrimSpace(s)))
	if strings.ContainsFunc(s, refused) {
		return "", false
	}
	// net/mail unquotes, drops comments and skips spaces; an address that was
	// written plainly comes out as it went in.
	a, err := mail.ParseAddress(s)
	if err != nil || a.Name != "" || a.Address != s {
		return "", false
	}
	at := strings.LastIndexByte(s, '@')
	domain, err := idna.Lookup.ToASCII(s[at+1:])
	if err != nil || !plainDomain(domain) {
		return "", false
	}
	return strings.Map(unicode.ToLower, s[:at]) + "@" + domain, true
}

// refused reports whether r has no place in an identifier. Spaces at the ends
// are gone by then. A byte that is no UTF-8 reads as U+FFFD and falls with it.
func refused(r rune) bool {
	return r == unicode.ReplacementChar || unicode.IsSpace(r) ||
		unicode.In(r, unicode.C, unicode.Cn, unicode.Zs, unicode.Zl, unicode.Zp)
}

// plainAddress reports whether s is an address in lower-case ASCII that is its
// own canonical form. It is what nearly everybody types, and costs no
// allocation. A test holds it against the whole rule.
func plainAddress(s string) bool {
	at := strings.IndexByte(s, '@')
	if at < 1 || s[0] == '.' || s[at-1] == '.' {
		return false
	}
	for i := range at {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case c == '.':
			if s[i+1] == '.' {
				return false
			}
		case strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) < 0: // atext of RFC 5322 §3.2.3
			return false
		}
	}
	return plainDomain(s[at+1:]) && !strings.Contains(s[at+1:], "--") // -- may be punycode, which IDNA must see
}

// plainDomain reports whether d is a domain name of at least two labels in
// lower-case ASCII: letters, digits and inner hyphens, at most 63 bytes a label
// (RFC 1035 §2.3.4), and a last label that begins with a letter, as no number
// and no IP address does.
func plainDomain(d string) bool {
	labels, start := 1, 0
	for i := 0; i <= len(d); i++ {
		if i < len(d) && d[i] != '.' {
			if c := d[i]; !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-') {
				return false
			}
			continue
		}
		label := d[start:i]
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		if i < len(d) {
			labels++
			start = i + 1
		}
	}
	return labels >= 2 && d[start] >= 'a'
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
