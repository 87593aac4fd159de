package passhash

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
)

// queuePerSlot is how many callers wait for each slot by default: at a quarter
// of a second each, the last of them waits about two seconds.
const queuePerSlot = 8

// busyRetry is what refused callers are told: about the time in which a full
// default queue empties.
const busyRetry = 2 * time.Second

// slots is a counting semaphore with a bounded queue in order of arrival. Its
// invariant: if a slot is free, nobody waits.
type slots struct {
	mu      sync.Mutex
	free    int
	places  int        // queue places in all
	total   int        // slots, free or not
	waiters *list.List // of chan struct{}; closed when the slot is handed over
}

func newSlots(n, queue int) *slots {
	return &slots{free: n, total: n, places: queue, waiters: list.New()}
}

// acquire takes a slot, waiting for one if fewer than limit callers wait already.
func (s *slots) acquire(ctx context.Context, limit int) (func(), error) {
	if err := ctx.Err(); err != nil {
		return nil, refusal(err)
	}
	s.mu.Lock()
	if s.free > 0 {
		s.free--
		s.mu.Unlock()
		return s.releaser(), nil
	}
	if s.waiters.Len() >= limit {
		s.mu.Unlock()
		return nil, busy(errors.New("passhash: the queue for hashing is full"))
	}
	ready := make(chan struct{})
	place := s.waiters.PushBack(ready)
	s.mu.Unlock()

	select {
	case <-ready:
	case <-ctx.Done():
	}
	err := ctx.Err()
	if err == nil {
		return s.releaser(), nil
	}
	s.mu.Lock()
	select {
	case <-ready: // handed over in the same moment: on to the next
		s.handOver()
	default:
		s.waiters.Remove(place)
	}
	s.mu.Unlock()
	return nil, refusal(err)
}

// releaser makes the function that gives one slot back, once.
func (s *slots) releaser() func() {
	var once sync.Once
	return func() {
		once.Do(func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.handOver()
		})
	}
}

// handOver gives a slot to whoever waits longest, or frees it. The caller holds
// the lock.
func (s *slots) handOver() {
	first := s.waiters.Front()
	if first == nil {
		s.free++
		return
	}
	close(s.waiters.Remove(first).(chan struct{}))
}

// refusal is the error for a caller whose context ended. A deadline means that
// the server was too slow; anything else means that the caller has left.
func refusal(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return busy(err)
	}
	e, _ := errcodes.Classify(err)
	return e
}

func busy(cause error) error {
	return errcodes.New(errcodes.ReasonServerBusy, errcodes.RetryAfter(busyRetry), errcodes.Because(cause), errcodes.During("password.slot"))
}
