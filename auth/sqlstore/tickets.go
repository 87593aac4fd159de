package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
)

const ticketColumns = "hash, purpose, owner, data, expires"

type tickets struct {
	*conn
	insert, replace, get, take, owned, sweep *sql.Stmt
	// told is the time that a caller gave last. Put is given none, and a store
	// reads no clock: what it sweeps has expired by this.
	told atomic.Int64
}

func newTickets(p *preparer) *tickets {
	return &tickets{
		conn:    p.conn,
		insert:  p.stmt("INSERT INTO sekisho_tickets (" + ticketColumns + ") VALUES (?, ?, ?, ?, ?)" + p.conn.d.insertIfAbsent("hash")),
		replace: p.stmt("UPDATE sekisho_tickets SET purpose = ?, owner = ?, data = ?, expires = ? WHERE hash = ?"),
		get:     p.stmt("SELECT " + ticketColumns + " FROM sekisho_tickets WHERE hash = ?"),
		take:    p.stmt("DELETE FROM sekisho_tickets WHERE hash = ? AND purpose = ? AND expires = ? AND owner = ? AND data = ?"),
		owned: p.stmt("SELECT " + ticketColumns + " FROM sekisho_tickets" +
			" WHERE owner = ? AND purpose = ? AND expires > ? ORDER BY expires DESC"),
		sweep: p.stmt("DELETE FROM sekisho_tickets WHERE " + p.conn.d.oldest("sekisho_tickets", "hash", "expires")),
	}
}

// Put implements auth.TicketStore.
func (s *tickets) Put(ctx context.Context, t auth.Ticket) error {
	return s.write(ctx, "storing a ticket", func(tx *sql.Tx) error {
		made, err := execTx(ctx, tx, s.insert, t.Hash[:], bin(t.Purpose), t.Owner[:], filled(t.Data), micros(t.Expires))
		if err == nil && made == 0 {
			_, err = execTx(ctx, tx, s.replace, bin(t.Purpose), t.Owner[:], filled(t.Data), micros(t.Expires), t.Hash[:])
		}
		if told := s.told.Load(); err == nil && told != 0 {
			err = sweep(ctx, tx, s.sweep, moment(told))
		}
		return err
	})
}

func readTicket(row scanner) (t auth.Ticket, err error) {
	var hash, owner []byte
	var expires int64
	if err := row.Scan(&hash, &t.Purpose, &owner, &t.Data, &expires); err != nil {
		return auth.Ticket{}, err
	}
	if copy(t.Hash[:], hash) != len(t.Hash) || copy(t.Owner[:], owner) != len(t.Owner) {
		return auth.Ticket{}, fmt.Errorf("a hash of %d or an owner of %d bytes", len(hash), len(owner))
	}
	t.Expires = moment(expires)
	return t, nil
}

// Get implements auth.TicketStore.
func (s *tickets) Get(ctx context.Context, purpose string, hash [32]byte, now time.Time) (auth.Ticket, error) {
	s.told.Store(micros(now))
	t, err := readTicket(s.get.QueryRowContext(ctx, hash[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return auth.Ticket{}, auth.ErrNotFound
	}
	if err != nil {
		return auth.Ticket{}, failed("reading a ticket", err)
	}
	if t.Purpose != purpose || !now.Before(t.Expires) {
		return auth.Ticket{}, auth.ErrNotFound
	}
	return t, nil
}

// Take implements auth.TicketStore. Whose DELETE finds the ticket as it was
// read has it: no RETURNING needed. If none is found, somebody else took the
// ticket, which the next look shows, or put another in its place.
func (s *tickets) Take(ctx context.Context, purpose string, hash [32]byte, now time.Time) (auth.Ticket, error) {
	for {
		t, err := s.Get(ctx, purpose, hash, now)
		if err != nil {
			return auth.Ticket{}, err
		}
		n, err := s.exec(ctx, "using a ticket", s.take, hash[:], bin(purpose), micros(t.Expires), t.Owner[:], filled(t.Data))
		if err != nil {
			return auth.Ticket{}, err
		}
		if n > 0 {
			return t, nil
		}
	}
}

// Owned implements auth.TicketStore.
func (s *tickets) Owned(ctx context.Context, purpose string, owner [32]byte, now time.Time) ([]auth.Ticket, error) {
	s.told.Store(micros(now))
	return readAll(ctx, "listing tickets", readTicket, s.owned, owner[:], bin(purpose), micros(now))
}
