package auth_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/internal/storeprobe"
	tok "github.com/sekisho-auth/sekisho/internal/token"
)

func TestMailIsRepeatedUntilItGoesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box := newService(t, nil)
		mustCreate(t, svc, "taro@example.com")
		box.fail = errors.New("451 try again later")
		running(t, svc)
		if err := svc.Recovery().Request(t.Context(), "taro@example.com", home); err != nil {
			t.Fatalf("a mail server that fails must not show: %v", err)
		}
		time.Sleep(20 * time.Minute)
		box.mu.Lock()
		box.fail = nil
		box.mu.Unlock()
		time.Sleep(30 * time.Minute)
		m := mailed(t, box, "reset", "taro@example.com")
		if err := svc.Recovery().Reset(t.Context(), token(m), fresh, home); err != nil {
			t.Error(err)
		}
	})
}

func TestMailIsGivenUpAfterADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box := newService(t, nil)
		mustCreate(t, svc, "taro@example.com")
		box.fail = errors.New("550 no")
		running(t, svc)
		if err := svc.Recovery().Request(t.Context(), "taro@example.com", home); err != nil {
			t.Fatal(err)
		}
		time.Sleep(25 * time.Hour)
		box.mu.Lock()
		box.fail = nil
		box.mu.Unlock()
		time.Sleep(25 * time.Hour)
		if mails := box.take(); len(mails) != 0 {
			t.Errorf("a day-old link was mailed: %+v", mails)
		}
	})
}

// hanging is a Mailer whose server never answers for one address.
type hanging struct {
	*mailbox
	victim string
}

func (h hanging) Send(ctx context.Context, m auth.Mail) error {
	if m.To == h.victim {
		<-ctx.Done()
		return ctx.Err()
	}
	return h.mailbox.Send(ctx, m)
}

func TestAHangingMailHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box := newService(t, func(c *auth.Config) {
			noLimits(c)
			c.Mailer = hanging{c.Mailer.(*mailbox), "slow@example.com"}
		})
		mustCreate(t, svc, "slow@example.com")
		mustCreate(t, svc, "taro@example.com")
		for _, email := range []string{"slow@example.com", "taro@example.com"} {
			if err := svc.Recovery().Request(t.Context(), email, home); err != nil {
				t.Fatal(err)
			}
		}
		running(t, svc)
		mailed(t, box, "reset", "taro@example.com")
	})
}

func TestEachJobIsDoneByOneOfManyWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box := newService(t, noLimits)
		for range 4 {
			running(t, svc)
		}
		for i := range 40 {
			email := string(rune('a'+i%26)) + string(rune('a'+i/26)) + "@example.com"
			if err := svc.Register(t.Context(), register(email, "")); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		time.Sleep(time.Minute)
		if mails := box.take(); len(mails) != 40 {
			t.Errorf("%d mails for 40 sign-ups", len(mails))
		}
	})
}

func TestLostQueueIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var probe *storeprobe.Probe
		svc, box := newService(t, func(c *auth.Config) { c.Stores, probe = storeprobe.Wrap(c.Stores) })
		mustCreate(t, svc, "taro@example.com")
		if err := svc.Recovery().Request(t.Context(), "taro@example.com", home); err != nil {
			t.Fatal(err)
		}
		probe.Reset(func(int, string) error { return storeprobe.ErrInjected })
		running(t, svc)
		time.Sleep(time.Hour)
		probe.Reset(nil)
		time.Sleep(time.Minute)
		mailed(t, box, "reset", "taro@example.com")
	})
}

func TestOnAccountCreated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		var failing atomic.Bool
		failing.Store(true)
		svc, box := newService(t, func(c *auth.Config) {
			noLimits(c)
			c.Hooks.OnAccountCreated = func(_ context.Context, u auth.User) error {
				calls.Add(1)
				if u.ID == "" || u.Email != "taro@example.com" {
					t.Errorf("hook got %+v", u)
				}
				if failing.Load() {
					return errors.New("the app's database is down")
				}
				return nil
			}
		})
		running(t, svc)
		browser := auth.Token(tok.New())
		if err := svc.Register(t.Context(), register("taro@example.com", browser)); err != nil {
			t.Fatal(err)
		}
		v := auth.Verification{Token: token(mailed(t, box, "verify", "taro@example.com")), Browser: browser, Client: home}
		if _, err := svc.VerifyEmail(t.Context(), v); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Hour)
		if calls.Load() < 3 {
			t.Errorf("a failing hook was called %d times", calls.Load())
		}
		failing.Store(false)
		time.Sleep(time.Hour)
		done := calls.Load()
		time.Sleep(24 * time.Hour)
		if calls.Load() != done {
			t.Error("the hook was called again after it had succeeded")
		}
	})
}

func TestPanickingMailerIsOneFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := &atomic.Bool{}
		svc, box := newService(t, func(c *auth.Config) { c.Mailer = panicking{c.Mailer.(*mailbox), first} })
		mustCreate(t, svc, "taro@example.com")
		running(t, svc)
		if err := svc.Recovery().Request(t.Context(), "taro@example.com", home); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		mailed(t, box, "reset", "taro@example.com")
	})
}

type panicking struct {
	*mailbox
	done *atomic.Bool
}

func (p panicking) Send(ctx context.Context, m auth.Mail) error {
	if !p.done.Swap(true) {
		panic("a bug in the mailer")
	}
	return p.mailbox.Send(ctx, m)
}

func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hooked atomic.Int32
		var stores auth.Stores
		svc, _ := newService(t, func(c *auth.Config) {
			noLimits(c)
			stores = c.Stores
			c.Hooks.OnEvent = func(context.Context, auth.Event) { hooked.Add(1); panic("a bug in the app") }
		})
		id := mustCreate(t, svc, "taro@example.com")
		ctx := errcodes.ContextWithReference(t.Context(), "7Q3KM2XP9D")
		for range 7 { // 4 fail, the 5th locks, 2 are refused again: log only
			_, _ = svc.Login(ctx, creds("taro@example.com", "wrong wrong wrong"))
		}
		_, _ = svc.Login(ctx, creds("nobody@example.com", good))
		synctest.Wait()
		events, err := stores.Events.ByReference(t.Context(), "7Q3KM2XP9D")
		if err != nil || len(events) != 6 {
			t.Fatalf("%d events for 6 examined requests, %v", len(events), err)
		}
		for i, e := range events {
			want := auth.Event{Name: "authn_login_fail", Reason: errcodes.ReasonInvalidCredentials, UserID: id}
			switch i {
			case 4:
				want.Name, want.Reason = "authn_login_lock", errcodes.ReasonAccountTemporarilyLocked
			case 5:
				want.UserID = ""
			}
			if e.Name != want.Name || e.Reason != want.Reason || e.Shown != want.Reason || e.UserID != want.UserID || e.Subject == [32]byte{} {
				t.Errorf("event %d: %+v", i, e)
			}
		}
		if events[4].Until.Sub(events[4].Time) != time.Minute {
			t.Errorf("the lock's end: %v", events[4].Until)
		}
		if n := hooked.Load(); n != 7 { // and the creation
			t.Errorf("hook called %d times", n)
		}
		time.Sleep(time.Minute)
		if _, err := svc.Login(t.Context(), creds("taro@example.com", good)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		last, err := stores.Events.ByUser(t.Context(), id, time.Now().Add(time.Second), 1)
		if err != nil || len(last) != 1 || last[0].Name != "authn_login_successafterfail" {
			t.Errorf("%+v, %v", last, err)
		}
	})
}

func TestEventsThatCannotBeStoredAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var probe *storeprobe.Probe
		svc, _ := newService(t, func(c *auth.Config) { noLimits(c); c.Stores, probe = storeprobe.Wrap(c.Stores) })
		probe.Reset(func(_ int, name string) error {
			if name == "Events.Append" {
				return storeprobe.ErrInjected
			}
			return nil
		})
		_, err := svc.Login(t.Context(), creds("taro@example.com", good))
		wantReason(t, err, errcodes.ReasonInvalidCredentials)
		synctest.Wait()
		if svc.DroppedEvents() != 1 {
			t.Errorf("%d dropped", svc.DroppedEvents())
		}
	})
}

func TestClientsAreForgottenAfterThirtyDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stores auth.Stores
		svc, _ := newService(t, func(c *auth.Config) { noLimits(c); stores = c.Stores })
		id := mustCreate(t, svc, "taro@example.com")
		mustLogin(t, svc, "taro@example.com", good)
		time.Sleep(31 * 24 * time.Hour)
		running(t, svc)
		synctest.Wait()
		events, err := stores.Events.ByUser(t.Context(), id, time.Now(), 10)
		if err != nil || len(events) != 2 {
			t.Fatalf("%d events, %v", len(events), err)
		}
		for _, e := range events {
			if e.Client != (auth.Client{}) {
				t.Errorf("%s still knows %v", e.Name, e.Client.Addr)
			}
		}
	})
}

func TestObserveRefusesNobodyAndTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stores auth.Stores
		svc, _ := newService(t, func(c *auth.Config) { noLimits(c); c.Lockout.Observe = true; stores = c.Stores })
		id := mustCreate(t, svc, "taro@example.com")
		for range 9 {
			_, err := svc.Login(t.Context(), creds("taro@example.com", "wrong wrong wrong"))
			wantReason(t, err, errcodes.ReasonInvalidCredentials)
		}
		mustLogin(t, svc, "taro@example.com", good)
		synctest.Wait()
		events, err := stores.Events.ByUser(t.Context(), id, time.Now().Add(time.Second), 100)
		if err != nil {
			t.Fatal(err)
		}
		locks := 0
		for _, e := range events {
			if e.Name == "authn_login_lock_observed" {
				locks++
				if e.Until.Sub(e.Time) != time.Minute {
					t.Errorf("would have been locked until %v", e.Until)
				}
			}
		}
		if locks != 1 {
			t.Errorf("%d rehearsed locks in the audit log, want 1", locks)
		}
	})
}

func TestChallengeMayReplaceTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var solved atomic.Bool
		svc, _ := newService(t, func(c *auth.Config) {
			noLimits(c)
			c.Hooks.Challenge = func(_ context.Context, c auth.Client) bool { return solved.Load() && c == home }
		})
		mustCreate(t, svc, "taro@example.com")
		lockOut(t, svc, "taro@example.com")
		_, err := svc.Login(t.Context(), creds("taro@example.com", good))
		wantReason(t, err, errcodes.ReasonAccountTemporarilyLocked)
		solved.Store(true)
		_, err = svc.Login(t.Context(), creds("taro@example.com", "wrong wrong wrong"))
		wantReason(t, err, errcodes.ReasonAccountTemporarilyLocked) // still counted
		mustLogin(t, svc, "taro@example.com", good)
	})
}

func TestRunWritesTheLastEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &slowEvents{release: make(chan struct{})}
		svc, _ := newService(t, func(c *auth.Config) {
			noLimits(c)
			slow.EventStore = c.Stores.Events
			c.Stores.Events = slow
		})
		_, _ = svc.Login(t.Context(), creds("taro@example.com", good))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			_ = svc.Run(ctx)
			close(done)
		}()
		synctest.Wait()
		cancel()
		synctest.Wait()
		select {
		case <-done:
			t.Error("Run ended before the last event was written")
		default:
		}
		close(slow.release)
		<-done
	})
}

type slowEvents struct {
	auth.EventStore
	release chan struct{}
}

func (s *slowEvents) Append(ctx context.Context, e []auth.Event) error {
	<-s.release
	return s.EventStore.Append(ctx, e)
}
