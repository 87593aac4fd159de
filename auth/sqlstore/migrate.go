package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// The mechanism is a page of code because that is all these migrations need:
// files in order, one transaction, a table that says how far it got. The
// libraries for it (goose, golang-migrate) bring 80 to 200 modules and their
// drivers along, which everybody who imports this package would have to
// review, and they lock or time their way around what one transaction gives.

//go:embed migrations
var migrationFiles embed.FS

const (
	tablePrefix  = "sekisho_"
	versionTable = tablePrefix + "schema_version"
)

// migration is one file: its number, and its statements.
type migration struct {
	version    int
	name       string
	statements []string
}

// migrations reads the dialect's files. They are part of the program, and a
// test reads them, so an error here is a mistake of this package.
func (d *dialect) load() ([]migration, error) {
	folder := "migrations/" + d.migrations
	entries, err := fs.ReadDir(migrationFiles, folder)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: reading migrations: %w", err)
	}
	all := make([]migration, 0, len(entries))
	for i, e := range entries {
		text, err := fs.ReadFile(migrationFiles, folder+"/"+e.Name())
		if err != nil {
			return nil, fmt.Errorf("sqlstore: reading migrations: %w", err)
		}
		number, _, _ := strings.Cut(e.Name(), "_")
		if n, err := strconv.Atoi(number); err != nil || n != i+1 {
			return nil, fmt.Errorf("sqlstore: migration %s is not number %d", e.Name(), i+1)
		}
		all = append(all, migration{i + 1, strings.TrimSuffix(e.Name(), ".sql"), split(string(text))})
	}
	return all, nil
}

// split cuts a file into statements: each ends with a semicolon at the end of
// a line. Comments are lines of their own.
func split(text string) []string {
	var all []string
	var one strings.Builder
	for line := range strings.Lines(text) {
		if trimmed := strings.TrimSpace(line); trimmed == "" || strings.HasPrefix(trimmed, "--") {
			continue
		}
		one.WriteString(line)
		if strings.HasSuffix(strings.TrimSpace(line), ";") {
			all = append(all, strings.TrimSuffix(strings.TrimSpace(one.String()), ";"))
			one.Reset()
		}
	}
	if rest := strings.TrimSpace(one.String()); rest != "" {
		all = append(all, rest)
	}
	return all
}

// Migrate brings the tables up to what this library needs, all in one
// transaction: after an error or a crash nothing has changed. Several
// processes may call it at once; one does the work. It adds its tables beside
// those of the app. It goes forward only: take a backup first.
//
// It refuses, as New does, wrong settings (ErrSettings), a schema of a newer
// library (ErrNewer), tables that only look like its own (ErrForeign), and a
// file that cannot be written or read (ErrReadOnly, ErrDamaged).
func Migrate(ctx context.Context, db *sql.DB, d Dialect) error {
	k, err := find(d)
	if err != nil {
		return err
	}
	if db == nil {
		return refuse(ErrSettings, "the *sql.DB is nil")
	}
	if _, err := k.check(ctx, db); err != nil {
		return err
	}
	return k.migrate(ctx, db, false)
}

// migrate does the work. alone refuses a database that holds other tables and
// none of ours.
func (d *dialect) migrate(ctx context.Context, db *sql.DB, alone bool) error {
	all, err := d.load()
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, d.tx)
	if err != nil {
		return d.explain(fmt.Errorf("sqlstore: migrating: %w", err))
	}
	defer func() { _ = tx.Rollback() }()
	version, err := d.standing(ctx, tx, len(all), alone)
	if err != nil && !errors.Is(err, ErrOutdated) {
		return err
	}
	if version == 0 {
		if _, err := tx.ExecContext(ctx, "CREATE TABLE "+versionTable+" (version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL)"); err != nil {
			return d.explain(fmt.Errorf("sqlstore: migrating: %w", err))
		}
	}
	record := d.bind("INSERT INTO " + versionTable + " (version, name) VALUES (?, ?)")
	for _, m := range all[version:] {
		for _, statement := range m.statements {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return d.explain(fmt.Errorf("sqlstore: migration %s: %w", m.name, err))
			}
		}
		if _, err := tx.ExecContext(ctx, record, m.version, m.name); err != nil {
			return d.explain(fmt.Errorf("sqlstore: migration %s: %w", m.name, err))
		}
	}
	if err := tx.Commit(); err != nil {
		return d.explain(fmt.Errorf("sqlstore: migrating: %w", err))
	}
	return nil
}

// querier is a *sql.DB or a *sql.Tx.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// standing returns the version of the schema that stands, and an error unless
// it is exactly latest: ErrOutdated if there is something to migrate.
func (d *dialect) standing(ctx context.Context, q querier, latest int, alone bool) (version int, err error) {
	ours, others, err := d.list(ctx, q)
	if err != nil {
		return 0, d.explain(fmt.Errorf("sqlstore: reading the schema: %w", err))
	}
	if !slices.Contains(ours, versionTable) {
		switch {
		case len(ours) > 0:
			return 0, refuse(ErrForeign, "there is a table %s but no %s, so these are not tables of this library, or somebody has removed some: restore a backup, or rename them", ours[0], versionTable)
		case len(others) > 0 && alone:
			return 0, refuse(ErrForeign, "there are other tables, such as %s, and none of this library: is it the right database? To put the tables beside those of your app, call sqlstore.Migrate once", others[0])
		}
		return 0, refuse(ErrOutdated, "there are no tables yet: call sqlstore.Migrate, or set Config.Migrate")
	}
	var most sql.NullInt64
	if err := q.QueryRowContext(ctx, "SELECT MAX(version) FROM "+versionTable).Scan(&most); err != nil {
		return 0, d.explain(fmt.Errorf("sqlstore: reading %s: %w", versionTable, err))
	}
	version = int(most.Int64)
	switch {
	case version > latest:
		return version, refuse(ErrNewer, "the database has schema %d and this library knows up to %d: deploy the newer version again, or restore the backup that was taken before it", version, latest)
	case version < 1:
		return version, refuse(ErrForeign, "%s is empty, which no version of this library leaves behind: restore a backup", versionTable)
	case version < latest:
		return version, refuse(ErrOutdated, "the database has schema %d and this library needs %d: take a backup and call sqlstore.Migrate, or set Config.Migrate", version, latest)
	}
	return version, nil
}

// list returns the names of the tables, ours and others'.
func (d *dialect) list(ctx context.Context, q querier) (ours, others []string, err error) {
	rows, err := q.QueryContext(ctx, d.tables)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, nil, err
		}
		if strings.HasPrefix(name, tablePrefix) {
			ours = append(ours, name)
		} else {
			others = append(others, name)
		}
	}
	return ours, others, rows.Err()
}
