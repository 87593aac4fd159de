package auth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/sekisho-auth/sekisho/auth/ratelimit"
	"github.com/sekisho-auth/sekisho/internal/passhash"
	"github.com/sekisho-auth/sekisho/internal/passpolicy"
	"github.com/sekisho-auth/sekisho/internal/seal"
	"github.com/sekisho-auth/sekisho/lockout"
)

// Service signs people in. It is safe for concurrent use. Make it with New.
type Service struct {
	cfg    Config
	log    *slog.Logger
	ring   *seal.Ring
	index  indexKeys
	hashes *passhash.Hashes
	policy passpolicy.Policy
	guard  *lockout.Guard
	limits limits
	crowd  crowd
	events *recorder
	links  atomic.Pointer[Links]
	wake   chan struct{}
}

// indexKeys are what look-ups are keyed with. They come from the oldest key
// and never change.
type indexKeys struct{ subject, lock, limit, owner *seal.Index }

// opTimeout bounds every call of a store or a hash that a request makes.
const opTimeout = 15 * time.Second

// New makes a Service. What is missing or cannot work is named in the error,
// with the remedy. It starts nothing; call Run for mail.
func New(cfg Config) (*Service, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Service{cfg: cfg, log: cfg.Logger, wake: make(chan struct{}, 1)}
	if s.ring, err = cfg.Keys.sealRing(); err != nil {
		return nil, fmt.Errorf("auth: Config.Keys: %w", err)
	}
	s.index = indexKeys{
		subject: seal.NewIndex(s.ring.IndexKey("subject")), lock: seal.NewIndex(s.ring.IndexKey("lock")),
		limit: seal.NewIndex(s.ring.IndexKey("limit")), owner: seal.NewIndex(s.ring.IndexKey("owner")),
	}
	if s.hashes, err = newHashes(cfg.Password); err != nil {
		return nil, fmt.Errorf("auth: Config.Password: %w", err)
	}
	s.crowd = crowd{most: s.hashes.PerSource(), in: map[ratelimit.Key]int{}}
	s.policy = passpolicy.Policy{MinLength: cfg.Password.MinLength, Words: append([]string{cfg.Name}, cfg.Password.Words...)}
	if err := s.policy.Validate(); err != nil {
		return nil, fmt.Errorf("auth: Config.Password: %w", err)
	}
	s.limits = limits{store: cfg.Stores.Limits, cfg: cfg.Limits, index: s.index.limit, realm: cfg.Realm}
	s.events = newRecorder(cfg.Stores.Events, cfg.Hooks.OnEvent, s.afterEvent, cfg.Logger)
	if s.guard, err = s.newGuard(); err != nil {
		return nil, fmt.Errorf("auth: Config.Lockout: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), opTimeout)
	defer cancel()
	if err := errors.Join(s.checkKeys(ctx), s.checkPeppers(ctx)); err != nil {
		return nil, err
	}
	return s, nil
}

func newHashes(c PasswordConfig) (*passhash.Hashes, error) {
	peppers := make([]passhash.Pepper, len(c.Peppers))
	for i, p := range c.Peppers {
		peppers[i] = passhash.Pepper{ID: p.ID, Key: p.Key.raw()}
	}
	return passhash.New(passhash.Config{
		Hasher: c.Hasher, Cost: c.Cost, Slots: c.Slots, Queue: c.Queue,
		Peppers: peppers, InsecureAllowLowCost: c.InsecureLowCost,
	})
}

func (s *Service) newGuard() (*lockout.Guard, error) {
	hooks := lockout.Hooks{OnLock: observed}
	if s.cfg.Hooks.Challenge != nil {
		hooks.Challenge = s.challenge
	}
	return lockout.New(lockout.Config{Store: s.cfg.Stores.Lockout, Policy: s.cfg.Lockout, Hooks: hooks})
}

type observedKey struct{}

// observed notes a lock that lockout.Policy.Observe only rehearses, so that
// the audit log shows who would have been locked, and for how long.
func observed(ctx context.Context, e lockout.LockEvent) {
	if in, ok := ctx.Value(observedKey{}).(*signIn); ok && e.Observed {
		in.event.Name, in.event.Until = eventObservedLock, e.Until
	}
}

type clientKey struct{}

// challenge hands the app's hook the client that the attempt came from.
func (s *Service) challenge(ctx context.Context) bool {
	c, _ := ctx.Value(clientKey{}).(Client)
	return s.cfg.Hooks.Challenge(ctx, c)
}

// keyCheckName is the entry of MetaStore that tells whose database this is.
const keyCheckName = "key-check"

func (s *Service) keyCheck() []byte {
	k := s.ring.IndexKey("check")
	mac := seal.MAC(&k, keyCheckName, s.cfg.Realm)
	return mac[:]
}

// checkKeys refuses a database that other keys made: locks, tickets and
// second factors in it could not be read.
func (s *Service) checkKeys(ctx context.Context) error {
	want := s.keyCheck()
	got, err := s.cfg.Stores.Meta.KeyCheck(ctx, keyCheckName+"/"+s.cfg.Realm, want)
	if err != nil {
		return fmt.Errorf("auth: reading the key check: %w", err)
	}
	if !bytes.Equal(got, want) {
		return errors.New("auth: this key did not make this database: restore the key that was lost, or call AcceptNewKeys once (locks, open links and second factors are lost, accounts and passwords are not)")
	}
	return nil
}

// checkPeppers refuses a pepper that is not the one its ID stood for: every
// password made with it would look wrong.
func (s *Service) checkPeppers(ctx context.Context) error {
	for _, p := range s.cfg.Password.Peppers {
		raw := [32]byte(p.Key.raw())
		want := seal.MAC(&raw, "pepper-check", strconv.Itoa(p.ID))
		got, err := s.cfg.Stores.Meta.KeyCheck(ctx, "pepper-check/"+strconv.Itoa(p.ID), want[:])
		if err != nil {
			return fmt.Errorf("auth: reading the pepper check: %w", err)
		}
		if !bytes.Equal(got, want[:]) {
			return fmt.Errorf("auth: Config.Password.Peppers: pepper %d is not the one that the stored passwords were made with", p.ID)
		}
	}
	return nil
}

// AcceptNewKeys tells the stores that cfg.Keys replace keys that were lost.
// Locks, mailed links and second factors made with them are lost; accounts
// and passwords stay. New works again afterwards.
func AcceptNewKeys(ctx context.Context, cfg Config) error {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return err
	}
	ring, err := cfg.Keys.sealRing()
	if err != nil {
		return fmt.Errorf("auth: Config.Keys: %w", err)
	}
	s := &Service{cfg: cfg, ring: ring}
	if err := cfg.Stores.Meta.ReplaceKeyCheck(ctx, keyCheckName+"/"+cfg.Realm, s.keyCheck()); err != nil {
		return fmt.Errorf("auth: replacing the key check: %w", err)
	}
	return nil
}

// UseLinks says where the links in mails lead. All four fields are needed:
// with one of them empty, sign-up and recovery are off. The authhttp package calls it; call it yourself if the
// pages are your own.
func (s *Service) UseLinks(l Links) { s.links.Store(&l) }

// hasLinks reports whether mails can lead anywhere.
func (s *Service) hasLinks() bool {
	l := s.links.Load()
	return l != nil && l.Verify != nil && l.Reset != nil && l.SignIn != "" && l.Forgot != ""
}

// HasMailer reports whether Config.Mailer was set. Without one, mails go to
// the log, tokens and all: only for trying out.
func (s *Service) HasMailer() bool { return s.cfg.Mailer != nil }

// CalibrateCost measures this machine for about a fifth of a second and
// suggests a PasswordConfig.Cost from 10 to 15 whose hash takes no longer than
// target; 250 ms is a good one.
func CalibrateCost(target time.Duration) int { return passhash.Calibrate(target) }

// Name returns Config.Name, for pages.
func (s *Service) Name() string { return s.cfg.Name }

// MinPasswordLength returns how many characters a new password needs, so that
// pages can say so before the first refusal.
func (s *Service) MinPasswordLength() int { return s.cfg.Password.MinLength }

// DroppedEvents counts events that were lost since New because the event
// store failed or could not keep up.
func (s *Service) DroppedEvents() uint64 { return s.events.dropped.Load() }

// tidyTimeout bounds what is done for good order and stands between a person
// and an answer.
const tidyTimeout = 2 * time.Second

// bound gives a call its deadline.
func bound(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, opTimeout)
}
