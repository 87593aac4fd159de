package lockouttest

import (
	"context"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"time"

	"github.com/sekisho-auth/sekisho/lockout"
)

func checkKeys(ctx context.Context, s lockout.Store) error {
	base := newKey()
	keys := []lockout.Key{base}
	for _, at := range []int{0, 7, 8, 15, 16, 30, 31} {
		for _, bit := range []byte{0x01, 0x20, 0x80} { // 0x20: upper and lower case
			k := base
			k[at] ^= bit
			keys = append(keys, k)
		}
	}
	for _, end := range []string{"", "\x00a", "a\x00b", " ", "a ", "\xff", "a", "A", "\xc3\xa4", "a\xcc\x88", "%", "*"} {
		k := base
		clear(k[16:])
		copy(k[16:], end)
		keys = append(keys, k)
	}
	all := make(map[lockout.Key]lockout.Record)
	for _, k := range keys {
		r, _, err := take(ctx, s, lockout.Default(), k, lockout.Record{}, lockout.Step{Op: lockout.OpReserve, Ticket: newTicket()}, noon)
		if err != nil {
			return fmt.Errorf("a write at key %x failed: %w", k, err)
		}
		all[k] = r
	}
	for k, r := range all {
		if err := expect(ctx, s, k, r, noon, "writes at keys that are nearly alike"); err != nil {
			return fmt.Errorf("key %x: %w", k, err)
		}
	}
	return nil
}

func checkReading(ctx context.Context, s lockout.Store) error {
	key := newKey()
	if err := expect(ctx, s, key, lockout.Record{}, noon, "nothing was written"); err != nil {
		return err
	}
	for what, r := range someRecords(noon) {
		if err := write(ctx, s, key, r, noon); err != nil {
			return err
		}
		for range 2 {
			if err := expect(ctx, s, key, r, noon, "writing "+what); err != nil {
				return err
			}
		}
	}
	return expect(ctx, s, newKey(), lockout.Record{}, noon, "nothing was written at another key")
}

func checkWriting(ctx context.Context, s lockout.Store) error {
	for what, r := range someRecords(noon) {
		key := newKey()
		if err := write(ctx, s, key, r, noon); err != nil {
			return err
		}
		if err := expect(ctx, s, key, r, noon, "writing "+what); err != nil {
			return err
		}
	}
	return walk(ctx, s)
}

// walk takes 300 steps of the rule at three keys and compares each result with
// what the rule makes of a record that never left this function.
func walk(ctx context.Context, s lockout.Store) error {
	random := mathrand.New(mathrand.NewPCG(1603, 53)) //nolint:gosec // the same walk every time
	p := lockout.Policy{Threshold: 3, MaxConsecutive: 20}
	keys := [3]lockout.Key{newKey(), newKey(), newKey()}
	var model [3]lockout.Record
	var tickets [3][]uint64
	now := noon
	for i := range 300 {
		k := random.IntN(len(keys))
		now = now.Add(time.Duration(random.Int64N(int64(5 * time.Minute)))).Truncate(time.Microsecond)
		step := lockout.Step{Op: lockout.OpReserve, Ticket: newTicket()}
		switch n := len(tickets[k]); {
		case n > 0 && random.IntN(2) == 0:
			step = lockout.Step{Op: lockout.OpSettle, Ticket: tickets[k][random.IntN(n)], Outcome: lockout.Outcome(random.IntN(3))} //nolint:gosec // 0 to 2
		case random.IntN(20) == 0:
			step = lockout.Step{Op: lockout.OpUnlock}
		default:
			tickets[k] = append(tickets[k], step.Ticket)
		}
		guess := [...]lockout.Record{{}, model[k], model[(k+1)%3]}[random.IntN(3)]
		want, wanted := p.Next(model[k], step, now)
		if !wanted.Changed {
			want = model[k]
		}
		_, v, err := take(ctx, s, p, keys[k], guess, step, now)
		if err != nil {
			return fmt.Errorf("step %d of a random walk failed: %w", i, err)
		}
		if v != wanted {
			return fmt.Errorf("step %d of a random walk is answered %+v, not %+v", i, v, wanted)
		}
		model[k] = want
		if err := expect(ctx, s, keys[k], want, now, fmt.Sprintf("step %d of a random walk", i)); err != nil {
			return err
		}
	}
	return nil
}

func checkNotWriting(ctx context.Context, s lockout.Store) error {
	for what, r := range someRecords(noon) {
		key := newKey()
		refuse := func(next lockout.Record) error {
			return s.Update(ctx, key, lockout.Record{}, noon, func(lockout.Record) (lockout.Record, bool) { return next, false })
		}
		if err := refuse(r); err != nil {
			return fmt.Errorf("an Update without a write failed: %w", err)
		}
		if err := expect(ctx, s, key, lockout.Record{}, noon, "a step that asked for no write of "+what); err != nil {
			return err
		}
		if err := write(ctx, s, key, r, noon); err != nil {
			return err
		}
		if err := refuse(lockout.Record{}); err != nil {
			return fmt.Errorf("an Update without a write failed: %w", err)
		}
		if err := expect(ctx, s, key, r, noon, "a step that asked for no removal of "+what); err != nil {
			return err
		}
	}
	return nil
}

func checkRemoving(ctx context.Context, s lockout.Store) error {
	key, other := newKey(), newKey()
	kept := someRecords(noon)["a lock"]
	if err := write(ctx, s, other, kept, noon); err != nil {
		return err
	}
	if err := write(ctx, s, key, lockout.Record{}, noon); err != nil {
		return fmt.Errorf("removing what is not there: %w", err)
	}
	for what, r := range someRecords(noon) {
		if err := write(ctx, s, key, r, noon); err != nil {
			return err
		}
		if err := write(ctx, s, key, lockout.Record{}, noon); err != nil {
			return err
		}
		if err := expect(ctx, s, key, lockout.Record{}, noon, "removing "+what); err != nil {
			return err
		}
	}
	return expect(ctx, s, other, kept, noon, "removing another row")
}

func checkGuessing(ctx context.Context, s lockout.Store) error {
	records := someRecords(noon)
	stands, wrong := records["a lock"], records["one failure"]
	for _, guess := range []lockout.Record{{}, wrong, stands, records["a disabled key"]} {
		key := newKey()
		see := func(after string, want lockout.Record, next lockout.Record, store bool) error {
			var seen lockout.Record
			err := s.Update(ctx, key, guess, noon, func(r lockout.Record) (lockout.Record, bool) {
				seen = r
				return next, store
			})
			if err != nil {
				return fmt.Errorf("an Update with a guess failed: %w", err)
			}
			return same(seen, want, after)
		}
		if err := see("a guess at an absent row", lockout.Record{}, wrong, false); err != nil {
			return err
		}
		if err := see("a guess at an absent row, to be written", lockout.Record{}, stands, true); err != nil {
			return err
		}
		if err := see("a guess that may be wrong", stands, stands, false); err != nil {
			return err
		}
		if err := see("a guess that may be wrong, to be written", stands, wrong, true); err != nil {
			return err
		}
		if err := expect(ctx, s, key, wrong, noon, "a write with a guess"); err != nil {
			return err
		}
	}
	return nil
}

func checkTime(ctx context.Context, s lockout.Store) error {
	for _, year := range []int{2100, 2005, 2031} {
		now := time.Date(year, 2, 28, 23, 59, 59, 999_999_000, time.UTC)
		for what, r := range someRecords(now) {
			key := newKey()
			if err := write(ctx, s, key, r, now); err != nil {
				return err
			}
			for _, d := range []time.Duration{0, time.Hour, -time.Hour} {
				after := fmt.Sprintf("writing %s in the year %d, at %v from then", what, year, d)
				if err := expect(ctx, s, key, r, now.Add(d), after); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func checkKeeping(ctx context.Context, s lockout.Store) error {
	for what, r := range someRecords(noon) {
		key := newKey()
		if err := write(ctx, s, key, r, noon); err != nil {
			return err
		}
		last := r.Expires().Add(-time.Microsecond)
		for _, now := range []time.Time{noon.Add(25 * time.Hour), last} {
			// Housekeeping, if there is any, comes with a write at another key.
			other := newKey()
			step := lockout.Step{Op: lockout.OpReserve, Ticket: newTicket()}
			if _, _, err := take(ctx, s, lockout.Default(), other, lockout.Record{}, step, now); err != nil {
				return fmt.Errorf("a write failed: %w", err)
			}
			if err := expect(ctx, s, key, r, now, fmt.Sprintf("%v, with %v left to %s", now.Sub(noon), r.Expires().Sub(now), what)); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkCancelling(ctx context.Context, s lockout.Store) error {
	done, cancel := context.WithCancel(ctx)
	cancel()
	key := newKey()
	for what, stands := range map[string]lockout.Record{"on an absent row": {}, "on a row": someRecords(noon)["a lock"]} {
		if err := write(ctx, s, key, stands, noon); err != nil {
			return err
		}
		for _, next := range []lockout.Record{someRecords(noon)["one failure"], {}} {
			err := s.Update(done, key, stands, noon, func(lockout.Record) (lockout.Record, bool) { return next, true })
			if err == nil {
				return errors.New("an Update with a cancelled context " + what + " returns nil")
			}
			if err := expect(ctx, s, key, stands, noon, "an Update with a cancelled context "+what); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkAnswering(ctx context.Context, s lockout.Store) error {
	for what, r := range someRecords(noon) {
		key := newKey()
		called := false
		err := s.Update(ctx, key, lockout.Record{}, noon, func(lockout.Record) (lockout.Record, bool) {
			called = true
			return r, true
		})
		if err != nil {
			return fmt.Errorf("a write failed: %w", err)
		}
		if !called {
			return errors.New("an Update returns nil and step was not called")
		}
		if err := expect(ctx, s, key, r, noon, "an Update that returned nil, writing "+what); err != nil {
			return err
		}
	}
	return nil
}
