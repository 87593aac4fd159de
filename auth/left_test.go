package auth_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/internal/storeprobe"
)

// keeping is a SessionStore that never removes anything and never looks at
// the time: what it may do, and the service must not rely on.
type keeping struct{ auth.SessionStore }

func (keeping) Delete(context.Context, ...[32]byte) error { return nil }

// Get asks for the session as it was when it was made.
func (k keeping) Get(ctx context.Context, hash [32]byte, _ time.Time) (auth.Session, error) {
	return k.SessionStore.Get(ctx, hash, time.Time{})
}

func (k keeping) List(ctx context.Context, id auth.UserID, _ time.Time) ([]auth.Session, error) {
	return k.SessionStore.List(ctx, id, time.Time{})
}

func TestTheServiceChecksExpiryItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, _ := newService(t, func(c *auth.Config) { noLimits(c); c.Stores.Sessions = keeping{c.Stores.Sessions} })
		mustCreate(t, svc, "taro@example.com")
		sess := mustLogin(t, svc, "taro@example.com", good)
		time.Sleep(time.Hour)
		_, err := svc.Session(t.Context(), sess.Token)
		wantReason(t, err, errcodes.ReasonSessionExpired)
	})
}

func TestARowLeftBehindIsNoSession(t *testing.T) {
	svc, _ := newService(t, func(c *auth.Config) { noLimits(c); c.Stores.Sessions = keeping{c.Stores.Sessions} })
	id := mustCreate(t, svc, "taro@example.com")
	one, two := mustLogin(t, svc, "taro@example.com", good), mustLogin(t, svc, "taro@example.com", good)
	three, err := svc.ChangePassword(t.Context(), one.Token, good, fresh, home)
	if err != nil {
		t.Fatal(err)
	}
	_, err = svc.Session(t.Context(), two.Token)
	wantReason(t, err, errcodes.ReasonSessionExpired)
	if list, err := svc.Sessions().List(t.Context(), id); err != nil || len(list) != 1 || list[0].ID != three.ID {
		t.Errorf("%d sessions are listed, want the one that is alive: %v", len(list), err)
	}
	if err := svc.Accounts().SetState(t.Context(), id, auth.StateDisabled, "support", ""); err != nil {
		t.Fatal(err)
	}
	_, err = svc.Session(t.Context(), three.Token)
	wantReason(t, err, errcodes.ReasonSessionExpired)
}

// staleTickets is a TicketStore in which nothing is ever used up.
type staleTickets struct{ auth.TicketStore }

func (s staleTickets) Take(ctx context.Context, purpose string, hash [32]byte, now time.Time) (auth.Ticket, error) {
	return s.Get(ctx, purpose, hash, now)
}

func TestALinkIsBoundToTheCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box := newService(t, func(c *auth.Config) { noLimits(c); c.Stores.Tickets = staleTickets{c.Stores.Tickets} })
		running(t, svc)
		mustCreate(t, svc, "taro@example.com")
		link := resetLink(t, svc, box, "taro@example.com")
		if err := svc.Recovery().Reset(t.Context(), link, fresh, home); err != nil {
			t.Fatal(err)
		}
		wantReason(t, svc.Recovery().Reset(t.Context(), link, good, home), errcodes.ReasonLinkExpired)
		mustLogin(t, svc, "taro@example.com", fresh)
	})
}

func TestSettlingComesBeforeTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box, probe := faultService(t)
		_ = box
		mustCreate(t, svc, "taro@example.com")
		probe.Reset(func(n int, name string) error {
			if n >= 3 && name == "Lockout.Update" {
				return storeprobe.ErrInjected
			}
			return nil
		})
		sess, err := svc.Login(t.Context(), creds("taro@example.com", good))
		wantReason(t, err, errcodes.ReasonServiceUnavailable)
		if sess != nil {
			t.Error("there is a session although the counter could not be settled")
		}
		for _, call := range probe.Calls() {
			if call == "Sessions.Put" {
				t.Error("a session was stored before the counter was settled")
			}
		}
	})
}

func TestWrongPasswordsThatCannotBeCountedAreAFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, _, probe := faultService(t)
		mustCreate(t, svc, "taro@example.com")
		probe.Reset(func(n int, name string) error {
			if n >= 3 && name == "Lockout.Update" {
				return storeprobe.ErrInjected
			}
			return nil
		})
		_, err := svc.Login(t.Context(), creds("taro@example.com", "wrong wrong wrong"))
		wantReason(t, err, errcodes.ReasonServiceUnavailable)
	})
}

// uncounted is a users table that never raises the credential version.
type uncounted struct{ auth.UserStore }

func (s uncounted) Get(ctx context.Context, id auth.UserID) (auth.User, error) {
	u, err := s.UserStore.Get(ctx, id)
	u.CredentialVersion = 0
	return u, err
}

func TestADisabledAccountHasNoSessionsWhateverTheStoreCounts(t *testing.T) {
	svc, _ := newService(t, func(c *auth.Config) {
		noLimits(c)
		c.Stores.Users, c.Stores.Sessions = uncounted{c.Stores.Users}, keeping{c.Stores.Sessions}
	})
	id := mustCreate(t, svc, "taro@example.com")
	sess := mustLogin(t, svc, "taro@example.com", good)
	if err := svc.Accounts().SetState(t.Context(), id, auth.StateDisabled, "support", ""); err != nil {
		t.Fatal(err)
	}
	_, err := svc.Session(t.Context(), sess.Token)
	wantReason(t, err, errcodes.ReasonSessionExpired)
}
