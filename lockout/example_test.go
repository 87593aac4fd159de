package lockout_test

import (
	"context"
	"fmt"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/lockout"
)

func Example() {
	guard, err := lockout.New(lockout.Config{Store: lockout.NewMemory(0)})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	// In an app: HMAC-SHA-256 of the canonical identifier, known or not.
	key := lockout.Key{1}

	signIn := func(password string) error {
		attempt, err := guard.Reserve(ctx, key)
		if err != nil {
			return err // locked, disabled, busy or a fault: compare nothing
		}
		if password != "fifty three stations of the tokaido" {
			if err := attempt.Settle(ctx, lockout.Failed); err != nil {
				return err // this failure locked the key
			}
			return errcodes.New(errcodes.ReasonInvalidCredentials)
		}
		return attempt.Settle(ctx, lockout.Completed)
	}
	for range 5 {
		fmt.Println(signIn("guess"))
	}
	fmt.Println(signIn("fifty three stations of the tokaido"))
	// A completed reset lifts the lock.
	if err := guard.Unlock(ctx, key, "reset", ""); err != nil {
		fmt.Println(err)
	}
	fmt.Println(signIn("fifty three stations of the tokaido"))
	// Output:
	// auth: 1001 invalid_credentials
	// auth: 1001 invalid_credentials
	// auth: 1001 invalid_credentials
	// auth: 1001 invalid_credentials
	// auth: 1002 account_temporarily_locked
	// auth: 1002 account_temporarily_locked
	// <nil>
}

// The rule can be played through without a store and without waiting.
func ExamplePolicy_Next() {
	policy := lockout.Default()
	now := time.Date(2030, 1, 1, 9, 0, 0, 0, time.UTC)
	var record lockout.Record
	for id := uint64(1); id <= 8; id++ {
		var v lockout.Verdict
		record, v = policy.Next(record, lockout.Step{Op: lockout.OpReserve, Ticket: id}, now)
		record, v = policy.Next(record, lockout.Step{Op: lockout.OpSettle, Ticket: id, Outcome: lockout.Failed}, now)
		if v.NewLock {
			fmt.Printf("failure %d at %s locks for %v\n", id, now.Format("15:04"), v.Wait)
			now = v.Until
		}
	}
	// Output:
	// failure 5 at 09:00 locks for 1m0s
	// failure 6 at 09:01 locks for 2m0s
	// failure 7 at 09:03 locks for 4m0s
	// failure 8 at 09:07 locks for 8m0s
}

func ExampleGuard_Status() {
	guard, err := lockout.New(lockout.Config{Store: lockout.NewMemory(0), Policy: lockout.Policy{Threshold: 3}})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, key := context.Background(), lockout.Key{1}
	attempt, err := guard.Reserve(ctx, key)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := attempt.Settle(ctx, lockout.Failed); err != nil {
		fmt.Println(err)
	}
	s, err := guard.Status(ctx, key)
	fmt.Println(s.Failures, s.InFlight, s.Disabled, err)
	// Output: 1 0 false <nil>
}
