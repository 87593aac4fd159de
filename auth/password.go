package auth

import (
	"context"
	"errors"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/internal/input"
	"github.com/sekisho-auth/sekisho/internal/passpolicy"
	"github.com/sekisho-auth/sekisho/lockout"
)

// acceptPassword says whether a new password will do for an address. Reasons:
// weak_password, request_malformed, request_too_large.
func (s *Service) acceptPassword(ctx context.Context, p Password, email string) error {
	if p == "" {
		return s.policy.Check("", email)
	}
	// The policy answers for too many characters, and names the number.
	if err := input.Password(string(p)); err != nil && (len(p) > input.MaxPasswordBytes || !errors.Is(err, errcodes.ReasonRequestTooLarge)) {
		return err
	}
	if err := s.policy.Check(string(p), email); err != nil {
		return err
	}
	if s.cfg.Password.Breach == nil {
		return nil
	}
	breached, err := s.cfg.Password.Breach.Breached(ctx, string(p))
	if err != nil {
		s.log.Warn("auth: the breached-password service could not be asked", errcodes.LogAttr(err))
		return nil
	}
	if breached {
		return s.policy.Refuse(passpolicy.Breached)
	}
	return nil
}

// hashProven hashes a new password for somebody who holds a link or a session.
func (s *Service) hashProven(ctx context.Context, p Password) (string, error) {
	release, err := s.hashes.AcquireProven(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	return s.hashNow(p)
}

// hashShared hashes a new password for anybody, within the share of the queue
// that leaves room for sign-ins.
func (s *Service) hashShared(ctx context.Context, p Password) (string, error) {
	release, err := s.hashes.AcquireShare(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	return s.hashNow(p)
}

func (s *Service) hashNow(p Password) (string, error) {
	hash, err := s.hashes.Hash(string(p))
	if err != nil {
		return "", fault("password.hash", err)
	}
	return hash, nil
}

// proveSession looks up a session and compares the password of its account,
// under the session's own counter: a lock of the address by strangers does
// not reach in here, and a stolen session has the ladder's guesses, not more.
func (s *Service) proveSession(ctx context.Context, t Token, p Password, c Client, op string) (*Session, *lockout.Attempt, error) {
	sess, err := s.Session(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	if err := input.Password(string(p)); err != nil {
		return nil, nil, err
	}
	attempt, err := s.guard.Reserve(context.WithValue(ctx, clientKey{}, c), s.sessionLockKey(sess.Hash))
	if err != nil {
		return nil, nil, err
	}
	in := signIn{user: sess.User, found: true, session: true, attempt: attempt}
	ok, err := s.look(ctx, &in, p)
	if err != nil {
		s.settleQuietly(ctx, attempt, lockout.NotAttempted)
		return nil, nil, err
	}
	if ok {
		return sess, attempt, nil
	}
	if err := attempt.Settle(ctx, lockout.Failed); err != nil {
		return sess, nil, err
	}
	return sess, nil, refuse(errcodes.ReasonInvalidCredentials, op, errcodes.WithHints(input.PasswordHints(string(p))...))
}

// Reauthenticate proves the password again inside a session, for what needs a
// fresh sign-in. The session gets a new token and a new AuthTime; the old
// token is dead. Reasons: invalid_credentials; account_temporarily_locked and
// password_sign_in_disabled, from the session's own counter; session_expired,
// not_signed_in; server_busy and faults (1004).
func (s *Service) Reauthenticate(ctx context.Context, t Token, p Password, c Client) (*Session, error) {
	ctx, cancel := bound(ctx)
	defer cancel()
	now := time.Now()
	e := s.event(ctx, eventReauthFail, methodPassword, c, now)
	old, attempt, err := s.proveSession(ctx, t, p, c, "reauthenticate")
	if old != nil {
		e.UserID = old.UserID
	}
	if err != nil {
		s.recordSession(e, old, err)
		return nil, err
	}
	if err := attempt.Settle(ctx, lockout.Completed); err != nil {
		s.recordSession(e, old, err)
		return nil, err
	}
	sess, err := s.renew(ctx, old, old.User, c, now)
	if err == nil {
		e.Name = eventReauth
	}
	s.record(e, err)
	return sess, err
}

// recordSession leaves out what was refused before a session was found, and
// repeated refusals while locked.
func (s *Service) recordSession(e recorded, old *Session, err error) {
	if old != nil {
		s.record(e, err)
	}
}

// ChangePassword replaces the password of a session's account. The session
// gets a new token; all other sessions end in the same step, and mailed reset
// links stop working. The owner is told by mail. Reasons: as Reauthenticate,
// and weak_password for the new one. If the session cannot be renewed
// (1004), the password is changed all the same and its owner signs in anew.
func (s *Service) ChangePassword(ctx context.Context, t Token, current, new Password, c Client) (*Session, error) {
	ctx, cancel := bound(ctx)
	defer cancel()
	now := time.Now()
	e := s.event(ctx, eventPasswordFail, methodPassword, c, now)
	early, err := s.Session(ctx, t)
	if err != nil {
		return nil, err
	}
	e.UserID = early.UserID
	if err := s.acceptPassword(ctx, new, early.User.Email); err != nil {
		return nil, err // nothing was proven or tried: no event
	}
	old, attempt, err := s.proveSession(ctx, t, current, c, "password.change")
	if err != nil {
		s.recordSession(e, old, err)
		return nil, err
	}
	u, err := s.replacePassword(ctx, old.User, attempt, new)
	if err != nil {
		s.record(e, err)
		return nil, err
	}
	// From here on the password is changed, and its owner is told, even if
	// the session cannot be renewed.
	e.Name = eventPasswordChange
	s.record(e, nil)
	s.notify(ctx, job{Kind: jobChanged, User: old.UserID, Language: c.Language}, now)
	sess, err := s.renew(ctx, old, u, c, now)
	if err != nil {
		return nil, err
	}
	s.dropSessions(ctx, u.ID, sess.ID, now)
	return sess, nil
}

func (s *Service) replacePassword(ctx context.Context, u User, attempt *lockout.Attempt, new Password) (User, error) {
	hash, err := s.hashProven(ctx, new)
	if err != nil {
		s.settleQuietly(ctx, attempt, lockout.NotAttempted)
		return User{}, err
	}
	if err := attempt.Settle(ctx, lockout.Completed); err != nil {
		return User{}, err
	}
	return s.swapPassword(ctx, u, hash)
}

// swapPassword replaces the hash and ends all sessions in one step. If only a
// rehash came in between, it tries again; if another change did, that one
// wins and the caller must begin anew.
func (s *Service) swapPassword(ctx context.Context, u User, hash string) (User, error) {
	for range 3 {
		ok, err := s.cfg.Stores.Users.SetPasswordHash(ctx, u.ID, u.PasswordHash, hash, true)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return User{}, fault("password.set", err)
		}
		if ok {
			u.PasswordHash = hash
			u.CredentialVersion++
			return u, nil
		}
		again, err := s.getUser(ctx, u.ID)
		if errors.Is(err, ErrNotFound) {
			break
		}
		if err != nil {
			return User{}, fault("password.get", err)
		}
		if again.CredentialVersion != u.CredentialVersion {
			break
		}
		u = again
	}
	return User{}, refuse(errcodes.ReasonSessionExpired, "password.set")
}

// dropSessions removes the rows of sessions that have already ended with the
// credential version. It is tidying, not security.
func (s *Service) dropSessions(ctx context.Context, id UserID, keep string, now time.Time) {
	if s.cfg.Stores.Sessions == nil {
		return
	}
	all, err := s.cfg.Stores.Sessions.List(ctx, id, now)
	if err == nil {
		var dead [][32]byte
		for i := range all {
			if all[i].ID != keep {
				dead = append(dead, all[i].Hash)
			}
		}
		if len(dead) > 0 {
			err = s.cfg.Stores.Sessions.Delete(ctx, dead...)
		}
	}
	if err != nil {
		s.log.Warn("auth: ended sessions could not be removed", "user", string(id), "err", err)
	}
}
