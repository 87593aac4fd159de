package memstore

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
)

// maxEvents bounds the audit log in memory; the oldest make room.
const maxEvents = 20_000

// events is a ring: appending never moves what is there.
type events struct {
	inMemory
	mu    sync.RWMutex
	ring  []auth.Event
	first int // the oldest, once the ring is full
}

// Append implements auth.EventStore.
func (s *events) Append(ctx context.Context, batch []auth.Event) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range batch {
		if len(s.ring) < maxEvents {
			s.ring = append(s.ring, e)
			continue
		}
		s.ring[s.first] = e
		s.first = (s.first + 1) % maxEvents
	}
	return nil
}

// at returns the i-th oldest event.
func (s *events) at(i int) *auth.Event { return &s.ring[(s.first+i)%len(s.ring)] }

// ByReference implements auth.EventStore.
func (s *events) ByReference(ctx context.Context, reference string) ([]auth.Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var found []auth.Event
	for i := range s.ring {
		if e := s.at(i); e.Reference == reference && reference != "" {
			found = append(found, *e)
		}
	}
	slices.SortStableFunc(found, func(a, b auth.Event) int { return a.Time.Compare(b.Time) })
	return found, nil
}

// ByUser implements auth.EventStore.
func (s *events) ByUser(ctx context.Context, user auth.UserID, before time.Time, limit int) ([]auth.Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var found []auth.Event
	for i := len(s.ring) - 1; i >= 0; i-- {
		if e := s.at(i); e.UserID == user && e.Time.Before(before) {
			found = append(found, *e)
		}
	}
	slices.SortStableFunc(found, func(a, b auth.Event) int { return b.Time.Compare(a.Time) })
	return found[:max(0, min(limit, len(found)))], nil
}

// Prune implements auth.EventStore.
func (s *events) Prune(ctx context.Context, clients, older time.Time, limit int) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var kept []auth.Event
	cleared, removed := 0, 0
	for i := range s.ring {
		e := *s.at(i)
		if e.Time.Before(older) && removed < limit {
			removed++
			continue
		}
		if e.Time.Before(clients) && e.Client != (auth.Client{}) && cleared < limit {
			e.Client = auth.Client{}
			cleared++
		}
		kept = append(kept, e)
	}
	s.ring, s.first = kept, 0
	return max(cleared, removed), nil
}
