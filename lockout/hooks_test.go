package lockout_test

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/lockout"
)

type diary struct {
	locks   []lockout.LockEvent
	unlocks []lockout.UnlockEvent
}

func (d *diary) hooks() lockout.Hooks {
	return lockout.Hooks{
		OnLock:   func(_ context.Context, e lockout.LockEvent) { d.locks = append(d.locks, e) },
		OnUnlock: func(_ context.Context, e lockout.UnlockEvent) { d.unlocks = append(d.unlocks, e) },
	}
}

func TestOnLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		g := newGuard(t, lockout.Config{Hooks: d.hooks(), Policy: lockout.Policy{MaxConsecutive: 7}})
		_ = lock(t, g)
		first := lockout.LockEvent{Key: key, Until: time.Now().UTC().Add(time.Minute), Level: 1}
		for range 10 {
			_ = refused(t, g)
		}
		time.Sleep(time.Minute)
		_ = reserve(t, g)              // abandoned
		time.Sleep(lockout.StaleAfter) // counted by the next one
		second := lockout.LockEvent{Key: key, Until: time.Now().UTC().Add(2 * time.Minute), Level: 2}
		_ = refused(t, g)
		time.Sleep(2 * time.Minute)
		_ = reserve(t, g).Settle(t.Context(), lockout.Failed)
		third := lockout.LockEvent{Key: key, Level: 2, Disabled: true}
		want := []lockout.LockEvent{first, second, third}
		if len(d.locks) != len(want) {
			t.Fatalf("%d events: %+v", len(d.locks), d.locks)
		}
		for i := range want {
			if d.locks[i] != want[i] {
				t.Errorf("event %d is %+v, want %+v", i, d.locks[i], want[i])
			}
		}
	})
}

func TestUnlock(t *testing.T) {
	var d diary
	g := newGuard(t, lockout.Config{Hooks: d.hooks()})
	_ = lock(t, g)
	if err := g.Unlock(t.Context(), key, "", "because"); errcodes.ReasonOf(err) != errcodes.ReasonInternalError {
		t.Errorf("without an actor: %v", err)
	}
	wantReason(t, refused(t, g), errcodes.ReasonAccountTemporarilyLocked)
	for range 2 {
		if err := g.Unlock(t.Context(), key, "operator 7", "passport shown"); err != nil {
			t.Fatal(err)
		}
	}
	settle(t, g, lockout.Failed)
	want := lockout.UnlockEvent{Key: key, Actor: "operator 7", Note: "passport shown", WasRefused: true}
	if len(d.unlocks) != 2 || d.unlocks[0] != want || d.unlocks[1].WasRefused {
		t.Errorf("%+v", d.unlocks)
	}
}

func TestUnlockEnablesAndKeepsWhatIsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard(t, lockout.Config{Policy: lockout.Policy{MaxConsecutive: 6}})
		_ = lock(t, g)
		time.Sleep(time.Minute)
		_ = reserve(t, g).Settle(t.Context(), lockout.Failed)
		wantReason(t, refused(t, g), errcodes.ReasonPasswordSignInDisabled)
		if err := g.Unlock(t.Context(), key, "reset", ""); err != nil {
			t.Fatal(err)
		}
		a := reserve(t, g)
		if err := g.Unlock(t.Context(), key, "reset", ""); err != nil {
			t.Fatal(err)
		}
		if s := status(t, g); s.InFlight != 1 {
			t.Errorf("%+v", s)
		}
		if err := a.Settle(t.Context(), lockout.Failed); err != nil || status(t, g).Failures != 1 {
			t.Errorf("%v %+v", err, status(t, g))
		}
	})
}

func TestChallenge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, pass := 0, false
		g := newGuard(t, lockout.Config{
			Policy: lockout.Policy{MaxConsecutive: 7},
			Hooks:  lockout.Hooks{Challenge: func(context.Context) bool { asked++; return pass }},
		})
		_ = lock(t, g)
		if asked != 0 {
			t.Error("asked of a key that is not locked")
		}
		wantError(t, refused(t, g), errcodes.ReasonAccountTemporarilyLocked, time.Minute)
		pass = true
		a := reserve(t, g)
		wantError(t, refused(t, g), errcodes.ReasonServerBusy, time.Second)
		wantError(t, a.Settle(t.Context(), lockout.Failed), errcodes.ReasonAccountTemporarilyLocked, 2*time.Minute)
		wantError(t, reserve(t, g).Settle(t.Context(), lockout.Failed), errcodes.ReasonPasswordSignInDisabled, 0)
		before := asked
		wantError(t, refused(t, g), errcodes.ReasonPasswordSignInDisabled, 0)
		if asked != before {
			t.Error("asked of a key that is disabled")
		}
	})
}

func TestChallengeThenCompletedUnlocks(t *testing.T) {
	g := newGuard(t, lockout.Config{Hooks: lockout.Hooks{Challenge: func(context.Context) bool { return true }}})
	_ = lock(t, g)
	settle(t, g, lockout.Completed)
	if s := status(t, g); s != (lockout.Status{}) {
		t.Errorf("%+v", s)
	}
}

func TestHooksThatPanicChangeNothing(t *testing.T) {
	quiet(t)
	g := newGuard(t, lockout.Config{Hooks: lockout.Hooks{
		OnLock:    func(context.Context, lockout.LockEvent) { panic("mail is down") },
		OnUnlock:  func(context.Context, lockout.UnlockEvent) { panic("audit is down") },
		Challenge: func(context.Context) bool { panic("captcha is down") },
	}})
	wantReason(t, lock(t, g), errcodes.ReasonAccountTemporarilyLocked)
	wantReason(t, refused(t, g), errcodes.ReasonAccountTemporarilyLocked)
	wantReason(t, g.Unlock(t.Context(), key, "reset", ""), errcodes.ReasonInternalError)
	settle(t, g, lockout.Completed)
}

// quiet keeps the log of recovered panics out of the test's output.
func quiet(t *testing.T) {
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	t.Cleanup(func() { slog.SetDefault(old) })
}

func TestObserveRefusesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		hooks := d.hooks()
		hooks.Challenge = func(context.Context) bool { t.Error("Challenge was asked"); return true }
		g := newGuard(t, lockout.Config{Policy: lockout.Policy{Observe: true, MaxConsecutive: 7}, Hooks: hooks})
		begin := time.Now().UTC()
		for range 200 {
			settle(t, g, lockout.Failed)
		}
		// Locked once; what would have been refused was let through uncounted.
		want := lockout.LockEvent{Key: key, Until: begin.Add(time.Minute), Level: 1, Observed: true}
		if len(d.locks) != 1 || d.locks[0] != want {
			t.Fatalf("%+v", d.locks)
		}
		if s := status(t, g); s.Consecutive != 5 || s.Level != 1 {
			t.Errorf("%+v", s)
		}
		settle(t, g, lockout.Completed) // would have been refused, so it clears nothing
		time.Sleep(time.Minute)
		for range 5 {
			settle(t, g, lockout.Failed) // the first one counts, as the one try of a half-open key
		}
		if s := status(t, g); s.Consecutive != 6 || s.Level != 2 || len(d.locks) != 2 {
			t.Errorf("%+v, %d locks", s, len(d.locks))
		}
		time.Sleep(2 * time.Minute)
		for range 100 {
			settle(t, g, lockout.Failed)
		}
		if len(d.locks) != 3 || !d.locks[2].Disabled || !d.locks[2].Observed {
			t.Errorf("%+v", d.locks)
		}
		settle(t, g, lockout.Completed)
	})
}

func TestObserveLetsParallelOnesThrough(t *testing.T) {
	s := newSpy()
	g := newGuard(t, lockout.Config{Store: s, Policy: lockout.Policy{Observe: true}})
	var attempts []*lockout.Attempt
	for range 20 {
		attempts = append(attempts, reserve(t, g))
	}
	for _, a := range attempts {
		if err := a.Settle(t.Context(), lockout.Failed); err != nil {
			t.Errorf("%+v", err)
		}
	}
	if n := s.calls.Load(); n != 20+5 { // the others are not settled: nothing of them is counted
		t.Errorf("%d calls", n)
	}
	if s := status(t, g); s.Consecutive != 5 || s.InFlight != 0 {
		t.Errorf("%+v", s)
	}
}
