package errcodes

import "iter"

// Hint describes the shape of what was typed ("typed in full-width
// characters"), never whether it was right. Hints are computed from the
// submitted bytes alone, before and regardless of any look-up, and carry no
// position, no length and nothing of the input.
type Hint string

// The hints.
const (
	// HintFullWidth: full-width letters, digits or signs (Ａ, １, ＠).
	HintFullWidth Hint = "full_width"
	// HintKanaInput: kana; the input method was left on.
	HintKanaInput Hint = "kana_input"
	// HintLeadingSpace: a space before the first character.
	HintLeadingSpace Hint = "leading_space"
	// HintTrailingSpace: a space after the last character.
	HintTrailingSpace Hint = "trailing_space"
	// HintInnerSpace: a space within.
	HintInnerSpace Hint = "inner_space"
	// HintInvisibleCharacter: control or format characters, as a paste brings.
	HintInvisibleCharacter Hint = "invisible_character"
	// HintCapsLock: capitals throughout, or the case reversed (pASSWORD).
	HintCapsLock Hint = "caps_lock"
	// HintYenSign: the yen sign, which is not the backslash it looks like on
	// some keyboards.
	HintYenSign Hint = "yen_sign"
	// HintEmailDomainTypo: the address's domain is one slip away from a
	// well-known one.
	HintEmailDomainTypo Hint = "email_domain_typo"
	// HintInvalidEncoding: not UTF-8.
	HintInvalidEncoding Hint = "invalid_encoding"
)

// hintTable fixes the order of the hints, and the bit of each in a hintSet.
var hintTable = [...]Hint{
	HintFullWidth, HintKanaInput, HintLeadingSpace, HintTrailingSpace, HintInnerSpace,
	HintInvisibleCharacter, HintCapsLock, HintYenSign, HintEmailDomainTypo, HintInvalidEncoding,
}

// Hints yields every hint in the order in which they are shown.
func Hints() iter.Seq[Hint] {
	return func(yield func(Hint) bool) {
		for _, h := range hintTable {
			if !yield(h) {
				return
			}
		}
	}
}

// hintSet keeps hints in two bytes, so that an error with hints costs no
// second allocation and cannot be changed through a slice that it shares.
type hintSet uint16

func (s hintSet) with(hints []Hint) hintSet {
	for _, h := range hints {
		for i, known := range hintTable {
			if h == known {
				s |= 1 << i
			}
		}
	}
	return s
}

func (s hintSet) list() []Hint {
	if s == 0 {
		return nil
	}
	var hints []Hint
	for i, h := range hintTable {
		if s&(1<<i) != 0 {
			hints = append(hints, h)
		}
	}
	return hints
}
