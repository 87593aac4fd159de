package lockout

import (
	"context"
	"errors"
	"time"
)

// Key names what is guarded. The caller makes it: an HMAC-SHA-256 of the
// canonical identifier under a secret of its own, so that a store's rows tell
// neither who they are about nor whether an account exists. Never a plain hash
// of an e-mail address, which can be guessed back.
type Key [32]byte

// ErrContended is what a store returns (wrapped or not) when it gives up because
// others keep writing the same key. [Guard.Reserve] then answers server_busy,
// not service_unavailable.
var ErrContended = errors.New("lockout: too many writers on one key")

// Store keeps records. It holds no rule: that is all in the step it is given.
// The package lockouttest checks each sentence below against a store, in three
// lines of a test.
//
//   - Keys. A store keeps one record for each key, and keys that differ in a
//     single bit are different keys.
//   - Reading. step is given the record that stands at the key, and the zero
//     Record where none does.
//   - Writing. If write is true, the record that step returned is stored whole,
//     to the micro-second and to the last attempt in flight.
//   - Not writing. If write is false, nothing is stored.
//   - Removing. Storing the zero Record removes the row.
//   - Atomicity. Of calls that race on one key, each is given what the one
//     before it stored.
//   - Guessing. guess is what the caller believes to stand at the key; a store
//     may use it to save a round trip and never trusts it.
//   - Time. A store reads no clock: now is the only time there is, whatever the
//     year, and may run backwards.
//   - Keeping. A row is kept at least until its record expires.
//   - Cancelling. If ctx is done when Update is called, Update returns an error
//     and nothing has changed.
//   - Answering. Update returns nil only after step was called and its result
//     holds.
//
// Besides: step is pure, so it may be called several times, and only its last
// call counts (that one must have seen the record that stands; if it asks for
// no write, a record that stood at some moment during the call). step must not
// be called after Update has returned. Whatever goes wrong is an error: a row
// that cannot be read is never the zero Record. A store that must give up
// because of contention returns [ErrContended]. Implementations are safe for
// concurrent use.
type Store interface {
	// Update applies step to the record at key, atomically, and stores what it
	// returns if write is true. now is for the store's own housekeeping (removing
	// what has expired) and for nothing else.
	Update(ctx context.Context, key Key, guess Record, now time.Time,
		step func(Record) (next Record, write bool)) error
}
