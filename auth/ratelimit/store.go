package ratelimit

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/sekisho-auth/sekisho/internal/seal"
)

// Key names a bucket in a Store. Make it with KeyOf, so that no address stands
// in a store in clear.
type Key [32]byte

// KeyOf returns the key of one bucket: HMAC-SHA-256 under secret over label and
// key, each preceded by its length. label says what is counted ("login",
// "forgot"), so that two limits on one address do not share a bucket; key says
// who is. No two pairs share a Key. A secret of more than 32 bytes is hashed to
// 32 first.
//
// Privacy: there are few enough IPv4 addresses to try them all, so a plain hash
// of one hides nothing. Under a secret that is not in the store, a copy of the
// store does not tell who was there. Servers that share a Store need the same
// secret; one of 32 random bytes is right.
func KeyOf(secret []byte, label, key string) Key {
	var k [32]byte
	if copy(k[:], secret) == len(secret) {
		return seal.MAC(&k, label, key) // HMAC pads short secrets with zeros itself
	}
	k = sha256.Sum256(secret)
	return seal.MAC(&k, label, key)
}

// Store keeps buckets, in memory or where many servers share them. It holds no
// rule of its own: Limit.Next and Limit.Back are the rule, and a Store applies
// them. Package ratelimittest checks every sentence of its contract.
//
// A Store is safe for concurrent use. A Store reads no clock: the time is an
// argument. A Store keeps one bucket for each key, and keys are compared byte
// for byte. A key that the Store does not know is a full bucket.
type Store interface {
	// Take applies Limit.Next to the bucket at key, atomically, and keeps the
	// result. A wait of 0 means that one token was taken; any other, that none
	// was, and how long until there is one. If n calls race on a full bucket,
	// exactly Burst of them take a token. An invalid limit is an error, and no
	// limit takes nothing and keeps nothing. A context that is done is an
	// error, and then no token is taken.
	Take(ctx context.Context, key Key, l Limit, now time.Time) (wait time.Duration, err error)

	// Give applies Limit.Back to the bucket at key, atomically: it puts one
	// token back, but never more than Burst. Giving to a bucket that is full,
	// or that the Store does not know, changes nothing and is no error. An
	// invalid limit is an error here too.
	Give(ctx context.Context, key Key, l Limit, now time.Time) error
}
