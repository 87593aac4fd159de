package breach

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
)

const canary = "kanarienvogel im schacht"

func digestOf(password string) (prefix, suffix string) {
	sum := sha1.Sum([]byte(password))
	d := strings.ToUpper(hex.EncodeToString(sum[:]))
	return d[:5], d[5:]
}

// serve starts a service on loopback and makes a Checker for it.
func serve(t *testing.T, cfg Config, h http.HandlerFunc) *Checker {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	c, err := New(srv.URL+"/range", cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func answer(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}

func TestAnswers(t *testing.T) {
	_, suffix := digestOf(canary)
	other := strings.Repeat("0", 35)
	for name, c := range map[string]struct {
		body string
		min  int
		want bool
	}{
		"there":              {other + ":3\r\n" + suffix + ":7\r\n", 0, true},
		"there, LF":          {other + ":3\n" + suffix + ":7\n", 0, true},
		"there, no line end": {other + ":3\r\n" + suffix + ":7", 0, true},
		"there, first":       {suffix + ":1\r\n" + other + ":3", 0, true},
		"lower case":         {strings.ToLower(suffix) + ":1", 0, true},
		"not there":          {other + ":3\r\n", 0, false},
		"nothing":            {"", 0, false},
		"blank lines":        {"\r\n\r\n" + suffix + ":1\r\n\r\n", 0, true},
		"padding":            {suffix + ":0\r\n", 0, false},
		"below the count":    {suffix + ":9\r\n", 10, false},
		"at the count":       {suffix + ":10\r\n", 10, true},
		"a great count":      {suffix + ":9223372036854775807", 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := serve(t, Config{MinCount: c.min}, answer(c.body)).Breached(t.Context(), canary)
			if err != nil || got != c.want {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

// Whatever is wrong with the answer is an error, never a no and never a yes.
func TestBadAnswers(t *testing.T) {
	_, suffix := digestOf(canary)
	for name, h := range map[string]http.HandlerFunc{
		"HTML":             answer("<!doctype html><title>Sign in to the hotel network</title>"),
		"no count":         answer(suffix + "\r\n"),
		"count no number":  answer(suffix + ":many\r\n"),
		"negative count":   answer(suffix + ":-1\r\n"),
		"count too great":  answer(suffix + ":99999999999999999999\r\n"),
		"short suffix":     answer(suffix[1:] + ":1\r\n"),
		"long suffix":      answer("0" + suffix + ":1\r\n"),
		"whole digest":     answer("00000" + suffix + ":1\r\n"),
		"no hex":           answer("G" + suffix[1:] + ":1\r\n"),
		"hex lookalike":    answer("@" + suffix[1:] + ":1\r\n"),
		"spaces":           answer(" " + suffix + ":1\r\n"),
		"hit, then damage": answer(suffix + ":1\r\nProxy error"),
		"NUL":              answer("\x00"),
		"500": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, suffix+":1", http.StatusInternalServerError)
		},
		"404": http.NotFound,
		"429": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) },
		"204": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"cut off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "4000")
			_, _ = io.WriteString(w, suffix+":1\r\n")
		},
		"hung up": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			got, err := serve(t, Config{}, h).Breached(t.Context(), canary)
			checkFailure(t, got, err, errcodes.ReasonServiceUnavailable)
		})
	}
}

// checkFailure: the answer is an error of that reason, which tells nothing.
func checkFailure(t *testing.T, got bool, err error, want errcodes.Reason) {
	t.Helper()
	if got || errcodes.ReasonOf(err) != want {
		t.Errorf("%v, %v, want %s", got, err, want)
	}
	prefix, suffix := digestOf(canary)
	for e := err; e != nil; e = errors.Unwrap(e) {
		text := strings.ToUpper(fmt.Sprintf("%v %+v %#v", e, e, e))
		for _, leak := range []string{strings.ToUpper(canary), "KANARIEN", prefix, suffix[:5]} {
			if strings.Contains(text, leak) {
				t.Errorf("%q is in the error %q", leak, text)
			}
		}
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	_, suffix := digestOf(canary)
	var visits atomic.Int64
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		visits.Add(1)
		_, _ = io.WriteString(w, suffix+":1")
	}))
	defer target.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		// A client that follows redirects by itself is not allowed to either.
		follow := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
		for _, client := range []*http.Client{nil, follow} {
			c := serve(t, Config{Client: client}, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, target.URL+r.URL.Path, status)
			})
			got, err := c.Breached(t.Context(), canary)
			checkFailure(t, got, err, errcodes.ReasonServiceUnavailable)
		}
		if follow.CheckRedirect(nil, nil) != nil {
			t.Error("the caller's client was changed")
		}
	}
	if visits.Load() != 0 {
		t.Errorf("%d visits to the target", visits.Load())
	}
}

func TestEndlessAnswer(t *testing.T) {
	line := []byte(strings.Repeat("0", 35) + ":1\r\n")
	c := serve(t, Config{Timeout: time.Minute}, func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(line); err != nil {
				return
			}
		}
	})
	got, err := c.Breached(t.Context(), canary)
	checkFailure(t, got, err, errcodes.ReasonServiceUnavailable)
	if errors.Is(err, context.DeadlineExceeded) {
		t.Error("the timeout ended it, not the cap")
	}
	// Just as much as is allowed.
	full := bytes.Repeat(line, maxBody/len(line))
	full = append(full, bytes.Repeat([]byte("\n"), maxBody-len(full))...)
	for extra, ok := range map[string]bool{"": true, "\n": false} {
		_, err = serve(t, Config{}, answer(string(full)+extra)).Breached(t.Context(), canary)
		if (err == nil) != ok {
			t.Errorf("%d bytes: %v", len(full)+len(extra), err)
		}
	}
}

func TestSlowAnswer(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"no header": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"no end": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat("0", 35)+":1\r\n")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := serve(t, Config{Timeout: 30 * time.Millisecond}, h).Breached(t.Context(), canary)
			checkFailure(t, got, err, errcodes.ReasonServiceUnavailable)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("cause: %v", errors.Unwrap(err))
			}
		})
	}
}

// transport is a service without a network.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestTimes(t *testing.T) {
	never := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	})}
	synctest.Test(t, func(t *testing.T) {
		for _, k := range []struct {
			cfg  time.Duration
			ctx  time.Duration
			want time.Duration
			why  errcodes.Reason
		}{
			{0, time.Hour, 2 * time.Second, errcodes.ReasonServiceUnavailable},
			{5 * time.Second, time.Hour, 5 * time.Second, errcodes.ReasonServiceUnavailable},
			{0, time.Second, time.Second, errcodes.ReasonTimeout}, // the caller's own deadline
		} {
			c, err := New(PwnedPasswords, Config{Client: never, Timeout: k.cfg})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), k.ctx)
			start := time.Now()
			got, err := c.Breached(ctx, canary)
			cancel()
			checkFailure(t, got, err, k.why)
			if d := time.Since(start); d != k.want {
				t.Errorf("took %v, want %v", d, k.want)
			}
		}
		c, _ := New(PwnedPasswords, Config{Client: never})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, cancel)
		got, err := c.Breached(ctx, canary)
		checkFailure(t, got, err, errcodes.ReasonTimeout)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
}

func TestNobodyThere(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	c, err := New(srv.URL, Config{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Breached(t.Context(), canary)
	checkFailure(t, got, err, errcodes.ReasonServiceUnavailable)
}

// Only the prefix leaves the process: the whole request is looked at.
func TestOnlyThePrefixLeaves(t *testing.T) {
	for _, password := range []string{canary, "", "漢字のパスワード", strings.Repeat("a", 1024), "with\r\nline: end"} {
		prefix, suffix := digestOf(password)
		var sent []byte
		client := &http.Client{
			Transport: transport(func(r *http.Request) (*http.Response, error) {
				var b bytes.Buffer
				if err := r.Write(&b); err != nil {
					return nil, err
				}
				sent = b.Bytes()
				return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(""))}, nil
			}),
			Jar: jar{t},
		}
		c, err := New(PwnedPasswords, Config{Client: client, UserAgent: "example-app"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Breached(t.Context(), password); err != nil {
			t.Fatal(err)
		}
		want := "GET /range/" + prefix + " HTTP/1.1\r\nHost: api.pwnedpasswords.com\r\nUser-Agent: example-app\r\n" +
			"Accept: text/plain\r\nAdd-Padding: true\r\n\r\n"
		if string(sent) != want {
			t.Errorf("sent %q, want %q", sent, want)
		}
		if bytes.Contains(bytes.ToUpper(sent), []byte(suffix[:6])) {
			t.Error("more than the prefix is in the request")
		}
	}
}

// jar fails the test when it is used.
type jar struct{ t *testing.T }

func (j jar) SetCookies(*url.URL, []*http.Cookie) { j.t.Error("cookies are kept") }

func (j jar) Cookies(*url.URL) []*http.Cookie {
	j.t.Error("cookies are sent")
	return nil
}

func TestNew(t *testing.T) {
	for _, ok := range []string{
		PwnedPasswords, "https://breach.example.com", "https://10.0.0.1:8443/range/", "http://localhost:1234/range",
		"http://127.0.0.1/", "http://127.9.9.9:80/", "http://[::1]:80/range",
	} {
		if _, err := New(ok, Config{}); err != nil {
			t.Errorf("%s: %v", ok, err)
		}
	}
	for _, bad := range []string{
		"", "/range/", "api.pwnedpasswords.com/range", "http://api.pwnedpasswords.com/range/", "http://10.0.0.1/",
		"http://localhost.example.com/", "http://127.0.0.1.example.com/", "ftp://localhost/", "https://", "https:///range",
		"https://user:geheim@example.com/", "https://example.com/?a=", "https://example.com/?", "https://example.com/#x",
		"https://exa mple.com/", "https://example.com:geheim/",
	} {
		if _, err := New(bad, Config{}); err == nil {
			t.Errorf("%q is accepted", bad)
		} else if strings.Contains(err.Error(), "geheim") {
			t.Errorf("%q is in the error: %v", bad, err)
		}
	}
	for _, cfg := range []Config{{Timeout: -1}, {MinCount: -1}} {
		if _, err := New(PwnedPasswords, cfg); err == nil || !strings.Contains(err.Error(), "Config.") {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}

func TestBasePath(t *testing.T) {
	prefix, _ := digestOf(canary)
	var path atomic.Value
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { path.Store(r.URL.Path) }))
	defer srv.Close()
	for base, want := range map[string]string{"": "/", "/": "/", "/range": "/range/", "/a/b/": "/a/b/"} {
		c, err := New(srv.URL+base, Config{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Breached(t.Context(), canary); err != nil || path.Load() != want+prefix {
			t.Errorf("%q: asked for %v, %v", base, path.Load(), err)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	_, suffix := digestOf(canary)
	c := serve(t, Config{Timeout: time.Minute}, answer(suffix+":1"))
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			pw, want := canary, true
			if i%2 == 0 {
				pw, want = fmt.Sprint("something else ", i), false
			}
			if got, err := c.Breached(t.Context(), pw); err != nil || got != want {
				t.Errorf("%q: %v, %v", pw, got, err)
			}
		})
	}
	wg.Wait()
}

// FuzzSearch feeds answers: never a crash; yes only if the line is there.
func FuzzSearch(f *testing.F) {
	_, suffix := digestOf(canary)
	for _, s := range []string{"", suffix + ":1", suffix + ":0", strings.ToLower(suffix) + ":2\r\n", suffix + "\n:1", "<html>", suffix + ":1:1", suffix + ":+1", suffix + ":1\r\r\n"} {
		f.Add(s, 1)
	}
	f.Fuzz(func(t *testing.T, body string, minCount int) {
		minCount = max(1, minCount)
		found, err := search(body, suffix, minCount)
		if found && err != nil {
			t.Fatal("both an answer and an error")
		}
		if found && !strings.Contains(strings.ToUpper(body), suffix+":") {
			t.Fatalf("found in %q", body)
		}
		if again, _ := search(body+"\n"+suffix+":"+fmt.Sprint(minCount), suffix, minCount); err == nil && !again {
			t.Fatalf("not found behind %q", body)
		}
	})
}
