package integration

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/mail"
)

// box is a mail server in this process.
type box struct {
	password string // wanted by AUTH PLAIN, if set
	refuse   int    // so many messages are answered 451
	hang     bool   // MAIL FROM is never answered

	mu       sync.Mutex
	messages []string
	began    int // MAIL FROM seen
	secure   int // of them over TLS
	refused  int
	end      chan struct{}
}

func (b *box) NewSession(c *smtp.Conn) (smtp.Session, error) { return &session{b: b, conn: c}, nil }

func (b *box) received() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.messages)
}

func (b *box) counts() (began, secure, refused int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.began, b.secure, b.refused
}

type session struct {
	b      *box
	conn   *smtp.Conn
	authed bool
}

var errAuth = &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "who are you"}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "rail" || password != s.b.password {
			return errAuth
		}
		s.authed = true
		return nil
	}), nil
}

func (s *session) Mail(string, *smtp.MailOptions) error {
	s.b.mu.Lock()
	s.b.began++
	if _, ok := s.conn.TLSConnectionState(); ok {
		s.b.secure++
	}
	s.b.mu.Unlock()
	if s.b.hang {
		<-s.b.end
		return errors.New("too late")
	}
	if s.b.password != "" && !s.authed {
		return errAuth
	}
	return nil
}

func (*session) Rcpt(string, *smtp.RcptOptions) error { return nil }

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	if s.b.refused < s.b.refuse {
		s.b.refused++
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted, come back"}
	}
	s.b.messages = append(s.b.messages, string(raw))
	return nil
}

func (*session) Reset()        {}
func (*session) Logout() error { return nil }

// serve starts the server and returns its port. config makes STARTTLS available, implicit is TLS at once.
func (b *box) serve(t *testing.T, config *tls.Config, implicit bool) string {
	t.Helper()
	b.end = make(chan struct{})
	s := smtp.NewServer(b)
	s.Domain, s.TLSConfig, s.AllowInsecureAuth = "localhost", config, false
	s.ErrorLog = silent{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	if implicit {
		l = tls.NewListener(l, config)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l)
	}()
	t.Cleanup(func() {
		close(b.end)
		_ = s.Close()
		<-done
	})
	return port
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

// authority makes a certificate for localhost and away, and the pool that trusts it.
func authority(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost", away},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}},
		&tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}
}

func TestRoundTripInTheClearOnLoopback(t *testing.T) {
	b := &box{}
	port := b.serve(t, nil, false)
	roundTrip(t, newMailer(t, mail.Config{URL: "smtp://127.0.0.1:" + port}), b.received)
}

func TestRoundTripWithTLS(t *testing.T) {
	server, client := authority(t)
	for scheme, host := range map[string]string{"smtp": away, "smtps": "localhost"} {
		t.Run(scheme, func(t *testing.T) {
			b := &box{password: "p w:ö/@"}
			port := b.serve(t, server, scheme == "smtps")
			roundTrip(t, newMailer(t, mail.Config{URL: scheme + "://rail:p%20w%3A%C3%B6%2F%40@" + host + ":" + port, TLS: client}), b.received)
			if began, secure, _ := b.counts(); began == 0 || began != secure {
				t.Errorf("%d of %d mails over TLS", secure, began)
			}
		})
	}
}

func sample() auth.Mail {
	return auth.Mail{Kind: "reset", To: "taro@example.jp", Language: "ja", Product: product, Minutes: 30,
		Link: "https://rail.example/auth/password/reset?token=x", Reference: "7Q3KM2XP9D"}
}

// Without STARTTLS, or with a certificate of nobody known, nothing of a mail leaves the machine, and no password.
func TestSTARTTLSRefused(t *testing.T) {
	server, client := authority(t)
	_, stranger := authority(t)
	for name, tt := range map[string]struct {
		server, client *tls.Config
		password       string
		want           string
	}{
		"not offered":    {nil, client, "secret", "STARTTLS"},
		"not trusted":    {server, stranger, "secret", "certificate"},
		"wrong password": {server, client, "other", "535"},
	} {
		b := &box{password: "secret"}
		port := b.serve(t, tt.server, false)
		m := newMailer(t, mail.Config{URL: "smtp://rail:" + tt.password + "@" + away + ":" + port, TLS: tt.client})
		err := m.Send(t.Context(), sample())
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "taro") {
			t.Errorf("%s: %v, want an error that says %q", name, err, tt.want)
		}
		if began, _, _ := b.counts(); began != 0 {
			t.Errorf("%s: the server saw a sender", name)
		}
	}
}

// A server that says "later" is asked again later, and the visitor notices nothing.
func TestTemporaryRefusal(t *testing.T) {
	t.Parallel()
	b := &box{refuse: 1}
	port := b.serve(t, nil, false)
	m := newMailer(t, mail.Config{URL: "smtp://127.0.0.1:" + port})
	if err := m.Send(t.Context(), sample()); err == nil || !strings.Contains(err.Error(), "451") {
		t.Errorf("Send = %v, want 451", err)
	}
	b.mu.Lock()
	b.refused = 0
	b.mu.Unlock()
	x := newStack(t, m)
	c := x.client()
	x.post(c, "ja", "/auth/register", map[string]string{"email": "taro@example.jp", "password": firstPassword}, http.StatusAccepted)
	verify := sink(b.received).wait(t, x, subjects["ja"][0])
	x.post(c, "ja", "/auth/email/verify", map[string]string{"token": tokenOf(t, verify)}, http.StatusOK)
	if _, _, refused := b.counts(); refused != 1 || len(b.received()) != 1 {
		t.Errorf("%d refused, %d received; want 1 and 1", refused, len(b.received()))
	}
}

// A server that hangs ends with the context, and no visitor waits for it.
func TestHangingServer(t *testing.T) {
	b := &box{hang: true}
	port := b.serve(t, nil, false)
	m := newMailer(t, mail.Config{URL: "smtp://127.0.0.1:" + port, Timeout: time.Second})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if err := m.Send(ctx, sample()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Send = %v, want the end of the context", err)
	}
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("it took %v", took)
	}
	x := newStack(t, m)
	begin = time.Now()
	x.post(x.client(), "ja", "/auth/register", map[string]string{"email": "taro@example.jp", "password": firstPassword}, http.StatusAccepted)
	if took := time.Since(begin); took > 500*time.Millisecond {
		t.Errorf("the visitor waited %v", took)
	}
}
