package auth

import (
	"errors"

	"github.com/sekisho-auth/sekisho/errcodes"
)

// fault turns any error of a store into one of the taxonomy. A fault is never
// 1001: a wrong password and an outage must not look alike.
func fault(op string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, ErrNotFound) {
		err = errors.New("the store says not found where it must not: " + err.Error())
	}
	if e, ok := errcodes.Classify(err); ok && e.Reason() == errcodes.ReasonTimeout {
		return errcodes.New(errcodes.ReasonTimeout, errcodes.Because(err), errcodes.During(op))
	}
	return errcodes.New(errcodes.ReasonServiceUnavailable, errcodes.Because(err), errcodes.During(op))
}

// refuse is an error of the taxonomy that the service raises by itself.
func refuse(r errcodes.Reason, op string, opts ...errcodes.Option) error {
	return errcodes.New(r, append(opts, errcodes.During(op))...)
}

// misuse is a mistake of the program that calls us.
func misuse(op, what string) error {
	return errcodes.New(errcodes.ReasonInternalError, errcodes.Because(errors.New("auth: "+what)), errcodes.During(op))
}

// isFault reports whether the error is the service's doing (1004), so that
// nothing may be counted against the person.
func isFault(err error) bool { return errcodes.CodeOf(err) == errcodes.CodeServerError }
