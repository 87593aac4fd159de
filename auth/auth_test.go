package auth_test

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/memstore"
	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/internal/passhash/fasthash"
)

// good is a password that the default policy takes.
const good = auth.Password("fifty three stations of the tokaido")

var home = auth.Client{Addr: netip.MustParseAddr("192.0.2.1"), UserAgent: "test", Language: "ja"}

// mailbox is a Mailer that keeps what it is given.
type mailbox struct {
	mu    sync.Mutex
	mails []auth.Mail
	fail  error
}

func (m *mailbox) Send(_ context.Context, mail auth.Mail) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	m.mails = append(m.mails, mail)
	return nil
}

func (m *mailbox) take() []auth.Mail {
	m.mu.Lock()
	defer m.mu.Unlock()
	mails := m.mails
	m.mails = nil
	return mails
}

// token is the secret in a mail's link.
func token(m auth.Mail) auth.Token {
	_, after, _ := strings.Cut(m.Link, "#")
	return auth.Token(after)
}

var testLinks = auth.Links{
	Verify: func(t auth.Token) string { return "https://app.example/verify#" + t.Reveal() },
	Reset:  func(t auth.Token) string { return "https://app.example/reset#" + t.Reveal() },
	SignIn: "https://app.example/login", Forgot: "https://app.example/forgot",
}

// lastingKeys are keys that New takes with every store.
func lastingKeys(t testing.TB) auth.Keys {
	t.Helper()
	keys, err := auth.ParseKeys(auth.NewKey().Reveal())
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// newService makes a service on memory with a fast hasher; change may alter
// the configuration first.
func newService(t testing.TB, change func(*auth.Config)) (*auth.Service, *mailbox) {
	t.Helper()
	box := &mailbox{}
	cfg := auth.Config{
		Stores: memstore.New(), Keys: lastingKeys(t), Mailer: box,
		Password: auth.PasswordConfig{Hasher: fasthash.Hasher{}},
		Logger:   slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&cfg)
	}
	svc, err := auth.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	svc.UseLinks(testLinks)
	return svc, box
}

func creds(email string, p auth.Password) auth.Credentials {
	return auth.Credentials{Email: email, Password: p, Client: home}
}

func mustCreate(t testing.TB, svc *auth.Service, email string) auth.UserID {
	t.Helper()
	id, err := svc.CreateAccount(t.Context(), auth.NewAccount{Email: email, Password: good})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// mustCreateUnverified makes an account as an import would, that has a password
// and has not confirmed its address.
func mustCreateUnverified(t testing.TB, svc *auth.Service, email string) auth.UserID {
	t.Helper()
	id := mustCreate(t, svc, email)
	if err := svc.Accounts().SetState(t.Context(), id, auth.StateUnverified, "import", ""); err != nil {
		t.Fatal(err)
	}
	return id
}

// wantReason fails unless err carries the reason.
func wantReason(t testing.TB, err error, want errcodes.Reason) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v (%s), want %s", err, errcodes.ReasonOf(err), want)
	}
}

func TestSignInWithPassword(t *testing.T) {
	svc, _ := newService(t, nil)
	id := mustCreate(t, svc, "taro@example.com")
	sess, err := svc.Login(t.Context(), creds(" ＴＡＲＯ@Example.com ", good))
	if err != nil {
		t.Fatal(err)
	}
	got, err := svc.Session(t.Context(), sess.Token)
	if err != nil {
		t.Fatal(err)
	}
	if got.UserID != id || got.User.Email != "taro@example.com" || got.Token != "" {
		t.Fatalf("session of %q (%q), token %q", got.UserID, got.User.Email, string(got.Token))
	}
	if err := svc.Logout(t.Context(), sess.Token); err != nil {
		t.Fatal(err)
	}
	_, err = svc.Session(t.Context(), sess.Token)
	wantReason(t, err, errcodes.ReasonSessionExpired)
	_, err = svc.Login(t.Context(), creds("taro@example.com", good+"x"))
	wantReason(t, err, errcodes.ReasonInvalidCredentials)
	_, err = svc.Login(t.Context(), creds("nobody@example.com", good))
	wantReason(t, err, errcodes.ReasonInvalidCredentials)
}
