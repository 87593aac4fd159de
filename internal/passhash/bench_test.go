package passhash

import (
	"fmt"
	"testing"
	"time"

	"github.com/sekisho-auth/sekisho/internal/passhash/fasthash"
)

// BenchmarkVerify is the cost of everything around bcrypt.
func BenchmarkVerify(b *testing.B) {
	h := mustNew(b, Config{Hasher: fasthash.Hasher{}})
	stored := mustHash(b, h, "fifty three stations of the tokaido")
	for name, s := range map[string]string{"stored": stored, "absent": ""} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				h.Verify("fifty three stations of the tokaido", s)
			}
		})
	}
}

func BenchmarkAcquire(b *testing.B) {
	h := mustNew(b, Config{Hasher: fasthash.Hasher{}})
	b.ReportAllocs()
	for b.Loop() {
		release, err := h.Acquire(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		release()
	}
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		mustNew(b, Config{})
	}
}

func BenchmarkBcrypt(b *testing.B) {
	for _, cost := range []int{10, 12} {
		b.Run(fmt.Sprint(cost), func(b *testing.B) {
			h := mustNew(b, Config{Cost: cost})
			for b.Loop() {
				h.Verify("fifty three stations of the tokaido", "")
			}
		})
	}
}

func TestCalibrate(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		atMin, target time.Duration
		want          int
	}{
		{57 * ms, 250 * ms, 12},
		{57 * ms, 114 * ms, 11},
		{57 * ms, 113 * ms, 10},
		{57 * ms, 10 * ms, 10},
		{57 * ms, 0, 10},
		{57 * ms, -1, 10},
		{57 * ms, time.Hour, 15},
		{10 * ms, 250 * ms, 14},
	} {
		if got := costWithin(c.atMin, c.target); got != c.want {
			t.Errorf("costWithin(%v, %v) = %d, want %d", c.atMin, c.target, got, c.want)
		}
	}
	if got := Calibrate(time.Nanosecond); got != MinCost {
		t.Errorf("Calibrate(1ns) = %d", got)
	}
	if got := Calibrate(time.Hour); got != MaxCost {
		t.Errorf("Calibrate(1h) = %d", got)
	}
}
