package auth_test

import (
	"context"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/internal/passhash"
)

// hashOf reads what is stored.
func hashOf(t *testing.T, svc *auth.Service, id auth.UserID) string {
	t.Helper()
	u, err := svc.Accounts().Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return u.PasswordHash
}

// lowCost is the real bcrypt, cheap enough for tests.
func lowCost(c *auth.Config) {
	noLimits(c)
	c.Password.Hasher = passhash.Bcrypt{}
	c.Password.Cost, c.Password.InsecureLowCost = 5, true
}

func TestImportedHashIsVerifiedAndUpgraded(t *testing.T) {
	svc, _ := newService(t, lowCost)
	for _, prefix := range []string{"$2a$", "$2b$", "$2y$"} {
		old, err := bcrypt.GenerateFromPassword([]byte(good), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		email := strings.Trim(prefix, "$") + "@example.com"
		id, err := svc.CreateAccount(t.Context(), auth.NewAccount{Email: email, PasswordHash: prefix + string(old[4:])})
		if err != nil {
			t.Fatal(err)
		}
		sess, err := svc.Login(t.Context(), creds(email, good))
		if err != nil {
			t.Fatal(err)
		}
		if h := hashOf(t, svc, id); !strings.HasPrefix(h, "$sekisho$1$k=0$$2") || !strings.Contains(h, "$05$") {
			t.Errorf("%s was not upgraded: %q", prefix, h)
		}
		if _, err := svc.Session(t.Context(), sess.Token); err != nil {
			t.Errorf("the upgrade ended the session: %v", err)
		}
		if _, err := svc.Login(t.Context(), creds(email, good)); err != nil {
			t.Errorf("after the upgrade: %v", err)
		}
	}
}

func TestImportIsValidated(t *testing.T) {
	svc, _ := newService(t, lowCost)
	salted := strings.Repeat("a", 53)
	for name, hash := range map[string]string{
		"cost 31":        "$2a$31$" + salted,
		"cost too high":  "$2a$06$" + salted,
		"$1a$":           "$1a$05$" + salted,
		"$2x$":           "$2x$05$" + salted,
		"trailing bytes": "$2a$05$" + salted + "x",
		"short":          "$2a$05$" + salted[1:],
		"plain text":     "password",
	} {
		_, err := svc.CreateAccount(t.Context(), auth.NewAccount{Email: "a@example.com", PasswordHash: hash})
		if errcodes.CodeOf(err) != errcodes.CodeServerError {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
}

// hostile stores what no import would let in.
type hostile struct {
	auth.UserStore
	hash string
}

func (s hostile) Find(ctx context.Context, id auth.Identifier) (auth.User, error) {
	u, err := s.UserStore.Find(ctx, id)
	u.PasswordHash = s.hash
	return u, err
}

func TestHostileStoredHash(t *testing.T) {
	salted := strings.Repeat("a", 53)
	for name, hash := range map[string]string{
		"cost 31": "$2a$31$" + salted, "$1a$": "$1a$12$" + salted, "trailing": "$2a$12$" + salted + "xx",
		"empty": "", "junk": "junk", "sekisho junk": "$sekisho$1$k=0$junk",
	} {
		h := &countingHasher{}
		svc, _ := newService(t, func(c *auth.Config) {
			noLimits(c)
			c.Password.Hasher = h
			c.Stores.Users = hostile{c.Stores.Users, hash}
		})
		mustCreate(t, svc, "taro@example.com")
		h.work.Store(0)
		_, err := svc.Login(t.Context(), creds("taro@example.com", good))
		wantReason(t, err, errcodes.ReasonInvalidCredentials)
		if h.work.Load() != 1<<12 {
			t.Errorf("%s: work %d, want that of one hash at cost 12", name, h.work.Load())
		}
	}
}

func TestUnknownPepperIsAFault(t *testing.T) {
	svc, _ := newService(t, func(c *auth.Config) {
		noLimits(c)
		c.Stores.Users = hostile{c.Stores.Users, "$sekisho$1$k=7$$2a$12$" + strings.Repeat("a", 53)}
	})
	mustCreate(t, svc, "taro@example.com")
	for range 8 {
		_, err := svc.Login(t.Context(), creds("taro@example.com", good))
		wantReason(t, err, errcodes.ReasonServiceUnavailable)
	}
}

func TestPepperRotation(t *testing.T) {
	first, second := auth.Pepper{ID: 1, Key: auth.NewKey()}, auth.Pepper{ID: 2, Key: auth.NewKey()}
	var stores auth.Stores
	with := func(peppers ...auth.Pepper) *auth.Service {
		svc, _ := newService(t, func(c *auth.Config) {
			noLimits(c)
			c.Password.Peppers = peppers
			if stores.Users == nil {
				stores = c.Stores
			}
			c.Stores.Users = stores.Users
		})
		return svc
	}
	id := mustCreate(t, with(first), "taro@example.com")
	svc := with(second, first)
	if _, err := svc.Login(t.Context(), creds("taro@example.com", good)); err != nil {
		t.Fatal(err)
	}
	if h := hashOf(t, svc, id); !strings.HasPrefix(h, "$sekisho$1$k=2$") {
		t.Errorf("not moved to the new pepper: %q", h)
	}
	if _, err := with(second).Login(t.Context(), creds("taro@example.com", good)); err != nil {
		t.Errorf("without the old pepper: %v", err)
	}
}

// changer replaces the password while a sign-in is on its way.
type changer struct {
	auth.UserStore
	change func()
}

func (s *changer) SetPasswordHash(ctx context.Context, id auth.UserID, old, new string, end bool) (bool, error) {
	if change := s.change; change != nil {
		s.change = nil
		change()
	}
	return s.UserStore.SetPasswordHash(ctx, id, old, new, end)
}

func TestRehashNeverOverwritesAChange(t *testing.T) {
	users := &changer{}
	svc, _ := newService(t, func(c *auth.Config) {
		lowCost(c)
		users.UserStore = c.Stores.Users
		c.Stores.Users = users
	})
	old, err := bcrypt.GenerateFromPassword([]byte(good), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	id, err := svc.CreateAccount(t.Context(), auth.NewAccount{Email: "taro@example.com", PasswordHash: string(old)})
	if err != nil {
		t.Fatal(err)
	}
	users.change = func() { // somebody resets the password before the rehash is stored
		if ok, err := users.UserStore.SetPasswordHash(t.Context(), id, string(old), "new hash", true); !ok || err != nil {
			t.Error(ok, err)
		}
	}
	sess, err := svc.Login(t.Context(), creds("taro@example.com", good))
	if err != nil {
		t.Fatal(err)
	}
	if h := hashOf(t, svc, id); h != "new hash" {
		t.Errorf("the sign-in overwrote the new password: %q", h)
	}
	_, err = svc.Session(t.Context(), sess.Token)
	wantReason(t, err, errcodes.ReasonSessionExpired)
}
