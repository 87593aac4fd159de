package ratelimit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/internal/redact"
)

// MinSecret is the least length of a Limiter's secret in bytes.
const MinSecret = 16

// Limiter applies one Limit to many keys: addresses, accounts, or "everybody".
// It is immutable and safe for concurrent use.
type Limiter struct {
	store  Store
	limit  Limit
	label  string
	secret redact.String
}

// New returns a Limiter that keeps its buckets in store under KeyOf(secret,
// label, key). label says what is counted, and keeps this Limiter's buckets
// apart from those of others in the same store. secret must be of at least
// MinSecret bytes and the same on all servers that share the store; with a
// Memory it may be nil, and a random one is made.
func New(store Store, limit Limit, secret []byte, label string) (*Limiter, error) {
	if store == nil {
		return nil, errors.New("ratelimit: store is nil; use ratelimit.NewMemory(0) to begin with")
	}
	if err := limit.Validate(); err != nil {
		return nil, err
	}
	if _, own := store.(*Memory); own && secret == nil {
		secret = make([]byte, 32)
		_, _ = rand.Read(secret) // never fails; see crypto/rand.Read
	}
	if len(secret) < MinSecret {
		return nil, fmt.Errorf("ratelimit: the secret has %d bytes; give at least %d, the same on all servers", len(secret), MinSecret)
	}
	return &Limiter{store: store, limit: limit, label: label, secret: redact.NewString(string(secret))}, nil
}

func (l *Limiter) key(key string) Key { return KeyOf([]byte(l.secret.Reveal()), l.label, key) }

// Allow takes one token for key. It returns nil if there was one. Otherwise the
// error is an *errcodes.Error: rate_limited with the time to wait when there
// was none, service_unavailable when the store failed, timeout when ctx was
// done, and internal_error for an empty key. Nothing is allowed on a fault.
func (l *Limiter) Allow(ctx context.Context, key string) error {
	if key == "" {
		return errcodes.New(errcodes.ReasonInternalError, errcodes.During("ratelimit.allow"),
			errcodes.Because(errors.New("ratelimit: empty key")))
	}
	if l.limit.None() {
		return nil
	}
	wait, err := l.store.Take(ctx, l.key(key), l.limit, time.Now())
	switch {
	case err != nil:
		return fault(err, "ratelimit.allow")
	case wait > 0:
		return errcodes.New(errcodes.ReasonRateLimited, errcodes.RetryAfter(wait), errcodes.During("ratelimit.allow"))
	}
	return nil
}

// Refund gives back the token that Allow took for key, when what it was taken
// for turned out not to be what the limit counts: a sign-in that succeeded,
// where failures are limited. It never gives more than was there at the start,
// and it may be called although the bucket is full. The error is an
// *errcodes.Error of service_unavailable or timeout; the token is then lost,
// and nothing else.
func (l *Limiter) Refund(ctx context.Context, key string) error {
	if key == "" || l.limit.None() {
		return nil
	}
	if err := l.store.Give(ctx, l.key(key), l.limit, time.Now()); err != nil {
		return fault(err, "ratelimit.refund")
	}
	return nil
}

func fault(err error, op string) error {
	reason := errcodes.ReasonServiceUnavailable
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		reason = errcodes.ReasonTimeout
	}
	return errcodes.Wrap(err, reason, errcodes.During(op))
}

// Handler returns a handler that lets a request through to next if there is a
// token for it. key says whose bucket pays: a function that returns Source of
// the client's address, for most. If key fails or returns "", or there is no
// token, or the store fails, next is not called and refuse answers with the
// error, always an *errcodes.Error. With a nil refuse the answer is plain text
// with the error's own status and Retry-After.
//
// The client's address is not r.RemoteAddr behind a proxy, and is not
// X-Forwarded-For without one: use what knows your proxies.
func (l *Limiter) Handler(key func(*http.Request) (string, error), refuse func(http.ResponseWriter, *http.Request, error),
	next http.Handler,
) http.Handler {
	if refuse == nil {
		refuse = refusePlainly
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k, err := key(r)
		if err == nil {
			err = l.Allow(r.Context(), k)
		}
		if err != nil {
			known, _ := errcodes.Classify(err)
			refuse(w, r, known)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// refusePlainly answers without texts and languages, which authhttp has. RFC
// 6585 §4: a 429 must not be cached.
func refusePlainly(w http.ResponseWriter, _ *http.Request, err error) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	reason := errcodes.ReasonOf(err)
	if known, ok := errors.AsType[*errcodes.Error](err); ok {
		if wait, ok := known.Retry(); ok {
			h.Set("Retry-After", strconv.FormatInt(seconds(wait), 10))
		}
	}
	w.WriteHeader(reason.HTTPStatus())
	_, _ = io.WriteString(w, reason.Code().String()+" "+string(reason)+"\n")
}

// seconds rounds up to whole seconds, at least 1: a client that comes back at
// the time told must find a token.
func seconds(d time.Duration) int64 { return max(1, int64((d+time.Second-1)/time.Second)) }
