package mail

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/netip"
	"net/textproto"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// mechanisms in the order of preference. PLAIN and LOGIN reveal the password to the server, which TLS has identified by
// then; on loopback go-mail allows them in the clear.
var mechanisms = []gomail.SMTPAuthType{
	gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5,
}

// compose makes the message with its headers.
func (m *Mailer) compose(to *netmail.Address, text Message) *gomail.Msg {
	encoding := gomail.EncodingQP // readable in its raw form
	if !isASCII(text.Subject + text.Text) {
		encoding = gomail.EncodingB64
	}
	msg := gomail.NewMsg(gomail.WithEncoding(encoding), gomail.WithCharset(gomail.CharsetUTF8),
		gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(m.from)
	msg.ToMailAddress(to)
	if m.replyTo != nil {
		msg.ReplyToMailAddress(m.replyTo)
	}
	msg.SetMessageIDWithValue(rand.Text() + "@" + m.domain)
	msg.SetDateWithValue(time.Now())
	msg.Subject(text.Subject)
	msg.SetGenHeader("Content-Language", text.Language)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 §5
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")  // the same for Exchange, which ignores the header above
	msg.SetBodyString(gomail.TypeTextPlain, text.Text)
	return msg
}

// deliver hands one message to the server.
func (m *Mailer) deliver(ctx context.Context, to *netmail.Address, text Message) error {
	msg := m.compose(to, text)
	utf8 := !isASCII(to.Address + m.from.Address)
	var held holder
	defer held.release()
	// A client for each mail: go-mail's rewrites its own settings while it signs in.
	client, err := gomail.NewClient(m.host, m.options(ctx, &held, utf8)...)
	if err != nil {
		return fmt.Errorf("mail: client: %w", err)
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return m.fault(ctx, "connecting", to, err)
	}
	if ok, _ := session.Extension("SMTPUTF8"); utf8 && !ok {
		return m.fault(ctx, "sending", to, errors.New("the server does not take addresses outside ASCII (SMTPUTF8)"))
	}
	err = client.SendWithSMTPClient(session, msg)
	if msg.IsDelivered() {
		// The server has the mail. What goes wrong in parting must not have it sent again, nor take long.
		_ = held.conn.SetDeadline(time.Now().Add(time.Second))
		_ = client.CloseWithSMTPClient(session)
		return nil
	}
	if err == nil {
		err = errors.New("the server did not confirm the mail")
	}
	return m.fault(ctx, "sending", to, err)
}

func (m *Mailer) options(ctx context.Context, held *holder, utf8 bool) []gomail.Option {
	opts := []gomail.Option{
		gomail.WithTimeout(m.timeout),
		gomail.WithHELO(m.hello),
		gomail.WithTLSConfig(m.tls.Clone()),
		gomail.WithDialContextFunc(func(context.Context, string, string) (net.Conn, error) {
			return m.dial(ctx, held) // not go-mail's context, which ends with the dialling
		}),
		gomail.WithoutNoop(), gomail.WithoutRset(),
	}
	switch {
	case m.implicit:
		opts = append(opts, gomail.WithSSL())
	case m.clear:
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if !utf8 {
		// Asked for without need, SMTPUTF8 makes the mail undeliverable where a later server lacks it.
		opts = append(opts, gomail.WithoutSMTPUTF8())
	}
	if m.user != "" {
		opts = append(opts, gomail.WithOpportunisticSMTPAuth(mechanisms...),
			gomail.WithUsername(m.user), gomail.WithPassword(m.password.Reveal()))
	}
	return opts
}

// holder keeps the connection, so that it is closed on every way out (go-mail leaves it open after some faults) and as soon
// as the context ends (go-mail asks the context while dialling only, and moves its own deadline on with each command).
type holder struct {
	conn net.Conn
	stop func() bool
}

func (h *holder) keep(ctx context.Context, conn net.Conn) {
	h.conn = conn
	h.stop = context.AfterFunc(ctx, func() { _ = conn.Close() })
}

func (h *holder) release() {
	if h.conn != nil {
		h.stop()
		_ = h.conn.Close()
	}
}

// dial connects, and for smtps:// shakes hands. The connection lives no longer than ctx.
func (m *Mailer) dial(ctx context.Context, held *holder) (net.Conn, error) {
	conn, err := m.connect(ctx, "tcp", net.JoinHostPort(m.host, m.port))
	if err != nil {
		return nil, err
	}
	if m.clear && !loopbackPeer(conn) {
		_ = conn.Close()
		return nil, errors.New("the name of the server leads off this machine, where mail is not sent without TLS: " +
			"use smtps:// or a name with a certificate")
	}
	held.keep(ctx, conn)
	if !m.implicit {
		return conn, nil
	}
	secure := tls.Client(conn, m.tls.Clone())
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return secure, nil
}

func loopbackPeer(conn net.Conn) bool {
	peer, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	return err == nil && peer.Addr().Unmap().IsLoopback()
}

// sendError is a fault in words that may stand in a log.
type sendError struct {
	text  string
	cause error
}

func (e *sendError) Error() string { return e.text }

// Unwrap returns a cause that tells nothing about the recipient: the end of the context, a network or certificate fault.
func (e *sendError) Unwrap() error { return e.cause }

// fault puts an error into words for the log, without the recipient and the password, which servers repeat.
func (m *Mailer) fault(ctx context.Context, doing string, to *netmail.Address, err error) error {
	text := err.Error()
	for _, secret := range []string{to.Address, to.String(), m.password.Reveal()} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[redacted]")
		}
	}
	e := &sendError{cause: err}
	if cause := context.Cause(ctx); cause != nil {
		e.cause = cause
		text = cause.Error() + " (" + text + ")"
	} else if !tellsNothing(err) {
		e.cause = nil
	}
	e.text = fmt.Sprintf("mail: %s to %s: %s", doing, net.JoinHostPort(m.host, m.port), oneLine(text, 300))
	return e
}

// tellsNothing reports whether err holds no words of the server.
func tellsNothing(err error) bool {
	_, sent := errors.AsType[*gomail.SendError](err)
	_, answered := errors.AsType[*textproto.Error](err)
	return !sent && !answered
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}
