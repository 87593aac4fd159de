package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/sekisho-auth/sekisho/auth/ratelimit"
	"github.com/sekisho-auth/sekisho/lockout"
)

// Config says how a Service works. The zero value of every field but Stores
// and Keys is the safe default. New copies it; later changes have no effect.
type Config struct {
	// Stores says where state lives. Required.
	Stores Stores
	// Keys seals and indexes what is stored. Required.
	Keys Keys
	// Name is the product as mails and refused passwords know it, for
	// instance "Tokaido Rail". Default: "Sekisho".
	Name string
	// Realm separates tenants that share stores: it is in every key and row.
	Realm string
	// Password says which passwords are accepted and how they are hashed.
	Password PasswordConfig
	// Lockout says when failed attempts pause sign-in. The zero Policy is
	// lockout.Default().
	Lockout lockout.Policy
	// Limits says how often one source may try.
	Limits LimitConfig
	// Sessions says how long sessions live.
	Sessions SessionConfig
	// Mailer sends mail; nil writes mails to the log, which authhttp.New
	// accepts on loopback only.
	Mailer Mailer
	// Logger receives what operators need to know; nil is slog.Default().
	// It never receives passwords or tokens, but for mails where Mailer is
	// nil; addresses only if a Mailer puts them into its errors.
	Logger *slog.Logger
	// Hooks lets the app take part.
	Hooks Hooks
}

// PasswordConfig says which passwords are accepted and how they are hashed.
type PasswordConfig struct {
	// MinLength counts code points; 0 is 15 (NIST SP 800-63B-4 §3.1.1.2).
	// Less than 8 is refused.
	MinLength int
	// Words are refused as passwords, alone or varied: product names,
	// organisations. Config.Name is one already.
	Words []string
	// Breach is asked about every new password, if set. Its failure never
	// stands in anybody's way; it is logged.
	Breach BreachChecker
	// Cost is bcrypt's, 10 to 15; 0 is 12. Every sign-in does the work of
	// this cost, whatever is stored.
	Cost int
	// Hasher replaces bcrypt itself; nil is golang.org/x/crypto/bcrypt.
	Hasher Hasher
	// Slots is how many hashes may be computed at once; 0 is GOMAXPROCS-1,
	// at least 1. Queue is how many requests may wait for one; 0 is 8 per
	// slot.
	Slots, Queue int
	// Peppers is a keyring for a keyed step before bcrypt: the first is used
	// for new hashes, all for old ones. Losing it loses every password made
	// with it. Empty: a public constant takes its place.
	Peppers []Pepper
	// InsecureLowCost allows a Cost from 4 to 9. Only for tests.
	InsecureLowCost bool
}

// Pepper is a secret key for password hashes, kept apart from the database.
type Pepper struct {
	// ID stands in each hash; 1 or more, never used again for another key.
	ID int
	// Key is the secret.
	Key Key
}

// Hasher computes and compares bcrypt hashes. Keys are at most 72 bytes and
// hold no NUL. It must be safe for concurrent use; calls are bounded by
// PasswordConfig.Slots.
type Hasher interface {
	// Hash returns a standard bcrypt string of 60 bytes.
	Hash(key []byte, cost int) (string, error)
	// Compare reports whether key made hash, which is a valid bcrypt string.
	Compare(hash string, key []byte) (bool, error)
}

// BreachChecker knows passwords that have leaked. The breach package has a
// client for k-anonymity services.
type BreachChecker interface {
	Breached(ctx context.Context, password string) (bool, error)
}

// LimitConfig says how often one source, one address or everybody together
// may try. The defaults and their reasons are in docs/limits.md.
type LimitConfig struct {
	// Source bounds failed sign-ins per source (an IPv4 address or an IPv6
	// /64; a /48 has ten times as many). Zero: 20 in 10 minutes.
	Source ratelimit.Limit
	// Requests bounds sign-ups, forgotten passwords and repeated mails per
	// source. Zero: 10 in an hour.
	Requests ratelimit.Limit
	// Mail bounds mails of one kind to one address. Zero: 3 in 30 minutes.
	// Above it the answer stays the same and no further mail of that kind is
	// sent; the last one still works.
	Mail ratelimit.Limit
	// Global bounds failed sign-ins of everybody together. Zero: none; the
	// bounded hashing queue protects the app.
	Global ratelimit.Limit
	// InsecureOff switches all of them off. Only for measurements.
	InsecureOff bool
}

// SessionConfig says how long sessions live.
type SessionConfig struct {
	// Idle ends a session that is not used; 0 is 1 hour.
	Idle time.Duration
	// Absolute ends every session; 0 is 24 hours.
	Absolute time.Duration
	// Remember is both for people who ask to stay signed in; 0 is 30 days,
	// negative switches it off.
	Remember time.Duration
	// PerUser is how many sessions an account may have; the oldest makes
	// room. 0 is 100.
	PerUser int
}

// Hooks lets the app take part. Each may be nil. They must be safe for
// concurrent use.
type Hooks struct {
	// OnAccountCreated is called for each new account, and tried before its
	// owner is answered. It must be idempotent: after an error or a crash it
	// is called again, for a week.
	OnAccountCreated func(ctx context.Context, u User) error
	// OnEvent is called for each event, beside the request that caused it and
	// one at a time: it should return quickly.
	OnEvent func(ctx context.Context, e Event)
	// Challenge may let somebody try in spite of a timed lock, after a
	// CAPTCHA for instance. The attempt still counts.
	Challenge func(ctx context.Context, c Client) bool
}

// Defaults of LimitConfig and SessionConfig.
var (
	defaultSource   = ratelimit.Per(20, 10*time.Minute)
	defaultRequests = ratelimit.Per(10, time.Hour)
	defaultMail     = ratelimit.Per(3, 30*time.Minute)
)

const (
	defaultIdle     = time.Hour
	defaultAbsolute = 24 * time.Hour
	defaultRemember = 30 * 24 * time.Hour
	defaultPerUser  = 100
)

// withDefaults fills in what is zero and refuses what cannot work, naming the
// field and the remedy.
func (c Config) withDefaults() (Config, error) {
	if err := c.Stores.check(); err != nil {
		return c, err
	}
	if err := c.Keys.check(c.Stores.lasting()); err != nil {
		return c, err
	}
	if c.Name == "" {
		c.Name = "Sekisho"
	}
	if len(c.Realm) > 128 {
		return c, errors.New("auth: Config.Realm is longer than 128 bytes: use a short name")
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	var err error
	if c.Limits, err = c.Limits.withDefaults(); err != nil {
		return c, err
	}
	if c.Sessions, err = c.Sessions.withDefaults(); err != nil {
		return c, err
	}
	if c.Password.MinLength == 0 {
		c.Password.MinLength = 15
	}
	if c.Password.MinLength < 8 || c.Password.MinLength > 64 {
		return c, errors.New("auth: Config.Password.MinLength must be 8 to 64 (0 is 15)")
	}
	return c, nil
}

func (s Stores) check() error {
	missing := func(field string) error {
		return fmt.Errorf("auth: Config.Stores.%s is nil: use memstore.New() to begin with", field)
	}
	switch {
	case s.Users == nil:
		return missing("Users")
	case s.Tickets == nil:
		return missing("Tickets")
	case s.Queue == nil:
		return missing("Queue")
	case s.Events == nil:
		return missing("Events")
	case s.Lockout == nil:
		return missing("Lockout")
	case s.Limits == nil:
		return missing("Limits")
	case s.Meta == nil:
		return missing("Meta")
	}
	return nil
}

func (l LimitConfig) withDefaults() (LimitConfig, error) {
	none := ratelimit.Limit{}
	if l.InsecureOff {
		return LimitConfig{InsecureOff: true}, nil
	}
	if l.Source == none {
		l.Source = defaultSource
	}
	if l.Requests == none {
		l.Requests = defaultRequests
	}
	if l.Mail == none {
		l.Mail = defaultMail
	}
	for _, f := range []struct {
		name  string
		limit ratelimit.Limit
	}{{"Source", l.Source}, {"Requests", l.Requests}, {"Mail", l.Mail}, {"Global", l.Global}} {
		if err := f.limit.Validate(); err != nil {
			return l, fmt.Errorf("auth: Config.Limits.%s: %w", f.name, err)
		}
		if f.limit.None() && f.name != "Global" {
			return l, fmt.Errorf("auth: Config.Limits.%s lets everything through: use ratelimit.Per, or InsecureOff for measurements", f.name)
		}
	}
	return l, nil
}

func (s SessionConfig) withDefaults() (SessionConfig, error) {
	if s.Idle == 0 {
		s.Idle = defaultIdle
	}
	if s.Absolute == 0 {
		s.Absolute = defaultAbsolute
	}
	if s.Remember == 0 {
		s.Remember = defaultRemember
	}
	if s.PerUser == 0 {
		s.PerUser = defaultPerUser
	}
	if s.Idle < time.Minute || s.Absolute < s.Idle {
		return s, errors.New("auth: Config.Sessions: Idle must be at least a minute and Absolute at least Idle")
	}
	if s.Remember > 0 && s.Remember < s.Idle {
		return s, errors.New("auth: Config.Sessions.Remember must be at least Idle, or negative to switch it off (0 is 30 days)")
	}
	if s.PerUser < 1 {
		return s, errors.New("auth: Config.Sessions.PerUser must be positive (0 is 100)")
	}
	return s, nil
}
