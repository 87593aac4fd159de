package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sekisho-auth/sekisho/auth/ratelimit"
	"github.com/sekisho-auth/sekisho/errcodes"
)

// faulty is a store that always fails.
type faulty struct{ err error }

func (f faulty) Take(context.Context, ratelimit.Key, ratelimit.Limit, time.Time) (time.Duration, error) {
	return 0, f.err
}
func (f faulty) Give(context.Context, ratelimit.Key, ratelimit.Limit, time.Time) error { return f.err }

// recording is a store that notes what reaches it.
type recording struct {
	ratelimit.Store
	mu   sync.Mutex
	keys []ratelimit.Key
}

func (r *recording) Take(ctx context.Context, k ratelimit.Key, l ratelimit.Limit, now time.Time) (time.Duration, error) {
	r.mu.Lock()
	r.keys = append(r.keys, k)
	r.mu.Unlock()
	return r.Store.Take(ctx, k, l, now)
}

const secretCanary = "secret-canary-0123456789abcdef"

func newLimiter(t testing.TB, s ratelimit.Store, l ratelimit.Limit) *ratelimit.Limiter {
	t.Helper()
	limiter, err := ratelimit.New(s, l, []byte(secretCanary), "login")
	if err != nil {
		t.Fatal(err)
	}
	return limiter
}

func TestNewNamesWhatIsWrong(t *testing.T) {
	memory, good := ratelimit.NewMemory(0), ratelimit.Per(1, time.Second)
	for _, tt := range []struct {
		store  ratelimit.Store
		limit  ratelimit.Limit
		secret []byte
		want   string
	}{
		{nil, good, nil, "store is nil"},
		{memory, ratelimit.Per(0, time.Second), nil, "rate"},
		{memory, ratelimit.Limit{Rate: 1}, nil, "burst"},
		{memory, ratelimit.Limit{Rate: 1e-9, Burst: 1}, nil, "fill"},
		{memory, good, []byte("short"), "secret"},
		{memory, good, []byte{}, "secret"},
		{&recording{Store: memory}, good, nil, "the same on all servers"},
	} {
		if _, err := ratelimit.New(tt.store, tt.limit, tt.secret, "x"); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("New(%+v) = %v, want an error with %q", tt, err, tt.want)
		}
	}
	if _, err := ratelimit.New(memory, good, nil, ""); err != nil {
		t.Errorf("New with a Memory and no secret: %v", err)
	}
}

func TestAllow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		l := newLimiter(t, ratelimit.NewMemory(0), ratelimit.Per(3, time.Minute))
		for range 3 {
			if err := l.Allow(ctx, "a"); err != nil {
				t.Fatal(err)
			}
		}
		err := l.Allow(ctx, "a")
		limited, ok := errors.AsType[*errcodes.Error](err)
		if !ok || !errors.Is(err, errcodes.ReasonRateLimited) || errcodes.CodeOf(err) != errcodes.CodeServerError {
			t.Fatalf("Allow over the limit: %v", err)
		}
		if wait, ok := limited.Retry(); !ok || wait != 20*time.Second {
			t.Errorf("Retry = %v, %v; want 20s", wait, ok)
		}
		if err := l.Allow(ctx, "b"); err != nil {
			t.Errorf("another key: %v", err)
		}
		time.Sleep(20 * time.Second)
		if err := l.Allow(ctx, "a"); err != nil {
			t.Errorf("after the wait: %v", err)
		}
		if err := l.Allow(ctx, "a"); err == nil {
			t.Error("a second token after the wait for one")
		}
		if err := errors.Join(l.Refund(ctx, "a"), l.Allow(ctx, "a")); err != nil {
			t.Errorf("after a refund: %v", err)
		}
		for range 10 {
			if err := l.Refund(ctx, "fresh"); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 4 {
			if err := l.Allow(ctx, "fresh"); (err == nil) != (i < 3) {
				t.Errorf("token %d after too many refunds: %v", i+1, err)
			}
		}
	})
}

// TestSuccessDoesNotRefill: one attempt that succeeds gives back its own token
// and no other.
func TestSuccessDoesNotRefill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		l := newLimiter(t, ratelimit.NewMemory(0), ratelimit.Per(20, 10*time.Minute))
		guesses := 0
		for range 1000 {
			if l.Allow(ctx, "attacker") == nil {
				guesses++
			}
			if l.Allow(ctx, "attacker") == nil { // the attacker's own account
				if err := l.Refund(ctx, "attacker"); err != nil {
					t.Fatal(err)
				}
			}
		}
		if guesses != 20 {
			t.Errorf("%d guesses, want 20", guesses)
		}
	})
}

func TestFaultsLetNothingThrough(t *testing.T) {
	boom := errors.New("store: connection refused to 10.0.0.7")
	for _, tt := range []struct {
		err  error
		want errcodes.Reason
	}{
		{boom, errcodes.ReasonServiceUnavailable},
		{fmt.Errorf("get: %w", context.DeadlineExceeded), errcodes.ReasonTimeout},
		{context.Canceled, errcodes.ReasonTimeout},
		{errcodes.New(errcodes.ReasonInvalidCredentials), errcodes.ReasonServiceUnavailable},
	} {
		l := newLimiter(t, faulty{tt.err}, ratelimit.Per(3, time.Minute))
		for name, err := range map[string]error{"Allow": l.Allow(t.Context(), "a"), "Refund": l.Refund(t.Context(), "a")} {
			known, ok := errors.AsType[*errcodes.Error](err)
			if !ok || errcodes.ReasonOf(err) != tt.want || strings.Contains(err.Error(), "10.0.0.7") {
				t.Fatalf("%s with %v = %v, want %s", name, tt.err, err, tt.want)
			}
			if wait, ok := known.Retry(); !ok || wait <= 0 {
				t.Errorf("%s with %v: Retry = %v, %v", name, tt.err, wait, ok)
			}
		}
	}
	l := newLimiter(t, faulty{boom}, ratelimit.Per(3, time.Minute))
	if err := l.Allow(t.Context(), "a"); !errors.Is(err, boom) {
		t.Errorf("the cause is lost: %v", err)
	}
	if err := l.Allow(t.Context(), ""); errcodes.ReasonOf(err) != errcodes.ReasonInternalError {
		t.Errorf("empty key: %v", err)
	}
	if err := l.Refund(t.Context(), ""); err != nil {
		t.Errorf("refund of an empty key: %v", err)
	}
	none := newLimiter(t, faulty{boom}, ratelimit.Limit{})
	if err := errors.Join(none.Allow(t.Context(), "a"), none.Refund(t.Context(), "a")); err != nil {
		t.Errorf("no limit asks the store: %v", err)
	}
}

func TestKeysDoNotTellAddresses(t *testing.T) {
	store := &recording{Store: ratelimit.NewMemory(0)}
	one, limit := newLimiter(t, store, ratelimit.Per(3, time.Minute)), ratelimit.Per(3, time.Minute)
	two, err := ratelimit.New(store, limit, []byte(secretCanary), "forgot")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(one.Allow(t.Context(), "192.0.2.1"), two.Allow(t.Context(), "192.0.2.1")); err != nil {
		t.Fatal(err)
	}
	if store.keys[0] == store.keys[1] {
		t.Error("two labels share a bucket")
	}
	for _, k := range store.keys {
		if strings.Contains(string(k[:]), "192.0.2") {
			t.Errorf("the key %q holds the address", k)
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		for _, v := range []any{one, *one, struct{ l ratelimit.Limiter }{*one}} {
			out := fmt.Sprintf(verb, v)
			if strings.Contains(out, "canary") || strings.Contains(out, fmt.Sprintf("%x", "canary")) {
				t.Errorf("%s prints the secret: %s", verb, out)
			}
		}
	}
}

func TestAllowRace(t *testing.T) {
	l := newLimiter(t, ratelimit.NewMemory(0), ratelimit.Per(20, time.Hour))
	var wg sync.WaitGroup
	results := make(chan error, 200)
	for range 200 {
		wg.Go(func() { results <- l.Allow(context.Background(), "a") })
	}
	wg.Wait()
	close(results)
	passed := 0
	for err := range results {
		if err == nil {
			passed++
		} else if !errors.Is(err, errcodes.ReasonRateLimited) {
			t.Error(err)
		}
	}
	if passed != 20 {
		t.Errorf("%d of 200 passed, want 20", passed)
	}
}

func byHeader(r *http.Request) (string, error) {
	switch k := r.Header.Get("Key"); k {
	case "fail":
		return "", errors.New("no address")
	case "bad":
		return "a", errcodes.New(errcodes.ReasonRequestMalformed)
	default:
		return k, nil
	}
}

func TestHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		served := 0
		next := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served++ })
		l := newLimiter(t, ratelimit.NewMemory(0), ratelimit.Per(2, 25*time.Second))
		h := l.Handler(byHeader, nil, next)
		get := func(key string) *http.Response {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Key", key)
			h.ServeHTTP(w, r)
			return w.Result()
		}
		get("a")
		get("a")
		if served != 2 {
			t.Fatalf("served %d of 2", served)
		}
		resp := get("a")
		if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "13" ||
			resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("RateLimit") != "" {
			t.Errorf("refused with %d %v; want 429, Retry-After 13 (12.5 s rounded up), no-store", resp.StatusCode, resp.Header)
		}
		time.Sleep(13 * time.Second)
		if get("a").StatusCode != http.StatusOK {
			t.Error("refused after Retry-After")
		}
		for key, status := range map[string]int{"fail": 500, "": 500, "bad": 400} {
			if resp := get(key); resp.StatusCode != status {
				t.Errorf("key %q: %d, want %d", key, resp.StatusCode, status)
			}
		}
		if served != 3 {
			t.Errorf("served %d, want 3", served)
		}
	})
}

func TestHandlerRefusesOnFaults(t *testing.T) {
	l := newLimiter(t, faulty{errors.New("down")}, ratelimit.Per(2, time.Minute))
	var got error
	h := l.Handler(byHeader, func(w http.ResponseWriter, _ *http.Request, err error) {
		got = err
		w.WriteHeader(http.StatusTeapot)
	}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("served without a store") }))
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Key", "a")
	h.ServeHTTP(w, r)
	if _, ok := errors.AsType[*errcodes.Error](got); !ok || errcodes.ReasonOf(got) != errcodes.ReasonServiceUnavailable || w.Code != http.StatusTeapot {
		t.Errorf("refuse got %v, status %d", got, w.Code)
	}
	r.Header.Set("Key", "fail")
	h.ServeHTTP(httptest.NewRecorder(), r)
	if _, ok := errors.AsType[*errcodes.Error](got); !ok || errcodes.ReasonOf(got) != errcodes.ReasonInternalError {
		t.Errorf("refuse got %v for a key that failed", got)
	}
}

func BenchmarkAllow(b *testing.B) {
	ctx := context.Background()
	for name, l := range map[string]ratelimit.Limit{"allowed": ratelimit.Per(1_000_000, time.Second), "refused": ratelimit.Per(1, time.Hour)} {
		b.Run(name, func(b *testing.B) {
			limiter := newLimiter(b, ratelimit.NewMemory(0), l)
			b.ReportAllocs()
			for b.Loop() {
				_ = limiter.Allow(ctx, "192.0.2.1")
			}
		})
	}
}
