package auth

import (
	"context"
	"encoding/json"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
	tok "github.com/sekisho-auth/sekisho/internal/token"
)

// Kinds of jobs.
const (
	jobSignUp  = "sign-up" // mail a link, or tell the owner of an account
	jobResend  = "resend"  // mail the link again
	jobForgot  = "forgot"  // mail a reset link, if there is an account
	jobInvite  = "invite"  // mail a reset link to an account, for an operator
	jobCreated = "created" // call Hooks.OnAccountCreated
	jobChanged = "changed" // tell the owner that the password was changed
	jobLocked  = "locked"  // tell the owner, if any, that sign-in is paused
)

// job is what a Job holds, sealed. Every request has the same fields and, but
// for the length of an address, the same size.
type job struct {
	Kind      string   `json:"k"`
	Email     string   `json:"e,omitempty"`
	User      UserID   `json:"u,omitempty"`
	Hash      string   `json:"h,omitempty"`
	Browser   [32]byte `json:"b"`
	Language  string   `json:"l,omitempty"`
	Reference string   `json:"r,omitempty"`
	// Token is what the mailed link holds. It is made with the job, so that a
	// job that is repeated mails the same link again. It is not a Token: that
	// would not be written down.
	Token   string `json:"t"`
	Minutes int    `json:"m,omitempty"`
}

// promise writes a job down before the caller is answered and wakes the
// worker of this process.
func (s *Service) promise(ctx context.Context, j job, now time.Time, ttl time.Duration) error {
	j.Language = Client{Language: j.Language}.clean().Language
	j.Reference, j.Token = errcodes.ReferenceFrom(ctx), tok.New()
	if _, err := s.add(ctx, j, now, now.Add(ttl)); err != nil {
		return err
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return nil
}

func (s *Service) add(ctx context.Context, j job, notBefore, expires time.Time) (string, error) {
	plain, err := json.Marshal(j)
	if err != nil {
		return "", fault("queue.seal", err)
	}
	id := tok.ID()
	row := Job{ID: id, Realm: s.cfg.Realm, Payload: s.ring.Seal("job", plain, []byte(id)), NotBefore: notBefore, Expires: expires}
	if err := s.cfg.Stores.Queue.Add(ctx, row); err != nil {
		return "", fault("queue.add", err)
	}
	return id, nil
}

// notify promises a notice about something that has happened already; if it
// cannot be written down, operators learn of it.
func (s *Service) notify(ctx context.Context, j job, now time.Time) {
	if !s.hasLinks() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyTimeout)
	defer cancel()
	if err := s.promise(ctx, j, now, mailJobTTL); err != nil {
		s.log.Error("auth: a notice to an owner was lost", "kind", j.Kind, errcodes.LogAttr(err))
	}
}

// afterEvent does what follows from an event beside the request. It promises the notices that follow from events. A lock is promised
// a notice whether or not the address has an account: the worker decides.
func (s *Service) afterEvent(ctx context.Context, e recorded) {
	if e.evict {
		s.evictSessions(ctx, e.UserID, e.Time)
	}
	if e.Name != eventLoginLock || e.email == "" {
		return
	}
	minutes := 0
	if !e.Until.IsZero() {
		minutes = int((e.Until.Sub(e.Time) + time.Minute - 1) / time.Minute)
	}
	ctx = errcodes.ContextWithReference(ctx, e.Reference)
	s.notify(ctx, job{Kind: jobLocked, Email: e.email, Language: e.language, Minutes: minutes}, e.Time)
}
