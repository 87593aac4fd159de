package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
)

// The worker's rhythm.
const (
	pollEvery   = 5 * time.Second // for jobs of other processes and retries
	leaseFor    = 2 * time.Minute // longer than any job may take
	jobTimeout  = time.Minute
	leaseBatch  = 8
	retryFirst  = 10 * time.Second
	retryMost   = 30 * time.Minute
	pruneEvery  = time.Hour
	pruneBatch  = 1000
	keepClients = 30 * 24 * time.Hour
	keepEvents  = 400 * 24 * time.Hour
)

// Run sends mail, calls hooks that failed, and tidies the audit log, until
// ctx ends; then it returns nil once what it had begun is finished and the
// events so far are written. Call it with a context that ends after the
// server has stopped. A process without authhttp calls UseLinks first. Sign-in
// and its security need no Run. Any number of processes may run it: each job
// is leased to one at a time and repeated, later and later, until it succeeds
// or expires (mail after a day, hooks after a week).
func (s *Service) Run(ctx context.Context) error {
	var pruned time.Time
	for {
		n, err := s.work(ctx)
		if err != nil && ctx.Err() == nil {
			s.log.Error("auth: the queue cannot be read", "err", err)
		}
		if now := time.Now(); now.Sub(pruned) >= pruneEvery && ctx.Err() == nil {
			pruned = now
			s.prune(ctx, now)
		}
		if n == leaseBatch && ctx.Err() == nil {
			continue
		}
		timer := time.NewTimer(pollEvery)
		select {
		case <-ctx.Done():
			timer.Stop()
			s.events.drain(appendTimeout)
			return nil
		case <-s.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

func (s *Service) prune(ctx context.Context, now time.Time) {
	ctx, cancel := bound(ctx)
	defer cancel()
	if err := s.cfg.Stores.Events.Prune(ctx, now.Add(-keepClients), now.Add(-keepEvents), pruneBatch); err != nil {
		s.log.Warn("auth: old events could not be pruned", "err", err)
	}
}

// work carries out one batch of jobs, side by side: a mail server that hangs
// for one recipient does not hold up the others.
func (s *Service) work(ctx context.Context) (int, error) {
	now := time.Now()
	leaseCtx, cancel := bound(ctx)
	rows, err := s.cfg.Stores.Queue.Lease(leaseCtx, s.cfg.Realm, now, now.Add(leaseFor), leaseBatch)
	cancel()
	if err != nil {
		return 0, err
	}
	var group sync.WaitGroup
	for _, row := range rows {
		if !now.Before(row.Expires) {
			s.log.Error("auth: a promised job expired", "attempts", row.Attempts)
			continue
		}
		group.Go(func() { s.carryOut(ctx, row) })
	}
	group.Wait()
	return len(rows), nil
}

// carryOut does one job and marks it done, or puts it off. A job is not
// broken off by the end of Run: its own deadline ends it.
func (s *Service) carryOut(ctx context.Context, row Job) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), jobTimeout)
	defer cancel()
	kind, err := s.do(ctx, row)
	settle, done := bound(context.WithoutCancel(ctx))
	defer done()
	if err == nil {
		err = s.cfg.Stores.Queue.Done(settle, row.ID)
	}
	if err == nil {
		return
	}
	s.log.Warn("auth: a job failed and will be repeated", "kind", kind, "attempts", row.Attempts, "err", err)
	if err := s.cfg.Stores.Queue.Retry(settle, row.ID, time.Now().Add(backoff(row.Attempts))); err != nil {
		s.log.Warn("auth: a job will be repeated when its lease ends", "kind", kind, "err", err)
	}
}

// backoff doubles from retryFirst up to retryMost.
func backoff(attempts int) time.Duration {
	wait := retryFirst
	for i := 1; i < attempts && wait < retryMost; i++ {
		wait *= 2
	}
	return min(wait, retryMost)
}

func (s *Service) do(ctx context.Context, row Job) (kind string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("auth: a job panicked: %v", p)
		}
	}()
	plain, err := s.ring.Open("job", row.Payload, []byte(row.ID))
	if err != nil {
		return "unreadable", err
	}
	var j job
	if err := json.Unmarshal(plain, &j); err != nil {
		return "unreadable", err
	}
	ctx = errcodes.ContextWithReference(ctx, j.Reference)
	return j.Kind, s.doJob(ctx, j, row.Attempts <= 1)
}

// doJob decides what a promise comes to now that nobody is waiting for the
// answer.
func (s *Service) doJob(ctx context.Context, j job, first bool) error {
	now := time.Now()
	u, found, err := s.jobUser(ctx, j)
	if err != nil {
		return err
	}
	if j.Kind == jobCreated {
		if !found || s.cfg.Hooks.OnAccountCreated == nil {
			return nil
		}
		return s.cfg.Hooks.OnAccountCreated(ctx, u)
	}
	l := s.links.Load()
	if !s.hasLinks() {
		return errors.New("auth: no links for mails: authhttp.New sets them, or call UseLinks")
	}
	m := Mail{To: u.Email, Language: j.Language, Product: s.cfg.Name, Reference: j.Reference}
	switch {
	case j.Kind == jobSignUp && !found:
		p := pending{Email: j.Email, Hash: j.Hash, Browser: j.Browser}
		return s.mailSignUp(ctx, p, m, l, first, now)
	case j.Kind == jobSignUp:
		m.Kind, m.Link = "already_registered", l.SignIn
		return s.send(ctx, m, first, now)
	case j.Kind == jobResend:
		return s.resend(ctx, j, u, found, m, l, first, now)
	case !found:
		return nil
	case j.Kind == jobForgot, j.Kind == jobInvite:
		return s.mailReset(ctx, j, u, m, l, first, now)
	case j.Kind == jobChanged:
		m.Kind, m.Link = "password_changed", l.Forgot
		return s.deliver(ctx, m)
	case j.Kind == jobLocked:
		return s.mailLocked(ctx, j, u, m, l, first, now)
	}
	return fmt.Errorf("auth: unknown kind of job %q: was it made by a newer version?", j.Kind)
}

func (s *Service) jobUser(ctx context.Context, j job) (u User, found bool, err error) {
	if j.User != "" {
		u, err = s.getUser(ctx, j.User)
	} else {
		var id Identifier
		if id, err = s.identify(j.Email); err == nil {
			u, err = s.cfg.Stores.Users.Find(ctx, id)
		}
	}
	if errors.Is(err, ErrNotFound) {
		return User{}, false, nil
	}
	return u, err == nil, err
}
