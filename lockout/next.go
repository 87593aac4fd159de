package lockout

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Op is what a [Step] does. The zero Op looks and changes nothing.
type Op uint8

const (
	// OpLook tells what a Reserve would be answered, without counting stale
	// attempts; nothing changes.
	OpLook Op = 0
	// OpReserve asks for a slot under the id Step.Ticket.
	OpReserve Op = 1
	// OpChallenged is OpReserve of someone who has passed a challenge instead of
	// waiting: one slot is given although the key is locked.
	OpChallenged Op = 2
	// OpSettle gives the slot of Step.Ticket back and counts Step.Outcome.
	OpSettle Op = 3
	// OpUnlock forgets everything but the attempts in flight.
	OpUnlock Op = 4
)

// Outcome is how an attempt ended. The zero Outcome is Failed: forgetting is
// failing.
type Outcome uint8

const (
	// Failed: the secret was compared and is wrong. Counted.
	Failed Outcome = 0
	// NotAttempted: nothing was compared (no hashing slot, a fault before the
	// comparison). The slot goes back, nothing is counted.
	NotAttempted Outcome = 1
	// Passed: the secret is right and another factor is still due. The slot goes
	// back; nothing is counted and nothing cleared, so that a right password
	// cannot be used to refill a budget; a half-open try stays open.
	Passed Outcome = 2
	// Completed: all factors are right. Failures, the count of consecutive ones
	// and the escalation are cleared, unless a lock was written since the attempt
	// was reserved.
	Completed Outcome = 3
)

// Step is one thing that happens to a key. Guard makes them; stores and their
// tests pass them on.
type Step struct {
	Op      Op
	Ticket  uint64 // id of the attempt: random, never 0; for reserving and settling
	Outcome Outcome
}

// Answer is what a step means for the caller. The zero Answer refuses.
type Answer uint8

const (
	Disabled Answer = 0 // too many failures in a row; no time releases it
	Locked   Answer = 1 // until Verdict.Until
	Busy     Answer = 2 // the slots are taken by attempts in flight; nothing is wrong
	Open     Answer = 3 // for a Reserve: the slot is given
)

// Verdict is what [Policy.Next] says about a step.
type Verdict struct {
	// Answer is the refusal or the permission; after an OpSettle it is Locked or
	// Disabled only if this very step made it so, and Open otherwise.
	Answer Answer
	// Until is when the lock ends that stands, or that an OpSettle wrote (UTC);
	// the zero time if there is none.
	Until time.Time
	// Wait is what to tell the caller: the time to Until when Locked, a second
	// when Busy, 0 otherwise.
	Wait time.Duration
	// Level is the number of locks in a row, 0 for a clean key.
	Level int
	// NewLock is set when this step wrote a lock that still stands, or disabled
	// the key.
	NewLock bool
	// Changed is set when the record returned must be stored. Refusals leave it
	// unset, apart from the first one after an attempt went stale.
	Changed bool
}

// Next is the whole rule: what a step makes of a record at a time, and what to
// answer. It is pure; stores apply it, and hold no rule of their own. p must be
// valid ([Policy.Validate]). In this order:
//
//	step            state of the key              record                                         answer
//	any             r has expired                 taken as the zero Record                       (goes on)
//	any             no failure for ForgetAfter,   failures and level cleared                     (goes on)
//	                and not locked
//	any             clean, Window has passed      failures cleared                               (goes on)
//	OpReserve,      attempts older than           each counted as Failed at the moment it        (goes on)
//	OpChallenged    StaleAfter                    went stale
//	                disabled                      –                                              Disabled
//	OpReserve       locked                        – (until moves if ExtendOnAttempt)             Locked
//	OpReserve,      in flight, and                –                                              Busy
//	OpChallenged    failures + in flight ≥ budget
//	                in flight, and consecutive +  –                                              Busy
//	                in flight ≥ MaxConsecutive
//	                otherwise                     ticket added                                   Open
//	OpSettle        NotAttempted, Passed          ticket removed                                 Open
//	                Completed                     ticket removed; failures, consecutive, level   Open
//	                                              and lock cleared if no lock was written since
//	                Failed, clean                 ticket removed, failure and consecutive + 1;   Open, Locked
//	                                              at Threshold: level 1, locked for FirstLock
//	                Failed, half-open (or         ticket removed, consecutive + 1, level + 1,    Locked
//	                challenged and locked)        locked for the next length
//	                Failed, locked since          ticket removed, consecutive + 1                Open
//	                Failed, consecutive reaches   ticket removed, disabled                       Disabled
//	                MaxConsecutive
//	                its ticket is not there       Failed on the zero Record: counted as above    as above
//	                                              (the row was lost); else – (it was settled,    Open
//	                                              or counted as stale)
//	OpUnlock        –                             all but the tickets cleared                    Open
//
// The budget is Threshold for a clean key and 1 for one that is half-open or
// challenged. A record in which nothing is left becomes the zero Record. What
// was settled once is not settled again, so a settling may be repeated.
func (p Policy) Next(r Record, s Step, now time.Time) (Record, Verdict) {
	p = p.withDefaults()
	t := micros(now)
	if r.expires != 0 && t >= r.expires {
		r = Record{}
	}
	var v Verdict
	switch s.Op {
	case OpReserve, OpChallenged:
		v = p.reserve(&r, s, t)
	case OpSettle:
		v = p.settle(&r, s, t)
	case OpUnlock:
		v = unlock(&r)
	case OpLook:
		p.age(&r, t)
		v = p.refusal(&r, t)
	}
	if v.Changed {
		p.tidy(&r)
	}
	v.Level = int(r.level)
	return r, v
}

// age forgets what time has made meaningless at t.
func (p Policy) age(r *Record, t int64) {
	if r.level > 0 && t >= r.lockedUntil && t-r.lastFailure >= p.ForgetAfter.Microseconds() {
		r.level, r.lockedAt, r.lockedUntil = 0, 0, 0
	}
	if r.failures > 0 && t-r.windowStart >= p.Window.Microseconds() {
		r.failures, r.windowStart = 0, 0
	}
}

// refusal is the verdict for who wants to try at t, slots aside.
func (p Policy) refusal(r *Record, t int64) Verdict {
	switch {
	case r.disabled || int(r.consecutive) >= p.MaxConsecutive:
		return Verdict{Answer: Disabled}
	case t < r.lockedUntil:
		// No lock is longer than maxLock; it is only where the clock was set back,
		// by years perhaps, and the product must not overflow into "no wait".
		wait := time.Duration(min(r.lockedUntil-t, maxLock.Microseconds())) * time.Microsecond
		return Verdict{Answer: Locked, Until: fromMicros(r.lockedUntil), Wait: wait}
	}
	return Verdict{Answer: Open}
}

func (p Policy) reserve(r *Record, s Step, t int64) Verdict {
	before := r.generation
	stale := p.countStale(r, t)
	p.age(r, t)
	v := p.refusal(r, t)
	v.Changed = stale
	v.NewLock = r.generation != before && v.Answer != Open
	if v.Answer == Locked && s.Op != OpChallenged && p.ExtendOnAttempt && p.extend(r, t) {
		again := p.refusal(r, t)
		v.Until, v.Wait, v.Changed = again.Until, again.Wait, true
	}
	if v.Answer == Disabled || v.Answer == Locked && s.Op != OpChallenged {
		return v
	}
	v.Wait = 0
	if slices.ContainsFunc(r.tickets, func(k ticket) bool { return k.id == s.Ticket }) {
		v.Answer = Open // a store repeats a step whose answer it lost
		return v
	}
	inFlight := len(r.tickets)
	if inFlight > 0 && (inFlight >= p.budget(r) || int(r.consecutive)+inFlight >= p.MaxConsecutive) {
		v.Answer, v.Wait = Busy, busyWait
		return v
	}
	// A copy: the record that was given may be in use elsewhere.
	tickets := make([]ticket, inFlight, inFlight+1)
	copy(tickets, r.tickets)
	r.tickets = append(tickets, ticket{id: s.Ticket, start: t, generation: r.generation})
	v.Answer, v.Changed = Open, true
	return v
}

// budget is how many attempts may be in flight now, at least 1.
func (p Policy) budget(r *Record) int {
	if r.level > 0 {
		return 1
	}
	return max(p.Threshold-int(r.failures), 1)
}

// countStale counts the attempts that nobody settled, each at the moment it went
// stale, as if its failure had been settled then: a person who comes back two
// hours after closing a tab is not locked for it now.
func (p Policy) countStale(r *Record, t int64) bool {
	limit := t - StaleAfter.Microseconds()
	isStale := func(k ticket) bool { return k.start <= limit }
	if !slices.ContainsFunc(r.tickets, isStale) {
		return false
	}
	var stale, live []ticket
	for _, k := range r.tickets {
		if isStale(k) {
			stale = append(stale, k)
		} else {
			live = append(live, k)
		}
	}
	slices.SortStableFunc(stale, func(a, b ticket) int { return cmp.Compare(a.start, b.start) })
	r.tickets = live
	for _, k := range stale {
		at := max(k.start+StaleAfter.Microseconds(), min(r.lastFailure, t)) // in order, and never ahead of now
		p.age(r, at)
		p.fail(r, k.generation, at)
	}
	return true
}

// extend begins the lock anew at t, at most MaxLock after it was written, and
// reports whether that is worth writing: a flood costs one write a second.
func (p Policy) extend(r *Record, t int64) bool {
	until := min(t+p.lockFor(r.level), r.lockedAt+p.MaxLock.Microseconds())
	if until-r.lockedUntil < time.Second.Microseconds() {
		return false
	}
	r.lockedUntil = until
	return true
}

func (p Policy) settle(r *Record, s Step, t int64) Verdict {
	v := Verdict{Answer: Open}
	i := slices.IndexFunc(r.tickets, func(k ticket) bool { return k.id == s.Ticket })
	generation := r.generation
	switch {
	case i >= 0:
		generation = r.tickets[i].generation
		// A copy, as in reserve.
		r.tickets = slices.Concat(r.tickets[:i], r.tickets[i+1:])
	case s.Outcome == NotAttempted, s.Outcome == Passed, s.Outcome == Completed, !r.IsZero():
		return v // it was settled or counted as stale before
	}
	v.Changed = true
	p.age(r, t)
	switch s.Outcome {
	case NotAttempted, Passed:
	case Completed:
		if generation == r.generation {
			clearFailures(r)
		}
	default: // Failed, and whatever is not an outcome
		if p.fail(r, generation, t) {
			again := p.refusal(r, t)
			v.Answer, v.Until, v.Wait, v.NewLock = again.Answer, again.Until, again.Wait, true
		}
	}
	return v
}

// fail counts one failure at the time at, of an attempt that was reserved under
// generation, and reports whether it locked or disabled the key.
func (p Policy) fail(r *Record, generation uint32, at int64) bool {
	r.consecutive = increment(r.consecutive)
	r.lastFailure = max(r.lastFailure, at)
	if r.disabled {
		return false
	}
	if int(r.consecutive) >= p.MaxConsecutive {
		r.disabled = true
		r.generation++
		return true
	}
	locked := at < r.lockedUntil
	if locked && generation != r.generation {
		return false // it was under way when the lock was written, which stands for it
	}
	if r.level == 0 {
		if r.failures++; r.failures == 1 {
			r.windowStart = at
		}
		if int(r.failures) < p.Threshold {
			return false
		}
	}
	r.failures, r.windowStart = 0, 0
	r.level = increment(r.level)
	r.generation++
	r.lockedAt = at
	r.lockedUntil = max(r.lockedUntil, at+p.lockFor(r.level))
	return true
}

// increment stops at the top instead of starting anew.
func increment(n uint16) uint16 {
	if n == math.MaxUint16 {
		return n
	}
	return n + 1
}

func unlock(r *Record) Verdict {
	v := Verdict{Answer: Open, Changed: !r.IsZero()}
	clearFailures(r)
	r.generation++ // attempts that were under way do not clear what comes after
	return v
}

func clearFailures(r *Record) {
	*r = Record{tickets: r.tickets, generation: r.generation}
}

// tidy brings a changed record into its one form: nothing left is the zero
// Record, anything else expires Retention after the latest of what it holds.
func (p Policy) tidy(r *Record) {
	if len(r.tickets) == 0 {
		r.tickets = nil
	}
	if r.empty() {
		*r = Record{}
		return
	}
	last := r.lastFailure
	for _, k := range r.tickets {
		last = max(last, k.start)
	}
	r.expires = last + p.Retention.Microseconds()
}
