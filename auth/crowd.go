package auth

import (
	"sync"

	"github.com/sekisho-auth/sekisho/auth/ratelimit"
)

// crowd counts who is hashing or waiting for it, so that one source cannot
// take all the places, right passwords or wrong.
type crowd struct {
	mu   sync.Mutex
	most int
	in   map[ratelimit.Key]int
}

// enter takes a place for a source, unless it has its share already.
func (c *crowd) enter(source ratelimit.Key) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.in[source] >= c.most {
		return false
	}
	c.in[source]++
	return true
}

// leave gives the place back.
func (c *crowd) leave(source ratelimit.Key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.in[source]--; c.in[source] <= 0 {
		delete(c.in, source)
	}
}
