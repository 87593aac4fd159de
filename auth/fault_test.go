package auth_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/internal/storeprobe"
	tok "github.com/sekisho-auth/sekisho/internal/token"
)

// faultCase is one operation under injected faults.
type faultCase struct {
	name string
	// setUp prepares a fresh service and returns the operation. An operation
	// that makes a session fails the test if there is one with an error.
	setUp func(t *testing.T, svc *auth.Service, box *mailbox) func() error
	// then is what the same operation may answer afterwards, besides success.
	then errcodes.Reason
}

// sessionOrError fails if a fault left a session behind.
func sessionOrError(t *testing.T, sess *auth.Session, err error) error {
	t.Helper()
	if (sess == nil) != (err != nil) {
		t.Errorf("session %v with error %v", sess != nil, err)
	}
	return err
}

var faultCases = []faultCase{
	{"login", func(t *testing.T, svc *auth.Service, _ *mailbox) func() error {
		mustCreate(t, svc, "taro@example.com")
		return func() error {
			sess, err := svc.Login(t.Context(), creds("taro@example.com", good))
			return sessionOrError(t, sess, err)
		}
	}, ""},
	{"authenticate", func(t *testing.T, svc *auth.Service, _ *mailbox) func() error {
		mustCreate(t, svc, "taro@example.com")
		return func() error {
			res, err := svc.Authenticate(t.Context(), creds("taro@example.com", good))
			if err != nil && res.UserID != "" {
				t.Errorf("an identity %q with error %v", res.UserID, err)
			}
			return err
		}
	}, ""},
	{"login, wrong password", func(t *testing.T, svc *auth.Service, _ *mailbox) func() error {
		mustCreate(t, svc, "taro@example.com")
		return func() error {
			sess, err := svc.Login(t.Context(), creds("taro@example.com", "wrong wrong wrong"))
			return sessionOrError(t, sess, err)
		}
	}, errcodes.ReasonInvalidCredentials},
	{"register", func(t *testing.T, svc *auth.Service, _ *mailbox) func() error {
		return func() error { return svc.Register(t.Context(), register("new@example.com", "")) }
	}, ""},
	{"verify", func(t *testing.T, svc *auth.Service, box *mailbox) func() error {
		browser := auth.Token(tok.New())
		if err := svc.Register(t.Context(), register("new@example.com", browser)); err != nil {
			t.Fatal(err)
		}
		v := auth.Verification{Token: token(mailed(t, box, "verify", "new@example.com")), Browser: browser, Client: home}
		return func() error { _, err := svc.VerifyEmail(t.Context(), v); return err }
	}, errcodes.ReasonLinkExpired},
	{"resend", func(t *testing.T, svc *auth.Service, _ *mailbox) func() error {
		return func() error { return svc.ResendVerification(t.Context(), "taro@example.com", home) }
	}, ""},
	{"create account", func(t *testing.T, svc *auth.Service, _ *mailbox) func() error {
		return func() error {
			_, err := svc.CreateAccount(t.Context(), auth.NewAccount{Email: "taro@example.com", Password: good})
			return err
		}
	}, errcodes.ReasonEmailAlreadyRegistered},
	{"set state", func(t *testing.T, svc *auth.Service, _ *mailbox) func() error {
		id := mustCreate(t, svc, "taro@example.com")
		return func() error { return svc.Accounts().SetState(t.Context(), id, auth.StateDisabled, "support", "") }
	}, ""},
	{"delete", func(t *testing.T, svc *auth.Service, _ *mailbox) func() error {
		id := mustCreate(t, svc, "taro@example.com")
		return func() error { return svc.Accounts().Delete(t.Context(), id, "owner", "") }
	}, errcodes.ReasonNotFound},
	{"unlock", func(t *testing.T, svc *auth.Service, _ *mailbox) func() error {
		return func() error { return svc.Accounts().Unlock(t.Context(), "taro@example.com", "support", "") }
	}, ""},
	{"send reset", func(t *testing.T, svc *auth.Service, _ *mailbox) func() error {
		id := mustCreate(t, svc, "taro@example.com")
		return func() error { return svc.Accounts().SendReset(t.Context(), id, "ja", "support", "") }
	}, ""},
	{"end sessions", func(t *testing.T, svc *auth.Service, _ *mailbox) func() error {
		id := mustCreate(t, svc, "taro@example.com")
		mustLogin(t, svc, "taro@example.com", good)
		return func() error { return svc.Sessions().EndAll(t.Context(), id) }
	}, ""},
	{"check reset link", func(t *testing.T, svc *auth.Service, box *mailbox) func() error {
		mustCreate(t, svc, "taro@example.com")
		link := resetLink(t, svc, box, "taro@example.com")
		return func() error { _, err := svc.Recovery().Check(t.Context(), link); return err }
	}, ""},
	{"forgot", func(t *testing.T, svc *auth.Service, _ *mailbox) func() error {
		return func() error { return svc.Recovery().Request(t.Context(), "taro@example.com", home) }
	}, ""},
	{"reset", func(t *testing.T, svc *auth.Service, box *mailbox) func() error {
		mustCreate(t, svc, "taro@example.com")
		link := resetLink(t, svc, box, "taro@example.com")
		return func() error { return svc.Recovery().Reset(t.Context(), link, fresh, home) }
	}, errcodes.ReasonLinkExpired},
	{"session", func(t *testing.T, svc *auth.Service, _ *mailbox) func() error {
		mustCreate(t, svc, "taro@example.com")
		sess := mustLogin(t, svc, "taro@example.com", good)
		return func() error {
			got, err := svc.Session(t.Context(), sess.Token)
			return sessionOrError(t, got, err)
		}
	}, ""},
	{"reauthenticate", func(t *testing.T, svc *auth.Service, _ *mailbox) func() error {
		mustCreate(t, svc, "taro@example.com")
		sess := mustLogin(t, svc, "taro@example.com", good)
		return func() error {
			got, err := svc.Reauthenticate(t.Context(), sess.Token, good, home)
			return sessionOrError(t, got, err)
		}
	}, errcodes.ReasonSessionExpired},
	{"change password", func(t *testing.T, svc *auth.Service, _ *mailbox) func() error {
		mustCreate(t, svc, "taro@example.com")
		sess := mustLogin(t, svc, "taro@example.com", good)
		return func() error {
			got, err := svc.ChangePassword(t.Context(), sess.Token, good, fresh, home)
			return sessionOrError(t, got, err)
		}
	}, errcodes.ReasonSessionExpired},
	{"logout", func(t *testing.T, svc *auth.Service, _ *mailbox) func() error {
		mustCreate(t, svc, "taro@example.com")
		sess := mustLogin(t, svc, "taro@example.com", good)
		return func() error { return svc.Logout(t.Context(), sess.Token) }
	}, ""},
}

// TestFaults makes each store call of each operation fail, once and for good,
// and prints what came of it. Whatever fails: the error is 1004 or there is
// none, never 1001 where the password was right; no fault signs anybody in;
// nothing is counted against the person beyond one attempt cut while
// settling; and afterwards the same operation works or says why not.
func TestFaults(t *testing.T) {
	var table strings.Builder
	for _, c := range faultCases {
		calls := faultCalls(t, c)
		for i, name := range calls {
			for _, forGood := range []bool{false, true} {
				outcome := runFault(t, c, i, name, forGood)
				kind := "once"
				if forGood {
					kind = "for good"
				}
				fmt.Fprintf(&table, "%-22s  %-24s  %-8s  %s\n", c.name, fmt.Sprintf("%d %s", i, name), kind, outcome)
			}
		}
	}
	t.Logf("operation × failing call × how often × outcome\n%s", table.String())
}

// faultCalls records the calls that the operation makes when nothing fails.
func faultCalls(t *testing.T, c faultCase) (calls []string) {
	synctest.Test(t, func(t *testing.T) {
		svc, box, probe := faultService(t)
		running(t, svc)
		op := c.setUp(t, svc, box)
		synctest.Wait()
		probe.Reset(nil)
		_ = op()
		calls = probe.Calls()
	})
	return calls
}

func faultService(t *testing.T) (*auth.Service, *mailbox, *storeprobe.Probe) {
	var probe *storeprobe.Probe
	svc, box := newService(t, func(c *auth.Config) { c.Stores, probe = storeprobe.Wrap(c.Stores) })
	return svc, box, probe
}

func runFault(t *testing.T, c faultCase, call int, name string, forGood bool) (outcome string) {
	base, _, _ := strings.Cut(name, "(")
	synctest.Test(t, func(t *testing.T) {
		svc, box, probe := faultService(t)
		running(t, svc)
		op := c.setUp(t, svc, box)
		synctest.Wait()
		seen := false
		probe.Reset(func(n int, at string) error {
			if n == call && strings.HasPrefix(at, base) {
				seen = true
			}
			if n == call || forGood && seen && n > call {
				return storeprobe.ErrInjected
			}
			return nil
		})
		began := time.Now()
		err := op()
		outcome = "fine"
		if err != nil {
			outcome = string(errcodes.ReasonOf(err))
		}
		if d := time.Since(began); d > 20*time.Second {
			t.Errorf("%s, %d %s: took %v", c.name, call, name, d)
		}
		checkFault(t, c, err, fmt.Sprintf("%s, %d %s, for good %v", c.name, call, name, forGood))
		probe.Reset(nil)
		synctest.Wait()
		again := op()
		if again != nil && errcodes.ReasonOf(again) != c.then {
			t.Errorf("%s, %d %s: afterwards %v", c.name, call, name, again)
		}
		if again != nil {
			outcome += ", then " + string(errcodes.ReasonOf(again))
		} else {
			outcome += ", then fine"
		}
	})
	return outcome
}

func checkFault(t *testing.T, c faultCase, err error, where string) {
	t.Helper()
	if err == nil {
		return
	}
	code := errcodes.CodeOf(err)
	wrongPassword := c.name == "login, wrong password" && errors.Is(err, errcodes.ReasonInvalidCredentials)
	if code != errcodes.CodeServerError && !wrongPassword {
		t.Errorf("%s: %v, want 1004", where, err)
	}
	if strings.Contains(err.Error(), "injected") {
		t.Errorf("%s: the cause is in the text: %v", where, err)
	}
	if code == errcodes.CodeServerError && !errors.Is(err, storeprobe.ErrInjected) {
		t.Errorf("%s: the cause is lost: %+v", where, err)
	}
}

// TestFaultsCountAgainstNobody runs every fault of a right sign-in eight
// times: nobody may end up locked or limited by an outage.
func TestFaultsCountAgainstNobody(t *testing.T) {
	login := faultCases[0]
	for i, name := range faultCalls(t, login) {
		synctest.Test(t, func(t *testing.T) {
			svc, box, probe := faultService(t)
			op := login.setUp(t, svc, box)
			settling := name == "Lockout.Update(write)" && slices.Contains(faultCalls2(probe, op)[:i], "Lockout.Update(write)")
			for range 25 {
				probe.Reset(func(n int, at string) error {
					// The limits have a store of their own: a token that was
					// taken is given back while another store is down.
					if n >= i && strings.HasPrefix(at, "Limits") == strings.HasPrefix(name, "Limits") {
						return storeprobe.ErrInjected
					}
					return nil
				})
				_ = op()
				synctest.Wait()
			}
			probe.Reset(nil)
			err := op()
			if settling {
				// Promise: a cut while settling counts at most one an attempt.
				// Their slots are taken until they are stale; then it is a lock.
				if errors.Is(err, errcodes.CodeInvalidCredentials) {
					t.Errorf("call %d %s: %v", i, name, err)
				}
				return
			}
			if err != nil && name != "Limits.Give" { // tokens that could not be given back return with time
				t.Errorf("after 25 faults at call %d %s: %v", i, name, err)
			}
		})
	}
}

func faultCalls2(p *storeprobe.Probe, op func() error) []string {
	p.Reset(nil)
	_ = op()
	return p.Calls()
}

func TestDeadlineIsATimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, _ := newService(t, func(c *auth.Config) { c.Stores.Users = blackHole{c.Stores.Users} })
		began := time.Now()
		_, err := svc.Login(t.Context(), creds("taro@example.com", good))
		wantReason(t, err, errcodes.ReasonTimeout)
		if d := time.Since(began); d != 15*time.Second {
			t.Errorf("gave up after %v", d)
		}
	})
}

// blackHole answers only when the caller gives up.
type blackHole struct{ auth.UserStore }

func (blackHole) Find(ctx context.Context, _ auth.Identifier) (auth.User, error) {
	<-ctx.Done()
	return auth.User{}, ctx.Err()
}
