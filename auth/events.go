package auth

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
)

// Names of events, in OWASP's logging vocabulary where it has one.
const (
	eventLoginSuccess   = "authn_login_success"
	eventLoginFail      = "authn_login_fail"
	eventLoginLock      = "authn_login_lock"
	eventObservedLock   = "authn_login_lock_observed"
	eventSuccessAfter   = "authn_login_successafterfail"
	eventPasswordChange = "authn_password_change"
	eventPasswordFail   = "authn_password_change_fail"
	eventReauth         = "authn_reauthenticate"
	eventReauthFail     = "authn_reauthenticate_fail"
	eventUnlock         = "authn_login_unlock"
	eventSignUpRequest  = "user_signup_request"
	eventResetRequest   = "authn_reset_request"
	eventResendRequest  = "user_resend_request"
	eventReset          = "authn_password_reset"
	eventResetFail      = "authn_password_reset_fail"
	eventVerifyFail     = "user_verify_fail"
	eventCreated        = "user_created"
	eventVerified       = "user_verified"
	eventUpdated        = "user_updated"
	eventDeleted        = "user_deleted"
	eventSessionExpired = "session_expired"
	eventSessionEnded   = "session_ended"
	maxWaitingEvents    = 4096
	appendTimeout       = 5 * time.Second
	maxUserAgent        = 256
	methodPassword      = "password"
	methodMail          = "mail"
)

// recorded is an event on its way, with the address that a notice needs. The
// address never reaches the event store.
type recorded struct {
	Event
	email, language string
	evict           bool // a session was made: the oldest may have to go
}

// recorder appends events beside the requests that cause them. It is bounded;
// what does not fit is counted. Its goroutine lives only while there is
// something to append.
type recorder struct {
	store EventStore
	hook  func(context.Context, Event)
	after func(context.Context, recorded)
	log   *slog.Logger

	dropped atomic.Uint64

	mu       sync.Mutex
	waiting  []recorded
	flushing chan struct{} // closed when the goroutine ends; nil if there is none
}

func (r *recorder) add(e recorded) {
	r.mu.Lock()
	if len(r.waiting) >= maxWaitingEvents {
		r.mu.Unlock()
		if r.dropped.Add(1) == 1 {
			r.log.Error("auth: the event store cannot keep up: events are being dropped")
		}
		return
	}
	r.waiting = append(r.waiting, e)
	start := r.flushing == nil
	if start {
		r.flushing = make(chan struct{})
	}
	r.mu.Unlock()
	if start {
		go r.flush()
	}
}

// drain waits until nothing is left to append, or the time is up.
func (r *recorder) drain(most time.Duration) {
	r.mu.Lock()
	done := r.flushing
	r.mu.Unlock()
	if done == nil {
		return
	}
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		r.log.Error("auth: events are still being written at the end of Run")
	}
}

func (r *recorder) flush() {
	for {
		r.mu.Lock()
		batch := r.waiting
		r.waiting = nil
		if len(batch) == 0 {
			close(r.flushing)
			r.flushing = nil
			r.mu.Unlock()
			return
		}
		r.mu.Unlock()
		r.write(batch)
	}
}

func (r *recorder) write(batch []recorded) {
	events := make([]Event, len(batch))
	for i := range batch {
		events[i] = batch[i].Event
	}
	ctx, cancel := context.WithTimeout(context.Background(), appendTimeout)
	defer cancel()
	err := r.store.Append(ctx, events)
	if err != nil {
		err = r.store.Append(ctx, events)
	}
	if err != nil {
		r.dropped.Add(uint64(len(events)))
		r.log.Error("auth: events were lost", "count", len(events), "err", err)
	}
	for i := range batch {
		r.callHook(ctx, batch[i].Event)
		r.after(ctx, batch[i])
	}
}

// callHook keeps a panic of the app's hook from ending the process: nobody
// up the stack of this goroutine could recover it.
func (r *recorder) callHook(ctx context.Context, e Event) {
	if r.hook == nil {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			r.log.Error("auth: Hooks.OnEvent panicked", "panic", p)
		}
	}()
	r.hook(ctx, e)
}

// event begins an event of a request.
func (s *Service) event(ctx context.Context, name, method string, c Client, now time.Time) recorded {
	return recorded{
		Event: Event{
			Time: now, Name: name, Realm: s.cfg.Realm, Method: method,
			Reference: errcodes.ReferenceFrom(ctx), Client: c,
		},
		language: c.Language,
	}
}

// record completes an event with its outcome and hands it over. Refusals that
// cost an attacker nothing stand in the log only, so that a flood of them
// writes nothing.
func (s *Service) record(e recorded, err error) {
	if err != nil {
		e.Reason = errcodes.ReasonOf(err)
		e.Shown = shown(err)
		if logOnly(err) {
			return
		}
	}
	s.events.add(e)
}

// shown is the reason that the caller is given.
func shown(err error) errcodes.Reason {
	e, ok := errcodes.Classify(err)
	if !ok {
		return ""
	}
	return e.Public().Reason()
}

// logOnly tells the refusals that are not events.
func logOnly(err error) bool {
	switch errcodes.ReasonOf(err) {
	case errcodes.ReasonServerBusy, errcodes.ReasonRateLimited:
		return true
	default:
		return false
	}
}
