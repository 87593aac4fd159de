package memstore

import (
	"bytes"
	"container/heap"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
)

// maxJobs bounds the queue in memory: what cannot be carried out is refused
// at the door instead of filling the process.
const maxJobs = 100_000

var errQueueFull = errors.New("memstore: the queue is full: is Service.Run running?")

type queue struct {
	inMemory
	mu    sync.Mutex
	byID  map[string]*entry
	byDue map[string]*dueHeap // by realm
}

// entry is a job with its place in the heap.
type entry struct {
	auth.Job
	place int
}

// Add implements auth.QueueStore. A full queue is a fault.
func (s *queue) Add(ctx context.Context, j auth.Job) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	j.Payload = bytes.Clone(j.Payload)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.byID) >= maxJobs {
		return errQueueFull
	}
	due := s.byDue[j.Realm]
	if due == nil {
		due = &dueHeap{}
		s.byDue[j.Realm] = due
	}
	e := &entry{Job: j}
	s.byID[j.ID] = e
	heap.Push(due, e)
	return nil
}

// Lease implements auth.QueueStore.
func (s *queue) Lease(ctx context.Context, realm string, now, until time.Time, limit int) ([]auth.Job, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	due := s.byDue[realm]
	var leased []auth.Job
	var again []*entry
	for due != nil && due.Len() > 0 && len(leased) < limit && !now.Before((*due)[0].NotBefore) {
		e, _ := heap.Pop(due).(*entry)
		if live(e.Expires, now) {
			e.NotBefore = until
			e.Attempts++
			again = append(again, e) // not before the end: it could be due at once
		} else {
			delete(s.byID, e.ID)
		}
		c := e.Job
		c.Payload = bytes.Clone(e.Payload)
		leased = append(leased, c)
	}
	for _, e := range again {
		heap.Push(due, e)
	}
	return leased, nil
}

// Retry implements auth.QueueStore.
func (s *queue) Retry(ctx context.Context, id string, at time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.byID[id]; ok {
		e.NotBefore = at
		heap.Fix(s.byDue[e.Realm], e.place)
	}
	return nil
}

// Done implements auth.QueueStore.
func (s *queue) Done(ctx context.Context, id string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.byID[id]; ok {
		delete(s.byID, id)
		heap.Remove(s.byDue[e.Realm], e.place)
	}
	return nil
}

// dueHeap orders jobs by NotBefore, the earliest first.
type dueHeap []*entry

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].NotBefore.Before(h[j].NotBefore) }
func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

// Push implements heap.Interface.
func (h *dueHeap) Push(x any) {
	e, _ := x.(*entry)
	e.place = len(*h)
	*h = append(*h, e)
}

// Pop implements heap.Interface.
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return e
}
