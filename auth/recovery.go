package auth

import (
	"context"
	"errors"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/internal/passpolicy"
)

// Recovery helps people who forgot their password. Get it from
// Service.Recovery; it is safe for concurrent use.
type Recovery struct{ s *Service }

// Recovery is the door to forgotten passwords.
func (s *Service) Recovery() *Recovery { return &Recovery{s} }

// Request mails a link to set a new password, if the address has an account.
// It answers alike, after the same work, for every address. Reasons:
// identifier_malformed, rate_limited and faults (1004).
func (r *Recovery) Request(ctx context.Context, email string, c Client) error {
	return r.s.request(ctx, eventResetRequest, jobForgot, email, c)
}

// Check tells a page, without using up the link, whether a reset link still
// works, and the address it is for: whoever holds the link controls the
// mailbox. Reasons: link_expired, faults (1004).
func (r *Recovery) Check(ctx context.Context, t Token) (email string, err error) {
	ctx, cancel := bound(ctx)
	defer cancel()
	u, _, err := r.account(ctx, t, time.Now())
	return u.Email, err
}

// account finds the account that a reset link is for.
func (r *Recovery) account(ctx context.Context, t Token, now time.Time) (User, Ticket, error) {
	ticket, err := r.s.ticket(ctx, ticketReset, t, now)
	if err != nil {
		return User{}, ticket, err
	}
	var a accountTicket
	if err := r.s.openTicket(ticket, &a); err != nil {
		return User{}, ticket, err
	}
	u, err := r.s.getUser(ctx, a.User)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return User{}, ticket, fault("reset.get", err)
	}
	if err != nil || u.CredentialVersion != a.Version {
		return User{}, ticket, refuse(errcodes.ReasonLinkExpired, "reset")
	}
	return u, ticket, nil
}

// Reset sets a new password with the token of a mailed link. It lifts the
// lock, ends all sessions and voids the other links, confirms the address and
// puts suspicious and compromised accounts right; other states stay. It does
// not sign in. Of n simultaneous calls exactly one succeeds. Reasons:
// link_expired; weak_password, request_malformed and request_too_large (the
// link stays usable); rate_limited for a source with too many links that did
// nothing; server_busy and faults (1004).
func (r *Recovery) Reset(ctx context.Context, t Token, p Password, c Client) error {
	ctx, cancel := bound(ctx)
	defer cancel()
	now := time.Now()
	e := r.s.event(ctx, eventResetFail, methodMail, c, now)
	u, ticket, err := r.account(ctx, t, now)
	if err == nil {
		e.UserID = u.ID
		u, err = r.reset(ctx, u, p)
	}
	if err != nil {
		return r.s.linkFailed(ctx, e, err)
	}
	// From here on the password is changed, and its owner is told, even if
	// the rest fails.
	e.Name = eventReset
	r.s.record(e, nil)
	r.s.notify(ctx, job{Kind: jobChanged, User: u.ID, Language: c.Language}, now)
	r.s.voidTickets(ctx, ticketReset, ticket.Owner, now)
	r.s.dropSessions(ctx, u.ID, "", now)
	return r.s.liftState(ctx, u)
}

// liftState puts right what a proven mailbox and a new password put right. It
// is tried more than once: the link is used up, and the person would have to
// ask for another.
func (s *Service) liftState(ctx context.Context, u User) error {
	if !u.State.liftedByReset() {
		return nil
	}
	var err error
	for range 3 {
		if _, err = s.cfg.Stores.Users.SetState(ctx, u.ID, u.State, StateActive); err == nil {
			return nil
		}
	}
	return fault("reset.state", err)
}

// reset replaces the password of the account and returns it as it then is.
func (r *Recovery) reset(ctx context.Context, u User, p Password) (User, error) {
	s := r.s
	if err := s.acceptPassword(ctx, p, u.Email); err != nil {
		return u, err
	}
	if err := s.refuseOld(ctx, u, p); err != nil {
		return u, err
	}
	hash, err := s.hashProven(ctx, p)
	if err != nil {
		return u, err
	}
	id, err := s.identify(u.Email)
	if err != nil {
		return u, fault("reset.identify", err)
	}
	// The lock goes first: if the change then fails, the link still works,
	// and nobody ends up with a new password behind an old lock.
	if err := s.guard.Unlock(ctx, s.lockKey(id), "reset", ""); err != nil {
		return u, err
	}
	changed, err := s.swapPassword(ctx, u, hash)
	if errors.Is(err, errcodes.ReasonSessionExpired) {
		return u, refuse(errcodes.ReasonLinkExpired, "reset.set")
	}
	return changed, err
}

// refuseOld keeps a password that others may know from being chosen again.
func (s *Service) refuseOld(ctx context.Context, u User, p Password) error {
	if u.State != StateCompromised && u.State != StateSuspicious {
		return nil
	}
	release, err := s.hashes.AcquireProven(ctx)
	if err != nil {
		return err
	}
	defer release()
	if s.hashes.Verify(string(p), u.PasswordHash).OK {
		return s.policy.Refuse(passpolicy.Breached)
	}
	return nil
}
