package ratelimittest_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sekisho-auth/sekisho/auth/ratelimit"
	"github.com/sekisho-auth/sekisho/auth/ratelimit/ratelimittest"
)

// right is a store as it should be, with one hole for each way to get it wrong.
type right struct {
	mu    sync.Mutex
	m     map[ratelimit.Key]ratelimit.State
	holes hole
}

type hole struct {
	racy, racyGive, noCtx, noValidate, noValidateGive, giveNothing, giveTwice, giveUnknownFails bool
	refusalsCount, forgets, limitless, wallWait                                                 bool
	key                                                                                         func(ratelimit.Key) ratelimit.Key
	now                                                                                         func(time.Time) time.Time
	limit                                                                                       func(ratelimit.Limit) ratelimit.Limit
}

func broken(h hole) func() ratelimit.Store {
	return func() ratelimit.Store { return &right{m: map[ratelimit.Key]ratelimit.State{}, holes: h} }
}

func (s *right) arguments(k *ratelimit.Key, l *ratelimit.Limit, now *time.Time) {
	if s.holes.key != nil {
		*k = s.holes.key(*k)
	}
	if s.holes.now != nil {
		*now = s.holes.now(*now)
	}
	if s.holes.limit != nil && !l.None() && l.Validate() == nil {
		*l = s.holes.limit(*l)
	}
}

func (s *right) Take(ctx context.Context, k ratelimit.Key, l ratelimit.Limit, now time.Time) (time.Duration, error) {
	s.arguments(&k, &l, &now)
	if err := ctx.Err(); err != nil && !s.holes.noCtx {
		return 0, err
	}
	if err := l.Validate(); err != nil && !s.holes.noValidate {
		return 0, err
	}
	if l.None() {
		if s.holes.limitless {
			l = ratelimit.Per(1, time.Minute)
		} else {
			return 0, nil
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	next, wait := l.Next(s.m[k], now)
	if s.holes.racy {
		s.mu.Unlock()
		runtime.Gosched()
		s.mu.Lock()
	}
	if wait > 0 && s.holes.refusalsCount {
		next.FullAt += l.Interval().Microseconds()
	}
	if wait > 0 && s.holes.wallWait {
		wait = time.Second
	}
	if !s.holes.forgets {
		s.m[k] = next
	}
	return wait, nil
}

func (s *right) Give(ctx context.Context, k ratelimit.Key, l ratelimit.Limit, now time.Time) error {
	s.arguments(&k, &l, &now)
	if err := errors.Join(ctx.Err(), l.Validate()); err != nil && !s.holes.noValidateGive {
		return err
	}
	if s.holes.giveNothing {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old, known := s.m[k]
	if !known && s.holes.giveUnknownFails {
		return errors.New("no such bucket")
	}
	next := l.Back(old, now)
	if s.holes.giveTwice {
		next = l.Back(next, now)
	}
	if s.holes.racyGive {
		s.mu.Unlock()
		runtime.Gosched()
		s.mu.Lock()
	}
	s.m[k] = next
	return nil
}

// overflowing is a plain counter that knows no upper end.
type overflowing struct {
	mu   sync.Mutex
	used map[ratelimit.Key]int
}

func (s *overflowing) Take(_ context.Context, k ratelimit.Key, l ratelimit.Limit, _ time.Time) (time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used[k] >= l.Burst {
		return l.Interval(), nil
	}
	s.used[k]++
	return 0, nil
}

func (s *overflowing) Give(_ context.Context, k ratelimit.Key, _ ratelimit.Limit, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used[k]--
	return nil
}

func TestSuiteCatchesBrokenStores(t *testing.T) {
	tests := map[string]struct {
		store func() ratelimit.Store
		want  string // the check that must be among those that fail
	}{
		"reads, then writes":         {broken(hole{racy: true}), "race"},
		"gives by read, then write":  {broken(hole{racyGive: true}), "race_Give"},
		"ignores the context":        {broken(hole{noCtx: true}), "context"},
		"takes any limit":            {broken(hole{noValidate: true}), "limits"},
		"gives for any limit":        {broken(hole{noValidateGive: true}), "give_invalid"},
		"gives nothing":              {broken(hole{giveNothing: true}), "matches_Back"},
		"gives two":                  {broken(hole{giveTwice: true}), "matches_Back"},
		"gives above the burst":      {func() ratelimit.Store { return &overflowing{used: map[ratelimit.Key]int{}} }, "give_to_full"},
		"fails to give to unknown":   {broken(hole{giveUnknownFails: true}), "give_to_full"},
		"counts refusals":            {broken(hole{refusalsCount: true}), "wait"},
		"makes up the wait":          {broken(hole{wallWait: true}), "wait"},
		"forgets":                    {broken(hole{forgets: true}), "unknown_is_full"},
		"limits where there is none": {broken(hole{limitless: true}), "limits"},
		"one bucket for all":         {broken(hole{key: func(ratelimit.Key) (k ratelimit.Key) { return k }}), "keys"},
		"keys without case": {broken(hole{key: func(k ratelimit.Key) ratelimit.Key {
			return ratelimit.Key(bytes.ToLower(k[:])[:32])
		}}), "keys"},
		"keys end at zero": {broken(hole{key: func(k ratelimit.Key) (cut ratelimit.Key) {
			head, _, _ := bytes.Cut(k[:], []byte{0})
			copy(cut[:], head)
			return cut
		}}), "keys"},
		"keys of 16 bytes": {broken(hole{key: func(k ratelimit.Key) (cut ratelimit.Key) { copy(cut[:16], k[:]); return cut }}), "keys"},
		"own clock":        {broken(hole{now: func(time.Time) time.Time { return time.Now() }}), "no_clock"},
		"whole seconds":    {broken(hole{now: func(t time.Time) time.Time { return t.Truncate(time.Second) }}), "matches_Next"},
		"one too many": {broken(hole{limit: func(l ratelimit.Limit) ratelimit.Limit {
			return ratelimit.Limit{Rate: l.Rate, Burst: l.Burst + 1}
		}}), "race"},
		"one too few": {broken(hole{limit: func(l ratelimit.Limit) ratelimit.Limit {
			return ratelimit.Limit{Rate: l.Rate, Burst: max(1, l.Burst-1)}
		}}), "race"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := ratelimittest.Check(t.Context(), tt.store)
			if err == nil {
				t.Fatal("the suite found nothing")
			}
			all, _ := errors.AsType[interface {
				error
				Unwrap() []error
			}](err)
			for _, one := range all.Unwrap() {
				f, ok := errors.AsType[*ratelimittest.Failure](one)
				if ok && f.Check == tt.want {
					if !strings.Contains(f.Error(), f.Clause) {
						t.Errorf("the failure does not quote the contract: %v", f)
					}
					return
				}
			}
			t.Errorf("check %q did not fail; others did:\n%v", tt.want, err)
		})
	}
}

func TestSuitePassesARightStore(t *testing.T) {
	if err := ratelimittest.Check(t.Context(), broken(hole{})); err != nil {
		t.Error(err)
	}
	ratelimittest.Run(t, func(*testing.T) ratelimit.Store { return broken(hole{})() })
}

func TestCheckEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := ratelimittest.Check(ctx, broken(hole{})); !errors.Is(err, context.Canceled) {
		t.Errorf("Check with a cancelled context: %v", err)
	}
}
