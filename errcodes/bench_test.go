package errcodes_test

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
)

// TestAllocations: an attacker controls how often these run.
func TestAllocations(t *testing.T) {
	wait, digits := 937*time.Second, 1234
	proof := errcodes.ProofFirstFactor
	var sink *errcodes.Error
	check := func(name string, most float64, f func()) {
		t.Helper()
		if got := testing.AllocsPerRun(200, f); got > most {
			t.Errorf("%s: %v allocations, want at most %v", name, got, most)
		}
	}
	check("New", 1, func() { sink = errcodes.New(errcodes.ReasonInvalidCredentials) })
	check("New with options", 1, func() {
		sink = errcodes.New(errcodes.ReasonAccountTemporarilyLocked, errcodes.RetryAfter(wait), errcodes.Uniform(), errcodes.Proven(proof),
			errcodes.WithHints(errcodes.HintFullWidth, errcodes.HintCapsLock), errcodes.WithParam(errcodes.ParamMinLength, digits), errcodes.During("login.password"))
	})
	check("New with a cause", 1, func() { sink = errcodes.New(errcodes.ReasonInternalError, errcodes.Because(io.EOF)) })
	err := fmt.Errorf("handler: %w", sink)
	var is bool
	check("Is reason", 0, func() { is = errors.Is(err, errcodes.ReasonInternalError) })
	check("Is code", 0, func() { is = errors.Is(err, errcodes.CodeAccountLocked) })
	check("CodeOf", 0, func() { is = errcodes.CodeOf(err) == errcodes.CodeAccountLocked })
	plain := errcodes.New(errcodes.ReasonTimeout)
	check("Public without cause", 0, func() { sink = plain.Public() })
	_ = is
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = keep(errcodes.New(errcodes.ReasonInvalidCredentials))
	}
}

func BenchmarkNewWithOptions(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = keep(errcodes.New(errcodes.ReasonAccountTemporarilyLocked, errcodes.RetryAfter(15*time.Minute), errcodes.Uniform(), errcodes.Because(io.EOF)))
	}
}

func BenchmarkIs(b *testing.B) {
	var err error = errcodes.New(errcodes.ReasonAccountTemporarilyLocked)
	b.Run("Code", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = errors.Is(err, errcodes.CodeAccountLocked)
		}
	})
	b.Run("Reason", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = errors.Is(err, errcodes.ReasonAccountTemporarilyLocked)
		}
	})
}

//go:noinline
func keep(e *errcodes.Error) *errcodes.Error { return e }
