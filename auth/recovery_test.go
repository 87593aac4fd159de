package auth_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/errcodes"
)

const fresh = auth.Password("another pass phrase entirely")

// resetLink asks for a reset and returns the token of the mailed link.
func resetLink(t *testing.T, svc *auth.Service, box *mailbox, email string) auth.Token {
	t.Helper()
	if err := svc.Recovery().Request(t.Context(), email, home); err != nil {
		t.Fatal(err)
	}
	return token(mailed(t, box, "reset", email))
}

func TestResetLiftsTheLockAndEndsSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box := newService(t, noLimits)
		running(t, svc)
		mustCreate(t, svc, "taro@example.com")
		var sessions []*auth.Session
		for range 3 {
			sess, err := svc.Login(t.Context(), creds("taro@example.com", good))
			if err != nil {
				t.Fatal(err)
			}
			sessions = append(sessions, sess)
		}
		for range 5 {
			_, _ = svc.Login(t.Context(), creds("taro@example.com", "wrong wrong wrong"))
		}
		_, err := svc.Login(t.Context(), creds("taro@example.com", good))
		wantReason(t, err, errcodes.ReasonAccountTemporarilyLocked)
		if m := mailed(t, box, "locked", "taro@example.com"); m.Minutes != 1 {
			t.Errorf("the notice says %d minutes", m.Minutes)
		}
		if _, err := svc.Session(t.Context(), sessions[0].Token); err != nil {
			t.Errorf("a lock reached into a session: %v", err)
		}

		link := resetLink(t, svc, box, "taro@example.com")
		if email, err := svc.Recovery().Check(t.Context(), link); err != nil || email != "taro@example.com" {
			t.Fatalf("%q, %v", email, err)
		}
		err = svc.Recovery().Reset(t.Context(), link, "short", home)
		wantReason(t, err, errcodes.ReasonWeakPassword) // the link stays usable
		other := resetLink(t, svc, box, "taro@example.com")
		if err := svc.Recovery().Reset(t.Context(), link, fresh, home); err != nil {
			t.Fatal(err)
		}
		mailed(t, box, "password_changed", "taro@example.com")
		wantReason(t, svc.Recovery().Reset(t.Context(), link, fresh, home), errcodes.ReasonLinkExpired)
		wantReason(t, svc.Recovery().Reset(t.Context(), other, fresh, home), errcodes.ReasonLinkExpired)
		for _, sess := range sessions {
			_, err := svc.Session(t.Context(), sess.Token)
			wantReason(t, err, errcodes.ReasonSessionExpired)
		}
		if _, err := svc.Login(t.Context(), creds("taro@example.com", fresh)); err != nil {
			t.Errorf("right after the reset: %v", err)
		}
		_, err = svc.Login(t.Context(), creds("taro@example.com", good))
		wantReason(t, err, errcodes.ReasonInvalidCredentials)
	})
}

func TestResetAfterAHundredFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box := newService(t, noLimits)
		running(t, svc)
		mustCreate(t, svc, "taro@example.com")
		for _, email := range []string{"taro@example.com", "nobody@example.com"} {
			var err error
			for i := 0; i < 200; i++ {
				if _, err = svc.Login(t.Context(), creds(email, "wrong wrong wrong")); errcodes.ReasonOf(err) == errcodes.ReasonPasswordSignInDisabled {
					break
				}
				time.Sleep(time.Hour)
			}
			wantReason(t, err, errcodes.ReasonPasswordSignInDisabled)
			time.Sleep(48 * time.Hour)
			_, err = svc.Login(t.Context(), creds(email, good))
			wantReason(t, err, errcodes.ReasonPasswordSignInDisabled)
		}
		synctest.Wait()
		box.take()
		if err := svc.Recovery().Reset(t.Context(), resetLink(t, svc, box, "taro@example.com"), fresh, home); err != nil {
			t.Fatal(err)
		}
		if _, err := svc.Login(t.Context(), creds("taro@example.com", fresh)); err != nil {
			t.Errorf("the reset did not re-enable the password: %v", err)
		}
	})
}

func TestResetLinkExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box := newService(t, noLimits)
		running(t, svc)
		mustCreate(t, svc, "taro@example.com")
		link := resetLink(t, svc, box, "taro@example.com")
		time.Sleep(30*time.Minute - time.Second)
		if _, err := svc.Recovery().Check(t.Context(), link); err != nil {
			t.Errorf("before its time: %v", err)
		}
		time.Sleep(time.Second)
		wantReason(t, svc.Recovery().Reset(t.Context(), link, fresh, home), errcodes.ReasonLinkExpired)
		for _, junk := range []auth.Token{"", "x", link[:42], link + "x", link[:42] + "!"} {
			wantReason(t, svc.Recovery().Reset(t.Context(), junk, fresh, home), errcodes.ReasonLinkExpired)
		}
	})
}

func TestResetOfUnknownAddressSendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box := newService(t, noLimits)
		running(t, svc)
		if err := svc.Recovery().Request(t.Context(), "nobody@example.com", home); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if mails := box.take(); len(mails) != 0 {
			t.Errorf("mails to a stranger: %+v", mails)
		}
	})
}

func TestResetAndStates(t *testing.T) {
	lifted := map[auth.State]bool{
		auth.StateUnverified: true, auth.StateSuspicious: true, auth.StateCompromised: true,
		auth.StateLocked: false, auth.StateDisabled: false, auth.StateSuspended: false,
	}
	for state, want := range lifted {
		synctest.Test(t, func(t *testing.T) {
			svc, box := newService(t, noLimits)
			running(t, svc)
			id := mustCreate(t, svc, "taro@example.com")
			if err := svc.Accounts().SetState(t.Context(), id, state, "support", ""); err != nil {
				t.Fatal(err)
			}
			if err := svc.Recovery().Reset(t.Context(), resetLink(t, svc, box, "taro@example.com"), fresh, home); err != nil {
				t.Fatal(err)
			}
			_, err := svc.Login(t.Context(), creds("taro@example.com", fresh))
			if (err == nil) != want {
				t.Errorf("%s after a reset: %v, want lifted=%v", state, err, want)
			}
		})
	}
}

func TestALinkOfOneKindDoesNotOpenAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box := newService(t, noLimits)
		running(t, svc)
		mustCreate(t, svc, "taro@example.com")
		reset := resetLink(t, svc, box, "taro@example.com")
		_, err := svc.VerifyEmail(t.Context(), auth.Verification{Token: reset, Password: good, Client: home})
		wantReason(t, err, errcodes.ReasonLinkExpired)
		_, err = svc.Session(t.Context(), reset)
		wantReason(t, err, errcodes.ReasonSessionExpired)
		if err := svc.Register(t.Context(), register("new@example.com", "")); err != nil {
			t.Fatal(err)
		}
		signUp := token(mailed(t, box, "verify", "new@example.com"))
		wantReason(t, svc.Recovery().Reset(t.Context(), signUp, fresh, home), errcodes.ReasonLinkExpired)
	})
}

func TestPasswordlessAccountGetsItsPasswordByReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box := newService(t, noLimits)
		running(t, svc)
		id, err := svc.CreateAccount(t.Context(), auth.NewAccount{Email: "taro@example.com"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = svc.Login(t.Context(), creds("taro@example.com", good))
		wantReason(t, err, errcodes.ReasonInvalidCredentials)
		if err := svc.Accounts().SendReset(t.Context(), id, "en", "operator", "invited"); err != nil {
			t.Fatal(err)
		}
		m := mailed(t, box, "account_created", "taro@example.com")
		if err := svc.Recovery().Reset(t.Context(), token(m), fresh, home); err != nil {
			t.Fatal(err)
		}
		if _, err := svc.Login(t.Context(), creds("taro@example.com", fresh)); err != nil {
			t.Error(err)
		}
	})
}
