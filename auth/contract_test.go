package auth_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/lockout"
)

// spy looks at what a session store is given.
type spy struct {
	auth.SessionStore
	t *testing.T
}

func (s spy) Put(ctx context.Context, n auth.Session, replaces *[32]byte) error {
	if n.Token != "" || n.User != (auth.User{}) {
		s.t.Errorf("the store is given a token of %d bytes and the account %q with its hash", len(n.Token), n.User.Email)
	}
	return s.SessionStore.Put(ctx, n, replaces)
}

func TestStoresNeverSeeATokenOrAHashOfAPassword(t *testing.T) {
	svc, _ := newService(t, func(c *auth.Config) { noLimits(c); c.Stores.Sessions = spy{c.Stores.Sessions, t} })
	mustCreate(t, svc, "taro@example.com")
	sess := mustLogin(t, svc, "taro@example.com", good)
	if sess.Token == "" || sess.User.Email != "taro@example.com" {
		t.Error("the caller is not given the token and the account")
	}
	if _, err := svc.Reauthenticate(t.Context(), sess.Token, good, home); err != nil {
		t.Fatal(err)
	}
}

// losing is a users table that forgets one thing.
type losing struct {
	auth.UserStore
	lose func(*auth.User)
}

func (l losing) Find(ctx context.Context, id auth.Identifier) (auth.User, error) {
	u, err := l.UserStore.Find(ctx, id)
	l.lose(&u)
	return u, err
}

func (l losing) Get(ctx context.Context, id auth.UserID) (auth.User, error) {
	u, err := l.UserStore.Get(ctx, id)
	l.lose(&u)
	return u, err
}

func TestAUsersTableThatForgetsIsFoundOutAtOnce(t *testing.T) {
	for field, lose := range map[string]func(*auth.User){
		"Realm":        func(u *auth.User) { u.Realm = "" },
		"Email":        func(u *auth.User) { u.Email = "" },
		"ID":           func(u *auth.User) { u.ID = "" },
		"PasswordHash": func(u *auth.User) { u.PasswordHash = "" },
	} {
		svc, _ := newService(t, func(c *auth.Config) { c.Realm = "t1"; c.Stores.Users = losing{c.Stores.Users, lose} })
		_, err := svc.CreateAccount(t.Context(), auth.NewAccount{Email: "taro@example.com", Password: good})
		wantReason(t, err, errcodes.ReasonServiceUnavailable)
		e, _ := errors.AsType[*errcodes.Error](err)
		if cause := e.Cause().Error(); !strings.Contains(cause, "UserStore") && !strings.Contains(cause, "not found") {
			t.Errorf("%s: the cause is %q", field, cause)
		}
	}
}

// forgetfulCounters is a lockout store that says nothing of itself.
type forgetfulCounters struct{ lockout.Store }

func TestEphemeralKeyWithOneStoreThatStays(t *testing.T) {
	var stores auth.Stores
	newService(t, func(c *auth.Config) { stores = c.Stores })
	for field, change := range map[string]func(*auth.Stores){
		"Lockout": func(s *auth.Stores) { s.Lockout = forgetfulCounters{s.Lockout} },
		"Users":   func(s *auth.Stores) { s.Users = uncounted{s.Users} },
	} {
		s := stores
		change(&s)
		if _, err := auth.New(auth.Config{Stores: s, Keys: auth.EphemeralKey()}); err == nil || !strings.Contains(err.Error(), "Stores."+field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestSignUpOfAnAccountThatCannotSignInLeadsToAReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box := newService(t, noLimits)
		running(t, svc)
		if _, err := svc.CreateAccount(t.Context(), auth.NewAccount{Email: "taro@example.com", State: auth.StateUnverified}); err != nil {
			t.Fatal(err)
		}
		if err := svc.Register(t.Context(), register("taro@example.com", "")); err != nil {
			t.Fatal(err)
		}
		m := mailed(t, box, "reset", "taro@example.com")
		if err := svc.Recovery().Reset(t.Context(), token(m), fresh, home); err != nil {
			t.Fatal(err)
		}
		mustLogin(t, svc, "taro@example.com", fresh)
	})
}

func TestNewPasswordsAreJudgedByThePolicy(t *testing.T) {
	svc, _ := newService(t, noLimits)
	mustCreate(t, svc, "taro@example.com")
	sess := mustLogin(t, svc, "taro@example.com", good)
	long := auth.Password(strings.Repeat("stations ", 28) + "tokai") // 257 characters
	_, err := svc.ChangePassword(t.Context(), sess.Token, good, long, home)
	wantReason(t, err, errcodes.ReasonWeakPassword)
	_, err = svc.ChangePassword(t.Context(), sess.Token, good, auth.Password(strings.Repeat("a", 1025)), home)
	wantReason(t, err, errcodes.ReasonRequestTooLarge)
}

// setBack is a session store of a server whose clock was an hour ahead.
type setBack struct{ auth.SessionStore }

func (s setBack) Put(ctx context.Context, n auth.Session, replaces *[32]byte) error {
	n.Created, n.Seen, n.AuthTime = n.Created.Add(time.Hour), n.Seen.Add(time.Hour), n.AuthTime.Add(time.Hour)
	return s.SessionStore.Put(ctx, n, replaces)
}

func TestAClockSetBackExtendsNoSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, _ := newService(t, func(c *auth.Config) { noLimits(c); c.Stores.Sessions = setBack{c.Stores.Sessions} })
		mustCreate(t, svc, "taro@example.com")
		sess := mustLogin(t, svc, "taro@example.com", good)
		for range 59 {
			time.Sleep(time.Minute)
			if _, err := svc.Session(t.Context(), sess.Token); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		_, err := svc.Session(t.Context(), sess.Token)
		wantReason(t, err, errcodes.ReasonSessionExpired)
	})
}
