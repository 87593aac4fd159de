package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/authhttp"
	"github.com/sekisho-auth/sekisho/auth/ratelimit"
	"github.com/sekisho-auth/sekisho/lockout"
)

// settings is what flags and environment say.
type settings struct {
	addr, origin string
	keyFile      string
	keyText      string // of AUTH_KEY
	cost         int
	lock         lockout.Policy
	limits       auth.LimitConfig
	proxies      authhttp.Proxies
	demo         bool
	demoGiven    bool
	smtpURL      string
	smtpFrom     string

	shown string // host and port as people reach them, once bound
}

// parse reads flags and environment. What is not supported yet is refused rather than ignored: nobody should believe that
// data is kept which is not.
func parse(args []string, getenv func(string) string, stderr io.Writer) (settings, error) {
	var s settings
	var db, rate, proxies string
	fs := flag.NewFlagSet("server", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&s.addr, "addr", "localhost:8080", "`host:port` to listen on; localhost:0 takes a free port")
	fs.StringVar(&s.origin, "origin", "", "`address` as browsers see it, such as https://example.com (default: the one bound)")
	fs.StringVar(&db, "db", ":memory:", "where data is kept: only :memory: so far, gone when the server ends")
	fs.StringVar(&s.keyFile, "key-file", "", "`file` with the keys, made if absent; AUTH_KEY holds them as text instead (default: a key for this run)")
	fs.IntVar(&s.cost, "cost", 12, "bcrypt `cost`, 10 to 15; from 4 with -demo")
	fs.IntVar(&s.lock.Threshold, "lock-threshold", 5, "failed sign-ins that lock an address")
	fs.DurationVar(&s.lock.Window, "lock-window", 15*time.Minute, "`time` in which they count")
	fs.DurationVar(&s.lock.FirstLock, "lock-first", time.Minute, "`length` of the first lock; each further one is twice as long")
	fs.DurationVar(&s.lock.MaxLock, "lock-max", time.Hour, "`length` of the longest lock")
	fs.StringVar(&rate, "rate", "20/10m", "failed sign-ins for each source, as `N/time`; off switches all limits off, for measurements")
	fs.StringVar(&proxies, "trusted-proxies", "", "`CIDRs` of the reverse proxies in front, with commas; or direct")
	fs.BoolVar(&s.demo, "demo", false, "accounts to try and /outbox in place of mail (default: on where address and origin are this machine's)")
	if err := fs.Parse(args); err != nil {
		return s, err
	}
	if fs.NArg() > 0 {
		return s, fmt.Errorf("%q is no flag", fs.Arg(0))
	}
	fs.Visit(func(f *flag.Flag) { s.demoGiven = s.demoGiven || f.Name == "demo" })
	if db != ":memory:" {
		return s, errors.New("-db: only :memory: is supported so far; data is gone when the server ends")
	}
	for _, name := range []string{"DATABASE_URL", "REDIS_URL"} {
		if getenv(name) != "" {
			return s, fmt.Errorf("%s is set, but only memory is supported so far: unset it to try the server out", name)
		}
	}
	s.smtpURL, s.smtpFrom = getenv("SMTP_URL"), getenv("SMTP_FROM")
	if s.keyText = getenv("AUTH_KEY"); s.keyText != "" && s.keyFile != "" {
		return s, errors.New("-key-file and AUTH_KEY are both set: use one of them")
	}
	// Short locks, as scripts use them, must not be longer than what they are counted in.
	s.lock.ForgetAfter = max(24*time.Hour, s.lock.Window, s.lock.MaxLock)
	if err := s.lock.Validate(); err != nil {
		return s, err
	}
	if proxies != "" {
		s.proxies = strings.Split(proxies, ",")
	}
	var err error
	s.limits, err = parseRate(rate)
	return s, err
}

// parseRate reads "20/10m" or "off".
func parseRate(text string) (auth.LimitConfig, error) {
	if text == "off" {
		return auth.LimitConfig{InsecureOff: true}, nil
	}
	n, per, _ := strings.Cut(text, "/")
	count, err := strconv.Atoi(n)
	d, err2 := time.ParseDuration(per)
	if err != nil || err2 != nil || count < 1 || d < time.Second {
		return auth.LimitConfig{}, fmt.Errorf(`-rate: %q is not like "20/10m", nor "off"`, text)
	}
	return auth.LimitConfig{Source: ratelimit.Per(count, d)}, nil
}

// settle decides what depends on the address that was bound.
func (s *settings) settle(bound net.Addr) error {
	peer, err := netip.ParseAddrPort(bound.String())
	if err != nil {
		return fmt.Errorf("-addr: %w", err)
	}
	host, _, err := net.SplitHostPort(s.addr)
	if err != nil {
		return fmt.Errorf("-addr: %w", err)
	}
	if host == "" {
		host = peer.Addr().String()
	}
	s.shown = net.JoinHostPort(host, strconv.Itoa(int(peer.Port())))
	local := peer.Addr().Unmap().IsLoopback()
	if s.origin == "" {
		if !local {
			return fmt.Errorf("-addr %s can be reached from elsewhere: say how with -origin, such as https://example.com", s.addr)
		}
		s.origin = "http://" + s.shown
	}
	local = local && isLocalOrigin(s.origin)
	switch {
	case !s.demoGiven:
		s.demo = local
	case s.demo && !local:
		return errors.New("-demo: its passwords are public, so it works only where address and origin are this machine's " +
			"(localhost or 127.0.0.1)")
	}
	if s.cost < 10 && !s.demo {
		return fmt.Errorf("-cost %d is for trying out: use 10 to 15, or -demo", s.cost)
	}
	if s.smtpURL == "" && !s.demo && !isLocalOrigin(s.origin) {
		return errors.New("SMTP_URL is not set: sign-up and forgotten passwords need mail, such as smtp://user:password@mail.example.com:587")
	}
	return nil
}

// isLocalOrigin reports whether browsers reach the origin on their own machine only.
func isLocalOrigin(origin string) bool {
	u, err := url.Parse(origin)
	return err == nil && isLocalHost(u.Hostname())
}

func isLocalHost(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// announce tells the operator what is unusual about this run.
func (s *settings) announce(log *slog.Logger) {
	log.Info("everything is in memory and gone when the server ends", "origin", s.origin)
	if s.limits.InsecureOff {
		log.Warn("-rate off: nothing limits how often one source may try")
	}
	if s.cost < 10 {
		log.Warn("-cost below 10: hashes of this run are weak", "cost", s.cost)
	}
	if s.demo {
		log.Info("demo", "accounts", demoEmail+" "+disabledEmail, "password", demoPassword, "outbox", s.smtpURL == "")
	}
}
