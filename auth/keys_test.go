package auth_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sekisho-auth/sekisho/auth"
	"golang.org/x/time/rate"

	"github.com/sekisho-auth/sekisho/auth/memstore"
	"github.com/sekisho-auth/sekisho/auth/ratelimit"
	tok "github.com/sekisho-auth/sekisho/internal/token"
)

func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "key")
	var group sync.WaitGroup
	for range 10 { // processes that start at once share one key
		group.Go(func() {
			if _, err := auth.LoadOrCreateKey(path); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	stores := lasting(memstore.New())
	for range 2 {
		keys, err := auth.LoadOrCreateKey(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := auth.New(auth.Config{Stores: stores, Keys: keys}); err != nil {
			t.Fatal(err)
		}
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".key-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := auth.LoadOrCreateKey(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key everybody can read: %v", err)
	}
}

// lasting makes memory stores look like ones that stay.
func lasting(s auth.Stores) auth.Stores {
	s.Users = struct{ auth.UserStore }{s.Users}
	return s
}

func TestKeyFileThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"empty": "", "comment": "# nothing\n", "short": "QUJD\n", "junk": strings.Repeat("!", 44) + "\n", "long line": strings.Repeat("A", 1<<20),
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := auth.LoadOrCreateKey(path); err == nil {
			t.Errorf("%s was taken for a key", name)
		}
	}
	if _, err := auth.LoadOrCreateKey(filepath.Join(dir, "empty", "key")); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is a file: %v", err)
	}
}

func TestKeysOfAnotherDatabase(t *testing.T) {
	stores := lasting(memstore.New())
	keys := func(ks ...auth.Key) auth.Keys {
		var lines []string
		for _, k := range ks {
			lines = append(lines, k.Reveal())
		}
		parsed, err := auth.ParseKeys(strings.Join(lines, "\n"))
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	old, next, foreign := auth.NewKey(), auth.NewKey(), auth.NewKey()
	open := func(k auth.Keys) error {
		_, err := auth.New(auth.Config{Stores: stores, Keys: k})
		return err
	}
	if err := open(keys(old)); err != nil {
		t.Fatal(err)
	}
	if err := open(keys(next, old)); err != nil {
		t.Errorf("rotation: %v", err)
	}
	for name, k := range map[string]auth.Keys{"foreign": keys(foreign), "the oldest taken out": keys(next)} {
		if err := open(k); err == nil || !strings.Contains(err.Error(), "this key did not make this database") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := auth.AcceptNewKeys(t.Context(), auth.Config{Stores: stores, Keys: keys(foreign)}); err != nil {
		t.Fatal(err)
	}
	if err := open(keys(foreign)); err != nil {
		t.Errorf("after AcceptNewKeys: %v", err)
	}
	if err := open(auth.EphemeralKey()); err == nil || !strings.Contains(err.Error(), "LoadOrCreateKey") {
		t.Errorf("an ephemeral key with stores that stay: %v", err)
	}
	if err := open(auth.Keys{}); err == nil {
		t.Error("no keys at all were accepted")
	}
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	full := func() auth.Config { return auth.Config{Stores: memstore.New(), Keys: auth.EphemeralKey()} }
	for field, change := range map[string]func(*auth.Config){
		"Stores.Users":       func(c *auth.Config) { c.Stores.Users = nil },
		"Stores.Tickets":     func(c *auth.Config) { c.Stores.Tickets = nil },
		"Stores.Queue":       func(c *auth.Config) { c.Stores.Queue = nil },
		"Stores.Events":      func(c *auth.Config) { c.Stores.Events = nil },
		"Stores.Lockout":     func(c *auth.Config) { c.Stores.Lockout = nil },
		"Stores.Limits":      func(c *auth.Config) { c.Stores.Limits = nil },
		"Stores.Meta":        func(c *auth.Config) { c.Stores.Meta = nil },
		"Limits.Source":      func(c *auth.Config) { c.Limits.Source.Burst = 20 },
		"Limits.Requests":    func(c *auth.Config) { c.Limits.Requests = ratelimit.Limit{Rate: rate.Inf, Burst: 1} },
		"Keys":               func(c *auth.Config) { c.Keys = auth.Keys{} },
		"Realm":              func(c *auth.Config) { c.Realm = strings.Repeat("x", 129) },
		"Password.MinLength": func(c *auth.Config) { c.Password.MinLength = 7 },
		"Password":           func(c *auth.Config) { c.Password.Cost = 9 },
		"Lockout":            func(c *auth.Config) { c.Lockout.Threshold = -1 },
		"Sessions":           func(c *auth.Config) { c.Sessions.Idle = 1 },
		"Sessions.PerUser":   func(c *auth.Config) { c.Sessions.PerUser = -1 },
	} {
		cfg := full()
		change(&cfg)
		if _, err := auth.New(cfg); err == nil || !strings.Contains(err.Error(), "Config."+field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := auth.New(full()); err != nil {
		t.Error(err)
	}
}

func TestRealmsAreApart(t *testing.T) {
	stores, keys := memstore.New(), lastingKeys(t)
	in := func(realm string) *auth.Service {
		svc, _ := newService(t, func(c *auth.Config) { noLimits(c); c.Stores, c.Keys, c.Realm = stores, keys, realm })
		return svc
	}
	a, b := in("a"), in("b")
	mustCreate(t, a, "taro@example.com")
	if _, err := b.Login(t.Context(), creds("taro@example.com", good)); err == nil {
		t.Error("an account of one realm signed in to another")
	}
	for range 6 {
		_, _ = b.Login(t.Context(), creds("taro@example.com", "wrong wrong wrong"))
	}
	sess, err := a.Login(t.Context(), creds("taro@example.com", good))
	if err != nil {
		t.Errorf("failures in one realm locked another: %v", err)
	}
	if sess.Hash == tok.Hash(sess.Token.Reveal()) {
		t.Error("a token is looked up alike in every realm")
	}
	if _, err := b.Session(t.Context(), sess.Token); err == nil {
		t.Error("a session of one realm counts in another")
	}
}
