package sqlite

import (
	"context"
	"database/sql"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/authtest"
	"github.com/sekisho-auth/sekisho/auth/sqlstore"
)

// settings are those of docs/stores.md.
const settings = "?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)"

func dsn(file, settings string) string {
	return "file:" + (&url.URL{Path: file}).EscapedPath() + settings
}

// open opens a database with the connections of docs/stores.md.
func open(t testing.TB, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	if strings.Contains(dsn, ":memory:") {
		db.SetMaxOpenConns(1)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// newStores returns stores on a file of their own.
func newStores(t testing.TB, driver, dsn string) auth.Stores {
	t.Helper()
	s, err := sqlstore.New(context.Background(), open(t, driver, dsn), sqlstore.SQLite, sqlstore.Config{Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func file(t testing.TB) string { return filepath.Join(t.TempDir(), "sekisho test?.db") }

func TestStores(t *testing.T) {
	authtest.RunStores(t, func(t *testing.T) auth.Stores { return newStores(t, "sqlite", dsn(file(t), settings)) })
}

func TestStoresInMemory(t *testing.T) {
	authtest.RunStores(t, func(t *testing.T) auth.Stores {
		return newStores(t, "sqlite", ":memory:")
	})
}

// A database in memory is as short-lived as a key of one process; a file is not.
func TestVolatile(t *testing.T) {
	if _, err := auth.New(auth.Config{Stores: newStores(t, "sqlite", ":memory:"), Keys: auth.EphemeralKey()}); err != nil {
		t.Error(err)
	}
	s := newStores(t, "sqlite", dsn(file(t), settings))
	if _, err := auth.New(auth.Config{Stores: s, Keys: auth.EphemeralKey()}); err == nil || !strings.Contains(err.Error(), "Users") {
		t.Errorf("a key of one process with accounts in a file: %v", err)
	}
	for name, store := range map[string]any{
		"Users": s.Users, "Sessions": s.Sessions, "Tickets": s.Tickets, "Queue": s.Queue, "Events": s.Events,
		"Lockout": s.Lockout, "Limits": s.Limits, "Meta": s.Meta,
	} {
		if v, ok := store.(interface{ Volatile() bool }); !ok || v.Volatile() {
			t.Errorf("%s in a file says that it ends with the process", name)
		}
	}
}
