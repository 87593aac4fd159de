package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/sqlstore"
	"github.com/sekisho-auth/sekisho/errcodes"
)

// filled makes a database with an account and many others, all of it in the
// file itself, and returns the keys.
func filled(t *testing.T, path string) auth.Keys {
	t.Helper()
	db := open(t, "sqlite", dsn(path, settings))
	s, err := sqlstore.New(t.Context(), db, sqlstore.SQLite, sqlstore.Config{Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	keys := newKeys(t)
	if _, err := newService(t, s, keys).CreateAccount(t.Context(), auth.NewAccount{Email: address, Password: password}); err != nil {
		t.Fatal(err)
	}
	fill(t, db, 2000)
	run(t, db, "PRAGMA wal_checkpoint(TRUNCATE)")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestDamagedFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "good.db")
	filled(t, path)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := make([]byte, 4096)
	for what, content := range map[string][]byte{
		"cut in half":         good[:len(good)/2],
		"cut after a page":    good[:4096],
		"cut within a page":   good[:5000],
		"cut in the header":   good[:50],
		"not a database":      []byte("{\"this\": \"is JSON\"}\n" + string(good[:2000])),
		"an overwritten page": slices.Concat(page, good[4096:]),
	} {
		bad := filepath.Join(t.TempDir(), "bad.db")
		if err := os.WriteFile(bad, content, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, cfg := range []sqlstore.Config{{}, {Migrate: true}} {
			err := tryNew(t, open(t, "sqlite", dsn(bad, settings)), cfg)
			refused(t, what, err, sqlstore.ErrDamaged, "restore a backup")
		}
		if after, err := os.ReadFile(bad); err != nil || !slices.Equal(after, content) {
			t.Errorf("%s: the file was changed (%d bytes, then %d), %v", what, len(content), len(after), err)
		}
	}
}

func TestReadOnlyFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	filled(t, path)
	for _, mode := range []string{"&mode=ro", "&immutable=1", "&_pragma=query_only(1)"} {
		db := open(t, "sqlite", dsn(path, settings+mode))
		for _, cfg := range []sqlstore.Config{{}, {Migrate: true}} {
			refused(t, mode, tryNew(t, db, cfg), sqlstore.ErrReadOnly, "must be able to write")
		}
		refused(t, mode, sqlstore.Migrate(t.Context(), db, sqlstore.SQLite), sqlstore.ErrReadOnly, "must be able to write")
	}
	if err := tryNew(t, open(t, "sqlite", dsn(filepath.Join(t.TempDir(), "none", "a.db"), settings)), sqlstore.Config{Migrate: true}); err == nil {
		t.Error("a folder that is not there is no error")
	}
}

// On a full disk people are told that the service is at fault, what was
// acknowledged stays, and room makes everything work again.
func TestFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	keys := filled(t, path)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	full := newStores(t, "sqlite", dsn(path, settings+fmt.Sprintf("&_pragma=max_page_count(%d)", info.Size()/4096+2)))
	svc := newService(t, full, keys)
	var tokens []auth.Token
	for i := 0; ; i++ {
		sess, err := svc.Login(t.Context(), creds(password))
		if err != nil {
			if errcodes.CodeOf(err) != errcodes.CodeServerError {
				t.Errorf("on a full disk: %v", err)
			}
			break
		}
		if tokens = append(tokens, sess.Token); i > 10_000 {
			t.Fatal("the disk is never full")
		}
	}
	if len(tokens) == 0 {
		t.Fatal("full from the beginning")
	}
	for _, svc := range []*auth.Service{svc, newService(t, newStores(t, "sqlite", dsn(path, settings)), keys)} {
		for _, token := range tokens[max(0, len(tokens)-20):] {
			if _, err := svc.Session(t.Context(), token); err != nil {
				t.Fatalf("an acknowledged session is lost: %v", err)
			}
		}
	}
	if _, err := newService(t, newStores(t, "sqlite", dsn(path, settings)), keys).Login(t.Context(), creds(password)); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// Whatever statement of a sign-in fails, it is a fault of the service or
// nothing at all: never a wrong password, and no session beside a refusal.
func TestEveryStatementMayFail(t *testing.T) {
	path := file(t)
	s := newStores(t, "counting", dsn(path, settings))
	svc := newService(t, s, newKeys(t))
	id, err := svc.CreateAccount(t.Context(), auth.NewAccount{Email: address, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	look := newStores(t, "sqlite", dsn(path, settings))
	broken := errors.New("broken")
	sessions := func() int {
		t.Helper()
		all, err := look.Sessions.List(t.Context(), id, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	failures := 0
	for n := range 14 {
		before, seen := sessions(), 0
		counted.reset()
		counted.mu.Lock()
		counted.fail = func(text string) error {
			if text == "ROLLBACK" {
				return nil
			}
			if seen++; seen == n+1 {
				return broken
			}
			return nil
		}
		counted.mu.Unlock()
		_, err := svc.Login(t.Context(), creds(password))
		counted.reset()
		after := sessions()
		switch {
		case err == nil && after != before+1:
			t.Errorf("failing at %d: no error, and %d sessions more", n, after-before)
		case err != nil && (errcodes.CodeOf(err) != errcodes.CodeServerError || !errors.Is(err, broken)):
			t.Errorf("failing at %d: %v", n, err)
		case err != nil && after != before:
			t.Errorf("failing at %d: %v, and a session all the same", n, err)
		}
		if err != nil {
			failures++
		}
		if _, err := svc.Login(t.Context(), creds(password)); err != nil {
			t.Errorf("after failing at %d: %v", n, err)
		}
	}
	if failures < 5 {
		t.Errorf("only %d sign-ins failed: nothing was tested", failures)
	}
}
