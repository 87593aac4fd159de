package authtest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
)

var sessionChecks = []check{
	{"Sessions.Put", "Put stores s without its Token and User.", checkPutSession},
	{"Sessions.Put_replaces", "If replaces is not nil, the session under that hash is removed in the same step; if it is not there, nothing is stored and ErrNotFound is returned, so that of n simultaneous replacements of one session exactly one succeeds.", checkReplace},
	{"Sessions.Get", "Get returns the session under the hash, or ErrNotFound.", checkGetSession},
	{"Sessions.Touch", "Touch sets Seen and IdleExpires; a session that is not there is no error.", checkTouch},
	{"Sessions.Delete", "Delete removes sessions; those that are not there are no error.", checkDelete},
	{"Sessions.List", "List returns the account's sessions, the newest Created first.", checkList},
	{"Sessions.slice", "A slice that it returns is the caller's; what AMR points to is shared and not changed.", checkSessionSlice},
}

// newSession is a session that lives an hour from now on.
func newSession(user auth.UserID, name any, now time.Time) auth.Session {
	return auth.Session{
		Hash: sum("session", user, name), ID: fmt.Sprint("id ", name), UserID: user, CredentialVersion: 3,
		AMR: []string{"pwd", "otp"}, AuthTime: now.Add(-time.Minute), Created: now, Seen: now.Add(time.Second),
		IdleExpires: now.Add(time.Hour), Expires: now.Add(24 * time.Hour), Remember: true,
		Client: auth.Client{Addr: netip.MustParseAddr("2001:db8::1"), UserAgent: "Agent/1 \"quoted\" 端末", Language: "ja"},
	}
}

func sameSession(got, want auth.Session) error {
	for _, t := range []struct {
		name      string
		got, want time.Time
	}{
		{"AuthTime", got.AuthTime, want.AuthTime}, {"Created", got.Created, want.Created}, {"Seen", got.Seen, want.Seen},
		{"IdleExpires", got.IdleExpires, want.IdleExpires}, {"Expires", got.Expires, want.Expires},
	} {
		if !sameTime(t.got, t.want) {
			return fmt.Errorf("%s is %v, not %v", t.name, t.got, t.want)
		}
	}
	if got.Token != "" || got.User != (auth.User{}) {
		return errors.New("Token or User was kept")
	}
	if got.Hash != want.Hash || got.ID != want.ID || got.UserID != want.UserID || got.CredentialVersion != want.CredentialVersion ||
		!slices.Equal(got.AMR, want.AMR) || got.Remember != want.Remember || got.Client != want.Client {
		return fmt.Errorf("got %+v, want %+v", got, want)
	}
	return nil
}

// stored wants a session to come back as it was put.
func stored(ctx context.Context, s auth.SessionStore, want auth.Session, now time.Time) error {
	got, err := s.Get(ctx, want.Hash, now)
	if err != nil {
		return fmt.Errorf("Get of a live session: %w", err)
	}
	return sameSession(got, want)
}

func checkPutSession(ctx context.Context, s auth.Stores) error {
	full := newSession("user", "full", noon)
	bare := auth.Session{Hash: sum("bare"), UserID: "user", Created: noon, IdleExpires: noon.Add(time.Hour), Expires: noon.Add(time.Hour)}
	zone := newSession("user", "zone", noon)
	zone.Client.Addr = netip.MustParseAddr("fe80::1%eth0")
	for _, want := range []auth.Session{full, bare, zone} {
		given := want
		given.Token, given.User = "the secret", auth.User{ID: "user", PasswordHash: "hash"}
		if err := s.Sessions.Put(ctx, given, nil); err != nil {
			return fmt.Errorf("Put: %w", err)
		}
		if err := stored(ctx, s.Sessions, want, noon); err != nil {
			return err
		}
	}
	return nil
}

func checkReplace(ctx context.Context, s auth.Stores) error {
	gone, old := sum("nobody's"), newSession("user", "old", noon)
	orphan := newSession("user", "orphan", noon)
	if err := first(
		absent("Put that replaces what is not there", s.Sessions.Put(ctx, orphan, &gone)),
		absent("Get of what was not stored", second(s.Sessions.Get(ctx, orphan.Hash, noon))),
	); err != nil {
		return err
	}
	if err := s.Sessions.Put(ctx, old, nil); err != nil {
		return fmt.Errorf("Put: %w", err)
	}
	for round := range 3 {
		err := exactlyOne("Put that replaces one session", 1, func(_, i int) (bool, error) {
			err := s.Sessions.Put(ctx, newSession("user", fmt.Sprint(round, ".", i), noon), &old.Hash)
			if errors.Is(err, auth.ErrNotFound) {
				return false, nil
			}
			return err == nil, err
		})
		if err != nil {
			return err
		}
		all, err := s.Sessions.List(ctx, "user", noon)
		if err != nil || len(all) != 1 || all[0].Hash == old.Hash {
			return fmt.Errorf("after replacing a session there are %d (%w), one wanted", len(all), orNil(err))
		}
		if err := absent("Get of a replaced session", second(s.Sessions.Get(ctx, old.Hash, noon))); err != nil {
			return err
		}
		old = all[0]
	}
	return nil
}

func checkGetSession(ctx context.Context, s auth.Stores) error {
	a, b := newSession("user", "a", noon), newSession("other", "b", noon)
	for _, n := range []auth.Session{a, b} {
		if err := s.Sessions.Put(ctx, n, nil); err != nil {
			return fmt.Errorf("Put: %w", err)
		}
	}
	return first(
		stored(ctx, s.Sessions, a, noon), stored(ctx, s.Sessions, b, noon),
		absent("Get of no session", second(s.Sessions.Get(ctx, sum("none"), noon))),
		absent("Get under the zero hash", second(s.Sessions.Get(ctx, [32]byte{}, noon))),
		stored(ctx, s.Sessions, a, noon.Add(time.Hour-time.Microsecond)), // a moment before it ends
		stored(ctx, s.Sessions, a, noon.Add(-time.Hour)),                 // a clock that was set back
	)
}

func checkTouch(ctx context.Context, s auth.Stores) error {
	n := newSession("user", "one", noon)
	if err := s.Sessions.Put(ctx, n, nil); err != nil {
		return fmt.Errorf("Put: %w", err)
	}
	want := n
	want.Seen, want.IdleExpires = noon.Add(30*time.Minute), noon.Add(90*time.Minute)
	if err := s.Sessions.Touch(ctx, n.Hash, want.Seen, want.IdleExpires); err != nil {
		return fmt.Errorf("Touch: %w", err)
	}
	if err := stored(ctx, s.Sessions, want, noon.Add(80*time.Minute)); err != nil {
		return fmt.Errorf("after Touch: %w", err)
	}
	if err := s.Sessions.Touch(ctx, sum("none"), noon, noon.Add(time.Hour)); err != nil {
		return fmt.Errorf("Touch of what is not there: %w", err)
	}
	return absent("Get of a session that was only touched", second(s.Sessions.Get(ctx, sum("none"), noon)))
}

func checkDelete(ctx context.Context, s auth.Stores) error {
	hashes := make([][32]byte, 5)
	for i := range hashes {
		n := newSession("user", i, noon)
		hashes[i] = n.Hash
		if err := s.Sessions.Put(ctx, n, nil); err != nil {
			return fmt.Errorf("Put: %w", err)
		}
	}
	if err := first(
		s.Sessions.Delete(ctx), s.Sessions.Delete(ctx, sum("none")),
		s.Sessions.Delete(ctx, hashes[0]), s.Sessions.Delete(ctx, hashes[1], sum("none"), hashes[2], hashes[0]),
	); err != nil {
		return fmt.Errorf("Delete: %w", err)
	}
	for i, hash := range hashes {
		err := second(s.Sessions.Get(ctx, hash, noon))
		if i < 3 && absent("", err) != nil {
			return absent("Get of a deleted session", err)
		}
		if i >= 3 && err != nil {
			return fmt.Errorf("Get of a session that was not deleted: %w", err)
		}
	}
	return nil
}

func checkList(ctx context.Context, s auth.Stores) error {
	if all, err := s.Sessions.List(ctx, "user", noon); err != nil || len(all) != 0 {
		return fmt.Errorf("List of nothing: %d, %w", len(all), orNil(err))
	}
	want := map[[32]byte]auth.Session{}
	for _, minute := range []int{3, 1, 4, 0, 2} {
		n := newSession("user", minute, noon.Add(time.Duration(minute)*time.Minute))
		want[n.Hash] = n
		other := newSession("user2", minute, noon)
		if err := first(s.Sessions.Put(ctx, n, nil), s.Sessions.Put(ctx, other, nil)); err != nil {
			return fmt.Errorf("Put: %w", err)
		}
	}
	all, err := s.Sessions.List(ctx, "user", noon)
	if err != nil || len(all) != len(want) {
		return fmt.Errorf("List returns %d sessions, %w, not %d", len(all), orNil(err), len(want))
	}
	for i := range all {
		if err := sameSession(all[i], want[all[i].Hash]); err != nil {
			return fmt.Errorf("List: %w", err)
		}
		if i > 0 && all[i].Created.After(all[i-1].Created) {
			return fmt.Errorf("List returns the session of %v after that of %v", all[i].Created, all[i-1].Created)
		}
	}
	return nil
}

func checkSessionSlice(ctx context.Context, s auth.Stores) error {
	one, two := newSession("user", "one", noon), newSession("user", "two", noon.Add(time.Second))
	if err := first(s.Sessions.Put(ctx, one, nil), s.Sessions.Put(ctx, two, nil)); err != nil {
		return fmt.Errorf("Put: %w", err)
	}
	all, err := s.Sessions.List(ctx, "user", noon)
	if err != nil || len(all) != 2 {
		return fmt.Errorf("List returns %d sessions, %w, not 2", len(all), orNil(err))
	}
	all[0], all[1] = auth.Session{}, all[0]
	if all, err = s.Sessions.List(ctx, "user", noon); err != nil || len(all) != 2 {
		return fmt.Errorf("the second List returns %d sessions, %w, not 2", len(all), orNil(err))
	}
	return first(sameSession(all[0], two), sameSession(all[1], one))
}
