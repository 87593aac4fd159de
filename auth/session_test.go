package auth_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/internal/storeprobe"
	tok "github.com/sekisho-auth/sekisho/internal/token"
)

func mustLogin(t *testing.T, svc *auth.Service, email string, p auth.Password) *auth.Session {
	t.Helper()
	sess, err := svc.Login(t.Context(), creds(email, p))
	if err != nil {
		t.Fatal(err)
	}
	return sess
}

func TestSessionTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, _ := newService(t, noLimits)
		mustCreate(t, svc, "taro@example.com")
		alive := func(sess *auth.Session) bool {
			_, err := svc.Session(t.Context(), sess.Token)
			return err == nil
		}
		sess := mustLogin(t, svc, "taro@example.com", good)
		time.Sleep(time.Hour - time.Second)
		if !alive(sess) {
			t.Error("dead before the idle time")
		}
		time.Sleep(time.Hour)
		if alive(sess) {
			t.Error("alive after the idle time")
		}
		busy := mustLogin(t, svc, "taro@example.com", good)
		for range 48 {
			time.Sleep(30*time.Minute - time.Second)
			if !alive(busy) {
				t.Fatal("a session in use died before its absolute end")
			}
		}
		time.Sleep(time.Minute)
		if alive(busy) {
			t.Error("constant use kept a session alive beyond 24 h")
		}
		remembered, err := svc.Login(t.Context(), auth.Credentials{Email: "taro@example.com", Password: good, Remember: true, Client: home})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(30*24*time.Hour - time.Second)
		if !alive(remembered) {
			t.Error("a remembered session died early")
		}
		time.Sleep(time.Second)
		if alive(remembered) {
			t.Error("a remembered session outlived 30 days")
		}
	})
}

func TestBusySessionWritesSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var probe *storeprobe.Probe
		svc, _ := newService(t, func(c *auth.Config) {
			noLimits(c)
			c.Stores, probe = storeprobe.Wrap(c.Stores)
		})
		mustCreate(t, svc, "taro@example.com")
		sess := mustLogin(t, svc, "taro@example.com", good)
		synctest.Wait()
		probe.Reset(nil)
		for range 3600 {
			time.Sleep(time.Second)
			if _, err := svc.Session(t.Context(), sess.Token); err != nil {
				t.Fatal(err)
			}
		}
		if n := strings.Count(strings.Join(probe.Calls(), " "), "Sessions.Touch"); n != 12 {
			t.Errorf("%d writes in an hour of use, want 12", n)
		}
	})
}

func TestSessionDiesWithTheAccount(t *testing.T) {
	for _, state := range []auth.State{auth.StateDisabled, auth.StateSuspended, auth.StateLocked, auth.StateCompromised, auth.StateSuspicious} {
		svc, _ := newService(t, noLimits)
		id := mustCreate(t, svc, "taro@example.com")
		sess := mustLogin(t, svc, "taro@example.com", good)
		if err := svc.Accounts().SetState(t.Context(), id, state, "support", ""); err != nil {
			t.Fatal(err)
		}
		_, err := svc.Session(t.Context(), sess.Token)
		wantReason(t, err, errcodes.ReasonSessionExpired)
	}
	svc, _ := newService(t, noLimits)
	id := mustCreate(t, svc, "taro@example.com")
	sess := mustLogin(t, svc, "taro@example.com", good)
	if err := svc.Accounts().Delete(t.Context(), id, "owner", ""); err != nil {
		t.Fatal(err)
	}
	_, err := svc.Session(t.Context(), sess.Token)
	wantReason(t, err, errcodes.ReasonSessionExpired)
	_, err = svc.Login(t.Context(), creds("taro@example.com", good))
	wantReason(t, err, errcodes.ReasonInvalidCredentials)
	mustCreate(t, svc, "taro@example.com") // the address is free again
}

func TestForeignTokens(t *testing.T) {
	svc, _ := newService(t, noLimits)
	_, err := svc.Session(t.Context(), "")
	wantReason(t, err, errcodes.ReasonNotSignedIn)
	for _, foreign := range []auth.Token{"x", auth.Token(tok.New()), auth.Token(strings.Repeat("A", 43)), auth.Token(strings.Repeat("A", 1<<20))} {
		_, err := svc.Session(t.Context(), foreign)
		wantReason(t, err, errcodes.ReasonSessionExpired)
		if err := svc.Logout(t.Context(), foreign); err != nil {
			t.Error(err)
		}
	}
}

func TestSessionsPerUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, _ := newService(t, func(c *auth.Config) { noLimits(c); c.Sessions.PerUser = 3 })
		id := mustCreate(t, svc, "taro@example.com")
		var all []*auth.Session
		for range 4 {
			all = append(all, mustLogin(t, svc, "taro@example.com", good))
			time.Sleep(time.Second)
			synctest.Wait() // room is made beside the request
		}
		_, err := svc.Session(t.Context(), all[0].Token)
		wantReason(t, err, errcodes.ReasonSessionExpired)
		list, err := svc.Sessions().List(t.Context(), id)
		if err != nil || len(list) != 3 || list[0].ID != all[3].ID {
			t.Fatalf("%d sessions, %v", len(list), err)
		}
		if err := svc.Sessions().End(t.Context(), id, all[1].ID); err != nil {
			t.Fatal(err)
		}
		wantReason(t, svc.Sessions().End(t.Context(), id, all[1].ID), errcodes.ReasonNotFound)
		wantReason(t, svc.Sessions().End(t.Context(), "somebody else", all[2].ID), errcodes.ReasonNotFound)
		if err := svc.Sessions().EndAll(t.Context(), id, all[3].ID); err != nil {
			t.Fatal(err)
		}
		if list, _ = svc.Sessions().List(t.Context(), id); len(list) != 1 || list[0].ID != all[3].ID {
			t.Errorf("left: %d", len(list))
		}
		for _, sess := range list {
			if sess.Token != "" {
				t.Error("a list of sessions holds tokens")
			}
		}
	})
}

func TestReauthenticate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, _ := newService(t, noLimits)
		mustCreate(t, svc, "taro@example.com")
		old := mustLogin(t, svc, "taro@example.com", good)
		time.Sleep(10 * time.Minute)
		sess, err := svc.Reauthenticate(t.Context(), old.Token, good, home)
		if err != nil {
			t.Fatal(err)
		}
		if !sess.AuthTime.After(old.AuthTime) || sess.Token == old.Token {
			t.Error("neither time nor token were renewed")
		}
		_, err = svc.Session(t.Context(), old.Token)
		wantReason(t, err, errcodes.ReasonSessionExpired)

		// Strangers lock the address; the session's own counter is apart.
		for range 6 {
			_, _ = svc.Login(t.Context(), creds("taro@example.com", "wrong wrong wrong"))
		}
		if sess, err = svc.Reauthenticate(t.Context(), sess.Token, good, home); err != nil {
			t.Errorf("a lock of the address reached into a session: %v", err)
		}
		// And a stolen session buys no more guesses than the ladder.
		for range 4 {
			_, err := svc.Reauthenticate(t.Context(), sess.Token, "wrong wrong wrong", home)
			wantReason(t, err, errcodes.ReasonInvalidCredentials)
		}
		_, err = svc.Reauthenticate(t.Context(), sess.Token, "wrong wrong wrong", home)
		wantReason(t, err, errcodes.ReasonAccountTemporarilyLocked)
		_, err = svc.ChangePassword(t.Context(), sess.Token, good, fresh, home)
		wantReason(t, err, errcodes.ReasonAccountTemporarilyLocked)
	})
}

func TestChangePassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box := newService(t, noLimits)
		running(t, svc)
		mustCreate(t, svc, "taro@example.com")
		link := resetLink(t, svc, box, "taro@example.com")
		one, two := mustLogin(t, svc, "taro@example.com", good), mustLogin(t, svc, "taro@example.com", good)
		_, err := svc.ChangePassword(t.Context(), one.Token, "wrong wrong wrong", fresh, home)
		wantReason(t, err, errcodes.ReasonInvalidCredentials)
		_, err = svc.ChangePassword(t.Context(), one.Token, good, "short", home)
		wantReason(t, err, errcodes.ReasonWeakPassword)
		sess, err := svc.ChangePassword(t.Context(), one.Token, good, fresh, home)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := svc.Session(t.Context(), sess.Token); err != nil {
			t.Errorf("the session that changed it: %v", err)
		}
		for _, dead := range []*auth.Session{one, two} {
			_, err := svc.Session(t.Context(), dead.Token)
			wantReason(t, err, errcodes.ReasonSessionExpired)
		}
		wantReason(t, svc.Recovery().Reset(t.Context(), link, good, home), errcodes.ReasonLinkExpired)
		mailed(t, box, "password_changed", "taro@example.com")
		mustLogin(t, svc, "taro@example.com", fresh)
		_, err = svc.ChangePassword(t.Context(), "", good, fresh, home)
		wantReason(t, err, errcodes.ReasonNotSignedIn)
	})
}

func TestAuthenticateWithoutSessions(t *testing.T) {
	svc, _ := newService(t, func(c *auth.Config) { noLimits(c); c.Stores.Sessions = nil })
	id := mustCreate(t, svc, "taro@example.com")
	res, err := svc.Authenticate(t.Context(), creds("taro@example.com", good))
	if err != nil || res.UserID != id || strings.Join(res.AMR, " ") != "pwd" || res.AuthTime.IsZero() {
		t.Fatalf("%+v, %v", res, err)
	}
	_, err = svc.Authenticate(t.Context(), creds("taro@example.com", good+"x"))
	wantReason(t, err, errcodes.ReasonInvalidCredentials)
	_, err = svc.Login(t.Context(), creds("taro@example.com", good))
	wantReason(t, err, errcodes.ReasonInternalError)
}
