package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
)

// conn is what all stores of one database share.
type conn struct {
	db *sql.DB
	d  *dialect
	// turn is held by who writes, where the database has one writer at a time.
	turn chan struct{}
	// volatile: the database is in memory.
	volatile bool
}

// Volatile reports whether everything is gone at the end of the process.
// auth.New asks every store.
func (c *conn) Volatile() bool { return c.volatile }

func newConn(db *sql.DB, d *dialect, volatile bool) *conn {
	c := &conn{db: db, d: d, volatile: volatile}
	if d.oneWriter {
		c.turn = make(chan struct{}, 1)
	}
	return c
}

// take waits for the turn to write; the caller returns it by release.
func (c *conn) take(ctx context.Context) error {
	if err := ctx.Err(); err != nil || c.turn == nil {
		return err
	}
	select {
	case c.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *conn) release() {
	if c.turn != nil {
		<-c.turn
	}
}

// write runs f in one transaction. If f or the end of the transaction fails,
// nothing has changed; only a connection that breaks while the database
// commits leaves that open.
func (c *conn) write(ctx context.Context, what string, f func(tx *sql.Tx) error) error {
	if err := c.take(ctx); err != nil {
		return err
	}
	defer c.release()
	tx, err := c.db.BeginTx(ctx, c.d.tx)
	if err != nil {
		return failed(what, err)
	}
	if err := f(tx); err != nil {
		_ = tx.Rollback() // what f says is what matters
		return failed(what, err)
	}
	return failed(what, tx.Commit())
}

// exec runs one statement, which is a transaction by itself, and returns how
// many rows it changed.
func (c *conn) exec(ctx context.Context, what string, s *sql.Stmt, args ...any) (int64, error) {
	if err := c.take(ctx); err != nil {
		return 0, err
	}
	defer c.release()
	n, err := affected(s.ExecContext(ctx, args...))
	return n, failed(what, err)
}

// execTx is exec within a transaction.
func execTx(ctx context.Context, tx *sql.Tx, s *sql.Stmt, args ...any) (int64, error) {
	return affected(tx.StmtContext(ctx, s).ExecContext(ctx, args...))
}

func affected(r sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// failed names the operation in an error of the database. Answers that the
// contract of the stores knows pass as they are.
func failed(what string, err error) error {
	if err == nil || errors.Is(err, auth.ErrNotFound) {
		return err
	}
	return fmt.Errorf("sqlstore: %s: %w", what, err)
}

// Rows are swept when they expired this long ago: twice as long as clocks may
// differ would do, and an hour forgives more.
const sweepMargin = time.Hour

// sweepRows is how many rows one write sweeps. Each write adds one, so any
// number above one keeps up and works off what has gathered.
const sweepRows = 4

// sweep removes a few rows that have expired, in the transaction that adds one.
func sweep(ctx context.Context, tx *sql.Tx, s *sql.Stmt, now time.Time) error {
	_, err := execTx(ctx, tx, s, micros(now.Add(-sweepMargin)), sweepRows)
	return err
}

// micros is a time as the tables have it. Years far beyond any calendar are
// brought to the edges of what fits.
func micros(t time.Time) int64 {
	const most = math.MaxInt64 / 1_000_000
	switch s := t.Unix(); {
	case s >= most:
		return math.MaxInt64
	case s <= -most:
		return math.MinInt64
	}
	return t.UnixMicro()
}

// moment is what micros came from, to the micro-second, in UTC.
func moment(us int64) time.Time { return time.UnixMicro(us).UTC() }

// bin is a string as a binary column has it. It is never nil, which would be
// NULL.
func bin[T ~string](s T) []byte { return []byte(string(s)) }

// filled is b, never nil.
func filled(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// orNull is NULL for the empty string: such rows are not looked for, and take
// no room in an index.
func orNull[T ~string](s T) any {
	if s == "" {
		return nil
	}
	return bin(s)
}
