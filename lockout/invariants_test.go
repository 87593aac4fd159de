package lockout

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestFuzzedSteps(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		script := make([]byte, 2+random.IntN(400))
		for i := range script {
			script[i] = byte(random.Uint32())
		}
		playInvariants(t, script)
	}
}

func FuzzNext(f *testing.F) {
	f.Add([]byte{0, 0, 1, 0, 1, 0, 1})
	f.Add(slices.Repeat([]byte{3, 1, 8, 0, 200}, 60))
	f.Fuzz(playInvariants)
}

// playInvariants reads steps, outcomes and times from script and checks what must
// hold after each of them, whatever came before.
func playInvariants(t *testing.T, script []byte) {
	if len(script) < 2 {
		return
	}
	p := [...]Policy{{}, NIST(), PCI(), Legacy(3, 5*time.Minute), {Threshold: 1, MaxConsecutive: 3}, {ExtendOnAttempt: true}, {Threshold: 100}, {Threshold: 2, MaxConsecutive: 10}}[script[0]%8].withDefaults()
	d := &desk{t: t, p: p, now: t0}
	for i, c := range script[1:] {
		jump := time.Duration(c>>5) * time.Duration(c) * 700 * time.Millisecond
		switch c >> 2 & 7 {
		case 6:
			jump *= 2000 // days
		case 7:
			jump = -jump
		}
		d.now = d.now.Add(jump)
		old := d.r
		s := Step{Op: Op(c % 5), Outcome: Outcome(c / 5 % 5), Ticket: uint64(i + 1)}
		if s.Op == OpSettle && len(old.tickets) > 0 {
			s.Ticket = old.tickets[int(c)%len(old.tickets)].id
		}
		v := d.step(s)
		checkInvariants(t, p, old, d.r, s, v, d.now)
	}
}

func checkInvariants(t *testing.T, p Policy, old, r Record, s Step, v Verdict, now time.Time) {
	t.Helper()
	us := micros(now)
	bad := func(what string) {
		t.Helper()
		t.Fatalf("%s: %+v at %v: %+v\nfrom %+v\n  to %+v", what, s, now, v, old, r)
	}
	expired := old.expires != 0 && us >= old.expires
	switch {
	case int(r.failures) >= p.Threshold:
		bad("failures reach the threshold without a lock")
	case len(r.tickets) > p.Threshold:
		bad("more in flight than the threshold")
	case int(r.consecutive) > p.MaxConsecutive && !old.disabled:
		bad("more consecutive failures than the cap")
	case !r.disabled && int(r.consecutive)+len(r.tickets) > p.MaxConsecutive && len(r.tickets) > 1:
		bad("attempts in flight can pass the cap")
	case r.lockedUntil > max(us+p.MaxLock.Microseconds(), old.lockedUntil):
		bad("a lock of more than MaxLock")
	case r.disabled && old.disabled && s.Op != OpUnlock && v.Answer == Open && s.Op != OpSettle && !expired:
		bad("a disabled key is open")
	case old.disabled && !r.disabled && s.Op != OpUnlock && !expired && (s.Op != OpSettle || s.Outcome != Completed):
		bad("no longer disabled")
	case old.lockedUntil > us && r.lockedUntil < old.lockedUntil && s.Op != OpUnlock && !expired && (s.Op != OpSettle || s.Outcome != Completed):
		bad("a lock ends sooner")
	case old.lockedUntil > us && s.Op == OpReserve && v.Answer == Open && !expired:
		bad("a locked key is open")
	case r.consecutive < old.consecutive && s.Op != OpUnlock && !expired && (s.Op != OpSettle || s.Outcome != Completed):
		bad("consecutive failures are forgotten")
	case v.Wait < 0, v.Answer == Locked && v.Wait <= 0, v.Answer == Busy && v.Wait != time.Second:
		bad("a wait that does not fit")
	case v.NewLock && !v.Changed, v.NewLock && v.Until.IsZero() && v.Answer != Disabled, v.NewLock && v.Answer == Open && s.Op != OpChallenged:
		bad("a lock that is not told or not stored")
	case v.Answer == Busy && len(r.tickets) == 0:
		bad("busy with nothing in flight")
	case s.Op == OpLook && v.Changed:
		bad("looking writes")
	}
}

// Records are values: what is made of one does not show in another.
func TestRecordsDoNotShareTickets(t *testing.T) {
	for n := range 20 {
		d := newDesk(t, Policy{Threshold: 100})
		ids := []uint64{d.open()}
		d.now = t0.Add(time.Minute)
		for range n + 1 {
			ids = append(ids, d.open())
		}
		d.settle(ids[1], NotAttempted)
		d.now = t0.Add(StaleAfter) // the first one is stale
		d.open()
		base := d.r
		a, _ := d.p.Next(base, Step{Op: OpReserve, Ticket: 1001}, d.now)
		want := mustEncode(t, a)
		b, _ := d.p.Next(base, Step{Op: OpReserve, Ticket: 1002}, d.now)
		_, _ = d.p.Next(b, Step{Op: OpSettle, Ticket: ids[2%len(ids)], Outcome: Failed}, d.now)
		if !bytes.Equal(mustEncode(t, a), want) {
			t.Fatalf("with %d in flight, a second reservation changed the first one's record", len(base.tickets))
		}
	}
}

func TestCountersStopAtTheTop(t *testing.T) {
	if increment(65534) != 65535 || increment(65535) != 65535 {
		t.Error("a counter starts anew")
	}
}

func TestReserveAgainUnderTheSameIDIsOnce(t *testing.T) {
	d := newDesk(t, Policy{})
	id := d.open()
	if v := d.step(Step{Op: OpReserve, Ticket: id}); v.Answer != Open || v.Changed || len(d.r.tickets) != 1 {
		t.Errorf("%+v %+v", v, d.r)
	}
}
