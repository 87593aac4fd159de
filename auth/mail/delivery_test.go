package mail

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// What the server has taken must not be sent again because of what happens afterwards.
func TestDeliveredIsDelivered(t *testing.T) {
	for _, how := range []*server{{hang: "QUIT"}, {answer: map[string]string{"QUIT": "close"}},
		{answer: map[string]string{"QUIT": "451 no", "RSET": "close"}}} {
		s := how.start(t)
		begin := time.Now()
		if err := mailer(t, s, "smtp", "", Config{}).Send(t.Context(), sample("reset", "en")); err != nil {
			t.Errorf("Send = %v although the server took the mail", err)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("parting took %v", took)
		}
		if n := len(s.received()); n != 1 {
			t.Errorf("%d messages, want 1", n)
		}
	}
}

func TestConnectionsAreClosed(t *testing.T) {
	s := (&server{}).start(t)
	m := mailer(t, s, "smtp", "", Config{})
	m.clear = false // fails at STARTTLS, after which go-mail itself leaves the connection open
	for range 3 {
		if err := m.Send(t.Context(), sample("reset", "en")); err == nil {
			t.Fatal("sent without STARTTLS")
		}
	}
	for end := time.Now().Add(5 * time.Second); ; {
		s.mu.Lock()
		closed := s.closed
		s.mu.Unlock()
		if closed == 3 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d of 3 connections closed", closed)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func TestConcurrentSends(t *testing.T) {
	s := (&server{extensions: []string{"AUTH XUNKNOWN CRAM-MD5", "8BITMIME", "SMTPUTF8"}}).start(t)
	m := mailer(t, s, "smtp", "", Config{})
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if err := m.Send(t.Context(), sample(kinds[i%len(kinds)], []string{"en", "ja"}[i%2])); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(s.received()); n != 20 {
		t.Errorf("%d messages, want 20", n)
	}
	if line, ok := s.saw("MAIL"); !ok || strings.Contains(line, "SMTPUTF8") {
		t.Errorf("%q: SMTPUTF8 asked for without need", line)
	}
}

func TestAddressesOutsideASCII(t *testing.T) {
	with := (&server{extensions: []string{"SMTPUTF8", "8BITMIME"}}).start(t)
	without := (&server{}).start(t)
	mail := sample("verify", "ja")

	mail.To = "taro@例え.jp" // the domain has an ASCII form
	if err := mailer(t, without, "smtp", "", Config{}).Send(t.Context(), mail); err != nil {
		t.Error(err)
	}
	if line, _ := without.saw("RCPT"); line != "RCPT TO:<taro@xn--r8jz45g.jp>" {
		t.Errorf("got %q", line)
	}
	mail.To = "太郎@例え.jp" // the local part has none
	if err := mailer(t, without, "smtp", "", Config{}).Send(t.Context(), mail); err == nil ||
		!strings.Contains(err.Error(), "SMTPUTF8") {
		t.Errorf("Send = %v, want an error about SMTPUTF8", err)
	}
	if err := mailer(t, with, "smtp", "", Config{}).Send(t.Context(), mail); err != nil {
		t.Error(err)
	}
	if line, _ := with.saw("MAIL"); !strings.Contains(line, "SMTPUTF8") {
		t.Errorf("%q lacks SMTPUTF8", line)
	}
}
