package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// cells is a table of small values under keys that change by a rule: lock
// records and rate limits. It is compare-and-set, first on what was read
// without a lock and then, if somebody was faster, under one.
type cells struct {
	*conn
	what                                          string
	read, lockRead, insert, update, remove, swept *sql.Stmt
}

func newCells(p *preparer, table, what string) *cells {
	read := "SELECT content FROM " + table + " WHERE lookup_key = ?"
	return &cells{
		conn: p.conn, what: what,
		read:     p.stmt(read),
		lockRead: p.stmt(read + p.conn.d.lock),
		insert: p.stmt("INSERT INTO " + table + " (lookup_key, content, expires) VALUES (?, ?, ?)" +
			p.conn.d.insertIfAbsent("lookup_key")),
		update: p.stmt("UPDATE " + table + " SET content = ?, expires = ? WHERE lookup_key = ? AND content = ?"),
		remove: p.stmt("DELETE FROM " + table + " WHERE lookup_key = ? AND content = ?"),
		swept:  p.stmt("DELETE FROM " + table + " WHERE " + p.conn.d.oldest(table, "lookup_key", "expires")),
	}
}

// cell is what a step makes of a value. No content: the row is to go.
type cell struct {
	content []byte
	expires int64
	write   bool
}

// step computes what is to stand where content stands (nil: nothing). It may
// be called several times; the last call is the one that counts.
type step func(content []byte) (cell, error)

var errContended = errors.New("rows that come and go while it is being written")

// rounds bounds how often a write tries again. On SQLite one suffices: the
// transaction began with the lock. Elsewhere a row that is not there cannot
// be locked, and may come and go.
const rounds = 8

// apply runs f at key. guess, if not nil, is what the caller believes to
// stand there: it saves the first read and is compared before anything is
// written.
func (s *cells) apply(ctx context.Context, key []byte, guess []byte, now time.Time, f step) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	stands := guess
	var next cell
	var err error
	if guess != nil {
		next, err = f(guess)
	}
	if err == nil && !next.write {
		if stands, err = content(s.read.QueryRowContext(ctx, key)); err != nil {
			return failed(s.what, err)
		}
		next, err = f(stands)
	}
	if err != nil {
		return failed(s.what, err)
	}
	if !next.write || stands == nil && next.content == nil {
		return nil
	}
	return s.write(ctx, s.what, func(tx *sql.Tx) error { return s.settle(ctx, tx, key, stands, next, now, f) })
}

// settle swaps what stands for next, or else learns what really stands and
// asks f again.
func (s *cells) settle(ctx context.Context, tx *sql.Tx, key, stands []byte, next cell, now time.Time, f step) error {
	for range rounds {
		done, err := s.swap(ctx, tx, key, stands, next, now)
		if done || err != nil {
			return err
		}
		if stands, err = content(tx.StmtContext(ctx, s.lockRead).QueryRowContext(ctx, key)); err != nil {
			return err
		}
		if next, err = f(stands); err != nil || !next.write {
			return err
		}
	}
	return errContended
}

// swap writes next if stands still is what stands.
func (s *cells) swap(ctx context.Context, tx *sql.Tx, key, stands []byte, next cell, now time.Time) (bool, error) {
	var n int64
	var err error
	switch {
	case stands == nil && next.content == nil:
		return true, nil // read under the lock, or as good as
	case stands == nil:
		n, err = execTx(ctx, tx, s.insert, key, next.content, next.expires)
		if err == nil && n == 1 {
			err = sweep(ctx, tx, s.swept, now)
		}
	case next.content == nil:
		n, err = execTx(ctx, tx, s.remove, key, stands)
	default:
		n, err = execTx(ctx, tx, s.update, next.content, next.expires, key, stands)
	}
	return n == 1, err
}

// content reads what stands in a row, nil if there is none.
func content(row *sql.Row) ([]byte, error) {
	var b []byte
	err := row.Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return filled(b), err
}
