package authtest

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
)

var queueChecks = []check{
	{"Queue.Add", "Add stores a job.", checkAdd},
	{"Queue.Lease", "Lease returns up to limit jobs of the realm whose NotBefore is not after now, the earliest NotBefore first, and in the same step sets their NotBefore to until and adds one to Attempts, so that no job is leased twice at once.", checkLease},
	{"Queue.Lease_expired", "Those of them whose Expires is not after now are removed instead and returned once, with Attempts as they stood, so that the loss can be logged.", checkExpired},
	{"Queue.Retry", "Retry sets NotBefore; a job that is not there is no error.", checkRetry},
	{"Queue.Done", "Done removes a job; one that is not there is no error.", checkDone},
}

func newJob(id string, notBefore time.Time) auth.Job {
	return auth.Job{ID: id, Realm: "realm", Payload: []byte("\x00sealed " + id), NotBefore: notBefore, Expires: noon.Add(24 * time.Hour)}
}

func addJobs(ctx context.Context, s auth.Stores, jobs ...auth.Job) error {
	for _, j := range jobs {
		if err := s.Queue.Add(ctx, j); err != nil {
			return fmt.Errorf("Add: %w", err)
		}
	}
	return nil
}

// leased wants Lease to return the jobs with these ids in this order.
func leased(ctx context.Context, s auth.Stores, what string, now, until time.Time, limit int, want ...string) ([]auth.Job, error) {
	jobs, err := s.Queue.Lease(ctx, "realm", now, until, limit)
	if err != nil {
		return nil, fmt.Errorf("Lease: %w", err)
	}
	got := make([]string, len(jobs))
	for i, j := range jobs {
		got[i] = j.ID
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		return nil, fmt.Errorf("%s: leased %q, not %q", what, got, want)
	}
	return jobs, nil
}

func checkAdd(ctx context.Context, s auth.Stores) error {
	want := newJob("one", noon)
	want.Payload = bytes.Repeat([]byte("\x00\xff012345"), 1024) // 8 KiB
	want.Attempts = 2
	if err := addJobs(ctx, s, want); err != nil {
		return err
	}
	until := noon.Add(time.Minute)
	jobs, err := leased(ctx, s, "a job just added", noon, until, 10, "one")
	if err != nil {
		return err
	}
	got := jobs[0]
	if got.Realm != want.Realm || !bytes.Equal(got.Payload, want.Payload) || got.Attempts != 3 || !sameTime(got.Expires, want.Expires) ||
		!sameTime(got.NotBefore, until) {
		return fmt.Errorf("a job of %d bytes in realm %q, leased %d times, until %v, expires %v",
			len(got.Payload), got.Realm, got.Attempts, got.NotBefore, got.Expires)
	}
	return nil
}

func checkLease(ctx context.Context, s auth.Stores) error {
	at := func(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }
	elsewhere := newJob("elsewhere", at(0))
	elsewhere.Realm = "Realm"
	if err := addJobs(ctx, s, newJob("c", at(3)), newJob("a", at(1)), newJob("d", at(4)), newJob("b", at(2)), elsewhere); err != nil {
		return err
	}
	steps := []struct {
		what       string
		now, until int
		limit      int
		want       []string
	}{
		{"before any is due", 0, 60, 10, nil},
		{"one is due at this very moment", 1, 60, 10, []string{"a"}},
		{"three are due and one wanted", 4, 30, 1, []string{"b"}},
		{"two are due and one wanted", 4, 31, 1, []string{"c"}},
		{"one is left", 4, 90, 10, []string{"d"}},
		{"all are leased", 29, 90, 10, nil},
		{"two leases have run out", 31, 200, 10, []string{"b", "c"}},
		{"the others have", 90, 300, 10, []string{"a", "d"}},
	}
	for _, step := range steps {
		if _, err := leased(ctx, s, step.what, at(step.now), at(step.until), step.limit, step.want...); err != nil {
			return err
		}
	}
	if err := s.Queue.Retry(ctx, "b", at(100)); err != nil {
		return fmt.Errorf("Retry: %w", err)
	}
	jobs, err := leased(ctx, s, "the third lease", at(100), at(400), 10, "b")
	if err != nil {
		return err
	}
	if jobs[0].Attempts != 3 {
		return fmt.Errorf("the third lease of a job says Attempts %d", jobs[0].Attempts)
	}
	return raceLease(ctx, s)
}

// raceLease lets many workers take few jobs: each job belongs to one of them.
func raceLease(ctx context.Context, s auth.Stores) error {
	const jobs = 60
	later := noon.Add(10 * time.Hour)
	for i := range jobs {
		j := newJob(fmt.Sprint("race", i), later.Add(time.Duration(i)*time.Millisecond))
		j.Realm = "race"
		if err := addJobs(ctx, s, j); err != nil {
			return err
		}
	}
	var mu sync.Mutex
	times := map[string]int{}
	_, err := race(racers/2, func(int) (bool, error) {
		for range 3 {
			got, err := s.Queue.Lease(ctx, "race", later.Add(time.Minute), later.Add(time.Hour), 4)
			if err != nil {
				return false, err
			}
			mu.Lock()
			for _, j := range got {
				times[j.ID]++
			}
			mu.Unlock()
		}
		return true, nil
	})
	if err != nil {
		return fmt.Errorf("Lease: %w", err)
	}
	for id, n := range times {
		if n != 1 {
			return fmt.Errorf("job %s was leased %d times at once", id, n)
		}
	}
	if len(times) != jobs {
		return fmt.Errorf("%d of %d jobs were leased by %d calls for 4 each", len(times), jobs, 3*racers/2)
	}
	return nil
}

func checkExpired(ctx context.Context, s auth.Stores) error {
	late, due := newJob("late", noon), newJob("due", noon.Add(time.Second))
	late.Expires, late.Attempts = noon.Add(time.Hour), 7
	if err := addJobs(ctx, s, late, due); err != nil {
		return err
	}
	now := noon.Add(time.Hour) // the very moment it expires
	jobs, err := leased(ctx, s, "one has expired", now, now.Add(time.Minute), 10, "late", "due")
	if err != nil {
		return err
	}
	if jobs[0].Attempts != 7 || !sameTime(jobs[0].Expires, late.Expires) || !bytes.Equal(jobs[0].Payload, late.Payload) {
		return fmt.Errorf("an expired job comes back with Attempts %d, Expires %v", jobs[0].Attempts, jobs[0].Expires)
	}
	if jobs[1].Attempts != 1 {
		return fmt.Errorf("a live job beside it comes back with Attempts %d", jobs[1].Attempts)
	}
	if _, err := leased(ctx, s, "after the expired job was returned", now.Add(time.Minute), now.Add(2*time.Minute), 10, "due"); err != nil {
		return err
	}
	for i := range 20 {
		j := newJob(fmt.Sprint("lost", i), noon)
		j.Expires = noon.Add(time.Minute)
		if err := addJobs(ctx, s, j); err != nil {
			return err
		}
	}
	var mu sync.Mutex
	times := map[string]int{}
	_, err = race(20, func(int) (bool, error) {
		got, err := s.Queue.Lease(ctx, "realm", now, now.Add(time.Hour), 20)
		mu.Lock()
		defer mu.Unlock()
		for _, j := range got {
			times[j.ID]++
		}
		return true, err
	})
	if err != nil {
		return fmt.Errorf("Lease: %w", err)
	}
	for id, n := range times {
		if n > 1 {
			return fmt.Errorf("expired job %s was returned %d times", id, n)
		}
	}
	if len(times) != 20 {
		return fmt.Errorf("%d of 20 expired jobs were returned", len(times))
	}
	return nil
}

func checkRetry(ctx context.Context, s auth.Stores) error {
	if err := addJobs(ctx, s, newJob("one", noon)); err != nil {
		return err
	}
	if err := first(s.Queue.Retry(ctx, "one", noon.Add(time.Hour)), s.Queue.Retry(ctx, "none", noon)); err != nil {
		return fmt.Errorf("Retry: %w", err)
	}
	if _, err := leased(ctx, s, "before the retry", noon.Add(59*time.Minute), noon.Add(2*time.Hour), 10); err != nil {
		return err
	}
	_, err := leased(ctx, s, "at the retry", noon.Add(time.Hour), noon.Add(2*time.Hour), 10, "one")
	return err
}

func checkDone(ctx context.Context, s auth.Stores) error {
	if err := addJobs(ctx, s, newJob("one", noon), newJob("two", noon.Add(time.Second))); err != nil {
		return err
	}
	if err := first(s.Queue.Done(ctx, "one"), s.Queue.Done(ctx, "one"), s.Queue.Done(ctx, "none")); err != nil {
		return fmt.Errorf("Done: %w", err)
	}
	_, err := leased(ctx, s, "one of two is done", noon.Add(time.Hour), noon.Add(2*time.Hour), 10, "two")
	return err
}
