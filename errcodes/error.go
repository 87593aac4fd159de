package errcodes

import (
	"fmt"
	"io"
	"strconv"
	"time"
)

// Error is one failure of authentication. Make it with [New] or [Wrap]; it never
// changes afterwards and is safe for concurrent use.
//
// What Error returns, and what encoding/json makes of it ({}), is safe to show
// anywhere: the cause leaves only through %+v, Cause and LogValue. The methods
// of a nil *Error answer as those of an internal_error.
type Error struct {
	reason  Reason
	cause   error
	op      string
	retry   time.Duration
	params  paramSet
	hints   hintSet
	foreign Code // of a reason that only the peer knows; else 0
	proofs  proofs
	uniform bool
	barrier bool // the cause holds a taxonomy error of its own
}

// New makes an error. It is never nil. A reason that is not in the table becomes
// internal_error.
//
// Functions should declare error as their result type, not *Error: a nil *Error
// in an error is not nil.
func New(r Reason, opts ...Option) *Error {
	s, known := r.spec()
	if !known {
		r = ReasonInternalError
	}
	e := &Error{reason: r}
	for i := range opts {
		e.apply(&opts[i])
	}
	switch {
	case s.wait == 0:
		e.retry = 0
	case e.retry == 0:
		e.retry = s.wait
	}
	return e
}

// Wrap is [New] with err as the cause, and nil where err is nil. If err holds a
// taxonomy error already, that one no longer matches in errors.Is: one error
// says one thing.
func Wrap(err error, r Reason, opts ...Option) error {
	if err == nil {
		return nil
	}
	e := New(r, opts...)
	e.cause, e.barrier = err, inTaxonomy(err)
	return e
}

// Received makes the error that a server reported, for clients of its API. A
// reason that this version does not know is kept together with its code, if its
// name is in lower_snake_case with at most 64 letters, digits and underscores;
// a known reason brings its own code. Anything else is internal_error. What a
// server told its client is no proof about the client's own callers: passed on,
// the error is shown as one without proof.
func Received(c Code, r Reason, opts ...Option) *Error {
	e := New(r, opts...)
	if r.Known() || !c.Known() || !wellFormed(r) {
		return e
	}
	e.reason, e.foreign = r, c
	for i := range opts {
		if opts[i].kind == optRetry {
			e.apply(&opts[i])
		}
	}
	return e
}

func wellFormed(r Reason) bool {
	if r == "" || len(r) > 64 || r[0] < 'a' || r[0] > 'z' {
		return false
	}
	for i := range len(r) {
		c := r[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

// Error returns "auth: 1002 account_temporarily_locked", without the cause. The
// text may change; compare with errors.Is.
func (e *Error) Error() string {
	return "auth: " + e.Code().String() + " " + string(e.Reason())
}

// Is reports whether target is the error's Code or Reason.
func (e *Error) Is(target error) bool {
	switch t := target.(type) { // Is is shallow by contract
	case Code:
		return t == e.Code()
	case Reason:
		return t == e.Reason()
	}
	return false
}

// Unwrap returns the cause, or nil if the cause holds a taxonomy error of its
// own: 1004 because of 1002 must not match 1002.
func (e *Error) Unwrap() error {
	if e == nil || e.barrier {
		return nil
	}
	return e.cause
}

// Cause returns the cause, whatever it holds; nil if there is none. For logs.
func (e *Error) Cause() error {
	if e == nil {
		return nil
	}
	return e.cause
}

// Code returns the error's code.
func (e *Error) Code() Code {
	if e == nil {
		return CodeServerError
	}
	if e.foreign != 0 {
		return e.foreign
	}
	return e.reason.Code()
}

// Reason returns the true reason. What may be told is [Error.Public]'s reason.
func (e *Error) Reason() Reason {
	if e == nil || e.reason == "" {
		return ReasonInternalError
	}
	return e.reason
}

// Retry returns how long to wait before trying again, and whether waiting helps
// at all. The duration is greater than zero if ok is true.
func (e *Error) Retry() (d time.Duration, ok bool) {
	if e == nil {
		return 0, false
	}
	return e.retry, e.retry > 0
}

// Hints returns the hints in the order in which to show them. The slice is the
// caller's to keep.
func (e *Error) Hints() []Hint {
	if e == nil {
		return nil
	}
	return e.hints.list()
}

// Public returns what the caller may be told: the error itself, without cause
// and operation, if the proof earns its reason, and otherwise
// invalid_credentials. Hints stay in both cases, since they speak of nothing
// but the bytes submitted. Public of a public error is that error.
//
// Two reasons become internal_error instead: second_factor_required, which is a
// challenge and must be answered as one; and, of code 1004, a reason that only a
// peer knows, because a fault must never look like a wrong password.
func (e *Error) Public() *Error {
	switch {
	case e == nil, e.reason == ReasonSecondFactorRequired, e.foreign == CodeServerError:
		return &Error{reason: ReasonInternalError}
	case !e.shown():
		return &Error{reason: ReasonInvalidCredentials, hints: e.hints}
	case e.cause == nil && e.op == "":
		return e
	}
	p := *e
	p.cause, p.op, p.barrier = nil, "", false
	return &p
}

func (e *Error) shown() bool {
	x := e.Reason().Exposure()
	return x.earnedBy(e.proofs) || x == ExposureUniform && e.uniform
}

// Format prints what Error returns under every verb, so that no verb and flag
// prints the fields; %+v adds the operation and the cause, for logs.
func (e *Error) Format(s fmt.State, verb rune) {
	text := e.Error()
	switch {
	case verb == 'q':
		text = strconv.Quote(text)
	case verb == 'v' && s.Flag('+') && e != nil:
		if e.op != "" {
			text += " during " + e.op
		}
		if e.cause != nil {
			text += fmt.Sprintf(": %+v", e.cause)
		}
	}
	_, _ = io.WriteString(s, text) // fmt keeps the writer's error to itself
}
