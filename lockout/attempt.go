package lockout

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
)

const (
	settleTime   = 5 * time.Second // how long a settling is repeated
	giveBackTime = time.Second
	firstPause   = 5 * time.Millisecond // between two tries, doubling
	maxPause     = 250 * time.Millisecond
)

// Attempt is one try that was reserved. Settle it exactly once; an attempt that
// is not settled counts as a failure.
type Attempt struct {
	guard  *Guard
	key    Key
	ticket uint64
	record Record // as it was stored last by this attempt: the guess for the next step

	mu      sync.Mutex
	settled bool
	err     error // of a settling that did not hold
}

// Settle says how the attempt ended and gives its slot back. It returns nil if
// that is counted and the key is not locked by it. Otherwise an *errcodes.Error:
//
//   - Reasons.Locked with the time to wait, if this very failure locked the key
//   - Reasons.Disabled, if it was the last of Policy.MaxConsecutive
//   - service_unavailable, timeout or server_busy: the store failed until the
//     end. Then make no session, whatever the outcome was; the attempt may count
//     as a failure, once.
//
// Settle works on when ctx is cancelled, so that who hangs up is counted too: it
// has 5 seconds of its own and repeats what the store refused until it holds or
// they end.
//
// The first call decides. A later one, at the same time or after it, does
// nothing; it waits for the first and returns nil if that one held, and its
// fault if it did not. So `defer attempt.Settle(ctx, lockout.NotAttempted)` is a
// safe way to give a slot back on every early return.
func (a *Attempt) Settle(ctx context.Context, o Outcome) error {
	if a == nil {
		return errcodes.Wrap(errors.New("lockout: Settle of a nil Attempt: Reserve had refused"), errcodes.ReasonInternalError)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.settled {
		return a.err
	}
	a.settled = true
	ctx = context.WithoutCancel(ctx)
	v, err := a.hold(ctx, Step{Op: OpSettle, Ticket: a.ticket, Outcome: o})
	if err != nil {
		a.err = fault(err)
		return a.err
	}
	a.guard.locked(ctx, a.key, v)
	if v.Answer == Open || a.guard.policy.Observe {
		return nil
	}
	return a.guard.refuse(v)
}

// Failures is how many failures in a row stood at the key when this attempt was
// reserved, for telling the owner of a success after many of them (OWASP ASVS 5.0
// 6.3.5). It counts towards Policy.MaxConsecutive and is 0 after a Completed.
// Tell it to nobody who has not completed the sign-in.
func (a *Attempt) Failures() int {
	if a == nil {
		return 0
	}
	return int(a.record.consecutive)
}

// hold takes the step until it holds or settleTime is over.
func (a *Attempt) hold(ctx context.Context, s Step) (Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	var timer *time.Timer
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		_, v, err := a.guard.apply(ctx, a.key, a.record, s)
		if err == nil {
			return v, nil
		}
		if timer == nil {
			timer = time.NewTimer(pause)
			defer timer.Stop()
		} else {
			timer.Reset(pause)
		}
		select {
		case <-timer.C:
		case <-ctx.Done():
			return Verdict{}, err // what the store said tells more than the deadline
		}
	}
}
