package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
)

// minBusyTimeout is how long a connection must wait for another process's
// transaction before it gives up, in milliseconds.
const minBusyTimeout = 5000

var sqlite = &dialect{
	name:       "SQLite",
	migrations: "sqlite",
	insertIfAbsent: func(key string) string {
		return " ON CONFLICT (" + key + ") DO NOTHING"
	},
	oldest: func(table, key, column string) string {
		return key + " IN (SELECT " + key + " FROM " + table + " WHERE " + column + " < ? ORDER BY " + column + " LIMIT ?)"
	},
	oneWriter: true, // and _txlock=immediate makes every locking read exclusive
	tables:    `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'`,
	probe:     probeSQLite,
	explain:   explainSQLite,
	contended: lockedSQLite,
}

func lockedSQLite(err error) bool { return says(err, "database is locked", "database table is locked") }

func explainSQLite(err error) error {
	switch {
	case says(err, "readonly database", "read-only"):
		return refuse(ErrReadOnly, "the process must be able to write the file, its -wal and -shm files and the folder they are in, and the DSN must not say mode=ro, immutable=1 or query_only: %w", err)
	case says(err, "file is not a database", "malformed", "disk i/o error", "file is encrypted"):
		return refuse(ErrDamaged, "the file is cut off, overwritten or no SQLite database: stop, keep a copy with its -wal file, and restore a backup (or try the sqlite3 shell's .recover on the copy): %w", err)
	}
	return err
}

// probeSQLite looks at two connections, since settings made by a statement
// instead of the DSN hold on one only.
func probeSQLite(ctx context.Context, db *sql.DB) (volatile bool, err error) {
	first, err := db.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer func() { _ = first.Close() }()
	if err := oldSQLite(ctx, first); err != nil {
		return false, err
	}
	var file sql.NullString
	if err := first.QueryRowContext(ctx, "SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&file); err != nil {
		return false, err
	}
	most := db.Stats().MaxOpenConnections
	if file.String == "" { // in memory, or a temporary file: gone with its connection
		if most != 1 {
			return true, refuse(ErrSettings, "each connection to :memory: is a database of its own: call db.SetMaxOpenConns(1), or use a file")
		}
		return true, nil
	}
	if most == 1 {
		return false, refuse(ErrSettings, "with one connection every reader waits for the writer, and the settings cannot be checked: call db.SetMaxOpenConns(8) and db.SetMaxIdleConns(8)")
	}
	if err := checkWritable(ctx, first); err != nil {
		return false, err
	}
	second, err := db.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer func() { _ = second.Close() }()
	for _, conn := range []*sql.Conn{first, second} {
		if err := checkPragmas(ctx, conn); err != nil {
			return false, err
		}
	}
	return false, checkImmediate(ctx, first, second)
}

func oldSQLite(ctx context.Context, conn *sql.Conn) error {
	var version string
	if err := conn.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return fmt.Errorf("is this SQLite? %w", err)
	}
	part := strings.Split(version, ".")
	if len(part) < 2 {
		return refuse(ErrSettings, "SQLite calls itself version %q", version)
	}
	major, _ := strconv.Atoi(part[0])
	minor, _ := strconv.Atoi(part[1])
	if major < 3 || major == 3 && minor < 37 {
		return refuse(ErrSettings, "SQLite %s is too old: 3.37 or newer is needed for STRICT tables; update the driver", version)
	}
	return nil
}

func pragma(ctx context.Context, conn *sql.Conn, name string) (value string, err error) {
	err = conn.QueryRowContext(ctx, "PRAGMA "+name).Scan(&value)
	return value, err
}

func checkPragmas(ctx context.Context, conn *sql.Conn) error {
	for _, check := range []struct {
		name   string
		good   func(value string) bool
		remedy string
	}{
		{"busy_timeout", func(v string) bool { n, err := strconv.Atoi(v); return err == nil && n >= minBusyTimeout },
			"add _pragma=busy_timeout(10000) to the DSN (mattn/go-sqlite3: _busy_timeout=10000); a PRAGMA statement reaches one connection only"},
		{"journal_mode", func(v string) bool { return strings.EqualFold(v, "wal") },
			"add _pragma=journal_mode(WAL) to the DSN (mattn/go-sqlite3: _journal_mode=WAL); if it is there, the file is on a disk that cannot share memory, such as a network drive: use a local one"},
		{"synchronous", func(v string) bool { return v != "0" },
			"remove synchronous(OFF) from the DSN: a power cut would damage the file"},
	} {
		value, err := pragma(ctx, conn, check.name)
		if err != nil {
			return err
		}
		if !check.good(value) {
			return refuse(ErrSettings, "a connection has PRAGMA %s = %s: %s", check.name, value, check.remedy)
		}
	}
	return nil
}

// checkWritable begins to write, and takes it back. Without this a file that
// can only be read would be noticed at the first sign-in: SQLite lets even
// BEGIN IMMEDIATE pass there.
func checkWritable(ctx context.Context, conn *sql.Conn) error {
	version, err := pragma(ctx, conn, "user_version")
	if err != nil {
		return err
	}
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "PRAGMA user_version = "+version)
	if back := tx.Rollback(); err == nil {
		err = back
	}
	return err
}

// checkImmediate sees whether BEGIN takes the write lock: while a transaction
// is open on one connection, a second one that may not wait must be refused.
// A deferred transaction that first reads and then writes fails at once, and
// whatever the busy timeout is, when another process wrote in between.
func checkImmediate(ctx context.Context, first, second *sql.Conn) (err error) {
	const remedy = "add _txlock=immediate to the DSN, so that a transaction takes its lock when it begins"
	tx, err := first.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	wait, err := pragma(ctx, second, "busy_timeout")
	if err != nil {
		return err
	}
	if _, err := second.ExecContext(ctx, "PRAGMA busy_timeout = 0"); err != nil {
		return err
	}
	defer func() {
		if _, back := second.ExecContext(ctx, "PRAGMA busy_timeout = "+wait); err == nil {
			err = back
		}
	}()
	other, err := second.BeginTx(ctx, nil)
	if err == nil {
		_ = other.Rollback()
		return refuse(ErrSettings, "two transactions could begin at once: %s", remedy)
	}
	if !lockedSQLite(err) {
		return err
	}
	return nil
}
