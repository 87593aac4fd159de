// Package authtest checks that stores keep their contracts. Each check quotes
// the sentence of the documentation that it is about. Three lines test stores
// of one's own:
//
//	func TestStores(t *testing.T) {
//		authtest.RunStores(t, func(t *testing.T) auth.Stores { return newStores(t) })
//	}
//
// Who has written one store takes the others from package memstore:
//
//	s := memstore.New()
//	s.Users = newUsers(t)
//	return s
//
// There are no options and nothing to leave out. The checks do not sleep and
// need stores that are empty at the beginning; a check writes a few hundred
// rows at most.
package authtest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/ratelimit"
	"github.com/sekisho-auth/sekisho/auth/ratelimit/ratelimittest"
	"github.com/sekisho-auth/sekisho/lockout"
	"github.com/sekisho-auth/sekisho/lockout/lockouttest"
)

// Failure is one sentence of a contract that a store does not keep.
type Failure struct {
	// Check is the name of the check, also of the subtest in RunStores.
	Check string
	// Clause is the sentence as it stands in the documentation of package
	// auth.
	Clause string
	// Err is what happened instead.
	Err error
}

// Error says what happened, and what the contract says.
func (f *Failure) Error() string {
	return fmt.Sprintf("%s: %v; the contract says: %q", f.Check, f.Err, f.Clause)
}

// Unwrap returns what happened.
func (f *Failure) Unwrap() error { return f.Err }

// check is one sentence of the contracts.
type check struct {
	name, clause string
	run          func(context.Context, auth.Stores) error
}

// checks are those of all stores. Only Sessions may be nil.
func checks(s auth.Stores) []check {
	all := []check{{"Stores", "Users holds the accounts. Required.", required}}
	if required(nil, s) != nil { //nolint:staticcheck // it looks at fields only
		return all
	}
	all = append(all, userChecks...)
	if s.Sessions != nil {
		all = append(all, sessionChecks...)
	}
	all = append(all, ticketChecks...)
	all = append(all, queueChecks...)
	all = append(all, eventChecks...)
	all = append(all, metaChecks...)
	return append(all, commonChecks...)
}

func required(_ context.Context, s auth.Stores) error {
	for _, field := range []struct {
		name    string
		missing bool
	}{
		{"Users", s.Users == nil}, {"Tickets", s.Tickets == nil}, {"Queue", s.Queue == nil}, {"Events", s.Events == nil},
		{"Lockout", s.Lockout == nil}, {"Limits", s.Limits == nil}, {"Meta", s.Meta == nil},
	} {
		if field.missing {
			return fmt.Errorf("Stores.%s is nil", field.name)
		}
	}
	return nil
}

// RunStores checks the stores that newStores returns, each time empty ones,
// in one subtest a sentence. newStores may call t.Cleanup.
func RunStores(t *testing.T, newStores func(t *testing.T) auth.Stores) {
	t.Helper()
	first := newStores(t)
	for _, c := range checks(first) {
		t.Run(c.name, func(t *testing.T) {
			if err := c.run(t.Context(), newStores(t)); err != nil {
				t.Errorf("%v\nthe contract says: %q", err, c.clause)
			}
		})
	}
	if first.Lockout != nil {
		t.Run("Lockout", func(t *testing.T) {
			lockouttest.Run(t, func(t *testing.T) lockout.Store { return newStores(t).Lockout })
		})
	}
	if first.Limits != nil {
		t.Run("Limits", func(t *testing.T) {
			ratelimittest.Run(t, func(t *testing.T) ratelimit.Store { return newStores(t).Limits })
		})
	}
}

// CheckStores does what RunStores does, without package testing: it returns
// nil, or all that is wrong as *Failure values, and those of the suites for
// lock records and limits, joined into one error. It ends early when ctx is
// done, with ctx's error among the others.
func CheckStores(ctx context.Context, newStores func() auth.Stores) error {
	first := newStores()
	var all []error
	for _, c := range checks(first) {
		if err := ctx.Err(); err != nil {
			return errors.Join(append(all, err)...)
		}
		if err := c.run(ctx, newStores()); err != nil {
			all = append(all, &Failure{Check: c.name, Clause: c.clause, Err: err})
		}
	}
	if first.Lockout != nil {
		all = append(all, lockouttest.Check(ctx, func() lockout.Store { return newStores().Lockout }))
	}
	if first.Limits != nil {
		all = append(all, ratelimittest.Check(ctx, func() ratelimit.Store { return newStores().Limits }))
	}
	return errors.Join(all...)
}
