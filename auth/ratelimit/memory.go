package ratelimit

import (
	"context"
	"sync"
	"time"
)

const (
	// DefaultMaxKeys is how many buckets NewMemory(0) keeps. They take about 15
	// MB when all are in use.
	DefaultMaxKeys = 100_000

	shardCount   = 16   // a power of two
	shardAtLeast = 1024 // below this many keys a shard, one shard keeps the order of eviction exact
)

// Memory is a Store in this process's memory. Its size is bounded: full buckets
// are forgotten, since they say nothing, and when more keys than that are in
// use, the bucket that will be full soonest makes room, so that whoever sprays
// keys pushes out buckets which hardly limit anybody, not those that do. Limits
// whose windows differ by much are best kept in a Memory each. Its zero value
// is not usable; call NewMemory.
type Memory struct {
	shards []shard
}

// NewMemory returns a Memory of at most maxKeys buckets; 0 or less is
// DefaultMaxKeys.
func NewMemory(maxKeys int) *Memory {
	if maxKeys <= 0 {
		maxKeys = DefaultMaxKeys
	}
	n := 1
	if maxKeys >= shardCount*shardAtLeast {
		n = shardCount
	}
	m := &Memory{shards: make([]shard, n)}
	for i := range m.shards {
		m.shards[i].max = maxKeys / n
		m.shards[i].at = make(map[Key]int)
	}
	return m
}

func (m *Memory) shard(key Key) *shard { return &m.shards[int(key[len(key)-1])&(len(m.shards)-1)] }

// Take implements Store.
func (m *Memory) Take(ctx context.Context, key Key, l Limit, now time.Time) (time.Duration, error) {
	if err := usable(ctx, l); err != nil || l.None() {
		return 0, err
	}
	s := m.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
	old := s.get(key)
	next, wait := l.Next(old, now)
	if next != old {
		s.put(key, next)
	}
	return wait, nil
}

// Give implements Store.
func (m *Memory) Give(ctx context.Context, key Key, l Limit, now time.Time) error {
	if err := usable(ctx, l); err != nil || l.None() {
		return err
	}
	s := m.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
	if old := s.get(key); old != (State{}) {
		s.put(key, l.Back(old, now))
	}
	return nil
}

// Volatile reports that nothing of it outlives the process.
func (m *Memory) Volatile() bool { return true }

// Len returns how many buckets are kept, which may include some that are full
// by now.
func (m *Memory) Len() int {
	n := 0
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		n += len(s.heap)
		s.mu.Unlock()
	}
	return n
}

func usable(ctx context.Context, l Limit) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return l.Validate()
}

// shard is a map of buckets that is also a heap by FullAt, soonest first: both
// what may be forgotten and what makes room stand on top.
type shard struct {
	mu   sync.Mutex
	max  int
	at   map[Key]int // index in heap
	heap []entry
}

type entry struct {
	key   Key
	state State
}

func (s *shard) get(key Key) State {
	if i, ok := s.at[key]; ok {
		return s.heap[i].state
	}
	return State{}
}

// put keeps state at key; the zero State removes it.
func (s *shard) put(key Key, state State) {
	i, known := s.at[key]
	switch {
	case state == State{}:
		if known {
			s.remove(i)
		}
	case known:
		s.heap[i].state = state
		s.fix(i)
	default:
		if len(s.heap) >= s.max {
			s.remove(0)
		}
		s.heap = append(s.heap, entry{key, state})
		s.at[key] = len(s.heap) - 1
		s.up(len(s.heap) - 1)
	}
}

// sweepBatch bounds what one call forgets. Each call adds one bucket at most,
// so two a call keep up.
const sweepBatch = 2

func (s *shard) sweep(now time.Time) {
	for range sweepBatch {
		if len(s.heap) == 0 || !s.heap[0].state.Full(now) {
			return
		}
		s.remove(0)
	}
}

func (s *shard) remove(i int) {
	last := len(s.heap) - 1
	delete(s.at, s.heap[i].key)
	if i != last {
		s.heap[i] = s.heap[last]
		s.at[s.heap[i].key] = i
	}
	s.heap = s.heap[:last]
	if i != last {
		s.fix(i)
	}
}

func (s *shard) fix(i int) {
	if !s.down(i) {
		s.up(i)
	}
}

func (s *shard) less(i, j int) bool { return s.heap[i].state.FullAt < s.heap[j].state.FullAt }

func (s *shard) swap(i, j int) {
	s.heap[i], s.heap[j] = s.heap[j], s.heap[i]
	s.at[s.heap[i].key], s.at[s.heap[j].key] = i, j
}

func (s *shard) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !s.less(i, parent) {
			return
		}
		s.swap(i, parent)
		i = parent
	}
}

func (s *shard) down(i int) (moved bool) {
	for {
		child := 2*i + 1
		if child >= len(s.heap) {
			return moved
		}
		if child+1 < len(s.heap) && s.less(child+1, child) {
			child++
		}
		if !s.less(child, i) {
			return moved
		}
		s.swap(i, child)
		i, moved = child, true
	}
}
