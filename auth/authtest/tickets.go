package authtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
)

var ticketChecks = []check{
	{"Tickets.Put", "Put stores a ticket; one with the same hash is replaced.", checkPutTicket},
	{"Tickets.Get", "Get returns the ticket with this hash and purpose without using it up, or ErrNotFound if it is not there or its Expires is not after now.", checkGetTicket},
	{"Tickets.Take", "Take is Get that removes the ticket in the same step: of n simultaneous calls exactly one gets it.", checkTake},
	{"Tickets.Owned", "Owned returns the live tickets of an owner for one purpose, newest Expires first.", checkOwned},
	{"Tickets.Owned_slice", "The slice is the caller's.", checkOwnedSlice},
}

func newTicket(name any) auth.Ticket {
	return auth.Ticket{
		Hash: sum("ticket", name), Purpose: "reset", Owner: sum("owner"),
		Data: fmt.Appendf(nil, "\x00sealed\xff %v", name), Expires: noon.Add(time.Hour),
	}
}

func sameTicket(got, want auth.Ticket) error {
	if got.Hash != want.Hash || got.Purpose != want.Purpose || got.Owner != want.Owner || !bytes.Equal(got.Data, want.Data) ||
		!sameTime(got.Expires, want.Expires) {
		return fmt.Errorf("got %+v, want %+v", got, want)
	}
	return nil
}

func putTicket(ctx context.Context, s auth.Stores, t auth.Ticket) error {
	if err := s.Tickets.Put(ctx, t); err != nil {
		return fmt.Errorf("Put: %w", err)
	}
	return nil
}

func checkPutTicket(ctx context.Context, s auth.Stores) error {
	large, empty := newTicket("large"), newTicket("empty")
	large.Data = bytes.Repeat([]byte("\x00\xff0123456"), 455) // nearly 4 KiB
	empty.Data = nil
	for _, want := range []auth.Ticket{newTicket("one"), large, empty} {
		if err := putTicket(ctx, s, want); err != nil {
			return err
		}
		got, err := s.Tickets.Get(ctx, want.Purpose, want.Hash, noon)
		if err != nil {
			return fmt.Errorf("Get after Put: %w", err)
		}
		if err := sameTicket(got, want); err != nil {
			return err
		}
	}
	return checkReplacedTicket(ctx, s)
}

func checkReplacedTicket(ctx context.Context, s auth.Stores) error {
	old := newTicket("replaced")
	now := old
	now.Purpose, now.Owner, now.Data, now.Expires = "sign-up", sum("owner 2"), nil, old.Expires.Add(time.Minute)
	if err := first(putTicket(ctx, s, old), putTicket(ctx, s, now)); err != nil {
		return err
	}
	if err := ticketAbsent(ctx, s, "a ticket that was replaced", old.Purpose, old.Hash, noon); err != nil {
		return err
	}
	owned, err := s.Tickets.Owned(ctx, now.Purpose, now.Owner, noon)
	if err != nil || len(owned) != 1 {
		return fmt.Errorf("Owned returns %d tickets that replaced one, %w, not 1", len(owned), orNil(err))
	}
	got, err := s.Tickets.Take(ctx, now.Purpose, now.Hash, old.Expires)
	if err != nil {
		return fmt.Errorf("Take of a ticket that replaced one: %w", err)
	}
	return first(
		sameTicket(owned[0], now),
		sameTicket(got, now),
		ticketAbsent(ctx, s, "a ticket that replaced one and was used", now.Purpose, now.Hash, noon),
	)
}

// ticketAbsent wants the verb to find nothing.
func ticketAbsent(ctx context.Context, s auth.Stores, what, purpose string, hash [32]byte, now time.Time) error {
	return first(
		absent("Get of "+what, second(s.Tickets.Get(ctx, purpose, hash, now))),
		absent("Take of "+what, second(s.Tickets.Take(ctx, purpose, hash, now))),
	)
}

func checkGetTicket(ctx context.Context, s auth.Stores) error {
	t := newTicket("one")
	if err := putTicket(ctx, s, t); err != nil {
		return err
	}
	for range 3 {
		got, err := s.Tickets.Get(ctx, t.Purpose, t.Hash, t.Expires.Add(-time.Microsecond))
		if err != nil {
			return fmt.Errorf("Get of a ticket a moment before it expires: %w", err)
		}
		if err := sameTicket(got, t); err != nil {
			return err
		}
	}
	return first(
		ticketAbsent(ctx, s, "a ticket for another purpose", "Reset", t.Hash, noon),
		ticketAbsent(ctx, s, "a ticket for no purpose", "", t.Hash, noon),
		ticketAbsent(ctx, s, "what is not there", t.Purpose, sum("none"), noon),
		second(s.Tickets.Get(ctx, t.Purpose, t.Hash, noon)), // none of that has used it up
		ticketAbsent(ctx, s, "a ticket at the moment it expires", t.Purpose, t.Hash, t.Expires),
		ticketAbsent(ctx, s, "a ticket a year later", t.Purpose, t.Hash, t.Expires.AddDate(1, 0, 0)),
	)
}

func checkTake(ctx context.Context, s auth.Stores) error {
	for round := range 3 {
		t := newTicket(round)
		if err := putTicket(ctx, s, t); err != nil {
			return err
		}
		err := exactlyOne("Take of one ticket", 1, func(int, int) (bool, error) {
			got, err := s.Tickets.Take(ctx, t.Purpose, t.Hash, noon)
			if errors.Is(err, auth.ErrNotFound) {
				return false, nil
			}
			return err == nil, first(err, sameTicket(got, t))
		})
		if err != nil {
			return err
		}
		if err := ticketAbsent(ctx, s, "a used ticket", t.Purpose, t.Hash, noon); err != nil {
			return err
		}
	}
	return nil
}

func checkOwned(ctx context.Context, s auth.Stores) error {
	other, purpose := newTicket("other's"), newTicket("other purpose")
	other.Owner, purpose.Purpose = sum("owner 2"), "sign-up"
	if err := first(putTicket(ctx, s, other), putTicket(ctx, s, purpose)); err != nil {
		return err
	}
	for _, minutes := range []int{30, 10, 50, 20, 40} {
		t := newTicket(minutes)
		t.Expires = noon.Add(time.Duration(minutes) * time.Minute)
		if err := putTicket(ctx, s, t); err != nil {
			return err
		}
	}
	if _, err := s.Tickets.Take(ctx, "reset", newTicket(40).Hash, noon); err != nil {
		return fmt.Errorf("Take: %w", err)
	}
	all, err := s.Tickets.Owned(ctx, "reset", sum("owner"), noon.Add(10*time.Minute))
	if err != nil {
		return fmt.Errorf("Owned: %w", err)
	}
	var got []int
	for _, t := range all {
		got = append(got, int(t.Expires.Sub(noon).Round(time.Minute)/time.Minute))
		want := newTicket(got[len(got)-1])
		want.Expires = t.Expires
		if err := sameTicket(t, want); err != nil {
			return fmt.Errorf("Owned: %w", err)
		}
	}
	if fmt.Sprint(got) != "[50 30 20]" {
		return fmt.Errorf("Owned returns tickets that expire in %v minutes, not in [50 30 20]: 40 was used, 10 has expired", got)
	}
	return nil
}

func checkOwnedSlice(ctx context.Context, s auth.Stores) error {
	one, two := newTicket("one"), newTicket("two")
	one.Expires = two.Expires.Add(time.Second)
	if err := first(putTicket(ctx, s, one), putTicket(ctx, s, two)); err != nil {
		return err
	}
	all, err := s.Tickets.Owned(ctx, one.Purpose, one.Owner, noon)
	if err != nil || len(all) != 2 {
		return fmt.Errorf("Owned returns %d tickets, %w, not 2", len(all), orNil(err))
	}
	all[0], all[1] = auth.Ticket{}, all[0]
	if all, err = s.Tickets.Owned(ctx, one.Purpose, one.Owner, noon); err != nil || len(all) != 2 {
		return fmt.Errorf("the second Owned returns %d tickets, %w, not 2", len(all), orNil(err))
	}
	return first(sameTicket(all[0], one), sameTicket(all[1], two))
}
