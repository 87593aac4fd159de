package authtest

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/errcodes"
)

var eventChecks = []check{
	{"Events.Append", "Append stores events: all of them, or with an error none.", checkAppend},
	{"Events.ByReference", "ByReference returns the events with this reference, oldest first; none for \"\".", checkByReference},
	{"Events.ByUser", "ByUser returns up to limit events of an account that happened before the given time, newest first.", checkByUser},
	{"Events.Prune", "Prune clears Client of up to limit events older than clients and removes up to limit events older than events.", checkPrune},
	{"Events.Prune_count", "It returns how many it cleared or removed, whichever is more.", checkPruneCount},
}

func newEvent(user auth.UserID, reference string, at time.Time) auth.Event {
	return auth.Event{
		Time: at, Name: "authn_login_fail", Realm: "realm", UserID: user, Subject: sum("subject"), Reference: reference,
		Reason: errcodes.ReasonAccountDisabled, Shown: errcodes.ReasonInvalidCredentials, Method: "password", Until: at.Add(time.Minute),
		Client: auth.Client{Addr: netip.MustParseAddr("192.0.2.7"), UserAgent: "Agent/1 端末", Language: "ja"},
		Actor:  "operator", Note: "a note\nof two lines",
	}
}

func sameEvent(got, want auth.Event) error {
	if !sameTime(got.Time, want.Time) || !sameTime(got.Until, want.Until) || got.Until.IsZero() != want.Until.IsZero() {
		return fmt.Errorf("an event of %v until %v comes back as of %v until %v", want.Time, want.Until, got.Time, got.Until)
	}
	got.Time, got.Until = want.Time, want.Until
	if got != want {
		return fmt.Errorf("got %+v, want %+v", got, want)
	}
	return nil
}

// history reads what there is of an account and compares it, newest first.
func history(ctx context.Context, s auth.Stores, what string, user auth.UserID, before time.Time, limit int, want ...auth.Event) error {
	got, err := s.Events.ByUser(ctx, user, before, limit)
	if err != nil {
		return fmt.Errorf("ByUser: %w", err)
	}
	if len(got) != len(want) {
		return fmt.Errorf("%s: ByUser returns %d events, not %d", what, len(got), len(want))
	}
	for i, w := range want {
		if err := sameEvent(got[i], w); err != nil {
			return fmt.Errorf("%s: event %d: %w", what, i, err)
		}
	}
	return nil
}

func checkAppend(ctx context.Context, s auth.Stores) error {
	full := newEvent("user", "REF1", noon)
	bare := auth.Event{Time: noon.Add(-time.Second), Name: "x", UserID: "user"}
	if err := first(s.Events.Append(ctx, nil), s.Events.Append(ctx, []auth.Event{full, bare})); err != nil {
		return fmt.Errorf("Append: %w", err)
	}
	batch := make([]auth.Event, 300)
	for i := range batch {
		batch[i] = newEvent("many", "", noon.Add(time.Duration(i)*time.Second))
	}
	if err := s.Events.Append(ctx, batch); err != nil {
		return fmt.Errorf("Append of %d events: %w", len(batch), err)
	}
	if got, err := s.Events.ByUser(ctx, "many", noon.Add(time.Hour), 1000); err != nil || len(got) != len(batch) {
		return fmt.Errorf("%d of %d events were stored, %w", len(got), len(batch), orNil(err))
	}
	return history(ctx, s, "after Append", "user", noon.Add(time.Hour), 10, full, bare)
}

func checkByReference(ctx context.Context, s auth.Stores) error {
	a, b := newEvent("user", "REF1", noon), newEvent("", "REF1", noon.Add(time.Second))
	other, none := newEvent("user", "ref1", noon), newEvent("user", "", noon)
	if err := s.Events.Append(ctx, []auth.Event{a, other, none, b}); err != nil {
		return fmt.Errorf("Append: %w", err)
	}
	for reference, want := range map[string][]auth.Event{"REF1": {a, b}, "ref1": {other}, "": nil, "REF": nil} {
		got, err := s.Events.ByReference(ctx, reference)
		if err != nil || len(got) != len(want) {
			return fmt.Errorf("ByReference(%q) returns %d events, %w, not %d", reference, len(got), orNil(err), len(want))
		}
		for i := range got {
			if err := sameEvent(got[i], want[i]); err != nil {
				return fmt.Errorf("ByReference(%q): event %d: %w", reference, i, err)
			}
		}
	}
	return nil
}

func checkByUser(ctx context.Context, s auth.Stores) error {
	var all []auth.Event
	for i := range 5 {
		all = append(all, newEvent("user", "", noon.Add(time.Duration(i)*time.Second)), newEvent("User", "", noon), newEvent("", "", noon))
	}
	if err := s.Events.Append(ctx, all); err != nil {
		return fmt.Errorf("Append: %w", err)
	}
	mine := func(i int) auth.Event { return all[3*i] }
	return first(
		history(ctx, s, "two are wanted", "user", noon.Add(time.Hour), 2, mine(4), mine(3)),
		history(ctx, s, "before the third", "user", mine(2).Time, 10, mine(1), mine(0)),
		history(ctx, s, "before the first", "user", noon, 10),
		history(ctx, s, "of nobody", "nobody", noon.Add(time.Hour), 10),
	)
}

func checkPrune(ctx context.Context, s auth.Stores) error {
	var all []auth.Event
	for day := range 10 {
		all = append(all, newEvent("user", "", noon.AddDate(0, 0, day)))
	}
	if err := s.Events.Append(ctx, all); err != nil {
		return fmt.Errorf("Append: %w", err)
	}
	end := noon.AddDate(1, 0, 0)
	if _, err := s.Events.Prune(ctx, noon, noon, 100); err != nil {
		return fmt.Errorf("Prune: %w", err)
	}
	got, err := s.Events.ByUser(ctx, "user", end, 100)
	if err != nil || len(got) != 10 || got[9].Client != all[9].Client {
		return fmt.Errorf("pruning what is older than the oldest event leaves %d, %w", len(got), orNil(err))
	}
	// Three at a time: the oldest three go, then clients of four older ones.
	for round, want := range []struct{ left, cleared int }{{7, 3}, {6, 4}, {6, 4}} {
		if _, err := s.Events.Prune(ctx, all[8].Time, all[4].Time, 3); err != nil {
			return fmt.Errorf("Prune: %w", err)
		}
		got, err := s.Events.ByUser(ctx, "user", end, 100)
		if err != nil {
			return fmt.Errorf("ByUser: %w", err)
		}
		cleared := 0
		for _, e := range got {
			if e.Client == (auth.Client{}) {
				cleared++
			}
		}
		if len(got) != want.left || cleared != want.cleared {
			return fmt.Errorf("round %d of pruning at most 3 leaves %d events, %d without a client, not %d and %d", round, len(got), cleared, want.left, want.cleared)
		}
	}
	kept := all[8]
	cleared := all[7]
	cleared.Client = auth.Client{}
	return history(ctx, s, "after pruning", "user", all[9].Time, 2, kept, cleared)
}

func checkPruneCount(ctx context.Context, s auth.Stores) error {
	var all []auth.Event
	for day := range 10 {
		all = append(all, newEvent("user", "", noon.AddDate(0, 0, day)))
	}
	if err := s.Events.Append(ctx, all); err != nil {
		return fmt.Errorf("Append: %w", err)
	}
	for _, step := range []struct{ clients, events, limit, want int }{
		{0, 0, 100, 0}, // none is older
		{5, 0, 100, 5}, // clears five
		{5, 0, 100, 0}, // which stay cleared
		{5, 3, 100, 3}, // removes three of them
		{9, 4, 100, 4}, // removes one and clears four
		{9, 9, 2, 2},   // removes two of five
		{9, 9, 3, 3},
		{9, 9, 3, 0},
	} {
		n, err := s.Events.Prune(ctx, noon.AddDate(0, 0, step.clients), noon.AddDate(0, 0, step.events), step.limit)
		if err != nil || n != step.want {
			return fmt.Errorf("Prune of clients before day %d and events before day %d, at most %d, returns %d, %w, not %d",
				step.clients, step.events, step.limit, n, orNil(err), step.want)
		}
	}
	return nil
}
