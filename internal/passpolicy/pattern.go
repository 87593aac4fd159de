package passpolicy

import (
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// leastUnit: what is repeated must have at least this many code points, as
	// every password must; repeating adds nothing that has to be guessed.
	leastUnit = LeastMinLength
	// charsPerBreak: in a run, one step in so many may be none. English and
	// Japanese text has a break at nearly every step.
	charsPerBreak = 8
	// leastAffix is how long a run before or behind a listed password must be.
	leastAffix = 3
)

// separators may stand between the parts of a pattern.
const separators = " -_.,/:"

// tracks are the orders in which people run along keyboards, alphabets and kana.
// Each is a circle in which no code point stands twice.
var tracks = [...]string{
	"1234567890",
	"abcdefghijklmnopqrstuvwxyz",
	"qwertyuiopasdfghjklzxcvbnm",
	"qwertzuiopasdfghjklyxcvbnm", // German keyboards
	"azertyuiopqsdfghjklmwxcvbn", // French keyboards
	"1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
	"qazwsxedcrfvtgbyhnujmikolp",
	"1q2w3e4r5t6y7u8i9o0p",
	"!@#$%^&*()",
	"!\"#$%&'()", // Japanese keyboards
	"あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん",
	"いろはにほへとちりぬるをわかよたれそつねならむうゐのおくやまけふこえてあさきゆめみしゑひもせす",
	"一二三四五六七八九十",
}

// patterned returns the violation of a folded password that consists of nothing
// but repetition, runs, or a listed password with a run, or "".
func patterned(s string) Violation {
	v := patternOf([]rune(strings.Map(toHiragana, s)))
	if v != "" {
		return v
	}
	// "1234-5678-9012-3456": with the usual separators left out.
	bare := strings.Map(func(r rune) rune {
		if strings.ContainsRune(separators, r) {
			return -1
		}
		return toHiragana(r)
	}, s)
	if len(bare) == len(s) || len(bare) < leastUnit {
		return ""
	}
	return patternOf([]rune(bare))
}

func patternOf(s []rune) Violation {
	if u := period(s); u > 0 {
		unit := strings.Trim(string(s[:u]), separators)
		if utf8.RuneCountInString(unit) < leastUnit {
			return Predictable
		}
		if listed(unit) {
			return Common
		}
	}
	if isRun(s, len(s)/charsPerBreak) || isDate(s) {
		return Predictable
	}
	if listedWithRun(s) {
		return Common
	}
	return ""
}

// listedWithRun says whether s is a listed password with a run of at least
// leastAffix code points behind or before it.
func listedWithRun(s []rune) bool {
	for i := len(s) - 1; i > 0 && (i == len(s)-1 || follows(s[i], s[i+1])); i-- {
		if len(s)-i >= leastAffix && listed(string(s[:i])) {
			return true
		}
	}
	for i := 1; i < len(s) && (i == 1 || follows(s[i-2], s[i-1])); i++ {
		if i >= leastAffix && listed(string(s[i:])) {
			return true
		}
	}
	return false
}

// period is the length of the shortest unit of which s is at least two
// repetitions, the last of which may be cut off; 0 if there is none. In "word
// word" the unit is "word ", though the second one lacks its separator.
func period(s []rune) int {
next:
	for u := 1; 2*u <= len(s)+1; u++ {
		if 2*u > len(s) && !strings.ContainsRune(separators, s[u-1]) {
			return 0
		}
		for i := u; i < len(s); i++ {
			if s[i] != s[i-u] {
				continue next
			}
		}
		return u
	}
	return 0
}

// isRun says whether, with so many exceptions at most, every code point follows
// from the one before it: the same, the next or previous in Unicode, or the
// neighbour on one of the tracks.
func isRun(s []rune, breaks int) bool {
	for i := 1; i < len(s); i++ {
		if !follows(s[i-1], s[i]) {
			if breaks--; breaks < 0 {
				return false
			}
		}
	}
	return true
}

// isDate says whether s is a date of eight digits between 1900 and 2099, in any
// usual order. The embedded list has none: its makers took dates out, since they
// recognise them by rule as well.
func isDate(s []rune) bool {
	if len(s) != len("20060102") {
		return false
	}
	for _, layout := range []string{"20060102", "02012006", "01022006"} {
		if d, err := time.Parse(layout, string(s)); err == nil && d.Year() >= 1900 && d.Year() < 2100 {
			return true
		}
	}
	return false
}

func follows(a, b rune) bool {
	if d := b - a; d >= -1 && d <= 1 {
		return true
	}
	for _, t := range tracks {
		if neighbours(t, a, b) || neighbours(t, b, a) {
			return true
		}
	}
	return false
}

// neighbours says whether b stands right behind a on the circle t.
func neighbours(t string, a, b rune) bool {
	_, behind, ok := strings.Cut(t, string(a))
	if !ok {
		return false
	}
	if behind == "" {
		behind = t
	}
	return strings.HasPrefix(behind, string(b))
}

// toHiragana maps katakana to hiragana, which lie side by side in Unicode.
func toHiragana(r rune) rune {
	if r >= 'ァ' && r <= 'ヶ' {
		return r - ('ァ' - 'ぁ')
	}
	return r
}
