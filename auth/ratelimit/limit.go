package ratelimit

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"golang.org/x/time/rate"
)

const (
	// MaxSkew is how far apart, in total, the clocks of servers that share a
	// Store may be. Within it a bucket never gives more than its limit. A clock
	// that is set back by more is believed, at the price of an empty bucket.
	MaxSkew = 30 * time.Second
	// MaxWindow is the longest time that a bucket may take to fill up from
	// empty. A limit over a longer time is a ban.
	MaxWindow = 400 * 24 * time.Hour
)

// Limit is a token bucket in the terms of golang.org/x/time/rate: it holds at
// most Burst tokens, starts full, and gets Rate tokens a second. The zero Limit
// is no limit, and so is one of Rate rate.Inf. Rates over a million a second
// count as one million: the unit of time is the microsecond.
type Limit struct {
	Rate  rate.Limit // tokens a second
	Burst int        // size of the bucket
}

// Per returns the limit of n events in d: n at once, then one more every d/n.
// If n or d is not positive the result is invalid, not unlimited: it refuses
// everything and Validate names it.
func Per(n int, d time.Duration) Limit {
	if n <= 0 || d <= 0 {
		return Limit{Rate: -1, Burst: n}
	}
	return Limit{Rate: rate.Limit(float64(n) / d.Seconds()), Burst: n}
}

// None reports whether l limits nothing.
func (l Limit) None() bool { return l == Limit{} || l.Rate >= rate.Inf }

// Validate returns an error that says what is wrong with l: a Rate that is not
// a positive number, a Burst below 1, a Window over MaxWindow. No limit at all
// is valid.
func (l Limit) Validate() error {
	switch {
	case l.None():
		return nil
	case !(l.Rate > 0): // NaN too
		return fmt.Errorf("ratelimit: rate %v must be more than 0 tokens a second (the zero Limit is no limit)", float64(l.Rate))
	case l.Burst < 1:
		return fmt.Errorf("ratelimit: burst %d must be at least 1", l.Burst)
	case !l.valid():
		return fmt.Errorf("ratelimit: %d tokens at %v a second take more than %v to fill", l.Burst, float64(l.Rate), MaxWindow)
	}
	return nil
}

func (l Limit) valid() bool {
	return l.Rate > 0 && l.Burst >= 1 && float64(l.Burst)*l.micros() <= float64(MaxWindow.Microseconds())
}

// micros returns the time between two tokens in whole microseconds, rounded up
// so that a bucket never fills faster than its limit says; what is only
// floating point noise (7 tokens in 7 minutes) is rounded to nearest.
func (l Limit) micros() float64 {
	exact := 1e6 / float64(l.Rate)
	if near := math.Round(exact); math.Abs(near-exact) <= 1e-9*exact {
		return max(near, 1)
	}
	return math.Ceil(exact)
}

// Interval returns the time between two tokens, in whole microseconds; 0 if l
// is no limit or invalid.
func (l Limit) Interval() time.Duration {
	if l.None() || !l.valid() {
		return 0
	}
	return time.Duration(l.micros()) * time.Microsecond
}

// Window returns the time in which an empty bucket fills up, Burst times
// Interval; 0 if l is no limit or invalid.
func (l Limit) Window() time.Duration { return time.Duration(l.Burst) * l.Interval() }

// State is what a Store keeps of one bucket. The zero State is a full bucket,
// and so is every State whose moment has come: a Store may drop those. It is
// comparable, and its one number is what a column or a script needs.
//
// That number follows the generic cell rate algorithm: a bucket that holds k
// tokens is one that is full again in (Burst−k)·Interval.
type State struct {
	FullAt int64 // Unix time in microseconds from which on the bucket is full
}

// Full reports whether the bucket is full at now, which is the same as having
// no State at all.
func (s State) Full(now time.Time) bool { return s.FullAt == 0 || s.FullAt <= now.UnixMicro() }

// stateSize is the length of an encoded State: a version byte and eight bytes.
const stateSize = 9

// AppendBinary appends the encoding of s to b: a version byte, then FullAt, big
// endian. It never fails.
func (s State) AppendBinary(b []byte) ([]byte, error) {
	return binary.BigEndian.AppendUint64(append(b, 1), uint64(s.FullAt)), nil
}

// MarshalBinary returns the encoding of s, nine bytes. It never fails.
func (s State) MarshalBinary() ([]byte, error) { return s.AppendBinary(make([]byte, 0, stateSize)) }

// UnmarshalBinary sets s from what MarshalBinary returned, and refuses
// everything else.
func (s *State) UnmarshalBinary(b []byte) error {
	if len(b) != stateSize || b[0] != 1 {
		return errors.New("ratelimit: malformed state")
	}
	s.FullAt = int64(binary.BigEndian.Uint64(b[1:]))
	return nil
}

// refusedInvalid is how long an invalid limit makes people wait. It refuses
// everything, since the alternative is that a misspelt limit protects nothing.
const refusedInvalid = time.Hour

// Next is the rule: it takes one token from the bucket s at now. A wait of 0
// means that the token was taken. Otherwise none was; wait, in whole
// microseconds, is the time until there is one if nobody else takes it. Next is
// pure and reads no clock. A Store writes what it returns when it differs from
// s, refused or not, and need not write otherwise.
//
// A clock that goes back does not fill the bucket, and servers whose clocks
// differ by up to MaxSkew share one bucket faithfully. The price is that where
// all clocks are set back, people wait by up to MaxSkew longer. A State further
// ahead than that is taken for one left by a wrong clock, and becomes an empty
// bucket: nobody waits for an hour because the clock was put right by an hour.
func (l Limit) Next(s State, now time.Time) (State, time.Duration) {
	if l.None() {
		return s, 0
	}
	if !l.valid() {
		return s, refusedInvalid
	}
	at, window := now.UnixMicro(), l.Window().Microseconds()
	s = l.settle(s, at, window)
	next := s.FullAt + l.Interval().Microseconds()
	if over := next - at - window; over > 0 {
		return s, time.Duration(over) * time.Microsecond
	}
	return State{FullAt: next}, 0
}

// settle brings s into the range that the limit and the clock allow: a bucket
// that has been full for long is just full, and one that claims to be far more
// than empty is empty.
func (l Limit) settle(s State, at, window int64) State {
	switch {
	case s.FullAt == 0 || s.FullAt <= at:
		return State{FullAt: at}
	case s.FullAt-at > window+MaxSkew.Microseconds():
		return State{FullAt: at + window}
	}
	return s
}

// Back is the rule for giving back: it returns the bucket s with one token more
// at now, but never more than Burst. It is pure. What it returns is the zero
// State when the bucket is full.
func (l Limit) Back(s State, now time.Time) State {
	if l.None() || !l.valid() {
		return s
	}
	at := now.UnixMicro()
	s = l.settle(s, at, l.Window().Microseconds())
	s.FullAt -= l.Interval().Microseconds()
	if s.FullAt <= at {
		return State{}
	}
	return s
}
