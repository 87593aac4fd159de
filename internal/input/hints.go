package input

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sekisho-auth/sekisho/errcodes"
	"golang.org/x/text/width"
)

// The hints below describe the shape of what was typed, for everybody alike:
// they are computed from the submitted bytes alone, and name a class, never a
// place, a length or a character. A hint must never depend on whether some
// other input would have been right. Invalid UTF-8 gives invalid_encoding and
// nothing else; what is over MaxPasswordBytes gives none, as its own refusal
// says enough.

// IdentifierHints returns what stands out in an identifier as typed:
// full_width, kana_input, invisible_character, email_domain_typo, or
// invalid_encoding. Nil if nothing does.
func IdentifierHints(raw string) []errcodes.Hint {
	if len(raw) > MaxPasswordBytes {
		return nil
	}
	s := look(raw)
	if s.invalid {
		return []errcodes.Hint{errcodes.HintInvalidEncoding}
	}
	_, typo := SuggestEmail(raw)
	return list(
		finding{s.fullWidth, errcodes.HintFullWidth},
		finding{s.kana, errcodes.HintKanaInput},
		finding{s.invisible, errcodes.HintInvisibleCharacter},
		finding{typo, errcodes.HintEmailDomainTypo},
	)
}

// PasswordHints returns what stands out in a password as typed: full_width,
// kana_input, leading_space, trailing_space, inner_space, invisible_character,
// caps_lock, yen_sign, or invalid_encoding. Nil if nothing does. Hints on a
// password that is nearly right are worth hiding: show them, do not log or
// store them.
func PasswordHints(raw string) []errcodes.Hint {
	if len(raw) > MaxPasswordBytes {
		return nil
	}
	s := look(raw)
	if s.invalid {
		return []errcodes.Hint{errcodes.HintInvalidEncoding}
	}
	return list(
		finding{s.fullWidth, errcodes.HintFullWidth},
		finding{s.kana, errcodes.HintKanaInput},
		finding{s.leading, errcodes.HintLeadingSpace},
		finding{s.trailing, errcodes.HintTrailingSpace},
		finding{s.inner, errcodes.HintInnerSpace},
		finding{s.invisible, errcodes.HintInvisibleCharacter},
		finding{s.capsLock(), errcodes.HintCapsLock},
		finding{s.yen, errcodes.HintYenSign},
	)
}

// CodeHints returns what stands out in a code as typed: full_width or
// invalid_encoding. Nil if nothing does.
func CodeHints(raw string) []errcodes.Hint {
	if len(raw) > MaxPasswordBytes {
		return nil
	}
	s := look(raw)
	return list(
		finding{s.fullWidth, errcodes.HintFullWidth},
		finding{s.invalid, errcodes.HintInvalidEncoding},
	)
}

type finding struct {
	found bool
	hint  errcodes.Hint
}

func list(findings ...finding) []errcodes.Hint {
	var out []errcodes.Hint
	for _, f := range findings {
		if f.found {
			out = append(out, f.hint)
		}
	}
	return out
}

// shape is what one pass over the input finds.
type shape struct {
	invalid                  bool
	fullWidth, kana, yen     bool
	leading, inner, trailing bool
	invisible                bool
	upper, lower             int
	lowerFirst               bool // the first letter is lower-case
}

// capsLock: at least four capitals and no small letter, or a small one at the
// very front: pASSWORD.
func (s shape) capsLock() bool {
	return s.upper >= 4 && (s.lower == 0 || s.lower == 1 && s.lowerFirst)
}

func look(raw string) shape {
	var s shape
	if !utf8.ValidString(raw) {
		s.invalid = true
		return s
	}
	rest := strings.TrimLeftFunc(raw, unicode.IsSpace)
	s.leading = len(rest) < len(raw)
	rest = strings.TrimRightFunc(rest, unicode.IsSpace)
	s.trailing = strings.TrimRightFunc(raw, unicode.IsSpace) != raw
	for _, r := range rest {
		s.see(r)
	}
	return s
}

// see takes in one rune of the trimmed input.
func (s *shape) see(r rune) {
	if r >= utf8.RuneSelf {
		p := width.LookupRune(r)
		s.fullWidth = s.fullWidth || p.Kind() == width.EastAsianFullwidth && !unicode.IsSpace(r)
		// ー (U+30FC) and its half-width form are of script Common.
		s.kana = s.kana || unicode.In(r, unicode.Hiragana, unicode.Katakana) || r == 'ー' || r == 'ｰ'
		s.yen = s.yen || r == '¥' || r == '￥'
		if folded := p.Folded(); folded != 0 {
			r = folded
		}
	}
	s.inner = s.inner || unicode.IsSpace(r)
	s.invisible = s.invisible || unicode.In(r, unicode.Cc, unicode.Cf)
	switch {
	case unicode.IsUpper(r):
		s.upper++
	case unicode.IsLower(r):
		s.lower++
		s.lowerFirst = s.lowerFirst || s.upper == 0
	}
}
