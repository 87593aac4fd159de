package lockout

import (
	"bytes"
	"encoding/hex"
	"math"
	"reflect"
	"testing"
	"time"
)

var t0 = time.Date(2030, 3, 1, 9, 0, 0, 0, time.UTC)

func mustEncode(t testing.TB, r Record) []byte {
	t.Helper()
	b, err := r.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func fullRecord() Record {
	us := t0.UnixMicro()
	return Record{
		tickets:     []ticket{{1, us, 6}, {math.MaxUint64, us + 1, 7}},
		windowStart: us - 5, lockedAt: us - 3, lockedUntil: us + 3, lastFailure: us - 2, expires: us + 9,
		generation: 7, failures: 1, consecutive: 9, level: 2, disabled: true,
	}
}

// The encoding is stored for years: it must not change under a version.
func TestEncodingIsGolden(t *testing.T) {
	const want = "0101" + "0001" + "0009" + "0002" + "00000007" +
		"0006bec1001b03fb" + "0006bec1001b03fd" + "0006bec1001b0403" + "0006bec1001b03fe" + "0006bec1001b0409" +
		"0002" + "0000000000000001" + "0006bec1001b0400" + "00000006" + "ffffffffffffffff" + "0006bec1001b0401" + "00000007"
	r := fullRecord()
	b := mustEncode(t, r)
	if got := hex.EncodeToString(b); got != want {
		t.Errorf("encoding is\n%s, want\n%s", got, want)
	}
	var back Record
	if err := back.UnmarshalBinary(b); err != nil || !reflect.DeepEqual(back, r) {
		t.Errorf("reads back as %+v, %v", back, err)
	}
	if !back.Expires().Equal(t0.Add(9 * time.Microsecond)) {
		t.Errorf("Expires() = %v", back.Expires())
	}
}

func TestZeroRecord(t *testing.T) {
	var r Record
	if !r.IsZero() || !r.Expires().IsZero() {
		t.Errorf("the zero Record: IsZero %t, Expires %v", r.IsZero(), r.Expires())
	}
	back := fullRecord()
	if err := back.UnmarshalBinary(mustEncode(t, r)); err != nil || !back.IsZero() {
		t.Errorf("the zero Record reads back as %+v, %v", back, err)
	}
}

func TestDamagedRecordsAreErrors(t *testing.T) {
	edit := func(f func(*Record)) []byte {
		r := fullRecord()
		f(&r)
		return mustEncode(t, r)
	}
	raw := func(f func([]byte) []byte) []byte { return f(mustEncode(t, fullRecord())) }
	tests := map[string][]byte{
		"nil":                    nil,
		"empty":                  {},
		"version 0":              raw(func(b []byte) []byte { b[0] = 0; return b }),
		"version 2":              raw(func(b []byte) []byte { b[0] = 2; return b }),
		"version alone":          {1},
		"cut off":                raw(func(b []byte) []byte { return b[:len(b)-1] }),
		"cut off in the header":  raw(func(b []byte) []byte { return b[:headerSize-1] }),
		"trailing byte":          raw(func(b []byte) []byte { return append(b, 0) }),
		"unknown flag":           raw(func(b []byte) []byte { b[1] |= 2; return b }),
		"more tickets than fit":  raw(func(b []byte) []byte { b[headerSize-1] = 3; return b }),
		"65535 tickets":          raw(func(b []byte) []byte { b[headerSize-2], b[headerSize-1] = 255, 255; return b }),
		"101 tickets":            edit(func(r *Record) { r.tickets = manyTickets(101) }),
		"negative time":          edit(func(r *Record) { r.lastFailure = -1 }),
		"time beyond the range":  edit(func(r *Record) { r.lockedUntil = 3 * maxMicros }),
		"101 failures":           edit(func(r *Record) { r.failures, r.consecutive = 101, 200 }),
		"no window":              edit(func(r *Record) { r.windowStart = 0 }),
		"window alone":           edit(func(r *Record) { r.failures = 0 }),
		"level without lock":     edit(func(r *Record) { r.lockedUntil, r.lockedAt = 0, 0 }),
		"lock without level":     edit(func(r *Record) { r.level = 0 }),
		"lock without beginning": edit(func(r *Record) { r.lockedAt = 0 }),
		"lock ends first":        edit(func(r *Record) { r.lockedAt = r.lockedUntil + 1 }),
		"not counted":            edit(func(r *Record) { r.consecutive = 0 }),
		"counted less":           edit(func(r *Record) { r.consecutive = 1 }),
		"no last failure":        edit(func(r *Record) { r.lastFailure = 0 }),
		"disabled, no failure":   mustEncode(t, Record{disabled: true, expires: 1}),
		"never expires":          edit(func(r *Record) { r.expires = 0 }),
		"expiry alone":           mustEncode(t, Record{expires: 1}),
		"generation alone":       mustEncode(t, Record{generation: 1}),
		"ticket without id":      edit(func(r *Record) { r.tickets = []ticket{{0, 1, 0}} }),
		"ticket without time":    edit(func(r *Record) { r.tickets = []ticket{{1, 0, 0}} }),
		"ticket of 9999":         edit(func(r *Record) { r.tickets = []ticket{{1, maxMicros + 1, 0}} }),
		"ticket twice":           edit(func(r *Record) { r.tickets = []ticket{{1, 1, 0}, {2, 1, 0}, {1, 2, 0}} }),
	}
	for name, b := range tests {
		r := fullRecord()
		if err := r.UnmarshalBinary(b); err == nil {
			t.Errorf("%s: is read as %+v", name, r)
		} else if !reflect.DeepEqual(r, fullRecord()) {
			t.Errorf("%s: changed the record it could not read", name)
		}
	}
}

func manyTickets(n int) (out []ticket) {
	for i := range n {
		out = append(out, ticket{uint64(i + 1), 1, 0})
	}
	return out
}

func TestMicrosStayInRange(t *testing.T) {
	for _, now := range []time.Time{
		{}, time.Unix(-1, 0), time.Unix(0, 0), time.Unix(0, 999), time.Unix(math.MinInt64, 0),
		time.Unix(math.MaxInt64, 0), time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		if us := micros(now); us < 1 || us > maxMicros {
			t.Errorf("micros(%v) = %d", now, us)
		}
	}
}

func FuzzUnmarshalRecord(f *testing.F) {
	f.Add(mustEncode(f, fullRecord()))
	f.Add(mustEncode(f, Record{}))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, data []byte) {
		var r Record
		if err := r.UnmarshalBinary(data); err != nil {
			return
		}
		if b := mustEncode(t, r); !bytes.Equal(b, data) {
			t.Fatalf("%x is read, and written as %x", data, b)
		}
		// Whatever is read, the rule copes with it, and what it makes can be read again.
		for op := OpLook; op <= OpUnlock; op++ {
			for o := Failed; o <= Completed; o++ {
				next, v := Default().Next(r, Step{Op: op, Ticket: 1, Outcome: o}, t0)
				if !v.Changed {
					continue
				}
				var back Record
				if err := back.UnmarshalBinary(mustEncode(t, next)); err != nil {
					t.Fatalf("op %d, outcome %d make %+v of %+v: %v", op, o, next, r, err)
				}
			}
		}
	})
}
