package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/sqlstore"
)

func tryNew(t *testing.T, db *sql.DB, cfg sqlstore.Config) error {
	t.Helper()
	_, err := sqlstore.New(t.Context(), db, sqlstore.SQLite, cfg)
	return err
}

// refused wants an error of a kind whose text holds the remedy.
func refused(t *testing.T, what string, err, kind error, remedy string) {
	t.Helper()
	if !errors.Is(err, kind) || !strings.Contains(err.Error(), remedy) {
		t.Errorf("%s: got %v, want %v with %q", what, err, kind, remedy)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	const lock, wait, wal = "_txlock=immediate", "_pragma=busy_timeout(10000)", "_pragma=journal_mode(WAL)"
	join := func(parts ...string) string { return "?" + strings.Join(parts, "&") }
	for _, c := range []struct {
		what, settings string
		conns          int
		remedy         string
	}{
		{"deferred by default", join(wait, wal), 8, "add _txlock=immediate"},
		{"deferred", join("_txlock=deferred", wait, wal), 8, "add _txlock=immediate"},
		{"no waiting", join(lock, "_pragma=busy_timeout(0)", wal), 8, "add _pragma=busy_timeout(10000)"},
		{"short waiting", join(lock, "_pragma=busy_timeout(4999)", wal), 8, "add _pragma=busy_timeout(10000)"},
		{"rollback journal", join(lock, wait), 8, "add _pragma=journal_mode(WAL)"},
		{"not synchronous", join(lock, wait, wal, "_pragma=synchronous(OFF)"), 8, "remove synchronous(OFF)"},
		{"one connection", join(lock, wait, wal), 1, "db.SetMaxOpenConns(8)"},
	} {
		db := open(t, "sqlite", dsn(file(t), c.settings))
		db.SetMaxOpenConns(c.conns)
		refused(t, c.what, tryNew(t, db, sqlstore.Config{Migrate: true}), sqlstore.ErrSettings, c.remedy)
		refused(t, c.what, sqlstore.Migrate(t.Context(), db, sqlstore.SQLite), sqlstore.ErrSettings, c.remedy)
	}
	for _, good := range []string{
		join(lock, "_pragma=busy_timeout(5000)", wal), join("_txlock=exclusive", wait, wal), join(lock, wait, wal, "_pragma=synchronous(NORMAL)"),
	} {
		if err := tryNew(t, open(t, "sqlite", dsn(file(t), good)), sqlstore.Config{Migrate: true}); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
}

// A PRAGMA statement reaches one connection of the pool.
func TestASettingOnOneConnectionIsNotEnough(t *testing.T) {
	db := open(t, "sqlite", dsn(file(t), "?_txlock=immediate&_pragma=busy_timeout(10)&_pragma=journal_mode(WAL)"))
	if _, err := db.ExecContext(t.Context(), "PRAGMA busy_timeout = 10000"); err != nil {
		t.Fatal(err)
	}
	refused(t, "one of two", tryNew(t, db, sqlstore.Config{Migrate: true}), sqlstore.ErrSettings, "one connection only")
}

// Checking leaves the connections as they were.
func TestCheckingChangesNothing(t *testing.T) {
	db := open(t, "sqlite", dsn(file(t), settings))
	for range 3 {
		if err := tryNew(t, db, sqlstore.Config{Migrate: true}); err != nil {
			t.Fatal(err)
		}
	}
	var conns []*sql.Conn
	for range 3 {
		c, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
		var ms int
		if err := c.QueryRowContext(t.Context(), "PRAGMA busy_timeout").Scan(&ms); err != nil || ms != 10000 {
			t.Errorf("busy_timeout is %d afterwards, %v", ms, err)
		}
	}
	for _, c := range conns {
		_ = c.Close()
	}
	if n := db.Stats().InUse; n != 0 {
		t.Errorf("%d connections are still held", n)
	}
}

func TestMemoryNeedsOneConnection(t *testing.T) {
	db := open(t, "sqlite", ":memory:")
	db.SetMaxOpenConns(2)
	refused(t, "two connections", tryNew(t, db, sqlstore.Config{Migrate: true}), sqlstore.ErrSettings, "db.SetMaxOpenConns(1)")
}

func TestArguments(t *testing.T) {
	_, err := sqlstore.New(t.Context(), nil, sqlstore.SQLite, sqlstore.Config{})
	refused(t, "nil", err, sqlstore.ErrSettings, "nil")
	db := open(t, "sqlite", dsn(file(t), settings))
	_, err = sqlstore.New(t.Context(), db, 0, sqlstore.Config{})
	refused(t, "no dialect", err, sqlstore.ErrSettings, "use sqlstore.SQLite")
	refused(t, "no dialect", sqlstore.Migrate(t.Context(), db, 7), sqlstore.ErrSettings, "use sqlstore.SQLite")
	refused(t, "nil", sqlstore.Migrate(t.Context(), nil, sqlstore.SQLite), sqlstore.ErrSettings, "nil")
	if sqlstore.SQLite.String() != "SQLite" || sqlstore.Dialect(7).String() != "Dialect(7)" {
		t.Error(sqlstore.SQLite, sqlstore.Dialect(7))
	}
}

func run(t *testing.T, db *sql.DB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
}

func tables(t *testing.T, db *sql.DB) (names []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return names
}

func TestSchemas(t *testing.T) {
	fresh := func() *sql.DB { return open(t, "sqlite", dsn(file(t), settings)) }
	migrated := func(texts ...string) *sql.DB {
		db := fresh()
		if err := sqlstore.Migrate(t.Context(), db, sqlstore.SQLite); err != nil {
			t.Fatal(err)
		}
		run(t, db, texts...)
		return db
	}
	plain, migrate := sqlstore.Config{}, sqlstore.Config{Migrate: true}
	if err := tryNew(t, migrated(), plain); err != nil {
		t.Errorf("after Migrate: %v", err)
	}
	db := fresh()
	refused(t, "an empty file", tryNew(t, db, plain), sqlstore.ErrOutdated, "call sqlstore.Migrate")
	if names := tables(t, db); len(names) != 0 {
		t.Errorf("New without Migrate made %q", names)
	}
	for what, db := range map[string]*sql.DB{
		"a table is missing":  migrated("DROP TABLE sekisho_limits"),
		"a column is missing": migrated("ALTER TABLE sekisho_tickets DROP COLUMN data"),
		"a column is renamed": migrated("ALTER TABLE sekisho_users RENAME COLUMN realm TO tenant"),
	} {
		refused(t, what, tryNew(t, db, migrate), sqlstore.ErrForeign, "not what sekisho_schema_version says")
	}
	db = migrated("DELETE FROM sekisho_schema_version")
	refused(t, "no version", tryNew(t, db, migrate), sqlstore.ErrForeign, "sekisho_schema_version is empty")
	db = fresh()
	run(t, db, "CREATE TABLE sekisho_users (name TEXT)")
	refused(t, "a table of this name", tryNew(t, db, migrate), sqlstore.ErrForeign, "sekisho_users")
	refused(t, "a table of this name", sqlstore.Migrate(t.Context(), db, sqlstore.SQLite), sqlstore.ErrForeign, "sekisho_users")

	db = migrated("INSERT INTO sekisho_schema_version VALUES (99, 'from the future')")
	before := tables(t, db)
	for what, err := range map[string]error{
		"New": tryNew(t, db, plain), "New migrating": tryNew(t, db, migrate), "Migrate": sqlstore.Migrate(t.Context(), db, sqlstore.SQLite),
	} {
		refused(t, what, err, sqlstore.ErrNewer, "deploy the newer version again")
	}
	if after := tables(t, db); strings.Join(after, " ") != strings.Join(before, " ") {
		t.Errorf("a newer schema was changed: %q", after)
	}
}

// Config.Migrate does not put tables into another application's file; Migrate
// puts them beside the app's own.
func TestAnotherApplicationsDatabase(t *testing.T) {
	db := open(t, "sqlite", dsn(file(t), settings))
	run(t, db, "CREATE TABLE bookmarks (url TEXT)", "INSERT INTO bookmarks VALUES ('x')")
	refused(t, "New", tryNew(t, db, sqlstore.Config{Migrate: true}), sqlstore.ErrForeign, "bookmarks")
	if names := tables(t, db); len(names) != 1 {
		t.Fatalf("tables were made: %q", names)
	}
	for range 2 {
		if err := sqlstore.Migrate(t.Context(), db, sqlstore.SQLite); err != nil {
			t.Fatal(err)
		}
	}
	if err := tryNew(t, db, sqlstore.Config{Migrate: true}); err != nil {
		t.Error(err)
	}
	var n int
	if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM bookmarks").Scan(&n); err != nil || n != 1 {
		t.Error(n, err)
	}
}

func TestMigratingAtOnce(t *testing.T) {
	path := file(t)
	var group sync.WaitGroup
	for range 8 {
		db := open(t, "sqlite", dsn(path, settings))
		group.Go(func() {
			if _, err := sqlstore.New(context.Background(), db, sqlstore.SQLite, sqlstore.Config{Migrate: true}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

// A process that starts while another prepares the new file waits for it.
// SQLite itself does not wait when it changes the journal mode.
func TestStartingWhileAnotherPrepares(t *testing.T) {
	path := file(t)
	other := open(t, "sqlite", dsn(path, "?_txlock=immediate"))
	tx, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	released := make(chan error, 1)
	time.AfterFunc(200*time.Millisecond, func() { released <- tx.Rollback() })
	if err := tryNew(t, open(t, "sqlite", dsn(path, settings)), sqlstore.Config{Migrate: true}); err != nil {
		t.Error(err)
	}
	if err := <-released; err != nil {
		t.Error(err)
	}
	_ = other.Close()
}

// Whatever statement fails, nothing of a migration is left behind, and it
// works the next time.
func TestMigrationIsAllOrNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	db := open(t, "counting", dsn(path, settings))
	look := open(t, "sqlite", dsn(path, settings))
	broken := errors.New("broken")
	for n := 0; ; n++ {
		seen := 0
		counted.reset()
		counted.mu.Lock()
		counted.fail = func(text string) error {
			if strings.HasPrefix(text, "CREATE") || strings.HasPrefix(text, "INSERT") || text == "COMMIT" {
				if seen++; seen == n+1 {
					return broken
				}
			}
			return nil
		}
		counted.mu.Unlock()
		err := sqlstore.Migrate(t.Context(), db, sqlstore.SQLite)
		counted.reset()
		if err == nil {
			if n < 20 {
				t.Errorf("only %d statements could fail", n)
			}
			break
		}
		if !errors.Is(err, broken) {
			t.Fatal(err)
		}
		if names := tables(t, look); len(names) != 0 {
			t.Fatalf("after failing at statement %d there are %q", n, names)
		}
	}
	if err := tryNew(t, db, sqlstore.Config{}); err != nil {
		t.Error(err)
	}
}

func TestKeys(t *testing.T) {
	path := file(t)
	s := newStores(t, "sqlite", dsn(path, settings))
	keys, other := newKeys(t), newKeys(t)
	if _, err := newService(t, s, keys).CreateAccount(t.Context(), auth.NewAccount{Email: address, Password: password}); err != nil {
		t.Fatal(err)
	}
	for what, k := range map[string]auth.Keys{"this key did not make this database": other, "EphemeralKey": auth.EphemeralKey()} {
		if _, err := auth.New(auth.Config{Stores: s, Keys: k}); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("want %q, got %v", what, err)
		}
	}
	again := newService(t, newStores(t, "sqlite", dsn(path, settings)), keys)
	if _, err := again.Login(t.Context(), creds(password)); err != nil {
		t.Errorf("with the right key, after the wrong ones: %v", err)
	}
	if _, err := auth.New(auth.Config{Stores: newStores(t, "sqlite", ":memory:"), Keys: auth.EphemeralKey()}); err != nil {
		t.Errorf("in memory: %v", err)
	}
}

// What has expired goes as new rows come, a few at a time, and nothing that
// lives goes with it.
func TestSweeping(t *testing.T) {
	path := file(t)
	s := newStores(t, "sqlite", dsn(path, settings))
	db := open(t, "sqlite", dsn(path, settings))
	ctx, now := t.Context(), time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	put := func(i int, at time.Time) {
		t.Helper()
		key := [32]byte{byte(i), byte(i >> 8)}
		_, _ = s.Tickets.Owned(ctx, "p", key, at) // as the service does: it tells the time
		_, err := s.Limits.Take(ctx, key, limit, at)
		err = errors.Join(err,
			s.Sessions.Put(ctx, auth.Session{Hash: key, Created: at, IdleExpires: at.Add(time.Hour), Expires: at.Add(time.Hour)}, nil),
			s.Tickets.Put(ctx, auth.Ticket{Hash: key, Expires: at.Add(time.Hour)}),
			s.Queue.Add(ctx, auth.Job{ID: string(key[:]), NotBefore: at, Expires: at.Add(time.Hour)}))
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range 40 {
		put(i, now)
	}
	left := func(table string) (n int) {
		t.Helper()
		if err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM sekisho_"+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	all := []string{"sessions", "tickets", "jobs", "limits"}
	put(40, now.Add(90*time.Minute)) // expired, but within the margin
	for _, table := range all[:3] {
		if n := left(table); n != 41 {
			t.Errorf("%d %s within the margin, not 41", n, table)
		}
	}
	later := now.AddDate(0, 0, 60)
	put(41, later)
	for _, table := range all[:3] {
		if n := left(table); n != 38 {
			t.Errorf("%d %s after one sweep of 4, not 38", n, table)
		}
	}
	for i := range 20 {
		put(42+i, later.Add(time.Duration(i)*time.Microsecond))
	}
	for _, table := range all {
		if n := left(table); n != 21 {
			t.Errorf("%d %s are left, not the 21 that live", n, table)
		}
	}
}
