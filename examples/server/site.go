package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/authhttp"
	"github.com/sekisho-auth/sekisho/auth/mail"
	"github.com/sekisho-auth/sekisho/auth/memstore"
	"github.com/sekisho-auth/sekisho/errcodes"
)

const product = "Sekisho"

// The accounts of -demo. The password is public.
const (
	demoEmail     = "demo@example.com"
	disabledEmail = "disabled@example.com"
	demoPassword  = "fifty three stations of the tokaido"
)

// site is the whole server behind its listener.
type site struct {
	svc    *auth.Service
	web    *authhttp.Web
	stores auth.Stores
	outbox *outbox // nil without -demo or with SMTP_URL
	demo   bool
	mux    *http.ServeMux
}

func build(ctx context.Context, s settings, log *slog.Logger) (*site, error) {
	keys, err := loadKeys(s)
	if err != nil {
		return nil, err
	}
	x := &site{stores: memstore.New(), demo: s.demo}
	cfg := auth.Config{
		Stores: x.stores, Keys: keys, Name: product, Logger: log,
		Password: auth.PasswordConfig{Cost: s.cost, InsecureLowCost: s.cost < 10},
		Lockout:  s.lock, Limits: s.limits,
	}
	switch {
	case s.smtpURL != "":
		if cfg.Mailer, err = mail.New(mail.Config{URL: s.smtpURL, From: sender(s)}); err != nil {
			return nil, fmt.Errorf("SMTP_URL or SMTP_FROM: %w", err)
		}
	case s.demo:
		x.outbox = &outbox{}
		cfg.Mailer = x.outbox
	}
	if x.svc, err = auth.New(cfg); err != nil {
		return nil, err
	}
	x.web, err = authhttp.New(x.svc, authhttp.Config{
		Origin: s.origin, Proxies: s.proxies, Logger: log, SupportURL: "/help",
	})
	if err != nil {
		return nil, fmt.Errorf("-origin or -trusted-proxies: %w", err)
	}
	if s.demo {
		if err := x.addDemoAccounts(ctx); err != nil {
			return nil, fmt.Errorf("-demo: %w", err)
		}
	}
	x.route()
	return x, nil
}

func loadKeys(s settings) (auth.Keys, error) {
	switch {
	case s.keyText != "":
		keys, err := auth.ParseKeys(s.keyText)
		if err != nil {
			return keys, fmt.Errorf("AUTH_KEY: %w", err)
		}
		return keys, nil
	case s.keyFile != "":
		keys, err := auth.LoadOrCreateKey(s.keyFile)
		if err != nil {
			return keys, fmt.Errorf("-key-file: %w", err)
		}
		return keys, nil
	default:
		return auth.EphemeralKey(), nil
	}
}

// sender is SMTP_FROM, or an address at the origin's host.
func sender(s settings) string {
	if s.smtpFrom != "" {
		return s.smtpFrom
	}
	host := "localhost"
	if u, err := url.Parse(s.origin); err == nil && !isLocalHost(u.Hostname()) {
		host = u.Hostname()
	}
	return product + " <no-reply@" + host + ">"
}

func (x *site) addDemoAccounts(ctx context.Context) error {
	for _, email := range []string{demoEmail, disabledEmail} {
		id, err := x.svc.CreateAccount(ctx, auth.NewAccount{Email: email, Password: demoPassword})
		if err != nil {
			return fmt.Errorf("%s: %w", email, cause(err))
		}
		if email != disabledEmail {
			continue
		}
		if err := x.svc.Accounts().SetState(ctx, id, auth.StateDisabled, "demo", "shows a disabled account"); err != nil {
			return fmt.Errorf("%s: %w", email, cause(err))
		}
	}
	return nil
}

// cause digs out of an error for people the one for operators.
func cause(err error) error {
	if e, ok := errors.AsType[*errcodes.Error](err); ok {
		if inner := errors.Unwrap(e); inner != nil {
			return fmt.Errorf("%s: %w", string(e.Reason()), inner)
		}
	}
	return err
}

func (x *site) route() {
	x.mux = http.NewServeMux()
	x.mux.Handle("/auth/", x.web)
	x.mux.HandleFunc("GET /{$}", x.home)
	x.mux.HandleFunc("GET /help", x.help)
	x.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok") })
	x.mux.HandleFunc("GET /readyz", x.ready)
	if x.outbox != nil {
		x.mux.Handle("GET /outbox", onThisMachine(x.outbox.page, x.missing))
		x.mux.Handle("GET /outbox.json", onThisMachine(x.outbox.list, x.missing))
	}
	x.mux.HandleFunc("/", x.missing)
}

func (x *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy",
		"default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	x.mux.ServeHTTP(w, r)
}

func (x *site) missing(w http.ResponseWriter, r *http.Request) {
	x.web.Error(w, r, errcodes.New(errcodes.ReasonNotFound))
}

// ready asks the store of accounts for one that cannot be there.
func (x *site) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if _, err := x.stores.Users.Get(ctx, "-"); !errors.Is(err, auth.ErrNotFound) {
		plain(w, http.StatusServiceUnavailable, "the store does not answer")
		return
	}
	plain(w, http.StatusOK, "ok")
}

// onThisMachine guards pages with secrets on them against a web site that has its own name lead to this machine (DNS
// rebinding): they answer only to a Host that is this machine's.
func onThisMachine(next, otherwise http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u, err := url.Parse("http://" + r.Host); err != nil || !isLocalHost(u.Hostname()) {
			otherwise(w, r)
			return
		}
		next(w, r)
	})
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, text)
}

// session returns who is signed in, or nil.
func (x *site) session(r *http.Request) (*auth.Session, error) {
	s, err := x.web.Session(r)
	if errors.Is(err, errcodes.ReasonSessionExpired) || errors.Is(err, errcodes.ReasonNotSignedIn) {
		return nil, nil
	}
	return s, err
}
