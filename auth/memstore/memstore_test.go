package memstore_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/memstore"
	"github.com/sekisho-auth/sekisho/auth/ratelimit"
	"github.com/sekisho-auth/sekisho/auth/ratelimit/ratelimittest"
	"github.com/sekisho-auth/sekisho/lockout"
	"github.com/sekisho-auth/sekisho/lockout/lockouttest"
)

// Years that no wall clock shows: a store that reads one is caught.
var past, future = time.Date(2005, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)

func TestCountersPassTheirSuites(t *testing.T) {
	lockouttest.Run(t, func(*testing.T) lockout.Store { return memstore.New().Lockout })
	ratelimittest.Run(t, func(*testing.T) ratelimit.Store { return memstore.New().Limits })
}

// race runs f n times at once and counts those that report true.
func race(n int, f func(i int) bool) int {
	var group sync.WaitGroup
	var won atomic.Int32
	start := make(chan struct{})
	for i := range n {
		group.Go(func() {
			<-start
			if f(i) {
				won.Add(1)
			}
		})
	}
	close(start)
	group.Wait()
	return int(won.Load())
}

func newUser(name string) auth.NewUser {
	return auth.NewUser{Identifier: auth.Identifier{Realm: "r", Key: sha256.Sum256([]byte(name))}, Email: name, PasswordHash: "h0", Created: past}
}

func TestUsers(t *testing.T) {
	s, ctx := memstore.New().Users, t.Context()
	if n := race(100, func(int) bool { _, err := s.Create(ctx, newUser("a")); return err == nil }); n != 1 {
		t.Errorf("%d of 100 creations of one address succeeded", n)
	}
	u, err := s.Find(ctx, newUser("a").Identifier)
	if err != nil || u.Realm != "r" || u.Email != "a" || !u.Created.Equal(past) {
		t.Fatalf("%+v, %v", u, err)
	}
	n := race(100, func(i int) bool {
		ok, err := s.SetPasswordHash(ctx, u.ID, "h0", fmt.Sprint("h", i+1), true)
		return ok && err == nil
	})
	if got, _ := s.Get(ctx, u.ID); n != 1 || got.CredentialVersion != 1 {
		t.Errorf("%d of 100 changes from one hash won, version %d", n, got.CredentialVersion)
	}
	if n := race(100, func(int) bool { ok, _ := s.SetState(ctx, u.ID, "", auth.StateDisabled); return ok }); n != 1 {
		t.Errorf("%d of 100 changes of state won", n)
	}
	if got, _ := s.Get(ctx, u.ID); got.CredentialVersion != 2 {
		t.Errorf("a state that ends sessions left the version at %d", got.CredentialVersion)
	}
	b, err := s.Create(ctx, newUser("b"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.SetEmail(ctx, b, "b", newUser("a").Identifier, "a"); !errors.Is(err, auth.ErrExists) {
		t.Errorf("an address was taken over: %v", err)
	}
	if ok, err := s.SetEmail(ctx, b, "b", newUser("c").Identifier, "c"); !ok || err != nil {
		t.Error(ok, err)
	}
	if _, err := s.Find(ctx, newUser("b").Identifier); !errors.Is(err, auth.ErrNotFound) {
		t.Errorf("the old address still finds: %v", err)
	}
	if ok, err := s.SetState(ctx, b, "", auth.StateDeleted); !ok || err != nil {
		t.Error(ok, err)
	}
	for _, err := range []error{
		second(s.Get(ctx, b)), second(s.Find(ctx, newUser("c").Identifier)),
		second(s.SetState(ctx, b, "", "x")), second(s.SetPasswordHash(ctx, b, "h0", "h1", false)),
	} {
		if !errors.Is(err, auth.ErrNotFound) {
			t.Errorf("a deleted account: %v", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestSessions(t *testing.T) {
	s, ctx := memstore.New().Sessions, t.Context()
	at := func(i int, now time.Time) auth.Session {
		return auth.Session{
			Hash: sha256.Sum256([]byte{byte(i)}), ID: fmt.Sprint(i), UserID: "u", Token: "secret", User: auth.User{Email: "x"},
			Created: now, IdleExpires: now.Add(time.Hour), Expires: now.Add(2 * time.Hour),
		}
	}
	first := at(0, future)
	if err := s.Put(ctx, first, nil); err != nil {
		t.Fatal(err)
	}
	got, err := s.Get(ctx, first.Hash, future)
	if err != nil || got.Token != "" || got.User != (auth.User{}) {
		t.Errorf("kept more than it may: %+v, %v", got, err)
	}
	if n := race(100, func(i int) bool { return s.Put(ctx, at(i+1, future), &first.Hash) == nil }); n != 1 {
		t.Errorf("%d of 100 replacements of one session succeeded", n)
	}
	all, err := s.List(ctx, "u", future)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d sessions, %v", len(all), err)
	}
	if err := s.Touch(ctx, all[0].Hash, future.Add(time.Minute), future.Add(90*time.Minute)); err != nil {
		t.Error(err)
	}
	if _, err := s.Get(ctx, all[0].Hash, future.Add(80*time.Minute)); err != nil {
		t.Errorf("after a touch: %v", err)
	}
	if _, err := s.Get(ctx, all[0].Hash, future.Add(90*time.Minute)); !errors.Is(err, auth.ErrNotFound) {
		t.Errorf("an expired session: %v", err)
	}
	if err := errors.Join(s.Touch(ctx, first.Hash, future, future), s.Delete(ctx, first.Hash, all[0].Hash)); err != nil {
		t.Error(err)
	}
	if all, _ = s.List(ctx, "u", future); len(all) != 0 {
		t.Errorf("%d left", len(all))
	}
}

func TestTickets(t *testing.T) {
	s, ctx := memstore.New().Tickets, t.Context()
	put := func(i int, purpose string, expires time.Time) auth.Ticket {
		k := auth.Ticket{Hash: sha256.Sum256([]byte(fmt.Sprint(purpose, i))), Purpose: purpose, Owner: [32]byte{1}, Data: []byte{byte(i)}, Expires: expires}
		if err := s.Put(ctx, k); err != nil {
			t.Fatal(err)
		}
		return k
	}
	one := put(1, "reset", past.Add(time.Hour))
	if _, err := s.Get(ctx, "other", one.Hash, past); !errors.Is(err, auth.ErrNotFound) {
		t.Errorf("another purpose: %v", err)
	}
	if _, err := s.Take(ctx, "other", one.Hash, past); !errors.Is(err, auth.ErrNotFound) {
		t.Errorf("another purpose: %v", err)
	}
	if n := race(100, func(int) bool { _, err := s.Take(ctx, "reset", one.Hash, past); return err == nil }); n != 1 {
		t.Errorf("%d of 100 took one ticket", n)
	}
	two, three := put(2, "reset", past.Add(time.Hour)), put(3, "reset", past.Add(2*time.Hour))
	put(4, "other", past.Add(time.Hour))
	owned, err := s.Owned(ctx, "reset", [32]byte{1}, past)
	if err != nil || len(owned) != 2 || owned[0].Hash != three.Hash || owned[1].Hash != two.Hash {
		t.Errorf("%d owned, %v", len(owned), err)
	}
	if _, err := s.Get(ctx, "reset", two.Hash, past.Add(time.Hour)); !errors.Is(err, auth.ErrNotFound) {
		t.Errorf("an expired ticket: %v", err)
	}
	owned[0].Data[0] = 99
	if again, _ := s.Get(ctx, "reset", three.Hash, past); again.Data[0] != 3 {
		t.Error("a caller can change what is stored")
	}
}

func TestTicketsAreBounded(t *testing.T) {
	s, ctx := memstore.New().Tickets, t.Context()
	const n = 150_000
	for i := range n {
		k := auth.Ticket{Hash: sha256.Sum256([]byte(fmt.Sprint(i))), Purpose: "p", Owner: sha256.Sum256([]byte{byte(i), byte(i >> 8), byte(i >> 16)}), Expires: past.Add(time.Duration(i) * time.Second)}
		if err := s.Put(ctx, k); err != nil {
			t.Fatal(err)
		}
	}
	kept := 0
	for i := range n {
		if _, err := s.Get(ctx, "p", sha256.Sum256([]byte(fmt.Sprint(i))), past.Add(-time.Hour)); err == nil {
			kept++
		}
	}
	if kept > 100_000 || kept < 80_000 {
		t.Errorf("%d of %d tickets kept", kept, n)
	}
	if _, err := s.Get(ctx, "p", sha256.Sum256([]byte(fmt.Sprint(n-1))), past); err != nil {
		t.Errorf("the newest went: %v", err)
	}
}

func TestQueue(t *testing.T) {
	s, ctx := memstore.New().Queue, t.Context()
	for i := range 100 {
		j := auth.Job{ID: fmt.Sprint(i), Realm: "r", NotBefore: past.Add(time.Duration(i) * time.Second), Expires: past.Add(time.Hour)}
		if err := s.Add(ctx, j); err != nil {
			t.Fatal(err)
		}
	}
	if jobs, _ := s.Lease(ctx, "other", past.Add(time.Minute), future, 10); len(jobs) != 0 {
		t.Errorf("%d jobs of another realm", len(jobs))
	}
	var leased sync.Map
	n := race(50, func(int) bool {
		jobs, err := s.Lease(ctx, "r", past.Add(49*time.Second), past.Add(30*time.Minute), 7)
		for _, j := range jobs {
			if _, twice := leased.LoadOrStore(j.ID, true); twice || j.Attempts != 1 {
				t.Errorf("job %s leased twice, or attempts %d", j.ID, j.Attempts)
			}
		}
		return err == nil && len(jobs) > 0
	})
	if n < 8 {
		t.Errorf("%d leases for 50 due jobs of 7 at most", n)
	}
	if err := errors.Join(s.Retry(ctx, "0", past), s.Done(ctx, "1"), s.Retry(ctx, "none", past), s.Done(ctx, "none")); err != nil {
		t.Fatal(err)
	}
	jobs, err := s.Lease(ctx, "r", past, past.Add(time.Minute), 10)
	if err != nil || len(jobs) != 1 || jobs[0].ID != "0" || jobs[0].Attempts != 2 {
		t.Errorf("%+v, %v", jobs, err)
	}
	lost, err := s.Lease(ctx, "r", past.Add(time.Hour), future, 1000)
	if err != nil || len(lost) != 99 {
		t.Errorf("%d expired jobs told, %v", len(lost), err)
	}
	if again, _ := s.Lease(ctx, "r", future, future, 1000); len(again) != 0 {
		t.Errorf("%d expired jobs told twice", len(again))
	}
}

func TestEventsAreBoundedAndOrdered(t *testing.T) {
	s, ctx := memstore.New().Events, t.Context()
	var batch []auth.Event
	for i := range 25_000 {
		batch = append(batch, auth.Event{Time: past.Add(time.Duration(i) * time.Second), UserID: "u", Reference: fmt.Sprint(i % 24_000), Client: auth.Client{UserAgent: "x"}})
	}
	if err := s.Append(ctx, batch); err != nil {
		t.Fatal(err)
	}
	got, err := s.ByUser(ctx, "u", future, 30_000)
	if err != nil || len(got) != 20_000 || !got[0].Time.Equal(batch[24_999].Time) {
		t.Fatalf("%d events, newest %v, %v", len(got), got[0].Time, err)
	}
	if got, _ = s.ByReference(ctx, ""); len(got) != 0 {
		t.Errorf("%d events without a reference were found by none", len(got))
	}
	if n, err := s.Prune(ctx, batch[10_000].Time, batch[6_000].Time, 1_000_000); err != nil || n != 4_000 {
		t.Fatal(n, err)
	}
	got, _ = s.ByUser(ctx, "u", future, 30_000)
	if len(got) != 19_000 || got[18_999].Client != (auth.Client{}) || got[0].Client == (auth.Client{}) {
		t.Errorf("%d events after pruning", len(got))
	}
}
