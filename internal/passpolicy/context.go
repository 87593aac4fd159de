package passpolicy

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// leastWord is the length in code points from which a piece of the identifier
// or of Policy.Words counts as a word.
const leastWord = 2

// fromContext says whether the folded password s consists of nothing but context
// words, digits and separators, with at least one word: "sekisho", "taro-yamada
// 1985", "Taro@Example.com!!", "examplesekisho2026".
func fromContext(s, identifier string, words []string) bool {
	s = compact(s)
	if s == "" {
		return false
	}
	var pieces []string
	for _, text := range append([]string{identifier}, words...) {
		if compact(fold(text)) == s { // also where its pieces are too short to count
			return true
		}
		pieces = appendPieces(pieces, text)
	}
	// state[i]: how s[:i] can be taken apart; bit 0: into digits alone, bit 1:
	// with at least one word.
	const digitsOnly, withWord = 1, 2
	state := make([]byte, len(s)+1)
	state[0] = digitsOnly
	for i, r := range s {
		if state[i] == 0 {
			continue
		}
		if unicode.IsDigit(r) {
			state[i+utf8.RuneLen(r)] |= state[i]
		}
		for _, w := range pieces {
			if strings.HasPrefix(s[i:], w) {
				state[i+len(w)] |= withWord
			}
		}
	}
	return state[len(s)]&withWord != 0
}

// appendPieces splits text at everything that is neither letter nor digit and
// appends each piece, folded, with its digits and without ("taro88", "taro").
func appendPieces(pieces []string, text string) []string {
	for _, f := range strings.FieldsFunc(fold(text), func(r rune) bool { return !inWord(r) }) {
		bare := strings.Map(func(r rune) rune {
			if unicode.IsDigit(r) {
				return -1
			}
			return r
		}, f)
		for _, w := range []string{f, bare} {
			if utf8.RuneCountInString(w) >= leastWord {
				pieces = append(pieces, w)
			}
		}
	}
	return pieces
}

// compact drops everything that is neither letter nor digit.
func compact(s string) string {
	return strings.Map(func(r rune) rune {
		if inWord(r) {
			return r
		}
		return -1
	}, s)
}

// inWord reports letters, digits, and the marks that belong to letters.
func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }
