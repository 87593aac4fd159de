package auth

import (
	"net/netip"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/internal/input"
)

// UserID names an account. It is opaque, made by the UserStore, and at most
// 64 bytes long.
type UserID string

// User is an account as the UserStore returns it.
type User struct {
	ID UserID
	// Realm is that of the Identifier the account was created with.
	Realm string
	// Email is the stored address. Mail goes to this address only, never to
	// one that was typed.
	Email string
	// PasswordHash is "" where the account has no password.
	PasswordHash string `json:"-"`
	State        State
	// CredentialVersion grows by one with every change of the password and
	// with every state but StateActive. It is carried
	// by every session of the account; sessions with another version have
	// ended.
	CredentialVersion int64
	Created           time.Time
}

// State is what an account may do. What a state means is told only to
// somebody who has proven the password, the mailbox or the identity.
type State string

// The states of an account. The zero State is StateActive.
const (
	// StateActive can sign in.
	StateActive State = ""
	// StateUnverified was created or imported by the app and has not yet
	// confirmed its address: email_not_verified. A completed reset confirms.
	StateUnverified State = "unverified"
	// StateLocked is locked for security until support unlocks it:
	// account_locked.
	StateLocked State = "locked"
	// StateDisabled has been switched off: account_disabled.
	StateDisabled State = "disabled"
	// StateSuspended is frozen for breaking the rules: account_suspended.
	StateSuspended State = "suspended"
	// StateSuspicious waits for a reset after unusual sign-ins:
	// suspicious_activity.
	StateSuspicious State = "suspicious"
	// StateCompromised must set a new password, by reset:
	// credentials_compromised.
	StateCompromised State = "compromised"
	// StateDeleted is gone. Stores erase such an account.
	StateDeleted State = "deleted"
)

// reason returns why an account in this state cannot sign in, "" if it can.
// A state nobody knows is no way in.
func (s State) reason() errcodes.Reason {
	switch s {
	case StateActive:
		return ""
	case StateUnverified:
		return errcodes.ReasonEmailNotVerified
	case StateLocked:
		return errcodes.ReasonAccountLocked
	case StateSuspended:
		return errcodes.ReasonAccountSuspended
	case StateSuspicious:
		return errcodes.ReasonSuspiciousActivity
	case StateCompromised:
		return errcodes.ReasonCredentialsCompromised
	default:
		return errcodes.ReasonAccountDisabled
	}
}

// liftedByReset tells the states that a completed reset, which proves the
// mailbox and replaces the password, puts right.
func (s State) liftedByReset() bool {
	return s == StateUnverified || s == StateSuspicious || s == StateCompromised
}

// Client is where a request comes from. The authhttp package fills it in.
type Client struct {
	// Addr is the address of the person's device as far as it can be
	// trusted. It is required for sign-in, sign-up, forgotten passwords and
	// repeated mails: the zero Addr is refused there (internal_error), since
	// all such requests would share one limit.
	Addr netip.Addr
	// UserAgent is shown in the list of sessions; cut to 256 bytes.
	UserAgent string
	// Language is a BCP 47 tag for mails, such as "ja"; "" is "en".
	Language string
}

// maxLanguage is enough for any language tag in use (RFC 5646 §4.4.1).
const maxLanguage = 35

// clean cuts what a request says of itself to what may be stored and shown.
func (c Client) clean() Client {
	c.UserAgent = input.Header(c.UserAgent, maxUserAgent)
	ok := len(c.Language) <= maxLanguage
	for i := 0; ok && i < len(c.Language); i++ {
		b := c.Language[i]
		ok = 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '-'
	}
	if !ok {
		c.Language = ""
	}
	return c
}

// Credentials is what a person signs in with.
type Credentials struct {
	Email    string
	Password Password
	// Remember asks for a session that lives Sessions.Remember long.
	Remember bool
	Client   Client
}

// Registration is what a person signs up with.
type Registration struct {
	Email    string
	Password Password
	// Browser is a random secret of the browser that signs up, kept in its
	// cookie. Who opens the mailed link with the same secret keeps the
	// password chosen here; anybody else chooses one then. "" binds nothing:
	// the password is always asked for.
	Browser Token
	Client  Client
}

// Verification is what a person confirms an address with.
type Verification struct {
	// Token is from the mailed link.
	Token Token
	// Browser is the secret given in Registration, if there is one.
	Browser Token
	// Password is required where Browser does not match.
	Password Password
	Client   Client
}

// NewAccount describes an account made by the app itself.
type NewAccount struct {
	Email string
	// Password, or PasswordHash, or neither: then the account gets its
	// password by a reset. With StateUnverified Password is refused: who
	// chose it need not own the address.
	Password Password
	// PasswordHash is an imported bcrypt hash ($2a$, $2b$ or $2y$). It is
	// upgraded at the first sign-in.
	PasswordHash string
	// State is StateActive (the app vouches for the address) or, for an
	// address nobody has confirmed, StateUnverified.
	State State
}

// Result is a proven identity, for apps with sessions of their own.
type Result struct {
	UserID UserID
	// CredentialVersion is the account's. A session of the app's own ends
	// when the account's differs.
	CredentialVersion int64
	// AMR lists the methods used, in the values of RFC 8176: "pwd", "otp".
	AMR      []string
	AuthTime time.Time
}

// Session is a signed-in browser or client.
type Session struct {
	// Token is the secret of the session. It is set only on a session that
	// was just made; stores never see it.
	Token Token `json:"-"`
	// Hash is the SHA-256 of the token: what stores look up by.
	Hash [32]byte `json:"-"`
	// ID names the session in lists; it is no secret.
	ID     string
	UserID UserID
	// CredentialVersion is the account's at sign-in.
	CredentialVersion int64
	// AMR lists the methods used, in the values of RFC 8176.
	AMR []string
	// AuthTime is when the person last proved who they are.
	AuthTime time.Time
	Created  time.Time
	Seen     time.Time
	// IdleExpires and Expires end the session, whichever comes first.
	IdleExpires time.Time
	Expires     time.Time
	Remember    bool
	Client      Client
	// User is the account as read when the session was checked. Stores do
	// not keep it.
	User User `json:"-"`
}

// Event is one line of the audit log. It names no address and no password.
type Event struct {
	Time time.Time
	// Name is from OWASP's logging vocabulary: authn_login_success,
	// authn_login_fail, authn_login_lock, authn_password_change,
	// user_created, session_ended and others listed in docs/events.md.
	Name  string
	Realm string
	// UserID is "" where no account is concerned or known.
	UserID UserID
	// Subject is a keyed hash of the identifier that was given.
	Subject [32]byte
	// Reference is what the person can read out to support.
	Reference string
	// Reason is the true one; "" on success.
	Reason errcodes.Reason
	// Shown is the reason the caller was given.
	Shown errcodes.Reason
	// Method is "password" or "mail", or "" for what an operator did.
	Method string
	// Until is when a lock ends.
	Until  time.Time
	Client Client
	// Actor and Note are set where somebody acted for the account's owner.
	Actor, Note string
}
