package auth_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/internal/storeprobe"
	tok "github.com/sekisho-auth/sekisho/internal/token"
)

func TestCompromisedPasswordIsNotTakenAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box := newService(t, noLimits)
		running(t, svc)
		id := mustCreate(t, svc, "taro@example.com")
		if err := svc.Accounts().SetState(t.Context(), id, auth.StateCompromised, "support", ""); err != nil {
			t.Fatal(err)
		}
		link := resetLink(t, svc, box, "taro@example.com")
		wantReason(t, svc.Recovery().Reset(t.Context(), link, good, home), errcodes.ReasonWeakPassword)
		if err := svc.Recovery().Reset(t.Context(), link, fresh, home); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAResetThatHeldIsToldEvenIfTheRestFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box, probe := faultService(t)
		running(t, svc)
		id := mustCreate(t, svc, "taro@example.com")
		if err := svc.Accounts().SetState(t.Context(), id, auth.StateSuspicious, "support", ""); err != nil {
			t.Fatal(err)
		}
		link := resetLink(t, svc, box, "taro@example.com")
		fail := func(times int) func(int, string) error {
			return func(_ int, name string) error {
				if name == "Users.SetState" && times > 0 {
					times--
					return storeprobe.ErrInjected
				}
				return nil
			}
		}
		probe.Reset(fail(2))
		if err := svc.Recovery().Reset(t.Context(), link, fresh, home); err != nil {
			t.Errorf("two faults while the state is lifted: %v", err)
		}
		mailed(t, box, "password_changed", "taro@example.com")
		if err := svc.Accounts().SetState(t.Context(), id, auth.StateSuspicious, "support", ""); err != nil {
			t.Fatal(err)
		}
		link = resetLink(t, svc, box, "taro@example.com")
		probe.Reset(fail(100))
		wantReason(t, svc.Recovery().Reset(t.Context(), link, good, home), errcodes.ReasonServiceUnavailable)
		mailed(t, box, "password_changed", "taro@example.com")
	})
}

func TestBusyCostsNoTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		h := &countingHasher{hold: hold}
		svc, _ := newService(t, func(c *auth.Config) { c.Password.Hasher, c.Password.Slots, c.Password.Queue = h, 1, 1 })
		mustCreate(t, svc, "taro@example.com")
		for i := range 2 { // strangers hold the slot and the queue
			go func() {
				c := creds(fmt.Sprintf("other%d@example.com", i), good)
				c.Client = from(fmt.Sprintf("198.51.100.%d", i+1))
				_, _ = svc.Login(t.Context(), c)
			}()
		}
		synctest.Wait()
		for range 30 {
			_, err := svc.Login(t.Context(), creds("taro@example.com", good))
			wantReason(t, err, errcodes.ReasonServerBusy)
		}
		close(hold)
		synctest.Wait()
		mustLogin(t, svc, "taro@example.com", good)
	})
}

// slowUpgrade is a users table that hangs when a hash is brought up to date.
type slowUpgrade struct{ auth.UserStore }

func (s slowUpgrade) SetPasswordHash(ctx context.Context, id auth.UserID, old, new string, end bool) (bool, error) {
	if !end {
		<-ctx.Done()
		return false, ctx.Err()
	}
	return s.UserStore.SetPasswordHash(ctx, id, old, new, end)
}

func TestASlowUpgradeHoldsNoSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, _ := newService(t, func(c *auth.Config) {
			noLimits(c)
			c.Password.Slots, c.Password.Cost = 1, 11
			c.Stores.Users = slowUpgrade{c.Stores.Users}
		})
		old, _ := newService(t, func(c *auth.Config) { c.Password.Cost = 10 })
		mustCreate(t, old, "old@example.com")
		u, err := old.Accounts().Find(t.Context(), "old@example.com")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := svc.CreateAccount(t.Context(), auth.NewAccount{Email: "old@example.com", PasswordHash: u.PasswordHash}); err != nil {
			t.Fatal(err)
		}
		mustCreate(t, svc, "taro@example.com")
		done := make(chan struct{})
		go func() {
			defer close(done)
			mustLogin(t, svc, "old@example.com", good)
		}()
		synctest.Wait()
		began := time.Now()
		mustLogin(t, svc, "taro@example.com", good)
		if d := time.Since(began); d > 0 {
			t.Errorf("waited %v for a slot held by a store", d)
		}
		<-done
	})
}

func TestWhatARequestSaysOfItselfIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stores auth.Stores
		svc, box := newService(t, func(c *auth.Config) { noLimits(c); stores = c.Stores })
		running(t, svc)
		id := mustCreate(t, svc, "taro@example.com")
		huge := home
		huge.UserAgent, huge.Language = strings.Repeat("x\u202e\x1b", 300_000), strings.Repeat("ja-", 300_000)
		c := creds("taro@example.com", good)
		c.Client = huge
		if _, err := svc.Login(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if err := svc.Recovery().Request(t.Context(), "taro@example.com", huge); err != nil {
			t.Fatal(err)
		}
		if m := mailed(t, box, "reset", "taro@example.com"); m.Language != "" {
			t.Errorf("language of %d bytes in a mail", len(m.Language))
		}
		events, err := stores.Events.ByUser(t.Context(), id, time.Now().Add(time.Second), 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if len(e.Client.UserAgent) > 256 || strings.ContainsAny(e.Client.UserAgent, "\u202e\x1b") || e.Client.Language != "" {
				t.Errorf("%s holds %d bytes of user agent and %d of language", e.Name, len(e.Client.UserAgent), len(e.Client.Language))
			}
		}
	})
}

func TestAHangingMailHoldsUpNoLaterOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box := newService(t, func(c *auth.Config) {
			noLimits(c)
			c.Mailer = hanging{c.Mailer.(*mailbox), "slow@example.com"}
		})
		running(t, svc)
		mustCreate(t, svc, "slow@example.com")
		mustCreate(t, svc, "taro@example.com")
		if err := svc.Recovery().Request(t.Context(), "slow@example.com", home); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if err := svc.Recovery().Request(t.Context(), "taro@example.com", home); err != nil {
			t.Fatal(err)
		}
		mailed(t, box, "reset", "taro@example.com")
	})
}

func TestARepeatedMailHoldsTheSameLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box := newService(t, func(c *auth.Config) { noLimits(c); c.Mailer = forgetful{c.Mailer.(*mailbox)} })
		running(t, svc)
		mustCreate(t, svc, "taro@example.com")
		if err := svc.Recovery().Request(t.Context(), "taro@example.com", home); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Minute)
		mails := box.take()
		if len(mails) < 5 {
			t.Fatalf("%d mails", len(mails))
		}
		for _, m := range mails {
			if token(m) != token(mails[0]) {
				t.Fatal("a repeated mail holds another link")
			}
		}
		if _, err := svc.Recovery().Check(t.Context(), token(mails[0])); err != nil {
			t.Errorf("the first mail's link: %v", err)
		}
	})
}

// forgetful sends the mail and loses the answer.
type forgetful struct{ *mailbox }

func (f forgetful) Send(ctx context.Context, m auth.Mail) error {
	if err := f.mailbox.Send(ctx, m); err != nil {
		return err
	}
	return errors.New("connection lost")
}

func TestAHookIsNotCalledForAnAddressThatWasTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		svc, _ := newService(t, func(c *auth.Config) {
			noLimits(c)
			c.Hooks.OnAccountCreated = func(context.Context, auth.User) error {
				if calls.Add(1) == 1 {
					panic("a bug in the app")
				}
				return nil
			}
		})
		mustCreate(t, svc, "taro@example.com") // the hook panics, and is called again
		_, err := svc.CreateAccount(t.Context(), auth.NewAccount{Email: "taro@example.com", Password: good})
		wantReason(t, err, errcodes.ReasonEmailAlreadyRegistered)
		running(t, svc)
		time.Sleep(24 * time.Hour)
		if n := calls.Load(); n != 2 {
			t.Errorf("the hook was called %d times", n)
		}
	})
}

func TestADeletedAccountIsNotMadeAgainByAnOldLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box := newService(t, func(c *auth.Config) { noLimits(c); c.Stores.Tickets = &forgetfulTickets{TicketStore: c.Stores.Tickets} })
		running(t, svc)
		browser := auth.Token(tok.New())
		if err := svc.Register(t.Context(), register("taro@example.com", browser)); err != nil {
			t.Fatal(err)
		}
		v := auth.Verification{Token: token(mailed(t, box, "verify", "taro@example.com")), Browser: browser, Client: home}
		id, err := svc.VerifyEmail(t.Context(), v) // tidying the used link fails
		if err != nil {
			t.Fatal(err)
		}
		if err := svc.Accounts().Delete(t.Context(), id, "owner", ""); err != nil {
			t.Fatal(err)
		}
		_, err = svc.VerifyEmail(t.Context(), v)
		wantReason(t, err, errcodes.ReasonLinkExpired)
	})
}

// forgetfulTickets fails to remove the first ticket.
type forgetfulTickets struct {
	auth.TicketStore
	failed atomic.Bool
}

func (f *forgetfulTickets) Take(ctx context.Context, purpose string, hash [32]byte, now time.Time) (auth.Ticket, error) {
	if !f.failed.Swap(true) {
		return auth.Ticket{}, storeprobe.ErrInjected
	}
	return f.TicketStore.Take(ctx, purpose, hash, now)
}

func TestAPasswordChosenBeforeTheAddressIsConfirmedIsRefused(t *testing.T) {
	svc, _ := newService(t, noLimits)
	_, err := svc.CreateAccount(t.Context(), auth.NewAccount{Email: "victim@example.com", Password: good, State: auth.StateUnverified})
	wantReason(t, err, errcodes.ReasonInternalError)
}

func TestAnotherPepperUnderTheSameIDIsRefused(t *testing.T) {
	var stores auth.Stores
	svc, _ := newService(t, func(c *auth.Config) {
		c.Password.Peppers = []auth.Pepper{{ID: 1, Key: auth.NewKey()}}
		stores = c.Stores
	})
	_ = svc
	_, err := auth.New(auth.Config{
		Stores: stores, Keys: auth.EphemeralKey(),
		Password: auth.PasswordConfig{Peppers: []auth.Pepper{{ID: 1, Key: auth.NewKey()}}},
	})
	if err == nil || !strings.Contains(err.Error(), "pepper 1 is not the one") {
		t.Errorf("another pepper 1: %v", err)
	}
}

func TestFailedSessionIsNoSuccessInTheAuditLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stores auth.Stores
		var probe *storeprobe.Probe
		svc, _ := newService(t, func(c *auth.Config) {
			noLimits(c)
			stores = c.Stores
			c.Stores, probe = storeprobe.Wrap(c.Stores)
		})
		mustCreate(t, svc, "taro@example.com")
		probe.Reset(func(_ int, name string) error {
			if name == "Sessions.Put" {
				return storeprobe.ErrInjected
			}
			return nil
		})
		ctx := errcodes.ContextWithReference(t.Context(), "7Q3KM2XP9D")
		_, err := svc.Login(ctx, creds("taro@example.com", good))
		wantReason(t, err, errcodes.ReasonServiceUnavailable)
		synctest.Wait()
		events, err := stores.Events.ByReference(t.Context(), "7Q3KM2XP9D")
		if err != nil || len(events) != 1 || events[0].Name != "authn_login_fail" {
			t.Errorf("%+v, %v", events, err)
		}
	})
}
