// Package token makes the random strings that stand for something: sessions,
// mailed links, challenges, public ids.
//
// Tokens are bearer secrets of 256 bits. Only their SHA-256 goes into a store,
// and stores look them up by that hash, so that neither a copy of the database
// nor the timing of an index tells a token.
package token

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
)

const (
	// Size is the number of random bytes in a token.
	Size = 32
	// Length is the number of characters in a token: Size bytes in base64url
	// without padding.
	Length = 43
	// IDLength is the number of characters in what ID returns.
	IDLength = 26
)

var (
	tokens = base64.RawURLEncoding.Strict()
	ids    = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)
)

// New returns a fresh token: 32 bytes from crypto/rand as 43 characters of
// base64url, safe in URLs, cookies and headers. It is safe for concurrent use.
// It does not return if the system has no randomness to give.
func New() string {
	var raw [Size]byte
	var text [Length]byte
	_, _ = rand.Read(raw[:]) // never fails; see crypto/rand.Read
	tokens.Encode(text[:], raw[:])
	return string(text[:])
}

// Hash returns the SHA-256 of tok, the only form of a token that is stored. A
// token has 256 random bits, so a plain hash without salt cannot be guessed
// (OWASP ASVS 5.0 6.5.2).
func Hash(tok string) [32]byte {
	var text [Length]byte
	if len(tok) == Length { // the usual case, without a copy on the heap
		copy(text[:], tok)
		return sha256.Sum256(text[:])
	}
	return sha256.Sum256([]byte(tok))
}

// Valid reports whether tok has the shape of what New returns: exactly 43
// characters of base64url whose last one carries no spare bits, so that every
// token has one spelling only. It says nothing about whether anybody was given
// tok.
func Valid(tok string) bool {
	if len(tok) != Length {
		return false
	}
	for i := 0; i < len(tok); i++ {
		if !urlSafe(tok[i]) {
			return false
		}
	}
	// 43 characters hold 258 bits, a token has 256: only every fourth character
	// of the alphabet may come last.
	switch tok[Length-1] {
	case 'A', 'E', 'I', 'M', 'Q', 'U', 'Y', 'c', 'g', 'k', 'o', 's', 'w', '0', '4', '8':
		return true
	}
	return false
}

func urlSafe(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}

// Equal reports whether a and b are the same, in a time that depends on their
// lengths only.
func Equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

// ID returns a fresh public identifier: 16 bytes from crypto/rand as 26
// lower-case letters and digits, which survive URLs, file names,
// case-insensitive columns and a double click. It is unguessable, but it is no
// secret: it appears in pages and logs. It is safe for concurrent use.
func ID() string {
	var raw [16]byte
	var text [IDLength]byte
	_, _ = rand.Read(raw[:])
	ids.Encode(text[:], raw[:])
	return string(text[:])
}
