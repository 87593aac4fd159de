package errcodes

import (
	"context"
	"crypto/rand"
	"strings"
)

const (
	// crockford is Crockford's base 32: no I, L, O and U, which are misread or
	// spell words.
	crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	// referenceLength in symbols of five bits: 50 bits, short enough to read
	// out, and among a million references two are equal with p < 0.05 %.
	referenceLength = 10
)

// NewReference returns a fresh reference of 10 symbols of Crockford's base 32
// from crypto/rand, ungrouped. It names one failed response, for the person to
// quote and the support desk to look up; it is no secret and opens nothing.
func NewReference() string {
	var raw [referenceLength]byte
	_, _ = rand.Read(raw[:]) // never fails: crypto/rand ends the program instead
	for i, b := range raw {
		raw[i] = crockford[b%32]
	}
	return string(raw[:])
}

// FormatReference groups a reference for reading aloud: "7Q3K-M2XP-9D". What is
// no reference is returned as it is.
func FormatReference(ref string) string {
	if len(ref) != referenceLength {
		return ref
	}
	return ref[:4] + "-" + ref[4:8] + "-" + ref[8:]
}

// ParseReference reads a reference as people type it: in either case, grouped or
// not, with O for 0 and I or L for 1. It returns the ungrouped form; ok is false
// if s is no reference.
func ParseReference(s string) (ref string, ok bool) {
	if canonicalReference(s) {
		return s, true
	}
	if len(s) > 64 {
		return "", false
	}
	var b [referenceLength]byte
	n := 0
	for _, c := range s {
		switch {
		case c == '-' || c == ' ' || c == '\u3000' || c == '\t' || c == '\u2010' || c == '\u2011' || c == '\u2013' || c == '\u2212' || c == '\u30fc':
			continue
		case c >= '\uff01' && c <= '\uff5e': // full-width, as a Japanese input method gives
			c -= 0xfee0
			if c == '-' {
				continue
			}
		}
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		switch c {
		case 'O':
			c = '0'
		case 'I', 'L':
			c = '1'
		}
		if n == referenceLength || c > 'Z' || strings.IndexByte(crockford, byte(c)) < 0 {
			return "", false
		}
		b[n] = byte(c)
		n++
	}
	if n != referenceLength {
		return "", false
	}
	return string(b[:]), true
}

func canonicalReference(s string) bool {
	if len(s) != referenceLength {
		return false
	}
	for i := range len(s) {
		if strings.IndexByte(crockford, s[i]) < 0 {
			return false
		}
	}
	return true
}

type referenceKey struct{}

// ContextWithReference returns a context that carries ref, for everything that
// has to do with one request. What is no reference is not carried: the context
// is then returned as it is.
func ContextWithReference(ctx context.Context, ref string) context.Context {
	parsed, ok := ParseReference(ref)
	if !ok {
		return ctx
	}
	return context.WithValue(ctx, referenceKey{}, parsed)
}

// ReferenceFrom returns the ungrouped reference that ctx carries, or "".
func ReferenceFrom(ctx context.Context) string {
	ref, _ := ctx.Value(referenceKey{}).(string)
	return ref
}
