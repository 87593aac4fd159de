package auth_test

import (
	"context"
	"maps"
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

// sameKinds are the kinds of address that nobody may tell apart without
// having proven something. Each function brings its address into that state.
var sameKinds = map[string]func(t *testing.T, svc *auth.Service, email string){
	"unknown": func(*testing.T, *auth.Service, string) {},
	"wrong password": func(t *testing.T, svc *auth.Service, email string) {
		mustCreate(t, svc, email)
	},
	"disabled": func(t *testing.T, svc *auth.Service, email string) {
		if err := svc.Accounts().SetState(t.Context(), mustCreate(t, svc, email), auth.StateDisabled, "support", ""); err != nil {
			t.Fatal(err)
		}
	},
	"provider only": func(t *testing.T, svc *auth.Service, email string) {
		if _, err := svc.CreateAccount(t.Context(), auth.NewAccount{Email: email}); err != nil {
			t.Fatal(err)
		}
	},
	"unverified": func(t *testing.T, svc *auth.Service, email string) {
		mustCreateUnverified(t, svc, email)
	},
	"pending sign-up": func(t *testing.T, svc *auth.Service, email string) {
		if err := svc.Register(t.Context(), register(email, auth.Token(tok.New()))); err != nil {
			t.Fatal(err)
		}
	},
}

// sameActions are what a stranger can do with an address.
var sameActions = map[string]func(t *testing.T, svc *auth.Service, email string) error{
	"login": func(t *testing.T, svc *auth.Service, email string) error {
		_, err := svc.Login(t.Context(), creds(email, "wrong wrong wrong"))
		return err
	},
	"register": func(t *testing.T, svc *auth.Service, email string) error {
		return svc.Register(t.Context(), register(email, ""))
	},
	"forgot": func(t *testing.T, svc *auth.Service, email string) error {
		return svc.Recovery().Request(t.Context(), email, home)
	},
	"resend": func(t *testing.T, svc *auth.Service, email string) error {
		return svc.ResendVerification(t.Context(), email, home)
	},
}

// TestNothingTellsWhetherAnAccountExists compares, for every kind of address
// and every action, eight times in a row and once more when the counter is
// spent: the outcome, the store calls by number and kind, and the work of
// hashing.
func TestNothingTellsWhetherAnAccountExists(t *testing.T) {
	for action, do := range sameActions {
		want, first := "", ""
		for _, kind := range slices.Sorted(maps.Keys(sameKinds)) {
			got := sameTranscript(t, sameKinds[kind], do)
			if want == "" {
				want, first = got, kind
			}
			if got != want {
				t.Errorf("%s: an address that is %q can be told from one that is %q:\n%s\n--- against ---\n%s", action, kind, first, got, want)
			}
		}
		t.Logf("%s, alike for %d kinds:\n%s", action, len(sameKinds), want)
	}
}

// runWorker lets the worker do what is due, and stops it.
func runWorker(t *testing.T, svc *auth.Service) {
	ctx, cancel := context.WithCancel(t.Context())
	defer synctest.Wait()
	defer cancel()
	go func() { _ = svc.Run(ctx) }()
	synctest.Wait()
}

func sameTranscript(t *testing.T, prepare func(*testing.T, *auth.Service, string), do func(*testing.T, *auth.Service, string) error) string {
	var out strings.Builder
	synctest.Test(t, func(t *testing.T) {
		h := &countingHasher{}
		var probe *storeprobe.Probe
		svc, _ := newService(t, func(c *auth.Config) {
			noLimits(c)
			c.Password.Hasher = h
			c.Lockout.MaxConsecutive = 7
			c.Stores, probe = storeprobe.Wrap(c.Stores)
		})
		prepare(t, svc, "taro@example.com")
		runWorker(t, svc)
		for i := range 9 {
			probe.Reset(nil)
			h.work.Store(0)
			err := do(t, svc, "taro@example.com")
			synctest.Wait()        // with what is written beside the request
			calls := probe.Calls() // but without the worker's: nobody waits for it
			slices.Sort(calls)
			out.WriteString(string(errcodes.ReasonOf(err)) + " " + strings.Join(calls, ",") + " ")
			out.WriteString("work " + time.Duration(h.work.Load()).String() + "\n")
			runWorker(t, svc)
			if i > 4 {
				time.Sleep(2 * time.Hour) // so that the cap of failures in a row is reached
			}
		}
	})
	return out.String()
}
