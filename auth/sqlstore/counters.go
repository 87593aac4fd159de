package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sekisho-auth/sekisho/auth/ratelimit"
	"github.com/sekisho-auth/sekisho/lockout"
)

// locks is a lockout.Store. A refusal is one read; what is written is one
// transaction.
type locks struct{ cells *cells }

func newLocks(p *preparer) *locks { return &locks{newCells(p, "sekisho_locks", "counting an attempt")} }

// Volatile says what the database is.
func (s *locks) Volatile() bool { return s.cells.volatile }

// Update implements lockout.Store.
func (s *locks) Update(ctx context.Context, key lockout.Key, guess lockout.Record, now time.Time,
	step func(lockout.Record) (lockout.Record, bool),
) error {
	var guessed []byte
	if !guess.IsZero() {
		guessed, _ = guess.MarshalBinary() // never fails
	}
	err := s.cells.apply(ctx, key[:], guessed, now, func(content []byte) (cell, error) {
		var r lockout.Record
		if content != nil {
			if err := r.UnmarshalBinary(content); err != nil {
				return cell{}, err
			}
		}
		next, write := step(r)
		if next.IsZero() {
			return cell{write: write}, nil
		}
		b, err := next.MarshalBinary()
		return cell{content: b, expires: micros(next.Expires()), write: write}, err
	})
	return s.cells.busy(err)
}

// busy turns an error that only says "too many at once" into the one that the
// guard answers with server_busy.
func (s *cells) busy(err error) error {
	if err != nil && (errors.Is(err, errContended) || s.d.contended(err)) {
		return fmt.Errorf("%w: %w", lockout.ErrContended, err)
	}
	return err
}

// limits is a ratelimit.Store. A refusal is one read.
type limits struct{ cells *cells }

func newLimits(p *preparer) *limits { return &limits{newCells(p, "sekisho_limits", "a rate limit")} }

// Volatile says what the database is.
func (s *limits) Volatile() bool { return s.cells.volatile }

// Take implements ratelimit.Store.
func (s *limits) Take(ctx context.Context, key ratelimit.Key, l ratelimit.Limit, now time.Time) (wait time.Duration, err error) {
	err = s.apply(ctx, key, l, now, func(old ratelimit.State) (next ratelimit.State) {
		next, wait = l.Next(old, now)
		return next
	})
	return wait, err
}

// Give implements ratelimit.Store.
func (s *limits) Give(ctx context.Context, key ratelimit.Key, l ratelimit.Limit, now time.Time) error {
	return s.apply(ctx, key, l, now, func(old ratelimit.State) ratelimit.State {
		if old == (ratelimit.State{}) {
			return old
		}
		return l.Back(old, now)
	})
}

func (s *limits) apply(ctx context.Context, key ratelimit.Key, l ratelimit.Limit, now time.Time, rule func(ratelimit.State) ratelimit.State) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := l.Validate(); err != nil || l.None() {
		return err
	}
	return s.cells.apply(ctx, key[:], nil, now, func(content []byte) (cell, error) {
		var old ratelimit.State
		if content != nil {
			if err := old.UnmarshalBinary(content); err != nil {
				return cell{}, err
			}
		}
		next := rule(old)
		if next == (ratelimit.State{}) {
			return cell{write: next != old}, nil
		}
		b, err := next.MarshalBinary()
		return cell{content: b, expires: next.FullAt, write: next != old}, err
	})
}
