package auth_test

import (
	"testing"

	"github.com/sekisho-auth/sekisho/auth"
)

// noopHasher costs nothing, so that what is left is the service itself.
type noopHasher struct{}

func (noopHasher) Hash([]byte, int) (string, error) {
	return "$2a$12$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", nil
}
func (noopHasher) Compare(string, []byte) (bool, error) { return true, nil }

func benchService(tb testing.TB) *auth.Service {
	svc, _ := newService(tb, func(c *auth.Config) { c.Password.Hasher = noopHasher{} })
	mustCreate(tb, svc, "taro@example.com")
	return svc
}

func lockOut(tb testing.TB, svc *auth.Service, email string) {
	for range 6 {
		_, _ = svc.Login(tb.Context(), creds(email, "wrong wrong wrong"))
	}
}

func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Log("counts are taken without the race detector")
		return
	}
	svc := benchService(t)
	c := creds("taro@example.com", good)
	login := testing.AllocsPerRun(200, func() {
		sess, err := svc.Login(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		_ = svc.Logout(t.Context(), sess.Token)
	})
	t.Logf("sign-in and sign-out: %v allocations", login)
	if login > 60 { // the rest of the 80 is for HTTP
		t.Errorf("%v allocations for a sign-in", login)
	}
	svc, _ = newService(t, noLimits)
	lockOut(t, svc, "nobody@example.com")
	c.Email = "nobody@example.com"
	refused := testing.AllocsPerRun(200, func() { _, _ = svc.Login(t.Context(), c) })
	t.Logf("refused while locked: %v allocations", refused)
	if refused > 25 { // the rest of the 40 is for HTTP
		t.Errorf("%v allocations for a refusal", refused)
	}
}

func BenchmarkLogin(b *testing.B) {
	svc := benchService(b)
	c := creds("taro@example.com", good)
	b.ReportAllocs()
	for b.Loop() {
		sess, err := svc.Login(b.Context(), c)
		if err != nil {
			b.Fatal(err)
		}
		_ = svc.Logout(b.Context(), sess.Token)
	}
}

func BenchmarkRefusedWhileLocked(b *testing.B) {
	svc, _ := newService(b, noLimits)
	lockOut(b, svc, "nobody@example.com")
	c := creds("nobody@example.com", good)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = svc.Login(b.Context(), c)
	}
}
