package authtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/memstore"
)

// explains are the sentences of the contracts that promise nothing a check
// could test, or that permit something.
var explains = []string{
	"Stores says where state lives. Each may come from another place: accounts in the app's own table, counters in Redis. " +
		"The memstore package fills all of them. Every method of every store must be atomic by itself and safe for concurrent use. " +
		"A store that keeps nothing beyond the process may say so by a method Volatile() bool; " +
		"EphemeralKey is accepted only if every store does. " +
		"The package authtest checks each sentence of these contracts against a store. What holds for all of them: - - - - -",
	"UserStore holds accounts. An app's own users table can implement it alone.",
	"SessionStore holds sessions under the SHA-256 of their token. " +
		"It may leave out sessions whose Expires or IdleExpires is not after now. It may leave out those that have expired at now.",
	"TicketStore holds tickets.",
	"QueueStore holds jobs for the workers of any number of processes. A job that nobody leased may be dropped 30 days after its Expires.",
	"EventStore is the audit log. After an error it is called again.",
	"MetaStore keeps what tells one deployment's data from another's.",
}

// TestClausesStandInTheContracts keeps the suite and the documentation
// together: each clause is a sentence there, and each sentence there that
// promises something is a clause here.
func TestClausesStandInTheContracts(t *testing.T) {
	text := contracts(t)
	rest := text
	for _, c := range checks(memstore.New()) {
		if !strings.Contains(text, c.clause) {
			t.Errorf("%s: the documentation does not say %q", c.name, c.clause)
		}
		rest = strings.ReplaceAll(rest, c.clause, "")
	}
	rest = strings.Join(strings.Fields(rest), " ")
	if want := strings.Join(explains, " "); rest != want {
		t.Errorf("the documentation promises what no check tests:\n%s\nwant\n%s", rest, want)
	}
}

// contracts returns the documentation of Stores and of the store interfaces.
func contracts(t *testing.T) string {
	file, err := parser.ParseFile(token.NewFileSet(), "../store.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var doc strings.Builder
	ast.Inspect(file, func(n ast.Node) bool {
		g, ok := n.(*ast.GenDecl)
		if !ok || g.Tok != token.TYPE {
			return true
		}
		spec, ok := g.Specs[0].(*ast.TypeSpec)
		if !ok || !strings.Contains(spec.Name.Name, "Store") {
			return true
		}
		doc.WriteString(g.Doc.Text() + " ")
		switch kind := spec.Type.(type) {
		case *ast.InterfaceType:
			for _, m := range kind.Methods.List {
				doc.WriteString(m.Doc.Text() + " ")
			}
		case *ast.StructType:
			if i := slices.IndexFunc(kind.Fields.List, func(f *ast.Field) bool { return f.Names[0].Name == "Users" }); i >= 0 {
				doc.WriteString(kind.Fields.List[i].Doc.Text() + " ")
			}
		}
		return true
	})
	return strings.Join(strings.Fields(doc.String()), " ")
}

func TestNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range checks(memstore.New()) {
		if seen[c.name] {
			t.Errorf("two checks are called %s", c.name)
		}
		seen[c.name] = true
	}
}

func TestMissingStoresAreNamed(t *testing.T) {
	for name, spoil := range map[string]func(*auth.Stores){
		"Users":   func(s *auth.Stores) { s.Users = nil },
		"Tickets": func(s *auth.Stores) { s.Tickets = nil },
		"Queue":   func(s *auth.Stores) { s.Queue = nil },
		"Events":  func(s *auth.Stores) { s.Events = nil },
		"Lockout": func(s *auth.Stores) { s.Lockout = nil },
		"Limits":  func(s *auth.Stores) { s.Limits = nil },
		"Meta":    func(s *auth.Stores) { s.Meta = nil },
	} {
		err := CheckStores(t.Context(), func() auth.Stores {
			s := memstore.New()
			spoil(&s)
			return s
		})
		if err == nil || !strings.Contains(err.Error(), "Stores."+name+" is nil") {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

// Apps with sessions of their own have no SessionStore.
func TestWhatMayBeMissing(t *testing.T) {
	err := CheckStores(t.Context(), func() auth.Stores {
		s := memstore.New()
		s.Sessions = nil
		return s
	})
	if err != nil {
		t.Error(err)
	}
}
