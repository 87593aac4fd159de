package auth_test

import (
	"context"
	"errors"
	"math"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/ratelimit"
	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/internal/passhash/fasthash"
	"github.com/sekisho-auth/sekisho/internal/storeprobe"
)

// countingHasher counts compares and the work done, in units of bcrypt's
// inner loop.
type countingHasher struct {
	fasthash.Hasher
	compares, hashes, work atomic.Int64
	hold                   chan struct{} // if set, Compare waits for it
}

func (h *countingHasher) Hash(key []byte, cost int) (string, error) {
	h.hashes.Add(1)
	h.work.Add(int64(math.Pow(2, float64(cost))))
	return h.Hasher.Hash(key, cost)
}

func (h *countingHasher) Compare(hash string, key []byte) (bool, error) {
	h.compares.Add(1)
	h.work.Add(int64(math.Pow(2, float64(hash[4]-'0')*10+float64(hash[5]-'0'))))
	if h.hold != nil {
		<-h.hold
	}
	return h.Hasher.Compare(hash, key)
}

func noLimits(c *auth.Config) { c.Limits.InsecureOff = true }

func TestBudgetOfGuessesHoldsInParallel(t *testing.T) {
	const n = 200
	h := &countingHasher{}
	svc, _ := newService(t, func(c *auth.Config) {
		noLimits(c)
		c.Password.Hasher, c.Password.Slots, c.Password.Queue = h, n, n
	})
	mustCreate(t, svc, "taro@example.com")
	for _, email := range []string{"taro@example.com", "nobody@example.com"} {
		h.compares.Store(0)
		reasons := parallel(n, func() error {
			_, err := svc.Login(t.Context(), creds(email, "wrong wrong wrong"))
			return err
		})
		// An identifier's failures are at most 5; the top-up that equalises
		// work is none, since there is nothing cheaper stored.
		if got := h.compares.Load(); got > 5 {
			t.Errorf("%s: %d guesses were compared with the hash, want at most 5", email, got)
		}
		if reasons[""] > 0 {
			t.Errorf("%s: %d wrong guesses signed in", email, reasons[""])
		}
		_, err := svc.Login(t.Context(), creds(email, good))
		wantReason(t, err, errcodes.ReasonAccountTemporarilyLocked)
	}
}

func TestRightPasswordsInParallelLockNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 200
		hold := make(chan struct{})
		h := &countingHasher{hold: hold}
		svc, _ := newService(t, func(c *auth.Config) {
			noLimits(c)
			c.Password.Hasher, c.Password.Slots, c.Password.Queue = h, n, n
		})
		mustCreate(t, svc, "taro@example.com")
		done := make(chan map[errcodes.Reason]int)
		go func() {
			done <- parallel(n, func() error {
				_, err := svc.Login(t.Context(), creds("taro@example.com", good))
				return err
			})
		}()
		synctest.Wait()
		close(hold)
		reasons := <-done
		if reasons[""] < 5 {
			t.Errorf("%d of %d right passwords signed in, want at least 5: %v", reasons[""], n, reasons)
		}
		for reason := range reasons {
			if reason != "" && reason != errcodes.ReasonServerBusy {
				t.Errorf("a right password was answered %s: %v", reason, reasons)
			}
		}
		if _, err := svc.Login(t.Context(), creds("taro@example.com", good)); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// parallel runs f n times at once and counts the outcomes by reason.
func parallel(n int, f func() error) map[errcodes.Reason]int {
	var (
		group sync.WaitGroup
		mu    sync.Mutex
		start = make(chan struct{})
		out   = map[errcodes.Reason]int{}
	)
	for range n {
		group.Go(func() {
			<-start
			err := f()
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				out[""]++
				return
			}
			out[errcodes.ReasonOf(err)]++
		})
	}
	close(start)
	group.Wait()
	return out
}

func TestStateIsToldOnlyAfterTheRightPassword(t *testing.T) {
	states := map[auth.State]errcodes.Reason{
		auth.StateUnverified:  errcodes.ReasonEmailNotVerified,
		auth.StateLocked:      errcodes.ReasonAccountLocked,
		auth.StateDisabled:    errcodes.ReasonAccountDisabled,
		auth.StateSuspended:   errcodes.ReasonAccountSuspended,
		auth.StateSuspicious:  errcodes.ReasonSuspiciousActivity,
		auth.StateCompromised: errcodes.ReasonCredentialsCompromised,
	}
	for state, want := range states {
		t.Run(string(state), func(t *testing.T) {
			svc, _ := newService(t, noLimits)
			id := mustCreate(t, svc, "taro@example.com")
			if err := svc.Accounts().SetState(t.Context(), id, state, "support", "test"); err != nil {
				t.Fatal(err)
			}
			_, err := svc.Login(t.Context(), creds("taro@example.com", "wrong wrong wrong"))
			wantReason(t, err, errcodes.ReasonInvalidCredentials)
			for range 8 { // a right password never locks, whatever the state
				_, err = svc.Login(t.Context(), creds("taro@example.com", good))
				wantReason(t, err, want)
			}
			e, _ := errors.AsType[*errcodes.Error](err)
			if e.Public().Reason() != want {
				t.Errorf("after the right password the public reason is %s", e.Public().Reason())
			}
		})
	}
}

func TestAnUnknownStateIsNoWayIn(t *testing.T) {
	svc, _ := newService(t, func(c *auth.Config) {
		c.Stores.Users = strangeState{c.Stores.Users}
	})
	mustCreate(t, svc, "taro@example.com")
	_, err := svc.Login(t.Context(), creds("taro@example.com", good))
	wantReason(t, err, errcodes.ReasonAccountDisabled)
}

type strangeState struct{ auth.UserStore }

func (s strangeState) Find(ctx context.Context, id auth.Identifier) (auth.User, error) {
	u, err := s.UserStore.Find(ctx, id)
	u.State = "made-up"
	return u, err
}

func TestLadder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, _ := newService(t, noLimits)
		mustCreate(t, svc, "taro@example.com")
		wrong := func() error {
			_, err := svc.Login(t.Context(), creds("taro@example.com", "wrong wrong wrong"))
			return err
		}
		for range 4 {
			wantReason(t, wrong(), errcodes.ReasonInvalidCredentials)
		}
		for _, minutes := range []int{1, 2, 4, 8, 16, 32, 60, 60} {
			err := wrong()
			wantReason(t, err, errcodes.ReasonAccountTemporarilyLocked)
			e, _ := errors.AsType[*errcodes.Error](err)
			if wait, _ := e.Retry(); wait != time.Duration(minutes)*time.Minute {
				t.Errorf("locked for %v, want %d min", wait, minutes)
			}
			if e.Public().Reason() != errcodes.ReasonAccountTemporarilyLocked {
				t.Errorf("the lock is not told: %s", e.Public().Reason())
			}
			time.Sleep(time.Duration(minutes)*time.Minute - time.Second)
			_, err = svc.Login(t.Context(), creds("taro@example.com", good))
			wantReason(t, err, errcodes.ReasonAccountTemporarilyLocked)
			time.Sleep(time.Second)
		}
		if _, err := svc.Login(t.Context(), creds("taro@example.com", good)); err != nil {
			t.Fatalf("the lock did not lift by itself: %v", err)
		}
		wantReason(t, wrong(), errcodes.ReasonInvalidCredentials) // and everything is forgotten
	})
}

func TestLockedIdentifierCostsNoHashAndOneRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &countingHasher{}
		var probe *storeprobe.Probe
		svc, _ := newService(t, func(c *auth.Config) {
			noLimits(c)
			c.Password.Hasher = h
			c.Stores, probe = storeprobe.Wrap(c.Stores)
		})
		for range 5 {
			_, _ = svc.Login(t.Context(), creds("nobody@example.com", good))
		}
		synctest.Wait() // events and the notice of the lock are written beside the request
		if !slices.Contains(probe.Calls(), "Queue.Add") {
			t.Errorf("no notice of the lock was promised: %v", probe.Calls())
		}
		h.compares.Store(0)
		probe.Reset(nil)
		_, err := svc.Login(t.Context(), creds("nobody@example.com", good))
		wantReason(t, err, errcodes.ReasonAccountTemporarilyLocked)
		if got, want := strings.Join(probe.Calls(), " "), "Users.Find Lockout.Update(read)"; got != want {
			t.Errorf("calls: %s, want %s", got, want)
		}
		if n := h.compares.Load(); n != 0 {
			t.Errorf("%d hashes for a locked identifier", n)
		}
	})
}

func TestFullHashingQueueGivesTheAttemptBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		h := &countingHasher{hold: hold}
		svc, _ := newService(t, func(c *auth.Config) {
			noLimits(c)
			c.Password.Hasher, c.Password.Slots, c.Password.Queue = h, 1, 1
		})
		mustCreate(t, svc, "taro@example.com")
		var group sync.WaitGroup
		for range 2 { // one hashes, one waits
			group.Go(func() { _, _ = svc.Login(t.Context(), creds("other@example.com", good)) })
		}
		synctest.Wait()
		busy := 0
		for range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			_, err := svc.Login(ctx, creds("taro@example.com", good))
			cancel()
			if errcodes.CodeOf(err) != errcodes.CodeServerError {
				t.Fatalf("got %v, want a fault of the server", err)
			}
			if errors.Is(err, errcodes.ReasonServerBusy) {
				busy++
			}
		}
		close(hold)
		group.Wait()
		if busy == 0 {
			t.Error("a full queue was never told as server_busy")
		}
		if _, err := svc.Login(t.Context(), creds("taro@example.com", good)); err != nil {
			t.Errorf("after the flood: %v", err)
		}
	})
}

func TestClientThatHangsUpIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		h := &countingHasher{hold: hold}
		svc, _ := newService(t, func(c *auth.Config) { noLimits(c); c.Password.Hasher = h; c.Lockout.Threshold = 1 })
		mustCreate(t, svc, "taro@example.com")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, err := svc.Login(ctx, creds("taro@example.com", "wrong wrong wrong"))
			done <- err
		}()
		synctest.Wait()
		cancel()
		close(hold)
		<-done
		_, err := svc.Login(t.Context(), creds("taro@example.com", good))
		wantReason(t, err, errcodes.ReasonAccountTemporarilyLocked)
	})
}

func TestSourceLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, _ := newService(t, nil)
		mustCreate(t, svc, "taro@example.com")
		for i := range 30 { // success gives its token back
			if _, err := svc.Login(t.Context(), creds("taro@example.com", good)); err != nil {
				t.Fatalf("success %d: %v", i, err)
			}
		}
		spray := func(i int, addr string) error {
			c := creds(string(rune('a'+i%26))+strings.Repeat("x", i)+"@example.com", good)
			c.Client.Addr = netip.MustParseAddr(addr)
			_, err := svc.Login(t.Context(), c)
			return err
		}
		for i := range 20 {
			wantReason(t, spray(i, "192.0.2.1"), errcodes.ReasonInvalidCredentials)
		}
		err := spray(20, "192.0.2.1")
		wantReason(t, err, errcodes.ReasonRateLimited)
		e, _ := errors.AsType[*errcodes.Error](err)
		if wait, ok := e.Retry(); !ok || wait <= 0 || wait > time.Minute {
			t.Errorf("Retry-After %v", wait)
		}
		wantReason(t, spray(21, "192.0.2.2"), errcodes.ReasonInvalidCredentials)
		for i := range 20 { // one IPv6 /64 is one source
			wantReason(t, spray(40+i, netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: byte(i)}).String()), errcodes.ReasonInvalidCredentials)
		}
		wantReason(t, spray(70, "2001:db8::ffff"), errcodes.ReasonRateLimited)
		wantReason(t, spray(71, "2001:db8:0:1::1"), errcodes.ReasonInvalidCredentials)
	})
}

func TestWideSourceLimit(t *testing.T) {
	svc, _ := newService(t, func(c *auth.Config) { c.Limits.Source = ratelimit.Per(1, time.Hour) })
	refused := 0
	for i := range 12 { // twelve /64s of one /48
		c := creds(strings.Repeat("x", i+1)+"@example.com", good)
		c.Client.Addr = netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 7: byte(i), 15: 1})
		if _, err := svc.Login(t.Context(), c); errors.Is(err, errcodes.ReasonRateLimited) {
			refused++
		}
	}
	if refused != 2 {
		t.Errorf("%d of 12 /64s of one /48 were refused, want 2 (ten times the limit of one)", refused)
	}
}

func TestGlobalLimit(t *testing.T) {
	svc, _ := newService(t, func(c *auth.Config) { c.Limits.Global = ratelimit.Per(2, time.Hour) })
	for i, want := range []errcodes.Reason{errcodes.ReasonInvalidCredentials, errcodes.ReasonInvalidCredentials, errcodes.ReasonRateLimited} {
		c := creds("taro@example.com", good)
		c.Client.Addr = netip.AddrFrom4([4]byte{198, 51, 100, byte(i)})
		_, err := svc.Login(t.Context(), c)
		wantReason(t, err, want)
	}
}

func TestBadInputIsRefusedAlikeForEverybody(t *testing.T) {
	cases := map[string]struct {
		email string
		p     auth.Password
		want  errcodes.Reason
	}{
		"identifier empty":         {"", good, errcodes.ReasonIdentifierMalformed},
		"identifier 255 bytes":     {strings.Repeat("a", 243) + "@example.com", good, errcodes.ReasonIdentifierMalformed},
		"identifier 1 MiB":         {strings.Repeat("a", 1<<20), good, errcodes.ReasonIdentifierMalformed},
		"identifier NUL":           {"taro\x00@example.com", good, errcodes.ReasonIdentifierMalformed},
		"identifier U+202E":        {"taro\u202e@example.com", good, errcodes.ReasonIdentifierMalformed},
		"identifier CR LF":         {"taro@example.com\r\nBcc: x@example.com", good, errcodes.ReasonIdentifierMalformed},
		"identifier invalid UTF-8": {"taro\xff@example.com", good, errcodes.ReasonIdentifierMalformed},
		"identifier display name":  {"Taro <taro@example.com>", good, errcodes.ReasonIdentifierMalformed},
		"password empty":           {"taro@example.com", "", errcodes.ReasonInvalidCredentials},
		"password 1025 bytes":      {"taro@example.com", auth.Password(strings.Repeat("a", 1025)), errcodes.ReasonRequestTooLarge},
		"password 257 characters":  {"taro@example.com", auth.Password(strings.Repeat("漢", 257)), errcodes.ReasonRequestTooLarge},
		"password 1 MiB":           {"taro@example.com", auth.Password(strings.Repeat("a", 1<<20)), errcodes.ReasonRequestTooLarge},
		"password invalid UTF-8":   {"taro@example.com", "pass\xffpass\xffpass\xff", errcodes.ReasonRequestMalformed},
		"password 73 bytes":        {"taro@example.com", auth.Password(strings.Repeat("a", 73)), errcodes.ReasonInvalidCredentials},
		"password with NUL":        {"taro@example.com", good + "\x00", errcodes.ReasonInvalidCredentials},
	}
	h := &countingHasher{}
	svc, _ := newService(t, func(c *auth.Config) { noLimits(c); c.Password.Hasher = h; c.Lockout.Threshold = 50 })
	mustCreate(t, svc, "taro@example.com")
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var work []int64
			for _, known := range []string{"taro", "hana"} {
				h.work.Store(0)
				_, err := svc.Login(t.Context(), creds(strings.Replace(c.email, "taro", known, 1), c.p))
				wantReason(t, err, c.want)
				work = append(work, h.work.Load())
			}
			if work[0] != work[1] {
				t.Errorf("work for a known address %d, for an unknown one %d", work[0], work[1])
			}
		})
	}
	t.Run("no client address", func(t *testing.T) {
		svc, _ := newService(t, nil)
		_, err := svc.Login(t.Context(), auth.Credentials{Email: "taro@example.com", Password: good})
		wantReason(t, err, errcodes.ReasonInternalError)
	})
}

func TestHintsDoNotDependOnTheAccount(t *testing.T) {
	svc, _ := newService(t, noLimits)
	mustCreate(t, svc, "taro@example.com")
	for _, email := range []string{"taro@example.com", "hana@example.com"} {
		_, err := svc.Login(t.Context(), creds(email, "ＰＡＳＳＷＯＲＤＰＡＳＳＷＯＲＤ "))
		e, _ := errors.AsType[*errcodes.Error](err)
		got := e.Hints()
		for _, want := range []errcodes.Hint{errcodes.HintFullWidth, errcodes.HintTrailingSpace} {
			if !slices.Contains(got, want) {
				t.Errorf("%s: hints %v lack %s", email, got, want)
			}
		}
	}
}
