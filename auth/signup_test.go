package auth_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/internal/passhash/fasthash"
	tok "github.com/sekisho-auth/sekisho/internal/token"
)

// running starts the worker in a bubble; the returned function stops it.
func running(t *testing.T, svc *auth.Service) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- svc.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func register(email string, browser auth.Token) auth.Registration {
	return auth.Registration{Email: email, Password: good, Browser: browser, Client: home}
}

// mailed waits for the worker and returns the one mail it sent.
func mailed(t *testing.T, box *mailbox, kind, to string) auth.Mail {
	t.Helper()
	synctest.Wait()
	mails := box.take()
	if len(mails) != 1 || mails[0].Kind != kind || mails[0].To != to {
		t.Fatalf("got %d mails %+v, want one %q to %s", len(mails), mails, kind, to)
	}
	return mails[0]
}

func TestSignUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box := newService(t, noLimits)
		running(t, svc)
		browser := auth.Token(tok.New())
		if err := svc.Register(t.Context(), register("Ｔaro@Example.com", browser)); err != nil {
			t.Fatal(err)
		}
		m := mailed(t, box, "verify", "taro@example.com")
		if m.Language != "ja" || m.Minutes != 24*60 {
			t.Errorf("mail %+v", m)
		}
		_, err := svc.Login(t.Context(), creds("taro@example.com", good))
		wantReason(t, err, errcodes.ReasonInvalidCredentials) // no account before the link is used

		v := auth.Verification{Token: token(m), Browser: browser, Client: home}
		if needs, err := svc.VerifyNeedsPassword(t.Context(), v); err != nil || needs {
			t.Fatalf("in the same browser: needs %v, %v", needs, err)
		}
		if _, err := svc.VerifyEmail(t.Context(), v); err != nil {
			t.Fatal(err)
		}
		if _, err := svc.Login(t.Context(), creds("taro@example.com", good)); err != nil {
			t.Fatal(err)
		}
		_, err = svc.VerifyEmail(t.Context(), v)
		wantReason(t, err, errcodes.ReasonLinkExpired)

		// A second sign-up of the address is told to its owner only.
		if err := svc.Register(t.Context(), register("taro@example.com", browser)); err != nil {
			t.Fatal(err)
		}
		mailed(t, box, "already_registered", "taro@example.com")
	})
}

func TestAStrangersSignUpNeverSetsThePassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box := newService(t, noLimits)
		running(t, svc)
		if err := svc.Register(t.Context(), register("victim@example.com", auth.Token(tok.New()))); err != nil {
			t.Fatal(err)
		}
		link := token(mailed(t, box, "verify", "victim@example.com"))
		for name, browser := range map[string]auth.Token{"no cookie": "", "another cookie": auth.Token(tok.New()), "junk": "x"} {
			v := auth.Verification{Token: link, Browser: browser, Client: home}
			if needs, err := svc.VerifyNeedsPassword(t.Context(), v); err != nil || !needs {
				t.Errorf("%s: needs %v, %v", name, needs, err)
			}
			_, err := svc.VerifyEmail(t.Context(), v)
			wantReason(t, err, errcodes.ReasonWeakPassword)
		}
		const own = auth.Password("the owner's own choice of words")
		v := auth.Verification{Token: link, Password: own, Client: home}
		if _, err := svc.VerifyEmail(t.Context(), v); err != nil {
			t.Fatal(err)
		}
		_, err := svc.Login(t.Context(), creds("victim@example.com", good))
		wantReason(t, err, errcodes.ReasonInvalidCredentials)
		if _, err := svc.Login(t.Context(), creds("victim@example.com", own)); err != nil {
			t.Error(err)
		}
	})
}

func TestOneLinkVoidsTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box := newService(t, noLimits)
		running(t, svc)
		browser := auth.Token(tok.New())
		var links []auth.Token
		for range 5 { // three live at most
			if err := svc.Register(t.Context(), register("taro@example.com", browser)); err != nil {
				t.Fatal(err)
			}
			links = append(links, token(mailed(t, box, "verify", "taro@example.com")))
			time.Sleep(time.Second)
		}
		use := func(i int) error {
			_, err := svc.VerifyEmail(t.Context(), auth.Verification{Token: links[i], Browser: browser, Client: home})
			return err
		}
		wantReason(t, use(0), errcodes.ReasonLinkExpired)
		wantReason(t, use(1), errcodes.ReasonLinkExpired)
		if err := use(3); err != nil {
			t.Fatal(err)
		}
		wantReason(t, use(2), errcodes.ReasonLinkExpired)
		wantReason(t, use(4), errcodes.ReasonLinkExpired)
	})
}

func TestSignUpLinkExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box := newService(t, noLimits)
		running(t, svc)
		browser := auth.Token(tok.New())
		if err := svc.Register(t.Context(), register("taro@example.com", browser)); err != nil {
			t.Fatal(err)
		}
		v := auth.Verification{Token: token(mailed(t, box, "verify", "taro@example.com")), Browser: browser, Client: home}
		time.Sleep(24*time.Hour + time.Second)
		_, err := svc.VerifyEmail(t.Context(), v)
		wantReason(t, err, errcodes.ReasonLinkExpired)
	})
}

// meeting makes the first hundred writes of a kind wait for each other, so
// that all have read before any has written.
type meeting struct {
	auth.UserStore
	create, set *barrier
}

type barrier struct {
	arrived atomic.Int32
	open    chan struct{}
}

func (b *barrier) wait() {
	if b.arrived.Add(1) == 100 {
		close(b.open)
	}
	<-b.open
}

func (m meeting) Create(ctx context.Context, n auth.NewUser) (auth.UserID, error) {
	m.create.wait()
	return m.UserStore.Create(ctx, n)
}

func (m meeting) SetPasswordHash(ctx context.Context, id auth.UserID, old, new string, end bool) (bool, error) {
	if end {
		m.set.wait()
	}
	return m.UserStore.SetPasswordHash(ctx, id, old, new, end)
}

func TestOnceMeansOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box := newService(t, func(c *auth.Config) {
			noLimits(c)
			c.Stores.Users = meeting{c.Stores.Users, &barrier{open: make(chan struct{})}, &barrier{open: make(chan struct{})}}
			c.Password.Hasher, c.Password.Slots, c.Password.Queue = fasthash.Hasher{}, 100, 200
		})
		running(t, svc)
		browser := auth.Token(tok.New())
		if err := svc.Register(t.Context(), register("taro@example.com", browser)); err != nil {
			t.Fatal(err)
		}
		link := token(mailed(t, box, "verify", "taro@example.com"))
		got := parallel(100, func() error {
			_, err := svc.VerifyEmail(t.Context(), auth.Verification{Token: link, Browser: browser, Client: home})
			return err
		})
		if got[""] != 1 || got[errcodes.ReasonLinkExpired] != 99 {
			t.Errorf("100 uses of one sign-up link: %v", got)
		}
		if err := svc.Recovery().Request(t.Context(), "taro@example.com", home); err != nil {
			t.Fatal(err)
		}
		reset := token(mailed(t, box, "reset", "taro@example.com"))
		got = parallel(100, func() error {
			return svc.Recovery().Reset(t.Context(), reset, "another pass phrase entirely", home)
		})
		if got[""] != 1 || got[errcodes.ReasonLinkExpired] != 99 {
			t.Errorf("100 uses of one reset link: %v", got)
		}
		synctest.Wait()
		box.take()
		sess, err := svc.Login(t.Context(), creds("taro@example.com", "another pass phrase entirely"))
		if err != nil {
			t.Fatal(err)
		}
		got = parallel(5, func() error { // five slots of the session's counter
			_, err := svc.Reauthenticate(t.Context(), sess.Token, "another pass phrase entirely", home)
			return err
		})
		if got[""] != 1 {
			t.Errorf("one session was renewed %d times at once: %v", got[""], got)
		}
	})
}

func TestResend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box := newService(t, noLimits)
		running(t, svc)
		resend := func(email string) {
			t.Helper()
			if err := svc.ResendVerification(t.Context(), email, home); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		resend("nobody@example.com")
		mustCreate(t, svc, "active@example.com")
		resend("active@example.com")
		if mails := box.take(); len(mails) != 0 {
			t.Fatalf("nothing is to be confirmed, yet mails went out: %+v", mails)
		}
		browser := auth.Token(tok.New())
		if err := svc.Register(t.Context(), register("taro@example.com", browser)); err != nil {
			t.Fatal(err)
		}
		mailed(t, box, "verify", "taro@example.com") // lost on its way
		resend("taro@example.com")
		m := mailed(t, box, "verify", "taro@example.com")
		if _, err := svc.VerifyEmail(t.Context(), auth.Verification{Token: token(m), Browser: browser, Client: home}); err != nil {
			t.Fatalf("the second link keeps the password chosen at sign-up: %v", err)
		}
		if _, err := svc.Login(t.Context(), creds("taro@example.com", good)); err != nil {
			t.Fatal(err)
		}

		id := mustCreateUnverified(t, svc, "new@example.com")
		_, err := svc.Login(t.Context(), creds("new@example.com", good))
		wantReason(t, err, errcodes.ReasonEmailNotVerified)
		resend("new@example.com")
		m = mailed(t, box, "verify", "new@example.com")
		got, err := svc.VerifyEmail(t.Context(), auth.Verification{Token: token(m), Client: home})
		if err != nil || got != id {
			t.Fatalf("%q, %v", got, err)
		}
		if _, err := svc.Login(t.Context(), creds("new@example.com", good)); err != nil {
			t.Fatal(err)
		}
		_, err = svc.VerifyEmail(t.Context(), auth.Verification{Token: token(m), Client: home})
		wantReason(t, err, errcodes.ReasonLinkExpired)
	})
}

func TestPasswordPolicy(t *testing.T) {
	breached := breachStub{"this one has leaked before": nil, "the service is down today": errors.New("down")}
	svc, _ := newService(t, func(c *auth.Config) {
		noLimits(c)
		c.Name, c.Password.Breach = "Tokaido Rail", breached
	})
	for p, ok := range map[auth.Password]bool{
		good:                         true,
		"fourteen chars":             false,
		"fifteen chars!!":            true,
		"":                           false,
		"taro@example.com":           false,
		"tokaido railtokaido rail":   false,
		"this one has leaked before": false,
		"the service is down today":  true, // fails open
		auth.Password(strings.Repeat("漢字仮名交じり文章", 7)): true, // 63 characters, 189 bytes
		"\xff\xfe invalid utf-8 in here":              false,
	} {
		err := svc.Register(t.Context(), auth.Registration{Email: "taro@example.com", Password: p, Client: home})
		if (err == nil) != ok {
			t.Errorf("%q: %v, want accepted=%v", string(p), err, ok)
		}
		if err != nil && errcodes.CodeOf(err) == 0 {
			t.Errorf("%q: error outside the taxonomy", string(p))
		}
	}
}

type breachStub map[string]error

func (b breachStub) Breached(_ context.Context, p string) (bool, error) {
	err, known := b[p]
	return known && err == nil, err
}

func TestSourceLimitOnRequests(t *testing.T) {
	svc, _ := newService(t, nil)
	for range 10 {
		if err := svc.Recovery().Request(t.Context(), "a@example.com", home); err != nil {
			t.Fatal(err)
		}
	}
	wantReason(t, svc.Recovery().Request(t.Context(), "b@example.com", home), errcodes.ReasonRateLimited)
	wantReason(t, svc.ResendVerification(t.Context(), "b@example.com", home), errcodes.ReasonRateLimited)
	wantReason(t, svc.Register(t.Context(), register("b@example.com", "")), errcodes.ReasonRateLimited)
}

func TestMailLimitLeavesALinkThatWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, box := newService(t, func(c *auth.Config) { c.Limits.Requests.Rate, c.Limits.Requests.Burst = 1000, 1000 })
		running(t, svc)
		mustCreate(t, svc, "taro@example.com")
		for range 50 { // somebody floods the owner's mailbox
			if err := svc.Recovery().Request(t.Context(), "taro@example.com", home); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			time.Sleep(time.Second)
		}
		mails := box.take()
		if len(mails) != 3 {
			t.Fatalf("%d mails went out, want 3", len(mails))
		}
		if err := svc.Recovery().Reset(t.Context(), token(mails[2]), "another pass phrase entirely", home); err != nil {
			t.Errorf("the last link in the mailbox: %v", err)
		}
	})
}
