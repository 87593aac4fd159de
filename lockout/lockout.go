package lockout

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
)

// Config is what [New] needs. Only Store must be set.
type Config struct {
	Store   Store
	Policy  Policy
	Hooks   Hooks
	Reasons Reasons
}

// Reasons are what refusals are called. The zero value is right where the key
// stands for an identifier; a guard of a second factor says
//
//	lockout.Reasons{
//		Locked:   errcodes.ReasonMFAAttemptsExceeded,
//		Disabled: errcodes.ReasonSecondFactorDisabled,
//		Proof:    errcodes.ProofFirstFactor,
//	}
type Reasons struct {
	// Locked is for locks that time releases (default
	// account_temporarily_locked); it must be a reason that carries Retry-After.
	Locked errcodes.Reason
	// Disabled is for MaxConsecutive failures in a row (default
	// password_sign_in_disabled); it must be one that does not.
	Disabled errcodes.Reason
	// Proof is what callers of this guard have proven before they come to it.
	Proof errcodes.Proof
}

// Hooks are called by the Guard, on the goroutine of its caller, who waits for
// them, and after the record was stored; a nil hook is left out. They may be called at the same time
// from many goroutines. A hook that panics changes nothing about the answer: the
// panic is recovered and logged through log/slog, and a Challenge that panics was
// not passed.
type Hooks struct {
	// OnLock is called for each lock that is written and for each disabling; at
	// most once, and not at all if the store lost its answer to that very write.
	OnLock func(ctx context.Context, e LockEvent)
	// OnUnlock is called for each Unlock that was carried out: the audit trail.
	OnUnlock func(ctx context.Context, e UnlockEvent)
	// Challenge reports whether the person behind ctx has passed a challenge (a
	// CAPTCHA, a proof of work) that was set to them. Who has need not wait for a
	// lock to end: they get the one try of a half-open key. It is counted, its
	// failure locks again for longer, and it opens no key that is disabled.
	// Challenge is asked only where the key is locked, so it must not tell more
	// than that.
	Challenge func(ctx context.Context) bool
}

// LockEvent tells that a key was locked or disabled.
type LockEvent struct {
	Key      Key
	Until    time.Time // UTC; zero if Disabled
	Level    int       // 1 for the first lock in a row
	Disabled bool      // by Policy.MaxConsecutive
	Observed bool      // under Policy.Observe: nobody is refused
}

// UnlockEvent tells that an actor unlocked a key.
type UnlockEvent struct {
	Key        Key
	Actor      string
	Note       string
	WasRefused bool // the key was locked or disabled until then
}

// Status is what support sees of a key. Do not show it to the person who signs
// in: what is left of a budget helps nobody but who is guessing.
type Status struct {
	Failures    int       // that count towards Policy.Threshold now
	Consecutive int       // that count towards Policy.MaxConsecutive
	InFlight    int       // attempts reserved and not settled
	Level       int       // locks in a row
	LockedUntil time.Time // UTC; zero if not locked now
	LastFailure time.Time // UTC; zero if none is known
	HalfOpen    bool      // one try, whose failure locks again
	Disabled    bool      // only Unlock, or Retention, ends it
}

// Guard counts the guesses at keys. Make one with [New]; its methods are safe for
// concurrent use.
type Guard struct {
	store   Store
	policy  Policy
	hooks   Hooks
	reasons Reasons
}

// New makes a Guard. It copies cfg; later changes to it change nothing. The error
// names the field that is missing or cannot work, and what to write instead.
func New(cfg Config) (*Guard, error) {
	if cfg.Store == nil {
		return nil, errors.New("lockout: Config.Store is nil: use NewMemory(0) on a single server, or a store that your servers share")
	}
	if err := cfg.Policy.Validate(); err != nil {
		return nil, err
	}
	set(&cfg.Reasons.Locked, errcodes.ReasonAccountTemporarilyLocked)
	set(&cfg.Reasons.Disabled, errcodes.ReasonPasswordSignInDisabled)
	if r := cfg.Reasons.Locked; !r.Known() || !carriesRetry(r) {
		return nil, fmt.Errorf("lockout: Config.Reasons.Locked is %q: use a reason that carries Retry-After, or leave it empty", string(r))
	}
	if r := cfg.Reasons.Disabled; !r.Known() || carriesRetry(r) {
		return nil, fmt.Errorf("lockout: Config.Reasons.Disabled is %q: use a reason without Retry-After, or leave it empty", string(r))
	}
	return &Guard{store: cfg.Store, policy: cfg.Policy.withDefaults(), hooks: cfg.Hooks, reasons: cfg.Reasons}, nil
}

func carriesRetry(r errcodes.Reason) bool {
	_, ok := errcodes.New(r, errcodes.RetryAfter(time.Second)).Retry()
	return ok
}

// Reserve books a try at key before anything is compared. The Attempt it returns
// must be settled within 90 seconds; see [StaleAfter]. Otherwise compare nothing
// and return the error, which is an *errcodes.Error:
//
//   - Reasons.Locked (account_temporarily_locked) with the time to wait: 1002
//   - Reasons.Disabled (password_sign_in_disabled): 1002
//   - server_busy with one second: the slots are taken by attempts in flight,
//     or too many servers write this key at once; nothing is wrong: 1004
//   - service_unavailable, or timeout if ctx ended: the store failed, the cause
//     is wrapped, and nothing is counted: 1004
//
// The first three say the same for keys with and without an account, and are
// marked so. Refusals write nothing, and nothing is tried twice.
func (g *Guard) Reserve(ctx context.Context, key Key) (*Attempt, error) {
	a := &Attempt{guard: g, key: key, ticket: newTicket()}
	v, err := g.reserve(ctx, a, OpReserve)
	if err == nil && v.Answer == Locked && g.hooks.Challenge != nil && !g.policy.Observe && g.challenged(ctx) {
		v, err = g.reserve(ctx, a, OpChallenged)
	}
	switch {
	case err != nil:
		return nil, err
	case v.Answer == Open:
		return a, nil
	case g.policy.Observe:
		a.settled = true // let through, and not counted
		return a, nil
	}
	return nil, g.refuse(v)
}

func (g *Guard) reserve(ctx context.Context, a *Attempt, op Op) (Verdict, error) {
	if err := ctx.Err(); err != nil {
		return Verdict{}, fault(err)
	}
	r, v, err := g.apply(ctx, a.key, a.record, Step{Op: op, Ticket: a.ticket})
	if err != nil {
		if !errors.Is(err, ErrContended) {
			g.giveBack(ctx, a)
		}
		return Verdict{}, fault(err)
	}
	a.record = r
	g.locked(ctx, a.key, v)
	return v, nil
}

// giveBack returns the slot of a reservation that failed: it may have been stored
// all the same, its answer lost, and would count as a failure once it is stale.
// One try is all it gets.
func (g *Guard) giveBack(ctx context.Context, a *Attempt) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBackTime)
	defer cancel()
	// Its error is of no use to anybody: the caller is told the first one.
	_, _, _ = g.apply(ctx, a.key, a.record, Step{Op: OpSettle, Ticket: a.ticket, Outcome: NotAttempted})
}

// Status tells what stands at key now. It writes nothing. Its error is
// service_unavailable or timeout, as of Reserve.
func (g *Guard) Status(ctx context.Context, key Key) (Status, error) {
	r, v, err := g.apply(ctx, key, Record{}, Step{Op: OpLook})
	if err != nil {
		return Status{}, fault(err)
	}
	return Status{
		Failures:    int(r.failures),
		Consecutive: int(r.consecutive),
		InFlight:    len(r.tickets),
		Level:       int(r.level),
		LockedUntil: v.Until,
		LastFailure: fromMicros(r.lastFailure),
		HalfOpen:    v.Answer == Open && r.level > 0,
		Disabled:    v.Answer == Disabled,
	}, nil
}

// Unlock forgets the failures, the lock and the disabling of key, and nothing of
// the attempts in flight. Call it when a password reset is completed, and when
// support has made sure who is asking. actor says who did it (as "reset", or the
// operator's user id) and must not be empty; note says why. Both go to
// Hooks.OnUnlock, and nowhere else.
//
// It may be repeated. Its error is service_unavailable or timeout, as of Reserve,
// and then nothing was unlocked; or internal_error if actor is empty, or if
// OnUnlock panicked: then the key is unlocked and the audit trail lacks it.
func (g *Guard) Unlock(ctx context.Context, key Key, actor, note string) error {
	if actor == "" {
		return errcodes.Wrap(errors.New("lockout: Unlock: actor is empty: say who unlocks"), errcodes.ReasonInternalError)
	}
	var refused, called bool
	now := time.Now()
	err := g.store.Update(ctx, key, Record{}, now, func(r Record) (Record, bool) {
		_, v := g.policy.Next(r, Step{Op: OpLook}, now)
		refused = v.Answer != Open
		next, v := g.policy.Next(r, Step{Op: OpUnlock}, now)
		called = true
		return next, v.Changed
	})
	if err == nil && !called {
		err = errNotCalled
	}
	if err != nil {
		return fault(err)
	}
	if g.hooks.OnUnlock == nil {
		return nil
	}
	ok := g.hook(ctx, "OnUnlock", func() {
		g.hooks.OnUnlock(ctx, UnlockEvent{Key: key, Actor: actor, Note: note, WasRefused: refused})
	})
	if !ok {
		return errcodes.Wrap(errors.New("lockout: Unlock: OnUnlock panicked"), errcodes.ReasonInternalError)
	}
	return nil
}

var errNotCalled = errors.New("lockout: the store reported success without calling step")

// apply takes one step at key, now.
func (g *Guard) apply(ctx context.Context, key Key, guess Record, s Step) (Record, Verdict, error) {
	var last struct {
		record  Record
		verdict Verdict
		called  bool
	}
	now := time.Now()
	err := g.store.Update(ctx, key, guess, now, func(r Record) (Record, bool) {
		last.record, last.verdict = g.policy.Next(r, s, now)
		last.called = true
		return last.record, last.verdict.Changed
	})
	if err == nil && !last.called {
		err = errNotCalled
	}
	return last.record, last.verdict, err
}

// refuse is the error for a verdict that is not Open.
func (g *Guard) refuse(v Verdict) error {
	switch v.Answer {
	case Busy:
		return errcodes.New(errcodes.ReasonServerBusy, errcodes.RetryAfter(v.Wait), errcodes.Uniform())
	case Locked:
		return errcodes.New(g.reasons.Locked, errcodes.RetryAfter(v.Wait), errcodes.Uniform(), errcodes.Proven(g.reasons.Proof))
	default:
		return errcodes.New(g.reasons.Disabled, errcodes.Uniform(), errcodes.Proven(g.reasons.Proof))
	}
}

// fault is the error for a store that failed: never a wrong password, never "not locked".
func fault(err error) error {
	switch {
	case errors.Is(err, ErrContended):
		return errcodes.Wrap(err, errcodes.ReasonServerBusy, errcodes.RetryAfter(busyWait), errcodes.Uniform())
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return errcodes.Wrap(err, errcodes.ReasonTimeout)
	default:
		return errcodes.Wrap(err, errcodes.ReasonServiceUnavailable)
	}
}

// locked tells OnLock if v says that a lock was written.
func (g *Guard) locked(ctx context.Context, key Key, v Verdict) {
	if !v.NewLock || g.hooks.OnLock == nil {
		return
	}
	e := LockEvent{Key: key, Until: v.Until, Level: v.Level, Disabled: v.Answer == Disabled, Observed: g.policy.Observe}
	g.hook(ctx, "OnLock", func() { g.hooks.OnLock(ctx, e) })
}

func (g *Guard) challenged(ctx context.Context) (passed bool) {
	return g.hook(ctx, "Challenge", func() { passed = g.hooks.Challenge(ctx) }) && passed
}

// hook calls f and reports whether it came back. A notifier that breaks must not
// change what the caller is answered, nor bring the process down.
func (g *Guard) hook(ctx context.Context, name string, f func()) (ok bool) {
	defer func() {
		if p := recover(); p != nil {
			slog.ErrorContext(ctx, "lockout: hook panicked", "hook", name, "panic", fmt.Sprint(p))
		}
	}()
	f()
	return true
}

// newTicket is an id that no other attempt at any time has, and not a secret.
func newTicket() uint64 {
	var b [8]byte
	for {
		_, _ = rand.Read(b[:]) // never fails
		if id := binary.LittleEndian.Uint64(b[:]); id != 0 {
			return id
		}
	}
}
