package auth_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/errcodes"
)

func TestOperatorsAreNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stores auth.Stores
		svc, _ := newService(t, func(c *auth.Config) { noLimits(c); stores = c.Stores })
		id := mustCreate(t, svc, "taro@example.com")
		a := svc.Accounts()
		wantReason(t, a.SetState(t.Context(), id, auth.StateDisabled, "", ""), errcodes.ReasonInternalError)
		wantReason(t, a.Unlock(t.Context(), "taro@example.com", "", ""), errcodes.ReasonInternalError)
		wantReason(t, a.Delete(t.Context(), id, "", ""), errcodes.ReasonInternalError)
		wantReason(t, a.SendReset(t.Context(), id, "", "", ""), errcodes.ReasonInternalError)
		wantReason(t, a.SetState(t.Context(), id, "made-up", "op", ""), errcodes.ReasonInternalError)
		wantReason(t, a.SetState(t.Context(), id, auth.StateDeleted, "op", ""), errcodes.ReasonInternalError)
		wantReason(t, a.SetState(t.Context(), "nobody", auth.StateDisabled, "op", ""), errcodes.ReasonNotFound)
		_, err := a.Get(t.Context(), "nobody")
		wantReason(t, err, errcodes.ReasonNotFound)
		_, err = a.Find(t.Context(), "nobody@example.com")
		wantReason(t, err, errcodes.ReasonNotFound)
		_, err = a.Find(t.Context(), "nobody")
		wantReason(t, err, errcodes.ReasonIdentifierMalformed)
		if u, err := a.Find(t.Context(), "TARO@example.com"); err != nil || u.ID != id {
			t.Fatal(u, err)
		}

		for range 6 {
			_, _ = svc.Login(t.Context(), creds("taro@example.com", "wrong wrong wrong"))
		}
		if err := a.Unlock(t.Context(), "taro@example.com", "hanako", "called, birthday checked"); err != nil {
			t.Fatal(err)
		}
		mustLogin(t, svc, "taro@example.com", good)
		if err := a.Unlock(t.Context(), "nobody@example.com", "hanako", ""); err != nil {
			t.Errorf("an address without an account: %v", err)
		}
		if err := a.SetState(t.Context(), id, auth.StateSuspended, "hanako", "terms"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		events, err := stores.Events.ByUser(t.Context(), id, time.Now().Add(time.Second), 1)
		if err != nil || len(events) != 1 || events[0].Actor != "hanako" || events[0].Note != "terms" {
			t.Errorf("%+v, %v", events, err)
		}
	})
}

func TestCreateAccount(t *testing.T) {
	svc, _ := newService(t, noLimits)
	mustCreate(t, svc, "taro@example.com")
	for name, c := range map[string]struct {
		a    auth.NewAccount
		want errcodes.Reason
	}{
		"twice":        {auth.NewAccount{Email: "Taro@EXAMPLE.com", Password: good}, errcodes.ReasonEmailAlreadyRegistered},
		"weak":         {auth.NewAccount{Email: "b@example.com", Password: "short"}, errcodes.ReasonWeakPassword},
		"malformed":    {auth.NewAccount{Email: "b", Password: good}, errcodes.ReasonIdentifierMalformed},
		"both":         {auth.NewAccount{Email: "b@example.com", Password: good, PasswordHash: "x"}, errcodes.ReasonInternalError},
		"disabled":     {auth.NewAccount{Email: "b@example.com", Password: good, State: auth.StateDisabled}, errcodes.ReasonInternalError},
		"strange hash": {auth.NewAccount{Email: "b@example.com", PasswordHash: "md5:x"}, errcodes.ReasonInternalError},
	} {
		_, err := svc.CreateAccount(t.Context(), c.a)
		if errcodes.ReasonOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	got := parallel(100, func() error {
		_, err := svc.CreateAccount(t.Context(), auth.NewAccount{Email: "race@example.com"})
		return err
	})
	if got[""] != 1 {
		t.Errorf("100 creations of one address: %v", got)
	}
}

func TestWithoutLinksSignUpAndRecoveryAreOff(t *testing.T) {
	svc, _ := newService(t, nil)
	svc.UseLinks(auth.Links{})
	wantReason(t, svc.Register(t.Context(), register("a@example.com", "")), errcodes.ReasonInternalError)
	wantReason(t, svc.Recovery().Request(t.Context(), "a@example.com", home), errcodes.ReasonInternalError)
	id := mustCreate(t, svc, "taro@example.com") // and this still works
	wantReason(t, svc.Accounts().SendReset(t.Context(), id, "", "op", ""), errcodes.ReasonInternalError)
	mustLogin(t, svc, "taro@example.com", good)
}
