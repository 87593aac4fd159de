package mail

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// server is an SMTP server that does what a test tells it.
type server struct {
	t *testing.T
	// answer replaces the answer to a command, by its first word ("" is the greeting, "." the end of the message).
	answer map[string]string
	// hang is the command that is never answered; trickle sends its answer one byte at a time, without an end.
	hang, trickle string
	// extensions are announced besides STARTTLS, which needs cert.
	extensions []string
	cert       *tls.Certificate
	implicit   bool

	listener net.Listener
	done     sync.WaitGroup

	mu       sync.Mutex
	commands []string
	messages []string
	closed   int
}

func (s *server) start(t *testing.T) *server {
	t.Helper()
	s.t = t
	var err error
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	s.done.Go(func() {
		for {
			conn, err := s.listener.Accept()
			if err != nil {
				return
			}
			s.done.Go(func() { s.serve(conn, stop) })
		}
	})
	t.Cleanup(func() {
		close(stop)
		_ = s.listener.Close()
		s.done.Wait()
	})
	return s
}

func (s *server) addr() string { return s.listener.Addr().String() }

func (s *server) serve(conn net.Conn, stop <-chan struct{}) {
	raw := conn
	defer func() {
		_ = raw.Close()
		s.mu.Lock()
		s.closed++
		s.mu.Unlock()
	}()
	_ = raw.SetDeadline(time.Now().Add(20 * time.Second))
	if s.implicit {
		conn = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{*s.cert}})
	}
	r := bufio.NewReader(conn)
	if !s.reply(conn, r, stop, "", "220 test ESMTP") {
		return
	}
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		s.note(line)
		word, _, _ := strings.Cut(strings.ToUpper(line), " ")
		if !s.reply(conn, r, stop, word, s.standard(conn, word)) {
			return
		}
		switch word {
		case "STARTTLS":
			conn = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{*s.cert}})
			r = bufio.NewReader(conn)
		case "DATA":
			if !s.message(conn, r, stop) {
				return
			}
		case "QUIT":
			return
		}
	}
}

func (s *server) standard(conn net.Conn, word string) string {
	switch word {
	case "EHLO":
		lines := slices.Clone(s.extensions)
		if _, secure := conn.(*tls.Conn); s.cert != nil && !secure {
			lines = append(lines, "STARTTLS")
		}
		answer := "250-test"
		for _, l := range lines {
			answer += "\r\n250-" + l
		}
		return answer + "\r\n250 HELP"
	case "STARTTLS":
		return "220 go ahead"
	case "AUTH":
		return "235 welcome"
	case "DATA":
		return "354 go ahead"
	case "QUIT":
		return "221 bye"
	default:
		return "250 ok"
	}
}

// reply reports whether the conversation goes on.
func (s *server) reply(conn net.Conn, r *bufio.Reader, stop <-chan struct{}, word, standard string) bool {
	if s.hang == word && s.hang != s.trickle || word == "" && s.hang == "greeting" {
		_, _ = r.ReadByte() // until the client gives up
		return false
	}
	if s.trickle != "" && s.trickle == word {
		for {
			if _, err := conn.Write([]byte("2")); err != nil {
				return false
			}
			select {
			case <-stop:
				return false
			case <-time.After(5 * time.Millisecond):
			}
		}
	}
	if a, ok := s.answer[word]; ok {
		standard = a
	}
	if standard == "close" {
		return false
	}
	_, err := fmt.Fprintf(conn, "%s\r\n", standard)
	return err == nil && !strings.HasPrefix(standard, "421")
}

func (s *server) message(conn net.Conn, r *bufio.Reader, stop <-chan struct{}) bool {
	if s.answer["DATA"] != "" {
		return true
	}
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
	s.mu.Lock()
	s.messages = append(s.messages, b.String())
	s.mu.Unlock()
	return s.reply(conn, r, stop, ".", "250 queued")
}

func (s *server) note(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commands = append(s.commands, line)
}

// saw returns the first command that begins with prefix.
func (s *server) saw(prefix string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.commands {
		if strings.HasPrefix(c, prefix) {
			return c, true
		}
	}
	return "", false
}

func (s *server) received() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// certificate is one for 127.0.0.1, and the authority that made it.
func certificate(t *testing.T) (*tls.Certificate, *x509.CertPool) {
	t.Helper()
	ts := httptest.NewTLSServer(http.NotFoundHandler())
	defer ts.Close()
	pool := x509.NewCertPool()
	pool.AddCert(ts.Certificate())
	return &ts.TLS.Certificates[0], pool
}

func mailer(t *testing.T, s *server, scheme, user string, cfg Config) *Mailer {
	t.Helper()
	cfg.URL = scheme + "://" + user + s.addr()
	if cfg.From == "" {
		cfg.From = "Tokaido Rail <no-reply@rail.example>"
	}
	m, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSTARTTLSIsMandatoryOffLoopback(t *testing.T) {
	cert, pool := certificate(t)
	otherPool := x509.NewCertPool()
	for _, tt := range []struct {
		name string
		cert *tls.Certificate
		pool *x509.CertPool
		want string // in the error; "" is success
	}{
		{"not offered", nil, pool, "STARTTLS"},
		{"certificate of nobody known", cert, otherPool, "certificate"},
		{"offered and verified", cert, pool, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := (&server{cert: tt.cert, extensions: []string{"AUTH PLAIN LOGIN"}}).start(t)
			m := mailer(t, s, "smtp", "u:secret%20canary@", Config{TLS: &tls.Config{RootCAs: tt.pool}})
			m.clear = false // as for a host that is not this machine
			err := m.Send(t.Context(), sample("reset", "en"))
			if tt.want == "" {
				if err != nil || len(s.received()) != 1 {
					t.Fatalf("Send = %v, %d messages; want one message", err, len(s.received()))
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Send = %v, want an error that names %q", err, tt.want)
			}
			for _, command := range []string{"AUTH", "MAIL", "RCPT", "DATA"} {
				if line, ok := s.saw(command); ok {
					t.Errorf("the server saw %q without TLS", line)
				}
			}
		})
	}
}

func TestClearNeedsALoopbackPeer(t *testing.T) {
	s := (&server{}).start(t)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if !loopbackPeer(conn) {
		t.Error("127.0.0.1 is not taken for loopback")
	}
	for _, remote := range []string{"192.0.2.1:587", "[2001:db8::1]:587", "nonsense"} {
		if loopbackPeer(peer{conn, remote}) {
			t.Errorf("%s is taken for loopback", remote)
		}
	}
	m := mailer(t, s, "smtp", "", Config{})
	m.connect = func(context.Context, string, string) (net.Conn, error) { return peer{conn, "192.0.2.1:587"}, nil }
	if err := m.Send(t.Context(), sample("reset", "en")); err == nil || !strings.Contains(err.Error(), "off this machine") {
		t.Errorf("a name that leads off the machine: %v", err)
	}
	if line, ok := s.saw("EHLO"); ok {
		t.Errorf("the server saw %q", line)
	}
	for host, want := range map[string]bool{"localhost": true, "127.0.0.9": true, "::1": true, "::ffff:127.0.0.1": true,
		"localhost.example.jp": false, "mail.example.jp": false, "10.0.0.1": false, "0.0.0.0": false} {
		if isLoopback(host) != want {
			t.Errorf("isLoopback(%q) = %v", host, !want)
		}
	}
}

type peer struct {
	net.Conn
	remote string
}

func (p peer) RemoteAddr() net.Addr { return p }
func (p peer) Network() string      { return "tcp" }
func (p peer) String() string       { return p.remote }

func TestImplicitTLSAndAuth(t *testing.T) {
	cert, pool := certificate(t)
	for _, tt := range []struct{ mechanisms, want string }{
		{"AUTH PLAIN LOGIN", "AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00user\x00p:w/d@"))},
		{"AUTH LOGIN PLAIN", "AUTH PLAIN "},
	} {
		s := (&server{cert: cert, implicit: true, extensions: []string{tt.mechanisms}}).start(t)
		m := mailer(t, s, "smtps", "user:p%3Aw%2Fd%40@", Config{TLS: &tls.Config{RootCAs: pool}})
		if err := m.Send(t.Context(), sample("verify", "ja")); err != nil {
			t.Fatal(err)
		}
		if line, ok := s.saw(tt.want); !ok {
			t.Errorf("%s: the server did not see %q but %q", tt.mechanisms, tt.want, line)
		}
	}
	s := (&server{cert: cert, implicit: true, extensions: []string{"AUTH PLAIN"},
		answer: map[string]string{"AUTH": "535 wrong: secret-canary"}}).start(t)
	err := mailer(t, s, "smtps", "user:secret-canary@", Config{TLS: &tls.Config{RootCAs: pool}}).
		Send(t.Context(), sample("verify", "ja"))
	if err == nil || !strings.Contains(err.Error(), "535") || strings.Contains(err.Error(), "secret-canary") {
		t.Errorf("a refused password: %v; want 535, without the password", err)
	}
	s = (&server{}).start(t)
	if err := mailer(t, s, "smtp", "user:pw@", Config{}).Send(t.Context(), sample("verify", "ja")); err == nil {
		t.Error("a server without AUTH was accepted although there is a password")
	}
}

func TestRefusals(t *testing.T) {
	for word, answer := range map[string]string{
		"":     "554 no",
		"EHLO": "close",
		"MAIL": "451 4.7.1 try later, you@rail.example",
		"RCPT": "550 5.1.1 <traveller@example.jp>: no such user",
		"DATA": "452 4.3.1 no room",
		".":    "451 4.3.0 greylisted for traveller@example.jp",
	} {
		s := (&server{answer: map[string]string{word: answer}}).start(t)
		err := mailer(t, s, "smtp", "", Config{}).Send(t.Context(), sample("reset", "en"))
		if err == nil {
			t.Errorf("%q answered %q: no error", word, answer)
			continue
		}
		if code := answer[:3]; code != "clo" && !strings.Contains(err.Error(), code) {
			t.Errorf("%q answered %q: the error does not name it: %v", word, answer, err)
		}
		for _, secret := range []string{"traveller", "token=", "\n", "\r"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%q answered %q: the error tells %q: %v", word, answer, secret, err)
			}
		}
	}
}

// A server that hangs anywhere, or that keeps the line busy without ever finishing an answer, is given up when the context
// ends and after Config.Timeout.
func TestHangingServerEnds(t *testing.T) {
	stages := []string{"greeting", "EHLO", "MAIL", "RCPT", "DATA", "."}
	for _, stage := range stages {
		for _, how := range []string{"hang", "trickle"} {
			if how == "trickle" && stage == "greeting" {
				continue
			}
			t.Run(stage+"/"+how, func(t *testing.T) {
				t.Parallel()
				s := &server{hang: stage}
				if how == "trickle" {
					s = &server{trickle: stage}
				}
				s.start(t)
				m := mailer(t, s, "smtp", "", Config{Timeout: 12 * time.Second})
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
				begin := time.Now()
				if err := m.Send(ctx, sample("reset", "ja")); err == nil || ctx.Err() == nil {
					t.Errorf("Send = %v, want the end of the context", err)
				}
				if took := time.Since(begin); took > 5*time.Second {
					t.Errorf("it took %v", took)
				}
				m.timeout = 100 * time.Millisecond
				if err := m.Send(t.Context(), sample("reset", "ja")); err == nil {
					t.Error("Send succeeded")
				}
				if took := time.Since(begin); took > 10*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		}
	}
}
