package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// Dialect says which database stands behind a *sql.DB.
type Dialect int

// SQLite is SQLite 3.37 or newer, through any driver. New says which settings
// it needs; docs/stores.md has the whole DSN.
const SQLite Dialect = 1

// String returns the name of the database.
func (d Dialect) String() string {
	if k, ok := dialects[d]; ok {
		return k.name
	}
	return fmt.Sprintf("Dialect(%d)", int(d))
}

// dialect is what differs between databases. The stores write their
// statements with ? and in the SQL that all of them share; everything else
// comes from here.
type dialect struct {
	name       string
	migrations string // the folder below migrations

	// placeholder returns the n-th parameter, from 1; nil leaves the "?".
	placeholder func(n int) string
	// insertIfAbsent completes an INSERT: a row whose key is there already is
	// left alone and counts as no row affected. It must not take a shared lock
	// on that row (MySQL's INSERT IGNORE does, and two of them deadlock).
	insertIfAbsent func(key string) string
	// oldest is the condition for the rows of a table whose column is below a
	// bound, lowest first and no more than a number; its two parameters.
	oldest func(table, key, column string) string
	// lock ends a SELECT whose rows nobody else may change until the end of
	// the transaction; lockSome does so for rows nobody else has locked.
	lock, lockSome string
	// tx is how write transactions begin. Where it is not the database's only
	// level it is READ COMMITTED, given explicitly: under another default the
	// guarded statements of this package would fail under contention.
	tx *sql.TxOptions
	// oneWriter says that the database knows one writer at a time. Those of
	// this process then queue up in memory instead of asking again and again.
	oneWriter bool

	// tables lists the names of all tables.
	tables string
	// probe checks what the database and the settings of its connections must
	// be like, and reports whether it forgets everything at the end of the
	// process.
	probe func(ctx context.Context, db *sql.DB) (volatile bool, err error)
	// explain wraps an error of the database in what it means for an operator.
	explain func(err error) error
	// contended tells the error of a database that had no time for this.
	contended func(err error) bool
}

var dialects = map[Dialect]*dialect{SQLite: sqlite}

func find(d Dialect) (*dialect, error) {
	if k, ok := dialects[d]; ok {
		return k, nil
	}
	return nil, refuse(ErrSettings, "there is no dialect %d: use sqlstore.SQLite", int(d))
}

// bind replaces each ? by what the database wants. No statement of this
// package holds a ? that is not a parameter.
func (d *dialect) bind(text string) string {
	if d.placeholder == nil {
		return text
	}
	var b strings.Builder
	for n := 1; ; n++ {
		before, after, found := strings.Cut(text, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString(d.placeholder(n))
		text = after
	}
}

// Processes that start at the same time meet when the first of them prepares
// the file: SQLite changes the journal mode without waiting for its lock, and
// says at once that the database is locked.
const (
	startTries = 100
	startPause = 50 * time.Millisecond
)

// check probes the database, again as long as others are starting too.
func (d *dialect) check(ctx context.Context, db *sql.DB) (volatile bool, err error) {
	for range startTries {
		volatile, err = d.probe(ctx, db)
		if !d.contended(err) {
			break
		}
		timer := time.NewTimer(startPause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return false, fmt.Errorf("%w: %w", ctx.Err(), err)
		}
	}
	if err != nil {
		return false, d.explain(fmt.Errorf("sqlstore: checking the database: %w", err))
	}
	return volatile, nil
}
