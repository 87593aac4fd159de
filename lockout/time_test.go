package lockout

import (
	"testing"
	"time"
)

const skew = 30 * time.Second // in total, between servers

func TestStaleAttemptsAreFailures(t *testing.T) {
	d := newDesk(t, Policy{})
	for range 5 {
		d.open()
	}
	d.now = t0.Add(StaleAfter - time.Microsecond)
	d.want(Busy)
	d.now = t0.Add(StaleAfter)
	id, v := d.reserve()
	if v.Answer != Locked || !v.NewLock || !v.Changed || v.Wait != time.Minute || d.r.consecutive != 5 || len(d.r.tickets) != 0 {
		t.Fatalf("five abandoned attempts: %+v %+v", v, d.r)
	}
	if _, v := d.reserve(); v.Answer != Locked || v.NewLock || v.Changed {
		t.Fatalf("the refusal after it: %+v", v)
	}
	// Who comes late with the outcome does not count again.
	if v := d.settle(id-1, Failed); v.Changed || d.r.consecutive != 5 {
		t.Fatalf("counted twice: %+v %+v", v, d.r)
	}
}

func TestOneStaleAttemptIsOneFailure(t *testing.T) {
	d := newDesk(t, Policy{})
	d.open()
	d.now = t0.Add(StaleAfter)
	d.settle(d.open(), NotAttempted)
	if d.r.failures != 1 || d.r.consecutive != 1 {
		t.Fatalf("%+v", d.r)
	}
	if got, want := fromMicros(d.r.lastFailure), t0.Add(StaleAfter); !got.Equal(want) {
		t.Errorf("it is counted at %v, want %v", got, want)
	}
}

// Abandoned attempts lock for the time after they were abandoned, not for the
// time after somebody comes back.
func TestStaleAttemptsOfLongAgo(t *testing.T) {
	d := newDesk(t, Policy{})
	for range 5 {
		d.open()
	}
	d.now = t0.Add(2 * time.Hour)
	id, v := d.reserve()
	if v.Answer != Open || v.NewLock || d.r.consecutive != 5 || d.r.level != 1 {
		t.Fatalf("two hours later: %+v %+v", v, d.r)
	}
	d.want(Busy) // half-open all the same
	if v := d.settle(id, Failed); v.Wait != 2*time.Minute {
		t.Fatalf("%+v", v)
	}
}

func TestAnAttemptSettledLateButFirstCountsAsItWas(t *testing.T) {
	d := newDesk(t, Policy{})
	d.fail()
	id := d.open()
	d.now = t0.Add(10 * time.Minute)
	d.settle(id, Completed)
	if !d.r.IsZero() {
		t.Errorf("%+v", d.r)
	}
}

func TestAbandonedHalfOpenTryLocksAgain(t *testing.T) {
	d := newDesk(t, Policy{})
	d.now = d.failTimes(5).Until
	d.open()
	d.now = d.now.Add(StaleAfter)
	if v := d.want(Locked); v.Wait != 2*time.Minute || v.Level != 2 {
		t.Errorf("%+v", v)
	}
}

// Two servers whose clocks differ by the whole 30 seconds take turns.
func TestSkewBetweenServers(t *testing.T) {
	d := newDesk(t, Policy{})
	wall := t0
	on := func(i int) time.Time {
		if i%2 == 0 {
			return wall.Add(skew)
		}
		return wall
	}
	guesses, locks := 0, 0
	for i := 0; wall.Before(t0.Add(24 * time.Hour)); i++ {
		d.now = on(i)
		id, v := d.reserve()
		if v.Answer == Open {
			guesses++
			wall = wall.Add(time.Second)
			d.now = on(i + 1) // and the other one settles
			before := d.r.lockedUntil
			if v = d.settle(id, Failed); v.NewLock {
				locks++
				if d.r.lockedUntil < before {
					t.Fatal("a lock got shorter")
				}
			}
			continue
		}
		wall = wall.Add(time.Second)
	}
	if guesses > 34+1 {
		t.Errorf("%d guesses in 24 h at a skew of %v", guesses, skew)
	}
	if locks != guesses-4 {
		t.Errorf("%d locks after %d guesses", locks, guesses)
	}
	t.Logf("%d guesses in 24 h at a skew of %v", guesses, skew)
}

// At the bound of skew an attempt that is settled within 90 seconds is never
// taken for stale, and one that is abandoned is, 30 seconds late at most.
func TestSkewAndStaleness(t *testing.T) {
	d := newDesk(t, Policy{})
	id := d.open()
	d.now = t0.Add(90*time.Second - time.Microsecond + skew)
	d.settle(d.open(), NotAttempted)
	if d.r.consecutive != 0 {
		t.Fatal("taken for stale within 90 s")
	}
	d.settle(id, Passed)

	d = newDesk(t, Policy{})
	d.now = t0.Add(skew)
	d.open()
	d.now = t0.Add(StaleAfter + skew)
	d.settle(d.open(), NotAttempted)
	if d.r.consecutive != 1 {
		t.Fatal("not taken for stale 30 s late")
	}
}

func TestClockSetBackOpensNothing(t *testing.T) {
	for _, back := range []time.Duration{time.Second, time.Hour, 24 * time.Hour, 40 * 365 * 24 * time.Hour} {
		d := newDesk(t, Policy{})
		until := d.failTimes(5).Until
		d.now = t0.Add(-back)
		if v := d.want(Locked); !v.Until.Equal(until) || v.Changed || v.Wait < time.Minute {
			t.Errorf("back by %v: %+v", back, v)
		}

		d = newDesk(t, Policy{})
		d.failTimes(4)
		d.now = t0.Add(-back)
		if v := d.fail(); !v.NewLock {
			t.Errorf("back by %v: the window was opened: %+v", back, v)
		}

		d = newDesk(t, Policy{})
		d.now = d.failTimes(5).Until
		d.open()
		d.now = t0.Add(-back)
		if _, v := d.reserve(); v.Answer == Open {
			t.Errorf("back by %v: a half-open key is open twice", back)
		}
	}
}

func TestClockOfNoYear(t *testing.T) {
	for _, now := range []time.Time{{}, time.Unix(1<<62, 0), time.Unix(-1<<62, 0), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)} {
		d := newDesk(t, Policy{})
		d.now = now
		if v := d.failTimes(5); v.Answer != Locked || v.Wait != time.Minute {
			t.Errorf("%v: %+v", now, v)
		}
		d.want(Locked)
	}
}

func TestExtendOnAttemptIsBounded(t *testing.T) {
	d := newDesk(t, Policy{ExtendOnAttempt: true, MaxLock: 10 * time.Minute})
	d.failTimes(5)
	writes := 0
	for d.now.Before(t0.Add(9*time.Minute + 59*time.Second)) {
		d.now = d.now.Add(100 * time.Millisecond)
		v := d.want(Locked)
		if v.Until.After(t0.Add(10 * time.Minute)) {
			t.Fatalf("extended past MaxLock: %+v", v)
		}
		if v.Changed {
			writes++
		}
	}
	if writes > 600 {
		t.Errorf("%d writes in 10 minutes of trying", writes)
	}
	d.now = t0.Add(10 * time.Minute)
	d.want(Open)
}

func TestExtendOnAttemptExtends(t *testing.T) {
	d := newDesk(t, Policy{ExtendOnAttempt: true})
	d.failTimes(5)
	d.now = t0.Add(30 * time.Second)
	if v := d.want(Locked); !v.Until.Equal(t0.Add(90*time.Second)) || !v.Changed || v.NewLock || v.Wait != time.Minute {
		t.Errorf("%+v", v)
	}
}

func TestChallengedTry(t *testing.T) {
	d := newDesk(t, Policy{})
	until := d.failTimes(5).Until
	challenge := func() Verdict {
		d.id++
		return d.step(Step{Op: OpChallenged, Ticket: d.id})
	}
	if v := challenge(); v.Answer != Open || !v.Changed || v.Wait != 0 {
		t.Fatalf("%+v", v)
	}
	first := d.id
	if v := challenge(); v.Answer != Busy {
		t.Fatalf("a second one at once: %+v", v)
	}
	if v := d.settle(first, Passed); v.Answer != Open {
		t.Fatalf("%+v", v)
	}
	if v := d.want(Locked); !v.Until.Equal(until) {
		t.Fatalf("a challenge that was passed, and a first factor, moved the lock: %+v", v)
	}
	challenge()
	if v := d.settle(d.id, Failed); !v.NewLock || v.Wait != 2*time.Minute || v.Level != 2 {
		t.Fatalf("its failure does not lock again: %+v", v)
	}
	challenge()
	d.settle(d.id, Completed)
	if !d.r.IsZero() {
		t.Fatalf("%+v", d.r)
	}
}

func TestChallengeDoesNotPassTheCap(t *testing.T) {
	d := newDesk(t, Policy{})
	guesses := 0
	for range 1000 {
		d.id++
		if v := d.step(Step{Op: OpChallenged, Ticket: d.id}); v.Answer == Open {
			guesses++
			d.settle(d.id, Failed)
		}
	}
	if guesses != 100 || !d.r.disabled {
		t.Errorf("%d guesses with challenges", guesses)
	}
}

func TestPolicyChangedUnderway(t *testing.T) {
	d := newDesk(t, Policy{})
	d.failTimes(4)
	d.p.Threshold = 2
	if v := d.fail(); !v.NewLock { // one try, never busy for ever
		t.Errorf("%+v", v)
	}
	d = newDesk(t, Policy{})
	for range 20 {
		d.fail()
		d.now = d.now.Add(20 * time.Minute)
	}
	d.p.MaxConsecutive = 10
	d.want(Disabled)
	d.p.MaxConsecutive = 100
	d.want(Open)

	// A lock of an hour stands, though the new policy forgets after a minute.
	d = newDesk(t, Policy{FirstLock: time.Hour})
	until := d.failTimes(5).Until
	d.p = Legacy(5, time.Minute)
	d.now = until.Add(-time.Second)
	d.want(Locked)
	d.now = until
	d.want(Open)
}

func TestLegacyGivesAllTriesBack(t *testing.T) {
	d := newDesk(t, Legacy(3, 10*time.Minute))
	for range 3 {
		v := d.failTimes(3)
		if v.Answer != Locked || v.Wait != 10*time.Minute || v.Level != 1 {
			t.Fatalf("%+v", v)
		}
		d.now = v.Until
	}
}
