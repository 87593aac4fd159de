package lockout

import (
	"context"
	"encoding/binary"
	"runtime"
	"testing"
	"time"
)

func numbered(n int) (k Key) {
	// As an HMAC is: spread over the whole key.
	binary.LittleEndian.PutUint64(k[:], uint64(n)*0x9e3779b97f4a7c15)
	binary.LittleEndian.PutUint64(k[8:], uint64(n))
	return k
}

func (m *Memory) size() (n int) {
	for i := range m.shards {
		if len(m.shards[i].rows) != len(m.shards[i].order) {
			panic("rows and order differ")
		}
		n += len(m.shards[i].rows)
	}
	return n
}

// tryFor makes an attempt at key that ends as o.
func tryFor(t testing.TB, m *Memory, p Policy, key Key, now time.Time, o Outcome) Verdict {
	t.Helper()
	step := Step{Op: OpReserve, Ticket: newTicket()}
	var v Verdict
	take := func(r Record) (Record, bool) {
		var next Record
		next, v = p.Next(r, step, now)
		return next, v.Changed
	}
	if err := m.Update(context.Background(), key, Record{}, now, take); err != nil {
		t.Fatal(err)
	}
	if v.Answer != Open {
		return v
	}
	step = Step{Op: OpSettle, Ticket: step.Ticket, Outcome: o}
	if err := m.Update(context.Background(), key, Record{}, now, take); err != nil {
		t.Fatal(err)
	}
	return v
}

func answer(t testing.TB, m *Memory, key Key, now time.Time) (a Answer, known bool) {
	t.Helper()
	err := m.Update(context.Background(), key, Record{}, now, func(r Record) (Record, bool) {
		known = !r.IsZero()
		_, v := Default().Next(r, Step{}, now)
		a = v.Answer
		return r, false
	})
	if err != nil {
		t.Fatal(err)
	}
	return a, known
}

func TestMemoryDropsWhatIsMissedLeast(t *testing.T) {
	p := Policy{MaxConsecutive: 6}
	m := NewMemory(5)
	fail := func(key, n int, at time.Duration) {
		for range n {
			tryFor(t, m, p, numbered(key), t0.Add(at), Failed)
		}
	}
	fail(1, 5, 3*time.Second) // locked until 1:03
	fail(2, 5, 0)             // locked until 1:00
	fail(3, 5, -time.Hour)    // half-open
	fail(3, 1, -time.Minute)  // locked again, disabled (6 in a row)
	fail(4, 1, 2*time.Second) // failed, later
	fail(5, 1, time.Second)   // failed, earlier
	now := t0.Add(10 * time.Second)
	for i, gone := range []int{5, 4, 2, 1} {
		fail(100+i, 5, 20*time.Second) // a new one, locked for longer than any of these
		if _, known := answer(t, m, numbered(gone), now); known {
			t.Fatalf("the %d. to go is not row %d", i+1, gone)
		}
		if m.size() != 5 {
			t.Fatalf("%d rows", m.size())
		}
	}
	for i := range 50 {
		fail(1000+i, 5, 21*time.Second)
	}
	if a, _ := answer(t, m, numbered(3), now); a != Disabled {
		t.Errorf("the disabled row was dropped before locks")
	}
}

// A lock that has passed is no reason to keep a row longer than others.
func TestMemoryDropsPassedLocksByAge(t *testing.T) {
	m := NewMemory(2)
	for range 5 {
		tryFor(t, m, Policy{}, numbered(1), t0, Failed) // until 1 min
	}
	tryFor(t, m, Policy{}, numbered(2), t0.Add(2*time.Minute), Failed)
	tryFor(t, m, Policy{}, numbered(3), t0.Add(3*time.Minute), Failed)
	if _, known := answer(t, m, numbered(1), t0.Add(3*time.Minute)); known {
		t.Error("the half-open row was kept before a later one")
	}
}

func TestMemoryDropsTheExpired(t *testing.T) {
	m := NewMemory(1000)
	for i := range 100 {
		tryFor(t, m, Policy{}, numbered(i), t0, Failed)
	}
	for i := range 100 {
		tryFor(t, m, Policy{}, numbered(1000+i), t0.Add(91*24*time.Hour), Failed)
	}
	if m.size() != 100 {
		t.Errorf("%d rows, of which 100 have expired", m.size()-100)
	}
}

func TestMemoryKeepsNothingOfSuccesses(t *testing.T) {
	m := NewMemory(0)
	for i := range 1000 {
		tryFor(t, m, Policy{}, numbered(i), t0, Outcome(1+i%3))
	}
	if m.size() != 0 {
		t.Errorf("%d rows", m.size())
	}
}

// A million made-up identifiers: the heap stays bounded, and a victim that is
// locked stays so.
func TestMemoryUnderSpray(t *testing.T) {
	const sprayed = 1_000_000
	heapNow := func() uint64 {
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	before := heapNow()
	m := NewMemory(0)
	victim, capped := numbered(-1), numbered(-2)
	now := t0
	for range 100 {
		tryFor(t, m, Policy{}, capped, now.Add(-24*time.Hour), Failed)
		now = now.Add(25 * time.Hour)
	}
	for tryFor(t, m, Policy{}, victim, now, Failed).Answer == Open {
	}
	for i := range sprayed {
		tryFor(t, m, Policy{}, numbered(i), now.Add(time.Duration(i)*50*time.Microsecond), Failed) // 50 s in all
	}
	grown := int64(heapNow()) - int64(before)
	if n := m.size(); n > defaultRecords || n < defaultRecords*99/100 {
		t.Errorf("%d rows at a bound of %d", n, defaultRecords)
	}
	perRow := grown / int64(m.size())
	t.Logf("%d rows, %d KiB, %d bytes a row", m.size(), grown>>10, perRow)
	if perRow > 400 {
		t.Errorf("%d bytes a row", perRow)
	}
	if a, _ := answer(t, m, victim, now.Add(55*time.Second)); a != Locked {
		t.Error("the spray opened the victim's lock")
	}
	if a, _ := answer(t, m, capped, now); a != Disabled {
		t.Error("the spray enabled a disabled key")
	}
	runtime.KeepAlive(m)
}

func TestMemoryHearsTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := NewMemory(0).Update(ctx, numbered(1), Record{}, t0, func(r Record) (Record, bool) {
		t.Error("step was called")
		return r, true
	})
	if err == nil {
		t.Error("no error")
	}
}

func TestMemorySurvivesAStepThatPanics(t *testing.T) {
	m := NewMemory(0)
	func() {
		defer func() { _ = recover() }()
		_ = m.Update(t.Context(), numbered(1), Record{}, t0, func(Record) (Record, bool) { panic("step") })
	}()
	tryFor(t, m, Policy{}, numbered(1), t0, Failed) // would hang on a lock that is held
}
