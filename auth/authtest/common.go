package authtest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
)

// commonChecks hold for all stores.
var commonChecks = []check{
	{"Stores.context", "If the context is done when a method is called, it returns an error and nothing has changed.", checkContext},
	{"Stores.clock", "None may read a clock: time is an argument, whatever the year.", checkClock},
	{"Stores.times", "Times come back as the same moment, to the microsecond at least.", checkTimes},
	{"Stores.bytes", "Keys, hashes and owners are compared byte for byte.", checkBytes},
	{"Stores.slices", "Byte slices belong to the caller: changing one that was given or returned changes nothing that is stored.", checkSlices},
}

// call is a method with a context, for checkContext.
type call struct {
	name string
	run  func(ctx context.Context) error
}

func checkContext(ctx context.Context, s auth.Stores) error {
	id, err := created(ctx, s.Users, "one")
	if err != nil {
		return err
	}
	ticket, job, sess := newTicket("one"), newJob("one", noon), newSession(id, "one", noon)
	if err := first(putTicket(ctx, s, ticket), addJobs(ctx, s, job), s.Events.Append(ctx, []auth.Event{newEvent(id, "REF1", noon)}),
		stands(ctx, s, "check", "one", "one")); err != nil {
		return err
	}
	calls := append(callsOfUsers(s, id), callsOfRest(s, id)...)
	if s.Sessions != nil {
		if err := s.Sessions.Put(ctx, sess, nil); err != nil {
			return fmt.Errorf("Put: %w", err)
		}
		calls = append(calls, callsOfSessions(s, sess)...)
	}
	done, cancel := context.WithCancel(ctx)
	cancel()
	for _, c := range calls {
		err := c.run(done)
		if err == nil || errors.Is(err, auth.ErrNotFound) || errors.Is(err, auth.ErrExists) {
			return fmt.Errorf("%s with a cancelled context: got %w, want an error that is a fault", c.name, orNil(err))
		}
	}
	return unchanged(ctx, s, id, sess)
}

func callsOfUsers(s auth.Stores, id auth.UserID) []call {
	n := newUser("two")
	return []call{
		{"Users.Create", func(ctx context.Context) error { return second(s.Users.Create(ctx, n)) }},
		{"Users.Find", func(ctx context.Context) error { return second(s.Users.Find(ctx, newUser("one").Identifier)) }},
		{"Users.Get", func(ctx context.Context) error { return second(s.Users.Get(ctx, id)) }},
		{"Users.SetPasswordHash", func(ctx context.Context) error {
			return second(s.Users.SetPasswordHash(ctx, id, "hash 0", "x", true))
		}},
		{"Users.SetState", func(ctx context.Context) error {
			return second(s.Users.SetState(ctx, id, "", auth.StateDisabled))
		}},
		{"Users.SetState to deleted", func(ctx context.Context) error {
			return second(s.Users.SetState(ctx, id, "", auth.StateDeleted))
		}},
		{"Users.SetEmail", func(ctx context.Context) error {
			return second(s.Users.SetEmail(ctx, id, "one@example.com", n.Identifier, n.Email))
		}},
	}
}

func callsOfSessions(s auth.Stores, n auth.Session) []call {
	return []call{
		{"Sessions.Put", func(ctx context.Context) error { return s.Sessions.Put(ctx, newSession(n.UserID, "two", noon), nil) }},
		{"Sessions.Put replacing", func(ctx context.Context) error {
			return s.Sessions.Put(ctx, newSession(n.UserID, "two", noon), &n.Hash)
		}},
		{"Sessions.Get", func(ctx context.Context) error { return second(s.Sessions.Get(ctx, n.Hash, noon)) }},
		{"Sessions.Touch", func(ctx context.Context) error { return s.Sessions.Touch(ctx, n.Hash, noon.Add(time.Hour), noon) }},
		{"Sessions.Delete", func(ctx context.Context) error { return s.Sessions.Delete(ctx, n.Hash) }},
		{"Sessions.Delete of two", func(ctx context.Context) error { return s.Sessions.Delete(ctx, n.Hash, sum("none")) }},
		{"Sessions.List", func(ctx context.Context) error { return second(s.Sessions.List(ctx, n.UserID, noon)) }},
	}
}

func callsOfRest(s auth.Stores, id auth.UserID) []call {
	ticket := newTicket("one")
	return []call{
		{"Tickets.Put", func(ctx context.Context) error { return s.Tickets.Put(ctx, newTicket("two")) }},
		{"Tickets.Get", func(ctx context.Context) error {
			return second(s.Tickets.Get(ctx, ticket.Purpose, ticket.Hash, noon))
		}},
		{"Tickets.Take", func(ctx context.Context) error {
			return second(s.Tickets.Take(ctx, ticket.Purpose, ticket.Hash, noon))
		}},
		{"Tickets.Owned", func(ctx context.Context) error {
			return second(s.Tickets.Owned(ctx, ticket.Purpose, ticket.Owner, noon))
		}},
		{"Queue.Add", func(ctx context.Context) error { return s.Queue.Add(ctx, newJob("two", noon)) }},
		{"Queue.Lease", func(ctx context.Context) error {
			return second(s.Queue.Lease(ctx, "realm", noon, noon.Add(time.Hour), 10))
		}},
		{"Queue.Retry", func(ctx context.Context) error { return s.Queue.Retry(ctx, "one", noon.Add(time.Hour)) }},
		{"Queue.Done", func(ctx context.Context) error { return s.Queue.Done(ctx, "one") }},
		{"Events.Append", func(ctx context.Context) error {
			return s.Events.Append(ctx, []auth.Event{newEvent(id, "", noon)})
		}},
		{"Events.ByReference", func(ctx context.Context) error { return second(s.Events.ByReference(ctx, "REF1")) }},
		{"Events.ByUser", func(ctx context.Context) error {
			return second(s.Events.ByUser(ctx, id, noon.Add(time.Hour), 10))
		}},
		{"Events.Prune", func(ctx context.Context) error {
			return second(s.Events.Prune(ctx, noon.Add(time.Hour), noon.Add(time.Hour), 10))
		}},
		{"Meta.KeyCheck", func(ctx context.Context) error { return second(s.Meta.KeyCheck(ctx, "check", []byte("x"))) }},
		{"Meta.ReplaceKeyCheck", func(ctx context.Context) error { return s.Meta.ReplaceKeyCheck(ctx, "check", []byte("x")) }},
	}
}

// unchanged wants everything of checkContext to stand as it was made.
func unchanged(ctx context.Context, s auth.Stores, id auth.UserID, sess auth.Session) error {
	n := newUser("one")
	u, err := s.Users.Find(ctx, n.Identifier)
	if err != nil {
		return fmt.Errorf("Find after cancelled calls: %w", err)
	}
	want := auth.User{ID: id, Realm: "realm", Email: n.Email, PasswordHash: n.PasswordHash, Created: n.Created}
	errs := []error{
		sameUser(u, want),
		absent("Find of an account whose creation was cancelled", second(s.Users.Find(ctx, newUser("two").Identifier))),
		history(ctx, s, "after cancelled calls", id, noon.Add(time.Hour), 10, newEvent(id, "REF1", noon)),
		stands(ctx, s, "check", "two", "one"),
	}
	if s.Sessions != nil {
		all, err := s.Sessions.List(ctx, id, noon)
		if err != nil || len(all) != 1 {
			return fmt.Errorf("after cancelled calls there are %d sessions, %w, not 1", len(all), orNil(err))
		}
		errs = append(errs, sameSession(all[0], sess))
	}
	tickets, err := s.Tickets.Owned(ctx, "reset", sum("owner"), noon)
	if err != nil || len(tickets) != 1 {
		return fmt.Errorf("after cancelled calls there are %d tickets, %w, not 1", len(tickets), orNil(err))
	}
	_, err = leased(ctx, s, "after cancelled calls", noon, noon.Add(time.Hour), 10, "one")
	return first(append(errs, err)...)
}

func checkClock(ctx context.Context, s auth.Stores) error {
	for _, now := range years {
		year := now.Year()
		ticket, job := newTicket(year), newJob(fmt.Sprint(year), now)
		ticket.Expires, job.Expires, job.Realm = now.Add(time.Hour), now.Add(time.Hour), fmt.Sprint(year)
		if err := first(putTicket(ctx, s, ticket), addJobs(ctx, s, job)); err != nil {
			return err
		}
		if s.Sessions != nil {
			n := newSession("user", year, now)
			if err := s.Sessions.Put(ctx, n, nil); err != nil {
				return fmt.Errorf("Put: %w", err)
			}
			if err := stored(ctx, s.Sessions, n, now.Add(time.Hour-time.Microsecond)); err != nil {
				return fmt.Errorf("in the year %d: %w", year, err)
			}
			if all, err := s.Sessions.List(ctx, "user", now); err != nil || len(all) == 0 || !sameTime(all[0].Created, now) {
				return fmt.Errorf("in the year %d List returns %d sessions, %w", year, len(all), orNil(err))
			}
		}
		if owned, err := s.Tickets.Owned(ctx, "reset", ticket.Owner, now); err != nil || len(owned) != 1 {
			return fmt.Errorf("in the year %d Owned returns %d tickets, %w, not 1", year, len(owned), orNil(err))
		}
		if _, err := s.Tickets.Take(ctx, "reset", ticket.Hash, now.Add(time.Hour-time.Microsecond)); err != nil {
			return fmt.Errorf("in the year %d Take of a live ticket: %w", year, err)
		}
		jobs, err := s.Queue.Lease(ctx, job.Realm, now, now.Add(time.Minute), 10)
		if err != nil || len(jobs) != 1 || jobs[0].Attempts != 1 {
			return fmt.Errorf("in the year %d Lease returns %d jobs, %w, not a live one", year, len(jobs), orNil(err))
		}
	}
	return nil
}

func checkTimes(ctx context.Context, s auth.Stores) error {
	for i, at := range append(years, noon, noon.In(time.FixedZone("", 9*3600)), time.Date(1969, 12, 31, 23, 59, 59, 1000, time.UTC)) {
		n := newUser(fmt.Sprint("user", i))
		n.Created = at
		id, err := s.Users.Create(ctx, n)
		if err != nil {
			return fmt.Errorf("Create: %w", err)
		}
		if u, err := s.Users.Get(ctx, id); err != nil || !sameTime(u.Created, at) {
			return fmt.Errorf("an account created at %v comes back as of %v, %w", at, u.Created, orNil(err))
		}
		e := newEvent(id, "", at)
		e.Until = time.Time{}
		if err := s.Events.Append(ctx, []auth.Event{e}); err != nil {
			return fmt.Errorf("Append: %w", err)
		}
		if err := history(ctx, s, fmt.Sprint("an event at ", at), id, at.Add(time.Second), 10, e); err != nil {
			return err
		}
	}
	return nil
}

func checkBytes(ctx context.Context, s auth.Stores) error {
	keys := nearly()
	ids := make([]auth.UserID, len(keys))
	for i, key := range keys {
		n := newUser(fmt.Sprint("nearly", i))
		n.Identifier.Key = key
		t, sess := newTicket(i), newSession(auth.UserID("of "+string(key[:8])), i, noon)
		t.Hash, t.Owner, sess.Hash = key, key, key
		var err error
		if ids[i], err = s.Users.Create(ctx, n); err != nil {
			return fmt.Errorf("Create with key %x: %w", key, err)
		}
		if err := putTicket(ctx, s, t); err != nil {
			return fmt.Errorf("with hash %x: %w", key, err)
		}
		if s.Sessions == nil {
			continue
		}
		if err := s.Sessions.Put(ctx, sess, nil); err != nil {
			return fmt.Errorf("Put with hash %x: %w", key, err)
		}
	}
	for i, key := range keys {
		id := newUser(fmt.Sprint("nearly", i)).Identifier
		id.Key = key
		if u, err := s.Users.Find(ctx, id); err != nil || u.ID != ids[i] {
			return fmt.Errorf("Find with key %x returns account %q, %w, not %q", key, u.ID, orNil(err), ids[i])
		}
		if s.Sessions != nil {
			if got, err := s.Sessions.Get(ctx, key, noon); err != nil || got.Hash != key || got.ID != fmt.Sprint("id ", i) {
				return fmt.Errorf("Get of session %x returns %+v, %w", key, got, orNil(err))
			}
		}
		owned, err := s.Tickets.Owned(ctx, "reset", key, noon)
		if err != nil || len(owned) != 1 || owned[0].Hash != key {
			return fmt.Errorf("Owned of %x returns %d tickets, %w, not 1", key, len(owned), orNil(err))
		}
		if _, err := s.Tickets.Take(ctx, "reset", key, noon); err != nil {
			return fmt.Errorf("Take of ticket %x: %w", key, err)
		}
	}
	return nil
}

func checkSlices(ctx context.Context, s auth.Stores) error {
	want, given := newTicket("one"), newTicket("one")
	if err := putTicket(ctx, s, given); err != nil {
		return err
	}
	clear(given.Data)
	for range 2 {
		got, err := s.Tickets.Get(ctx, want.Purpose, want.Hash, noon)
		if err != nil {
			return fmt.Errorf("Get: %w", err)
		}
		if err := sameTicket(got, want); err != nil {
			return err
		}
		clear(got.Data)
	}
	job := newJob("one", noon)
	payload := string(job.Payload)
	if err := addJobs(ctx, s, job); err != nil {
		return err
	}
	clear(job.Payload)
	for i := range 2 {
		now := noon.Add(time.Duration(i) * time.Minute)
		jobs, err := leased(ctx, s, "a job", now, now.Add(time.Minute), 1, "one")
		if err != nil {
			return err
		}
		if string(jobs[0].Payload) != payload {
			return fmt.Errorf("a job's payload %q comes back as %q", payload, jobs[0].Payload)
		}
		clear(jobs[0].Payload)
	}
	if s.Meta == nil {
		return nil
	}
	value := []byte("one")
	got, err := s.Meta.KeyCheck(ctx, "check", value)
	if err != nil {
		return fmt.Errorf("KeyCheck: %w", err)
	}
	clear(value)
	clear(got)
	return stands(ctx, s, "check", "two", "one")
}
