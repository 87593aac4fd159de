package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
)

const sessionColumns = "hash, id, user_id, credential_version, amr, auth_time, created, seen, idle_expires, expires, remember, addr, user_agent, language"

type sessions struct {
	*conn
	insert, get, touch, remove, list, sweep *sql.Stmt
}

func newSessions(p *preparer) *sessions {
	return &sessions{
		conn: p.conn,
		insert: p.stmt("INSERT INTO sekisho_sessions (" + sessionColumns + ")" +
			" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
		get:    p.stmt("SELECT " + sessionColumns + " FROM sekisho_sessions WHERE hash = ?"),
		touch:  p.stmt("UPDATE sekisho_sessions SET seen = ?, idle_expires = ? WHERE hash = ?"),
		remove: p.stmt("DELETE FROM sekisho_sessions WHERE hash = ?"),
		list: p.stmt("SELECT " + sessionColumns + " FROM sekisho_sessions" +
			" WHERE user_id = ? AND idle_expires > ? AND expires > ? ORDER BY created DESC"),
		sweep: p.stmt("DELETE FROM sekisho_sessions WHERE " + p.conn.d.oldest("sekisho_sessions", "hash", "idle_expires")),
	}
}

// Put implements auth.SessionStore. Removing the old session decides who of
// several wins; its row is gone before the new one is there.
func (s *sessions) Put(ctx context.Context, n auth.Session, replaces *[32]byte) error {
	addr, err := n.Client.Addr.MarshalBinary()
	if err != nil {
		return failed("storing a session", err)
	}
	remember := 0
	if n.Remember {
		remember = 1
	}
	return s.write(ctx, "storing a session", func(tx *sql.Tx) error {
		if replaces != nil {
			removed, err := execTx(ctx, tx, s.remove, replaces[:])
			if err != nil {
				return err
			}
			if removed == 0 {
				return auth.ErrNotFound
			}
		}
		if _, err := execTx(ctx, tx, s.insert, n.Hash[:], bin(n.ID), bin(n.UserID), n.CredentialVersion, strings.Join(n.AMR, " "),
			micros(n.AuthTime), micros(n.Created), micros(n.Seen), micros(n.IdleExpires), micros(n.Expires), remember,
			filled(addr), n.Client.UserAgent, n.Client.Language); err != nil {
			return err
		}
		return sweep(ctx, tx, s.sweep, n.Created)
	})
}

// scanner is a *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

func readSession(row scanner) (n auth.Session, err error) {
	var hash, addr []byte
	var amr string
	var authTime, created, seen, idle, expires, remember int64
	err = row.Scan(&hash, &n.ID, &n.UserID, &n.CredentialVersion, &amr, &authTime, &created, &seen, &idle, &expires, &remember,
		&addr, &n.Client.UserAgent, &n.Client.Language)
	if err != nil {
		return auth.Session{}, err
	}
	if copy(n.Hash[:], hash) != len(n.Hash) {
		return auth.Session{}, fmt.Errorf("a hash of %d bytes", len(hash))
	}
	if err := n.Client.Addr.UnmarshalBinary(addr); err != nil {
		return auth.Session{}, err
	}
	if amr != "" {
		n.AMR = strings.Split(amr, " ") // RFC 8176 values hold no spaces
	}
	n.AuthTime, n.Created, n.Seen = moment(authTime), moment(created), moment(seen)
	n.IdleExpires, n.Expires, n.Remember = moment(idle), moment(expires), remember != 0
	return n, nil
}

// Get implements auth.SessionStore.
func (s *sessions) Get(ctx context.Context, hash [32]byte, now time.Time) (auth.Session, error) {
	n, err := readSession(s.get.QueryRowContext(ctx, hash[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return auth.Session{}, auth.ErrNotFound
	}
	if err != nil {
		return auth.Session{}, failed("reading a session", err)
	}
	if !now.Before(n.IdleExpires) || !now.Before(n.Expires) {
		return auth.Session{}, auth.ErrNotFound
	}
	return n, nil
}

// Touch implements auth.SessionStore.
func (s *sessions) Touch(ctx context.Context, hash [32]byte, seen, idleExpires time.Time) error {
	_, err := s.exec(ctx, "touching a session", s.touch, micros(seen), micros(idleExpires), hash[:])
	return err
}

// Delete implements auth.SessionStore, all of them in one transaction.
func (s *sessions) Delete(ctx context.Context, hashes ...[32]byte) error {
	switch len(hashes) {
	case 0:
		return ctx.Err()
	case 1:
		_, err := s.exec(ctx, "ending a session", s.remove, hashes[0][:])
		return err
	}
	return s.write(ctx, "ending sessions", func(tx *sql.Tx) error {
		for i := range hashes {
			if _, err := execTx(ctx, tx, s.remove, hashes[i][:]); err != nil {
				return err
			}
		}
		return nil
	})
}

// List implements auth.SessionStore.
func (s *sessions) List(ctx context.Context, user auth.UserID, now time.Time) ([]auth.Session, error) {
	return readAll(ctx, "listing sessions", readSession, s.list, bin(user), micros(now), micros(now))
}

// readAll runs a query and reads its rows.
func readAll[T any](ctx context.Context, what string, read func(scanner) (T, error), s *sql.Stmt, args ...any) ([]T, error) {
	rows, err := s.QueryContext(ctx, args...)
	if err != nil {
		return nil, failed(what, err)
	}
	defer func() { _ = rows.Close() }()
	var all []T
	for rows.Next() {
		one, err := read(rows)
		if err != nil {
			return nil, failed(what, err)
		}
		all = append(all, one)
	}
	return all, failed(what, rows.Err())
}
