package auth

import (
	"context"
	"errors"
	"time"

	"github.com/sekisho-auth/sekisho/auth/ratelimit"
)

// Kinds of mail, as in Mail.Kind.
const (
	mailVerify  = "verify"
	mailTaken   = "already_registered"
	mailReset   = "reset"
	mailInvite  = "account_created"
	mailLocked  = "locked"
	mailChanged = "password_changed"
)

// noticeLimit keeps strangers from filling a mailbox with notices.
var noticeLimit = ratelimit.Per(1, 24*time.Hour)

// mailSignUp makes the pending record under the token it mails.
func (s *Service) mailSignUp(ctx context.Context, j job, p pending, m Mail, l *Links, first bool, now time.Time) error {
	if ok, err := s.mayMail(ctx, mailVerify, s.cfg.Limits.Mail, p.Email, first, now); err != nil || !ok {
		return err
	}
	t, err := s.newTicket(ctx, j.Token, ticketSignUp, s.owner("address", p.Email), p, now, now.Add(signUpTTL))
	if err != nil {
		return err
	}
	m.Kind, m.To, m.Link, m.Minutes = mailVerify, p.Email, l.Verify(t), int(signUpTTL.Minutes())
	return s.deliver(ctx, m)
}

// resend copies the newest unfinished sign-up of the address under a new
// token, or mails an unverified account a link. Otherwise there is nothing to
// send, and nobody but the owner could tell.
func (s *Service) resend(ctx context.Context, j job, u User, found bool, m Mail, l *Links, first bool, now time.Time) error {
	if found {
		if u.State != StateUnverified {
			return nil
		}
		if ok, err := s.mayMail(ctx, mailVerify, s.cfg.Limits.Mail, u.Email, first, now); err != nil || !ok {
			return err
		}
		data := accountTicket{User: u.ID, Version: u.CredentialVersion}
		t, err := s.newTicket(ctx, j.Token, ticketConfirm, s.owner("user", string(u.ID)), data, now, now.Add(signUpTTL))
		if err != nil {
			return err
		}
		m.Kind, m.Link, m.Minutes = mailVerify, l.Verify(t), int(signUpTTL.Minutes())
		return s.deliver(ctx, m)
	}
	live, err := s.cfg.Stores.Tickets.Owned(ctx, ticketSignUp, s.owner("address", j.Email), now)
	if err != nil || len(live) == 0 {
		return err
	}
	var p pending
	if err := s.openTicket(live[0], &p); err != nil {
		return err
	}
	return s.mailSignUp(ctx, j, p, m, l, first, now)
}

// mailReset mails a link to set a new password. What an operator asks for is
// not bound by the limit that strangers could use up.
func (s *Service) mailReset(ctx context.Context, j job, u User, m Mail, l *Links, first bool, now time.Time) error {
	m.Kind = mailReset
	if j.Kind == jobInvite && u.PasswordHash == "" {
		m.Kind = mailInvite
	}
	if j.Kind == jobForgot {
		if ok, err := s.mayMail(ctx, mailReset, s.cfg.Limits.Mail, u.Email, first, now); err != nil || !ok {
			return err
		}
	}
	data := accountTicket{User: u.ID, Version: u.CredentialVersion}
	t, err := s.newTicket(ctx, j.Token, ticketReset, s.owner("user", string(u.ID)), data, now, now.Add(resetTTL))
	if err != nil {
		return err
	}
	m.Link, m.Minutes = l.Reset(t), int(resetTTL.Minutes())
	return s.deliver(ctx, m)
}

// mailLocked tells the owner once a day at most that strangers, or the owner,
// tried in vain.
func (s *Service) mailLocked(ctx context.Context, j job, u User, m Mail, l *Links, first bool, now time.Time) error {
	if ok, err := s.mayMail(ctx, mailLocked, noticeLimit, u.Email, first, now); err != nil || !ok {
		return err
	}
	m.Kind, m.Link, m.Minutes = mailLocked, l.Forgot, j.Minutes
	return s.deliver(ctx, m)
}

// mailTaken tells the owner of an account, once a day at most, that somebody
// signed up with the address.
func (s *Service) mailTaken(ctx context.Context, m Mail, l *Links, first bool, now time.Time) error {
	if ok, err := s.mayMail(ctx, mailTaken, noticeLimit, m.To, first, now); err != nil || !ok {
		return err
	}
	m.Kind, m.Link = mailTaken, l.SignIn
	return s.deliver(ctx, m)
}

// mayMail applies the limit of mails of one kind to one address, once for
// each job. Over the limit nothing is sent: the mails of that kind before
// still work. The kinds are apart, so that no mail without a reset link ever
// stands in the way of one with it. If the limit's store fails, the repeated
// job is let through: a mail too many is better than a promise not kept.
func (s *Service) mayMail(ctx context.Context, kind string, limit ratelimit.Limit, to string, first bool, now time.Time) (bool, error) {
	if !first || s.cfg.Limits.InsecureOff {
		return true, nil
	}
	ok, err := s.limits.takeMail(ctx, kind, limit, s.owner("address", to), now)
	if err == nil && !ok {
		s.log.Warn("auth: a mail was left out: the address has had its share for now", "kind", kind)
	}
	return ok, err
}

// deliver hands a mail to the Mailer, or writes it to the log for trying out.
func (s *Service) deliver(ctx context.Context, m Mail) error {
	if m.Link == "" || m.To == "" {
		return errors.New("auth: a mail without link or address: Links is incomplete")
	}
	if s.cfg.Mailer == nil {
		s.log.Info("auth: mail (no Mailer is set)", "kind", m.Kind, "to", m.To, "link", m.Link)
		return nil
	}
	return s.cfg.Mailer.Send(ctx, m)
}
