package auth

import (
	"context"
	"net/netip"
	"time"

	"github.com/sekisho-auth/sekisho/auth/ratelimit"
	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/internal/seal"
)

// limits applies LimitConfig. Addresses never stand in a store: keys are HMACs.
type limits struct {
	store ratelimit.Store
	cfg   LimitConfig
	index *seal.Index
	realm string
}

// wideFactor is how many times the limit of a /64 a whole IPv6 /48 has, so
// that a customer's many /64s are not as many sources.
const wideFactor = 10

// token is what was taken for one request, so that it can be given back.
type token struct {
	limit              ratelimit.Limit
	source, wide       ratelimit.Key
	hasSource, hasWide bool
	hasGlobal          bool
}

// crowdKey is what a source is known by in the crowd: the /48 of IPv6.
func (t token) crowdKey() ratelimit.Key {
	if t.hasWide {
		return t.wide
	}
	return t.source
}

// takeLogin takes one token for a sign-in: from its source and from the
// global limit.
func (l *limits) takeLogin(ctx context.Context, addr netip.Addr, now time.Time) (token, error) {
	t, err := l.takeSource(ctx, "login", l.cfg.Source, addr, now)
	if err != nil || l.cfg.Global == (ratelimit.Limit{}) {
		return t, err
	}
	if err := l.take(ctx, l.globalKey(), l.cfg.Global, now); err != nil {
		l.give(ctx, t, now)
		return token{}, err
	}
	t.hasGlobal = true
	return t, nil
}

// takeRequest takes one token for a sign-up, a forgotten password or a
// repeated mail.
func (l *limits) takeRequest(ctx context.Context, addr netip.Addr, now time.Time) (token, error) {
	return l.takeSource(ctx, "request", l.cfg.Requests, addr, now)
}

// takeLink takes one token for a link that opened nothing.
func (l *limits) takeLink(ctx context.Context, addr netip.Addr, now time.Time) error {
	if l.cfg.InsecureOff || !addr.IsValid() {
		return nil
	}
	_, err := l.takeSource(ctx, "link", l.cfg.Source, addr, now)
	return err
}

// takeMail reports whether one more mail may go to an address.
func (l *limits) takeMail(ctx context.Context, kind string, limit ratelimit.Limit, to [32]byte, now time.Time) (bool, error) {
	if limit == (ratelimit.Limit{}) {
		return true, nil
	}
	wait, err := l.store.Take(ctx, ratelimit.Key(l.index.Sum("mail", l.realm, kind, string(to[:]))), limit, now)
	if err != nil {
		return false, fault("limit.mail", err)
	}
	return wait == 0, nil
}

func (l *limits) takeSource(ctx context.Context, label string, limit ratelimit.Limit, addr netip.Addr, now time.Time) (token, error) {
	if !addr.IsValid() {
		return token{}, misuse("limit.source", "Client.Addr is not set: all such requests would share one limit")
	}
	if limit == (ratelimit.Limit{}) {
		return token{}, nil
	}
	t := token{limit: limit, source: l.sourceKey(label, ratelimit.Source(addr)), hasSource: true}
	if err := l.take(ctx, t.source, limit, now); err != nil {
		return token{}, err
	}
	wide, ok := ratelimit.SourceWide(addr)
	if !ok {
		return t, nil
	}
	t.wide = l.sourceKey(label, wide)
	if err := l.take(ctx, t.wide, widened(limit), now); err != nil {
		l.give(ctx, t, now)
		return token{}, err
	}
	t.hasWide = true
	return t, nil
}

func (l *limits) take(ctx context.Context, key ratelimit.Key, limit ratelimit.Limit, now time.Time) error {
	wait, err := l.store.Take(ctx, key, limit, now)
	if err != nil {
		return fault("limit.take", err)
	}
	if wait > 0 {
		return refuse(errcodes.ReasonRateLimited, "limit.take", errcodes.RetryAfter(wait))
	}
	return nil
}

// give puts a token back. It is best effort and short: a token lost to a fault
// comes back with time.
func (l *limits) give(ctx context.Context, t token, now time.Time) {
	if !t.hasSource && !t.hasGlobal {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyTimeout)
	defer cancel()
	if t.hasSource {
		_ = l.store.Give(ctx, t.source, t.limit, now)
	}
	if t.hasWide {
		_ = l.store.Give(ctx, t.wide, widened(t.limit), now)
	}
	if t.hasGlobal {
		_ = l.store.Give(ctx, l.globalKey(), l.cfg.Global, now)
	}
}

func widened(l ratelimit.Limit) ratelimit.Limit {
	return ratelimit.Limit{Rate: l.Rate * wideFactor, Burst: l.Burst * wideFactor}
}

func (l *limits) sourceKey(label, prefix string) ratelimit.Key {
	return ratelimit.Key(l.index.Sum("source", l.realm, label, prefix))
}

func (l *limits) globalKey() ratelimit.Key {
	return ratelimit.Key(l.index.Sum("global", l.realm, "login"))
}
