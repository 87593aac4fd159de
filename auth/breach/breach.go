// Package breach asks a service that knows leaked passwords whether a password
// is among them, without telling it the password.
//
// # What leaves the process
//
// The first five hexadecimal digits of the password's SHA-1, and nothing else: no
// user, no address, no further digit. The service answers with everything it has
// under that prefix (some 800 suffixes at haveibeenpwned.com), and the comparison
// is made here. It learns that somebody at this server's address chose one of
// about a million possible hash prefixes. Padding is asked for, so that the
// length of the answer tells nothing to whoever watches the line.
//
// # Who runs such services
//
// Have I Been Pwned does, free and without a key, at [PwnedPasswords]. The same
// protocol is spoken by several programs for one's own network, for those who do
// not want to depend on a third party or may not.
//
// # When the service does not answer
//
// Breached then returns an error, and what to do is the caller's decision. The
// auth package fails open: it logs the error and relies on its embedded list, so
// that an outage elsewhere does not stop sign-up and password change here.
package breach

import (
	"context"
	"crypto/sha1" //nolint:gosec // the protocol's hash, not a protection
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
)

// PwnedPasswords is the base URL of Have I Been Pwned's range service.
const PwnedPasswords = "https://api.pwnedpasswords.com/range/"

// DefaultTimeout is how long one question may take, from dialling to the last
// byte of the answer.
const DefaultTimeout = 2 * time.Second

const (
	defaultUserAgent = "sekisho-auth"
	maxBody          = 1 << 20 // a padded answer has about 40 KiB
	prefixLen        = 5
	suffixLen        = 2*sha1.Size - prefixLen
)

// Config holds what may be changed. The zero value is ready for use.
type Config struct {
	// Client sends the requests; nil is a client on http.DefaultTransport. It is
	// copied, and whatever it says, redirects are not followed.
	Client *http.Client
	// UserAgent names the asking program; empty is "sekisho-auth". Have I Been
	// Pwned refuses requests without one.
	UserAgent string
	// Timeout is for one question; 0 is [DefaultTimeout].
	Timeout time.Duration
	// MinCount is how often a password must have been seen to count as
	// breached; 0 is 1.
	MinCount int
}

// Checker asks one service. It is safe for concurrent use.
type Checker struct {
	base      string
	client    http.Client
	userAgent string
	timeout   time.Duration
	minCount  int
}

// New makes a Checker for the range service at baseURL, to which the prefix is
// appended, such as [PwnedPasswords]. It must be https; http is accepted for
// loopback only. Nothing is sent yet. The error says what to change.
func New(baseURL string, cfg Config) (*Checker, error) {
	u, err := url.Parse(baseURL)
	if err != nil {
		return nil, errors.New("breach: the base URL cannot be parsed: give an absolute https URL")
	}
	switch {
	case u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return nil, errors.New("breach: the base URL is not an absolute https URL")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, errors.New("breach: the base URL is http: use https, http is for loopback only")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("breach: the base URL has user info, a query or a fragment: leave them out")
	case cfg.Timeout < 0:
		return nil, errors.New("breach: Config.Timeout is negative: leave it 0 for 2s")
	case cfg.MinCount < 0:
		return nil, errors.New("breach: Config.MinCount is negative: leave it 0 for 1")
	}
	c := &Checker{
		base:      strings.TrimSuffix(u.String(), "/") + "/",
		userAgent: cfg.UserAgent,
		timeout:   cfg.Timeout,
		minCount:  max(1, cfg.MinCount),
	}
	if cfg.Client != nil {
		c.client = *cfg.Client
	}
	c.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	// A jar would let the service recognise this server from question to question.
	c.client.Jar = nil
	if c.userAgent == "" {
		c.userAgent = defaultUserAgent
	}
	if c.timeout == 0 {
		c.timeout = DefaultTimeout
	}
	return c, nil
}

// Breached says whether the service knows the password, which is hashed as it
// is, without any normalisation. An error is service_unavailable, and timeout if
// ctx itself ended; its text and its causes hold neither the password nor any
// part of its hash.
func (c *Checker) Breached(ctx context.Context, password string) (bool, error) {
	sum := sha1.Sum([]byte(password)) //nolint:gosec // the protocol's hash
	digest := strings.ToUpper(hex.EncodeToString(sum[:]))
	ctxT, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	found, err := c.ask(ctxT, digest[:prefixLen], digest[prefixLen:])
	if err == nil {
		return found, nil
	}
	reason := errcodes.ReasonServiceUnavailable
	if ctx.Err() != nil {
		reason = errcodes.ReasonTimeout
	}
	return false, errcodes.New(reason, errcodes.Because(err), errcodes.During("password.breach"))
}

// ask sends the prefix and looks for the suffix in the answer.
func (c *Checker) ask(ctx context.Context, prefix, suffix string) (bool, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+prefix, nil)
	if err != nil {
		return false, errors.New("breach: cannot make the request")
	}
	req.Header.Set("User-Agent", c.userAgent)
	req.Header.Set("Accept", "text/plain")
	req.Header.Set("Add-Padding", "true")
	resp, err := c.client.Do(req)
	if err != nil {
		// *url.Error would put the prefix, 20 bits of the password's hash, into
		// whatever log the error ends in.
		if ue, ok := errors.AsType[*url.Error](err); ok {
			err = ue.Err
		}
		return false, fmt.Errorf("breach: no answer: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return false, fmt.Errorf("breach: the service answered with status %d", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return false, fmt.Errorf("breach: reading the answer: %w", err)
	}
	if len(body) > maxBody {
		return false, errors.New("breach: the answer is longer than 1 MiB")
	}
	return search(string(body), suffix, c.minCount)
}

// search looks through the lines SUFFIX:COUNT of an answer. The whole answer is
// checked even after a hit: half an answer, or an HTML page, is a fault of the
// service and not a no.
func search(body, suffix string, minCount int) (bool, error) {
	found := false
	for line := range strings.Lines(body) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			continue
		}
		got, count, ok := strings.Cut(line, ":")
		n, err := strconv.ParseUint(count, 10, 63)
		if !ok || err != nil || !isSuffix(got) {
			return false, errors.New("breach: the answer has a line that is not SUFFIX:COUNT")
		}
		// Padding has a count of 0.
		if n >= uint64(minCount) && strings.EqualFold(got, suffix) {
			found = true
		}
	}
	return found, nil
}

func isSuffix(s string) bool {
	if len(s) != suffixLen {
		return false
	}
	for i := range len(s) {
		c := s[i] | 0x20 // lower case
		if (c < 'a' || c > 'f') && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return true
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}
