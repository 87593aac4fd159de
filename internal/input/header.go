package input

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Header returns a header of a request, such as User-Agent, in a form that can
// be stored, logged and shown: valid UTF-8 without control, format and
// bidirectional characters, line and paragraph separators or bytes that are no
// UTF-8, cut to at most limit bytes between two characters. slog's JSON handler
// prints U+202E as it is, so what is logged must be clean before. The result
// does not keep a longer s in memory.
func Header(s string, limit int) string {
	if len(s) <= limit && printableASCII(s) {
		return s
	}
	var b strings.Builder
	b.Grow(max(0, min(len(s), limit)))
	for i, r := range s {
		size := utf8.RuneLen(r)
		if r == utf8.RuneError {
			if _, size = utf8.DecodeRuneInString(s[i:]); size == 1 {
				continue // a wrong byte, not a U+FFFD that was sent
			}
		}
		if unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) {
			continue
		}
		if b.Len()+size > limit {
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}

func printableASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
