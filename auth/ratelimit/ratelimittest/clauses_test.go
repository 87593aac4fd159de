package ratelimittest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// TestClausesStandInTheContract keeps the suite and the documentation of
// ratelimit.Store together: each clause is a sentence there, and each sentence
// there that promises something is a clause here.
func TestClausesStandInTheContract(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../store.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var doc strings.Builder
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GenDecl:
			if spec, ok := n.Specs[0].(*ast.TypeSpec); ok && spec.Name.Name == "Store" {
				doc.WriteString(n.Doc.Text())
				for _, m := range spec.Type.(*ast.InterfaceType).Methods.List {
					doc.WriteString(" " + m.Doc.Text())
				}
			}
			return false
		}
		return true
	})
	text := strings.Join(strings.Fields(doc.String()), " ")
	rest := text
	for _, c := range checks {
		if !strings.Contains(text, c.clause) {
			t.Errorf("%s: the documentation does not say %q", c.name, c.clause)
		}
		rest = strings.ReplaceAll(rest, c.clause, "")
	}
	const explains = "Store keeps buckets, in memory or where many servers share them. It holds no rule of its own: Limit.Next " +
		"and Limit.Back are the rule, and a Store applies them. Package ratelimittest checks every sentence of its contract. " +
		"A Store is safe for concurrent use."
	if rest = strings.Join(strings.Fields(rest), " "); rest != explains {
		t.Errorf("the documentation promises what no check tests:\n%s", rest)
	}
}
