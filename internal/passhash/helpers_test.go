package passhash

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sekisho-auth/sekisho/internal/passhash/fasthash"
)

// counting is a fast hasher that adds up the work that bcrypt would have done.
type counting struct {
	fasthash.Hasher
	rounds  atomic.Int64 // sum of 2^cost
	calls   atomic.Int64
	badKeys atomic.Int64 // keys that bcrypt would not take in full
}

func (c *counting) Hash(key []byte, cost int) (string, error) {
	c.note(key, cost)
	return c.Hasher.Hash(key, cost)
}

func (c *counting) Compare(hash string, key []byte) (bool, error) {
	cost, why := parseBcrypt(hash)
	if why != "" {
		panic("Compare got a hash that is not valid: " + string(why))
	}
	c.note(key, cost)
	return c.Hasher.Compare(hash, key)
}

func (c *counting) note(key []byte, cost int) {
	c.rounds.Add(1 << cost)
	c.calls.Add(1)
	if len(key) == 0 || len(key) > plainMaxBytes || strings.IndexByte(string(key), 0) >= 0 {
		c.badKeys.Add(1)
	}
}

func (c *counting) reset() { c.rounds.Store(0); c.calls.Store(0) }

func mustNew(t testing.TB, cfg Config) *Hashes {
	t.Helper()
	h, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// lowCost is real bcrypt, fast enough for tests.
func lowCost(t testing.TB) *Hashes {
	t.Helper()
	return mustNew(t, Config{Cost: 4, InsecureAllowLowCost: true})
}

func mustHash(t testing.TB, h *Hashes, password string) string {
	t.Helper()
	s, err := h.Hash(password)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// plainHash is a hash as another system would have stored it.
func plainHash(t testing.TB, hasher Hasher, password string, cost int) string {
	t.Helper()
	s, err := hasher.Hash([]byte(password), cost)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
