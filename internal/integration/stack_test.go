package integration

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"mime"
	"mime/quotedprintable"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	netmail "net/mail"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/authhttp"
	"github.com/sekisho-auth/sekisho/auth/mail"
	"github.com/sekisho-auth/sekisho/auth/memstore"
)

const (
	product        = "東海道レール"
	firstPassword  = "a quiet road past forty pine trees"
	secondPassword = "the ferry waits below the old castle"
	patience       = 30 * time.Second
)

// skipOrFail is for a server that is not installed: nothing may be skipped where it counts.
func skipOrFail(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// stack is the whole library behind HTTP, with a worker that sends mail.
type stack struct {
	t    *testing.T
	base string
	log  *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newStack(t *testing.T, mailer auth.Mailer) *stack {
	t.Helper()
	x := &stack{t: t, log: &lockedBuffer{}}
	logger := slog.New(slog.NewTextHandler(x.log, nil))
	svc, err := auth.New(auth.Config{
		Stores: memstore.New(), Keys: auth.EphemeralKey(), Name: product, Mailer: mailer, Logger: logger,
		Password: auth.PasswordConfig{Cost: 4, InsecureLowCost: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	var web http.Handler
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { web.ServeHTTP(w, r) }))
	x.base = ts.URL
	if web, err = authhttp.New(svc, authhttp.Config{Origin: ts.URL, Logger: logger}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var worker sync.WaitGroup
	worker.Go(func() {
		if err := svc.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		ts.Close()
		cancel()
		worker.Wait()
	})
	return x
}

func (x *stack) client() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		x.t.Fatal(err)
	}
	return &http.Client{Jar: jar, Timeout: patience}
}

// post sends JSON and wants a status.
func (x *stack) post(c *http.Client, lang, path string, fields map[string]string, want int) string {
	x.t.Helper()
	body, err := json.Marshal(fields)
	if err != nil {
		x.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(x.t.Context(), http.MethodPost, x.base+path, bytes.NewReader(body))
	if err != nil {
		x.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept-Language", lang)
	resp, err := c.Do(req)
	if err != nil {
		x.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		x.t.Fatal(err)
	}
	if resp.StatusCode != want {
		x.t.Fatalf("%s: status %d, want %d: %s\nlog:\n%s", path, resp.StatusCode, want, answer, x.log)
	}
	return string(answer)
}

// letter is a mail as a mail program shows it.
type letter struct{ subject, from, to, text string }

func read(t *testing.T, raw string) letter {
	t.Helper()
	msg, err := netmail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, raw)
	}
	var body io.Reader = msg.Body
	switch msg.Header.Get("Content-Transfer-Encoding") {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	from, err := msg.Header.AddressList("From")
	if err != nil {
		t.Fatal(err)
	}
	if msg.Header.Get("Auto-Submitted") != "auto-generated" || msg.Header.Get("Message-Id") == "" {
		t.Errorf("headers %v", msg.Header)
	}
	return letter{subject, from[0].String(), msg.Header.Get("To"), strings.ReplaceAll(string(text), "\r\n", "\n")}
}

// sink is where a server puts mails: raw messages, in any order.
type sink func() []string

// wait returns the mail with a subject.
func (s sink) wait(t *testing.T, x *stack, subject string) letter {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var seen []string
	for end := time.Now().Add(patience); time.Now().Before(end); <-tick.C {
		seen = seen[:0]
		for _, raw := range s() {
			l := read(t, raw)
			if l.subject == subject {
				return l
			}
			seen = append(seen, l.subject)
		}
	}
	t.Fatalf("no mail %q, only %q; log:\n%s", subject, seen, x.log)
	return letter{}
}

var linkLine = regexp.MustCompile(`(?m)^https?://\S+$`)

func tokenOf(t *testing.T, l letter) string {
	t.Helper()
	found := linkLine.FindAllString(l.text, -1)
	if len(found) != 1 {
		t.Fatalf("%d links on lines of their own in:\n%s", len(found), l.text)
	}
	u, err := url.Parse(found[0])
	if err != nil || u.Query().Get("token") == "" {
		t.Fatalf("link %q: %v", found[0], err)
	}
	return u.Query().Get("token")
}

func newMailer(t *testing.T, cfg mail.Config) *mail.Mailer {
	t.Helper()
	if cfg.From == "" {
		cfg.From = product + " <no-reply@rail.example>"
	}
	m, err := mail.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// subjects are what a person sees in the list of mails.
var subjects = map[string][2]string{
	"ja": {"【東海道レール】メールアドレスの確認", "【東海道レール】パスワードの再設定"},
	"en": {"Confirm your email address for 東海道レール", "Reset your password for 東海道レール"},
}

// roundTrip signs up, confirms by the mailed link, signs in, resets by the mailed link and signs in again.
func roundTrip(t *testing.T, mailer auth.Mailer, mails sink) {
	t.Helper()
	x := newStack(t, mailer)
	for _, lang := range []string{"ja", "en"} {
		c := x.client()
		email := "taro-" + lang + "@example.jp"
		x.post(c, lang, "/auth/register", map[string]string{"email": email, "password": firstPassword}, http.StatusAccepted)
		verify := mails.wait(t, x, subjects[lang][0])
		if !strings.Contains(verify.to, email) || !strings.Contains(verify.from, "no-reply@rail.example") {
			t.Errorf("from %s to %s", verify.from, verify.to)
		}
		x.post(c, lang, "/auth/email/verify", map[string]string{"token": tokenOf(t, verify)}, http.StatusOK)
		x.post(c, lang, "/auth/login", map[string]string{"email": email, "password": firstPassword}, http.StatusOK)

		x.post(c, lang, "/auth/password/forgot", map[string]string{"email": email}, http.StatusAccepted)
		reset := mails.wait(t, x, subjects[lang][1])
		x.post(c, lang, "/auth/password/reset", map[string]string{"token": tokenOf(t, reset), "password": secondPassword}, http.StatusOK)
		x.post(c, lang, "/auth/login", map[string]string{"email": email, "password": firstPassword}, http.StatusUnauthorized)
		x.post(c, lang, "/auth/login", map[string]string{"email": email, "password": secondPassword}, http.StatusOK)
		if lang == "ja" && !strings.Contains(reset.text, "パスワードを再設定するには") {
			t.Errorf("the text is not Japanese:\n%s", reset.text)
		}
	}
	for _, secret := range []string{"token=", "taro-", firstPassword, secondPassword} {
		if strings.Contains(x.log.String(), secret) {
			t.Errorf("the log tells %q:\n%s", secret, x.log)
		}
	}
}
