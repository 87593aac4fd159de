package authtest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
)

// noon is the time of checks that do not care; its microseconds show who
// rounds.
var noon = time.Date(2031, 7, 14, 12, 0, 0, 987_654_000, time.UTC)

// years are far from any clock: a store that reads one takes what lives then
// for expired, or what has expired for alive.
var years = []time.Time{
	time.Date(2005, 2, 28, 23, 59, 59, 999_999_000, time.UTC),
	time.Date(2100, 2, 28, 23, 59, 59, 999_999_000, time.UTC),
}

// racers is how many calls race for what only one may have.
const racers = 100

// race starts n calls at once and counts those that report true.
func race(n int, f func(i int) (bool, error)) (int, error) {
	var (
		group sync.WaitGroup
		mu    sync.Mutex
		won   int
		errs  []error
		start = make(chan struct{})
	)
	for i := range n {
		group.Go(func() {
			<-start
			ok, err := f(i)
			mu.Lock()
			defer mu.Unlock()
			if ok {
				won++
			}
			if err != nil {
				errs = append(errs, err)
			}
		})
	}
	close(start)
	group.Wait()
	if len(errs) > 0 {
		return won, fmt.Errorf("%d of %d simultaneous calls failed, the first: %w", len(errs), n, errs[0])
	}
	return won, nil
}

// exactlyOne wants one winner of a race in each of a few rounds: one round
// alone a store may pass by luck.
func exactlyOne(what string, rounds int, f func(round, i int) (bool, error)) error {
	for round := range rounds {
		won, err := race(racers, func(i int) (bool, error) { return f(round, i) })
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if won != 1 {
			return fmt.Errorf("%d of %d simultaneous calls succeeded: %s", won, racers, what)
		}
	}
	return nil
}

// absent wants ErrNotFound.
func absent(what string, err error) error {
	if errors.Is(err, auth.ErrNotFound) {
		return nil
	}
	return fmt.Errorf("%s: got %w, want auth.ErrNotFound", what, orNil(err))
}

var errNil = errors.New("no error")

// orNil makes a missing error printable.
func orNil(err error) error {
	if err == nil {
		return errNil
	}
	return err
}

// first returns the first error there is.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// second drops a value.
func second[T any](_ T, err error) error { return err }

// sum is a hash that depends on its arguments.
func sum(args ...any) [32]byte { return sha256.Sum256([]byte(fmt.Sprint(args...))) }

// sameTime compares moments, to the microsecond.
func sameTime(a, b time.Time) bool {
	return a.Truncate(time.Microsecond).Equal(b.Truncate(time.Microsecond))
}

// newUser is an account whose key and address belong together: stores on an
// app's own table look up by the address.
func newUser(name string) auth.NewUser {
	email := name + "@example.com"
	return auth.NewUser{
		Identifier: auth.Identifier{Realm: "realm", Key: sum("user", email), Email: email, Version: 1},
		Email:      email, PasswordHash: "hash 0", Created: noon,
	}
}

// created makes an account.
func created(ctx context.Context, s auth.UserStore, name string) (auth.UserID, error) {
	id, err := s.Create(ctx, newUser(name))
	if err != nil {
		return "", fmt.Errorf("creating an account: %w", err)
	}
	return id, nil
}

// nearly returns keys that fold into one where a store keeps them as text:
// one bit anywhere, other case, spaces, zero bytes, wrong UTF-8.
func nearly() [][32]byte {
	base := sum("nearly")
	all := [][32]byte{base}
	for _, at := range []int{0, 15, 16, 31} {
		for _, bit := range []byte{0x01, 0x20, 0x80} {
			k := base
			k[at] ^= bit
			all = append(all, k)
		}
	}
	for _, text := range []string{"", "a", "A", "a ", "a\x00b", "\xff", "\xfe", "ä", "a\u0308", "%", "'", "?"} {
		var k [32]byte
		copy(k[:], text)
		all = append(all, k)
	}
	return all
}
