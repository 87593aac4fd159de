package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/ratelimit"
	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/internal/storeprobe"
	tok "github.com/sekisho-auth/sekisho/internal/token"
)

// from is a client at another address.
func from(addr string) auth.Client {
	c := home
	c.Addr = netip.MustParseAddr(addr)
	return c
}

func TestStrangersCannotKeepTheOwnerFromResetting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box := newService(t, nil)
		running(t, svc)
		mustCreate(t, svc, "victim@example.com")
		stranger := from("198.51.100.7")
		for hour := range 24 {
			for range 6 { // as often as one source may, and always just before the owner
				time.Sleep(10 * time.Minute)
				r := register("victim@example.com", "")
				r.Client = stranger
				_ = svc.Register(t.Context(), r)
				_ = svc.ResendVerification(t.Context(), "victim@example.com", stranger)
			}
			if err := svc.Recovery().Request(t.Context(), "victim@example.com", home); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			var newest auth.Token
			for _, m := range box.take() {
				if m.Kind == "reset" {
					newest = token(m)
				}
			}
			if _, err := svc.Recovery().Check(t.Context(), newest); err != nil {
				t.Fatalf("hour %d: the newest reset mail opens nothing: %v", hour, err)
			}
		}
	})
}

// slowHasher takes a quarter of a second a hash, by the fake clock.
type slowHasher struct{ countingHasher }

func (h *slowHasher) Compare(hash string, key []byte) (bool, error) {
	time.Sleep(230 * time.Millisecond)
	return h.countingHasher.Compare(hash, key)
}

// flood signs in with right passwords from one source, as fast as it can.
func flood(ctx context.Context, svc *auth.Service, loops int) {
	for i := range loops {
		go func() {
			for ctx.Err() == nil {
				c := creds(fmt.Sprintf("attacker%d@example.com", i%4), good)
				c.Client = from("198.51.100.7")
				if _, err := svc.Authenticate(ctx, c); err != nil {
					time.Sleep(10 * time.Millisecond)
				}
			}
		}()
	}
}

func TestOneSourceCannotTakeAllTheHashing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box := newService(t, func(c *auth.Config) {
			c.Password.Hasher, c.Password.Slots, c.Password.Queue = &slowHasher{}, 1, 8
		})
		running(t, svc)
		for i := range 4 {
			mustCreate(t, svc, fmt.Sprintf("attacker%d@example.com", i))
		}
		mustCreate(t, svc, "owner@example.com")
		link := resetLink(t, svc, box, "owner@example.com")
		ctx, cancel := context.WithCancel(t.Context())
		defer func() {
			cancel()
			time.Sleep(10 * time.Second)
		}()
		flood(ctx, svc, 16)
		time.Sleep(5 * time.Second)
		for i := range 50 {
			c := creds("owner@example.com", good)
			c.Client = from(fmt.Sprintf("203.0.113.%d", i+1))
			if _, err := svc.Authenticate(t.Context(), c); err != nil {
				t.Errorf("owner %d: %v", i, err)
			}
		}
		if err := svc.Recovery().Reset(t.Context(), link, fresh, home); err != nil {
			t.Errorf("a reset with a valid link: %v", err)
		}
	})
}

func TestSuspendedSessionsStayEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, _ := newService(t, func(c *auth.Config) { noLimits(c); c.Stores.Sessions = keeping{c.Stores.Sessions} })
		id := mustCreate(t, svc, "taro@example.com")
		sess := mustLogin(t, svc, "taro@example.com", good)
		for _, state := range []auth.State{auth.StateSuspended, auth.StateActive} {
			if err := svc.Accounts().SetState(t.Context(), id, state, "support", ""); err != nil {
				t.Fatal(err)
			}
			_, err := svc.Session(t.Context(), sess.Token)
			wantReason(t, err, errcodes.ReasonSessionExpired)
		}
	})
}

// during calls a function once, while a password is being compared.
type during struct {
	countingHasher
	once atomic.Pointer[func()]
}

func (h *during) Compare(hash string, key []byte) (bool, error) {
	if f := h.once.Swap(nil); f != nil {
		(*f)()
	}
	return h.countingHasher.Compare(hash, key)
}

func TestWhatHappensDuringACompareCounts(t *testing.T) {
	h := &during{}
	svc, _ := newService(t, func(c *auth.Config) { noLimits(c); c.Password.Hasher = h; c.Password.Slots = 4 })
	id := mustCreate(t, svc, "taro@example.com")
	lock := func() {
		for _, state := range []auth.State{auth.StateLocked, auth.StateActive} {
			if err := svc.Accounts().SetState(t.Context(), id, state, "support", ""); err != nil {
				t.Error(err)
			}
		}
	}
	h.once.Store(&lock)
	sess := mustLogin(t, svc, "taro@example.com", good)
	_, err := svc.Session(t.Context(), sess.Token)
	wantReason(t, err, errcodes.ReasonSessionExpired)

	sess = mustLogin(t, svc, "taro@example.com", good)
	change := func() {
		if _, err := svc.ChangePassword(t.Context(), sess.Token, good, fresh, home); err != nil {
			t.Error(err)
		}
	}
	h.once.Store(&change)
	_, err = svc.Authenticate(t.Context(), creds("taro@example.com", good))
	wantReason(t, err, errcodes.ReasonInvalidCredentials)
}

func TestMadeUpLinksAreLimitedAndWriteNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var probe *storeprobe.Probe
		svc, _ := newService(t, func(c *auth.Config) { c.Stores, probe = storeprobe.Wrap(c.Stores) })
		probe.Reset(nil)
		limited := 0
		for range 50 {
			err := svc.Recovery().Reset(t.Context(), auth.Token(tok.New()), fresh, home)
			_, err2 := svc.VerifyEmail(t.Context(), auth.Verification{Token: "x", Client: home})
			for _, err := range []error{err, err2} {
				if errors.Is(err, errcodes.ReasonRateLimited) {
					limited++
				} else {
					wantReason(t, err, errcodes.ReasonLinkExpired)
				}
			}
		}
		synctest.Wait()
		if calls := strings.Join(probe.Calls(), " "); strings.Contains(calls, "Events") || strings.Contains(calls, "Queue") {
			t.Errorf("made-up links were written down: %s", calls)
		}
		if limited != 80 {
			t.Errorf("%d of 100 made-up links were refused as too many, want 80", limited)
		}
	})
}

// hangingQueue takes a job only when its caller gives up.
type hangingQueue struct{ auth.QueueStore }

func (hangingQueue) Add(ctx context.Context, _ auth.Job) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestAHangingQueueHoldsUpNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stores auth.Stores
		svc, _ := newService(t, func(c *auth.Config) { noLimits(c); c.Stores.Queue = hangingQueue{c.Stores.Queue}; stores = c.Stores })
		id := mustCreate(t, svc, "taro@example.com")
		sess := mustLogin(t, svc, "taro@example.com", good)
		began := time.Now()
		if _, err := svc.ChangePassword(t.Context(), sess.Token, good, fresh, home); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(began); d > 5*time.Second {
			t.Errorf("the answer took %v", d)
		}
		for i := range 10 { // ten locks whose notices hang
			lockOut(t, svc, fmt.Sprintf("nobody%d@example.com", i))
		}
		mustLogin(t, svc, "taro@example.com", fresh)
		time.Sleep(time.Second)
		events, err := stores.Events.ByUser(t.Context(), id, time.Now(), 1)
		if err != nil || len(events) != 1 || events[0].Name != "authn_login_success" || time.Since(events[0].Time) > 2*time.Second {
			t.Errorf("the audit log waits for the queue: %+v, %v", events, err)
		}
		time.Sleep(time.Minute)
	})
}

// hangingGive never takes a token back.
type hangingGive struct{ ratelimit.Store }

func (hangingGive) Give(ctx context.Context, _ ratelimit.Key, _ ratelimit.Limit, _ time.Time) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestAHangingGiveHoldsUpNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, _ := newService(t, func(c *auth.Config) { c.Stores.Limits = hangingGive{c.Stores.Limits} })
		mustCreate(t, svc, "taro@example.com")
		began := time.Now()
		mustLogin(t, svc, "taro@example.com", good)
		if d := time.Since(began); d > 5*time.Second {
			t.Errorf("took %v", d)
		}
	})
}

// loose is a users table that compares as a careless database does.
type loose struct {
	auth.UserStore
	fold func(auth.Identifier) auth.Identifier
}

func (l loose) Find(ctx context.Context, id auth.Identifier) (auth.User, error) {
	return l.UserStore.Find(ctx, l.fold(id))
}

func TestACarelessUsersTableMultipliesNoGuesses(t *testing.T) {
	h := &countingHasher{}
	var target auth.Identifier
	svc, _ := newService(t, func(c *auth.Config) {
		noLimits(c)
		c.Password.Hasher = h
		c.Stores.Users = loose{c.Stores.Users, func(id auth.Identifier) auth.Identifier {
			if target.Email == "" || !strings.HasPrefix(id.Email, "t") {
				target = id
			}
			return target
		}}
	})
	mustCreate(t, svc, "taro@example.com")
	_, _ = svc.Login(t.Context(), creds("taro@example.com", good)) // what it finds from now on
	_, err := svc.Login(t.Context(), creds("táro@example.com", good))
	wantReason(t, err, errcodes.ReasonInvalidCredentials)
}

func TestAUsersTableThatIgnoresRealmsLendsNobody(t *testing.T) {
	var users auth.UserStore
	in := func(realm string) *auth.Service {
		svc, _ := newService(t, func(c *auth.Config) {
			noLimits(c)
			c.Realm = realm
			if users == nil {
				users = c.Stores.Users
			}
			c.Stores.Users = loose{users, func(id auth.Identifier) auth.Identifier {
				id.Realm, id.Key = "", [32]byte{1}
				return id
			}}
		})
		return svc
	}
	a, b := in("a"), in("b")
	if _, err := users.Create(t.Context(), auth.NewUser{Identifier: auth.Identifier{Realm: "a", Key: [32]byte{1}}, Email: "taro@example.com"}); err != nil {
		t.Fatal(err)
	}
	if u, err := a.Accounts().Find(t.Context(), "taro@example.com"); err != nil || u.Realm != "a" {
		t.Fatal(u, err)
	}
	_, err := b.Accounts().Find(t.Context(), "taro@example.com")
	wantReason(t, err, errcodes.ReasonNotFound)
	_, err = b.Authenticate(t.Context(), creds("taro@example.com", good))
	wantReason(t, err, errcodes.ReasonInvalidCredentials)
}
