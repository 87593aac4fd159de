package passhash

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/internal/passhash/fasthash"
)

func pool(t *testing.T, slots, queue int) *Hashes {
	t.Helper()
	return mustNew(t, Config{Hasher: fasthash.Hasher{}, Slots: slots, Queue: queue})
}

func isBusy(t *testing.T, err error) bool {
	t.Helper()
	if errcodes.ReasonOf(err) != errcodes.ReasonServerBusy {
		return false
	}
	e, ok := errors.AsType[*errcodes.Error](err)
	if !ok {
		t.Errorf("no *errcodes.Error in %v", err)
		return true
	}
	if d, ok := e.Retry(); !ok || d != busyRetry {
		t.Errorf("server_busy with a Retry-After of %v", d)
	}
	return true
}

// checkIdle checks that every slot is free and the queue empty.
func checkIdle(t *testing.T, h *Hashes, slots int) {
	t.Helper()
	h.slots.mu.Lock()
	defer h.slots.mu.Unlock()
	if h.slots.free != slots || h.slots.waiters.Len() != 0 {
		t.Errorf("%d of %d slots free, %d waiting", h.slots.free, slots, h.slots.waiters.Len())
	}
}

func TestConcurrencyIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const slots, queue, callers = 3, 24, 500
		h := pool(t, slots, queue)
		var running, peak, done, refused atomic.Int64
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				release, err := h.Acquire(t.Context())
				if err != nil {
					if !isBusy(t, err) {
						t.Errorf("%v", err)
					}
					refused.Add(1)
					return
				}
				defer release()
				peak.Store(max(peak.Load(), running.Add(1)))
				time.Sleep(229 * time.Millisecond) // fake time: the hash
				running.Add(-1)
				done.Add(1)
			})
		}
		wg.Wait()
		if peak.Load() > slots {
			t.Errorf("%d at the same time, %d slots", peak.Load(), slots)
		}
		if done.Load() != slots+queue || refused.Load() != callers-slots-queue {
			t.Errorf("%d served, %d refused", done.Load(), refused.Load())
		}
		checkIdle(t, h, slots)
	})
}

func TestWaitersAreServedInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := pool(t, 1, 100)
		release, err := h.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var order []int
		for i := range 100 {
			go func() {
				r, err := h.Acquire(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
				r()
			}()
			synctest.Wait() // i is in the queue now
		}
		release()
		synctest.Wait()
		for i, got := range order {
			if got != i {
				t.Fatalf("order %v", order)
			}
		}
		if len(order) != 100 {
			t.Errorf("%d served", len(order))
		}
		checkIdle(t, h, 1)
	})
}

func TestDeadlineAndCancelLeaveTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := pool(t, 1, 2)
		release, err := h.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		dctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		cctx, cancel := context.WithCancel(t.Context())
		errs := make(chan error, 2)
		start := time.Now()
		go func() { _, err := h.Acquire(dctx); errs <- err }()
		synctest.Wait()
		go func() { _, err := h.Acquire(cctx); errs <- err }()
		synctest.Wait()
		if _, err := h.Acquire(t.Context()); !isBusy(t, err) {
			t.Errorf("the queue is full: %v", err)
		}
		err = <-errs
		if !isBusy(t, err) || !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("deadline: %v after %v", err, time.Since(start))
		}
		cancel()
		err = <-errs
		if errcodes.ReasonOf(err) != errcodes.ReasonTimeout || !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		// Both places are free again.
		got := make(chan error, 2)
		for range 2 {
			go func() {
				r, err := h.Acquire(t.Context())
				if err == nil {
					r()
				}
				got <- err
			}()
		}
		synctest.Wait()
		release()
		if err := errors.Join(<-got, <-got); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		checkIdle(t, h, 1)
	})
}

func TestEndedContextTakesNoSlot(t *testing.T) {
	h := pool(t, 1, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r, err := h.Acquire(ctx); err == nil || r != nil || errcodes.ReasonOf(err) != errcodes.ReasonTimeout {
		t.Errorf("%v", err)
	}
	past, stop := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer stop()
	if r, err := h.Acquire(past); r != nil || !isBusy(t, err) {
		t.Errorf("%v", err)
	}
	checkIdle(t, h, 1)
}

// A slot that is handed to a caller in the moment in which that caller gives up
// goes to the next in the queue.
func TestHandOverToWhoHasLeft(t *testing.T) {
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			h := pool(t, 1, 10)
			release, _ := h.Acquire(t.Context())
			ctx, cancel := context.WithCancel(t.Context())
			left := make(chan error, 1)
			go func() {
				r, err := h.Acquire(ctx)
				if err == nil {
					r()
				}
				left <- err
			}()
			synctest.Wait()
			served := make(chan error, 1)
			go func() {
				r, err := h.Acquire(t.Context())
				if err == nil {
					r()
				}
				served <- err
			}()
			synctest.Wait()
			go release()
			go cancel()
			<-left
			if err := <-served; err != nil {
				t.Error(err)
			}
			synctest.Wait()
			checkIdle(t, h, 1)
		})
	}
}

// The slot is granted while the caller, whose context has ended, has not yet left
// the queue: the lock is held so that both happen before it can look.
func TestGrantedThenEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := pool(t, 1, 10)
		if _, err := h.Acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { _, err := h.Acquire(ctx); done <- err }()
		synctest.Wait()
		h.slots.mu.Lock()
		cancel()
		h.slots.handOver() // as the first caller's release would
		h.slots.mu.Unlock()
		if err := <-done; errcodes.ReasonOf(err) != errcodes.ReasonTimeout {
			t.Errorf("%v", err)
		}
		checkIdle(t, h, 1)
	})
}

func TestReleaseTwice(t *testing.T) {
	h := pool(t, 2, 1)
	r1, err1 := h.Acquire(t.Context())
	r2, err2 := h.Acquire(t.Context())
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	r1()
	r1()
	r1()
	h.slots.mu.Lock()
	free := h.slots.free
	h.slots.mu.Unlock()
	if free != 1 {
		t.Errorf("%d slots free", free)
	}
	r2()
	checkIdle(t, h, 2)
}

func TestShareLeavesRoomForSignIns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := pool(t, 1, 8)
		release, err := h.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var ok, refused atomic.Int64
		call := func(acquire func(context.Context) (func(), error)) {
			r, err := acquire(t.Context())
			if err != nil {
				if !isBusy(t, err) {
					t.Error(err)
				}
				refused.Add(1)
				return
			}
			ok.Add(1)
			r()
		}
		for range 100 {
			go call(h.AcquireShare)
		}
		synctest.Wait()
		if refused.Load() != 96 {
			t.Errorf("%d of 100 sign-ups refused, want 96", refused.Load())
		}
		for range 4 {
			go call(h.Acquire)
		}
		synctest.Wait()
		if refused.Load() != 96 {
			t.Error("sign-ups crowd out sign-ins")
		}
		go call(h.Acquire)
		synctest.Wait()
		if refused.Load() != 97 {
			t.Error("the queue is longer than it may be")
		}
		release()
		synctest.Wait()
		if ok.Load() != 8 {
			t.Errorf("%d served", ok.Load())
		}
		checkIdle(t, h, 1)
	})
}

// The smallest queue still has a place for everybody.
func TestShareOfTheSmallestQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := pool(t, 1, 1)
		release, _ := one.Acquire(t.Context())
		done := make(chan error, 1)
		go func() {
			r, err := one.AcquireShare(t.Context())
			if err == nil {
				r()
			}
			done <- err
		}()
		synctest.Wait()
		release()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestDefaults(t *testing.T) {
	h := mustNew(t, Config{})
	want := max(1, runtime.GOMAXPROCS(0)-1)
	if h.slots.free != want || h.slots.places != 8*want {
		t.Errorf("%d slots, %d places", h.slots.free, h.slots.places)
	}
}

// Callers of every kind at random, under the race detector: no slot is lost.
func TestNoSlotLeaks(t *testing.T) {
	h := pool(t, 2, 5)
	stored := mustHash(t, h, "x")
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			for j := range 50 {
				ctx, cancel := context.WithCancel(t.Context())
				if (i+j)%3 == 0 {
					go cancel()
				}
				acquire := h.Acquire
				if i%2 == 0 {
					acquire = h.AcquireShare
				}
				if release, err := acquire(ctx); err == nil {
					if !h.Verify("x", stored).OK {
						t.Error("wrong answer")
					}
					release()
				}
				cancel()
			}
		})
	}
	wg.Wait()
	checkIdle(t, h, 2)
}

func TestProvenHaveTheirOwnPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := pool(t, 1, 8)
		release, err := h.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got [2]atomic.Int64
		call := func(which int, acquire func(context.Context) (func(), error)) {
			if r, err := acquire(t.Context()); err == nil {
				got[which].Add(1)
				r()
			}
		}
		for range 100 {
			go call(0, h.Acquire)
		}
		synctest.Wait()
		for range 100 {
			go call(1, h.AcquireProven)
		}
		synctest.Wait()
		release()
		synctest.Wait()
		if got[0].Load() != 8 || got[1].Load() != 4 {
			t.Errorf("%d sign-ins and %d with a link found a place, want 8 and 4", got[0].Load(), got[1].Load())
		}
		checkIdle(t, h, 1)
		if n := h.PerSource(); n != 2 {
			t.Errorf("one source may take %d places of 9, want 2", n)
		}
		if n := pool(t, 31, 248).PerSource(); n != 69 {
			t.Errorf("one source may take %d places of 279, want 69", n)
		}
	})
}
