package lockouttest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/sekisho-auth/sekisho/lockout"
)

// racers is how many goroutines race on a key.
const racers = 64

func checkAtomicity(ctx context.Context, s lockout.Store) error {
	for range 4 {
		if err := raceReserve(ctx, s); err != nil {
			return err
		}
		if err := raceSettle(ctx, s); err != nil {
			return err
		}
		if err := raceCount(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// raceReserve: at a threshold of 5 exactly 5 of 64 reservations are given.
func raceReserve(ctx context.Context, s lockout.Store) error {
	p, key := lockout.Policy{Threshold: 5}, newKey()
	given, err := race(racers, func(int) (bool, error) {
		v, err := contend(ctx, s, p, key, lockout.Step{Op: lockout.OpReserve, Ticket: newTicket()}, 1)
		return v.Answer == lockout.Open, err
	})
	if err != nil {
		return err
	}
	if given != 5 {
		return fmt.Errorf("of %d calls that race to reserve at a threshold of 5, %d are given a slot, not 5", racers, given)
	}
	return nil
}

// raceSettle: of 5 failures that race, exactly one locks.
func raceSettle(ctx context.Context, s lockout.Store) error {
	p, key := lockout.Policy{Threshold: 5}, newKey()
	var ids [5]uint64
	for i := range ids {
		ids[i] = newTicket()
		if _, err := contend(ctx, s, p, key, lockout.Step{Op: lockout.OpReserve, Ticket: ids[i]}, 1000); err != nil {
			return fmt.Errorf("a write failed: %w", err)
		}
	}
	locks, err := race(racers, func(i int) (bool, error) {
		step := lockout.Step{Op: lockout.OpReserve, Ticket: newTicket()}
		tries := 1
		if i%8 == 0 && i/8 < len(ids) {
			step, tries = lockout.Step{Op: lockout.OpSettle, Ticket: ids[i/8], Outcome: lockout.Failed}, 1000
		}
		v, err := contend(ctx, s, p, key, step, tries)
		return v.NewLock, err
	})
	if err != nil {
		return err
	}
	r, err := read(ctx, s, key, noon)
	if err != nil {
		return err
	}
	if _, v := p.Next(r, lockout.Step{Op: lockout.OpLook}, noon); locks != 1 || v.Answer != lockout.Locked || v.Level != 1 {
		return fmt.Errorf("after 5 failures that race at a threshold of 5, %d calls locked, and what stands is %+v", locks, r)
	}
	return nil
}

// raceCount: 64 attempts that race to fail are 64 failures: the next one locks.
func raceCount(ctx context.Context, s lockout.Store) error {
	p, key := lockout.Policy{Threshold: racers + 1}, newKey()
	fail := func(int) (bool, error) {
		id := newTicket()
		v, err := contend(ctx, s, p, key, lockout.Step{Op: lockout.OpReserve, Ticket: id}, 1000)
		if err != nil || v.Answer != lockout.Open {
			return false, errors.Join(err, refusedTooSoon(v))
		}
		v, err = contend(ctx, s, p, key, lockout.Step{Op: lockout.OpSettle, Ticket: id, Outcome: lockout.Failed}, 1000)
		return v.NewLock, err
	}
	locks, err := race(racers, fail)
	if err != nil {
		return err
	}
	last, err := fail(0)
	if err != nil {
		return err
	}
	if locks != 0 || !last {
		return fmt.Errorf("%d failures that raced, and one more, do not make %d: %d of them locked, the last one locked: %t",
			racers, racers+1, locks, last)
	}
	return nil
}

func refusedTooSoon(v lockout.Verdict) error {
	if v.Answer == lockout.Open {
		return nil
	}
	return fmt.Errorf("a reservation within the budget is answered %+v", v)
}

// race starts n calls at once and counts those that report true.
func race(n int, f func(i int) (bool, error)) (int, error) {
	start := make(chan struct{})
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		count int
		errs  []error
	)
	for i := range n {
		wg.Go(func() {
			<-start
			ok, err := f(i)
			mu.Lock()
			defer mu.Unlock()
			if ok {
				count++
			}
			if err != nil {
				errs = append(errs, err)
			}
		})
	}
	close(start)
	wg.Wait()
	if len(errs) > 0 {
		return count, fmt.Errorf("%d of %d calls that race failed, the first: %w", len(errs), n, errs[0])
	}
	return count, nil
}

// contend takes a step while others do. A store may give up because of them
// ([lockout.ErrContended]): who reserves is busy then, who settles tries again.
func contend(ctx context.Context, s lockout.Store, p lockout.Policy, key lockout.Key, step lockout.Step, tries int) (lockout.Verdict, error) {
	for {
		var v lockout.Verdict
		err := s.Update(ctx, key, lockout.Record{}, noon, func(r lockout.Record) (next lockout.Record, write bool) {
			runtime.Gosched() // gives the others a chance to come in between
			next, v = p.Next(r, step, noon)
			return next, v.Changed
		})
		if tries--; !errors.Is(err, lockout.ErrContended) {
			return v, err
		}
		if tries <= 0 {
			return lockout.Verdict{Answer: lockout.Busy}, nil
		}
	}
}
