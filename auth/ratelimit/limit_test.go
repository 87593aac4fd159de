package ratelimit_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sekisho-auth/sekisho/auth/ratelimit"
	"golang.org/x/time/rate"
)

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// TestAgreesWithRateLimiter walks both implementations through the same events.
// Their arithmetic differs, whole microseconds against floating point, so at
// the very moment at which a token becomes whole one may still wait for a
// microsecond; such an event is left out for both.
func TestAgreesWithRateLimiter(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	compared, allowed, onEdge := 0, 0, 0
	for range 300 {
		interval := time.Duration(1000+rnd.Int64N(60_000_000)) * time.Microsecond
		l := ratelimit.Limit{Rate: rate.Every(interval), Burst: 1 + rnd.IntN(30)}
		if l.Interval() != interval {
			t.Fatalf("Interval of %+v = %v, want %v", l, l.Interval(), interval)
		}
		theirs := rate.NewLimiter(l.Rate, l.Burst)
		var ours ratelimit.State
		now := t0
		for step := range 300 {
			now = now.Add(interval * time.Duration(rnd.IntN(120)) / 64).Truncate(time.Microsecond)
			reservation := theirs.ReserveN(now, 1)
			want := reservation.DelayFrom(now)
			reservation.CancelAt(now) // looks without taking
			next, got := l.Next(ours, now)
			if (got - want).Abs() > 2*time.Microsecond {
				t.Fatalf("step %d of %+v: wait %v, rate.Limiter says %v", step, l, got, want)
			}
			if (got == 0) != (want == 0) {
				onEdge++
				continue
			}
			compared++
			if got == 0 {
				allowed++
			}
			if took := theirs.AllowN(now, 1); took != (got == 0) {
				t.Fatalf("step %d of %+v: allowed %v, rate.Limiter says %v", step, l, got == 0, took)
			}
			ours = next
		}
	}
	if onEdge > compared/50 || allowed < compared/4 || allowed > compared*95/100 {
		t.Errorf("%d events compared, %d of them allowed, %d left out: the walk proves little", compared, allowed, onEdge)
	}
}

func TestPer(t *testing.T) {
	for _, tt := range []struct {
		n        int
		d        time.Duration
		interval time.Duration
	}{
		{20, 10 * time.Minute, 30 * time.Second},
		{10, time.Hour, 6 * time.Minute},
		{3, 30 * time.Minute, 10 * time.Minute},
		{7, 7 * time.Minute, time.Minute},
		{3, time.Second, 333334 * time.Microsecond}, // rounded up: never more than the limit
		{1, 24 * time.Hour, 24 * time.Hour},
		{5_000_000, time.Second, time.Microsecond},
	} {
		l := ratelimit.Per(tt.n, tt.d)
		if err := l.Validate(); err != nil || l.Interval() != tt.interval || l.Burst != tt.n {
			t.Errorf("Per(%d, %v) = %+v, interval %v, %v; want interval %v", tt.n, tt.d, l, l.Interval(), err, tt.interval)
		}
		if got := l.Window(); got != time.Duration(tt.n)*tt.interval {
			t.Errorf("Per(%d, %v).Window() = %v", tt.n, tt.d, got)
		}
	}
}

func TestInvalidLimitsRefuseEverything(t *testing.T) {
	for _, l := range []ratelimit.Limit{
		ratelimit.Per(0, time.Minute), ratelimit.Per(-1, time.Minute), ratelimit.Per(5, 0), ratelimit.Per(5, -1),
		{Rate: 1}, {Burst: 1}, {Rate: -1, Burst: 1}, {Rate: 1, Burst: -1}, {Rate: rate.Limit(math.NaN()), Burst: 1},
		{Rate: rate.Limit(math.Inf(-1)), Burst: 1}, {Rate: 1e-9, Burst: 1}, {Rate: 1, Burst: math.MaxInt},
		{Rate: math.SmallestNonzeroFloat64, Burst: 1},
	} {
		if l.Validate() == nil || l.None() {
			t.Errorf("%+v: Validate %v, None %v", l, l.Validate(), l.None())
		}
		if state, wait := l.Next(ratelimit.State{}, t0); wait <= 0 || state != (ratelimit.State{}) {
			t.Errorf("%+v: Next = %v, %v; want a refusal", l, state, wait)
		}
		if l.Interval() != 0 || l.Window() != 0 {
			t.Errorf("%+v: Interval %v, Window %v", l, l.Interval(), l.Window())
		}
	}
}

func TestNoLimit(t *testing.T) {
	for _, l := range []ratelimit.Limit{{}, {Rate: rate.Inf}, {Rate: rate.Inf, Burst: 3}, {Rate: rate.Limit(math.Inf(1)), Burst: 1}} {
		if err := l.Validate(); err != nil || !l.None() {
			t.Errorf("%+v: Validate %v, None %v", l, err, l.None())
		}
		if _, wait := l.Next(ratelimit.State{FullAt: math.MaxInt64}, t0); wait != 0 {
			t.Errorf("%+v: wait %v", l, wait)
		}
	}
}

// take takes tokens at now until one is refused, and returns how many there
// were.
func take(t *testing.T, l ratelimit.Limit, s *ratelimit.State, now time.Time) (n int) {
	t.Helper()
	for range l.Burst + 1 {
		next, wait := l.Next(*s, now)
		*s = next
		if wait > 0 {
			return n
		}
		n++
	}
	t.Fatalf("%d tokens of a bucket of %d", n, l.Burst)
	return n
}

func TestClockBackGivesNothing(t *testing.T) {
	l := ratelimit.Per(20, 10*time.Minute)
	for _, back := range []time.Duration{time.Second, 29 * time.Second, 31 * time.Second, time.Hour, 50 * 365 * 24 * time.Hour} {
		var s ratelimit.State
		take(t, l, &s, t0)
		if n := take(t, l, &s, t0.Add(-back)); n != 0 {
			t.Errorf("clock set back by %v: %d tokens", back, n)
		}
		// However far the clock went back, a token comes within an interval and
		// the skew, all of them within a window.
		if n := take(t, l, &s, t0.Add(-back+l.Interval()+ratelimit.MaxSkew)); n < 1 {
			t.Errorf("clock set back by %v: no token after %v", back, l.Interval()+ratelimit.MaxSkew)
		}
		if n := take(t, l, &s, t0.Add(-back+2*(l.Window()+ratelimit.MaxSkew))); n != l.Burst {
			t.Errorf("clock set back by %v: %d tokens after a window", back, n)
		}
	}
}

// TestSkewedServersShareOneBucket is why MaxSkew exists: if the server behind
// believed its own clock, each change between two servers would be worth their
// difference in tokens.
func TestSkewedServersShareOneBucket(t *testing.T) {
	for _, l := range []ratelimit.Limit{ratelimit.Per(20, 10*time.Minute), ratelimit.Per(20, 20*time.Second), ratelimit.Per(1, time.Second)} {
		var s ratelimit.State
		passed, elapsed := 0, 100*time.Second
		for at := time.Duration(0); at < elapsed; at += 50 * time.Millisecond {
			for _, skew := range []time.Duration{0, -ratelimit.MaxSkew} {
				next, wait := l.Next(s, t0.Add(at+skew))
				s = next
				if wait == 0 {
					passed++
				}
			}
		}
		if most := l.Burst + int(elapsed/l.Interval()); passed > most {
			t.Errorf("%+v: %d tokens in %v over two servers, at most %d are right", l, passed, elapsed, most)
		}
	}
}

func TestBackNeverAboveBurst(t *testing.T) {
	l := ratelimit.Per(5, time.Minute)
	var s ratelimit.State
	for range 3 {
		s, _ = l.Next(s, t0)
	}
	for range 10 {
		s = l.Back(s, t0)
	}
	if s != (ratelimit.State{}) {
		t.Errorf("a full bucket is %+v, want the zero State", s)
	}
	if n := take(t, l, &s, t0); n != 5 {
		t.Errorf("%d tokens after giving back too often, want 5", n)
	}
	s = l.Back(s, t0)
	if n := take(t, l, &s, t0); n != 1 {
		t.Errorf("%d tokens after giving back one, want 1", n)
	}
	if got := (ratelimit.Limit{}).Back(s, t0); got != s {
		t.Errorf("Back without a limit = %+v", got)
	}
}

func TestRefusalChangesNothing(t *testing.T) {
	l := ratelimit.Per(5, time.Minute)
	var s ratelimit.State
	take(t, l, &s, t0)
	for i := range 1000 {
		if next, wait := l.Next(s, t0.Add(time.Duration(i)*time.Millisecond)); next != s || wait <= 0 {
			t.Fatalf("refusal %d: state %v becomes %v, wait %v", i, s, next, wait)
		}
	}
}

func TestStateEncoding(t *testing.T) {
	for _, s := range []ratelimit.State{{}, {FullAt: 1}, {FullAt: math.MaxInt64}, {FullAt: math.MinInt64}, {FullAt: t0.UnixMicro()}} {
		b, err := s.MarshalBinary()
		if err != nil || len(b) != 9 {
			t.Fatalf("MarshalBinary of %v = %x, %v", s, b, err)
		}
		var back ratelimit.State
		if err := back.UnmarshalBinary(b); err != nil || back != s {
			t.Errorf("UnmarshalBinary(%x) = %v, %v; want %v", b, back, err, s)
		}
	}
	var s ratelimit.State
	for _, b := range [][]byte{nil, {}, {1}, {0, 0, 0, 0, 0, 0, 0, 0, 0}, {2, 0, 0, 0, 0, 0, 0, 0, 0}, make([]byte, 10)} {
		if err := s.UnmarshalBinary(b); err == nil {
			t.Errorf("UnmarshalBinary(%x): no error", b)
		}
	}
}

func FuzzUnmarshalState(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 1})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		var s ratelimit.State
		if s.UnmarshalBinary(b) != nil {
			return
		}
		if again, _ := s.MarshalBinary(); string(again) != string(b) {
			t.Fatalf("%x decodes and encodes to %x", b, again)
		}
	})
}

// FuzzNext holds the rule against any state, limit and time: it never gives
// more than is there, its wait is honest and bounded, and giving back undoes
// taking.
func FuzzNext(f *testing.F) {
	f.Add(0.0333, 20, int64(0), t0.UnixMicro())
	f.Add(1e6, 1, t0.UnixMicro()+3e6, t0.UnixMicro())
	f.Add(1e-3, 300, int64(math.MaxInt64), t0.UnixMicro())
	f.Fuzz(func(t *testing.T, perSecond float64, burst int, fullAt, at int64) {
		l := ratelimit.Limit{Rate: rate.Limit(perSecond), Burst: burst}
		const farthest = 200 * 365 * 24 * 3600 * 1e6 // years 1970 to 2170
		if l.None() || l.Validate() != nil || at < 0 || at > farthest || fullAt < 0 {
			return
		}
		s, now := ratelimit.State{FullAt: fullAt}, time.UnixMicro(at)
		next, wait := l.Next(s, now)
		switch {
		case wait < 0 || wait > l.Interval()+ratelimit.MaxSkew:
			t.Fatalf("wait %v", wait)
		case next.FullAt-at > (l.Window() + ratelimit.MaxSkew).Microseconds():
			t.Fatalf("full in %v µs, later than window and skew", next.FullAt-at)
		case wait == 0 && next.FullAt < fullAt:
			t.Fatalf("taking a token filled the bucket: %d to %d", fullAt, next.FullAt)
		case wait > 0:
			if _, still := l.Next(next, now.Add(wait-time.Microsecond)); still == 0 {
				t.Fatalf("a token before the wait of %v is over", wait)
			}
			if _, still := l.Next(next, now.Add(wait)); still != 0 {
				t.Fatalf("no token after the wait of %v, %v more", wait, still)
			}
		case fullAt > at && l.Back(next, now) != s:
			t.Fatalf("taken from %v, given back: %v", s, l.Back(next, now))
		}
	})
}

func BenchmarkNext(b *testing.B) {
	l := ratelimit.Per(20, 10*time.Minute)
	var s ratelimit.State
	b.ReportAllocs()
	for b.Loop() {
		s, _ = l.Next(s, t0)
	}
}
