package auth

import (
	"sync"
	"time"
)

// background does work beside the requests that cause it. It is bounded: add
// reports false when there is no room. Its goroutine lives only while there
// is something to do, so nobody has to close it.
type background[T any] struct {
	most int
	do   func(batch []T)

	mu      sync.Mutex
	waiting []T
	running chan struct{} // closed when the goroutine ends; nil if there is none
}

func (b *background[T]) add(x T) bool {
	b.mu.Lock()
	if len(b.waiting) >= b.most {
		b.mu.Unlock()
		return false
	}
	b.waiting = append(b.waiting, x)
	start := b.running == nil
	if start {
		b.running = make(chan struct{})
	}
	b.mu.Unlock()
	if start {
		go b.run()
	}
	return true
}

func (b *background[T]) run() {
	for {
		b.mu.Lock()
		batch := b.waiting
		b.waiting = nil
		if len(batch) == 0 {
			close(b.running)
			b.running = nil
			b.mu.Unlock()
			return
		}
		b.mu.Unlock()
		b.do(batch)
	}
}

// drain waits until nothing is left to do, and reports whether that was
// before the time was up.
func (b *background[T]) drain(most time.Duration) bool {
	b.mu.Lock()
	done := b.running
	b.mu.Unlock()
	if done == nil {
		return true
	}
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}
