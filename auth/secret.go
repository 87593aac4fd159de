package auth

import (
	"fmt"
	"log/slog"

	"github.com/sekisho-auth/sekisho/internal/redact"
)

// Password is a password as it was typed. It prints as [redacted] under every
// verb of fmt, in slog, JSON and text; string(p) reveals it.
type Password string

// Format prints [redacted] under every verb.
func (Password) Format(s fmt.State, verb rune) { redact.Format(s, verb) }

// LogValue prints [redacted].
func (Password) LogValue() slog.Value { return redact.LogValue() }

// MarshalText yields [redacted].
func (Password) MarshalText() ([]byte, error) { return redact.MarshalText() }

// Token is a secret that stands for a person: of a session, of a mailed
// link. It is 43 characters of base64url (256 bits) and prints as [redacted]
// under every verb of fmt, in slog, JSON and text; Reveal returns it.
type Token string

// Reveal returns the token itself, to be put into a cookie or a link.
func (t Token) Reveal() string { return string(t) }

// Format prints [redacted] under every verb.
func (Token) Format(s fmt.State, verb rune) { redact.Format(s, verb) }

// LogValue prints [redacted].
func (Token) LogValue() slog.Value { return redact.LogValue() }

// MarshalText yields [redacted].
func (Token) MarshalText() ([]byte, error) { return redact.MarshalText() }
