package lockout_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/lockout"
)

// failOn makes call n fail, and with forGood every one after it; before the store
// has done anything, or after, when only the answer is lost.
func failOn(n int64, forGood, after bool) func(context.Context, int64, bool) error {
	return func(_ context.Context, i int64, isAfter bool) error {
		if isAfter == after && (i == n || forGood && i >= n) {
			return errStore
		}
		return nil
	}
}

// Each store call of an attempt fails, once or for good, before or after it was
// carried out, for each outcome. Whatever happens: a fault is 1004, at most one
// failure is counted, and a settling that returns nil holds.
func TestFaults(t *testing.T) {
	outcomes := []lockout.Outcome{lockout.Failed, lockout.NotAttempted, lockout.Passed, lockout.Completed}
	names := []string{"Failed", "NotAttempted", "Passed", "Completed"}
	for call, step := range []string{"Reserve", "Settle"} {
		for _, forGood := range []bool{false, true} {
			for _, after := range []bool{false, true} {
				for i, o := range outcomes {
					name := fmt.Sprintf("%s/forGood=%t/answerLost=%t/%s", step, forGood, after, names[i])
					t.Run(name, func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) { playFault(t, int64(call+1), forGood, after, o) })
					})
				}
			}
		}
	}
}

func playFault(t *testing.T, call int64, forGood, after bool, o lockout.Outcome) {
	s := newSpy()
	g := newGuard(t, lockout.Config{Store: s})
	settle(t, g, lockout.Failed) // something to clear
	s.calls.Store(0)
	s.fail = failOn(call, forGood, after)
	a, err := g.Reserve(t.Context(), key)
	if call == 1 {
		wantError(t, err, errcodes.ReasonServiceUnavailable, defaultRetry(t))
		if !errors.Is(err, errStore) {
			t.Errorf("the cause is lost: %+v", err)
		}
		s.fail = nil
		// Nothing is counted; unless even the giving back failed after a lost
		// answer, no slot is taken.
		if got := status(t, g); got.Failures != 1 || got.InFlight != 0 && !(forGood && after) {
			t.Errorf("%+v", got)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	err = a.Settle(t.Context(), o)
	took := time.Since(begin)
	s.fail = nil
	got := status(t, g)
	if !forGood {
		if err != nil || took > 100*time.Millisecond {
			t.Fatalf("after one fault Settle = %+v, after %v", err, took)
		}
		want := map[lockout.Outcome]int{lockout.Failed: 2, lockout.NotAttempted: 1, lockout.Passed: 1, lockout.Completed: 0}[o]
		if got.Failures != want || got.Consecutive != want || got.InFlight != 0 {
			t.Errorf("%+v, want %d failures", got, want)
		}
		return
	}
	wantError(t, err, errcodes.ReasonServiceUnavailable, defaultRetry(t))
	if took < 4*time.Second || took > 6*time.Second {
		t.Errorf("it gave up after %v", took)
	}
	if again := a.Settle(t.Context(), o); !errors.Is(again, err) {
		t.Errorf("a second Settle says %v", again)
	}
	time.Sleep(lockout.StaleAfter)
	settle(t, g, lockout.NotAttempted)
	if got := status(t, g); got.Consecutive > 2 || got.InFlight != 0 {
		t.Errorf("more than one failure for one attempt: %+v", got)
	}
}

func defaultRetry(t *testing.T) time.Duration {
	t.Helper()
	d, ok := errcodes.New(errcodes.ReasonServiceUnavailable).Retry()
	if !ok {
		t.Fatal("service_unavailable carries no Retry-After")
	}
	return d
}

func TestFaultsAreNotRetriedByReserve(t *testing.T) {
	s := newSpy()
	s.fail = failOn(1, true, false)
	g := newGuard(t, lockout.Config{Store: s})
	_ = refused(t, g)
	if n := s.calls.Load(); n != 2 { // and one giving back
		t.Errorf("%d calls", n)
	}
}

func TestCancelledReserveTouchesNothing(t *testing.T) {
	s := newSpy()
	g := newGuard(t, lockout.Config{Store: s})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := g.Reserve(ctx, key)
	wantReason(t, err, errcodes.ReasonTimeout)
	if !errors.Is(err, context.Canceled) || s.calls.Load() != 0 {
		t.Errorf("%+v after %d calls", err, s.calls.Load())
	}
}

func TestStoreThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSpy()
		g := newGuard(t, lockout.Config{Store: s})
		a := reserve(t, g)
		s.fail = func(ctx context.Context, _ int64, after bool) error {
			if after {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		begin := time.Now()
		_, err := g.Reserve(ctx, key)
		wantReason(t, err, errcodes.ReasonTimeout)
		if d := time.Since(begin); d > 3*time.Second {
			t.Errorf("Reserve took %v", d)
		}
		begin = time.Now()
		wantReason(t, a.Settle(t.Context(), lockout.Completed), errcodes.ReasonTimeout)
		if d := time.Since(begin); d != 5*time.Second {
			t.Errorf("Settle took %v", d)
		}
	})
}

func TestContentionIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSpy()
		g := newGuard(t, lockout.Config{Store: s})
		a := reserve(t, g)
		s.fail = func(_ context.Context, n int64, after bool) error {
			if after || n > 10 {
				return nil
			}
			return fmt.Errorf("gave up: %w", lockout.ErrContended)
		}
		wantError(t, refused(t, g), errcodes.ReasonServerBusy, time.Second)
		if n := s.calls.Load(); n != 2 {
			t.Errorf("%d calls", n)
		}
		if err := a.Settle(t.Context(), lockout.Failed); err != nil {
			t.Errorf("Settle does not outlast contention: %+v", err)
		}
	})
}

// mute says that all is well and does nothing.
type mute struct{}

func (mute) Update(context.Context, lockout.Key, lockout.Record, time.Time, func(lockout.Record) (lockout.Record, bool)) error {
	return nil
}

func TestStoreThatDoesNotCallStepIsAFault(t *testing.T) {
	g := newGuard(t, lockout.Config{Store: mute{}})
	wantReason(t, refused(t, g), errcodes.ReasonServiceUnavailable)
	if _, err := g.Status(t.Context(), key); errcodes.ReasonOf(err) != errcodes.ReasonServiceUnavailable {
		t.Errorf("Status: %v", err)
	}
	wantReason(t, g.Unlock(t.Context(), key, "operator", ""), errcodes.ReasonServiceUnavailable)
}

func TestFaultsOfStatusAndUnlock(t *testing.T) {
	s := newSpy()
	s.fail = failOn(1, true, false)
	unlocked := false
	g := newGuard(t, lockout.Config{Store: s, Hooks: lockout.Hooks{OnUnlock: func(context.Context, lockout.UnlockEvent) { unlocked = true }}})
	_, err := g.Status(t.Context(), key)
	wantReason(t, err, errcodes.ReasonServiceUnavailable)
	wantReason(t, g.Unlock(t.Context(), key, "operator", ""), errcodes.ReasonServiceUnavailable)
	if unlocked {
		t.Error("the audit trail has an unlocking that did not happen")
	}
}
