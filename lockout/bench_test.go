package lockout_test

import (
	"encoding/binary"
	"sync/atomic"
	"testing"

	"github.com/sekisho-auth/sekisho/lockout"
)

func BenchmarkReserveSettle(b *testing.B) {
	g := newGuard(b, lockout.Config{})
	b.ReportAllocs()
	for b.Loop() {
		a, err := g.Reserve(b.Context(), key)
		if err != nil {
			b.Fatal(err)
		}
		if err := a.Settle(b.Context(), lockout.Completed); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReserveSettleParallel(b *testing.B) {
	g := newGuard(b, lockout.Config{})
	var n atomic.Uint64
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		var k lockout.Key
		for pb.Next() {
			binary.LittleEndian.PutUint64(k[:], n.Add(1)*0x9e3779b97f4a7c15)
			a, err := g.Reserve(b.Context(), k)
			if err != nil {
				b.Fatal(err)
			}
			if err := a.Settle(b.Context(), lockout.Completed); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// A spray: every key is new and its failure stays, so that a full store drops one each time.
func BenchmarkSpray(b *testing.B) {
	g := newGuard(b, lockout.Config{})
	b.ReportAllocs()
	var k lockout.Key
	for i := uint64(0); b.Loop(); i++ {
		binary.LittleEndian.PutUint64(k[:], i*0x9e3779b97f4a7c15)
		a, err := g.Reserve(b.Context(), k)
		if err != nil {
			b.Fatal(err)
		}
		if err := a.Settle(b.Context(), lockout.Failed); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRefused(b *testing.B) {
	g := newGuard(b, lockout.Config{})
	_ = lock(b, g)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.Reserve(b.Context(), key); err == nil {
			b.Fatal("not refused")
		}
	}
}

func TestAllocations(t *testing.T) {
	g := newGuard(t, lockout.Config{})
	ctx := t.Context()
	pair := testing.AllocsPerRun(200, func() {
		a, err := g.Reserve(ctx, key)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Settle(ctx, lockout.Completed); err != nil {
			t.Fatal(err)
		}
	})
	_ = lock(t, g)
	refusal := testing.AllocsPerRun(200, func() { _, _ = g.Reserve(ctx, key) })
	t.Logf("%.0f allocations for Reserve and Settle, %.0f for a refusal", pair, refusal)
	if pair > 20 || refusal > 6 {
		t.Errorf("%.0f allocations for Reserve and Settle, %.0f for a refusal", pair, refusal)
	}
}
