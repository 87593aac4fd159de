package mail

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
)

func sample(kind, language string) auth.Mail {
	return auth.Mail{
		Kind: kind, Language: language, To: "traveller@example.jp", Product: "Tokaido Rail",
		Link:    "https://rail.example/auth/password/reset?token=mGkqz7cQ0n4wXy1tVb2uHs9dJf3aLp6eRi8oZkT5xWc",
		Minutes: 30, Reference: "7Q3KM2XP9D",
	}
}

// open reads a message as a mail program does.
func open(t *testing.T, raw string) (netmail.Header, string) {
	t.Helper()
	msg, err := netmail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, raw)
	}
	var body io.Reader = msg.Body
	switch enc := msg.Header.Get("Content-Transfer-Encoding"); enc {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	default:
		t.Fatalf("Content-Transfer-Encoding %q", enc)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return msg.Header, strings.ReplaceAll(string(text), "\r\n", "\n")
}

func TestSend(t *testing.T) {
	s := (&server{}).start(t)
	m := mailer(t, s, "smtp", "", Config{From: "東海道レール <no-reply@rail.example>", ReplyTo: "desk@rail.example"})
	for _, language := range []string{"en", "ja"} {
		for _, kind := range kinds {
			want := sample(kind, language)
			if err := m.Send(t.Context(), want); err != nil {
				t.Fatal(err)
			}
			all := s.received()
			raw := all[len(all)-1]
			for line := range strings.SplitSeq(raw, "\r\n") {
				if len(line) > 78 || !isASCII(line) {
					t.Errorf("%s/%s: a line of %d bytes, or not ASCII: %q", language, kind, len(line), line)
				}
			}
			header, text := open(t, raw)
			rendered, err := m.Render(want)
			if err != nil {
				t.Fatal(err)
			}
			if text != rendered.Text {
				t.Errorf("%s/%s: the mail says %q, Render %q", language, kind, text, rendered.Text)
			}
			checkHeader(t, header, rendered.Subject, language)
		}
	}
}

func checkHeader(t *testing.T, header netmail.Header, subject, language string) {
	t.Helper()
	got, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
	if err != nil || got != subject {
		t.Errorf("Subject %q, want %q", got, subject)
	}
	for name, want := range map[string]string{
		"Auto-Submitted": "auto-generated", "Content-Language": language, "Reply-To": "<desk@rail.example>",
		"Content-Type": "text/plain; charset=UTF-8", "To": "<traveller@example.jp>",
	} {
		if header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, header.Get(name), want)
		}
	}
	if id := header.Get("Message-Id"); !strings.HasSuffix(id, "@rail.example>") || len(id) < 30 {
		t.Errorf("Message-ID %q is not on the sender's domain", id)
	}
	if date, err := header.Date(); err != nil || time.Since(date).Abs() > time.Minute {
		t.Errorf("Date %v, %v", date, err)
	}
	if from, err := header.AddressList("From"); err != nil || from[0].Name != "東海道レール" {
		t.Errorf("From %v, %v", from, err)
	}
	names := []string{"Auto-Submitted", "Content-Language", "Content-Transfer-Encoding", "Content-Type", "Date", "From",
		"Message-Id", "Mime-Version", "Reply-To", "Subject", "To", "X-Auto-Response-Suppress"}
	for name, values := range header {
		if !slices.Contains(names, name) || len(values) != 1 {
			t.Errorf("unexpected header %s: %q", name, values)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	const from = "no-reply@rail.example"
	for _, tt := range []struct {
		name string
		cfg  Config
		want string
	}{
		{"nothing", Config{}, "Config.URL is empty"},
		{"unreadable", Config{URL: "smtp://u:secret-canary%@h", From: from}, "percent-encode"},
		{"control character", Config{URL: "smtp://u:secret-canary@h\r\n", From: from}, "percent-encode"},
		{"scheme", Config{URL: "https://u:secret-canary@h", From: from}, "smtp://"},
		{"no scheme", Config{URL: "mail.example.jp:587", From: from}, "smtp"},
		{"no host", Config{URL: "smtp://:587", From: from}, "host"},
		{"path", Config{URL: "smtp://h/secret-canary", From: from}, "host and port alone"},
		{"query", Config{URL: "smtp://h?tls=off", From: from}, "host and port alone"},
		{"port", Config{URL: "smtp://u:secret-canary@h:99999", From: from}, "port"},
		{"user without password", Config{URL: "smtp://secret-canary@h", From: from}, "both user and password"},
		{"no sender", Config{URL: "smtp://h"}, "Config.From"},
		{"two senders", Config{URL: "smtp://h", From: "a@example.jp, b@example.jp"}, "Config.From"},
		{"sender with a line", Config{URL: "smtp://h", From: "A\r\nBcc: x@example.jp <a@example.jp>"}, "Config.From"},
		{"sender's domain", Config{URL: "smtp://h", From: "a@-x-.jp"}, "Config.From"},
		{"reply", Config{URL: "smtp://h", From: from, ReplyTo: "x"}, "Config.ReplyTo"},
		{"hello", Config{URL: "smtp://h", From: from, Hello: "a\r\nQUIT"}, "Config.Hello"},
		{"timeout", Config{URL: "smtp://h", From: from, Timeout: -1}, "Config.Timeout"},
	} {
		m, err := New(tt.cfg)
		if m != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want an error that says %q", tt.name, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret-canary") {
			t.Errorf("%s: the error tells the password: %v", tt.name, err)
		}
	}
}

func TestNothingPrintsThePassword(t *testing.T) {
	cfg := Config{URL: "smtp://user:secret-canary@mail.example.jp", From: "a@example.jp"}
	m, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	type holds struct {
		Config Config
		m      *Mailer
		v      Mailer
	}
	var b strings.Builder
	for _, v := range []any{cfg, &cfg, m, *m, holds{cfg, m, *m}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&b, verb+"\n", v)
		}
		j, _ := json.Marshal(v)
		b.Write(j)
		slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&b, nil)).Info("x", "v", v)
	}
	for _, canary := range []string{"secret-canary", fmt.Sprintf("%x", "secret-canary")} {
		if strings.Contains(b.String(), canary) {
			t.Errorf("the password shows in:\n%s", b.String())
		}
	}
}

func TestSendRefusesWhatCannotBeSent(t *testing.T) {
	s := (&server{}).start(t)
	m := mailer(t, s, "smtp", "", Config{})
	change := map[string]func(*auth.Mail){
		"no address":          func(m *auth.Mail) { m.To = "" },
		"line in the address": func(m *auth.Mail) { m.To = "a@example.jp\r\nBcc: b@example.jp" },
		"line in quotes":      func(m *auth.Mail) { m.To = "\"a\r\n b\"@example.jp" },
		"display name":        func(m *auth.Mail) { m.To = "A <a@example.jp>" },
		"two addresses":       func(m *auth.Mail) { m.To = "a@example.jp, b@example.jp" },
		"hidden character":    func(m *auth.Mail) { m.To = "a\u202eb@example.jp" },
		"not UTF-8":           func(m *auth.Mail) { m.To = "a\xff@example.jp" },
		"long":                func(m *auth.Mail) { m.To = strings.Repeat("a", 250) + "@example.jp" },
		"kind":                func(m *auth.Mail) { m.Kind = "invoice" },
		"no link":             func(m *auth.Mail) { m.Link = "" },
		"line in the link":    func(m *auth.Mail) { m.Link = "https://a.example/\r\nevil" },
		"space in the link":   func(m *auth.Mail) { m.Link = "https://a.example/ evil" },
		"script":              func(m *auth.Mail) { m.Link = "javascript:alert(1)" },
		"relative link":       func(m *auth.Mail) { m.Link = "/auth/password/reset" },
	}
	for name, f := range change {
		mail := sample("reset", "en")
		f(&mail)
		if err := m.Send(t.Context(), mail); err == nil {
			t.Errorf("%s: sent", name)
		} else if strings.Contains(err.Error(), "example") || strings.Contains(err.Error(), "evil") {
			t.Errorf("%s: the error repeats it: %v", name, err)
		}
	}
	if n := len(s.received()); n != 0 {
		t.Errorf("%d messages sent", n)
	}
}

// Whatever stands in a mail, no header and no recipient but the expected ones comes out of it.
func FuzzHeaders(f *testing.F) {
	f.Add("a@example.jp", "Tokaido Rail", "https://rail.example/x?token=1", "7Q3KM2XP9D", "ja", "reset", 30)
	f.Add("a@example.jp\r\nBcc: b@example.jp", "P\r\nBcc: b@example.jp\r\n\r\nText", "https://a\r\n.", "\n", "ja-JP", "locked", 0)
	f.Add("\"a\\\r\n\"@example.jp", "P\u2028\u0085\x00\u202e", "http://x/\x7f", "..", "../en", "verify", 60)
	f.Add("a@例え.jp", strings.Repeat("長い名前 ", 60), "https://例え.jp/", "7Q3K-M2XP-9D", "zh-Hant-TW", "account_created", -5)
	m, err := New(Config{URL: "smtp://mail.example.jp", From: "Rail <no-reply@rail.example>", ReplyTo: "desk@rail.example"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, to, product, link, ref, language, kind string, minutes int) {
		mail := auth.Mail{To: to, Product: product, Link: link, Reference: ref, Language: language, Kind: kind, Minutes: minutes}
		text, err := m.Render(mail)
		if err != nil {
			return
		}
		if text.Subject == "" || strings.ContainsFunc(text.Subject, unprintable) {
			t.Errorf("Subject %q", text.Subject)
		}
		rcpt, err := address(to)
		if err != nil {
			return
		}
		var b strings.Builder
		if _, err := m.compose(rcpt, text).WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		header, body := open(t, b.String())
		if body != text.Text {
			t.Errorf("body %q, want %q", body, text.Text)
		}
		if len(header) != 12 {
			t.Errorf("%d headers: %v", len(header), header)
		}
		for name, values := range header {
			if len(values) != 1 || name == "Bcc" || name == "Cc" {
				t.Errorf("%s: %q", name, values)
			}
		}
		got, err := header.AddressList("To")
		if err != nil || len(got) != 1 || got[0].Address != rcpt.Address {
			t.Errorf("To %v (%v), want %q", got, err, rcpt.Address)
		}
	})
}
