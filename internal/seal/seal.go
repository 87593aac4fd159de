// Package seal keeps secrets in stores that may be copied: a ring of keys, one
// derived key per purpose, and AES-256-GCM.
//
// A [Ring] is made from raw keys, newest first. The first key seals; every key
// opens; the last, oldest one also makes the index keys, because a look-up key
// that changed would find nothing. So the oldest key stays in the ring for
// ever.
//
// Every use names a label, a constant of the program such as "totp-secret".
// HKDF-SHA-256 (RFC 5869) derives a key of its own for each label, so what was
// sealed for one purpose does not open for another. Labels must not come from
// requests: the derived ciphers are cached per label.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/sekisho-auth/sekisho/internal/redact"
)

// What Open can answer. A caller treats all three as a fault of the server,
// never as a wrong input of the person: the sealed value came out of its own
// store, or the key ring is not the one that made it.
var (
	// ErrMalformed means that the value is not one that Seal made: too short,
	// or of an unknown version.
	ErrMalformed = errors.New("seal: malformed value")
	// ErrUnknownKey means that the key which sealed the value is not in the
	// ring.
	ErrUnknownKey = errors.New("seal: sealed with a key that is not in the key ring")
	// ErrAuth means that the value was altered, or was sealed for another label
	// or other associated data.
	ErrAuth = errors.New("seal: value is not authentic")
)

const (
	version  = 1
	idSize   = 8
	header   = 1 + idSize // version, key id
	overhead = 12 + 16    // nonce and tag, both written by the AEAD

	// Overhead is by how many bytes a sealed value is longer than its
	// plaintext.
	Overhead = header + overhead
)

// KeySize is the length of a key in bytes.
const KeySize = 32

// Key is a raw key of 256 random bits. It prints as "[redacted]".
type Key [KeySize]byte

// Format prints [redacted] under every verb.
func (k Key) Format(s fmt.State, verb rune) { redact.Format(s, verb) }

// GoString returns [redacted].
func (k Key) GoString() string { return redact.Text }

// LogValue returns [redacted].
func (k Key) LogValue() slog.Value { return redact.LogValue() }

// MarshalText returns [redacted].
func (k Key) MarshalText() ([]byte, error) { return redact.MarshalText() }

// MarshalJSON returns [redacted] as a JSON string.
func (k Key) MarshalJSON() ([]byte, error) { return redact.MarshalJSON() }

// Ring is an immutable ring of keys, safe for concurrent use. It prints the ids
// of its keys, never the keys.
type Ring struct {
	keys []*ringKey // newest first; pointers, so that fmt cannot walk into them
}

type ringKey struct {
	id    [idSize]byte
	raw   Key
	aeads sync.Map // label → cipher.AEAD
}

// NewRing returns a ring of keys, newest first: the first one seals, all of
// them open, the last one makes the index keys. It refuses an empty ring, a key
// of all zeros and a key given twice.
func NewRing(keys ...Key) (*Ring, error) {
	if len(keys) == 0 {
		return nil, errors.New("seal: the key ring is empty; give at least one key")
	}
	r := &Ring{keys: make([]*ringKey, 0, len(keys))}
	for i, k := range keys {
		if k == (Key{}) {
			return nil, fmt.Errorf("seal: key %d of the ring is all zeros; make one from 32 random bytes", i+1)
		}
		rk := &ringKey{raw: k}
		copy(rk.id[:], derive(&k, "id", idSize))
		if r.byID(rk.id[:]) != nil {
			return nil, fmt.Errorf("seal: key %d (id %x) stands in the ring twice", i+1, rk.id)
		}
		r.keys = append(r.keys, rk)
	}
	return r, nil
}

// derive returns n bytes for one purpose. No purpose is a prefix of another up
// to its last slash, so no label can reach into the keys of another use.
func derive(k *Key, purpose string, n int) []byte {
	out, err := hkdf.Key(sha256.New, k[:], nil, "sekisho/1/"+purpose, n)
	if err != nil { // only lengths over 255 hashes are refused, and ours are constants
		panic("seal: hkdf: " + err.Error())
	}
	return out
}

func (r *Ring) byID(id []byte) *ringKey {
	for _, k := range r.keys {
		if string(k.id[:]) == string(id) { // not secret: no constant time needed
			return k
		}
	}
	return nil
}

func (k *ringKey) aead(label string) cipher.AEAD {
	if a, ok := k.aeads.Load(label); ok {
		return a.(cipher.AEAD)
	}
	block, err := aes.NewCipher(derive(&k.raw, "seal/"+label, KeySize))
	if err != nil { // the length is a constant
		panic("seal: aes: " + err.Error())
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("seal: gcm: " + err.Error())
	}
	a, _ := k.aeads.LoadOrStore(label, gcm)
	return a.(cipher.AEAD)
}

// Seal encrypts plaintext for label with the newest key and binds it to aad
// (associated data: whose row it is, for example), which is not stored and must
// be given to Open again. The result is a version byte, the key's id of 8
// bytes, a random nonce of 12 bytes, and the ciphertext with its tag of 16
// bytes. Two seals of one plaintext differ.
//
// Random nonces are safe for 2^32 seals under one key and label (NIST SP
// 800-38D §8.3).
func (r *Ring) Seal(label string, plaintext, aad []byte) []byte {
	k := r.keys[0]
	out := make([]byte, header, Overhead+len(plaintext))
	out[0] = version
	copy(out[1:], k.id[:])
	return k.aead(label).Seal(out, nil, plaintext, aad)
}

// Open returns the plaintext of a value made by Seal with the same label and
// aad under any key of the ring. Its errors are ErrMalformed, ErrUnknownKey and
// ErrAuth, and nothing in them tells more. Version and key id need no
// authentication of their own: altered, they choose another format or another
// key, under which the rest does not open.
func (r *Ring) Open(label string, sealed, aad []byte) ([]byte, error) {
	if len(sealed) < Overhead || sealed[0] != version {
		return nil, ErrMalformed
	}
	k := r.byID(sealed[1:header])
	if k == nil {
		return nil, ErrUnknownKey
	}
	plain, err := k.aead(label).Open(nil, nil, sealed[header:], aad)
	if err != nil {
		return nil, ErrAuth // the cipher's own text adds nothing
	}
	return plain, nil
}

// IndexKey returns the key for look-ups under label (see MAC), derived from the
// oldest key of the ring, so that a newer key in front does not orphan what
// stands in a store. It derives anew at each call: keep the result.
func (r *Ring) IndexKey(label string) [32]byte {
	return [32]byte(derive(&r.keys[len(r.keys)-1].raw, "index/"+label, KeySize))
}

// SealsWith returns the id of the key that seals now, 16 hexadecimal digits. It
// is not secret: it is derived one way from the key.
func (r *Ring) SealsWith() string { return hex.EncodeToString(r.keys[0].id[:]) }

// KeyID returns the id of the key that sealed a value, comparable with
// SealsWith: where the two differ the value is due to be sealed anew. ok is
// false for what Seal did not make. The value is not opened, so the id is a
// claim.
func KeyID(sealed []byte) (id string, ok bool) {
	if len(sealed) < Overhead || sealed[0] != version {
		return "", false
	}
	return hex.EncodeToString(sealed[1:header]), true
}

// Format prints the ids of the keys.
func (r *Ring) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "keyring%s", r.ids())
}

// LogValue returns the ids of the keys.
func (r *Ring) LogValue() slog.Value { return slog.StringValue(fmt.Sprintf("keyring%s", r.ids())) }

func (r *Ring) ids() []string {
	if r == nil {
		return nil
	}
	out := make([]string, len(r.keys))
	for i, k := range r.keys {
		out[i] = hex.EncodeToString(k.id[:])
	}
	return out
}
