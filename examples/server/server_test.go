package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// running is the server in this process.
type running struct {
	base   string
	stderr *lockedBuffer
	stop   func() int // returns the exit code
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func environment(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

func start(t *testing.T, env map[string]string, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	x := &running{stderr: &lockedBuffer{}}
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, append([]string{"-addr", "localhost:0", "-cost", "4"}, args...), environment(env), w, x.stderr)
		_ = w.Close()
	}()
	x.stop = sync.OnceValue(func() int {
		cancel()
		return <-code
	})
	t.Cleanup(func() { x.stop() })
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("no first line: %v\n%s", err, x.stderr)
	}
	base, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if !ok {
		t.Fatalf("the first line is %q", line)
	}
	x.base = base
	go func() { _, _ = io.Copy(io.Discard, r) }()
	return x
}

// browser is one person's, with a cookie jar and a language.
type browser struct {
	t      *testing.T
	client *http.Client
	base   string
	lang   string
	json   bool
}

func newBrowser(t *testing.T, base, lang string, asJSON bool) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, client: &http.Client{Jar: jar, Timeout: 20 * time.Second}, base: base, lang: lang, json: asJSON}
}

type answer struct {
	status int
	header http.Header
	body   string
	path   string // after redirects
}

func (b *browser) do(method, target, contentType, body string) answer {
	b.t.Helper()
	if strings.HasPrefix(target, "/") {
		target = b.base + target
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Accept-Language", b.lang)
	req.Header.Set("Accept", "text/html")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if b.json {
		req.Header.Set("Accept", "application/json")
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(text), resp.Request.URL.Path}
}

func (b *browser) get(target string) answer {
	b.t.Helper()
	return b.do(http.MethodGet, target, "", "")
}

// send posts fields as a form or as JSON.
func (b *browser) send(target string, fields map[string]string) answer {
	b.t.Helper()
	if b.json {
		body, err := json.Marshal(fields)
		if err != nil {
			b.t.Fatal(err)
		}
		return b.do(http.MethodPost, target, "application/json", string(body))
	}
	form := url.Values{}
	for name, value := range fields {
		form.Set(name, value)
	}
	return b.do(http.MethodPost, target, "application/x-www-form-urlencoded", form.Encode())
}

func (b *browser) want(a answer, status int, parts ...string) {
	b.t.Helper()
	if a.status != status {
		b.t.Fatalf("%s: status %d, want %d:\n%s", a.path, a.status, status, a.body)
	}
	for _, part := range parts {
		if !strings.Contains(a.body, part) {
			b.t.Fatalf("%s lacks %q:\n%s", a.path, part, a.body)
		}
	}
}

// mail waits for the newest mail of a kind to an address.
func (b *browser) mail(to, kind string) letter {
	b.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); <-tick.C {
		var letters []letter
		if err := json.Unmarshal([]byte(b.get("/outbox.json").body), &letters); err != nil {
			b.t.Fatal(err)
		}
		for _, l := range letters {
			if l.To == to && l.Kind == kind {
				return l
			}
		}
	}
	b.t.Fatalf("no mail %q to %s", kind, to)
	return letter{}
}

// What a stranger does, over HTTP alone, in both languages, by pages and by JSON: sign up, confirm, sign in, sign out,
// mistype until locked, reset, get in.
func TestWalk(t *testing.T) {
	for _, lang := range []string{"ja", "en"} {
		for _, asJSON := range []bool{false, true} {
			name := lang + "/pages"
			if asJSON {
				name = lang + "/json"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				x := start(t, nil)
				walk(t, newBrowser(t, x.base, lang, asJSON))
				if code := x.stop(); code != 0 {
					t.Errorf("exit code %d", code)
				}
				for _, secret := range []string{"token=", "traveller", firstPassword, secondPassword} {
					if strings.Contains(x.stderr.String(), secret) {
						t.Errorf("the log tells %q:\n%s", secret, x.stderr)
					}
				}
			})
		}
	}
}

const (
	firstPassword  = "a quiet road past forty pine trees"
	secondPassword = "the ferry waits below the old castle"
)

func walk(t *testing.T, b *browser) {
	const email = "traveller@example.jp"
	ok, accepted := http.StatusOK, http.StatusOK // pages: after the redirect
	if b.json {
		accepted = http.StatusAccepted
	}
	b.want(b.get("/"), ok, "/auth/login", "/auth/register", "/outbox", demoEmail)
	b.want(b.send("/auth/register", map[string]string{"email": email, "password": firstPassword}), accepted)
	b.want(b.send("/auth/login", map[string]string{"email": email, "password": firstPassword}), http.StatusUnauthorized, "1001")

	verify := b.mail(email, "verify")
	if verify.Language != b.lang || !strings.HasPrefix(verify.Link, b.base+"/auth/email/verify?token=") {
		t.Fatalf("the mail is %+v", verify)
	}
	stranger := newBrowser(t, b.base, b.lang, false)
	stranger.want(stranger.get(verify.Link), ok, `name="password"`)
	if a := b.get(verify.Link); !b.json && strings.Contains(a.body, `name="password"`) {
		t.Errorf("the browser that signed up is asked for a password again:\n%s", a.body)
	}
	b.want(b.send("/auth/email/verify", map[string]string{"token": token(t, verify.Link)}), ok)
	signIn(t, b, email, firstPassword)
	signOut(t, b)

	for i := range 6 {
		a := b.send("/auth/login", map[string]string{"email": email, "password": "what was it again, honestly"})
		if i < 4 {
			b.want(a, http.StatusUnauthorized, "1001", "/auth/password/forgot")
		} else {
			b.want(a, http.StatusLocked, "1002", "/auth/password/forgot")
		}
		checkRemedies(t, b, a)
	}
	b.want(b.send("/auth/login", map[string]string{"email": email, "password": firstPassword}), http.StatusLocked)

	b.want(b.send("/auth/password/forgot", map[string]string{"email": email}), accepted)
	reset := b.mail(email, "reset")
	b.want(b.get(reset.Link), ok)
	b.want(b.send("/auth/password/reset", map[string]string{"token": token(t, reset.Link), "password": secondPassword}), ok)
	b.want(b.send("/auth/login", map[string]string{"email": email, "password": firstPassword}), http.StatusUnauthorized)
	signIn(t, b, email, secondPassword)

	page := b.get("/outbox")
	b.want(page, ok, `<article lang="`+b.lang+`"`)
	if n := strings.Count(page.body, `<a href="`+b.base); n < 2 {
		t.Errorf("%d links in the outbox:\n%s", n, page.body)
	}
}

func signIn(t *testing.T, b *browser, email, password string) {
	t.Helper()
	b.want(b.send("/auth/login", map[string]string{"email": email, "password": password}), http.StatusOK)
	b.want(b.get("/"), http.StatusOK, email, `action="/auth/logout"`)
}

func signOut(t *testing.T, b *browser) {
	t.Helper()
	a := b.send("/auth/logout", map[string]string{})
	if a.status != http.StatusOK && a.status != http.StatusNoContent {
		t.Fatalf("signing out: %d\n%s", a.status, a.body)
	}
	if home := b.get("/"); !strings.Contains(home.body, "/auth/login") {
		t.Errorf("still signed in:\n%s", home.body)
	}
}

func token(t *testing.T, link string) string {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil || u.Query().Get("token") == "" {
		t.Fatalf("%q: %v", link, err)
	}
	return u.Query().Get("token")
}

// checkRemedies opens every page that a problem document offers.
func checkRemedies(t *testing.T, b *browser, a answer) {
	t.Helper()
	if !b.json {
		return
	}
	var p struct {
		Type, Detail, Reference string
		Code                    int
		Remedies                []struct{ Action, Label, Href string }
	}
	if err := json.Unmarshal([]byte(a.body), &p); err != nil {
		t.Fatal(err)
	}
	if a.header.Get("Content-Language") != b.lang || len(p.Remedies) == 0 || p.Detail == "" || p.Reference == "" {
		t.Errorf("the document lacks something: %s", a.body)
	}
	pages := []string{p.Type}
	for _, remedy := range p.Remedies {
		if remedy.Href != "" {
			pages = append(pages, remedy.Href)
		}
	}
	if len(pages) < 2 {
		t.Errorf("no remedy leads anywhere: %s", a.body)
	}
	for _, page := range pages {
		if got := newBrowser(t, b.base, b.lang, false).get(page); got.status != http.StatusOK {
			t.Errorf("%s answers %d", page, got.status)
		}
	}
}

func TestDemoAccounts(t *testing.T) {
	x := start(t, nil)
	b := newBrowser(t, x.base, "ja", true)
	b.want(b.send("/auth/login", map[string]string{"email": disabledEmail, "password": "not this one, surely"}),
		http.StatusUnauthorized, "invalid_credentials")
	b.want(b.send("/auth/login", map[string]string{"email": disabledEmail, "password": demoPassword}),
		http.StatusForbidden, "account_disabled", "1002")
	signIn(t, b, demoEmail, demoPassword)
}

func TestHealth(t *testing.T) {
	x := start(t, nil)
	b := newBrowser(t, x.base, "en", false)
	b.want(b.get("/healthz"), http.StatusOK, "ok\n")
	b.want(b.get("/readyz"), http.StatusOK, "ok\n")
	b.want(b.get("/nothing/here"), http.StatusNotFound, "1004")
	if a := b.get("/"); !strings.Contains(a.header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("headers %v", a.header)
	}
}

func TestOutboxExistsOnlyForDemo(t *testing.T) {
	for name, x := range map[string]*running{
		"-demo=false":   start(t, nil, "-demo=false", "-cost", "10"),
		"with SMTP_URL": start(t, map[string]string{"SMTP_URL": "smtp://localhost:1"}),
	} {
		b := newBrowser(t, x.base, "en", false)
		b.want(b.get("/outbox"), http.StatusNotFound)
		b.want(b.get("/outbox.json"), http.StatusNotFound)
		if home := b.get("/"); strings.Contains(home.body, "/outbox") {
			t.Errorf("%s: the start page leads to the outbox:\n%s", name, home.body)
		}
	}
	x := start(t, nil)
	for host, want := range map[string]int{"": 200, "localhost": 200, "127.0.0.1:8080": 200, "[::1]:80": 200,
		"rebound.example": 404, "localhost.example.com:8080": 404} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, x.base+"/outbox.json", nil)
		if err != nil {
			t.Fatal(err)
		}
		if host != "" {
			req.Host = host
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("Host %q: status %d, want %d", host, resp.StatusCode, want)
		}
	}
}
