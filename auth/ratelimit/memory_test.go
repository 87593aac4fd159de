package ratelimit_test

import (
	"context"
	"encoding/binary"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sekisho-auth/sekisho/auth/ratelimit"
	"github.com/sekisho-auth/sekisho/auth/ratelimit/ratelimittest"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	for _, size := range []int{0, 500, ratelimit.DefaultMaxKeys} {
		ratelimittest.Run(t, func(*testing.T) ratelimit.Store { return ratelimit.NewMemory(size) })
	}
}

// number returns the key of the nth sprayed client.
func number(n int) ratelimit.Key {
	var k ratelimit.Key
	binary.BigEndian.PutUint64(k[16:], uint64(n))
	binary.LittleEndian.PutUint64(k[24:], uint64(n)*0x9E3779B97F4A7C15)
	return k
}

func mustTake(t testing.TB, m *ratelimit.Memory, k ratelimit.Key, l ratelimit.Limit, now time.Time) time.Duration {
	t.Helper()
	wait, err := m.Take(context.Background(), k, l, now)
	if err != nil {
		t.Error(err)
		return time.Hour // ends every loop
	}
	return wait
}

// TestSprayedKeysDoNotFreeAnybody fills the store far over its bound: it stays
// bounded, and the bucket that limits somebody stays empty, because those of
// the spray are nearly full and go first.
func TestSprayedKeysDoNotFreeAnybody(t *testing.T) {
	const size = 2000
	l := ratelimit.Per(20, 10*time.Minute)
	for _, max := range []int{size, 10 * size} {
		m := ratelimit.NewMemory(max)
		attacker := ratelimit.KeyOf(nil, "", "attacker")
		for range l.Burst {
			mustTake(t, m, attacker, l, t0)
		}
		for i := range 5 * max {
			mustTake(t, m, number(i), l, t0.Add(time.Duration(i)*time.Microsecond))
			if i%500 == 0 && m.Len() > max {
				t.Fatalf("%d buckets, at most %d are allowed", m.Len(), max)
			}
		}
		if m.Len() > max {
			t.Errorf("%d buckets, at most %d are allowed", m.Len(), max)
		}
		if wait := mustTake(t, m, attacker, l, t0.Add(time.Second)); wait == 0 {
			t.Errorf("with %d sprayed keys over %d the attacker's empty bucket was forgotten", 5*max, max)
		}
	}
}

// TestFullestMakesRoom: of three buckets in a store of three, the one that will
// be full soonest goes.
func TestFullestMakesRoom(t *testing.T) {
	m := ratelimit.NewMemory(3)
	l := ratelimit.Per(4, time.Minute)
	for key, taken := range []int{3, 1, 4} {
		for range taken {
			mustTake(t, m, number(key), l, t0)
		}
	}
	mustTake(t, m, number(9), l, t0)
	mustTake(t, m, number(9), l, t0)
	if m.Len() != 3 {
		t.Fatalf("%d buckets, want 3", m.Len())
	}
	left := func(key int) (n int) {
		for mustTake(t, m, number(key), l, t0) == 0 {
			n++
		}
		return n
	}
	for _, want := range []struct{ key, tokens int }{{2, 0}, {0, 1}, {9, 2}} {
		if got := left(want.key); got != want.tokens {
			t.Errorf("bucket %d has %d tokens left, want %d", want.key, got, want.tokens)
		}
	}
	if got := left(1); got != 4 {
		t.Errorf("the fullest bucket has %d tokens, want a forgotten one's 4", got)
	}
}

func TestFullBucketsAreForgotten(t *testing.T) {
	const many = 10_000
	m := ratelimit.NewMemory(many)
	l := ratelimit.Per(5, time.Minute)
	for i := range many {
		mustTake(t, m, number(i), l, t0)
	}
	if m.Len() != many {
		t.Fatalf("%d buckets, want %d", m.Len(), many)
	}
	for i := range many { // each call forgets up to two and adds one
		mustTake(t, m, number(many+i), l, t0.Add(time.Duration(i+1)*l.Window()))
	}
	if m.Len() > 2 {
		t.Errorf("%d buckets are left, all but the last of which are full", m.Len())
	}
}

func TestGiveRemovesAFullBucket(t *testing.T) {
	m := ratelimit.NewMemory(0)
	l := ratelimit.Per(5, time.Minute)
	mustTake(t, m, number(1), l, t0)
	if err := m.Give(t.Context(), number(1), l, t0); err != nil || m.Len() != 0 {
		t.Errorf("Give: %v, %d buckets kept; want none, it is full", err, m.Len())
	}
}

func TestMemoryManyKeysAtOnce(t *testing.T) {
	m := ratelimit.NewMemory(0)
	l := ratelimit.Per(10, time.Minute)
	var passed atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for i := range 2000 {
				wait, err := m.Take(context.Background(), number(i%100), l, t0)
				if err != nil {
					t.Error(err)
				}
				if wait == 0 {
					passed.Add(1)
				}
				if i%300 == 0 {
					m.Len()
				}
			}
		})
	}
	wg.Wait()
	if got := passed.Load(); got != 100*10 {
		t.Errorf("%d tokens taken from 100 buckets of 10", got)
	}
}

// TestMemoryLosesNoToken has few goroutines fight over one wide bucket for
// long.
func TestMemoryLosesNoToken(t *testing.T) {
	m := ratelimit.NewMemory(0)
	l := ratelimit.Per(100_000, time.Hour)
	var passed atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for mustTake(t, m, number(1), l, t0) == 0 {
				passed.Add(1)
			}
		})
	}
	wg.Wait()
	if got := passed.Load(); got != int64(l.Burst) {
		t.Errorf("%d tokens of a bucket of %d", got, l.Burst)
	}
}

// TestMemoryHeap states what the default size costs, and that a million clients
// cost no more.
func TestMemoryHeap(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	before := heap()
	m := ratelimit.NewMemory(0)
	l := ratelimit.Per(20, 10*time.Minute)
	for i := range 1_000_000 {
		mustTake(t, m, number(i), l, t0)
	}
	used := heap() - before
	t.Logf("%d buckets in %.1f MB", m.Len(), float64(used)/1e6)
	if m.Len() > ratelimit.DefaultMaxKeys || used > 30e6 {
		t.Errorf("%d buckets in %d bytes", m.Len(), used)
	}
	runtime.KeepAlive(m)
}

func BenchmarkMemoryTake(b *testing.B) {
	l := ratelimit.Per(20, 10*time.Minute)
	b.Run("refused", func(b *testing.B) {
		m := ratelimit.NewMemory(0)
		for range 20 {
			mustTake(b, m, number(1), l, t0)
		}
		b.ReportAllocs()
		for b.Loop() {
			_, _ = m.Take(b.Context(), number(1), l, t0)
		}
	})
	b.Run("sprayed", func(b *testing.B) {
		m := ratelimit.NewMemory(0)
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			i++
			_, _ = m.Take(b.Context(), number(i), l, t0)
		}
	})
	b.Run("parallel", func(b *testing.B) {
		m := ratelimit.NewMemory(0)
		b.ReportAllocs()
		var n atomic.Int64
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_, _ = m.Take(context.Background(), number(int(n.Add(1))%1000), l, t0)
			}
		})
	})
}
