package sqlite

import (
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/memstore"
	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/internal/passhash/fasthash"
)

const (
	address  = "demo@example.com"
	password = auth.Password("fifty three stations of the tokaido")
)

var home = auth.Client{Addr: netip.MustParseAddr("192.0.2.1")}

func creds(p auth.Password) auth.Credentials {
	return auth.Credentials{Email: address, Password: p, Client: home}
}

func newService(t testing.TB, s auth.Stores, keys auth.Keys) *auth.Service {
	t.Helper()
	svc, err := auth.New(auth.Config{
		Stores: s, Keys: keys, Password: auth.PasswordConfig{Hasher: fasthash.Hasher{}}, Logger: slog.New(slog.DiscardHandler),
		Limits: auth.LimitConfig{InsecureOff: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	return svc
}

func newKeys(t testing.TB) auth.Keys {
	t.Helper()
	keys, err := auth.ParseKeys(auth.NewKey().Reveal())
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// TestCounts holds the budget: a sign-in is at most 3 short transactions and
// 8 statements (it is 7), a refused one 2 reads.
func TestCounts(t *testing.T) {
	s := newStores(t, "counting", dsn(file(t), settings))
	s.Events, s.Limits = memstore.New().Events, memstore.New().Limits
	svc := newService(t, s, newKeys(t))
	if _, err := svc.CreateAccount(t.Context(), auth.NewAccount{Email: address, Password: password}); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		what                     string
		password                 auth.Password
		want                     errcodes.Reason
		times                    int
		transactions, statements int
	}{
		{"a sign-in", password, "", 3, 3, 7},
		{"a wrong password", "wrong", errcodes.ReasonInvalidCredentials, 4, 2, 5},
		{"a sign-in after failures", password, "", 1, 3, 6},
		{"wrong passwords", "wrong", errcodes.ReasonInvalidCredentials, 4, 2, 5},
		{"the one that locks", "wrong", errcodes.ReasonAccountTemporarilyLocked, 1, 2, 4},
		{"a refusal", password, errcodes.ReasonAccountTemporarilyLocked, 3, 0, 2},
	} {
		most := [2]int{}
		for range step.times {
			counted.reset()
			_, err := svc.Login(t.Context(), creds(step.password))
			if step.want == "" && err != nil || step.want != "" && !errors.Is(err, step.want) {
				t.Fatalf("%s: %v", step.what, err)
			}
			transactions, statements, done := tally(counted.statements())
			most = [2]int{max(most[0], transactions), max(most[1], statements)}
			if transactions > step.transactions || statements > step.statements {
				t.Errorf("%s: %d transactions and %d statements, at most %d and %d:\n%s", step.what, transactions, statements,
					step.transactions, step.statements, strings.Join(done, "\n"))
			}
		}
		t.Logf("%s: %d transactions, %d statements", step.what, most[0], most[1])
	}
}

// A flood of refusals by a limit writes nothing either.
func TestRefusalsOfLimitsOnlyRead(t *testing.T) {
	s := newStores(t, "counting", dsn(file(t), settings))
	drainLimit(t, s)
	counted.reset()
	for range 5 {
		if wait, err := s.Limits.Take(t.Context(), limitKey, limit, limitStart); err != nil || wait <= 0 {
			t.Fatal(wait, err)
		}
	}
	if transactions, statements, done := tally(counted.statements()); transactions != 0 || statements != 5 {
		t.Errorf("5 refusals: %d transactions, %d statements\n%s", transactions, statements, strings.Join(done, "\n"))
	}
}
