package lockout

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Record is what is known about one key. The zero Record means that nothing is.
// Records are values that nobody changes: [Policy.Next] makes new ones. Only
// their encoding has a meaning outside this package; two records are the same
// if their encodings are.
type Record struct {
	tickets []ticket // attempts in flight, in the order of their reservation; never changed in place

	// Times are micro-seconds since 1970 UTC; 0 is "none".
	windowStart int64 // first failure that counts towards the threshold
	lockedAt    int64 // when the latest lock was written
	lockedUntil int64 // when it ends; the key is half-open from then on
	lastFailure int64
	expires     int64

	generation  uint32 // rises with each lock, disabling and unlocking
	failures    uint16 // within the window, towards the threshold
	consecutive uint16 // without a Completed between them
	level       uint16 // locks in a row; 0 is clean
	disabled    bool
}

// ticket is one attempt in flight.
type ticket struct {
	id         uint64
	start      int64
	generation uint32 // the record's when it was reserved
}

const (
	recordVersion = 1
	headerSize    = 54
	ticketSize    = 20
	flagDisabled  = 1
	maxMicros     = 253402300799_999999 // the end of the year 9999
)

// micros is t as the record counts time. What lies outside the years 1970 to
// 9999 is brought to their edges, so that no clock can make a lock overflow.
func micros(t time.Time) int64 {
	if s := t.Unix(); s < 0 || s > maxMicros/1_000_000 {
		if s < 0 {
			return 1
		}
		return maxMicros
	}
	return max(t.UnixMicro(), 1)
}

func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// IsZero reports whether nothing is known. A store keeps no row for it.
func (r Record) IsZero() bool { return r.empty() && r.generation == 0 && r.expires == 0 }

// empty reports whether nothing is left that a later step could depend on.
func (r *Record) empty() bool {
	return len(r.tickets) == 0 && r.consecutive == 0 && r.failures == 0 && r.level == 0 && !r.disabled
}

// Expires is the moment (UTC, whole micro-seconds) from which the record means
// nothing: Retention after the last failure or the latest attempt in flight. A
// store may remove the row from then on, and never before; it need not, since
// [Policy.Next] treats such a record as the zero one. The zero time for the zero
// Record.
func (r Record) Expires() time.Time { return fromMicros(r.expires) }

// MarshalBinary returns the one encoding of r: a version byte, then fields of
// fixed size, 54 bytes and 20 more for each attempt in flight (at most 2054).
// It never fails.
func (r Record) MarshalBinary() ([]byte, error) {
	b := make([]byte, 0, headerSize+ticketSize*len(r.tickets))
	var flags byte
	if r.disabled {
		flags |= flagDisabled
	}
	b = append(b, recordVersion, flags)
	for _, n := range [...]uint16{r.failures, r.consecutive, r.level} {
		b = binary.BigEndian.AppendUint16(b, n)
	}
	b = binary.BigEndian.AppendUint32(b, r.generation)
	for _, t := range [...]int64{r.windowStart, r.lockedAt, r.lockedUntil, r.lastFailure, r.expires} {
		b = binary.BigEndian.AppendUint64(b, uint64(t)) //nolint:gosec // never negative
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(r.tickets))) //nolint:gosec // at most maxThreshold
	for _, t := range r.tickets {
		b = binary.BigEndian.AppendUint64(b, t.id)
		b = binary.BigEndian.AppendUint64(b, uint64(t.start)) //nolint:gosec // never negative
		b = binary.BigEndian.AppendUint32(b, t.generation)
	}
	return b, nil
}

// UnmarshalBinary reads what MarshalBinary wrote and nothing else: another
// version, another length or a record that [Policy.Next] never makes is an
// error, and r is unchanged then. A store returns that error, so that damaged
// data is a fault and never "not locked".
func (r *Record) UnmarshalBinary(data []byte) error {
	if len(data) == 0 {
		return errors.New("lockout: record is empty")
	}
	if data[0] != recordVersion {
		return fmt.Errorf("lockout: record has version %d, this program reads %d", data[0], recordVersion)
	}
	if len(data) < headerSize {
		return fmt.Errorf("lockout: record of %d bytes is cut off", len(data))
	}
	n := int(binary.BigEndian.Uint16(data[headerSize-2:]))
	if n > maxThreshold || len(data) != headerSize+n*ticketSize {
		return fmt.Errorf("lockout: record of %d bytes does not hold %d attempts", len(data), n)
	}
	if data[1]&^flagDisabled != 0 {
		return fmt.Errorf("lockout: record has unknown flags %#x", data[1])
	}
	out := decode(data, n)
	if what := out.damage(); what != "" {
		return fmt.Errorf("lockout: record is damaged: %s", what)
	}
	*r = out
	return nil
}

// decode takes the fields from data, whose length and version are known to fit.
func decode(data []byte, n int) Record {
	u16 := func(at int) uint16 { return binary.BigEndian.Uint16(data[at:]) }
	u32 := func(at int) uint32 { return binary.BigEndian.Uint32(data[at:]) }
	// A top bit set would be a negative time; damage refuses MaxInt64.
	i64 := func(at int) int64 { return int64(min(binary.BigEndian.Uint64(data[at:]), math.MaxInt64)) } // bounded
	r := Record{
		disabled: data[1]&flagDisabled != 0,
		failures: u16(2), consecutive: u16(4), level: u16(6), generation: u32(8),
		windowStart: i64(12), lockedAt: i64(20), lockedUntil: i64(28), lastFailure: i64(36), expires: i64(44),
	}
	if n > 0 {
		r.tickets = make([]ticket, n)
	}
	for i := range r.tickets {
		at := headerSize + i*ticketSize
		r.tickets[i] = ticket{id: binary.BigEndian.Uint64(data[at:]), start: i64(at + 8), generation: u32(at + 16)}
	}
	return r
}

// damage names what no record made by Next can have, or "".
func (r *Record) damage() string {
	for _, t := range [...]int64{r.windowStart, r.lockedAt, r.lockedUntil, r.lastFailure, r.expires} {
		if t > 2*maxMicros { // retention may reach beyond the year 9999
			return "a time is out of range"
		}
	}
	switch {
	case r.failures > maxThreshold:
		return "too many failures"
	case (r.failures == 0) != (r.windowStart == 0):
		return "failures without a window"
	case (r.level == 0) != (r.lockedUntil == 0), (r.level == 0) != (r.lockedAt == 0), r.lockedAt > r.lockedUntil:
		return "a lock without a level, or that ends before it begins"
	case (r.consecutive == 0) != (r.lastFailure == 0), r.failures > r.consecutive, r.level > r.consecutive:
		return "failures that were not counted"
	case r.disabled && r.consecutive == 0:
		return "disabled without a failure"
	case r.empty() != (r.expires == 0), r.empty() && r.generation != 0:
		return "an expiry that does not fit"
	}
	for i, t := range r.tickets {
		if t.id == 0 || t.start < 1 || t.start > maxMicros {
			return "an attempt without an id or a time"
		}
		if slices.ContainsFunc(r.tickets[:i], func(o ticket) bool { return o.id == t.id }) {
			return "an attempt that is there twice"
		}
	}
	return ""
}
