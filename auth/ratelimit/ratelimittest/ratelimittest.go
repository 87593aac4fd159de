// Package ratelimittest checks that a [ratelimit.Store] keeps its contract.
// Each check quotes the sentence of the interface's documentation that it is
// about. Three lines test a store of one's own:
//
//	func TestStore(t *testing.T) {
//		ratelimittest.Run(t, func(t *testing.T) ratelimit.Store { return newStore(t) })
//	}
//
// There are no options and nothing to leave out. The checks do not sleep; on a
// store in memory they take milliseconds.
package ratelimittest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/sekisho-auth/sekisho/auth/ratelimit"
)

// Failure is one sentence of the contract that a store does not keep.
type Failure struct {
	Check  string // short name of the check, also the name of the subtest in Run
	Clause string // the sentence, as it stands in the documentation of ratelimit.Store
	Err    error  // what happened instead
}

// Error says what happened, and what the contract says.
func (f *Failure) Error() string {
	return fmt.Sprintf("%s: %v; the contract says: %q", f.Check, f.Err, f.Clause)
}

// Unwrap returns what happened.
func (f *Failure) Unwrap() error { return f.Err }

// Run checks the stores that newStore returns, each of which must be empty, in
// one subtest a clause. newStore may call t.Cleanup.
func Run(t *testing.T, newStore func(t *testing.T) ratelimit.Store) {
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			if err := c.check(t.Context(), newStore(t)); err != nil {
				t.Errorf("%v\nthe contract says: %q", err, c.clause)
			}
		})
	}
}

// Check does what Run does, without package testing: it returns nil, or all
// that is wrong as *Failure values joined into one error. It ends early when
// ctx is done, with ctx's error among the others.
func Check(ctx context.Context, newStore func() ratelimit.Store) error {
	var all []error
	for _, c := range checks {
		if err := ctx.Err(); err != nil {
			all = append(all, err)
			break
		}
		if err := c.check(ctx, newStore()); err != nil {
			all = append(all, &Failure{Check: c.name, Clause: c.clause, Err: err})
		}
	}
	return errors.Join(all...)
}
