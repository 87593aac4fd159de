// Package fasthash is a stand-in for bcrypt in tests, where a quarter of a
// second for every sign-in would be too long. It offers no protection.
package fasthash

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
)

const (
	saltLen   = 16
	digestLen = 23
	costAt    = 4  // in "$2a$12$"
	bodyAt    = 29 // behind the 22 characters of the salt
	totalLen  = 60
)

var encoding = base64.NewEncoding("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789").WithPadding(base64.NoPadding)

// Hasher makes strings that look like bcrypt's, with a fresh random salt and the
// cost that was asked for, from one SHA-256. It never takes a real bcrypt hash
// for its own, nor the reverse: the compare just fails. The zero value is ready,
// holds no state and is safe for concurrent use.
type Hasher struct{}

// Hash makes a "$2a$" string of 60 bytes for a cost of 4 to 31.
func (Hasher) Hash(key []byte, cost int) (string, error) {
	if cost < 4 || cost > 31 {
		return "", fmt.Errorf("fasthash: cost %d is not 4–31", cost)
	}
	var salt [saltLen]byte
	_, _ = rand.Read(salt[:]) // never fails: crypto/rand ends the program instead
	head := fmt.Appendf(nil, "$2a$%02d$", cost)
	head = encoding.AppendEncode(head, salt[:])
	return string(appendDigest(head, key)), nil
}

// Compare says whether hash was made from key by this package.
func (Hasher) Compare(hash string, key []byte) (bool, error) {
	if len(hash) != totalLen {
		return false, fmt.Errorf("fasthash: hash has %d bytes, not %d", len(hash), totalLen)
	}
	want := appendDigest([]byte(hash[:bodyAt]), key)
	return subtle.ConstantTimeCompare(want[bodyAt:], []byte(hash[bodyAt:])) == 1, nil
}

// appendDigest completes head ("$2a$", cost, salt) with the digest over the cost,
// the salt and the key.
func appendDigest(head, key []byte) []byte {
	sum := sha256.New()
	sum.Write(head[costAt:])
	sum.Write(key)
	return encoding.AppendEncode(head, sum.Sum(nil)[:digestLen])
}
