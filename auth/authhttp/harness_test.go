package authhttp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/authhttp"
	"github.com/sekisho-auth/sekisho/auth/memstore"
	"github.com/sekisho-auth/sekisho/internal/passhash/fasthash"
)

const (
	good    = "fifty three stations of the tokaido"
	better  = "sixty nine stations of the nakasendo"
	taro    = "taro@example.com"
	host    = "https://app.example"
	formTyp = "application/x-www-form-urlencoded"
)

// mailbox keeps mails, and log what was logged. Both are safe for concurrent use.
type mailbox struct {
	mu    sync.Mutex
	mails []auth.Mail
}

func (m *mailbox) Send(_ context.Context, mail auth.Mail) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mails = append(m.mails, mail)
	return nil
}

func (m *mailbox) take() []auth.Mail {
	m.mu.Lock()
	defer m.mu.Unlock()
	mails := m.mails
	m.mails = nil
	return mails
}

type logBook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBook) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.buf.Reset()
	return l.buf.String()
}

// site is an app with everything in memory.
type site struct {
	t   testing.TB
	svc *auth.Service
	web *authhttp.Web
	app http.Handler // Web, and a guarded page at everything else
	box *mailbox
	log *logBook
}

// newSite makes a site at https://app.example without limits per source; the functions may alter its configuration.
func newSite(t testing.TB, change func(*auth.Config), changeWeb func(*authhttp.Config)) *site {
	t.Helper()
	s := &site{t: t, box: &mailbox{}, log: &logBook{}}
	logger := slog.New(slog.NewTextHandler(s.log, nil))
	keys, err := auth.ParseKeys(auth.NewKey().Reveal()) // a store that a test wraps counts as one that stays
	if err != nil {
		t.Fatal(err)
	}
	cfg := auth.Config{
		Stores: memstore.New(), Keys: keys, Mailer: s.box, Logger: logger,
		Password: auth.PasswordConfig{Hasher: fasthash.Hasher{}}, Limits: auth.LimitConfig{InsecureOff: true},
	}
	if change != nil {
		change(&cfg)
	}
	if s.svc, err = auth.New(cfg); err != nil {
		t.Fatal(err)
	}
	web := authhttp.Config{Origin: host, Proxies: authhttp.Direct, SupportURL: "/help", Logger: logger}
	if changeWeb != nil {
		changeWeb(&web)
	}
	if s.web, err = authhttp.New(s.svc, web); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/auth/", s.web)
	mux.Handle("/", s.web.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sess, ok := authhttp.SessionFrom(r.Context())
		if !ok {
			t.Error("a guarded handler ran without a session")
		}
		_, _ = io.WriteString(w, "hello "+sess.User.Email)
	})))
	s.app = mux
	return s
}

func (s *site) create(email string) auth.UserID {
	s.t.Helper()
	id, err := s.svc.CreateAccount(s.t.Context(), auth.NewAccount{Email: email, Password: good})
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

// work lets the worker do what was promised. Only inside a synctest bubble.
func (s *site) work() []auth.Mail {
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.svc.Run(ctx); err != nil {
			s.t.Error(err)
		}
	}()
	synctest.Wait()
	cancel()
	<-done
	return s.box.take()
}

// browser is a client with cookies.
type browser struct {
	s       *site
	cookies map[string]string
	header  http.Header // of every request
	peer    string
}

func (s *site) browser() *browser {
	return &browser{s: s, cookies: map[string]string{}, header: http.Header{"Accept-Language": {"en"}}, peer: "192.0.2.1:4711"}
}

// failingUsers is a user store that can be switched off.
type failingUsers struct {
	auth.UserStore
	down atomic.Bool
}

func (f *failingUsers) Get(ctx context.Context, id auth.UserID) (auth.User, error) {
	if f.down.Load() {
		return auth.User{}, errors.New("canary: no route to host")
	}
	return f.UserStore.Get(ctx, id)
}

func (f *failingUsers) Find(ctx context.Context, id auth.Identifier) (auth.User, error) {
	if f.down.Load() {
		return auth.User{}, errors.New("canary: no route to host")
	}
	return f.UserStore.Find(ctx, id)
}

// answer is a response.
type answer struct {
	*httptest.ResponseRecorder
	body string
}

func (b *browser) do(method, target, contentType, body string, header ...string) answer {
	b.s.t.Helper()
	var reader io.Reader
	if body != "" || contentType != "" {
		reader = strings.NewReader(body)
	}
	if strings.HasPrefix(target, "/") {
		target = host + target
	}
	r := httptest.NewRequestWithContext(b.s.t.Context(), method, target, reader)
	r.RequestURI = r.URL.RequestURI()
	r.RemoteAddr = b.peer
	for k, v := range b.header {
		r.Header[k] = v
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.s.app.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	return answer{w, w.Body.String()}
}

const htmlAccept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

func (b *browser) page(path string) answer {
	b.s.t.Helper()
	return b.do(http.MethodGet, path, "", "", "Accept", htmlAccept)
}

func (b *browser) submit(path string, pairs ...string) answer {
	b.s.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return b.do(http.MethodPost, path, formTyp, form.Encode(), "Accept", htmlAccept, "Sec-Fetch-Site", "same-origin")
}

func (b *browser) json(path string, pairs ...string) answer {
	b.s.t.Helper()
	body := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		body[pairs[i]] = pairs[i+1]
	}
	data, err := json.Marshal(body)
	if err != nil {
		b.s.t.Fatal(err)
	}
	return b.do(http.MethodPost, path, "application/json", string(data))
}

func (b *browser) get(path string) answer {
	b.s.t.Helper()
	return b.do(http.MethodGet, path, "", "", "Accept", "application/json")
}

// signIn signs in over JSON and must succeed.
func (b *browser) signIn(email, password string) {
	b.s.t.Helper()
	if a := b.json("/auth/login", "email", email, "password", password); a.Code != http.StatusOK {
		b.s.t.Fatalf("sign-in: %d %s", a.Code, a.body)
	}
}

// want fails unless the answer has the status and its body holds every part.
func (a answer) want(t testing.TB, status int, parts ...string) answer {
	t.Helper()
	if a.Code != status {
		t.Fatalf("status %d, want %d: %s", a.Code, status, a.body)
	}
	for _, p := range parts {
		if !strings.Contains(a.body, p) {
			t.Errorf("the answer lacks %q: %s", p, a.body)
		}
	}
	return a
}

// wantReason fails unless the answer is a problem document of the reason, complete with its headers.
func (a answer) wantReason(t testing.TB, status int, reason string) map[string]any {
	t.Helper()
	if a.Code != status || a.Header().Get("Content-Type") != "application/problem+json" {
		t.Fatalf("got %d %s, want %d %s: %s", a.Code, a.Header().Get("Content-Type"), status, reason, a.body)
	}
	var doc map[string]any
	if err := json.Unmarshal([]byte(a.body), &doc); err != nil {
		t.Fatal(err)
	}
	if doc["reason"] != reason || doc["status"] != float64(status) {
		t.Fatalf("got %v, want %s", doc["reason"], reason)
	}
	if doc["type"] != host+"/auth/errors/"+reason {
		t.Errorf("type %v", doc["type"])
	}
	if ref, _ := doc["reference"].(string); !regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{2}$`).MatchString(ref) {
		t.Errorf("reference %q", ref)
	}
	if remedies, _ := doc["remedies"].([]any); len(remedies) == 0 {
		t.Error("no remedy")
	}
	if (a.Header().Get("WWW-Authenticate") == "Sekisho") != (status == http.StatusUnauthorized) {
		t.Errorf("WWW-Authenticate: %q with %d", a.Header().Get("WWW-Authenticate"), status)
	}
	return doc
}

// wantPage fails unless the answer is an HTML page with the status.
func (a answer) wantPage(t testing.TB, status int, parts ...string) answer {
	t.Helper()
	a.want(t, status, parts...)
	if a.Header().Get("Content-Type") != "text/html; charset=utf-8" || !strings.HasPrefix(a.body, "<!DOCTYPE html>") || !strings.HasSuffix(a.body, "</html>\n") {
		t.Errorf("no complete page: %s", a.body)
	}
	if strings.Contains(a.body, "auth error") || strings.Contains(a.body, "map[") || strings.Contains(a.body, "<nil>") || strings.Contains(a.body, "%!") {
		t.Errorf("something was printed that is for programs: %s", a.body)
	}
	if csp := a.Header().Get("Content-Security-Policy"); csp != "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'" {
		t.Errorf("Content-Security-Policy: %q", csp)
	}
	if strings.Contains(a.body, "<script") || strings.Contains(a.body, " style=") || strings.Contains(a.body, "<style") || regexp.MustCompile(` on[a-z]+=`).MatchString(a.body) {
		t.Errorf("a script or inline style: %s", a.body)
	}
	return a
}

// wantRedirect fails unless the answer leads to the path.
func (a answer) wantRedirect(t testing.TB, to string) {
	t.Helper()
	if a.Code != http.StatusSeeOther || a.Header().Get("Location") != to {
		t.Fatalf("got %d to %q, want 303 to %q: %s", a.Code, a.Header().Get("Location"), to, a.body)
	}
}

// pathOf returns path and query of a link that must be below the origin.
func pathOf(t testing.TB, link string) string {
	t.Helper()
	path, ok := strings.CutPrefix(link, host)
	if !ok {
		t.Fatalf("the link %q is not on %s", link, host)
	}
	return path
}

// hidden returns the value of a hidden field.
func (a answer) hidden(t testing.TB, name string) string {
	t.Helper()
	m := regexp.MustCompile(`<input name="` + name + `" type="hidden" value="([^"]*)">`).FindStringSubmatch(a.body)
	if m == nil {
		t.Fatalf("no hidden field %s: %s", name, a.body)
	}
	return m[1]
}
