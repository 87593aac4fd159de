package auth

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/internal/input"
	"github.com/sekisho-auth/sekisho/internal/passhash"
	"github.com/sekisho-auth/sekisho/lockout"
)

// signIn is one attempt to sign in on its way through the gate.
type signIn struct {
	id      Identifier
	user    User
	found   bool
	session bool // inside a session: it has places of its own in the queue
	now     time.Time
	attempt *lockout.Attempt
	taken   token
	event   recorded
}

// Login signs in with a password and makes a session, whose Token belongs
// into a cookie.
//
// Reasons: invalid_credentials and account_temporarily_locked or
// password_sign_in_disabled, alike for addresses with and without an account;
// identifier_malformed, request_too_large and request_malformed for input
// that cannot be right; after the right password account_disabled,
// account_suspended, account_locked, suspicious_activity,
// credentials_compromised, email_not_verified; rate_limited, server_busy and
// faults (1004), which count against nobody.
func (s *Service) Login(ctx context.Context, c Credentials) (*Session, error) {
	if s.cfg.Stores.Sessions == nil {
		return nil, misuse("login", "Config.Stores.Sessions is nil: use Authenticate, or set it")
	}
	ctx, cancel := bound(ctx)
	defer cancel()
	in, err := s.passGate(ctx, c)
	if err != nil {
		return nil, err
	}
	sess, err := s.startSession(ctx, in.user, c, in.now)
	if err != nil {
		in.event.Name = eventLoginFail
		s.record(in.event, err)
		return nil, err
	}
	in.event.evict = true
	s.record(in.event, nil)
	return sess, nil
}

// Authenticate passes the same gate as Login and makes no session, for apps
// with sessions of their own. Reasons: as Login.
func (s *Service) Authenticate(ctx context.Context, c Credentials) (Result, error) {
	ctx, cancel := bound(ctx)
	defer cancel()
	in, err := s.passGate(ctx, c)
	if err != nil {
		return Result{}, err
	}
	if err := s.stillStands(ctx, in.user); err != nil {
		in.event.Name = eventLoginFail
		s.record(in.event, err)
		return Result{}, err
	}
	s.record(in.event, nil)
	return Result{
		UserID: in.user.ID, CredentialVersion: in.user.CredentialVersion, AMR: slices.Clone(amrPassword), AuthTime: in.now,
	}, nil
}

// stillStands looks once more whether the password was changed or the account
// refused while it was compared. A session of ours carries the version and
// needs no second look; a Result is believed as it is.
func (s *Service) stillStands(ctx context.Context, u User) error {
	now, err := s.getUser(ctx, u.ID)
	switch {
	case err == nil && now.CredentialVersion == u.CredentialVersion:
		return admit(now, errcodes.ProofFirstFactor)
	case err == nil, errors.Is(err, ErrNotFound):
		return refuse(errcodes.ReasonInvalidCredentials, "login.again")
	default:
		return fault("login.again", err)
	}
}

// passGate carries out a password sign-in up to the point where everything
// has passed and the counter is cleared. The order is a promise: what is
// cheap comes first, nothing is hashed for a locked identifier, nothing is
// told that has not been earned.
func (s *Service) passGate(ctx context.Context, c Credentials) (signIn, error) {
	in := signIn{now: time.Now(), event: s.event(ctx, eventLoginFail, methodPassword, c.Client, time.Now())}
	err := s.examine(ctx, &in, c)
	if err == nil {
		err = s.reserve(ctx, &in, c)
	}
	if err != nil {
		return in, err
	}
	err = s.lookAndSettle(ctx, &in, c)
	if err == nil {
		s.limits.give(ctx, in.taken, in.now)
		return in, nil
	}
	if isFault(err) {
		s.limits.give(ctx, in.taken, in.now)
	}
	s.record(in.event, err)
	return in, err
}

// examine checks the input, alike for everybody, takes the source's token and
// loads the account.
func (s *Service) examine(ctx context.Context, in *signIn, c Credentials) error {
	id, inputErr := s.identify(c.Email)
	if inputErr == nil {
		inputErr = input.Password(string(c.Password))
	}
	if id.Email != "" {
		in.id = id
		in.event.Subject = s.subject(id)
		in.event.email = id.Email
	}
	var err error
	if in.taken, err = s.limits.takeLogin(ctx, c.Client.Addr, in.now); err != nil {
		s.record(in.event, err)
		return err
	}
	if inputErr != nil {
		s.record(in.event, inputErr)
		return inputErr
	}
	in.user, err = s.findUser(ctx, id)
	switch {
	case err == nil:
		in.found = true
		in.event.UserID = in.user.ID
		return nil
	case errors.Is(err, ErrNotFound):
		return nil
	default:
		s.limits.give(ctx, in.taken, in.now)
		err = fault("login.find", err)
		s.record(in.event, err)
		return err
	}
}

// reserve books the attempt as failed before anything is compared. Refusals
// of a locked identifier are not events: a flood of them writes nothing.
func (s *Service) reserve(ctx context.Context, in *signIn, c Credentials) error {
	if s.cfg.Hooks.Challenge != nil {
		ctx = context.WithValue(ctx, clientKey{}, c.Client)
	}
	var err error
	in.attempt, err = s.guard.Reserve(ctx, s.lockKey(in.id))
	if err == nil {
		return nil
	}
	if isFault(err) {
		s.limits.give(ctx, in.taken, in.now)
		s.record(in.event, err)
	}
	return err
}

// lookAndSettle compares the password and settles the attempt. It returns nil
// only when every factor has passed and the counter is cleared.
func (s *Service) lookAndSettle(ctx context.Context, in *signIn, c Credentials) error {
	ok, err := s.look(ctx, in, c.Password)
	if err != nil {
		s.settleQuietly(ctx, in.attempt, lockout.NotAttempted)
		return err
	}
	if !ok {
		return s.failed(ctx, in, c)
	}
	if refused := admit(in.user, errcodes.ProofFirstFactor); refused != nil {
		if err := in.attempt.Settle(ctx, lockout.Passed); err != nil {
			return err
		}
		return refused
	}
	if err := in.attempt.Settle(ctx, lockout.Completed); err != nil {
		return err
	}
	in.event.Name = eventLoginSuccess
	if in.attempt.Failures() >= successAfterFailures {
		in.event.Name = eventSuccessAfter
	}
	return nil
}

// look compares the password. An error means that nothing was compared.
func (s *Service) look(ctx context.Context, in *signIn, p Password) (bool, error) {
	if in.taken.hasSource {
		if !s.crowd.enter(in.taken.crowdKey()) {
			return false, refuse(errcodes.ReasonServerBusy, "login.crowd", errcodes.RetryAfter(retryCrowd))
		}
		defer s.crowd.leave(in.taken.crowdKey())
	}
	res, fresh, err := s.compare(ctx, in, p)
	if err != nil {
		return false, err
	}
	s.logHash(in.user, res)
	if fresh != "" {
		s.upgradeHash(ctx, in.user, fresh)
	}
	return res.OK && in.found, nil
}

// retryCrowd is what a source with too many sign-ins at once is told.
const retryCrowd = 2 * time.Second

// compare holds a hashing slot while it compares, and makes the new hash if
// the stored one is out of date, and no longer.
func (s *Service) compare(ctx context.Context, in *signIn, p Password) (res passhash.Result, fresh string, err error) {
	acquire := s.hashes.Acquire
	if in.session {
		acquire = s.hashes.AcquireProven
	}
	release, err := acquire(ctx)
	if err != nil {
		return res, "", err
	}
	defer release()
	res = s.hashes.Verify(string(p), in.user.PasswordHash)
	if res.Err != nil {
		return res, "", fault("login.hash", res.Err)
	}
	if res.OK && in.found && res.Rehash && in.user.State == StateActive {
		if fresh, err = s.hashes.Hash(string(p)); err != nil {
			s.log.Warn("auth: a password could not be hashed anew", "user", string(in.user.ID), errcodes.LogAttr(err))
		}
	}
	return res, fresh, nil
}

// admit is the gate that every way of signing in passes once a factor is
// proven: what state the account is in is told only now.
func admit(u User, p errcodes.Proof) error {
	if reason := u.State.reason(); reason != "" {
		return refuse(reason, "login.state", errcodes.Proven(p))
	}
	return nil
}

// successAfterFailures is how many failures before a success are worth an
// event of their own (ASVS 6.3.5).
const successAfterFailures = 3

// failed settles a wrong password. The answer is the same whether the
// account, the password or nothing at all was wrong.
func (s *Service) failed(ctx context.Context, in *signIn, c Credentials) error {
	if s.cfg.Lockout.Observe {
		ctx = context.WithValue(ctx, observedKey{}, in)
	}
	err := in.attempt.Settle(ctx, lockout.Failed)
	if err == nil {
		hints := append(input.IdentifierHints(c.Email), input.PasswordHints(string(c.Password))...)
		return refuse(errcodes.ReasonInvalidCredentials, "login.password", errcodes.WithHints(hints...))
	}
	if errors.Is(err, errcodes.CodeAccountLocked) {
		in.event.Name = eventLoginLock
		if e, ok := errcodes.Classify(err); ok {
			if wait, timed := e.Retry(); timed {
				in.event.Until = in.now.Add(wait)
			}
		}
	}
	return err
}

// settleQuietly gives a slot back. If even that fails, the attempt may count;
// the error that led here is the one to tell.
func (s *Service) settleQuietly(ctx context.Context, a *lockout.Attempt, o lockout.Outcome) {
	if err := a.Settle(ctx, o); err != nil {
		s.log.Error("auth: an attempt could not be given back", errcodes.LogAttr(err))
	}
}

// logHash tells operators about a stored hash that needs attention.
func (s *Service) logHash(u User, res passhash.Result) {
	if u.ID == "" {
		return
	}
	switch {
	case res.Fault:
		s.log.Error("auth: a stored password hash cannot be used", "user", string(u.ID), "problem", string(res.Reason))
	case res.Costly:
		s.log.Warn("auth: a stored password hash costs more than Config.Password.Cost", "user", string(u.ID))
	}
}

// upgradeHash stores an up-to-date hash. Whoever changed the password in the
// meantime wins; a failure, or a store that hangs, never fails the sign-in.
func (s *Service) upgradeHash(ctx context.Context, u User, fresh string) {
	ctx, cancel := context.WithTimeout(ctx, tidyTimeout)
	defer cancel()
	if _, err := s.cfg.Stores.Users.SetPasswordHash(ctx, u.ID, u.PasswordHash, fresh, false); err != nil {
		s.log.Warn("auth: a password hash could not be brought up to date", "user", string(u.ID), "err", err)
	}
}
