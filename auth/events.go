package auth

import (
	"context"
	"log/slog"
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

// follows reports whether there is more to do than to write the event down.
func (e recorded) follows() bool { return e.evict || e.Name == eventLoginLock && e.email != "" }

// recorder appends events beside the requests that cause them, and does what
// follows from them apart from that: a hook that is slow, or a queue that
// hangs, does not hold up the audit log. Both are bounded; events that do not
// fit are counted.
type recorder struct {
	store   EventStore
	hook    func(context.Context, Event)
	after   func(context.Context, recorded)
	log     *slog.Logger
	dropped atomic.Uint64

	appends background[recorded]
	follows background[recorded]
}

func newRecorder(store EventStore, hook func(context.Context, Event), after func(context.Context, recorded), log *slog.Logger) *recorder {
	r := &recorder{store: store, hook: hook, after: after, log: log}
	r.appends = background[recorded]{most: maxWaitingEvents, do: r.write}
	r.follows = background[recorded]{most: maxWaitingEvents, do: r.follow}
	return r
}

func (r *recorder) add(e recorded) {
	if !r.appends.add(e) && r.dropped.Add(1) == 1 {
		r.log.Error("auth: the event store cannot keep up: events are being dropped")
	}
	if (e.follows() || r.hook != nil) && !r.follows.add(e) {
		r.log.Error("auth: what follows from an event was left out: is Hooks.OnEvent slow, or the queue down?", "event", e.Name)
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
}

func (r *recorder) follow(batch []recorded) {
	for i := range batch {
		ctx, cancel := context.WithTimeout(context.Background(), appendTimeout)
		r.callHook(ctx, batch[i].Event)
		if batch[i].follows() {
			r.after(ctx, batch[i])
		}
		cancel()
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

// drain waits for both.
func (r *recorder) drain(most time.Duration) {
	if !r.appends.drain(most) || !r.follows.drain(most) {
		r.log.Error("auth: events are still being written at the end of Run")
	}
}

// event begins an event of a request.
func (s *Service) event(ctx context.Context, name, method string, c Client, now time.Time) recorded {
	c = c.clean()
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
