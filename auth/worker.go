package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
)

// The worker's rhythm.
const (
	pollEvery     = 5 * time.Second // for jobs of other processes and retries
	leaseFor      = 2 * time.Minute // longer than any job may take
	jobTimeout    = time.Minute
	maxJobsAtOnce = 8
	retryFirst    = 10 * time.Second
	retryMost     = 30 * time.Minute
	pruneEvery    = time.Hour
	pruneBatch    = 1000
	maxPrunes     = 1000 // in a row
	keepClients   = 30 * 24 * time.Hour
	keepEvents    = 400 * 24 * time.Hour
)

// Run sends mail, calls hooks that failed, and tidies the audit log, until
// ctx ends; then it returns nil once what it had begun is finished, in about
// a minute at most, and the events so far are written. Call it with a context
// that ends after the server has stopped. A process without authhttp calls
// UseLinks first. Sign-in and its security need no Run. Any number of
// processes may run it: each job is leased to one at a time and repeated,
// later and later, until it succeeds or expires (mail after a day, hooks
// after a week).
func (s *Service) Run(ctx context.Context) error {
	w := worker{s: s, free: make(chan struct{}, maxJobsAtOnce)}
	for range maxJobsAtOnce {
		w.free <- struct{}{}
	}
	var pruned time.Time
	for ctx.Err() == nil {
		more := w.lease(ctx)
		if now := time.Now(); now.Sub(pruned) >= pruneEvery && ctx.Err() == nil {
			pruned = now
			s.prune(ctx, now)
		}
		if !more {
			s.rest(ctx)
		}
	}
	w.finish()
	s.events.drain(appendTimeout)
	return nil
}

// rest waits for something to do.
func (s *Service) rest(ctx context.Context) {
	timer := time.NewTimer(pollEvery)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-s.wake:
	case <-timer.C:
	}
}

func (s *Service) prune(ctx context.Context, now time.Time) {
	for range maxPrunes {
		ctx, cancel := bound(ctx)
		n, err := s.cfg.Stores.Events.Prune(ctx, now.Add(-keepClients), now.Add(-keepEvents), pruneBatch)
		cancel()
		if err != nil {
			s.log.Warn("auth: old events could not be pruned", "err", err)
		}
		if err != nil || n < pruneBatch {
			return
		}
	}
}

// worker carries out jobs side by side: a mail server that hangs for one
// recipient holds up no other.
type worker struct {
	s    *Service
	free chan struct{} // one for each job that may still begin
}

// lease takes as many jobs as may begin and begins them. It reports whether
// there may be more to take at once.
func (w *worker) lease(ctx context.Context) bool {
	places := w.reserve(ctx)
	if places == 0 {
		return false
	}
	s, now := w.s, time.Now()
	leaseCtx, cancel := bound(ctx)
	rows, err := s.cfg.Stores.Queue.Lease(leaseCtx, s.cfg.Realm, now, now.Add(leaseFor), places)
	cancel()
	if err != nil && ctx.Err() == nil {
		s.log.Error("auth: the queue cannot be read", "err", err)
	}
	for range places - len(rows) {
		w.free <- struct{}{}
	}
	for _, row := range rows {
		go func() {
			defer func() { w.free <- struct{}{} }()
			if !now.Before(row.Expires) {
				j, _ := s.openJob(row)
				s.log.Error("auth: a promised job expired", "kind", j.Kind, "reference", j.Reference, "attempts", row.Attempts)
				return
			}
			s.carryOut(ctx, row)
		}()
	}
	return len(rows) == places
}

// reserve waits until a job may begin and takes all the places there are.
func (w *worker) reserve(ctx context.Context) (places int) {
	select {
	case <-w.free:
		places = 1
	case <-ctx.Done():
		return 0
	}
	for {
		select {
		case <-w.free:
			places++
		default:
			return places
		}
	}
}

// finish waits for the jobs that have begun; one whose Mailer ignores its
// deadline is left behind.
func (w *worker) finish() {
	timer := time.NewTimer(jobTimeout + opTimeout)
	defer timer.Stop()
	for range maxJobsAtOnce {
		select {
		case <-w.free:
		case <-timer.C:
			w.s.log.Error("auth: a job did not end in time and was left behind")
			return
		}
	}
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
	j, err := s.openJob(row)
	if err != nil {
		return "unreadable", err
	}
	ctx = errcodes.ContextWithReference(ctx, j.Reference)
	return j.Kind, s.doJob(ctx, j, row.Attempts <= 1)
}

// openJob unseals what was promised.
func (s *Service) openJob(row Job) (j job, err error) {
	plain, err := s.ring.Open("job", row.Payload, []byte(row.ID))
	if err != nil {
		return j, err
	}
	return j, json.Unmarshal(plain, &j)
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
		return s.callCreated(ctx, u)
	}
	l := s.links.Load()
	if !s.hasLinks() {
		return errors.New("auth: no links for mails: authhttp.New sets them, or call UseLinks")
	}
	m := Mail{To: u.Email, Language: j.Language, Product: s.cfg.Name, Reference: j.Reference}
	switch {
	case j.Kind == jobSignUp && !found:
		p := pending{Email: j.Email, Hash: j.Hash, Browser: j.Browser}
		return s.mailSignUp(ctx, j, p, m, l, first, now)
	case j.Kind == jobSignUp && (u.PasswordHash == "" || u.State == StateUnverified):
		j.Kind = jobForgot // sign-in could not work; a new password makes it work
		return s.mailReset(ctx, j, u, m, l, first, now)
	case j.Kind == jobSignUp:
		return s.mailTaken(ctx, m, l, first, now)
	case j.Kind == jobResend:
		return s.resend(ctx, j, u, found, m, l, first, now)
	case !found:
		return nil
	case j.Kind == jobForgot, j.Kind == jobInvite:
		return s.mailReset(ctx, j, u, m, l, first, now)
	case j.Kind == jobChanged:
		m.Kind, m.Link = mailChanged, l.Forgot
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
			u, err = s.findUser(ctx, id)
		}
	}
	if errors.Is(err, ErrNotFound) {
		return User{}, false, nil
	}
	return u, err == nil, err
}
