package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"sync"
)

// MAC returns HMAC-SHA-256 (RFC 2104) under key over parts, each preceded by
// its length in 8 bytes, so that ("ab", "c"), ("a", "bc") and ("abc") give
// three different results. It is safe for concurrent use. Where many are made
// under one key, use an Index.
func MAC(key *[32]byte, parts ...string) [32]byte {
	return newKeyed(key).sum(parts)
}

// Index makes MACs under one key. It keeps the prepared hashes of crypto/hmac,
// which cost more to make than a short MAC. It is safe for concurrent use, and
// prints nothing of its key.
type Index struct{ pool sync.Pool }

// NewIndex returns an Index under key, such as one from Ring.IndexKey.
func NewIndex(key [32]byte) *Index {
	return &Index{pool: sync.Pool{New: func() any { return newKeyed(&key) }}}
}

// Sum is MAC under the key of the Index.
func (x *Index) Sum(parts ...string) [32]byte {
	k := x.pool.Get().(*keyed) //nolint:forcetypeassert // only keyed values are in the pool
	defer x.pool.Put(k)
	return k.sum(parts)
}

// keyed is an HMAC with the buffers that its interface makes escape.
type keyed struct {
	mac hash.Hash
	msg []byte
	out []byte
}

func newKeyed(key *[32]byte) *keyed {
	return &keyed{mac: hmac.New(sha256.New, key[:]), msg: make([]byte, 0, 256), out: make([]byte, 0, sha256.Size)}
}

func (k *keyed) sum(parts []string) [32]byte {
	k.msg = k.msg[:0]
	for _, p := range parts {
		k.msg = binary.BigEndian.AppendUint64(k.msg, uint64(len(p)))
		k.msg = append(k.msg, p...)
	}
	k.mac.Reset()
	k.mac.Write(k.msg)
	k.out = k.mac.Sum(k.out[:0])
	clear(k.msg)
	return [32]byte(k.out)
}
