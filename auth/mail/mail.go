// Package mail sends the mails of package auth over SMTP, in Japanese and English, and lets an app put words of its own in
// their place.
//
//	mailer, err := mail.New(mail.Config{
//		URL:  os.Getenv("SMTP_URL"), // smtp://user:password@mail.example.jp:587
//		From: "Tokaido Rail <no-reply@example.jp>",
//	})
//	svc, err := auth.New(auth.Config{Mailer: mailer, …})
//
// Mails are plain text with the link on a line of its own, because that is what every mail program shows and what a
// cautious person can read before clicking. They carry Auto-Submitted (RFC 3834), so that well-behaved robots do not
// answer them.
//
// # Transport
//
// Off the machine itself nothing is sent without TLS and a verified certificate: smtp:// means STARTTLS and fails where the
// server does not offer it, smtps:// is TLS from the first byte (RFC 8314). To a server on a loopback address smtp:// is
// sent in the clear. A server that hangs is given up when the context ends or after Config.Timeout, whichever comes first.
//
// # Errors
//
// Errors are for logs: they name the server and its answer, and neither the recipient nor the link nor the password of the
// server. Package auth tries again later, for a day. Nobody who is signing in waits for a mail or sees such an error.
package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	netmail "net/mail"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/internal/redact"
)

const defaultTimeout = 30 * time.Second

// Config says where and how mail is sent. New copies it. It prints as [redacted], since URL holds a password.
type Config struct {
	// URL is the server: smtp://user:password@host:587 (STARTTLS) or smtps://user:password@host:465 (TLS at once). User and
	// password may be left out and must be percent-encoded where they hold special characters; the ports shown are the
	// defaults. Required.
	URL string
	// From is the sender, with or without a name: "Tokaido Rail <no-reply@example.jp>". Its domain is also that of the
	// Message-ID. Required.
	From string
	// ReplyTo is where answers go; "" is From.
	ReplyTo string
	// Hello is the name given in EHLO (RFC 5321 §4.1.1.1); "" is the domain of From.
	Hello string
	// Texts replaces wording or adds languages. See the files of the texts folder for the form: one "Subject: …" line, an
	// empty line, the text, in text/template with .Product, .Link, .Duration, .Minutes, .Hours and .Reference. A file such
	// as "ja/reset.txt" replaces the built-in one; a new language needs every file. New checks all of them. nil: the
	// built-in texts.
	Texts fs.FS
	// Timeout ends one sending, from the connection to the server's last answer; 0 is 30 seconds.
	Timeout time.Duration
	// TLS is for servers with a certificate from a private authority; nil is the system's. ServerName and a minimum of TLS
	// 1.2 are filled in.
	TLS *tls.Config
}

// Format prints [redacted] under every verb.
func (Config) Format(s fmt.State, verb rune) { redact.Format(s, verb) }

// LogValue prints [redacted].
func (Config) LogValue() slog.Value { return redact.LogValue() }

// MarshalText yields [redacted].
func (Config) MarshalText() ([]byte, error) { return redact.MarshalText() }

// Mailer sends mail over SMTP. Make it with New. It is safe for concurrent use; each Send is a connection of its own.
type Mailer struct {
	host, port string
	user       string
	password   redact.String
	implicit   bool // TLS from the first byte
	clear      bool // loopback: no TLS
	from       *netmail.Address
	replyTo    *netmail.Address
	domain     string
	hello      string
	texts      *texts
	timeout    time.Duration
	tls        *tls.Config
	connect    func(ctx context.Context, network, address string) (net.Conn, error)
}

var _ auth.Mailer = (*Mailer)(nil)

// New makes a Mailer. It does not connect. What is missing or cannot work is named in the error, with the remedy; the error
// never repeats Config.URL.
func New(cfg Config) (*Mailer, error) {
	m := &Mailer{timeout: cfg.Timeout, connect: new(net.Dialer).DialContext}
	if err := m.server(cfg.URL); err != nil {
		return nil, err
	}
	if m.timeout == 0 {
		m.timeout = defaultTimeout
	}
	if m.timeout < 0 {
		return nil, errors.New("mail: Config.Timeout is negative: leave it 0 for 30 seconds")
	}
	var err error
	if m.from, err = address(cfg.From); err != nil {
		return nil, errors.New(`mail: Config.From must be one address, such as "Tokaido Rail <no-reply@example.jp>"`)
	}
	m.domain = m.from.Address[strings.LastIndexByte(m.from.Address, '@')+1:]
	if cfg.ReplyTo != "" {
		if m.replyTo, err = address(cfg.ReplyTo); err != nil {
			return nil, errors.New("mail: Config.ReplyTo must be one address, or empty")
		}
	}
	m.hello = cfg.Hello
	if m.hello == "" {
		m.hello = m.domain
	}
	if strings.ContainsFunc(m.hello, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return nil, errors.New("mail: Config.Hello must be a host name in ASCII, or empty")
	}
	if m.texts, err = loadTexts(cfg.Texts); err != nil {
		return nil, err
	}
	m.tls = cfg.TLS.Clone()
	if m.tls == nil {
		m.tls = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	m.tls.ServerName = m.host
	m.tls.MinVersion = max(m.tls.MinVersion, tls.VersionTLS12)
	return m, nil
}

// server reads Config.URL. Its errors never repeat it: it holds a password, which even url.Parse would print.
func (m *Mailer) server(raw string) error {
	if raw == "" {
		return errors.New("mail: Config.URL is empty: set it to smtp://user:password@host:587")
	}
	u, err := url.Parse(raw)
	if err != nil {
		return errors.New("mail: Config.URL cannot be read: percent-encode special characters of the password")
	}
	switch u.Scheme {
	case "smtp":
		m.port = "587"
	case "smtps":
		m.port, m.implicit = "465", true
	default:
		return errors.New("mail: Config.URL must begin with smtp:// or smtps://")
	}
	if u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return errors.New("mail: Config.URL must be a host and port alone, such as smtp://user:password@host:587")
	}
	m.host = u.Hostname()
	if p := u.Port(); p != "" {
		if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
			return errors.New("mail: Config.URL has a port that is no number from 1 to 65535")
		}
		m.port = p
	}
	if u.User != nil {
		m.user = u.User.Username()
		password, ok := u.User.Password()
		if m.user == "" || !ok {
			return errors.New("mail: Config.URL must hold both user and password, or neither")
		}
		m.password = redact.NewString(password)
	}
	m.clear = !m.implicit && isLoopback(m.host)
	return nil
}

// isLoopback tells hosts that mail reaches without leaving the machine. That "localhost" leads there is checked again when
// the connection stands.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// Format prints the server alone, under every verb.
func (m *Mailer) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "mail.Mailer(%s)", net.JoinHostPort(m.host, m.port))
}

// LogValue prints the server alone.
func (m *Mailer) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(m)) }

// Render returns the text that Send would send.
func (m *Mailer) Render(mail auth.Mail) (Message, error) { return m.texts.render(mail) }

// Send renders and sends one mail. It returns nil once the server has taken responsibility for it (RFC 5321 §4.2.5), and
// not later: a fault after that is no reason to send it twice. It ends when ctx does, or after Config.Timeout.
func (m *Mailer) Send(ctx context.Context, mail auth.Mail) error {
	to, err := address(mail.To)
	if err != nil || to.Name != "" {
		return errors.New("mail: the recipient's address cannot be used")
	}
	message, err := m.texts.render(mail)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, m.timeout)
	defer cancel()
	return m.deliver(ctx, to, message)
}

// address parses one address as it may stand in a header and an envelope. The domain becomes ASCII (IDNA, RFC 5891); what
// could end a line or hide text is refused, although go-mail and net/mail would encode or refuse it once more.
func address(s string) (*netmail.Address, error) {
	bad := errors.New("mail: not an address")
	if len(s) > 998 || strings.ContainsFunc(s, unprintable) {
		return nil, bad
	}
	a, err := netmail.ParseAddress(s)
	if err != nil || strings.ContainsFunc(a.Name+a.Address, unprintable) {
		return nil, bad
	}
	local, domain, ok := cutLast(a.Address, "@")
	if !ok || local == "" {
		return nil, bad
	}
	if domain, err = idna.Lookup.ToASCII(domain); err != nil || domain == "" {
		return nil, bad
	}
	a.Address = local + "@" + domain
	if len(a.Address) > 254 {
		return nil, bad
	}
	return a, nil
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
