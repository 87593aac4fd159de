package authtest

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/memstore"
	"github.com/sekisho-auth/sekisho/auth/ratelimit"
	"github.com/sekisho-auth/sekisho/lockout"
)

// between lets others come in between the two steps of a store that should
// have one.
func between() {
	for range 20 {
		runtime.Gosched()
	}
}

type brokenUsers struct {
	auth.UserStore
	create   func(context.Context, auth.UserStore, auth.NewUser) (auth.UserID, error)
	find     func(context.Context, auth.UserStore, auth.Identifier) (auth.User, error)
	setHash  func(context.Context, auth.UserStore, auth.UserID, string, string, bool) (bool, error)
	setState func(context.Context, auth.UserStore, auth.UserID, auth.State, auth.State) (bool, error)
	setEmail func(context.Context, auth.UserStore, auth.UserID, string, auth.Identifier, string) (bool, error)
}

func (s *brokenUsers) Create(ctx context.Context, n auth.NewUser) (auth.UserID, error) {
	if s.create != nil {
		return s.create(ctx, s.UserStore, n)
	}
	return s.UserStore.Create(ctx, n)
}

func (s *brokenUsers) Find(ctx context.Context, id auth.Identifier) (auth.User, error) {
	if s.find != nil {
		return s.find(ctx, s.UserStore, id)
	}
	return s.UserStore.Find(ctx, id)
}

func (s *brokenUsers) SetPasswordHash(ctx context.Context, id auth.UserID, old, new string, end bool) (bool, error) {
	if s.setHash != nil {
		return s.setHash(ctx, s.UserStore, id, old, new, end)
	}
	return s.UserStore.SetPasswordHash(ctx, id, old, new, end)
}

func (s *brokenUsers) SetState(ctx context.Context, id auth.UserID, from, to auth.State) (bool, error) {
	if s.setState != nil {
		return s.setState(ctx, s.UserStore, id, from, to)
	}
	return s.UserStore.SetState(ctx, id, from, to)
}

func (s *brokenUsers) SetEmail(ctx context.Context, id auth.UserID, old string, to auth.Identifier, email string) (bool, error) {
	if s.setEmail != nil {
		return s.setEmail(ctx, s.UserStore, id, old, to, email)
	}
	return s.UserStore.SetEmail(ctx, id, old, to, email)
}

type brokenSessions struct {
	auth.SessionStore
	put   func(context.Context, auth.SessionStore, auth.Session, *[32]byte) error
	get   func(context.Context, auth.SessionStore, [32]byte, time.Time) (auth.Session, error)
	touch func(context.Context, auth.SessionStore, [32]byte, time.Time, time.Time) error
	list  func(context.Context, auth.SessionStore, auth.UserID, time.Time) ([]auth.Session, error)
}

func (s *brokenSessions) Put(ctx context.Context, n auth.Session, replaces *[32]byte) error {
	if s.put != nil {
		return s.put(ctx, s.SessionStore, n, replaces)
	}
	return s.SessionStore.Put(ctx, n, replaces)
}

func (s *brokenSessions) Get(ctx context.Context, hash [32]byte, now time.Time) (auth.Session, error) {
	if s.get != nil {
		return s.get(ctx, s.SessionStore, hash, now)
	}
	return s.SessionStore.Get(ctx, hash, now)
}

func (s *brokenSessions) Touch(ctx context.Context, hash [32]byte, seen, idle time.Time) error {
	if s.touch != nil {
		return s.touch(ctx, s.SessionStore, hash, seen, idle)
	}
	return s.SessionStore.Touch(ctx, hash, seen, idle)
}

func (s *brokenSessions) List(ctx context.Context, user auth.UserID, now time.Time) ([]auth.Session, error) {
	if s.list != nil {
		return s.list(ctx, s.SessionStore, user, now)
	}
	return s.SessionStore.List(ctx, user, now)
}

// brokenTickets is a map that does what it should, but for what is broken.
type brokenTickets struct {
	mu          sync.Mutex
	byHash      map[[32]byte]auth.Ticket
	anyPurpose  bool
	late        bool // takes one microsecond after the end
	keeps       bool // Take only reads
	apart       bool // Take reads and then removes
	shares      bool
	keepsFirst  bool // Put replaces nothing
	ownedBroken func([]auth.Ticket) []auth.Ticket
}

func (s *brokenTickets) Put(ctx context.Context, t auth.Ticket) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.shares {
		t.Data = bytes.Clone(t.Data)
	}
	if _, ok := s.byHash[t.Hash]; !ok || !s.keepsFirst {
		s.byHash[t.Hash] = t
	}
	return nil
}

func (s *brokenTickets) get(purpose string, hash [32]byte, now time.Time) (auth.Ticket, error) {
	t, ok := s.byHash[hash]
	end := t.Expires
	if s.late {
		end = end.Add(time.Microsecond)
	}
	if !ok || t.Purpose != purpose && !s.anyPurpose || !now.Before(end) {
		return auth.Ticket{}, auth.ErrNotFound
	}
	if !s.shares {
		t.Data = bytes.Clone(t.Data)
	}
	return t, nil
}

func (s *brokenTickets) Get(ctx context.Context, purpose string, hash [32]byte, now time.Time) (auth.Ticket, error) {
	if err := ctx.Err(); err != nil {
		return auth.Ticket{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.get(purpose, hash, now)
}

func (s *brokenTickets) Take(ctx context.Context, purpose string, hash [32]byte, now time.Time) (auth.Ticket, error) {
	if err := ctx.Err(); err != nil {
		return auth.Ticket{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.get(purpose, hash, now)
	if s.apart {
		s.mu.Unlock()
		between()
		s.mu.Lock()
	}
	if err == nil && !s.keeps {
		delete(s.byHash, hash)
	}
	return t, err
}

func (s *brokenTickets) Owned(ctx context.Context, purpose string, owner [32]byte, now time.Time) ([]auth.Ticket, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []auth.Ticket
	for hash, t := range s.byHash {
		if got, err := s.get(purpose, hash, now); err == nil && t.Owner == owner {
			all = append(all, got)
		}
	}
	slices.SortFunc(all, func(a, b auth.Ticket) int { return b.Expires.Compare(a.Expires) })
	if s.ownedBroken != nil {
		all = s.ownedBroken(all)
	}
	return all, nil
}

func tickets(spoil func(*brokenTickets)) func(*auth.Stores) {
	return func(s *auth.Stores) {
		b := &brokenTickets{byHash: map[[32]byte]auth.Ticket{}}
		spoil(b)
		s.Tickets = b
	}
}

type brokenQueue struct {
	auth.QueueStore
	lease func(context.Context, auth.QueueStore, string, time.Time, time.Time, int) ([]auth.Job, error)
	retry func(context.Context, auth.QueueStore, string, time.Time) error
	done  func(context.Context, auth.QueueStore, string) error
}

func (s *brokenQueue) Lease(ctx context.Context, realm string, now, until time.Time, limit int) ([]auth.Job, error) {
	if s.lease != nil {
		return s.lease(ctx, s.QueueStore, realm, now, until, limit)
	}
	return s.QueueStore.Lease(ctx, realm, now, until, limit)
}

func (s *brokenQueue) Retry(ctx context.Context, id string, at time.Time) error {
	if s.retry != nil {
		return s.retry(ctx, s.QueueStore, id, at)
	}
	return s.QueueStore.Retry(ctx, id, at)
}

func (s *brokenQueue) Done(ctx context.Context, id string) error {
	if s.done != nil {
		return s.done(ctx, s.QueueStore, id)
	}
	return s.QueueStore.Done(ctx, id)
}

type brokenEvents struct {
	auth.EventStore
	append func(context.Context, auth.EventStore, []auth.Event) error
	byRef  func(context.Context, auth.EventStore, string) ([]auth.Event, error)
	byUser func(context.Context, auth.EventStore, auth.UserID, time.Time, int) ([]auth.Event, error)
	prune  func(context.Context, auth.EventStore, time.Time, time.Time, int) (int, error)
}

func (s *brokenEvents) Append(ctx context.Context, all []auth.Event) error {
	if s.append != nil {
		return s.append(ctx, s.EventStore, all)
	}
	return s.EventStore.Append(ctx, all)
}

func (s *brokenEvents) ByReference(ctx context.Context, ref string) ([]auth.Event, error) {
	if s.byRef != nil {
		return s.byRef(ctx, s.EventStore, ref)
	}
	return s.EventStore.ByReference(ctx, ref)
}

func (s *brokenEvents) ByUser(ctx context.Context, user auth.UserID, before time.Time, limit int) ([]auth.Event, error) {
	if s.byUser != nil {
		return s.byUser(ctx, s.EventStore, user, before, limit)
	}
	return s.EventStore.ByUser(ctx, user, before, limit)
}

func (s *brokenEvents) Prune(ctx context.Context, clients, events time.Time, limit int) (int, error) {
	if s.prune != nil {
		return s.prune(ctx, s.EventStore, clients, events, limit)
	}
	return s.EventStore.Prune(ctx, clients, events, limit)
}

type brokenMeta struct {
	auth.MetaStore
	mu     sync.Mutex
	values map[string][]byte
	check  func(s *brokenMeta, name string, value []byte) []byte
}

func (s *brokenMeta) KeyCheck(ctx context.Context, name string, value []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.check(s, name, bytes.Clone(value)), nil
}

func (s *brokenMeta) ReplaceKeyCheck(ctx context.Context, name string, value []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[name] = bytes.Clone(value)
	return nil
}

func (s *brokenMeta) load(name string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.values[name]
	return bytes.Clone(v), ok
}

func meta(check func(s *brokenMeta, name string, value []byte) []byte) func(*auth.Stores) {
	return func(s *auth.Stores) {
		s.Meta = &brokenMeta{MetaStore: s.Meta, values: map[string][]byte{}, check: check}
	}
}

type deafLocks struct{ lockout.Store }

func (s deafLocks) Update(ctx context.Context, k lockout.Key, g lockout.Record, now time.Time, step func(lockout.Record) (lockout.Record, bool)) error {
	return s.Store.Update(context.WithoutCancel(ctx), k, g, now, step)
}

type stingyLimits struct{ ratelimit.Store }

func (stingyLimits) Give(ctx context.Context, _ ratelimit.Key, l ratelimit.Limit, _ time.Time) error {
	return errors.Join(ctx.Err(), l.Validate())
}

// Each of these breaks one sentence; it must be caught under that sentence's
// name.
func TestBrokenStoresAreCaught(t *testing.T) {
	for name, b := range brokenStores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := CheckStores(t.Context(), func() auth.Stores {
				s := memstore.New()
				b.spoil(&s)
				return s
			})
			if err == nil {
				t.Fatal("the suite found nothing")
			}
			if !strings.Contains(err.Error(), b.clause+": ") {
				t.Errorf("not caught under %s:\n%v", b.clause, err)
			}
		})
	}
}
