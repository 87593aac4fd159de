package lockout

import (
	"fmt"
	"time"
)

const (
	// StaleAfter is how long an attempt may stay unsettled. Older ones are
	// counted as failures by the next Reserve on the key. Servers may differ by
	// 30 seconds, so whatever is compared must be settled within 90 seconds.
	StaleAfter = 120 * time.Second

	maxThreshold   = 100                       // bounds the tickets in a record, and so its size
	maxConsecutive = 100                       // NIST SP 800-63B-4 §3.2.2 SHALL
	maxLock        = 24 * time.Hour            // a lock that nobody can wait for is a disabled account in disguise
	maxRetention   = 10 * 365 * 24 * time.Hour // far beyond any use; keeps the arithmetic safe
	maxFactor      = 10
	busyWait       = time.Second // what a refusal for lack of a slot tells the caller to wait
	minDuration    = time.Second
)

// Policy is the numbers of the rule; [Policy.Next] is the rule. A field that is
// zero has the value of [Default], so the zero Policy is Default. There is no
// value that means "off". Policies are values: change one before it goes into
// [New], which checks it with [Policy.Validate].
type Policy struct {
	// Threshold is the number of failures within Window that locks a clean key
	// (1 to 100; default 5).
	Threshold int
	// Window is how long a failure counts towards Threshold, from the first one
	// on: it is fixed and not moved by later failures (default 15 min).
	Window time.Duration
	// FirstLock is the length of the first lock (default 1 min). Each lock after
	// it is Factor times as long (1 to 10; default 2), up to MaxLock (default
	// 60 min; at most 24 h).
	FirstLock time.Duration
	Factor    int
	MaxLock   time.Duration
	// ForgetAfter is the time without a failure after which a key that was
	// locked is clean again (default 24 h). It does not touch MaxConsecutive.
	ForgetAfter time.Duration
	// MaxConsecutive is the number of failures without a Completed between them,
	// however slow, that disables the key (Threshold to 100; default 100: NIST
	// SP 800-63B-4 §3.2.2). Only Completed, Unlock and Retention end that count.
	MaxConsecutive int
	// Retention is how long anything is remembered after the last failure, for
	// every key alike (default 90 days; at most 10 years). A disabled key is
	// usable again after it.
	Retention time.Duration
	// ExtendOnAttempt makes an attempt on a locked key begin its lock anew, never
	// past MaxLock after the lock was written. Off by default: attempts that are
	// not compared are not guesses, and whoever keeps trying would keep the
	// owner out. When on, refusals write at most once a second for each key.
	ExtendOnAttempt bool
	// Observe computes every verdict, writes every record and calls the hooks
	// with Observed set, and refuses nobody. Attempts that would have been
	// refused are let through and not counted, so that the rehearsal shows the
	// locks that enforcing would have brought. Locks that stand when Observe is
	// turned off are enforced from then on: rehearse on a store of its own.
	Observe bool
}

// Default is the policy to use unless a rule book says otherwise, and what the
// zero Policy means: 5 failures in 15 minutes, then 1 minute doubling to 60,
// 100 in a row disable. A minute's wait for a person who mistypes; how many
// guesses somebody patient gets is in the package's documentation.
func Default() Policy { return Policy{}.withDefaults() }

// NIST follows SP 800-63B-4 §3.2.2 to the letter: waits grow from 30 seconds to
// an hour, escalation is remembered for 30 days, and a key disabled by 100
// consecutive failures stays so until it is unlocked (Retention of 10 years).
func NIST() Policy {
	p := Default()
	p.FirstLock, p.ForgetAfter, p.Retention = 30*time.Second, 30*24*time.Hour, maxRetention
	return p
}

// PCI follows PCI DSS 4.0 requirement 8.3.4: locked after at most 10 attempts,
// for at least 30 minutes. Failures count for 24 hours, since that rule knows no
// window, and the second lock in a row is an hour.
func PCI() Policy {
	p := Default()
	p.Threshold, p.Window, p.FirstLock, p.MaxLock = 10, 24*time.Hour, 30*time.Minute, time.Hour
	return p
}

// Legacy is the fixed lock that many frameworks have: n failures within d lock
// for d, and then n tries are free again. It allows many more guesses than
// Default (480 a day for Legacy(5, 15*time.Minute) until 100 in a row disable
// the key) and makes a person wait longer; use it where a written rule wants
// exactly this.
func Legacy(n int, d time.Duration) Policy {
	p := Default()
	p.Threshold, p.Window, p.FirstLock, p.Factor, p.MaxLock, p.ForgetAfter = n, d, d, 1, d, d
	return p
}

func (p Policy) withDefaults() Policy {
	set(&p.Threshold, 5)
	set(&p.Window, 15*time.Minute)
	set(&p.FirstLock, time.Minute)
	set(&p.Factor, 2)
	set(&p.MaxLock, time.Hour)
	set(&p.ForgetAfter, 24*time.Hour)
	set(&p.MaxConsecutive, maxConsecutive)
	set(&p.Retention, 90*24*time.Hour)
	return p
}

func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Validate reports the first field that cannot work, with what to write
// instead. Zero fields are valid: they mean Default.
func (p Policy) Validate() error {
	p = p.withDefaults()
	checks := [...]struct {
		ok     bool
		field  string
		value  any
		remedy string
	}{
		{p.Threshold >= 1 && p.Threshold <= maxThreshold, "Threshold", p.Threshold, "use 1 to 100, or 0 for 5"},
		{p.Window >= minDuration, "Window", p.Window, "use at least 1s, or 0 for 15m"},
		{p.FirstLock >= minDuration, "FirstLock", p.FirstLock, "use at least 1s, or 0 for 1m"},
		{p.Factor >= 1 && p.Factor <= maxFactor, "Factor", p.Factor, "use 1 (all locks alike) to 10, or 0 for 2"},
		{p.MaxLock <= maxLock, "MaxLock", p.MaxLock, "use at most 24h; who must stay out longer is disabled, not locked"},
		{p.MaxLock >= p.FirstLock, "MaxLock", p.MaxLock, fmt.Sprintf("use at least FirstLock (%v)", p.FirstLock)},
		{p.ForgetAfter >= p.MaxLock, "ForgetAfter", p.ForgetAfter, fmt.Sprintf("use at least MaxLock (%v)", p.MaxLock)},
		{p.ForgetAfter >= p.Window, "ForgetAfter", p.ForgetAfter, fmt.Sprintf("use at least Window (%v)", p.Window)},
		{p.MaxConsecutive <= maxConsecutive, "MaxConsecutive", p.MaxConsecutive, "use at most 100 (NIST SP 800-63B-4 §3.2.2), or 0 for 100"},
		{p.MaxConsecutive >= p.Threshold, "MaxConsecutive", p.MaxConsecutive, fmt.Sprintf("use at least Threshold (%d)", p.Threshold)},
		{p.Retention >= p.ForgetAfter, "Retention", p.Retention, fmt.Sprintf("use at least ForgetAfter (%v)", p.ForgetAfter)},
		{p.Retention <= maxRetention, "Retention", p.Retention, fmt.Sprintf("use at most %v (10 years)", maxRetention)},
	}
	for _, c := range checks {
		if !c.ok {
			return fmt.Errorf("lockout: Policy.%s is %v: %s", c.field, c.value, c.remedy)
		}
	}
	return nil
}

// lockFor is the length in micro-seconds of the level-th lock in a row (1 is the first).
func (p Policy) lockFor(level uint16) int64 {
	d, limit := p.FirstLock.Microseconds(), p.MaxLock.Microseconds()
	factor := int64(max(p.Factor, 1))
	for ; level > 1 && factor > 1; level-- {
		if d > limit/factor {
			return limit
		}
		d *= factor
	}
	return d
}
