package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/errcodes"
)

const eventColumns = "happened, name, realm, user_id, subject, reference, reason, shown, method, until, addr, user_agent, language, actor, note"

type events struct {
	*conn
	insert, byReference, byUser, clearClients, remove *sql.Stmt
}

func newEvents(p *preparer) *events {
	d := p.conn.d
	return &events{
		conn: p.conn,
		insert: p.stmt("INSERT INTO sekisho_events (" + eventColumns + ", client_time)" +
			" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
		byReference: p.stmt("SELECT " + eventColumns + " FROM sekisho_events WHERE reference = ? ORDER BY happened, seq"),
		byUser: p.stmt("SELECT " + eventColumns + " FROM sekisho_events" +
			" WHERE user_id = ? AND happened < ? ORDER BY happened DESC, seq DESC LIMIT ?"),
		clearClients: p.stmt("UPDATE sekisho_events SET addr = ?, user_agent = '', language = '', client_time = NULL WHERE " +
			d.oldest("sekisho_events", "seq", "client_time")),
		remove: p.stmt("DELETE FROM sekisho_events WHERE " + d.oldest("sekisho_events", "seq", "happened")),
	}
}

// Append implements auth.EventStore: all of them or, with an error, none.
func (s *events) Append(ctx context.Context, batch []auth.Event) error {
	if len(batch) == 0 {
		return ctx.Err()
	}
	return s.write(ctx, "appending events", func(tx *sql.Tx) error {
		for i := range batch {
			if err := s.append(ctx, tx, &batch[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *events) append(ctx context.Context, tx *sql.Tx, e *auth.Event) error {
	addr, err := e.Client.Addr.MarshalBinary()
	if err != nil {
		return err
	}
	var clientTime any
	if e.Client != (auth.Client{}) {
		clientTime = micros(e.Time)
	}
	_, err = execTx(ctx, tx, s.insert, micros(e.Time), e.Name, bin(e.Realm), orNull(e.UserID), e.Subject[:],
		orNull(e.Reference), string(e.Reason), string(e.Shown), e.Method, micros(e.Until), filled(addr),
		e.Client.UserAgent, e.Client.Language, e.Actor, e.Note, clientTime)
	return err
}

func readEvent(row scanner) (e auth.Event, err error) {
	var user, reference sql.NullString
	var subject, addr []byte
	var reason, shown string
	var happened, until int64
	err = row.Scan(&happened, &e.Name, &e.Realm, &user, &subject, &reference, &reason, &shown, &e.Method, &until,
		&addr, &e.Client.UserAgent, &e.Client.Language, &e.Actor, &e.Note)
	if err != nil {
		return auth.Event{}, err
	}
	if copy(e.Subject[:], subject) != len(e.Subject) {
		return auth.Event{}, fmt.Errorf("a subject of %d bytes", len(subject))
	}
	if err := e.Client.Addr.UnmarshalBinary(addr); err != nil {
		return auth.Event{}, err
	}
	e.Time, e.Until = moment(happened), moment(until)
	e.UserID, e.Reference = auth.UserID(user.String), reference.String
	e.Reason, e.Shown = errcodes.Reason(reason), errcodes.Reason(shown)
	return e, nil
}

// ByReference implements auth.EventStore.
func (s *events) ByReference(ctx context.Context, reference string) ([]auth.Event, error) {
	return readAll(ctx, "reading events", readEvent, s.byReference, bin(reference))
}

// ByUser implements auth.EventStore.
func (s *events) ByUser(ctx context.Context, user auth.UserID, before time.Time, limit int) ([]auth.Event, error) {
	return readAll(ctx, "reading events", readEvent, s.byUser, bin(user), micros(before), limit)
}

// Prune implements auth.EventStore.
func (s *events) Prune(ctx context.Context, clients, older time.Time, limit int) (int, error) {
	var removed, cleared int64
	err := s.write(ctx, "pruning events", func(tx *sql.Tx) (err error) {
		if removed, err = execTx(ctx, tx, s.remove, micros(older), limit); err != nil {
			return err
		}
		cleared, err = execTx(ctx, tx, s.clearClients, []byte{}, micros(clients), limit)
		return err
	})
	if err != nil {
		return 0, err
	}
	return int(max(removed, cleared)), nil
}
