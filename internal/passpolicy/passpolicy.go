// Package passpolicy decides whether a password may be chosen.
//
// The rules are those of NIST SP 800-63B-4 §3.1.1.2 and OWASP ASVS 5.0 6.2: a
// minimum length, counted in code points; a generous maximum; no rule about
// kinds of characters; and a blocklist of common and expected passwords, with
// which the whole password is compared, never a part of it. What the blocklist
// holds:
//
//   - the embedded list of common passwords (data/README.md has its source and
//     licence), compared without regard to case and width;
//   - passwords made from context: nothing but words of the identifier and of
//     [Policy.Words], digits and separators;
//   - passwords without content of their own: a text of fewer than eight code
//     points, or a listed password, repeated; runs along the alphabet, the
//     digits, the kana or a keyboard; dates; and a listed password with such a run
//     before or behind it.
//
// The last two describe sets of passwords that are too large to be written down
// as a list, and that guessing programs try first; so "fifteen times the letter a"
// is refused, as NIST's expected passwords are, although it is long enough. They
// are not composition rules: letters alone, digits alone, words with spaces are
// all fine, and a word that is listed may be part of a longer password.
package passpolicy

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sekisho-auth/sekisho/errcodes"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// Lengths, in code points after NFC unless the name says bytes.
const (
	// DefaultMinLength is for a password that is the only factor.
	DefaultMinLength = 15
	// LeastMinLength is the least that a policy may have: for passwords that are
	// always used with a second factor.
	LeastMinLength = 8
	// DefaultMaxLength is the longest password by default.
	DefaultMaxLength = 256
	// LeastMaxLength: passwords of this length must be allowed (ASVS 6.2.9).
	LeastMaxLength = 64
	// MaxBytes is the longest password in bytes, as typed; not configurable.
	MaxBytes = 1024
)

// Policy is what a new password must meet. The zero value is the safe default.
// It is a plain value; Check may be called concurrently.
type Policy struct {
	// MinLength is the least number of code points: 0 for [DefaultMinLength],
	// else at least [LeastMinLength].
	MinLength int
	// MaxLength is the greatest: 0 for [DefaultMaxLength], else
	// [LeastMaxLength] to [DefaultMaxLength].
	MaxLength int
	// Words are names that an attacker of this very app would try: the app, the
	// product, the organisation.
	Words []string
}

// Violation is which rule a password breaks. It is the cause of the error of
// [Policy.Check] and can be matched with errors.Is.
type Violation string

// The violations.
const (
	// NotText: the bytes are not valid UTF-8.
	NotText Violation = "not_text"
	// TooShort: fewer code points than MinLength.
	TooShort Violation = "too_short"
	// TooLong: more code points than MaxLength, or more than MaxBytes.
	TooLong Violation = "too_long"
	// Common: on the list of common passwords, or such a one with a repetition
	// or a run.
	Common Violation = "common"
	// Context: made from the identifier or from Policy.Words.
	Context Violation = "context"
	// Predictable: a short text repeated, a run, or a date.
	Predictable Violation = "predictable"
	// Breached: known to a service for leaked passwords. Check itself asks none;
	// see [Policy.Refuse].
	Breached Violation = "breached"
)

// Error makes Violation an error.
func (v Violation) Error() string { return "password refused: " + string(v) }

// Validate checks the policy itself. The error names the field and what to set
// it to.
func (p Policy) Validate() error {
	if p.MinLength != 0 && p.MinLength < LeastMinLength {
		return fmt.Errorf("passpolicy: MinLength is %d: set it to %d or more, or leave it 0 for %d", p.MinLength, LeastMinLength, DefaultMinLength)
	}
	if p.MaxLength != 0 && (p.MaxLength < LeastMaxLength || p.MaxLength > DefaultMaxLength) {
		return fmt.Errorf("passpolicy: MaxLength is %d: set it to %d–%d, or leave it 0 for %d", p.MaxLength, LeastMaxLength, DefaultMaxLength, DefaultMaxLength)
	}
	if p.minLength() > p.maxLength() {
		return fmt.Errorf("passpolicy: MinLength %d is above MaxLength %d: lower it", p.minLength(), p.maxLength())
	}
	return nil
}

// Check says whether password may be set for the account of identifier (an
// e-mail address, or empty). nil means yes. The error is weak_password; its
// parameters are for the text, its cause is a [Violation], and it does not hold
// the password. Check depends on its arguments alone.
func (p Policy) Check(password, identifier string) error {
	if v := p.find(password, identifier); v != "" {
		return p.Refuse(v)
	}
	return nil
}

// Refuse makes the error that Check returns for a violation, for callers who
// find one by other means.
func (p Policy) Refuse(v Violation) error {
	return errcodes.New(errcodes.ReasonWeakPassword,
		errcodes.Because(v),
		errcodes.WithParam(errcodes.ParamMinLength, p.minLength()),
		errcodes.WithParam(errcodes.ParamMaxLength, p.maxLength()),
	)
}

// find is the policy: the first rule that password breaks, or "".
func (p Policy) find(password, identifier string) Violation {
	// Before anything else that takes time in proportion to the length.
	if len(password) > MaxBytes {
		return TooLong
	}
	if !utf8.ValidString(password) {
		return NotText
	}
	n := utf8.RuneCountInString(norm.NFC.String(password))
	if n < p.minLength() {
		return TooShort
	}
	if n > p.maxLength() {
		return TooLong
	}
	s := fold(password)
	switch {
	case listed(s):
		return Common
	case fromContext(s, identifier, p.Words):
		return Context
	}
	return patterned(s)
}

func (p Policy) minLength() int {
	if p.MinLength == 0 {
		return DefaultMinLength
	}
	return p.MinLength
}

func (p Policy) maxLength() int {
	if p.MaxLength == 0 {
		return DefaultMaxLength
	}
	return p.MaxLength
}

// fold is the form in which passwords are compared with lists: full-width forms
// folded, NFC, lower case. Nothing that is stored is ever folded.
func fold(s string) string {
	return strings.Map(unicode.ToLower, norm.NFC.String(width.Fold.String(s)))
}
