package authtest

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/ratelimit"
	"github.com/sekisho-auth/sekisho/lockout"
)

type broken struct {
	clause string // that must be among those reported
	spoil  func(*auth.Stores)
}

func users(b brokenUsers) func(*auth.Stores) {
	return func(s *auth.Stores) { b := b; b.UserStore = s.Users; s.Users = &b }
}

func sessions(b brokenSessions) func(*auth.Stores) {
	return func(s *auth.Stores) { b := b; b.SessionStore = s.Sessions; s.Sessions = &b }
}

func queue(b brokenQueue) func(*auth.Stores) {
	return func(s *auth.Stores) { b := b; b.QueueStore = s.Queue; s.Queue = &b }
}

func events(b brokenEvents) func(*auth.Stores) {
	return func(s *auth.Stores) { b := b; b.EventStore = s.Events; s.Events = &b }
}

func brokenStores() map[string]broken {
	all := map[string]broken{}
	for _, part := range []map[string]broken{brokenUserStores(), brokenSessionStores(), brokenTicketStores(), brokenOthers()} {
		for name, b := range part {
			all[name] = b
		}
	}
	return all
}

func brokenUserStores() map[string]broken {
	return map[string]broken{
		"drops the realm": {"Users.Create_whole", users(brokenUsers{create: func(ctx context.Context, s auth.UserStore, n auth.NewUser) (auth.UserID, error) {
			n.Identifier.Realm = ""
			return s.Create(ctx, n)
		}})},
		"names accounts at length": {"Users.Create", users(brokenUsers{create: func(ctx context.Context, s auth.UserStore, n auth.NewUser) (auth.UserID, error) {
			id, err := s.Create(ctx, n)
			return id + auth.UserID(strings.Repeat("x", 65)), err
		}})},
		"overwrites an account": {"Users.Create_twice", users(brokenUsers{create: func(ctx context.Context, s auth.UserStore, n auth.NewUser) (auth.UserID, error) {
			if u, err := s.Find(ctx, n.Identifier); err == nil { // reads, then writes
				between()
				_, err := s.SetPasswordHash(ctx, u.ID, u.PasswordHash, n.PasswordHash, false)
				return u.ID, err
			}
			return s.Create(ctx, n)
		}})},
		"finds by a part of the address": {"Users.Find", users(brokenUsers{find: func(ctx context.Context, s auth.UserStore, id auth.Identifier) (auth.User, error) {
			if strings.HasPrefix(id.Email, "a_b@") {
				return s.Find(ctx, newUser("a.b").Identifier)
			}
			return s.Find(ctx, id)
		}})},
		"collates addresses": {"Users.Find_email", users(brokenUsers{find: func(ctx context.Context, s auth.UserStore, id auth.Identifier) (auth.User, error) {
			if email := strings.ReplaceAll(id.Email, "ß", "ss"); email != id.Email {
				id.Key = sum("user of", id.Realm, email)
			}
			return s.Find(ctx, id)
		}})},
		"forgets the realm": {"Users.Find_email", users(brokenUsers{find: func(ctx context.Context, s auth.UserStore, id auth.Identifier) (auth.User, error) {
			if id.Realm != "realm" {
				id.Key = sum("user of", "realm", id.Email)
			}
			return s.Find(ctx, id)
		}})},
		"sets any hash": {"Users.SetPasswordHash", users(brokenUsers{setHash: func(ctx context.Context, s auth.UserStore, id auth.UserID, _, new string, end bool) (bool, error) {
			u, err := s.Get(ctx, id)
			if err != nil {
				return false, err
			}
			return s.SetPasswordHash(ctx, id, u.PasswordHash, new, end)
		}})},
		"compares, then sets": {"Users.SetPasswordHash", users(brokenUsers{setHash: func(ctx context.Context, s auth.UserStore, id auth.UserID, old, new string, end bool) (bool, error) {
			u, err := s.Get(ctx, id)
			if err != nil || u.PasswordHash != old {
				return false, err
			}
			between()
			for {
				if u, err = s.Get(ctx, id); err != nil {
					return false, err
				}
				if ok, err := s.SetPasswordHash(ctx, id, u.PasswordHash, new, end); ok || err != nil {
					return ok, err
				}
			}
		}})},
		"ends no sessions": {"Users.SetPasswordHash_sessions", users(brokenUsers{setHash: func(ctx context.Context, s auth.UserStore, id auth.UserID, old, new string, _ bool) (bool, error) {
			return s.SetPasswordHash(ctx, id, old, new, false)
		}})},
		"nobody is no error": {"Users.absent", users(brokenUsers{setState: func(ctx context.Context, s auth.UserStore, id auth.UserID, from, to auth.State) (bool, error) {
			ok, err := s.SetState(ctx, id, from, to)
			if err != nil && ctx.Err() == nil {
				err = nil
			}
			return ok, err
		}})},
		"sets a state over any other": {"Users.SetState", users(brokenUsers{setState: func(ctx context.Context, s auth.UserStore, id auth.UserID, _, to auth.State) (bool, error) {
			u, err := s.Get(ctx, id)
			if err != nil {
				return false, err
			}
			return s.SetState(ctx, id, u.State, to)
		}})},
		"leaves the sessions of the disabled": {"Users.SetState_sessions", versions(func(auth.State) int64 { return 0 })},
		"ends sessions with every state":      {"Users.SetState_sessions", versions(func(auth.State) int64 { return 1 })},
		"deletes by a flag": {"Users.SetState_deleted", users(brokenUsers{setState: func(ctx context.Context, s auth.UserStore, id auth.UserID, from, to auth.State) (bool, error) {
			if to == auth.StateDeleted {
				to = "gone"
			}
			return s.SetState(ctx, id, from, to)
		}})},
		"takes an address over": {"Users.SetEmail_taken", users(brokenUsers{setEmail: func(ctx context.Context, s auth.UserStore, id auth.UserID, old string, to auth.Identifier, email string) (bool, error) {
			if u, err := s.Find(ctx, to); err == nil && u.ID != id {
				if _, err := s.SetState(ctx, u.ID, u.State, auth.StateDeleted); err != nil {
					return false, err
				}
			}
			return s.SetEmail(ctx, id, old, to, email)
		}})},
		"changes any address": {"Users.SetEmail", users(brokenUsers{setEmail: func(ctx context.Context, s auth.UserStore, id auth.UserID, _ string, to auth.Identifier, email string) (bool, error) {
			u, err := s.Get(ctx, id)
			if err != nil {
				return false, err
			}
			return s.SetEmail(ctx, id, u.Email, to, email)
		}})},
		"folds keys": {"Stores.bytes", users(brokenUsers{
			create: func(ctx context.Context, s auth.UserStore, n auth.NewUser) (auth.UserID, error) {
				n.Identifier.Key = fold(n.Identifier.Key)
				return s.Create(ctx, n)
			},
			find: func(ctx context.Context, s auth.UserStore, id auth.Identifier) (auth.User, error) {
				id.Key = fold(id.Key)
				return s.Find(ctx, id)
			},
		})},
		"loses microseconds": {"Stores.times", users(brokenUsers{create: func(ctx context.Context, s auth.UserStore, n auth.NewUser) (auth.UserID, error) {
			n.Created = n.Created.Truncate(time.Millisecond)
			return s.Create(ctx, n)
		}})},
		"is deaf to cancelling": {"Stores.context", users(brokenUsers{setState: func(ctx context.Context, s auth.UserStore, id auth.UserID, from, to auth.State) (bool, error) {
			return s.SetState(context.WithoutCancel(ctx), id, from, to)
		}})},
	}
}

// versions changes how much a change of state adds to CredentialVersion.
func versions(step func(auth.State) int64) func(*auth.Stores) {
	return func(s *auth.Stores) {
		s.Users = &otherVersions{UserStore: s.Users, step: step, by: map[auth.UserID]int64{}}
	}
}

// otherVersions is a store whose Get returns other versions: by is what it
// adds to that of an account.
type otherVersions struct {
	auth.UserStore
	step func(auth.State) int64
	mu   sync.Mutex
	by   map[auth.UserID]int64
}

func (s *otherVersions) SetState(ctx context.Context, id auth.UserID, from, to auth.State) (bool, error) {
	ok, err := s.UserStore.SetState(ctx, id, from, to)
	if ok {
		right := int64(1)
		if to == auth.StateActive {
			right = 0
		}
		s.mu.Lock()
		s.by[id] += s.step(to) - right
		s.mu.Unlock()
	}
	return ok, err
}

func (s *otherVersions) Get(ctx context.Context, id auth.UserID) (auth.User, error) {
	u, err := s.UserStore.Get(ctx, id)
	s.mu.Lock()
	defer s.mu.Unlock()
	u.CredentialVersion += s.by[id]
	return u, err
}

// fold is what a case-insensitive collation does.
func fold(k [32]byte) [32]byte {
	copy(k[:], bytes.ToLower(k[:]))
	return k
}

func brokenSessionStores() map[string]broken {
	return map[string]broken{
		"keeps the token": {"Sessions.Put", sessions(brokenSessions{get: func(ctx context.Context, s auth.SessionStore, hash [32]byte, now time.Time) (auth.Session, error) {
			n, err := s.Get(ctx, hash, now)
			n.Token = "secret"
			return n, err
		}})},
		"replaces what is not there": {"Sessions.Put_replaces", sessions(brokenSessions{put: func(ctx context.Context, s auth.SessionStore, n auth.Session, replaces *[32]byte) error {
			if replaces != nil {
				if err := s.Delete(ctx, *replaces); err != nil {
					return err
				}
			}
			return s.Put(ctx, n, nil)
		}})},
		"lets sessions go early": {"Sessions.Get", sessions(brokenSessions{get: func(ctx context.Context, s auth.SessionStore, hash [32]byte, now time.Time) (auth.Session, error) {
			return s.Get(ctx, hash, now.Add(time.Second))
		}})},
		"asks the clock": {"Stores.clock", sessions(brokenSessions{get: func(ctx context.Context, s auth.SessionStore, hash [32]byte, now time.Time) (auth.Session, error) {
			n, err := s.Get(ctx, hash, now)
			if err == nil && !time.Now().Before(n.Expires) {
				return auth.Session{}, auth.ErrNotFound
			}
			return n, err
		}})},
		"touches with one time": {"Sessions.Touch", sessions(brokenSessions{touch: func(ctx context.Context, s auth.SessionStore, hash [32]byte, seen, _ time.Time) error {
			return s.Touch(ctx, hash, seen, seen)
		}})},
		"touches by inserting": {"Sessions.Touch", sessions(brokenSessions{touch: func(ctx context.Context, s auth.SessionStore, hash [32]byte, seen, idle time.Time) error {
			if _, err := s.Get(ctx, hash, seen); err != nil {
				return s.Put(ctx, auth.Session{Hash: hash, Seen: seen, IdleExpires: idle, Expires: idle}, nil)
			}
			return s.Touch(ctx, hash, seen, idle)
		}})},
		"keeps the list it returned": {"Sessions.slice", func(s *auth.Stores) {
			var kept []auth.Session
			sessions(brokenSessions{list: func(ctx context.Context, s auth.SessionStore, user auth.UserID, now time.Time) ([]auth.Session, error) {
				all, err := s.List(ctx, user, now)
				if kept == nil {
					kept = all
				}
				return kept, err
			}})(s)
		}},
		"lists the oldest first": {"Sessions.List", sessions(brokenSessions{list: func(ctx context.Context, s auth.SessionStore, user auth.UserID, now time.Time) ([]auth.Session, error) {
			all, err := s.List(ctx, user, now)
			slices.Reverse(all)
			return all, err
		}})},
	}
}

func brokenTicketStores() map[string]broken {
	return map[string]broken{
		"replaces nothing": {"Tickets.Put", tickets(func(s *brokenTickets) { s.keepsFirst = true })},
		"keeps what it returned": {"Tickets.Owned_slice", tickets(func(s *brokenTickets) {
			var kept []auth.Ticket
			s.ownedBroken = func(all []auth.Ticket) []auth.Ticket {
				if kept == nil {
					kept = all
				}
				return kept
			}
		})},
		"ignores the purpose":      {"Tickets.Get", tickets(func(s *brokenTickets) { s.anyPurpose = true })},
		"is late by a microsecond": {"Tickets.Get", tickets(func(s *brokenTickets) { s.late = true })},
		"takes without removing":   {"Tickets.Take", tickets(func(s *brokenTickets) { s.keeps = true })},
		"reads, then removes":      {"Tickets.Take", tickets(func(s *brokenTickets) { s.apart = true })},
		"shares its bytes":         {"Stores.slices", tickets(func(s *brokenTickets) { s.shares = true })},
		"returns only one of owned": {"Tickets.Owned", tickets(func(s *brokenTickets) {
			s.ownedBroken = func(all []auth.Ticket) []auth.Ticket { return all[:min(1, len(all))] }
		})},
		"returns owned upside down": {"Tickets.Owned", tickets(func(s *brokenTickets) {
			s.ownedBroken = func(all []auth.Ticket) []auth.Ticket { slices.Reverse(all); return all }
		})},
	}
}

func brokenOthers() map[string]broken {
	return map[string]broken{
		"leases one more": {"Queue.Lease", queue(brokenQueue{lease: func(ctx context.Context, s auth.QueueStore, realm string, now, until time.Time, limit int) ([]auth.Job, error) {
			return s.Lease(ctx, realm, now, until, limit+1)
		}})},
		"leases twice": {"Queue.Lease", queue(brokenQueue{lease: func(ctx context.Context, s auth.QueueStore, realm string, now, until time.Time, limit int) ([]auth.Job, error) {
			jobs, err := s.Lease(ctx, realm, now, now, limit)
			between()
			for _, j := range jobs {
				if err := s.Retry(ctx, j.ID, until); err != nil {
					return nil, err
				}
			}
			return jobs, err
		}})},
		"drops what has expired": {"Queue.Lease_expired", queue(brokenQueue{lease: func(ctx context.Context, s auth.QueueStore, realm string, now, until time.Time, limit int) ([]auth.Job, error) {
			jobs, err := s.Lease(ctx, realm, now, until, limit)
			return slices.DeleteFunc(jobs, func(j auth.Job) bool { return !now.Before(j.Expires) }), err
		}})},
		"retries at once": {"Queue.Retry", queue(brokenQueue{retry: func(ctx context.Context, s auth.QueueStore, id string, at time.Time) error {
			return s.Retry(ctx, id, at.Add(-2*time.Hour))
		}})},
		"is never done": {"Queue.Done", queue(brokenQueue{done: func(ctx context.Context, _ auth.QueueStore, _ string) error { return ctx.Err() }})},
		"loses the second event": {"Events.Append", events(brokenEvents{append: func(ctx context.Context, s auth.EventStore, all []auth.Event) error {
			return s.Append(ctx, all[:min(1, len(all))])
		}})},
		"reads references upside down": {"Events.ByReference", events(brokenEvents{byRef: func(ctx context.Context, s auth.EventStore, ref string) ([]auth.Event, error) {
			all, err := s.ByReference(ctx, ref)
			slices.Reverse(all)
			return all, err
		}})},
		"reads up to the time": {"Events.ByUser", events(brokenEvents{byUser: func(ctx context.Context, s auth.EventStore, user auth.UserID, before time.Time, limit int) ([]auth.Event, error) {
			return s.ByUser(ctx, user, before.Add(time.Microsecond), limit)
		}})},
		"prunes without a limit": {"Events.Prune", events(brokenEvents{prune: func(ctx context.Context, s auth.EventStore, clients, older time.Time, _ int) (int, error) {
			return s.Prune(ctx, clients, older, 1000)
		}})},
		"prunes clients only": {"Events.Prune", events(brokenEvents{prune: func(ctx context.Context, s auth.EventStore, clients, _ time.Time, limit int) (int, error) {
			return s.Prune(ctx, clients, time.Time{}, limit)
		}})},
		"counts only what it removed": {"Events.Prune_count", events(brokenEvents{prune: func(ctx context.Context, s auth.EventStore, clients, older time.Time, limit int) (int, error) {
			removed, err := s.Prune(ctx, time.Time{}, older, limit)
			if err == nil {
				_, err = s.Prune(ctx, clients, time.Time{}, limit)
			}
			return removed, err
		}})},
		"takes any key": {"Meta.KeyCheck", meta(func(s *brokenMeta, name string, value []byte) []byte {
			_ = s.ReplaceKeyCheck(context.Background(), name, value)
			return value
		})},
		"looks, then stores": {"Meta.KeyCheck_race", meta(func(s *brokenMeta, name string, value []byte) []byte {
			if v, ok := s.load(name); ok {
				return v
			}
			between()
			_ = s.ReplaceKeyCheck(context.Background(), name, value)
			return value
		})},
		"locks are deaf":           {"lockouttest: Cancelling", func(s *auth.Stores) { s.Lockout = deafLocks{lockout.NewMemory(0)} }},
		"limits give nothing back": {"matches_Back", func(s *auth.Stores) { s.Limits = stingyLimits{ratelimit.NewMemory(0)} }},
	}
}
