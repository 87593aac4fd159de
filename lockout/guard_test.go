package lockout_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/lockout"
)

var (
	key      = lockout.Key{1, 2, 3}
	errStore = errors.New("connection refused")
)

// spy is a store that counts, and fails where it is told to.
type spy struct {
	lockout.Store
	calls, writes atomic.Int64
	// fail is asked before and after each call; n counts from 1.
	fail func(ctx context.Context, n int64, after bool) error
	// guesses that were right, of those that were made on a row
	right, rows atomic.Int64
}

func newSpy() *spy { return &spy{Store: lockout.NewMemory(0)} }

func (s *spy) Update(ctx context.Context, k lockout.Key, guess lockout.Record, now time.Time, step func(lockout.Record) (lockout.Record, bool)) error {
	n := s.calls.Add(1)
	if s.fail != nil {
		if err := s.fail(ctx, n, false); err != nil {
			return err
		}
	}
	err := s.Store.Update(ctx, k, guess, now, func(r lockout.Record) (lockout.Record, bool) {
		if !r.IsZero() {
			s.rows.Add(1)
			a, _ := r.MarshalBinary()
			b, _ := guess.MarshalBinary()
			if slices.Equal(a, b) {
				s.right.Add(1)
			}
		}
		next, write := step(r)
		if write {
			s.writes.Add(1)
		}
		return next, write
	})
	if err == nil && s.fail != nil {
		err = s.fail(ctx, n, true)
	}
	return err
}

func newGuard(t testing.TB, cfg lockout.Config) *lockout.Guard {
	t.Helper()
	if cfg.Store == nil {
		cfg.Store = lockout.NewMemory(0)
	}
	g, err := lockout.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func reserve(t testing.TB, g *lockout.Guard) *lockout.Attempt {
	t.Helper()
	a, err := g.Reserve(t.Context(), key)
	if err != nil {
		t.Fatalf("Reserve: %+v", err)
	}
	return a
}

func settle(t testing.TB, g *lockout.Guard, o lockout.Outcome) {
	t.Helper()
	if err := reserve(t, g).Settle(t.Context(), o); err != nil {
		t.Fatalf("Settle: %+v", err)
	}
}

// lock fails until the key is locked, and returns what the last failure said.
func lock(t testing.TB, g *lockout.Guard) error {
	t.Helper()
	for range 4 {
		settle(t, g, lockout.Failed)
	}
	err := reserve(t, g).Settle(t.Context(), lockout.Failed)
	if err == nil {
		t.Fatal("5 failures do not lock")
	}
	return err
}

func refused(t testing.TB, g *lockout.Guard) error {
	t.Helper()
	a, err := g.Reserve(t.Context(), key)
	if a != nil || err == nil {
		t.Fatalf("Reserve = %v, %v, want a refusal", a, err)
	}
	return err
}

// wantError checks reason, code, wait, and that the answer is for everybody.
func wantError(t testing.TB, err error, r errcodes.Reason, wait time.Duration) {
	t.Helper()
	e, ok := errors.AsType[*errcodes.Error](err)
	if !ok || e.Reason() != r || e.Code() != r.Code() {
		t.Fatalf("%+v, want %s", err, r)
	}
	if d, _ := e.Retry(); d != wait {
		t.Errorf("%s: retry after %v, want %v", r, d, wait)
	}
	if p := e.Public(); p.Reason() != r {
		t.Errorf("%s is shown as %s", r, p.Reason())
	}
}

func status(t testing.TB, g *lockout.Guard) lockout.Status {
	t.Helper()
	s, err := g.Status(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAtMostThresholdAreCompared(t *testing.T) {
	g := newGuard(t, lockout.Config{})
	var given, busy, locked, other atomic.Int64
	attempts := make(chan *lockout.Attempt, 200)
	var wg sync.WaitGroup
	start := make(chan struct{})
	try := func() {
		a, err := g.Reserve(t.Context(), key)
		switch {
		case err == nil:
			given.Add(1)
			attempts <- a
		case errors.Is(err, errcodes.ReasonServerBusy):
			busy.Add(1)
		case errors.Is(err, errcodes.ReasonAccountTemporarilyLocked):
			locked.Add(1)
		default:
			other.Add(1)
		}
	}
	for range 200 {
		wg.Go(func() { <-start; try() })
	}
	close(start)
	wg.Wait()
	if given.Load() != 5 || busy.Load() != 195 || locked.Load()+other.Load() != 0 {
		t.Fatalf("%d compared, %d busy, %d locked, %d other", given.Load(), busy.Load(), locked.Load(), other.Load())
	}
	close(attempts)
	locks := 0
	for a := range attempts {
		if err := a.Settle(t.Context(), lockout.Failed); err != nil {
			wantReason(t, err, errcodes.ReasonAccountTemporarilyLocked)
			locks++
		}
	}
	if try(); locks != 1 || locked.Load() != 1 {
		t.Errorf("%d failures locked; then locked: %d", locks, locked.Load())
	}
}

func wantReason(t testing.TB, err error, r errcodes.Reason) {
	t.Helper()
	if errcodes.ReasonOf(err) != r {
		t.Errorf("%+v, want %s", err, r)
	}
}

// Wrong guesses that race with each other, compared and settled at once, never
// get past the budget either.
func TestGuessesRacingWithSettling(t *testing.T) {
	g := newGuard(t, lockout.Config{})
	var compared atomic.Int64
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			if a, err := g.Reserve(t.Context(), key); err == nil {
				compared.Add(1)
				_ = a.Settle(t.Context(), lockout.Failed)
			}
		})
	}
	wg.Wait()
	if n := compared.Load(); n > 5 || n < 1 {
		t.Errorf("%d guesses were compared", n)
	}
}

// 200 right ones in parallel: at least 5 succeed, nobody is locked, nothing is left.
func TestParallelSuccesses(t *testing.T) {
	g := newGuard(t, lockout.Config{})
	var passed atomic.Int64
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			a, err := g.Reserve(t.Context(), key)
			if err != nil {
				wantReason(t, err, errcodes.ReasonServerBusy)
				return
			}
			if err := a.Settle(t.Context(), lockout.Completed); err != nil {
				t.Errorf("%+v", err)
			}
			passed.Add(1)
		})
	}
	wg.Wait()
	if s := status(t, g); passed.Load() < 5 || s != (lockout.Status{}) {
		t.Errorf("%d passed; %+v", passed.Load(), s)
	}
}

func TestRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard(t, lockout.Config{})
		wantError(t, lock(t, g), errcodes.ReasonAccountTemporarilyLocked, time.Minute)
		time.Sleep(20 * time.Second)
		wantError(t, refused(t, g), errcodes.ReasonAccountTemporarilyLocked, 40*time.Second)
		time.Sleep(40 * time.Second)
		a := reserve(t, g)
		wantError(t, refused(t, g), errcodes.ReasonServerBusy, time.Second)
		wantError(t, a.Settle(t.Context(), lockout.Failed), errcodes.ReasonAccountTemporarilyLocked, 2*time.Minute)
		for n := 6; n < 100; n++ {
			time.Sleep(time.Hour)
			err := reserve(t, g).Settle(t.Context(), lockout.Failed)
			if n < 99 {
				wantReason(t, err, errcodes.ReasonAccountTemporarilyLocked)
			} else {
				wantError(t, err, errcodes.ReasonPasswordSignInDisabled, 0)
			}
		}
		time.Sleep(80 * 24 * time.Hour)
		wantError(t, refused(t, g), errcodes.ReasonPasswordSignInDisabled, 0)
		if s := status(t, g); !s.Disabled || s.Consecutive != 100 {
			t.Errorf("%+v", s)
		}
	})
}

func TestReasonsOfASecondFactor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard(t, lockout.Config{Policy: lockout.Policy{MaxConsecutive: 6}, Reasons: lockout.Reasons{
			Locked: errcodes.ReasonMFAAttemptsExceeded, Disabled: errcodes.ReasonSecondFactorDisabled, Proof: errcodes.ProofFirstFactor,
		}})
		wantError(t, lock(t, g), errcodes.ReasonMFAAttemptsExceeded, time.Minute)
		time.Sleep(time.Minute)
		wantError(t, reserve(t, g).Settle(t.Context(), lockout.Failed), errcodes.ReasonSecondFactorDisabled, 0)
		wantError(t, refused(t, g), errcodes.ReasonSecondFactorDisabled, 0)
	})
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	m := lockout.NewMemory(0)
	for want, cfg := range map[string]lockout.Config{
		"Config.Store is nil: use NewMemory":                        {},
		"Policy.Threshold":                                          {Store: m, Policy: lockout.Policy{Threshold: 1000}},
		"Config.Reasons.Locked is \"nonsense\"":                     {Store: m, Reasons: lockout.Reasons{Locked: "nonsense"}},
		"Config.Reasons.Locked is \"password_sign_in_disabled\"":    {Store: m, Reasons: lockout.Reasons{Locked: errcodes.ReasonPasswordSignInDisabled}},
		"Config.Reasons.Disabled is \"account_temporarily_locked\"": {Store: m, Reasons: lockout.Reasons{Disabled: errcodes.ReasonAccountTemporarilyLocked}},
	} {
		if _, err := lockout.New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New = %v, want %q", err, want)
		}
	}
}

func TestRefusalsWriteNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSpy()
		g := newGuard(t, lockout.Config{Store: s, Policy: lockout.Policy{MaxConsecutive: 6}})
		flood := func(what string) {
			calls, writes := s.calls.Load(), s.writes.Load()
			for range 1000 {
				_ = refused(t, g)
			}
			if s.writes.Load() != writes || s.calls.Load() != calls+1000 {
				t.Errorf("%s: 1000 refusals cost %d calls and %d writes", what, s.calls.Load()-calls, s.writes.Load()-writes)
			}
		}
		_ = lock(t, g)
		flood("locked")
		time.Sleep(time.Minute)
		a := reserve(t, g)
		flood("busy")
		_ = a.Settle(t.Context(), lockout.Failed)
		flood("disabled")
	})
}

// A shared store saves a round trip where the guess is right: always in the
// second step of an attempt that has the key to itself.
func TestSettleGuessesRight(t *testing.T) {
	s := newSpy()
	g := newGuard(t, lockout.Config{Store: s})
	settle(t, g, lockout.Failed)
	if s.rows.Load() != 1 || s.right.Load() != 1 {
		t.Errorf("%d of %d guesses at a row are right", s.right.Load(), s.rows.Load())
	}
}

func TestUnsettledIsFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard(t, lockout.Config{})
		late := reserve(t, g)
		time.Sleep(lockout.StaleAfter)
		settle(t, g, lockout.NotAttempted)
		if s := status(t, g); s.Failures != 1 || s.Consecutive != 1 || s.InFlight != 0 {
			t.Errorf("%+v", s)
		}
		_ = late.Settle(t.Context(), lockout.Failed)
		if s := status(t, g); s.Consecutive != 1 {
			t.Errorf("counted twice: %+v", s)
		}
	})
}

func TestSettleIsOnce(t *testing.T) {
	g := newGuard(t, lockout.Config{})
	settle(t, g, lockout.Failed)
	a := reserve(t, g)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if err := a.Settle(t.Context(), lockout.Failed); err != nil {
				t.Errorf("%+v", err)
			}
		})
	}
	wg.Wait()
	if err := a.Settle(t.Context(), lockout.Completed); err != nil {
		t.Errorf("%+v", err)
	}
	if s := status(t, g); s.Failures != 2 || s.InFlight != 0 {
		t.Errorf("%+v", s)
	}
	if err := (*lockout.Attempt)(nil).Settle(t.Context(), lockout.Failed); errcodes.CodeOf(err) != errcodes.CodeServerError {
		t.Errorf("a nil Attempt: %v", err)
	}
	b := reserve(t, g)
	if err := b.Settle(t.Context(), lockout.Outcome(77)); err != nil || status(t, g).Failures != 3 {
		t.Errorf("an outcome that there is not is no failure: %v %+v", err, status(t, g))
	}
}

func TestWhoHangsUpIsCounted(t *testing.T) {
	g := newGuard(t, lockout.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	a, err := g.Reserve(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := a.Settle(ctx, lockout.Failed); err != nil {
		t.Fatalf("%+v", err)
	}
	if s := status(t, g); s.Failures != 1 || s.InFlight != 0 {
		t.Errorf("%+v", s)
	}
}

func TestFailuresOfAnAttempt(t *testing.T) {
	g := newGuard(t, lockout.Config{})
	for n := range 4 {
		a := reserve(t, g)
		if a.Failures() != n {
			t.Errorf("attempt %d: Failures() = %d", n+1, a.Failures())
		}
		_ = a.Settle(t.Context(), lockout.Failed)
	}
	settle(t, g, lockout.Completed)
	a := reserve(t, g)
	if a.Failures() != 0 || (*lockout.Attempt)(nil).Failures() != 0 {
		t.Errorf("Failures() = %d after a Completed", a.Failures())
	}
}

func TestStatusOfALadder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard(t, lockout.Config{})
		begin := time.Now()
		settle(t, g, lockout.Failed)
		_ = reserve(t, g)
		s := status(t, g)
		if want := (lockout.Status{Failures: 1, Consecutive: 1, InFlight: 1, LastFailure: begin.UTC()}); s != want {
			t.Errorf("%+v, want %+v", s, want)
		}
		for range 3 {
			settle(t, g, lockout.Failed)
		}
		time.Sleep(lockout.StaleAfter) // the fifth was never settled
		wantError(t, refused(t, g), errcodes.ReasonAccountTemporarilyLocked, time.Minute)
		if s := status(t, g); s.Level != 1 || s.HalfOpen || !s.LockedUntil.Equal(time.Now().Add(time.Minute)) || s.InFlight != 0 {
			t.Errorf("locked: %+v", s)
		}
		time.Sleep(time.Minute)
		if s := status(t, g); s.Level != 1 || !s.HalfOpen || !s.LockedUntil.IsZero() {
			t.Errorf("half-open: %+v", s)
		}
		settle(t, g, lockout.Completed)
		if s := status(t, g); s != (lockout.Status{}) {
			t.Errorf("completed: %+v", s)
		}
	})
}
