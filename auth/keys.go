package auth

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/sekisho-auth/sekisho/internal/redact"
	"github.com/sekisho-auth/sekisho/internal/seal"
)

// Key is 32 secret bytes. It prints as [redacted]; Reveal returns it in
// base64.
type Key struct{ s redact.String } // the raw bytes, behind a pointer: fmt cannot reach them

// NewKey makes a key from crypto/rand.
func NewKey() Key {
	var b seal.Key
	_, _ = rand.Read(b[:]) // never fails
	return Key{redact.NewString(string(b[:]))}
}

// ParseKey reads what Key.Reveal wrote: 32 bytes in standard or URL-safe
// base64, padded or not.
func ParseKey(text string) (Key, error) {
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(strings.TrimSpace(text), "="))
	raw, err := base64.RawStdEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != seal.KeySize {
		return Key{}, errors.New("auth: a key is 32 bytes in base64 (44 characters)")
	}
	return Key{redact.NewString(string(raw))}, nil
}

// raw returns the 32 bytes; a zero Key is 32 zero bytes, which seal refuses.
func (k Key) raw() (b seal.Key) {
	copy(b[:], k.s.Reveal())
	return b
}

// Reveal returns the key in base64, for a file or an environment variable.
func (k Key) Reveal() string { return base64.StdEncoding.EncodeToString([]byte(k.s.Reveal())) }

// Format prints [redacted] under every verb.
func (Key) Format(s fmt.State, verb rune) { redact.Format(s, verb) }

// LogValue prints [redacted].
func (Key) LogValue() slog.Value { return redact.LogValue() }

// MarshalText yields [redacted].
func (Key) MarshalText() ([]byte, error) { return redact.MarshalText() }

// Keys is a keyring. The first key seals, all of them open, and the last, the
// oldest, makes the look-up keys: it can never be taken out. To rotate, put a
// new key in front. Losing the keys loses lock records, tickets and second
// factors, never accounts or passwords.
type Keys struct {
	ring      []Key
	ephemeral bool
}

// Format prints [redacted] under every verb.
func (Keys) Format(s fmt.State, verb rune) { redact.Format(s, verb) }

// LogValue prints [redacted].
func (Keys) LogValue() slog.Value { return redact.LogValue() }

// MarshalText yields [redacted].
func (Keys) MarshalText() ([]byte, error) { return redact.MarshalText() }

// EphemeralKey is a fresh key that nobody keeps. New refuses it unless all
// stores are in memory.
func EphemeralKey() Keys { return Keys{ring: []Key{NewKey()}, ephemeral: true} }

// ParseKeys reads keys, one a line or separated by commas, newest first.
// Lines that begin with # are comments.
func ParseKeys(text string) (Keys, error) {
	var keys Keys
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		for one := range strings.SplitSeq(line, ",") {
			k, err := ParseKey(one)
			if err != nil {
				return Keys{}, err
			}
			keys.ring = append(keys.ring, k)
		}
	}
	if len(keys.ring) == 0 {
		return Keys{}, errors.New("auth: no key found: one line holds 32 bytes in base64")
	}
	return keys, nil
}

const keyFileHeader = "# Keys, newest first. To rotate, add a new line above the others.\n" +
	"# Never remove the last line: look-up keys are made from it.\n"

// LoadOrCreateKey reads the keys in the file at path, or makes a key and
// writes the file, readable by its owner only, with the folders that are
// missing: a mistyped path yields a new key. Several processes may call it
// at once; all get the same key. A file that everybody on the machine can
// read is refused.
func LoadOrCreateKey(path string) (Keys, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := createKeyFile(path); err != nil {
			return Keys{}, fmt.Errorf("auth: creating the key file: %w", err)
		}
		info, err = os.Stat(path)
	}
	if err != nil {
		return Keys{}, fmt.Errorf("auth: reading the key file: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o007 != 0 {
		return Keys{}, fmt.Errorf("auth: the key file %s can be read by everybody: chmod 600 it, and replace the key if others use this machine", path)
	}
	text, err := os.ReadFile(path) //nolint:gosec // the path is the caller's own configuration
	if err != nil {
		return Keys{}, fmt.Errorf("auth: reading the key file: %w", err)
	}
	keys, err := ParseKeys(string(text))
	if err != nil {
		return Keys{}, fmt.Errorf("%w, in the key file %s", err, path)
	}
	return keys, nil
}

// createKeyFile writes a whole file beside path and links it into place, so
// that nobody ever reads half a key and the first of several processes wins.
func createKeyFile(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = tmp.WriteString(keyFileHeader + NewKey().Reveal() + "\n")
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// check refuses keys that cannot do.
func (k Keys) check(lasting string) error {
	switch {
	case len(k.ring) == 0:
		return errors.New("auth: Config.Keys is empty: use LoadOrCreateKey(path), or EphemeralKey() with memory stores")
	case k.ephemeral && lasting != "":
		return fmt.Errorf("auth: Config.Keys: EphemeralKey is lost at the next start, and Config.Stores.%s may not be: "+
			"use LoadOrCreateKey(path), or give the store a method Volatile() bool if it forgets everything too", lasting)
	}
	return nil
}

// sealRing turns the keys into what seals and indexes.
func (k Keys) sealRing() (*seal.Ring, error) {
	keys := make([]seal.Key, len(k.ring))
	for i, one := range k.ring {
		keys[i] = one.raw()
	}
	return seal.NewRing(keys...)
}
