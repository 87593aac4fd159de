package auth

import (
	"context"
	"errors"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
)

// CreateAccount makes an account without a sign-up: for apps without mail,
// for operators and imports. The password must meet the policy; an imported
// hash must be bcrypt of a cost up to Config.Password.Cost. With neither, the
// account gets its password by a reset. Reasons: identifier_malformed,
// weak_password, email_already_registered, server_busy and faults (1004); an
// import that cannot be verified later is internal_error, with the cause.
func (s *Service) CreateAccount(ctx context.Context, a NewAccount) (UserID, error) {
	ctx, cancel := bound(ctx)
	defer cancel()
	now := time.Now()
	id, err := s.identify(a.Email)
	if err != nil {
		return "", err
	}
	hash, err := s.initialHash(ctx, a, id)
	if err != nil {
		return "", err
	}
	user, err := s.create(ctx, NewUser{Identifier: id, Email: id.Email, PasswordHash: hash, State: a.State, Created: now}, now)
	if errors.Is(err, ErrExists) {
		return "", refuse(errcodes.ReasonEmailAlreadyRegistered, "account.create", errcodes.Proven(errcodes.ProofContact))
	}
	if err != nil {
		return "", err
	}
	e := s.event(ctx, eventCreated, "", Client{}, now)
	e.UserID, e.Subject = user, s.subject(id)
	s.record(e, nil)
	return user, nil
}

func (s *Service) initialHash(ctx context.Context, a NewAccount, id Identifier) (string, error) {
	switch {
	case a.State != StateActive && a.State != StateUnverified:
		return "", misuse("account.create", "NewAccount.State must be StateActive or StateUnverified")
	case a.Password != "" && a.State == StateUnverified:
		return "", misuse("account.create", "a password chosen before the address is confirmed may be a stranger's: "+
			"leave NewAccount.Password empty, or use Register for people who sign up")
	case a.Password != "" && a.PasswordHash != "":
		return "", misuse("account.create", "NewAccount has both Password and PasswordHash: set one")
	case a.PasswordHash != "":
		if err := s.hashes.CheckImport(a.PasswordHash); err != nil {
			return "", errcodes.New(errcodes.ReasonInternalError, errcodes.Because(err), errcodes.During("account.import"))
		}
		return a.PasswordHash, nil
	case a.Password == "":
		return "", nil
	}
	if err := s.acceptPassword(ctx, a.Password, id.Email); err != nil {
		return "", err
	}
	return s.hashProven(ctx, a.Password)
}

// Accounts is for operators. Every change names who makes it, and why, in
// the audit log. Get it from Service.Accounts; it is safe for concurrent use.
type Accounts struct{ s *Service }

// Accounts is the door for operators.
func (s *Service) Accounts() *Accounts { return &Accounts{s} }

// Get returns an account. Reasons: not_found, faults (1004).
func (a *Accounts) Get(ctx context.Context, id UserID) (User, error) {
	ctx, cancel := bound(ctx)
	defer cancel()
	u, err := a.s.getUser(ctx, id)
	return u, operatorError("account.get", err)
}

// Find returns the account of an address. Reasons: identifier_malformed,
// not_found, faults (1004).
func (a *Accounts) Find(ctx context.Context, email string) (User, error) {
	ctx, cancel := bound(ctx)
	defer cancel()
	id, err := a.s.identify(email)
	if err != nil {
		return User{}, err
	}
	u, err := a.s.findUser(ctx, id)
	return u, operatorError("account.find", err)
}

func operatorError(op string, err error) error {
	if errors.Is(err, ErrNotFound) {
		return refuse(errcodes.ReasonNotFound, op)
	}
	return fault(op, err)
}

// SetState changes what an account may do. Unless the new state is
// StateActive, its sessions and its mailed links end in the same step, and
// stay ended when it is active again. Reasons: not_found, faults (1004).
func (a *Accounts) SetState(ctx context.Context, id UserID, to State, actor, note string) error {
	if to != StateActive && to.reason() == errcodes.ReasonAccountDisabled && to != StateDisabled || to == StateDeleted {
		return misuse("account.state", "unknown state; to delete an account call Delete")
	}
	return a.change(ctx, id, to, eventUpdated, actor, note)
}

// Delete erases an account: its address, its password and its sessions. The
// audit log keeps a keyed hash of the address. Reasons: not_found, faults
// (1004).
func (a *Accounts) Delete(ctx context.Context, id UserID, actor, note string) error {
	return a.change(ctx, id, StateDeleted, eventDeleted, actor, note)
}

func (a *Accounts) change(ctx context.Context, id UserID, to State, name, actor, note string) error {
	if actor == "" {
		return misuse(name, "who does this must be named: actor is empty")
	}
	ctx, cancel := bound(ctx)
	defer cancel()
	now := time.Now()
	u, err := a.setState(ctx, id, to)
	if err != nil {
		return err
	}
	if to != StateActive {
		a.s.dropSessions(ctx, id, "", now)
	}
	e := a.s.event(ctx, name, "", Client{}, now)
	e.UserID, e.Actor, e.Note = id, actor, note
	if ident, err := a.s.identify(u.Email); err == nil {
		e.Subject = a.s.subject(ident)
		if to == StateDeleted {
			a.s.voidTickets(ctx, ticketSignUp, a.s.owner("address", ident.Email), now)
		}
	}
	a.s.record(e, nil)
	return nil
}

// setState repeats the guarded change until no other change comes between.
func (a *Accounts) setState(ctx context.Context, id UserID, to State) (User, error) {
	for range 10 {
		u, err := a.s.getUser(ctx, id)
		if err != nil {
			return u, operatorError("account.get", err)
		}
		if u.State == to {
			return u, nil
		}
		ok, err := a.s.cfg.Stores.Users.SetState(ctx, id, u.State, to)
		if err != nil {
			return u, operatorError("account.state", err)
		}
		if ok {
			return u, nil
		}
	}
	return User{}, fault("account.state", errors.New("auth: the account's state keeps changing"))
}

// Unlock lifts the lock of failed attempts from an address, whether or not it
// has an account. Reasons: identifier_malformed, faults (1004).
func (a *Accounts) Unlock(ctx context.Context, email, actor, note string) error {
	if actor == "" {
		return misuse("account.unlock", "who does this must be named: actor is empty")
	}
	ctx, cancel := bound(ctx)
	defer cancel()
	id, err := a.s.identify(email)
	if err != nil {
		return err
	}
	if err := a.s.guard.Unlock(ctx, a.s.lockKey(id), actor, note); err != nil {
		return err
	}
	e := a.s.event(ctx, eventUnlock, "", Client{}, time.Now())
	e.Subject, e.Actor, e.Note = a.s.subject(id), actor, note
	a.s.record(e, nil)
	return nil
}

// SendReset mails the owner a link to set a password. An operator may start a
// reset but never chooses the password (ASVS 6.4.6). Reasons: not_found,
// faults (1004).
func (a *Accounts) SendReset(ctx context.Context, id UserID, language, actor, note string) error {
	if actor == "" {
		return misuse("account.reset", "who does this must be named: actor is empty")
	}
	if !a.s.hasLinks() {
		return misuse("account.reset", "no links for mails: authhttp.New sets them, or call UseLinks")
	}
	ctx, cancel := bound(ctx)
	defer cancel()
	now := time.Now()
	if _, err := a.Get(ctx, id); err != nil {
		return err
	}
	err := a.s.promise(ctx, job{Kind: jobInvite, User: id, Language: language}, now, mailJobTTL)
	e := a.s.event(ctx, eventResetRequest, methodMail, Client{}, now)
	e.UserID, e.Actor, e.Note = id, actor, note
	a.s.record(e, err)
	return err
}
