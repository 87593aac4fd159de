package auth

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
	tok "github.com/sekisho-auth/sekisho/internal/token"
)

// touchShare is the part of the idle time that passes before a session's use
// is written down: a busy session writes at most 12 times per idle time.
const touchShare = 12

// amrPassword is RFC 8176's name for a password.
var amrPassword = []string{"pwd"}

// newSession makes a session with a fresh token. Only the token's hash is
// ever stored.
func (s *Service) newSession(u User, remember bool, c Client, now time.Time) *Session {
	token := tok.New()
	hash := s.tokenHash(Token(token))
	idle, absolute := s.cfg.Sessions.Idle, s.cfg.Sessions.Absolute
	remember = remember && s.cfg.Sessions.Remember > 0
	if remember {
		idle, absolute = s.cfg.Sessions.Remember, s.cfg.Sessions.Remember
	}
	return &Session{
		Token: Token(token), Hash: hash, ID: tok.ID(), UserID: u.ID, CredentialVersion: u.CredentialVersion,
		AMR: slices.Clone(amrPassword), AuthTime: now, Created: now, Seen: now,
		IdleExpires: now.Add(idle), Expires: now.Add(absolute), Remember: remember, Client: c.clean(), User: u,
	}
}

// putSession stores a session without what a store must never see: the token
// itself, and the account with its password hash.
func (s *Service) putSession(ctx context.Context, sess *Session, replaces *[32]byte) error {
	row := *sess
	row.Token, row.User = "", User{}
	return s.cfg.Stores.Sessions.Put(ctx, row, replaces)
}

// startSession stores a new session. Room for it is made beside the request,
// when its event is written down.
func (s *Service) startSession(ctx context.Context, u User, c Credentials, now time.Time) (*Session, error) {
	sess := s.newSession(u, c.Remember, c.Client, now)
	if err := s.putSession(ctx, sess, nil); err != nil {
		return nil, fault("session.put", err)
	}
	return sess, nil
}

// evictSessions ends the oldest sessions beyond PerUser. A failure leaves one
// session too many, which is no reason to refuse a sign-in.
func (s *Service) evictSessions(ctx context.Context, id UserID, now time.Time) {
	all, err := s.cfg.Stores.Sessions.List(ctx, id, now)
	if err == nil && len(all) > s.cfg.Sessions.PerUser {
		slices.SortStableFunc(all, func(a, b Session) int { return b.Created.Compare(a.Created) })
		err = s.cfg.Stores.Sessions.Delete(ctx, hashesOf(all[s.cfg.Sessions.PerUser:])...)
	}
	if err != nil {
		s.log.Warn("auth: old sessions could not be ended", "user", string(id), "err", err)
	}
}

func hashesOf(sessions []Session) [][32]byte {
	hashes := make([][32]byte, len(sessions))
	for i := range sessions {
		hashes[i] = sessions[i].Hash
	}
	return hashes
}

// Session returns the live session of a token, with its account. Reasons:
// not_signed_in if t is ""; session_expired if there is no such session, it
// has ended, the password was changed since or the account may no longer sign
// in; faults (1004).
func (s *Service) Session(ctx context.Context, t Token) (*Session, error) {
	if s.cfg.Stores.Sessions == nil {
		return nil, misuse("session", "Config.Stores.Sessions is nil")
	}
	if t == "" {
		return nil, refuse(errcodes.ReasonNotSignedIn, "session")
	}
	if !tok.Valid(string(t)) {
		return nil, refuse(errcodes.ReasonSessionExpired, "session")
	}
	ctx, cancel := bound(ctx)
	defer cancel()
	now := time.Now()
	sess, err := s.cfg.Stores.Sessions.Get(ctx, s.tokenHash(t), now)
	if errors.Is(err, ErrNotFound) {
		return nil, refuse(errcodes.ReasonSessionExpired, "session")
	}
	if err != nil {
		return nil, fault("session.get", err)
	}
	if sess.User, err = s.sessionUser(ctx, &sess, now); err != nil {
		return nil, err
	}
	s.touch(ctx, &sess, now)
	return &sess, nil
}

// sessionUser loads the account and checks that the session still counts.
func (s *Service) sessionUser(ctx context.Context, sess *Session, now time.Time) (User, error) {
	expired := refuse(errcodes.ReasonSessionExpired, "session")
	if !now.Before(sess.IdleExpires) || !now.Before(sess.Expires) {
		return User{}, expired
	}
	u, err := s.getUser(ctx, sess.UserID)
	if errors.Is(err, ErrNotFound) {
		return User{}, expired
	}
	if err != nil {
		return User{}, fault("session.user", err)
	}
	if u.CredentialVersion != sess.CredentialVersion || u.State != StateActive {
		return User{}, expired
	}
	return u, nil
}

// touch moves the idle deadline, at most touchShare times per idle time. A
// clock that was set back never extends a session.
func (s *Service) touch(ctx context.Context, sess *Session, now time.Time) {
	idle := s.cfg.Sessions.Idle
	if sess.Remember {
		idle = s.cfg.Sessions.Remember
	}
	if now.Sub(sess.Seen) < idle/touchShare {
		return
	}
	sess.Seen, sess.IdleExpires = now, now.Add(idle)
	if err := s.cfg.Stores.Sessions.Touch(ctx, sess.Hash, sess.Seen, sess.IdleExpires); err != nil {
		s.log.Warn("auth: a session's use could not be written down", "user", string(sess.UserID), "err", err)
	}
}

// Logout ends a session. A token that is no session's is no error. Reasons:
// faults (1004).
func (s *Service) Logout(ctx context.Context, t Token) error {
	if s.cfg.Stores.Sessions == nil || !tok.Valid(string(t)) {
		return nil
	}
	ctx, cancel := bound(ctx)
	defer cancel()
	return fault("session.end", s.cfg.Stores.Sessions.Delete(ctx, s.tokenHash(t)))
}

// renew replaces a session by one with a fresh token, in one step: of n
// simultaneous renewals exactly one succeeds. It keeps "stay signed in".
func (s *Service) renew(ctx context.Context, old *Session, u User, c Client, now time.Time) (*Session, error) {
	sess := s.newSession(u, old.Remember, c, now)
	err := s.putSession(ctx, sess, &old.Hash)
	if errors.Is(err, ErrNotFound) {
		return nil, refuse(errcodes.ReasonSessionExpired, "session.renew")
	}
	if err != nil {
		return nil, fault("session.renew", err)
	}
	return sess, nil
}

// Sessions lists and ends an account's sessions. Get it from
// Service.Sessions; it is safe for concurrent use.
type Sessions struct{ s *Service }

// Sessions is the door to an account's sessions.
func (s *Service) Sessions() *Sessions { return &Sessions{s} }

// List returns the live sessions of the account, newest first. Reasons:
// faults (1004).
func (x *Sessions) List(ctx context.Context, id UserID) ([]Session, error) {
	if x.s.cfg.Stores.Sessions == nil {
		return nil, nil
	}
	ctx, cancel := bound(ctx)
	defer cancel()
	now := time.Now()
	u, err := x.s.getUser(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fault("sessions.user", err)
	}
	all, err := x.s.cfg.Stores.Sessions.List(ctx, id, now)
	if err != nil {
		return nil, fault("sessions.list", err)
	}
	return slices.DeleteFunc(all, func(sess Session) bool {
		return sess.CredentialVersion != u.CredentialVersion || !now.Before(sess.IdleExpires) || !now.Before(sess.Expires)
	}), nil
}

// End ends one session of the account by its ID. Reasons: not_found if the
// account has no such session; faults (1004).
func (x *Sessions) End(ctx context.Context, id UserID, session string) error {
	all, err := x.List(ctx, id)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(sess Session) bool { return sess.ID == session })
	if i < 0 {
		return refuse(errcodes.ReasonNotFound, "sessions.end")
	}
	return x.end(ctx, id, all[i:i+1])
}

// EndAll ends all sessions of the account except those with the given IDs.
// Reasons: faults (1004).
func (x *Sessions) EndAll(ctx context.Context, id UserID, except ...string) error {
	all, err := x.List(ctx, id)
	if err != nil {
		return err
	}
	return x.end(ctx, id, slices.DeleteFunc(all, func(sess Session) bool { return slices.Contains(except, sess.ID) }))
}

func (x *Sessions) end(ctx context.Context, id UserID, sessions []Session) error {
	if len(sessions) == 0 {
		return nil
	}
	ctx, cancel := bound(ctx)
	defer cancel()
	if err := x.s.cfg.Stores.Sessions.Delete(ctx, hashesOf(sessions)...); err != nil {
		return fault("sessions.end", err)
	}
	e := x.s.event(ctx, eventSessionEnded, "", Client{}, time.Now())
	e.UserID = id
	x.s.record(e, nil)
	return nil
}
