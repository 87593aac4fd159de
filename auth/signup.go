package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
	tok "github.com/sekisho-auth/sekisho/internal/token"
)

// Purposes of tickets.
const (
	ticketSignUp  = "sign-up"
	ticketConfirm = "confirm"
	ticketReset   = "reset"
)

// How long mailed links work, and how many of a kind an account or address
// may have at once.
const (
	signUpTTL   = 24 * time.Hour
	resetTTL    = 30 * time.Minute
	maxTickets  = 3
	mailJobTTL  = 24 * time.Hour
	hookJobTTL  = 7 * 24 * time.Hour
	hookJobWait = time.Minute
)

// pending is a sign-up whose address is not confirmed yet. It is no account.
type pending struct {
	Email string `json:"e"`
	Hash  string `json:"h,omitempty"`
	// Browser is the hash of the secret of the browser that signed up.
	Browser [32]byte `json:"b"`
}

// Register begins a sign-up. It answers alike, after the same work, whether
// or not the address has an account: the mail tells its owner which. Reasons:
// identifier_malformed, weak_password, request_malformed, request_too_large,
// rate_limited, server_busy and faults (1004).
func (s *Service) Register(ctx context.Context, r Registration) error {
	ctx, cancel := bound(ctx)
	defer cancel()
	now := time.Now()
	e := s.event(ctx, eventSignUpRequest, methodMail, r.Client, now)
	id, inputErr := s.identify(r.Email)
	if err := s.admitRequest(ctx, &e, id, inputErr, r.Client, now); err != nil {
		return err
	}
	err := s.register(ctx, r, id, now)
	s.record(e, err)
	return err
}

func (s *Service) register(ctx context.Context, r Registration, id Identifier, now time.Time) error {
	if err := s.acceptPassword(ctx, r.Password, id.Email); err != nil {
		return err
	}
	hash, err := s.hashShared(ctx, r.Password)
	if err != nil {
		return err
	}
	j := job{Kind: jobSignUp, Email: id.Email, Hash: hash, Language: r.Client.Language}
	if tok.Valid(string(r.Browser)) {
		j.Browser = tok.Hash(string(r.Browser))
	}
	return s.promise(ctx, j, now, mailJobTTL)
}

// admitRequest is the common beginning of sign-up, forgotten password and
// repeated mail: links must exist, the source must not be over its limit, and
// the address must be one.
func (s *Service) admitRequest(ctx context.Context, e *recorded, id Identifier, inputErr error, c Client, now time.Time) error {
	if !s.hasLinks() {
		return misuse("request", "no links for mails: authhttp.New sets them, or call UseLinks")
	}
	if inputErr == nil {
		e.Subject = s.subject(id)
	}
	if _, err := s.limits.takeRequest(ctx, c.Addr, now); err != nil {
		return err
	}
	if inputErr != nil {
		s.record(*e, inputErr)
	}
	return inputErr
}

// ResendVerification mails the link of an unfinished sign-up again, or, to an
// account that the app made, a link to confirm its address. It answers alike
// for every address. Reasons: identifier_malformed, rate_limited and faults
// (1004).
func (s *Service) ResendVerification(ctx context.Context, email string, c Client) error {
	return s.request(ctx, eventResendRequest, jobResend, email, c)
}

// request writes one sealed request, the same for every address; the worker
// decides what comes of it.
func (s *Service) request(ctx context.Context, name, kind, email string, c Client) error {
	ctx, cancel := bound(ctx)
	defer cancel()
	now := time.Now()
	e := s.event(ctx, name, methodMail, c, now)
	id, inputErr := s.identify(email)
	if err := s.admitRequest(ctx, &e, id, inputErr, c, now); err != nil {
		return err
	}
	err := s.promise(ctx, job{Kind: kind, Email: id.Email, Language: c.Language}, now, mailJobTTL)
	s.record(e, err)
	return err
}

// VerifyNeedsPassword tells a page, without using up the link, whether the
// person must choose a password to finish the sign-up, because this is not
// the browser that began it. Reasons: link_expired, faults (1004).
func (s *Service) VerifyNeedsPassword(ctx context.Context, v Verification) (bool, error) {
	ctx, cancel := bound(ctx)
	defer cancel()
	now := time.Now()
	t, err := s.ticket(ctx, ticketSignUp, v.Token, now)
	if errors.Is(err, errcodes.ReasonLinkExpired) {
		_, err = s.ticket(ctx, ticketConfirm, v.Token, now)
		return false, err
	}
	if err != nil {
		return false, err
	}
	var p pending
	if err := s.openTicket(t, &p); err != nil {
		return false, err
	}
	return !p.boundTo(v.Browser), nil
}

// boundTo reports whether the browser is the one that signed up, so that the
// password chosen there may become the account's.
func (p pending) boundTo(browser Token) bool {
	if p.Hash == "" || p.Browser == ([32]byte{}) || !tok.Valid(string(browser)) {
		return false
	}
	hash := tok.Hash(string(browser))
	return tok.Equal(hash[:], p.Browser[:])
}

// VerifyEmail uses the token of a mailed link: it makes the account of a
// sign-up, or confirms the address of an account that the app made. In
// another browser than the one that signed up, it takes v.Password and
// ignores the one chosen there: a stranger's sign-up never sets the password.
// Of n simultaneous calls exactly one succeeds. Reasons: link_expired;
// weak_password, request_malformed and request_too_large where a password is
// needed (the link stays usable); rate_limited for a source with too many
// links that did nothing; server_busy and faults (1004).
func (s *Service) VerifyEmail(ctx context.Context, v Verification) (UserID, error) {
	ctx, cancel := bound(ctx)
	defer cancel()
	now := time.Now()
	e := s.event(ctx, eventVerifyFail, methodMail, v.Client, now)
	id, err := s.verify(ctx, v, &e, now)
	if err != nil {
		return "", s.linkFailed(ctx, e, err)
	}
	e.UserID = id
	s.record(e, nil)
	return id, nil
}

func (s *Service) verify(ctx context.Context, v Verification, e *recorded, now time.Time) (UserID, error) {
	t, err := s.ticket(ctx, ticketSignUp, v.Token, now)
	if errors.Is(err, errcodes.ReasonLinkExpired) {
		return s.confirm(ctx, v, e, now)
	}
	if err != nil {
		return "", err
	}
	var p pending
	if err := s.openTicket(t, &p); err != nil {
		return "", err
	}
	id, err := s.identify(p.Email)
	if err != nil {
		return "", fault("verify.identify", err)
	}
	e.Subject = s.subject(id)
	if !p.boundTo(v.Browser) {
		if err := s.acceptPassword(ctx, v.Password, p.Email); err != nil {
			return "", err
		}
		if p.Hash, err = s.hashProven(ctx, v.Password); err != nil {
			return "", err
		}
	}
	u, err := s.create(ctx, NewUser{Identifier: id, Email: p.Email, PasswordHash: p.Hash, Created: now}, now)
	if errors.Is(err, ErrExists) {
		return "", refuse(errcodes.ReasonLinkExpired, "verify.create")
	}
	if err != nil {
		return "", err
	}
	e.Name = eventCreated
	s.voidTickets(ctx, ticketSignUp, s.owner("address", p.Email), now)
	return u, nil
}

// confirm activates an account that the app made. The change of state happens
// once; the ticket is tidied away afterwards.
func (s *Service) confirm(ctx context.Context, v Verification, e *recorded, now time.Time) (UserID, error) {
	t, err := s.ticket(ctx, ticketConfirm, v.Token, now)
	if err != nil {
		return "", err
	}
	var c accountTicket
	if err := s.openTicket(t, &c); err != nil {
		return "", err
	}
	e.UserID = c.User
	u, err := s.getUser(ctx, c.User)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return "", fault("verify.get", err)
	}
	if err != nil || u.CredentialVersion != c.Version {
		return "", refuse(errcodes.ReasonLinkExpired, "verify.confirm")
	}
	ok, err := s.cfg.Stores.Users.SetState(ctx, c.User, StateUnverified, StateActive)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return "", fault("verify.state", err)
	}
	if !ok {
		return "", refuse(errcodes.ReasonLinkExpired, "verify.confirm")
	}
	e.Name = eventVerified
	s.voidTickets(ctx, ticketConfirm, t.Owner, now)
	return c.User, nil
}

// create makes the account and calls the app's hook. The promise to call the
// hook is written first, so that a crash in between loses nothing. Error:
// ErrExists, or one of the taxonomy.
func (s *Service) create(ctx context.Context, n NewUser, now time.Time) (UserID, error) {
	var promised string
	if s.cfg.Hooks.OnAccountCreated != nil {
		j := job{Kind: jobCreated, Email: n.Identifier.Email}
		var err error
		if promised, err = s.add(ctx, j, now.Add(hookJobWait), now.Add(hookJobTTL)); err != nil {
			return "", err
		}
	}
	id, err := s.cfg.Stores.Users.Create(ctx, n)
	if errors.Is(err, ErrExists) {
		if promised != "" {
			s.done(ctx, promised)
		}
		return "", ErrExists
	}
	if err != nil {
		return "", fault("account.create", err)
	}
	u, err := s.readBack(ctx, id, n)
	if err != nil {
		return "", err
	}
	if promised == "" {
		return id, nil
	}
	if err := s.callCreated(ctx, u); err != nil {
		s.log.Error("auth: Hooks.OnAccountCreated failed and will be called again", "user", string(id), "err", err)
		return id, nil
	}
	s.done(ctx, promised)
	return id, nil
}

// readBack makes sure that the store will find the account again, whole: a
// users table that loses a field would answer right passwords with 1001 for
// ever, and nobody would know why.
func (s *Service) readBack(ctx context.Context, id UserID, n NewUser) (User, error) {
	found, findErr := s.cfg.Stores.Users.Find(ctx, n.Identifier)
	u, err := s.cfg.Stores.Users.Get(ctx, id)
	var lost string
	switch err := errors.Join(findErr, err); {
	case errors.Is(err, ErrNotFound):
		lost = "it is not found"
	case err != nil: // an outage just now: the account stands, and the link is used up
		s.log.Warn("auth: a new account could not be read back", "user", string(id), "err", err)
		return User{ID: id, Realm: n.Identifier.Realm, Email: n.Email, PasswordHash: n.PasswordHash, State: n.State, Created: n.Created}, nil
	case id == "" || len(id) > maxUserID:
		lost = "an id of 1 to 64 bytes"
	case found.ID != id || u.ID != id:
		lost = "ID"
	case u.Realm != n.Identifier.Realm || found.Realm != u.Realm:
		lost = "Realm"
	case u.Email != n.Email || found.Email != u.Email:
		lost = "Email"
	case u.PasswordHash == "" && n.PasswordHash != "":
		lost = "PasswordHash"
	default:
		return u, nil
	}
	return User{}, fault("account.read_back", errors.New("auth: the UserStore does not return what Create was given: "+lost))
}

// maxUserID is how long a UserID may be, in bytes.
const maxUserID = 64

// callCreated calls the app's hook; a panic in it is one more failure, since
// the account exists.
func (s *Service) callCreated(ctx context.Context, u User) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("auth: Hooks.OnAccountCreated panicked: %v", p)
		}
	}()
	return s.cfg.Hooks.OnAccountCreated(ctx, u)
}

// done takes a promise back that was kept, or came to nothing.
func (s *Service) done(ctx context.Context, promised string) {
	if err := s.cfg.Stores.Queue.Done(ctx, promised); err != nil {
		s.log.Warn("auth: a job will be done once more", "err", err)
	}
}
