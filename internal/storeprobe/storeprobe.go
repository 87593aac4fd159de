// Package storeprobe stands between a service and its stores in tests: it
// writes down every call and makes chosen calls fail.
package storeprobe

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/ratelimit"
	"github.com/sekisho-auth/sekisho/lockout"
)

// ErrInjected is what a call returns that was made to fail.
var ErrInjected = errors.New("storeprobe: injected fault")

// Probe counts calls and decides which of them fail. It is safe for
// concurrent use.
type Probe struct {
	mu    sync.Mutex
	calls []string
	fail  func(n int, name string) error
}

// Calls returns the names of all calls since the last Reset, in order, such
// as "Users.Find" or "Lockout.Update(write)".
func (p *Probe) Calls() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.calls...)
}

// Reset forgets the calls and sets what fails: f gets the number of the call,
// from 0, and its name. nil: nothing fails.
func (p *Probe) Reset(f func(n int, name string) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls, p.fail = nil, f
}

func (p *Probe) call(name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.calls)
	p.calls = append(p.calls, name)
	if p.fail == nil {
		return nil
	}
	return p.fail(n, name)
}

// rename replaces the last call's name once its nature is known.
func (p *Probe) rename(from, to string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.calls) - 1; i >= 0; i-- {
		if p.calls[i] == from {
			p.calls[i] = to
			return
		}
	}
}

// Wrap puts a probe between the service and its stores.
func Wrap(s auth.Stores) (auth.Stores, *Probe) {
	p := &Probe{}
	w := s
	w.Users = users{s.Users, p}
	if s.Sessions != nil {
		w.Sessions = sessions{s.Sessions, p}
	}
	w.Tickets = tickets{s.Tickets, p}
	w.Queue = queue{s.Queue, p}
	w.Events = events{s.Events, p}
	w.Lockout = locks{s.Lockout, p}
	w.Limits = limits{s.Limits, p}
	return w, p
}

// do1 runs a call that returns only an error.
func do1(p *Probe, name string, f func() error) error {
	if err := p.call(name); err != nil {
		return err
	}
	return f()
}

// do2 runs a call that returns a value and an error.
func do2[T any](p *Probe, name string, f func() (T, error)) (T, error) {
	if err := p.call(name); err != nil {
		var zero T
		return zero, err
	}
	return f()
}

// volatile says what the store behind the probe says of itself.
func volatile(store any) bool {
	v, ok := store.(interface{ Volatile() bool })
	return ok && v.Volatile()
}

type users struct {
	auth.UserStore
	p *Probe
}

// Volatile is asked by auth.New.
func (s users) Volatile() bool { return volatile(s.UserStore) }

func (s users) Create(ctx context.Context, u auth.NewUser) (auth.UserID, error) {
	return do2(s.p, "Users.Create", func() (auth.UserID, error) { return s.UserStore.Create(ctx, u) })
}

func (s users) Find(ctx context.Context, id auth.Identifier) (auth.User, error) {
	return do2(s.p, "Users.Find", func() (auth.User, error) { return s.UserStore.Find(ctx, id) })
}

func (s users) Get(ctx context.Context, id auth.UserID) (auth.User, error) {
	return do2(s.p, "Users.Get", func() (auth.User, error) { return s.UserStore.Get(ctx, id) })
}

func (s users) SetPasswordHash(ctx context.Context, id auth.UserID, old, new string, end bool) (bool, error) {
	return do2(s.p, "Users.SetPasswordHash", func() (bool, error) { return s.UserStore.SetPasswordHash(ctx, id, old, new, end) })
}

func (s users) SetState(ctx context.Context, id auth.UserID, from, to auth.State) (bool, error) {
	return do2(s.p, "Users.SetState", func() (bool, error) { return s.UserStore.SetState(ctx, id, from, to) })
}

func (s users) SetEmail(ctx context.Context, id auth.UserID, old string, to auth.Identifier, email string) (bool, error) {
	return do2(s.p, "Users.SetEmail", func() (bool, error) { return s.UserStore.SetEmail(ctx, id, old, to, email) })
}

type sessions struct {
	auth.SessionStore
	p *Probe
}

// Volatile is asked by auth.New.
func (s sessions) Volatile() bool { return volatile(s.SessionStore) }

func (s sessions) Put(ctx context.Context, n auth.Session, replaces *[32]byte) error {
	return do1(s.p, "Sessions.Put", func() error { return s.SessionStore.Put(ctx, n, replaces) })
}

func (s sessions) Get(ctx context.Context, hash [32]byte, now time.Time) (auth.Session, error) {
	return do2(s.p, "Sessions.Get", func() (auth.Session, error) { return s.SessionStore.Get(ctx, hash, now) })
}

func (s sessions) Touch(ctx context.Context, hash [32]byte, seen, idle time.Time) error {
	return do1(s.p, "Sessions.Touch", func() error { return s.SessionStore.Touch(ctx, hash, seen, idle) })
}

func (s sessions) Delete(ctx context.Context, hashes ...[32]byte) error {
	return do1(s.p, "Sessions.Delete", func() error { return s.SessionStore.Delete(ctx, hashes...) })
}

func (s sessions) List(ctx context.Context, id auth.UserID, now time.Time) ([]auth.Session, error) {
	return do2(s.p, "Sessions.List", func() ([]auth.Session, error) { return s.SessionStore.List(ctx, id, now) })
}

type tickets struct {
	auth.TicketStore
	p *Probe
}

// Volatile is asked by auth.New.
func (s tickets) Volatile() bool { return volatile(s.TicketStore) }

func (s tickets) Put(ctx context.Context, t auth.Ticket) error {
	return do1(s.p, "Tickets.Put", func() error { return s.TicketStore.Put(ctx, t) })
}

func (s tickets) Get(ctx context.Context, purpose string, hash [32]byte, now time.Time) (auth.Ticket, error) {
	return do2(s.p, "Tickets.Get", func() (auth.Ticket, error) { return s.TicketStore.Get(ctx, purpose, hash, now) })
}

func (s tickets) Take(ctx context.Context, purpose string, hash [32]byte, now time.Time) (auth.Ticket, error) {
	return do2(s.p, "Tickets.Take", func() (auth.Ticket, error) { return s.TicketStore.Take(ctx, purpose, hash, now) })
}

func (s tickets) Owned(ctx context.Context, purpose string, owner [32]byte, now time.Time) ([]auth.Ticket, error) {
	return do2(s.p, "Tickets.Owned", func() ([]auth.Ticket, error) { return s.TicketStore.Owned(ctx, purpose, owner, now) })
}

type queue struct {
	auth.QueueStore
	p *Probe
}

// Volatile is asked by auth.New.
func (s queue) Volatile() bool { return volatile(s.QueueStore) }

func (s queue) Add(ctx context.Context, j auth.Job) error {
	return do1(s.p, "Queue.Add", func() error { return s.QueueStore.Add(ctx, j) })
}

func (s queue) Lease(ctx context.Context, realm string, now, until time.Time, limit int) ([]auth.Job, error) {
	return do2(s.p, "Queue.Lease", func() ([]auth.Job, error) { return s.QueueStore.Lease(ctx, realm, now, until, limit) })
}

func (s queue) Retry(ctx context.Context, id string, at time.Time) error {
	return do1(s.p, "Queue.Retry", func() error { return s.QueueStore.Retry(ctx, id, at) })
}

func (s queue) Done(ctx context.Context, id string) error {
	return do1(s.p, "Queue.Done", func() error { return s.QueueStore.Done(ctx, id) })
}

type events struct {
	auth.EventStore
	p *Probe
}

// Volatile is asked by auth.New.
func (s events) Volatile() bool { return volatile(s.EventStore) }

func (s events) Append(ctx context.Context, e []auth.Event) error {
	return do1(s.p, "Events.Append", func() error { return s.EventStore.Append(ctx, e) })
}

type locks struct {
	lockout.Store
	p *Probe
}

// Volatile is asked by auth.New.
func (s locks) Volatile() bool { return volatile(s.Store) }

// Update tells reads from writes: "Lockout.Update(read)" is one whose step
// asked for no write.
func (s locks) Update(ctx context.Context, key lockout.Key, guess lockout.Record, now time.Time,
	step func(lockout.Record) (lockout.Record, bool)) error {
	if err := s.p.call("Lockout.Update"); err != nil {
		return err
	}
	wrote := false
	err := s.Store.Update(ctx, key, guess, now, func(r lockout.Record) (lockout.Record, bool) {
		next, write := step(r)
		wrote = write
		return next, write
	})
	name := "Lockout.Update(read)"
	if wrote {
		name = "Lockout.Update(write)"
	}
	s.p.rename("Lockout.Update", name)
	return err
}

type limits struct {
	ratelimit.Store
	p *Probe
}

// Volatile is asked by auth.New.
func (s limits) Volatile() bool { return volatile(s.Store) }

func (s limits) Take(ctx context.Context, key ratelimit.Key, l ratelimit.Limit, now time.Time) (time.Duration, error) {
	return do2(s.p, "Limits.Take", func() (time.Duration, error) { return s.Store.Take(ctx, key, l, now) })
}

func (s limits) Give(ctx context.Context, key ratelimit.Key, l ratelimit.Limit, now time.Time) error {
	return do1(s.p, "Limits.Give", func() error { return s.Store.Give(ctx, key, l, now) })
}
