// Package redact is the one place that decides how a secret prints: as
// "[redacted]", whatever the verb, the logger or the encoder.
//
// A secret type has the five methods of the example below, each of which calls
// this package. Format is the one that matters: a String method alone leaks
// through %d, %x and %#v.
//
// # What methods cannot do
//
// Package fmt does not call methods on unexported struct fields, nor for the
// verb %p; encoding/json takes the keys of a map as they are when their kind is
// string; encoding/gob asks for methods that a secret should not have. There a
// secret whose kind is string or array still shows. One that must be safe there
// too keeps its value behind a pointer to a string, as [String] does: all that
// anybody can reach is an address.
package redact

import (
	"fmt"
	"io"
	"log/slog"
)

// Text is what stands in place of a secret.
const Text = "[redacted]"

// Format writes Text, whatever the verb and flags. It is the body of a secret's
// Format method.
func Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, Text)
}

// LogValue returns Text as a value for package log/slog. It is the body of a
// secret's LogValue method.
func LogValue() slog.Value { return slog.StringValue(Text) }

// MarshalText returns Text. It is the body of a secret's MarshalText method,
// which encoders of text (XML, JSON object keys, flags) use.
func MarshalText() ([]byte, error) { return []byte(Text), nil }

// MarshalJSON returns Text as a JSON string. It is the body of a secret's
// MarshalJSON method.
func MarshalJSON() ([]byte, error) { return []byte(`"` + Text + `"`), nil }

// String holds a secret in such a way that no formatting verb reaches it, not
// even through unexported fields of a struct that knows nothing of secrets. The
// zero String is the empty secret. Values are immutable and safe for concurrent
// use; comparing two with == compares where they are kept, not what they say.
type String struct{ p *string }

// NewString returns s as a secret.
func NewString(s string) String { return String{p: &s} }

// Reveal returns the secret. The name is meant to stand out in a review.
func (s String) Reveal() string {
	if s.p == nil {
		return ""
	}
	return *s.p
}

// Format prints Text under every verb.
func (s String) Format(f fmt.State, verb rune) { Format(f, verb) }

// GoString returns Text.
func (s String) GoString() string { return Text }

// LogValue returns Text.
func (s String) LogValue() slog.Value { return LogValue() }

// MarshalText returns Text.
func (s String) MarshalText() ([]byte, error) { return MarshalText() }

// MarshalJSON returns Text as a JSON string.
func (s String) MarshalJSON() ([]byte, error) { return MarshalJSON() }
