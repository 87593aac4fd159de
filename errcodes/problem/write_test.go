package problem_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/errcodes/problem"
)

const ref = "7Q3KM2XP9D"

func newResponder(t testing.TB, opts ...problem.Option) *problem.Responder {
	t.Helper()
	p, err := problem.New(append([]problem.Option{problem.WithLogger(slog.New(slog.DiscardHandler))}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func request(t testing.TB, lang string) *http.Request {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/auth/login", nil)
	if lang != "" {
		r.Header.Set("Accept-Language", lang)
	}
	return r.WithContext(errcodes.ContextWithReference(r.Context(), ref))
}

func write(t testing.TB, p *problem.Responder, r *http.Request, err error) (*http.Response, string) {
	t.Helper()
	w := httptest.NewRecorder()
	p.Write(w, r, err)
	return w.Result(), w.Body.String()
}

// TestWireForm fixes the whole response of a lock.
func TestWireForm(t *testing.T) {
	p := newResponder(t,
		problem.WithTypeBase("https://auth.example.jp/errors"),
		problem.WithLink(errcodes.ActionResetPassword, "/password/reset"),
		problem.WithLink(errcodes.ActionContactSupport, "/support"))
	resp, body := write(t, p, request(t, "ja,en;q=0.8"),
		errcodes.New(errcodes.ReasonAccountTemporarilyLocked, errcodes.Uniform(), errcodes.RetryAfter(15*time.Minute-time.Nanosecond),
			errcodes.Because(errors.New("canary"))))
	want := `{"type":"https://auth.example.jp/errors/account_temporarily_locked","title":"アカウントがロックされています","status":423,` +
		`"detail":"このアドレスでのログインを一時的に停止しています。約15分後に、もう一度お試しください。お急ぎの場合は、パスワードを再設定するとすぐにログインできます。停止によってデータが消えることはありません。",` +
		`"instance":"urn:authref:7Q3KM2XP9D","code":1002,"reason":"account_temporarily_locked","reference":"7Q3K-M2XP-9D","retry_after":900,` +
		`"causes":["このアドレスで、ログインの失敗が何度か続きました。ほかの人が試した可能性もあります。","推測による不正なログインを防ぐための停止です。停止中に試しても、ログインはできません。"],` +
		`"remedies":[{"action":"retry_later","label":"約15分後に、もう一度試す","after":900},` +
		`{"action":"reset_password","label":"パスワードを再設定する","href":"/password/reset"},` +
		`{"action":"contact_support","label":"お問い合わせ番号を添えて、サポート窓口に連絡する","href":"/support?ref=7Q3KM2XP9D"}]}`
	if body != want {
		t.Errorf("body\n%s\nwant\n%s", body, want)
	}
	wantHeader := http.Header{
		"Content-Type": {"application/problem+json"}, "Content-Language": {"ja"}, "Vary": {"Accept-Language"},
		"Cache-Control": {"no-store"}, "Retry-After": {"900"},
	}
	if resp.StatusCode != 423 || fmt.Sprint(resp.Header) != fmt.Sprint(wantHeader) {
		t.Errorf("status %d, header %v, want %v", resp.StatusCode, resp.Header, wantHeader)
	}
}

// TestEveryReason: status, headers and body agree for every reason in every
// language.
func TestEveryReason(t *testing.T) {
	p := newResponder(t)
	for r := range errcodes.Reasons() {
		if r == errcodes.ReasonSecondFactorRequired {
			continue
		}
		for _, lang := range p.Languages() {
			e := errcodes.New(r, errcodes.Proven(errcodes.ProofContact), errcodes.Proven(errcodes.ProofSession), errcodes.RetryAfter(1))
			resp, body := write(t, p, request(t, string(lang)), e)
			var doc problem.Problem
			if err := json.Unmarshal([]byte(body), &doc); err != nil {
				t.Fatalf("%s: %v", r, err)
			}
			if resp.StatusCode != r.HTTPStatus() || doc.Status != resp.StatusCode || doc.Reason != r || doc.Code != r.Code() {
				t.Errorf("%s: status %d, document %+v", r, resp.StatusCode, doc)
			}
			if doc.Type != problem.DefaultTypeBase+string(r) || doc.Title == "" || doc.Detail == "" || len(doc.Causes) == 0 || len(doc.Remedies) == 0 {
				t.Errorf("%s: %+v", r, doc)
			}
			for _, rem := range doc.Remedies {
				if rem.Label == "" {
					t.Errorf("%s %s: %s has no label", r, lang, rem.Action)
				}
			}
			_, waits := r.DefaultRetry()
			if got := resp.Header.Get("Retry-After"); waits && (got != "1" || doc.RetryAfter != 1) || !waits && (got != "" || doc.RetryAfter != 0) {
				t.Errorf("%s: Retry-After %q, retry_after %d", r, got, doc.RetryAfter)
			}
			if got := resp.Header.Get("WWW-Authenticate"); (got == "Sekisho") != (doc.Status == 401) || got != "" && got != "Sekisho" {
				t.Errorf("%s: WWW-Authenticate %q with status %d", r, got, doc.Status)
			}
			if got := resp.Header.Get("Content-Language"); got != string(lang) {
				t.Errorf("%s: Content-Language %q, want %q", r, got, lang)
			}
		}
	}
}

// TestFailsClosed: what is no failure, or no error of ours, never becomes a
// success.
func TestFailsClosed(t *testing.T) {
	var null *errcodes.Error
	p := newResponder(t)
	for name, err := range map[string]error{
		"nil":                           nil,
		"a nil *Error":                  null,
		"a challenge":                   errcodes.New(errcodes.ReasonSecondFactorRequired, errcodes.Proven(errcodes.ProofFirstFactor)),
		"a challenge without proof":     errcodes.New(errcodes.ReasonSecondFactorRequired),
		"a bare challenge":              errcodes.ReasonSecondFactorRequired,
		"any error":                     errors.New("boom"),
		"an unknown reason":             errcodes.Reason("made_up"),
		"code zero":                     errcodes.Code(0),
		"a fault that a peer knows":     errcodes.Received(errcodes.CodeServerError, "new_fault"),
		"a fault because of a lock":     errcodes.Wrap(errcodes.New(errcodes.ReasonAccountLocked), errcodes.ReasonInternalError),
		"a fault because of a password": fmt.Errorf("h: %w", errcodes.Wrap(errcodes.ReasonInvalidCredentials, errcodes.ReasonInternalError)),
	} {
		resp, body := write(t, p, request(t, ""), err)
		if resp.StatusCode != 500 || !strings.Contains(body, `"reason":"internal_error"`) {
			t.Errorf("%s: status %d, %s", name, resp.StatusCode, body)
		}
	}
}

func TestMaxBytes(t *testing.T) {
	_, err := io.ReadAll(http.MaxBytesReader(nil, io.NopCloser(strings.NewReader("too long")), 3))
	p := newResponder(t)
	if resp, _ := write(t, p, request(t, ""), fmt.Errorf("body: %w", err)); resp.StatusCode != 413 {
		t.Errorf("a body over the limit: status %d", resp.StatusCode)
	}
	if resp, _ := write(t, p, request(t, ""), errcodes.Wrap(err, errcodes.ReasonInternalError)); resp.StatusCode != 500 {
		t.Errorf("classified already: status %d", resp.StatusCode)
	}
}

// TestIndistinguishable: without proof every state of an account gives the same
// response.
func TestIndistinguishable(t *testing.T) {
	p := newResponder(t, problem.WithLink(errcodes.ActionContactSupport, "/support"))
	hints := errcodes.WithHints(errcodes.HintFullWidth)
	wantResp, want := write(t, p, request(t, "ja"), errcodes.New(errcodes.ReasonInvalidCredentials, hints))
	for r := range errcodes.Reasons() {
		x := r.Exposure()
		if x == errcodes.ExposureAlways || r == errcodes.ReasonSecondFactorRequired {
			continue
		}
		e := errcodes.New(r, hints, errcodes.RetryAfter(time.Hour), errcodes.WithParam(errcodes.ParamDigits, 8), errcodes.Because(errors.New("x")))
		resp, body := write(t, p, request(t, "ja"), e)
		if body != want || resp.StatusCode != wantResp.StatusCode || fmt.Sprint(resp.Header) != fmt.Sprint(wantResp.Header) {
			t.Errorf("%s is told apart:\n%d %v %s", r, resp.StatusCode, resp.Header, body)
		}
	}
}

func TestHeaders(t *testing.T) {
	p := newResponder(t)
	w := httptest.NewRecorder()
	h := w.Header()
	h.Set("Content-Length", "3")
	h.Set("Content-Encoding", "gzip")
	h.Set("ETag", `"x"`)
	h.Set("Last-Modified", "yesterday")
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("Retry-After", "7")
	h.Set("Vary", "Origin")
	p.Write(w, request(t, ""), errcodes.New(errcodes.ReasonNotFound))
	for _, k := range []string{"Content-Length", "Content-Encoding", "Etag", "Last-Modified", "Retry-After"} {
		if h.Get(k) != "" {
			t.Errorf("%s: %s is left of another response", k, h.Get(k))
		}
	}
	if got := h.Values("Vary"); !slices.Equal(got, []string{"Origin", "Accept-Language"}) {
		t.Errorf("Vary %v", got)
	}
	if got := h.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %s", got)
	}
	for _, vary := range []string{"accept-language", "Origin, Accept-Language", "*"} {
		h = http.Header{"Vary": {vary}}
		p.Problem(t.Context(), errcodes.New(errcodes.ReasonTimeout), "en").SetHeader(h)
		if got := h.Values("Vary"); len(got) != 1 {
			t.Errorf("Vary %v", got)
		}
	}
	// One header appended to does not reach into the next.
	h = http.Header{}
	p.Problem(t.Context(), errcodes.New(errcodes.ReasonNotSignedIn), "en").SetHeader(h)
	h.Add("Content-Language", "x")
	h.Add("Cache-Control", "y")
	if h.Get("Cache-Control") != "no-store" || h.Get("WWW-Authenticate") != "Sekisho" {
		t.Errorf("%v", h)
	}
}

func TestHead(t *testing.T) {
	p := newResponder(t)
	r := httptest.NewRequest(http.MethodHead, "/", nil)
	w := httptest.NewRecorder()
	p.Write(w, r, errcodes.New(errcodes.ReasonNotSignedIn))
	if w.Code != 401 || w.Body.Len() != 0 {
		t.Errorf("status %d, %d bytes", w.Code, w.Body.Len())
	}
}

func TestReferenceOfAResponse(t *testing.T) {
	p := newResponder(t)
	seen := map[string]bool{}
	for range 3 {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		_, body := write(t, p, r, errcodes.New(errcodes.ReasonTimeout))
		var doc problem.Problem
		if err := json.Unmarshal([]byte(body), &doc); err != nil {
			t.Fatal(err)
		}
		got, ok := errcodes.ParseReference(doc.Reference)
		if !ok || doc.Instance != "urn:authref:"+got || seen[got] {
			t.Errorf("reference %q, instance %q", doc.Reference, doc.Instance)
		}
		seen[got] = true
	}
}

// TestLog: one line, with what support needs and without what nobody may read.
func TestLog(t *testing.T) {
	var b bytes.Buffer
	p := newResponder(t, problem.WithLogger(slog.New(slog.NewJSONHandler(&b, nil))))
	mux := http.NewServeMux()
	mux.HandleFunc("POST /auth/email/verify/{token}", func(w http.ResponseWriter, r *http.Request) {
		p.Write(w, r, fmt.Errorf("h: %w", errcodes.New(errcodes.ReasonAccountDisabled, errcodes.During("login.password"),
			errcodes.Because(errors.New("state 3")), errcodes.WithHints(errcodes.HintCapsLock))))
	})
	r := httptest.NewRequest(http.MethodPost, "/auth/email/verify/secrettoken?q=secretquery", nil)
	mux.ServeHTTP(httptest.NewRecorder(), r.WithContext(errcodes.ContextWithReference(context.Background(), ref)))
	if got := strings.Count(b.String(), "\n"); got != 1 {
		t.Fatalf("%d lines: %s", got, b.String())
	}
	for _, want := range []string{`"reference":"7Q3K-M2XP-9D"`, `"status":401`, `"reason":"account_disabled"`, `"public":"invalid_credentials"`,
		`"op":"login.password"`, `"cause":"state 3"`, `"method":"POST"`, `"route":"POST /auth/email/verify/{token}"`, `"level":"INFO"`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in %s", want, b.String())
		}
	}
	for _, not := range []string{"secret", "caps"} {
		if strings.Contains(b.String(), not) {
			t.Errorf("%s in %s", not, b.String())
		}
	}
	for want, err := range map[string]error{
		`"level":"ERROR"`: errors.New("boom"), `"level":"WARN"`: errcodes.ReasonServerBusy,
		`answer it with the challenge`: errcodes.ReasonSecondFactorRequired, `a nil error`: nil,
	} {
		b.Reset()
		write(t, p, request(t, ""), err)
		if !strings.Contains(b.String(), want) || strings.Count(b.String(), "\n") != 1 {
			t.Errorf("no %s in %s", want, b.String())
		}
	}
}

// TestAllocations: a refusal must stay cheap; an attacker controls the rate.
func TestAllocations(t *testing.T) {
	p := newResponder(t, problem.WithLink(errcodes.ActionResetPassword, "/password/forgot"), problem.WithLink(errcodes.ActionContactSupport, "/support"))
	e := errcodes.New(errcodes.ReasonAccountTemporarilyLocked, errcodes.Uniform(), errcodes.RetryAfter(14*time.Minute), errcodes.WithHints(errcodes.HintFullWidth))
	r := request(t, "ja-JP,ja;q=0.9,en-US;q=0.8,en;q=0.7")
	w := &discard{h: http.Header{}}
	var n int
	if got := testing.AllocsPerRun(500, func() { p.Write(w, r, e); n += w.n }); got > 25 { // 18, and more where the race detector empties pools
		t.Errorf("Write: %v allocations, want at most 25", got)
	} else {
		t.Logf("Write: %v allocations", got)
	}
	logging := newResponder(t, problem.WithLogger(slog.New(slog.NewJSONHandler(io.Discard, nil))),
		problem.WithLink(errcodes.ActionResetPassword, "/password/forgot"), problem.WithLink(errcodes.ActionContactSupport, "/support"))
	if got := testing.AllocsPerRun(500, func() { logging.Write(w, r, e) }); got > 30 {
		t.Errorf("Write with a log line: %v allocations, want at most 30", got)
	} else {
		t.Logf("Write with a log line: %v allocations", got)
	}
	if got := testing.AllocsPerRun(500, func() { p.Match("ja-JP,ja;q=0.9,en-US;q=0.8,en;q=0.7") }); got > 0 {
		t.Errorf("Match of a header seen before: %v allocations", got)
	}
}

type discard struct {
	h http.Header
	n int
}

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(b []byte) (int, error) { d.n = len(b); return len(b), nil }

func TestConcurrentWrites(t *testing.T) {
	p := newResponder(t, problem.WithLink(errcodes.ActionContactSupport, "/support"))
	e := errcodes.New(errcodes.ReasonServerBusy)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 50 {
				lang, want := "ja", "サーバーエラー"
				if (i+n)%2 == 0 {
					lang, want = fmt.Sprintf("en;q=0.%d", n%10+1), "Server error"
				}
				w := httptest.NewRecorder()
				r := httptest.NewRequest(http.MethodGet, "/", nil)
				r.Header.Set("Accept-Language", lang)
				p.Write(w, r, e)
				if !strings.Contains(w.Body.String(), want) {
					t.Errorf("%s: %s", lang, w.Body.String())
				}
			}
		})
	}
	wg.Wait()
}

func FuzzNoLeak(f *testing.F) {
	f.Add("hunter2", "ja", "login.password")
	f.Add("\r\nX: y", "*;q=2,,,", "x")
	p := newResponder(f, problem.WithLink(errcodes.ActionContactSupport, "/support"))
	f.Fuzz(func(t *testing.T, cause, lang, op string) {
		const canary = "cAnArY"
		for _, r := range []errcodes.Reason{errcodes.ReasonInternalError, errcodes.ReasonAccountDisabled, errcodes.ReasonServerBusy} {
			e := errcodes.New(r, errcodes.Because(errors.New(canary+cause)), errcodes.During(canary+op))
			for _, err := range []error{e, fmt.Errorf("%s: %w", canary, e), errors.Join(e, errors.New(canary)), errors.New(canary + cause)} {
				req := httptest.NewRequest(http.MethodGet, "/", nil)
				req.Header["Accept-Language"] = []string{lang + canary}
				w := httptest.NewRecorder()
				p.Write(w, req, err)
				if strings.Contains(w.Body.String(), canary) || strings.Contains(fmt.Sprint(w.Header()), canary) {
					t.Fatalf("leaks: %v %s", w.Header(), w.Body.String())
				}
			}
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	p := newResponder(b, problem.WithLink(errcodes.ActionContactSupport, "/support"))
	e := errcodes.New(errcodes.ReasonAccountTemporarilyLocked, errcodes.Uniform())
	r := request(b, "ja-JP,ja;q=0.9,en-US;q=0.8,en;q=0.7")
	w := &discard{h: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		p.Write(w, r, e)
	}
}
