package memstore

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
)

// maxTickets bounds the tickets in memory. Above it the one that expires
// first makes room, whoever owns it; limits on mail stand in front.
const maxTickets = 100_000

type ownerKey struct {
	purpose string
	owner   [32]byte
}

type tickets struct {
	inMemory
	mu      sync.Mutex
	byHash  map[[32]byte]auth.Ticket
	byOwner map[ownerKey][][32]byte
}

// Put implements auth.TicketStore.
func (s *tickets) Put(ctx context.Context, t auth.Ticket) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t.Data = bytes.Clone(t.Data)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.byHash) >= maxTickets {
		s.makeRoom()
	}
	s.remove(t.Hash)
	s.byHash[t.Hash] = t
	k := ownerKey{t.Purpose, t.Owner}
	s.byOwner[k] = append(s.byOwner[k], t.Hash)
	return nil
}

// makeRoom removes a tenth of the tickets, those that expire first, so that
// the search is paid for once in many calls.
func (s *tickets) makeRoom() {
	all := make([]auth.Ticket, 0, len(s.byHash))
	for _, t := range s.byHash {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b auth.Ticket) int { return a.Expires.Compare(b.Expires) })
	for _, t := range all[:maxTickets/10] {
		s.remove(t.Hash)
	}
}

func (s *tickets) remove(hash [32]byte) {
	t, ok := s.byHash[hash]
	if !ok {
		return
	}
	delete(s.byHash, hash)
	k := ownerKey{t.Purpose, t.Owner}
	left := slices.DeleteFunc(s.byOwner[k], func(h [32]byte) bool { return h == hash })
	if len(left) == 0 {
		delete(s.byOwner, k)
		return
	}
	s.byOwner[k] = left
}

// get returns a live ticket and tidies one that is not.
func (s *tickets) get(purpose string, hash [32]byte, now time.Time) (auth.Ticket, error) {
	t, ok := s.byHash[hash]
	if !ok || t.Purpose != purpose {
		return auth.Ticket{}, auth.ErrNotFound
	}
	if !live(t.Expires, now) {
		s.remove(hash)
		return auth.Ticket{}, auth.ErrNotFound
	}
	t.Data = bytes.Clone(t.Data)
	return t, nil
}

// Get implements auth.TicketStore.
func (s *tickets) Get(ctx context.Context, purpose string, hash [32]byte, now time.Time) (auth.Ticket, error) {
	if err := ctx.Err(); err != nil {
		return auth.Ticket{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.get(purpose, hash, now)
}

// Take implements auth.TicketStore.
func (s *tickets) Take(ctx context.Context, purpose string, hash [32]byte, now time.Time) (auth.Ticket, error) {
	if err := ctx.Err(); err != nil {
		return auth.Ticket{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.get(purpose, hash, now)
	if err == nil {
		s.remove(hash)
	}
	return t, err
}

// Owned implements auth.TicketStore.
func (s *tickets) Owned(ctx context.Context, purpose string, owner [32]byte, now time.Time) ([]auth.Ticket, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []auth.Ticket
	for _, hash := range slices.Clone(s.byOwner[ownerKey{purpose, owner}]) {
		if t, err := s.get(purpose, hash, now); err == nil {
			found = append(found, t)
		}
	}
	slices.Reverse(found) // of equal expiry, the one stored last is the newest
	slices.SortStableFunc(found, func(a, b auth.Ticket) int { return b.Expires.Compare(a.Expires) })
	return found, nil
}
