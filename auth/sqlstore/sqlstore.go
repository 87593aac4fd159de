package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/sekisho-auth/sekisho/auth"
)

// Config says how New works. The zero value is right for servers whose
// deployment calls Migrate beforehand.
type Config struct {
	// Migrate makes New create and upgrade the tables, as Migrate does, but
	// only in a database that is empty or has them already: a mistyped path
	// does not put them into another application's file.
	Migrate bool
}

// New returns stores that live in db: all of auth.Stores, safe for concurrent
// use. The caller keeps db and closes it after the service has stopped;
// closing it frees everything.
//
// New makes sure that db is what it needs and returns an error that says what
// to change if it is not: ErrSettings, ErrOutdated, ErrNewer, ErrForeign,
// ErrReadOnly, ErrDamaged. It reads little and, without Config.Migrate,
// writes nothing. While it checks, it holds two connections of db.
//
// The stores say that they are Volatile where SQLite keeps them in memory.
func New(ctx context.Context, db *sql.DB, d Dialect, cfg Config) (auth.Stores, error) {
	k, err := find(d)
	if err != nil {
		return auth.Stores{}, err
	}
	if db == nil {
		return auth.Stores{}, refuse(ErrSettings, "the *sql.DB is nil")
	}
	volatile, err := k.check(ctx, db)
	if err != nil {
		return auth.Stores{}, err
	}
	if err := k.ready(ctx, db, cfg.Migrate); err != nil {
		return auth.Stores{}, err
	}
	c := newConn(db, k, volatile)
	p := &preparer{ctx: ctx, conn: c}
	stores := auth.Stores{
		Users:    newUsers(p),
		Sessions: newSessions(p),
		Tickets:  newTickets(p),
		Queue:    newQueue(p),
		Events:   newEvents(p),
		Lockout:  newLocks(p),
		Limits:   newLimits(p),
		Meta:     newMeta(p),
	}
	if p.err != nil {
		p.close()
		return auth.Stores{}, p.err
	}
	return stores, nil
}

// ready makes sure that the tables are there, in this library's version.
func (d *dialect) ready(ctx context.Context, db *sql.DB, migrate bool) error {
	all, err := d.load()
	if err != nil {
		return err
	}
	_, err = d.standing(ctx, db, len(all), migrate)
	if err != nil && migrate && errors.Is(err, ErrOutdated) {
		return d.migrate(ctx, db, true)
	}
	return err
}

// preparer prepares statements, which also shows that the tables have every
// column they should. After the first error it does nothing.
type preparer struct {
	ctx  context.Context //nolint:containedctx // lives as long as New
	conn *conn
	all  []*sql.Stmt
	err  error
}

func (p *preparer) stmt(text string) *sql.Stmt {
	if p.err != nil {
		return nil
	}
	s, err := p.conn.db.PrepareContext(p.ctx, p.conn.d.bind(text))
	if err != nil {
		err = p.conn.d.explain(fmt.Errorf("sqlstore: preparing %q: %w", text, err))
		if says(err, "no such table", "no such column", "has no column", "does not exist", "unknown column") {
			err = refuse(ErrForeign, "the tables are not what %s says: restore a backup, or find out who changed them: %w", versionTable, err)
		}
		p.err = err
		return nil
	}
	p.all = append(p.all, s)
	return s
}

func (p *preparer) close() {
	for _, s := range p.all {
		_ = s.Close()
	}
}
