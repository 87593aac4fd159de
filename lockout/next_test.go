package lockout

import (
	"bytes"
	"testing"
	"time"
)

// desk plays one key through the rule alone.
type desk struct {
	t   *testing.T
	p   Policy
	r   Record
	now time.Time
	id  uint64
}

func newDesk(t *testing.T, p Policy) *desk {
	t.Helper()
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	return &desk{t: t, p: p, now: t0}
}

func (d *desk) step(s Step) Verdict {
	d.t.Helper()
	before := mustEncode(d.t, d.r)
	given := d.r
	next, v := d.p.Next(d.r, s, d.now)
	if !bytes.Equal(mustEncode(d.t, given), before) {
		d.t.Fatalf("Next changed the record it was given: %+v", s)
	}
	if v.Changed {
		d.r = next
		var back Record
		if err := back.UnmarshalBinary(mustEncode(d.t, next)); err != nil {
			d.t.Fatalf("after %+v: %v: %+v", s, err, next)
		}
	}
	return v
}

func (d *desk) reserve() (uint64, Verdict) {
	d.t.Helper()
	d.id++
	return d.id, d.step(Step{Op: OpReserve, Ticket: d.id})
}

func (d *desk) open() uint64 {
	d.t.Helper()
	id, v := d.reserve()
	if v.Answer != Open {
		d.t.Fatalf("at %v: %+v, want Open; %+v", d.now.Sub(t0), v, d.r)
	}
	return id
}

func (d *desk) settle(id uint64, o Outcome) Verdict {
	d.t.Helper()
	return d.step(Step{Op: OpSettle, Ticket: id, Outcome: o})
}

func (d *desk) fail() Verdict { d.t.Helper(); return d.settle(d.open(), Failed) }

func (d *desk) failTimes(n int) (v Verdict) {
	d.t.Helper()
	for range n {
		v = d.fail()
	}
	return v
}

func (d *desk) want(a Answer) Verdict {
	d.t.Helper()
	id, v := d.reserve()
	if v.Answer != a {
		d.t.Fatalf("at %v Reserve is answered %+v, want %d; %+v", d.now.Sub(t0), v, a, d.r)
	}
	if a == Open {
		d.settle(id, NotAttempted)
	}
	return v
}

func TestThresholdLocks(t *testing.T) {
	d := newDesk(t, Policy{})
	for i := range 4 {
		if v := d.fail(); v.Answer != Open || v.NewLock {
			t.Fatalf("failure %d: %+v", i+1, v)
		}
	}
	v := d.fail()
	if v.Answer != Locked || !v.NewLock || v.Wait != time.Minute || !v.Until.Equal(t0.Add(time.Minute)) || v.Level != 1 {
		t.Fatalf("failure 5: %+v", v)
	}
	d.now = d.now.Add(59 * time.Second)
	if v := d.want(Locked); v.Wait != time.Second || v.Changed || v.NewLock {
		t.Fatalf("a second before the end: %+v", v)
	}
	d.now = d.now.Add(time.Second)
	d.want(Open)
}

func TestWindowIsFixedFromTheFirstFailure(t *testing.T) {
	d := newDesk(t, Policy{})
	for range 4 {
		d.fail()
		d.now = d.now.Add(3 * time.Minute)
	}
	d.now = t0.Add(15*time.Minute - time.Microsecond)
	id := d.open()
	d.now = t0.Add(15 * time.Minute) // settled when the window is over
	if v := d.settle(id, Failed); v.NewLock || d.r.failures != 1 || d.r.windowStart != micros(d.now) {
		t.Fatalf("a failure at the end of the window: %+v, %+v", v, d.r)
	}
	if d.r.consecutive != 5 {
		t.Fatalf("consecutive is %d", d.r.consecutive)
	}
}

func TestAttemptsWhileLockedMoveNothing(t *testing.T) {
	d := newDesk(t, Policy{})
	until := d.failTimes(5).Until
	before := mustEncode(t, d.r)
	for range 1000 {
		d.now = d.now.Add(50 * time.Millisecond)
		if v := d.want(Locked); !v.Until.Equal(until) || v.Changed {
			t.Fatalf("an attempt while locked: %+v, lock ended at %v", v, until)
		}
	}
	if !bytes.Equal(mustEncode(t, d.r), before) {
		t.Error("attempts while locked changed the record")
	}
}

func TestHalfOpenIsOneTryAndDoubles(t *testing.T) {
	d := newDesk(t, Policy{})
	v := d.failTimes(5)
	for i, minutes := range []int{2, 4, 8, 16, 32, 60, 60, 60} {
		d.now = v.Until
		id := d.open()
		if w := d.want(Busy); w.Wait != time.Second || w.Changed {
			t.Fatalf("second attempt at a half-open key: %+v", w)
		}
		d.now = d.now.Add(20 * time.Second)
		v = d.settle(id, Failed)
		if v.Answer != Locked || v.Wait != time.Duration(minutes)*time.Minute || v.Level != i+2 {
			t.Fatalf("lock %d: %+v, want %d min", i+2, v, minutes)
		}
	}
}

func TestHalfOpenSurvivesWhatIsNoFailure(t *testing.T) {
	for _, o := range []Outcome{NotAttempted, Passed} {
		d := newDesk(t, Policy{})
		d.now = d.failTimes(5).Until
		for range 3 {
			if v := d.settle(d.open(), o); v.Answer != Open || v.NewLock {
				t.Fatalf("outcome %d: %+v", o, v)
			}
		}
		if d.r.consecutive != 5 || d.r.level != 1 {
			t.Fatalf("outcome %d changed counts: %+v", o, d.r)
		}
		if v := d.fail(); v.Wait != 2*time.Minute {
			t.Fatalf("after outcome %d a failure is %+v", o, v)
		}
	}
}

func TestPassedClearsNothing(t *testing.T) {
	d := newDesk(t, Policy{})
	d.failTimes(4)
	d.settle(d.open(), Passed)
	if v := d.fail(); !v.NewLock {
		t.Fatalf("a right first factor refilled the budget: %+v", v)
	}
}

func TestCompletedClears(t *testing.T) {
	d := newDesk(t, Policy{})
	d.now = d.failTimes(5).Until
	d.settle(d.open(), Completed)
	if !d.r.IsZero() {
		t.Fatalf("something is left: %+v", d.r)
	}
	if v := d.failTimes(5); v.Wait != time.Minute {
		t.Fatalf("the escalation is not forgotten: %+v", v)
	}
}

func TestForgetAfter(t *testing.T) {
	d := newDesk(t, Policy{})
	v := d.failTimes(5)
	d.now = t0.Add(24*time.Hour - time.Microsecond)
	if _, v := d.reserve(); v.Level != 1 {
		t.Fatalf("forgotten too soon: %+v", v)
	}
	d.r.tickets = nil
	d.now = t0.Add(24 * time.Hour)
	if v = d.failTimes(5); v.Wait != time.Minute || v.Level != 1 {
		t.Fatalf("not forgotten: %+v", v)
	}
	if d.r.consecutive != 10 {
		t.Fatalf("ForgetAfter reset the consecutive failures to %d", d.r.consecutive)
	}
}

func TestRetention(t *testing.T) {
	for name, n := range map[string]int{"failures": 3, "disabled": 100} {
		d := newDesk(t, Policy{})
		for range n {
			d.fail()
			d.now = d.now.Add(time.Hour)
		}
		last := d.now.Add(-time.Hour)
		end := last.Add(90 * 24 * time.Hour)
		if !d.r.Expires().Equal(end) {
			t.Fatalf("%s: Expires() = %v, want %v", name, d.r.Expires(), end)
		}
		d.now = end.Add(-time.Microsecond)
		if got, _ := d.p.Next(d.r, Step{}, d.now); int(got.consecutive) != n {
			t.Fatalf("%s: forgotten too soon", name)
		}
		d.now = end
		if got, v := d.p.Next(d.r, Step{}, d.now); !got.IsZero() || v.Answer != Open {
			t.Fatalf("%s: remembered too long: %+v", name, got)
		}
	}
}

// A sign-in that succeeds must not make old failures live longer.
func TestAttemptsDoNotProlongRetention(t *testing.T) {
	d := newDesk(t, Policy{})
	d.fail()
	want := d.r.Expires()
	for range 5 {
		d.now = d.now.Add(48 * time.Hour)
		d.settle(d.open(), Passed)
		d.settle(d.open(), NotAttempted)
	}
	if got := d.r.Expires(); !got.Equal(want) {
		t.Errorf("expires %v, want %v", got, want)
	}
}

func TestGuessesOfWhoNeverRests(t *testing.T) {
	d := newDesk(t, Policy{})
	guesses, firstDay := 0, 0
	for guesses < 100 {
		_, v := d.reserve()
		if v.Answer != Open {
			d.now = d.now.Add(max(v.Wait, time.Second))
			continue
		}
		d.settle(d.id, Failed)
		if guesses++; d.now.Sub(t0) < 24*time.Hour {
			firstDay = guesses
		}
	}
	if firstDay > 34 || firstDay < 30 {
		t.Errorf("%d guesses in the first 24 hours", firstDay)
	}
	if h := d.now.Sub(t0).Hours(); h < 90 || h > 91 {
		t.Errorf("100 guesses after %.1f hours", h)
	}
	t.Logf("%d guesses in 24 h, 100 after %v", firstDay, d.now.Sub(t0))
	d.want(Disabled)
	d.now = d.now.Add(30 * 24 * time.Hour)
	if v := d.want(Disabled); v.Wait != 0 || !v.Until.IsZero() || v.Changed {
		t.Errorf("disabled is %+v", v)
	}
}

func TestSlowGuessingIsDisabledAt100(t *testing.T) {
	d := newDesk(t, Policy{})
	for n := 0; n < 100; {
		for range 4 {
			if v := d.fail(); v.NewLock != (n == 99) {
				t.Fatalf("failure %d: %+v", n+1, v)
			}
			n++
		}
		d.now = d.now.Add(16 * time.Minute)
	}
	if v := d.want(Disabled); v.Changed {
		t.Errorf("a refusal of a disabled key writes: %+v", v)
	}
	d.step(Step{Op: OpUnlock})
	if !d.r.IsZero() {
		t.Errorf("Unlock leaves %+v", d.r)
	}
}

func TestTheHundredthVerdict(t *testing.T) {
	d := newDesk(t, Policy{MaxConsecutive: 5})
	v := d.failTimes(5)
	if v.Answer != Disabled || !v.NewLock || v.Wait != 0 {
		t.Errorf("the failure that disables: %+v", v)
	}
}

func TestConsecutiveAndInFlightStayBelowTheCap(t *testing.T) {
	d := newDesk(t, Policy{})
	for range 97 {
		d.fail()
		d.now = d.now.Add(24 * time.Hour)
	}
	ids := []uint64{d.open(), d.open(), d.open()}
	d.want(Busy) // although 5 slots are free
	for _, id := range ids {
		d.settle(id, Failed)
	}
	if d.r.consecutive != 100 || !d.r.disabled {
		t.Errorf("%+v", d.r)
	}
}

func TestBusyIsNeverLocked(t *testing.T) {
	d := newDesk(t, Policy{})
	var ids []uint64
	for range 5 {
		ids = append(ids, d.open())
	}
	for range 195 {
		if v := d.want(Busy); v.Wait != time.Second || v.Changed {
			t.Fatalf("%+v", v)
		}
	}
	d.settle(ids[0], NotAttempted)
	d.want(Open)
	for _, id := range ids[1:] {
		d.settle(id, Passed)
	}
	if !d.r.IsZero() {
		t.Errorf("something is left of parallel successes: %+v", d.r)
	}
}

// A success does not wipe a lock that was written while it was under way.
func TestGenerationRule(t *testing.T) {
	// Five in flight; one failure locks, since the threshold is lowered meanwhile
	// on every server: the others were under way when the lock was written.
	d := newDesk(t, Policy{})
	ids := []uint64{d.open(), d.open(), d.open(), d.open(), d.open()}
	d.p.Threshold = 1
	lock := d.settle(ids[0], Failed)
	if !lock.NewLock {
		t.Fatal("not locked")
	}
	if v := d.settle(ids[1], Failed); v.NewLock || v.Answer != Open || d.r.level != 1 || d.r.consecutive != 2 {
		t.Fatalf("a failure under way when the lock was written: %+v %+v", v, d.r)
	}
	if v := d.settle(ids[2], Completed); v.Answer != Open {
		t.Fatalf("%+v", v)
	}
	if v := d.want(Locked); !v.Until.Equal(lock.Until) || d.r.consecutive != 2 {
		t.Fatalf("a success lifted a lock that came after its reservation: %+v %+v", v, d.r)
	}
	if len(d.r.tickets) != 2 {
		t.Fatalf("%d tickets are left, want 2", len(d.r.tickets))
	}
	// After the lock has passed they still take the one slot there is.
	d.now = lock.Until
	d.want(Busy)
	d.settle(ids[3], NotAttempted)
	if v := d.settle(ids[4], Failed); !v.NewLock || v.Level != 2 {
		t.Fatalf("a failure at a half-open key: %+v", v)
	}
}

func TestUnlockKeepsWhatIsInFlight(t *testing.T) {
	d := newDesk(t, Policy{})
	d.failTimes(3)
	a, b := d.open(), d.open()
	d.step(Step{Op: OpUnlock})
	if len(d.r.tickets) != 2 || d.r.consecutive != 0 || d.r.failures != 0 {
		t.Fatalf("%+v", d.r)
	}
	d.settle(a, Failed)
	if d.r.failures != 1 || d.r.consecutive != 1 {
		t.Fatalf("a failure in flight is not counted after Unlock: %+v", d.r)
	}
	d.settle(b, Completed) // reserved before the unlocking
	if d.r.failures != 1 {
		t.Fatalf("a success from before Unlock cleared what came after: %+v", d.r)
	}
	d.step(Step{Op: OpUnlock})
	if v := d.step(Step{Op: OpUnlock}); v.Changed || !d.r.IsZero() {
		t.Fatalf("Unlock of nothing: %+v %+v", v, d.r)
	}
}

func TestCompletedKeepsWhatIsInFlight(t *testing.T) {
	d := newDesk(t, Policy{})
	d.fail()
	a, b := d.open(), d.open()
	d.settle(a, Completed)
	if len(d.r.tickets) != 1 || d.r.consecutive != 0 {
		t.Fatalf("%+v", d.r)
	}
	d.settle(b, Failed)
	if d.r.failures != 1 {
		t.Fatalf("%+v", d.r)
	}
}

func TestSettlingTwiceIsSettlingOnce(t *testing.T) {
	for o := Failed; o <= Completed; o++ {
		d := newDesk(t, Policy{})
		d.failTimes(2)
		id := d.open()
		other := d.open()
		d.settle(id, o)
		want := mustEncode(t, d.r)
		for again := Failed; again <= Completed; again++ {
			if v := d.settle(id, again); v.Changed || v.Answer != Open {
				t.Errorf("outcome %d, then %d: %+v", o, again, v)
			}
		}
		if !bytes.Equal(mustEncode(t, d.r), want) {
			t.Errorf("outcome %d counts twice", o)
		}
		d.settle(other, NotAttempted)
	}
}

func TestFailedOnALostRowIsCounted(t *testing.T) {
	d := newDesk(t, Policy{})
	id := d.open()
	d.r = Record{} // evicted
	d.settle(id, Failed)
	if d.r.failures != 1 || d.r.consecutive != 1 {
		t.Fatalf("%+v", d.r)
	}
	for _, o := range []Outcome{NotAttempted, Passed, Completed} {
		d.r = Record{}
		if v := d.settle(id, o); v.Changed {
			t.Errorf("outcome %d writes a row for nothing", o)
		}
	}
}
