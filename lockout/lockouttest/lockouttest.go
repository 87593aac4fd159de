// Package lockouttest is the contract of [lockout.Store] as a test: for most
// uses, call [Run] in a test of the store.
//
//	func TestStore(t *testing.T) {
//		lockouttest.Run(t, func(t *testing.T) lockout.Store { return mystore.New(t) })
//	}
//
// A failure says what happened and quotes the sentence of the contract that it
// breaks. There is nothing to switch off: a store passes or it is not one. The
// suite never sleeps and writes about a hundred rows under random keys, so it may run
// against a shared server.
package lockouttest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/sekisho-auth/sekisho/lockout"
)

// clause is one sentence of the contract: the doc comment of [lockout.Store] has
// it word by word, which a test of this package compares.
type clause struct {
	name  string
	text  string
	check func(context.Context, lockout.Store) error
}

var clauses = []clause{
	{"Keys", "A store keeps one record for each key, and keys that differ in a single bit are different keys.", checkKeys},
	{"Reading", "step is given the record that stands at the key, and the zero Record where none does.", checkReading},
	{"Writing", "If write is true, the record that step returned is stored whole, to the micro-second and to the last attempt in flight.", checkWriting},
	{"Not writing", "If write is false, nothing is stored.", checkNotWriting},
	{"Removing", "Storing the zero Record removes the row.", checkRemoving},
	{"Atomicity", "Of calls that race on one key, each is given what the one before it stored.", checkAtomicity},
	{"Guessing", "guess is what the caller believes to stand at the key; a store may use it to save a round trip and never trusts it.", checkGuessing},
	{"Time", "A store reads no clock: now is the only time there is, whatever the year, and may run backwards.", checkTime},
	{"Keeping", "A row is kept at least until its record expires.", checkKeeping},
	{"Cancelling", "If ctx is done when Update is called, Update returns an error and nothing has changed.", checkCancelling},
	{"Answering", "Update returns nil only after step was called and its result holds.", checkAnswering},
}

// Run checks every sentence of the contract in a subtest of its own, each on a
// store of its own from newStore.
func Run(t *testing.T, newStore func(*testing.T) lockout.Store) {
	t.Helper()
	for _, c := range clauses {
		t.Run(c.name, func(t *testing.T) {
			if err := c.run(t.Context(), newStore(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

// Check is Run without testing: it returns what is broken, all of it, or nil.
func Check(ctx context.Context, newStore func() lockout.Store) error {
	var errs []error
	for _, c := range clauses {
		errs = append(errs, c.run(ctx, newStore()))
	}
	return errors.Join(errs...)
}

func (c clause) run(ctx context.Context, s lockout.Store) error {
	if err := c.check(ctx, s); err != nil {
		return fmt.Errorf("lockouttest: %s: %w; the contract says: %s", c.name, err, c.text)
	}
	return nil
}

// noon is the time of tests that do not care about it; its micro-seconds show up
// who rounds.
var noon = time.Date(2031, 7, 14, 12, 0, 0, 987_654_000, time.UTC)

func newKey() (k lockout.Key) {
	_, _ = rand.Read(k[:]) // never fails
	return k
}

func newTicket() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.LittleEndian.Uint64(b[:]) | 1
}

// take applies one step of the rule at key.
func take(ctx context.Context, s lockout.Store, p lockout.Policy, key lockout.Key, guess lockout.Record,
	step lockout.Step, now time.Time,
) (next lockout.Record, v lockout.Verdict, err error) {
	err = s.Update(ctx, key, guess, now, func(r lockout.Record) (lockout.Record, bool) {
		next, v = p.Next(r, step, now)
		return next, v.Changed
	})
	return next, v, err
}

func write(ctx context.Context, s lockout.Store, key lockout.Key, r lockout.Record, now time.Time) error {
	err := s.Update(ctx, key, lockout.Record{}, now, func(lockout.Record) (lockout.Record, bool) { return r, true })
	if err != nil {
		return fmt.Errorf("a write failed: %w", err)
	}
	return nil
}

func read(ctx context.Context, s lockout.Store, key lockout.Key, now time.Time) (lockout.Record, error) {
	var seen lockout.Record
	called := false
	err := s.Update(ctx, key, lockout.Record{}, now, func(r lockout.Record) (lockout.Record, bool) {
		seen, called = r, true
		return r, false
	})
	if err == nil && !called {
		err = errors.New("step was not called")
	}
	if err != nil {
		return seen, fmt.Errorf("a read failed: %w", err)
	}
	return seen, nil
}

// expect reads what stands at key and compares it.
func expect(ctx context.Context, s lockout.Store, key lockout.Key, want lockout.Record, now time.Time, after string) error {
	got, err := read(ctx, s, key, now)
	if err != nil {
		return fmt.Errorf("after %s: %w", after, err)
	}
	return same(got, want, after)
}

func same(got, want lockout.Record, after string) error {
	if bytes.Equal(encode(got), encode(want)) {
		return nil
	}
	return fmt.Errorf("after %s step is given %+v, not %+v", after, got, want)
}

func encode(r lockout.Record) []byte {
	b, _ := r.MarshalBinary() // never fails
	return b
}

// someRecords are records of every shape at about now: an attempt in flight, a
// failure, a lock, disabled, and the largest there is.
func someRecords(now time.Time) map[string]lockout.Record {
	failed := func(p lockout.Policy, n int, last time.Time) (r lockout.Record) {
		for i := range n {
			at := last.Add(-time.Duration(n-1-i) * 3 * time.Hour)
			id := newTicket()
			r, _ = p.Next(r, lockout.Step{Op: lockout.OpReserve, Ticket: id}, at)
			r, _ = p.Next(r, lockout.Step{Op: lockout.OpSettle, Ticket: id, Outcome: lockout.Failed}, at)
		}
		return r
	}
	full := lockout.Record{}
	for range 100 {
		full, _ = lockout.Policy{Threshold: 100}.Next(full, lockout.Step{Op: lockout.OpReserve, Ticket: newTicket()}, now)
	}
	one, _ := lockout.Default().Next(lockout.Record{}, lockout.Step{Op: lockout.OpReserve, Ticket: newTicket()}, now)
	pair := lockout.Policy{Threshold: 2, Window: 24 * time.Hour}
	mixed, _ := pair.Next(failed(pair, 3, now.Add(-time.Hour)), lockout.Step{Op: lockout.OpReserve, Ticket: newTicket()}, now)
	return map[string]lockout.Record{
		"one attempt in flight":               one,
		"one failure":                         failed(lockout.Default(), 1, now),
		"a lock":                              failed(pair, 7, now),
		"a half-open try":                     mixed,
		"a disabled key":                      failed(lockout.Policy{Threshold: 2, MaxConsecutive: 4}, 4, now),
		"a record of 100 attempts in flight":  full,
		"a second attempt in flight, smaller": one,
	}
}
