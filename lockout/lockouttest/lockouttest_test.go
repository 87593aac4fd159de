package lockouttest

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sekisho-auth/sekisho/lockout"
)

func TestMemory(t *testing.T) {
	Run(t, func(*testing.T) lockout.Store { return lockout.NewMemory(0) })
}

func TestMemorySmall(t *testing.T) {
	Run(t, func(*testing.T) lockout.Store { return lockout.NewMemory(200) })
}

func TestCheck(t *testing.T) {
	if err := Check(t.Context(), func() lockout.Store { return lockout.NewMemory(0) }); err != nil {
		t.Error(err)
	}
}

// simple is a store that keeps the contract; the broken ones break one thing.
type simple struct {
	mu   sync.Mutex
	rows map[lockout.Key][]byte

	foldKey   func(lockout.Key) lockout.Key
	onRead    func(r, guess lockout.Record, now time.Time) lockout.Record
	onWrite   func(next lockout.Record, write bool) (lockout.Record, bool)
	onEncoded func([]byte)
	onUpdate  func(now time.Time)
	unlocked  bool // step runs outside the lock
	deaf      bool // ignores ctx
	silent    bool // a done ctx is answered with nil
	noRemoval bool
	later     bool // writes after it has answered
	pending   func()
}

func (s *simple) Update(ctx context.Context, key lockout.Key, guess lockout.Record, now time.Time,
	step func(lockout.Record) (lockout.Record, bool),
) error {
	if err := ctx.Err(); err != nil && !s.deaf {
		if s.silent {
			return nil
		}
		return err
	}
	if s.foldKey != nil {
		key = s.foldKey(key)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.onUpdate != nil {
		s.onUpdate(now)
	}
	var r lockout.Record
	if b, ok := s.rows[key]; ok {
		if err := r.UnmarshalBinary(b); err != nil {
			return err
		}
	}
	if s.onRead != nil {
		r = s.onRead(r, guess, now)
	}
	if s.unlocked {
		s.mu.Unlock()
	}
	next, write := step(r)
	if s.unlocked {
		s.mu.Lock()
	}
	if s.onWrite != nil {
		next, write = s.onWrite(next, write)
	}
	if s.pending != nil {
		s.pending()
		s.pending = nil
	}
	if !write {
		return nil
	}
	store := func() { s.store(key, next) }
	if s.later {
		s.pending = store
		return nil
	}
	store()
	return nil
}

func (s *simple) store(key lockout.Key, next lockout.Record) {
	if next.IsZero() {
		if !s.noRemoval {
			delete(s.rows, key)
		}
		return
	}
	b := encode(next)
	if s.onEncoded != nil {
		s.onEncoded(b)
	}
	s.rows[key] = b
}

func TestSimpleStoreIsNotBroken(t *testing.T) {
	Run(t, func(*testing.T) lockout.Store { return &simple{rows: map[lockout.Key][]byte{}} })
}

// Offsets in the encoding, for stores that lose a part of it.
const (
	offTimes   = 12
	offTickets = 52
	header     = 54
)

func putTime(b []byte, at int, f func(int64) int64) {
	var n int64
	for _, c := range b[at : at+8] {
		n = n<<8 | int64(c)
	}
	n = f(n)
	for i := range 8 {
		b[at+7-i] = byte(n >> (8 * i))
	}
}

func toSeconds(b []byte) {
	for i := range 5 {
		putTime(b, offTimes+8*i, func(n int64) int64 { return n - n%1_000_000 })
	}
}

// broken are stores that break one sentence of the contract each.
var broken = map[string]struct {
	spoil  func(*simple)
	clause string // that must be among those which are reported
}{
	"reads, then writes": {func(s *simple) { s.unlocked = true }, "Atomicity"},
	"loses every third write": {func(s *simple) {
		n := 0
		s.onWrite = func(r lockout.Record, w bool) (lockout.Record, bool) { n++; return r, w && n%3 != 0 }
	}, "Writing"},
	"folds upper and lower case": {func(s *simple) {
		s.foldKey = func(k lockout.Key) lockout.Key {
			for i, c := range k {
				if c >= 'A' && c <= 'Z' {
					k[i] = c + 'a' - 'A'
				}
			}
			return k
		}
	}, "Keys"},
	"ends keys at NUL": {func(s *simple) {
		s.foldKey = func(k lockout.Key) lockout.Key {
			if i := slices.Index(k[16:], 0); i >= 0 {
				clear(k[16+i:])
			}
			return k
		}
	}, "Keys"},
	"ignores spaces at the end of keys": {func(s *simple) {
		s.foldKey = func(k lockout.Key) lockout.Key {
			for i := len(k) - 1; i > 0 && (k[i] == ' ' || k[i] == 0); i-- {
				k[i] = 0
			}
			return k
		}
	}, "Keys"},
	"cuts keys to 16 bytes": {func(s *simple) {
		s.foldKey = func(k lockout.Key) lockout.Key { clear(k[16:]); return k }
	}, "Keys"},
	"expires by a clock of its own": {func(s *simple) {
		s.onRead = func(r, _ lockout.Record, _ time.Time) lockout.Record {
			if time.Now().After(r.Expires()) {
				return lockout.Record{}
			}
			return r
		}
	}, "Time"},
	"forgets when the clock runs back": {func(s *simple) {
		var last time.Time
		s.onUpdate = func(now time.Time) {
			if now.Before(last) {
				clear(s.rows)
			}
			last = now
		}
	}, "Time"},
	"keeps rows for a day": {func(s *simple) {
		var last time.Time
		s.onUpdate = func(now time.Time) {
			if !last.IsZero() && now.Sub(last) > 24*time.Hour {
				clear(s.rows)
			}
			last = now
		}
	}, "Keeping"},
	"trusts the guess": {func(s *simple) {
		s.onRead = func(r, guess lockout.Record, _ time.Time) lockout.Record {
			if !guess.IsZero() {
				return guess
			}
			return r
		}
	}, "Guessing"},
	"trusts that nothing is there": {func(s *simple) {
		seen := 0
		s.onRead = func(r, guess lockout.Record, _ time.Time) lockout.Record {
			if seen++; seen > 1 && guess.IsZero() && len(encode(r)) > header {
				return guess
			}
			return r
		}
	}, "Reading"},
	"writes whatever step says": {func(s *simple) {
		s.onWrite = func(r lockout.Record, _ bool) (lockout.Record, bool) { return r, true }
	}, "Not writing"},
	"writes when there is a record": {func(s *simple) {
		s.onWrite = func(r lockout.Record, w bool) (lockout.Record, bool) { return r, w || !r.IsZero() }
	}, "Not writing"},
	"does not hear a cancelled context":      {func(s *simple) { s.deaf = true }, "Cancelling"},
	"answers a cancelled context with nil":   {func(s *simple) { s.silent = true }, "Cancelling"},
	"answers before it writes":               {func(s *simple) { s.later = true }, "Answering"},
	"keeps the row when zero is stored":      {func(s *simple) { s.noRemoval = true }, "Removing"},
	"keeps whole seconds":                    {func(s *simple) { s.onEncoded = toSeconds }, "Writing"},
	"rounds the end of a lock by one second": {func(s *simple) { s.onEncoded = lengthenLock }, "Writing"},
	"drops tickets": {func(s *simple) {
		s.onWrite = func(r lockout.Record, w bool) (lockout.Record, bool) {
			if b := encode(r); w && len(b) > header+20*50 {
				b = b[:header+20*50]
				b[offTickets], b[offTickets+1] = 0, 50
				_ = r.UnmarshalBinary(b)
			}
			return r, w
		}
	}, "Writing"},
}

func TestBrokenStoresAreCaught(t *testing.T) {
	for name, test := range broken {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := Check(t.Context(), func() lockout.Store {
				s := &simple{rows: map[lockout.Key][]byte{}}
				test.spoil(s)
				return s
			})
			if err == nil {
				t.Fatal("the suite passes it")
			}
			i := slices.IndexFunc(clauses, func(c clause) bool { return c.name == test.clause })
			for line := range strings.Lines(err.Error()) {
				if strings.HasPrefix(line, "lockouttest: "+test.clause+": ") &&
					strings.Contains(line, "; the contract says: "+clauses[i].text) {
					return
				}
			}
			t.Errorf("not caught under %q, but:\n%v", test.clause, err)
		})
	}
}

func lengthenLock(b []byte) {
	putTime(b, offTimes+16, func(n int64) int64 {
		if n == 0 {
			return 0
		}
		return n + 1_000_000
	})
}

// The documentation is the contract: each sentence of the suite stands in the doc
// comment of Store, under its name, and each item there has a check.
func TestClausesAreDocumented(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../store.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var doc string
	ast.Inspect(file, func(n ast.Node) bool {
		if g, ok := n.(*ast.GenDecl); ok && g.Tok == token.TYPE && g.Specs[0].(*ast.TypeSpec).Name.Name == "Store" {
			doc = strings.Join(strings.Fields(g.Doc.Text()), " ")
		}
		return true
	})
	if doc == "" {
		t.Fatal("store.go has no doc comment of Store")
	}
	for _, c := range clauses {
		if !strings.Contains(doc, "- "+c.name+". "+c.text) {
			t.Errorf("the doc comment of Store lacks %q", "- "+c.name+". "+c.text)
		}
	}
	if items := strings.Count(doc, " - "); items != len(clauses) {
		t.Errorf("the doc comment of Store has %d items, the suite %d clauses", items, len(clauses))
	}
}

// What the suite writes is worth something only if it has every shape.
func TestSomeRecords(t *testing.T) {
	records := someRecords(noon)
	answers := map[lockout.Answer]int{}
	for r := range maps.Values(records) {
		_, v := lockout.Default().Next(r, lockout.Step{Op: lockout.OpLook}, noon)
		answers[v.Answer]++
	}
	if answers[lockout.Locked] != 1 || answers[lockout.Disabled] != 1 || len(encode(records["a record of 100 attempts in flight"])) != header+2000 {
		t.Errorf("records do not have the shapes they claim: %v", answers)
	}
}
