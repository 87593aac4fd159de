package errcodes

import (
	"context"
	"errors"
	"net"
	"os"
)

// Classify brings any error into the taxonomy. It returns the outermost *Error
// of the chain as it is; makes one of a bare Reason or Code; takes a deadline
// that passed or a request given up for timeout, and a failing connection or
// name look-up for service_unavailable; and everything else, a nil *Error
// included, for internal_error: what nobody foresaw is a fault, never a wrong
// password and never a success. It returns (nil, false) only for nil.
func Classify(err error) (*Error, bool) {
	if err == nil {
		return nil, false
	}
	if found := find(err); found != nil {
		switch t := found.(type) { //nolint:errorlint // find has walked the chain
		case *Error:
			if t != nil {
				return t, true
			}
			// A nil *Error: its methods are safe, those of its wrappers may
			// not be, so it is not kept as a cause.
			return New(ReasonInternalError, During("nil *errcodes.Error")), true
		case Reason:
			return New(t, Because(err)), true
		case Code:
			return New(t.reason(), Because(err)), true
		}
	}
	return New(foreignReason(err), Because(err)), true
}

// foreignReason places errors of the standard library.
func foreignReason(err error) Reason {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, os.ErrDeadlineExceeded) {
		return ReasonTimeout
	}
	if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
		return ReasonTimeout
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return ReasonServiceUnavailable
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return ReasonServiceUnavailable
	}
	return ReasonInternalError
}

// find returns the first *Error, Reason or Code of the tree of err, in the order
// in which errors.Is walks it; nil if there is none. The result may be a nil
// *Error.
func find(err error) error {
	for err != nil {
		switch t := err.(type) { //nolint:errorlint // this is the walk
		case *Error, Reason, Code:
			return err
		case interface{ As(any) bool }:
			var e *Error
			if t.As(&e) {
				return e
			}
		}
		switch t := err.(type) { //nolint:errorlint // this is the walk
		case interface{ Unwrap() error }:
			err = t.Unwrap()
		case interface{ Unwrap() []error }:
			for _, branch := range t.Unwrap() {
				if found := find(branch); found != nil {
					return found
				}
			}
			return nil
		default:
			return nil
		}
	}
	return nil
}

// inTaxonomy reports whether err holds a taxonomy error, or claims to by an Is
// method of its own.
func inTaxonomy(err error) bool {
	return find(err) != nil ||
		errors.Is(err, CodeInvalidCredentials) || errors.Is(err, CodeAccountLocked) ||
		errors.Is(err, CodeTwoFactorFailed) || errors.Is(err, CodeServerError)
}

// CodeOf returns the code of the outermost taxonomy error in err; 0 for nil, and
// CodeServerError for an error outside the taxonomy. Where two are joined, the
// first counts.
func CodeOf(err error) Code {
	if err == nil {
		return 0
	}
	switch t := find(err).(type) { //nolint:errorlint // find has walked the chain
	case *Error:
		return t.Code()
	case Reason:
		return t.Code()
	case Code:
		if t.Known() {
			return t
		}
	}
	return CodeServerError
}

// ReasonOf returns the reason of the outermost taxonomy error in err; "" for
// nil, and what [Classify] would say for an error outside the taxonomy.
func ReasonOf(err error) Reason {
	if err == nil {
		return ""
	}
	switch t := find(err).(type) { //nolint:errorlint // find has walked the chain
	case *Error:
		return t.Reason()
	case Reason:
		if t.Known() {
			return t
		}
		return ReasonInternalError
	case Code:
		return t.reason()
	}
	return foreignReason(err)
}
