package input

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sekisho-auth/sekisho/errcodes"
)

const (
	// MaxPasswordBytes and MaxPasswordRunes are the caps on a password. They
	// stand far above what anybody types, allow 64 characters of any script
	// (NIST SP 800-63B-4 §3.1.1.2, OWASP ASVS 5.0 6.2.9), and bound the work of
	// one request.
	MaxPasswordBytes = 1024
	MaxPasswordRunes = 256

	// MaxCode is the cap on a typed code in bytes. Twenty-one full-width digits
	// fit.
	MaxCode = 64
)

// Password checks a password as typed against the caps, before any look-up and
// alike for everybody. It never changes it: a password is compared exactly as
// received (OWASP ASVS 5.0 6.2.8), but for the normalisation that the scheme of
// its hash names.
//
// The error is request_too_large above MaxPasswordBytes or MaxPasswordRunes;
// request_malformed with the hint invalid_encoding for what is not UTF-8,
// because libraries make one and the same U+FFFD of all wrong bytes and so let
// many passwords pass for one; and invalid_credentials for the empty one, which
// nobody has.
func Password(raw string) error {
	switch {
	case raw == "":
		return errcodes.New(errcodes.ReasonInvalidCredentials, errcodes.Because(errors.New("input: empty password")))
	case len(raw) > MaxPasswordBytes:
		return errcodes.New(errcodes.ReasonRequestTooLarge, errcodes.Because(errors.New("input: password over its bytes")))
	case !utf8.ValidString(raw):
		return errcodes.New(errcodes.ReasonRequestMalformed, errcodes.WithHints(errcodes.HintInvalidEncoding),
			errcodes.Because(errors.New("input: password is not UTF-8")))
	case utf8.RuneCountInString(raw) > MaxPasswordRunes:
		return errcodes.New(errcodes.ReasonRequestTooLarge, errcodes.Because(errors.New("input: password over its characters")))
	}
	return nil
}

// Digits returns the n ASCII digits of a one-time code as typed: full-width
// digits folded, spaces, hyphens, dashes and the long vowel mark ー dropped.
// Digits of other scripts are refused, and so is everything else. The error is
// otp_malformed with the hints of CodeHints; what is malformed cannot have been
// a guess.
func Digits(raw string, n int) (string, error) {
	if len(raw) == n && 0 < n && n <= MaxCode && allDigits(raw) {
		return raw, nil
	}
	var buf [MaxCode]byte
	out := buf[:0]
	if len(raw) <= MaxCode {
		for _, r := range raw {
			switch r = foldASCII(r); {
			case '0' <= r && r <= '9':
				out = append(out, byte(r))
			case !separator(r):
				return "", malformedCode(raw)
			}
		}
	}
	if len(out) != n || n == 0 {
		return "", malformedCode(raw)
	}
	return string(out), nil
}

func malformedCode(raw string) error {
	return errcodes.New(errcodes.ReasonOTPMalformed, errcodes.WithHints(CodeHints(raw)...))
}

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// Fold32 returns the symbols of a code in Crockford's base 32 as typed or read
// aloud, in upper case: full-width letters folded, separators dropped as in
// Digits, O read as 0, I and L as 1. It returns "" if anything else is left (U
// is no symbol), or above MaxCode bytes; no code is empty, so a caller compares
// the length it expects.
func Fold32(raw string) string {
	if len(raw) > MaxCode {
		return ""
	}
	var buf [MaxCode]byte
	out := buf[:0]
	for _, r := range raw {
		switch r = foldASCII(r); {
		case 'a' <= r && r <= 'z':
			r -= 'a' - 'A'
		case separator(r):
			continue
		}
		switch r {
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		if r >= utf8.RuneSelf || strings.IndexByte("0123456789ABCDEFGHJKMNPQRSTVWXYZ", byte(r)) < 0 {
			return ""
		}
		out = append(out, byte(r))
	}
	return string(out)
}

// foldASCII folds the full-width forms of ASCII (U+FF01 to U+FF5E) alone: a
// code has no use for more.
func foldASCII(r rune) rune {
	if 0xFF01 <= r && r <= 0xFF5E {
		return r - 0xFF01 + '!'
	}
	return r
}

// separator reports whether r is what people put between the groups of a code:
// a space, a hyphen, or one of the dashes that a Japanese keyboard gives in its
// place.
func separator(r rune) bool {
	switch r {
	case '-', 'ー', 'ｰ', '−', '‐', '‑', '‒', '–', '—', '―':
		return true
	}
	return unicode.IsSpace(r)
}
