package authhttp

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/sekisho-auth/sekisho/errcodes"
)

// Config says where the pages live and whom they trust. New copies it; later changes have no effect.
type Config struct {
	// Origin is how browsers reach the app: scheme, host and, where it is not the usual one, port, such as
	// "https://example.com" or "http://localhost:8080". Required. Links in mails begin with it, whatever a request's
	// Host says. https makes cookies Secure and gives them the __Host- prefix.
	Origin string
	// Prefix is where the pages live; "" is "/auth/". It begins and ends with a slash.
	Prefix string
	// TrustedOrigins may send requests that change something, besides Origin itself.
	TrustedOrigins []string
	// Proxies are the reverse proxies in front of the app, or Direct. Required with an https Origin, since whoever is
	// wrong here counts all visitors as one, or lets each choose an address.
	Proxies Proxies
	// InsecureHTTP allows an http Origin that is not on loopback. Anybody on the way can then take sessions over.
	InsecureHTTP bool
	// NoMail switches off what needs mail: sign-up and forgotten passwords. The app makes accounts by
	// Service.CreateAccount.
	NoMail bool
	// TokenInBody is for native clients: answers in JSON that begin or renew a session carry its token, and
	// Authorization: Bearer is read. Leave it off where browsers are the only clients: scripts can read the token then.
	TokenInBody bool
	// AfterLogin is the path to go to after signing in when no other was asked for; "" is "/".
	AfterLogin string
	// SupportURL is where people get help, such as "https://example.com/help" or "mailto:help@example.com". Without it
	// the remedy is left out of every answer. It is a short form of Links[errcodes.ActionContactSupport].
	SupportURL string
	// Links lead remedies to pages of your own. They replace the ones that this package knows.
	Links map[errcodes.Action]string
	// Texts replaces wording or adds languages: {language}.json as in errcodes, pages/{language}.json as in this
	// package's texts folder. What is missing there stays as it is; a new language must be complete.
	Texts fs.FS
	// Logger gets one line for each failure, with its reference and never a secret; nil is slog.Default().
	Logger *slog.Logger
}

// origin is a checked Config.Origin.
type origin struct {
	text     string // as browsers write it
	host     string // without port
	https    bool
	loopback bool
}

// parseOrigin accepts scheme://host[:port] and nothing else.
func parseOrigin(text string) (origin, error) {
	const form = `write it like "https://example.com" or "http://localhost:8080"`
	if text == "" {
		return origin{}, errors.New("is empty: " + form)
	}
	u, err := url.Parse(text)
	if err != nil {
		return origin{}, errors.New("is no address: " + form)
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return origin{}, errors.New("must begin with https:// or http://: " + form)
	case host == "" || !plainHost(host):
		return origin{}, errors.New("has no host name in ASCII: " + form)
	case u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery || strings.HasSuffix(text, "#"):
		return origin{}, errors.New("goes on behind the host: " + form + "; a path belongs into Config.Prefix")
	case strings.HasSuffix(u.Host, ":"):
		return origin{}, errors.New("has a colon without a port: " + form)
	}
	if port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return origin{}, errors.New("has a port that is not 1 to 65535: " + form)
		}
	}
	o := origin{host: host, https: u.Scheme == "https", loopback: loopbackHost(host)}
	if port == "443" && o.https || port == "80" && !o.https {
		port = "" // browsers leave it out
	}
	o.text = u.Scheme + "://" + bracketed(host)
	if port != "" {
		o.text += ":" + port
	}
	return o, nil
}

func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// plainHost reports whether host is an IPv6 address or letters, digits, dots and hyphens.
func plainHost(host string) bool {
	if strings.Contains(host, ":") {
		addr, err := netip.ParseAddr(host)
		return err == nil && addr.Zone() == ""
	}
	for i := 0; i < len(host); i++ {
		c := host[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

// loopbackHost reports whether browsers treat the host as their own machine (W3C Secure Contexts §3.1).
func loopbackHost(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// check returns the parsed parts of the Config, or an error that names the field and the remedy.
func (cfg *Config) check(hasMailer bool) (origin, []netip.Prefix, error) {
	o, err := parseOrigin(cfg.Origin)
	if err != nil {
		return o, nil, fmt.Errorf("authhttp: Config.Origin %q %w", cfg.Origin, err)
	}
	if !o.https && !o.loopback && !cfg.InsecureHTTP {
		return o, nil, fmt.Errorf("authhttp: Config.Origin %q is http: passwords and sessions could be read on the way; "+
			"use https (or set InsecureHTTP if you know that nobody can)", cfg.Origin)
	}
	if !hasMailer && !cfg.NoMail && (o.https || !o.loopback) {
		return o, nil, errors.New("authhttp: auth.Config.Mailer is nil, and mails with secret links would go to the log; " +
			"set a Mailer, or Config.NoMail to switch sign-up and forgotten passwords off")
	}
	if len(cfg.Proxies) == 0 && o.https {
		return o, nil, errors.New("authhttp: Config.Proxies is not set: list the reverse proxies in front of the app as CIDRs, " +
			"or say authhttp.Direct if visitors reach it without one")
	}
	nets, err := cfg.Proxies.parse()
	if err != nil {
		return o, nil, err
	}
	if cfg.Prefix == "" {
		cfg.Prefix = "/auth/"
	}
	if !plainPrefix(cfg.Prefix) {
		return o, nil, fmt.Errorf("authhttp: Config.Prefix %q must begin and end with a slash and hold letters, digits, "+
			"\"-\", \"_\" and \".\" in between, such as /auth/", cfg.Prefix)
	}
	if cfg.AfterLogin == "" {
		cfg.AfterLogin = "/"
	}
	if !localPath(cfg.AfterLogin) {
		return o, nil, fmt.Errorf("authhttp: Config.AfterLogin %q must be a path on this site, such as /home", cfg.AfterLogin)
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	return o, nets, nil
}

func plainPrefix(p string) bool {
	if p[0] != '/' || p[len(p)-1] != '/' || strings.Contains(p, "//") || strings.Contains(p, "/.") {
		return false
	}
	for i := 0; i < len(p); i++ {
		c := p[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("/-_.", rune(c)) {
			return false
		}
	}
	return true
}
