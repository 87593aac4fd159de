package ratelimittest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sekisho-auth/sekisho/auth/ratelimit"
)

// checks are the clauses of the contract. Each gets an empty store of its own.
var checks = []struct {
	name, clause string
	check        func(context.Context, ratelimit.Store) error
}{
	{"unknown_is_full", "A key that the Store does not know is a full bucket.", checkUnknown},
	{"matches_Next", "Take applies Limit.Next to the bucket at key, atomically, and keeps the result.", checkWalk},
	{"wait", "A wait of 0 means that one token was taken; any other, that none was, and how long until there is one.", checkWait},
	{"race", "If n calls race on a full bucket, exactly Burst of them take a token.", checkRace},
	{"limits", "An invalid limit is an error, and no limit takes nothing and keeps nothing.", checkLimits},
	{"context", "A context that is done is an error, and then no token is taken.", checkContext},
	{"matches_Back", "Give applies Limit.Back to the bucket at key, atomically: it puts one token back, but never more than Burst.", checkGive},
	{"race_Give", "Give applies Limit.Back to the bucket at key, atomically: it puts one token back, but never more than Burst.", checkGiveRace},
	{"give_to_full", "Giving to a bucket that is full, or that the Store does not know, changes nothing and is no error.", checkGiveFull},
	{"give_invalid", "An invalid limit is an error here too.", checkGiveInvalid},
	{"keys", "A Store keeps one bucket for each key, and keys are compared byte for byte.", checkKeys},
	{"no_clock", "A Store reads no clock: the time is an argument.", checkClock},
}

var (
	start   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	limit   = ratelimit.Per(5, time.Minute) // one token in 12 s
	sample  = ratelimit.KeyOf([]byte("ratelimittest"), "sample", "192.0.2.1")
	invalid = ratelimit.Limit{Rate: -1, Burst: 3}
)

// took takes one token and wants there to be one.
func took(ctx context.Context, s ratelimit.Store, k ratelimit.Key, l ratelimit.Limit, at time.Time, what string) error {
	switch wait, err := s.Take(ctx, k, l, at); {
	case err != nil:
		return fmt.Errorf("Take of %s: %w", what, err)
	case wait != 0:
		return fmt.Errorf("Take of %s: wait %v, want 0", what, wait)
	}
	return nil
}

// refused wants there to be no token.
func refused(ctx context.Context, s ratelimit.Store, k ratelimit.Key, l ratelimit.Limit, at time.Time, what string) error {
	switch wait, err := s.Take(ctx, k, l, at); {
	case err != nil:
		return fmt.Errorf("Take of %s: %w", what, err)
	case wait <= 0:
		return fmt.Errorf("Take of %s: wait %v, want more than 0", what, wait)
	}
	return nil
}

// drain takes all tokens of a full bucket and wants the next one refused.
func drain(ctx context.Context, s ratelimit.Store, k ratelimit.Key, l ratelimit.Limit, at time.Time) error {
	for i := range l.Burst {
		if err := took(ctx, s, k, l, at, fmt.Sprintf("token %d of %d", i+1, l.Burst)); err != nil {
			return err
		}
	}
	return refused(ctx, s, k, l, at, fmt.Sprintf("token %d of %d", l.Burst+1, l.Burst))
}

func checkUnknown(ctx context.Context, s ratelimit.Store) error {
	return drain(ctx, s, sample, limit, start)
}

// checkWalk compares 400 takes and gives at times that mostly go on, and
// sometimes back, with the rule.
func checkWalk(ctx context.Context, s ratelimit.Store) error {
	rnd := rand.New(rand.NewPCG(5, 53))
	limits := []ratelimit.Limit{limit, ratelimit.Per(7, time.Second), {Rate: 1.0 / 3, Burst: 2}}
	for i, l := range limits {
		key := ratelimit.KeyOf([]byte("walk"), "walk", fmt.Sprint(i))
		var state ratelimit.State
		now := start
		for step := range 400 {
			now = now.Add(time.Duration(rnd.Int64N(int64(l.Interval()) * 5 / 4)))
			if rnd.IntN(20) == 0 {
				now = now.Add(-time.Duration(rnd.Int64N(int64(2 * time.Minute))))
			}
			if rnd.IntN(8) == 0 {
				state = l.Back(state, now)
				if err := s.Give(ctx, key, l, now); err != nil {
					return fmt.Errorf("step %d: Give: %w", step, err)
				}
				continue
			}
			var want time.Duration
			state, want = l.Next(state, now)
			if got, err := s.Take(ctx, key, l, now); err != nil {
				return fmt.Errorf("step %d: Take: %w", step, err)
			} else if got != want {
				return fmt.Errorf("step %d: Take waits %v, Limit.Next says %v", step, got, want)
			}
		}
	}
	return nil
}

func checkWait(ctx context.Context, s ratelimit.Store) error {
	if err := drain(ctx, s, sample, limit, start); err != nil {
		return err
	}
	const early = time.Microsecond
	for i := range 20 { // refusals take nothing: the wait does not grow
		at := start.Add(time.Duration(i) * 100 * time.Millisecond)
		wait, err := s.Take(ctx, sample, limit, at)
		if err != nil {
			return fmt.Errorf("Take no. %d of an empty bucket: %w", i+1, err)
		}
		if want := limit.Interval() - at.Sub(start); wait != want {
			return fmt.Errorf("Take no. %d of an empty bucket waits %v, want %v", i+1, wait, want)
		}
	}
	if err := refused(ctx, s, sample, limit, start.Add(limit.Interval()-early), "a token just before the wait is over"); err != nil {
		return err
	}
	if err := took(ctx, s, sample, limit, start.Add(limit.Interval()), "a token once the wait is over"); err != nil {
		return err
	}
	return refused(ctx, s, sample, limit, start.Add(limit.Interval()), "a second token once the wait is over")
}

const racers = 200

// race calls f from 200 goroutines at once and returns the first error.
func race(f func(i int) error) error {
	var (
		wg    sync.WaitGroup
		gate  = make(chan struct{})
		first atomic.Pointer[error]
	)
	for i := range racers {
		wg.Go(func() {
			<-gate
			if err := f(i); err != nil {
				first.CompareAndSwap(nil, &err)
			}
		})
	}
	close(gate)
	wg.Wait()
	if err := first.Load(); err != nil {
		return *err
	}
	return nil
}

func checkRace(ctx context.Context, s ratelimit.Store) error {
	for round := range 6 {
		// A wide bucket makes lost updates likely, a narrow one is what guesses
		// meet.
		limit := limit
		if round%2 == 0 {
			limit.Burst = racers * 3 / 4
		}
		key := ratelimit.KeyOf([]byte("race"), "take", fmt.Sprint(round))
		var passed atomic.Int64
		err := race(func(int) error {
			wait, err := s.Take(ctx, key, limit, start)
			if err == nil && wait == 0 {
				passed.Add(1)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("one of %d simultaneous calls of Take: %w", racers, err)
		}
		if got := passed.Load(); got != int64(limit.Burst) {
			return fmt.Errorf("%d of %d simultaneous calls took a token of a bucket of %d", got, racers, limit.Burst)
		}
	}
	return nil
}

func checkLimits(ctx context.Context, s ratelimit.Store) error {
	for _, l := range []ratelimit.Limit{invalid, {Rate: 1}, {Burst: 1}, ratelimit.Per(0, time.Second)} {
		if _, err := s.Take(ctx, sample, l, start); err == nil {
			return fmt.Errorf("Take with the invalid limit %+v: no error", l)
		}
	}
	for range 3 {
		if err := took(ctx, s, sample, ratelimit.Limit{}, start, "a token where there is no limit"); err != nil {
			return err
		}
	}
	if err := s.Give(ctx, sample, ratelimit.Limit{}, start); err != nil {
		return fmt.Errorf("Give where there is no limit: %w", err)
	}
	return drain(ctx, s, sample, limit, start)
}

func checkContext(ctx context.Context, s ratelimit.Store) error {
	done, cancel := context.WithCancel(ctx)
	cancel()
	for range limit.Burst {
		switch wait, err := s.Take(done, sample, limit, start); {
		case err == nil:
			return fmt.Errorf("Take with a cancelled context: wait %v and no error, want context.Canceled", wait)
		case !errors.Is(err, context.Canceled):
			return fmt.Errorf("Take with a cancelled context: want context.Canceled, got %w", err)
		}
	}
	return drain(ctx, s, sample, limit, start)
}

func checkGive(ctx context.Context, s ratelimit.Store) error {
	if err := drain(ctx, s, sample, limit, start); err != nil {
		return err
	}
	for i := range limit.Burst + 3 { // more than was taken
		if err := s.Give(ctx, sample, limit, start); err != nil {
			return fmt.Errorf("Give no. %d: %w", i+1, err)
		}
		if i == 0 {
			if err := took(ctx, s, sample, limit, start, "the one token given back"); err != nil {
				return err
			}
			if err := refused(ctx, s, sample, limit, start, "a second token after one was given back"); err != nil {
				return err
			}
		}
	}
	return drain(ctx, s, sample, limit, start)
}

// checkGiveRace takes and gives back all at once: whoever got a token returns
// it, so the bucket is full in the end.
func checkGiveRace(ctx context.Context, s ratelimit.Store) error {
	err := race(func(int) error {
		wait, err := s.Take(ctx, sample, limit, start)
		if err != nil || wait != 0 {
			return err
		}
		return s.Give(ctx, sample, limit, start)
	})
	if err != nil {
		return fmt.Errorf("one of %d simultaneous calls: %w", racers, err)
	}
	if err := drain(ctx, s, sample, limit, start); err != nil {
		return fmt.Errorf("after %d simultaneous calls, each giving back what it took: %w", racers, err)
	}
	wide := ratelimit.Limit{Rate: limit.Rate, Burst: racers}
	key := ratelimit.KeyOf([]byte("race"), "give", "")
	if err := drain(ctx, s, key, wide, start); err != nil {
		return err
	}
	if err := race(func(int) error { return s.Give(ctx, key, wide, start) }); err != nil {
		return fmt.Errorf("one of %d simultaneous calls of Give: %w", racers, err)
	}
	if err := drain(ctx, s, key, wide, start); err != nil {
		return fmt.Errorf("after %d simultaneous calls of Give: %w", racers, err)
	}
	return nil
}

func checkGiveFull(ctx context.Context, s ratelimit.Store) error {
	for i := range 3 {
		if err := s.Give(ctx, sample, limit, start); err != nil {
			return fmt.Errorf("Give no. %d to an unknown bucket: %w", i+1, err)
		}
	}
	if err := drain(ctx, s, sample, limit, start); err != nil {
		return fmt.Errorf("after Give to an unknown bucket: %w", err)
	}
	full := start.Add(limit.Window())
	if err := s.Give(ctx, sample, limit, full); err != nil {
		return fmt.Errorf("Give to a bucket that has filled up: %w", err)
	}
	if err := drain(ctx, s, sample, limit, full); err != nil {
		return fmt.Errorf("after Give to a bucket that had filled up: %w", err)
	}
	return nil
}

func checkGiveInvalid(ctx context.Context, s ratelimit.Store) error {
	if err := s.Give(ctx, sample, invalid, start); err == nil {
		return fmt.Errorf("Give with the invalid limit %+v: no error", invalid)
	}
	return nil
}

// checkKeys drains one bucket and wants those of all similar keys full. The
// keys are what folds into one another where a store keeps them as text: other
// case, trailing spaces, zero bytes, wrong UTF-8, and one bit anywhere.
func checkKeys(ctx context.Context, s ratelimit.Store) error {
	one := ratelimit.Limit{Rate: limit.Rate, Burst: 1}
	seen := map[ratelimit.Key]bool{}
	text := func(s string) (k ratelimit.Key) { copy(k[:], s); return k }
	keys := []ratelimit.Key{
		text(""), text("a"), text("A"), text("a "), text(" a"), text("a\x00b"), text("a\x00B"), text("\u00e4"), text("a\u0308"),
		text("\xff"), text("\xfe"), text("ss"), text("\u00df"), text("%"), text("_"), text("*"), text("'"), text("a:b"),
	}
	for i := range sample {
		for _, bit := range []byte{0x01, 0x20, 0x80} {
			k := sample
			k[i] ^= bit
			keys = append(keys, k)
		}
	}
	for _, k := range keys {
		if seen[k] {
			continue
		}
		seen[k] = true
		if err := took(ctx, s, k, one, start, fmt.Sprintf("the token of key %x", k)); err != nil {
			return err
		}
	}
	for k := range seen {
		if err := refused(ctx, s, k, one, start, fmt.Sprintf("a second token of key %x", k)); err != nil {
			return err
		}
	}
	return nil
}

func checkClock(ctx context.Context, s ratelimit.Store) error {
	for _, year := range []int{2005, 2026, 2100} {
		at := time.Date(year, 7, 1, 0, 0, 0, 0, time.FixedZone("", 9*3600))
		key := ratelimit.KeyOf([]byte("clock"), "year", fmt.Sprint(year))
		if err := drain(ctx, s, key, limit, at); err != nil {
			return fmt.Errorf("in the year %d: %w", year, err)
		}
		if err := drain(ctx, s, key, limit, at.Add(limit.Window())); err != nil {
			return fmt.Errorf("in the year %d, a window later: %w", year, err)
		}
	}
	return nil
}
