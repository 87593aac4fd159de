package authhttp_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"math"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/authhttp"
	"github.com/sekisho-auth/sekisho/auth/memstore"
	"github.com/sekisho-auth/sekisho/auth/ratelimit"
)

// freeHasher costs nothing, so that what is around bcrypt can be counted.
type freeHasher struct{}

const freeHash = "$2a$12$abcdefghijklmnopqrstuuJ6eBZQG6Oa0Jb0TUrr1Y3l3Y5mOaW7e"

func (freeHasher) Hash([]byte, int) (string, error)            { return freeHash, nil }
func (freeHasher) Compare(hash string, _ []byte) (bool, error) { return hash == freeHash, nil }

// sink is a ResponseWriter that is used again and again, as a server's buffers are.
type sink struct {
	header http.Header
	status int
	body   []byte
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(p []byte) (int, error) { s.body = append(s.body, p...); return len(p), nil }

// knock sends one request again and again to a handler.
type knock struct {
	h    http.Handler
	body []byte
	r    *http.Request
	w    *sink
}

func newKnock(h http.Handler, body string) *knock {
	r, err := http.NewRequest(http.MethodPost, host+"/auth/login", nil)
	if err != nil {
		panic(err)
	}
	r.RemoteAddr = "192.0.2.1:4711"
	r.Header = http.Header{
		"Content-Type": {"application/json"}, "Accept": {"application/json"}, "Accept-Language": {"ja,en-US;q=0.7,en;q=0.3"},
		"User-Agent": {"Mozilla/5.0 (Windows NT 10.0; Win64; x64)"}, "Origin": {host}, "Sec-Fetch-Site": {"same-origin"},
	}
	return &knock{h: h, body: []byte(body), r: r, w: &sink{}}
}

func (k *knock) once() {
	k.w.header, k.w.status, k.w.body = make(http.Header), http.StatusOK, k.w.body[:0]
	r := *k.r
	r.Body = io.NopCloser(bytes.NewReader(k.body))
	r.ContentLength = int64(len(k.body))
	k.h.ServeHTTP(k.w, &r)
}

// bare reads and answers the same bytes with what the standard library offers.
func bare(status int, answer []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Email, Password string }
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 16<<10)).Decode(&in); err != nil {
			status = http.StatusBadRequest
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(answer)
	})
}

// cost returns allocations and bytes of one knock.
func cost(k *knock) (allocs, size float64) {
	const n = 200
	for range 20 {
		k.once()
	}
	allocs = testing.AllocsPerRun(n, k.once)
	size = math.Inf(1)
	for range 3 { // the least of three: a store that grows, or a collection in between, is not this request's
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range n {
			k.once()
		}
		runtime.ReadMemStats(&after)
		size = min(size, float64(after.TotalAlloc-before.TotalAlloc)/n)
	}
	return allocs, size
}

// costSite is a site with its limits and a logger that writes, as in production.
func costSite(t testing.TB) *site {
	logger := slog.New(slog.NewJSONHandler(io.Discard, nil))
	s := newSite(t, func(c *auth.Config) {
		c.Stores = memstore.New()
		c.Password.Hasher = freeHasher{}
		c.Limits = auth.LimitConfig{Source: ratelimit.Per(1_000_000, time.Minute)}
		c.Sessions.PerUser = 10
		c.Logger = logger
	}, func(c *authhttp.Config) { c.Logger = logger })
	s.create(taro)
	return s
}

const loginBody = `{"email":"taro@example.com","password":"fifty three stations of the tokaido"}`

// TestLoginCost keeps the price of a sign-in beside bcrypt: at most 80 allocations and 16 KiB beyond a handler that reads
// and answers the same bytes; 40 allocations where the address is locked.
func TestLoginCost(t *testing.T) {
	if raceEnabled {
		t.Log("the race detector allocates too: run without it")
		return
	}
	s := costSite(t)
	right := newKnock(s.web, loginBody)
	allocs, size := cost(right)
	if right.w.status != http.StatusOK {
		t.Fatalf("sign-in: %d %s", right.w.status, right.w.body)
	}
	plainAllocs, plainSize := cost(newKnock(bare(http.StatusOK, right.w.body), loginBody))
	t.Logf("sign-in: %.0f allocations, %.0f bytes; bare handler: %.0f, %.0f; beyond it: %.0f, %.0f", allocs, size, plainAllocs, plainSize, allocs-plainAllocs, size-plainSize)
	if allocs-plainAllocs > 80 || size-plainSize > 16<<10 {
		t.Error("more than 80 allocations or 16 KiB")
	}

	wrong := `{"email":"nobody@example.com","password":"wrong wrong wrong wrong"}`
	locked := newKnock(s.web, wrong)
	for range 6 {
		locked.once()
	}
	if locked.w.status != http.StatusLocked {
		t.Fatalf("locked: %d %s", locked.w.status, locked.w.body)
	}
	allocs, size = cost(locked)
	if locked.w.status != http.StatusLocked {
		t.Fatalf("locked: %d %s", locked.w.status, locked.w.body)
	}
	plainAllocs, plainSize = cost(newKnock(bare(http.StatusLocked, locked.w.body), wrong))
	t.Logf("locked: %.0f allocations, %.0f bytes; bare handler: %.0f, %.0f; beyond it: %.0f, %.0f", allocs, size, plainAllocs, plainSize, allocs-plainAllocs, size-plainSize)
	if allocs-plainAllocs > 40 {
		t.Error("more than 40 allocations")
	}
}

func BenchmarkLogin(b *testing.B) {
	k := newKnock(costSite(b).web, loginBody)
	b.ReportAllocs()
	for b.Loop() {
		k.once()
	}
	if k.w.status != http.StatusOK {
		b.Fatalf("%d %s", k.w.status, k.w.body)
	}
}

func BenchmarkLoginLocked(b *testing.B) {
	k := newKnock(costSite(b).web, `{"email":"nobody@example.com","password":"wrong wrong wrong wrong"}`)
	for range 6 {
		k.once()
	}
	b.ReportAllocs()
	for b.Loop() {
		k.once()
	}
}

func BenchmarkBareHandler(b *testing.B) {
	k := newKnock(bare(http.StatusOK, []byte(`{"status":"signed_in","return_to":"/"}`)), loginBody)
	b.ReportAllocs()
	for b.Loop() {
		k.once()
	}
}
