package sqlite

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/sekisho-auth/sekisho/lockout"
)

func reserve(ctx context.Context, s lockout.Store, key lockout.Key, ticket uint64) error {
	now := time.Now()
	return s.Update(ctx, key, lockout.Record{}, now, func(r lockout.Record) (lockout.Record, bool) {
		next, v := lockout.Default().Next(r, lockout.Step{Op: lockout.OpReserve, Ticket: ticket}, now)
		return next, v.Changed
	})
}

// A database that stays locked by others is contention, which the guard
// answers with server_busy.
func TestLockedIsContended(t *testing.T) {
	s := newStores(t, "counting", dsn(file(t), settings))
	busy := errors.New("database is locked (5) (SQLITE_BUSY)")
	counted.reset()
	counted.mu.Lock()
	counted.fail = func(text string) error {
		if text == "BEGIN" {
			return busy
		}
		return nil
	}
	counted.mu.Unlock()
	err := reserve(t.Context(), s.Lockout, lockout.Key{1}, 1)
	counted.reset()
	if !errors.Is(err, lockout.ErrContended) || !errors.Is(err, busy) {
		t.Error(err)
	}
}

// While another process holds the lock, readers go on. Writers whose context
// ends meanwhile have written nothing: neither the one who asks the database,
// which not every driver interrupts, nor those who queue behind it, who do
// not wait any longer.
func TestWaitingEndsWithTheContext(t *testing.T) {
	path := file(t)
	s := newStores(t, "sqlite", dsn(path, settings))
	if err := reserve(t.Context(), s.Lockout, lockout.Key{1}, 1); err != nil {
		t.Fatal(err)
	}
	other := open(t, "sqlite", dsn(path, settings))
	tx, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	err = s.Lockout.Update(t.Context(), lockout.Key{1}, lockout.Record{}, time.Now(), func(r lockout.Record) (lockout.Record, bool) {
		if r.IsZero() {
			t.Error("a reader sees nothing")
		}
		return r, false
	})
	if err != nil {
		t.Errorf("a reader: %v", err)
	}
	early := make(chan time.Duration, 4)
	start := time.Now()
	released := make(chan error, 1)
	time.AfterFunc(time.Second, func() { released <- tx.Rollback() })
	err = race(4, func(i int) error {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := reserve(ctx, s.Lockout, lockout.Key{2}, uint64(i+1)); err == nil {
			return errors.New("a write whose context had ended")
		}
		early <- time.Since(start)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	for range 3 { // the fourth may be the one who asks the database
		if waited := <-early; waited > 900*time.Millisecond {
			t.Errorf("a writer in the queue waited %v for 100 ms", waited)
		}
	}
	if err := <-released; err != nil {
		t.Fatal(err)
	}
	if st, err := guard(s).Status(t.Context(), lockout.Key{2}); err != nil || st.InFlight != 0 {
		t.Errorf("%d attempts of writers that had given up stand, %v", st.InFlight, err)
	}
	if err := reserve(t.Context(), s.Lockout, lockout.Key{2}, 9); err != nil {
		t.Errorf("once the lock is free: %v", err)
	}
}
