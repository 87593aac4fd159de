package lockout

import (
	"container/heap"
	"context"
	"encoding/binary"
	"math"
	"sync"
	"time"
)

const (
	defaultRecords = 100_000
	shards         = 16
	minShardSize   = 256 // below it one shard, so that a small bound is kept exactly
)

// Memory is a [Store] in the memory of this process, for one server and for
// tests. It holds at most the number of records given to [NewMemory]. A full one
// makes room by dropping the record that is missed least: first those that are
// not locked, the one that was written longest ago first; then the lock that
// ends soonest; disabled ones last of all. So a spray of made-up identifiers
// does not open a lock that stands. It does make the store forget failures that
// have not locked yet: keep a limit per source in front of it.
//
// Its methods are safe for concurrent use.
type Memory struct {
	shards []shard
}

var _ Store = (*Memory)(nil)

// NewMemory makes a store of at most maxRecords records, about 300 bytes each; 0
// or less means 100,000. The bound is kept in 16 parts of equal size, by key.
func NewMemory(maxRecords int) *Memory {
	if maxRecords <= 0 {
		maxRecords = defaultRecords
	}
	n := shards
	if maxRecords < shards*minShardSize {
		n = 1
	}
	m := &Memory{shards: make([]shard, n)}
	for i := range m.shards {
		m.shards[i].rows = make(map[Key]*row)
		m.shards[i].limit = maxRecords / n
	}
	return m
}

// Update implements [Store]. Its only error is that of ctx.
func (m *Memory) Update(ctx context.Context, key Key, _ Record, now time.Time,
	step func(Record) (Record, bool),
) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	// Keys are HMACs: nobody can choose a shard.
	s := &m.shards[binary.LittleEndian.Uint64(key[:])%uint64(len(m.shards))]
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.rows[key]
	var r Record
	if e != nil {
		r = e.record
	}
	next, write := step(r)
	if write {
		s.put(key, e, next, micros(now))
	}
	return nil
}

// Volatile reports that nothing of it outlives the process.
func (m *Memory) Volatile() bool { return true }

// shard is a part of the records under a lock of its own.
type shard struct {
	mu    sync.Mutex
	rows  map[Key]*row
	order missed
	limit int
	_     [64]byte // locks of neighbours do not share a cache line
}

type row struct {
	key    Key
	record Record
	keep   int64 // the smaller, the sooner it is dropped
	at     int   // its place in order
}

func (s *shard) put(key Key, e *row, r Record, now int64) {
	switch {
	case r.IsZero():
		if e != nil {
			s.remove(e)
		}
		return
	case e != nil:
		e.record, e.keep = r, keep(r, now)
		heap.Fix(&s.order, e.at)
		return
	}
	// What has expired goes first, two for each that comes, so that it never
	// takes a sweep to get rid of it.
	for range 2 {
		if len(s.order) > 0 && s.order[0].record.expires <= now {
			s.remove(s.order[0])
		}
	}
	if len(s.rows) >= s.limit {
		s.remove(s.order[0])
	}
	e = &row{key: key, record: r, keep: keep(r, now)}
	s.rows[key] = e
	heap.Push(&s.order, e)
}

func (s *shard) remove(e *row) {
	heap.Remove(&s.order, e.at)
	delete(s.rows, e.key)
}

// keep orders the rows. One number does it: whatever is not locked has been
// written in the past, and whatever is locked is so until a time in the future.
func keep(r Record, now int64) int64 {
	if r.disabled {
		return math.MaxInt64/2 + now
	}
	return max(now, r.lockedUntil)
}

// missed is a heap of rows, the one to be missed least on top.
type missed []*row

func (h missed) Len() int           { return len(h) }
func (h missed) Less(i, j int) bool { return h[i].keep < h[j].keep }
func (h missed) Swap(i, j int)      { h[i], h[j] = h[j], h[i]; h[i].at, h[j].at = i, j }

// Push and Pop are for container/heap.
func (h *missed) Push(x any) {
	e := x.(*row) //nolint:forcetypeassert // only rows are pushed
	e.at = len(*h)
	*h = append(*h, e)
}

func (h *missed) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return e
}
