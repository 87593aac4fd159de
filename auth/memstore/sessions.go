package memstore

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
)

// sessions holds sessions. They exist only after a completed sign-in, and
// auth bounds how many an account may have, so strangers cannot grow it.
type sessions struct {
	inMemory
	mu     sync.RWMutex
	byHash map[[32]byte]*auth.Session
	byUser map[auth.UserID][][32]byte // oldest first
}

// Put implements auth.SessionStore.
func (s *sessions) Put(ctx context.Context, n auth.Session, replaces *[32]byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	n.Token, n.User = "", auth.User{}
	s.mu.Lock()
	defer s.mu.Unlock()
	if replaces != nil && !s.remove(*replaces) {
		return auth.ErrNotFound
	}
	s.dropExpired(n.UserID, n.Created)
	s.byHash[n.Hash] = &n
	s.byUser[n.UserID] = append(s.byUser[n.UserID], n.Hash)
	return nil
}

// dropExpired tidies one account's sessions.
func (s *sessions) dropExpired(id auth.UserID, now time.Time) {
	for i := 0; i < len(s.byUser[id]); {
		hash := s.byUser[id][i]
		if alive(s.byHash[hash], now) {
			i++
			continue
		}
		s.remove(hash)
	}
}

func alive(n *auth.Session, now time.Time) bool {
	return live(n.IdleExpires, now) && live(n.Expires, now)
}

func (s *sessions) remove(hash [32]byte) bool {
	n, ok := s.byHash[hash]
	if !ok {
		return false
	}
	delete(s.byHash, hash)
	left := slices.DeleteFunc(s.byUser[n.UserID], func(h [32]byte) bool { return h == hash })
	if len(left) == 0 {
		delete(s.byUser, n.UserID)
		return true
	}
	s.byUser[n.UserID] = left
	return true
}

// Get implements auth.SessionStore.
func (s *sessions) Get(ctx context.Context, hash [32]byte, now time.Time) (auth.Session, error) {
	if err := ctx.Err(); err != nil {
		return auth.Session{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if n, ok := s.byHash[hash]; ok && alive(n, now) {
		return *n, nil
	}
	return auth.Session{}, auth.ErrNotFound
}

// Touch implements auth.SessionStore.
func (s *sessions) Touch(ctx context.Context, hash [32]byte, seen, idleExpires time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n, ok := s.byHash[hash]; ok {
		n.Seen, n.IdleExpires = seen, idleExpires
	}
	return nil
}

// Delete implements auth.SessionStore.
func (s *sessions) Delete(ctx context.Context, hashes ...[32]byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, hash := range hashes {
		s.remove(hash)
	}
	return nil
}

// List implements auth.SessionStore.
func (s *sessions) List(ctx context.Context, user auth.UserID, now time.Time) ([]auth.Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	hashes := s.byUser[user]
	all := make([]auth.Session, 0, len(hashes))
	for _, hash := range slices.Backward(hashes) {
		if n := s.byHash[hash]; alive(n, now) {
			all = append(all, *n)
		}
	}
	slices.SortStableFunc(all, func(a, b auth.Session) int { return b.Created.Compare(a.Created) })
	return all, nil
}
