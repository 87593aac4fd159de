package passhash

import (
	"errors"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// Hasher is the primitive under [Hashes], which may be replaced by one that is
// faster or counts. Implementations are safe for concurrent use and neither
// change nor keep key.
type Hasher interface {
	// Hash makes a standard "$2a$" or "$2b$" string of 60 bytes, with a fresh
	// random salt and the given cost. key has 1 to 72 bytes.
	Hash(key []byte, cost int) (string, error)
	// Compare says whether hash was made from key. hash has 60 bytes, begins
	// with "$2a$" or "$2b$" and has a cost of 4 to 16; key has 1 to 72 bytes
	// without a NUL. A mismatch is (false, nil); an error is a fault of the
	// server. It does the work of 2^cost rounds either way.
	Compare(hash string, key []byte) (bool, error)
}

// Bcrypt is the Hasher of golang.org/x/crypto/bcrypt.
type Bcrypt struct{}

// Hash implements Hasher.
func (Bcrypt) Hash(key []byte, cost int) (string, error) {
	if cost < bcrypt.MinCost {
		// x/crypto would silently take 10.
		return "", bcrypt.InvalidCostError(cost)
	}
	b, err := bcrypt.GenerateFromPassword(key, cost)
	return string(b), err
}

// Compare implements Hasher.
func (Bcrypt) Compare(hash string, key []byte) (bool, error) {
	err := bcrypt.CompareHashAndPassword([]byte(hash), key)
	if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, nil
	}
	return err == nil, err
}

// Calibrate measures this machine for about a fifth of a second and suggests
// the highest [Config.Cost] whose hash takes no longer than target, between
// [MinCost] and [MaxCost]; 250 ms is a good target. Run it on the machine that
// will serve, while nothing else runs, and write the result down: a cost that is
// measured anew at every start rehashes passwords back and forth.
func Calibrate(target time.Duration) int {
	best := time.Duration(0)
	for range 3 {
		start := time.Now()
		_, _ = Bcrypt{}.Hash([]byte("calibration"), MinCost)
		// The least of three: whatever else the machine did only adds.
		if d := time.Since(start); best == 0 || d < best {
			best = d
		}
	}
	return costWithin(best, target)
}

// costWithin is Calibrate's arithmetic: each step of the cost doubles the time.
func costWithin(atMin, target time.Duration) int {
	cost := MinCost
	for d := 2 * atMin; cost < MaxCost && d <= target; d *= 2 {
		cost++
	}
	return cost
}
