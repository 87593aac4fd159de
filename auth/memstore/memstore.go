// Package memstore keeps everything in memory: for tests, for trying out, and
// for apps of one process that may forget at every start. For most purposes
// New is all there is to call.
//
// What grows with strangers' requests is bounded: lock records and rate
// limits by their own packages, tickets, jobs and events by the sizes in
// this package. Expiry is computed when something is read; old entries are
// removed as new ones arrive, so no goroutine is needed. Sessions of an account
// that never comes back stay until the process ends, at most as many as
// auth.SessionConfig.PerUser.
package memstore

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/ratelimit"
	"github.com/sekisho-auth/sekisho/lockout"
)

// New returns stores that forget everything when the process ends. They are
// safe for concurrent use.
func New() auth.Stores {
	return auth.Stores{
		Users:    &users{byKey: map[[32]byte]auth.UserID{}, byID: map[auth.UserID]*account{}},
		Sessions: &sessions{byHash: map[[32]byte]*auth.Session{}, byUser: map[auth.UserID][][32]byte{}},
		Tickets:  &tickets{byHash: map[[32]byte]auth.Ticket{}, byOwner: map[ownerKey][][32]byte{}},
		Queue:    &queue{byID: map[string]*entry{}, byDue: map[string]*dueHeap{}},
		Events:   &events{},
		Lockout:  lockout.NewMemory(0),
		Limits:   ratelimit.NewMemory(0),
		Meta:     &meta{values: map[string][]byte{}},
	}
}

// inMemory tells auth that what a store holds ends with the process.
type inMemory struct{}

// Volatile reports that nothing outlives the process.
func (inMemory) Volatile() bool { return true }

// account is a user with the key it is found by.
type account struct {
	auth.User
	key [32]byte
}

type users struct {
	inMemory
	mu    sync.RWMutex
	byKey map[[32]byte]auth.UserID
	byID  map[auth.UserID]*account
}

// Create implements auth.UserStore.
func (s *users) Create(ctx context.Context, n auth.NewUser) (auth.UserID, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.byKey[n.Identifier.Key]; ok {
		return "", auth.ErrExists
	}
	id := auth.UserID(rand.Text())
	s.byKey[n.Identifier.Key] = id
	s.byID[id] = &account{key: n.Identifier.Key, User: auth.User{
		ID: id, Realm: n.Identifier.Realm, Email: n.Email, PasswordHash: n.PasswordHash, State: n.State, Created: n.Created,
	}}
	return id, nil
}

// Find implements auth.UserStore.
func (s *users) Find(ctx context.Context, id auth.Identifier) (auth.User, error) {
	if err := ctx.Err(); err != nil {
		return auth.User{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if a, ok := s.byID[s.byKey[id.Key]]; ok {
		return a.User, nil
	}
	return auth.User{}, auth.ErrNotFound
}

// Get implements auth.UserStore.
func (s *users) Get(ctx context.Context, id auth.UserID) (auth.User, error) {
	if err := ctx.Err(); err != nil {
		return auth.User{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if a, ok := s.byID[id]; ok {
		return a.User, nil
	}
	return auth.User{}, auth.ErrNotFound
}

// change runs a guarded change of one account.
func (s *users) change(ctx context.Context, id auth.UserID, f func(*account) (bool, error)) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.byID[id]
	if !ok {
		return false, auth.ErrNotFound
	}
	return f(a)
}

// SetPasswordHash implements auth.UserStore.
func (s *users) SetPasswordHash(ctx context.Context, id auth.UserID, old, new string, endSessions bool) (bool, error) {
	return s.change(ctx, id, func(a *account) (bool, error) {
		if a.PasswordHash != old {
			return false, nil
		}
		a.PasswordHash = new
		if endSessions {
			a.CredentialVersion++
		}
		return true, nil
	})
}

// SetState implements auth.UserStore.
func (s *users) SetState(ctx context.Context, id auth.UserID, from, to auth.State) (bool, error) {
	return s.change(ctx, id, func(a *account) (bool, error) {
		if a.State != from {
			return false, nil
		}
		if to == auth.StateDeleted {
			delete(s.byKey, a.key)
			delete(s.byID, id)
			return true, nil
		}
		a.State = to
		if to != auth.StateActive {
			a.CredentialVersion++
		}
		return true, nil
	})
}

// SetEmail implements auth.UserStore.
func (s *users) SetEmail(ctx context.Context, id auth.UserID, old string, to auth.Identifier, email string) (bool, error) {
	return s.change(ctx, id, func(a *account) (bool, error) {
		if a.Email != old {
			return false, nil
		}
		if owner, taken := s.byKey[to.Key]; taken && owner != id {
			return false, auth.ErrExists
		}
		delete(s.byKey, a.key)
		s.byKey[to.Key] = id
		a.key, a.Email = to.Key, email
		return true, nil
	})
}

type meta struct {
	inMemory
	mu     sync.Mutex
	values map[string][]byte
}

// KeyCheck implements auth.MetaStore.
func (s *meta) KeyCheck(ctx context.Context, name string, value []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if stands, ok := s.values[name]; ok {
		return append([]byte(nil), stands...), nil
	}
	s.values[name] = append([]byte(nil), value...)
	return value, nil
}

// ReplaceKeyCheck implements auth.MetaStore.
func (s *meta) ReplaceKeyCheck(ctx context.Context, name string, value []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[name] = append([]byte(nil), value...)
	return nil
}

// live reports whether something that expires still exists.
func live(expires, now time.Time) bool { return now.Before(expires) }
