package house

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

const (
	maxFileLines     = 450
	maxTestFileLines = 600 // tests are tables for a good part
	maxFuncLines     = 60
	maxTestFuncLines = 120
)

func TestFilesAndFunctionsAreShort(t *testing.T) {
	for _, f := range files(t) {
		if f.generated() {
			continue
		}
		limit, funcLimit := maxFileLines, maxFuncLines
		if f.test {
			limit, funcLimit = maxTestFileLines, maxTestFuncLines
		}
		if f.lines > limit && !isTable(f) {
			t.Errorf("%s has %d lines, at most %d: split it by concept", f.path, f.lines, limit)
		}
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			lines := f.fset.Position(fn.End()).Line - f.fset.Position(fn.Pos()).Line + 1
			if lines -= literal(f, fn); lines > funcLimit {
				t.Errorf("%s: %s has %d lines, at most %d", f.at(fn), fn.Name.Name, lines, funcLimit)
			}
		}
	}
}

// literal returns the lines of a function's longest literal: a table in a function is no code to understand.
func literal(f *file, fn *ast.FuncDecl) int {
	longest := 0
	ast.Inspect(fn, func(n ast.Node) bool {
		if lit, ok := n.(*ast.CompositeLit); ok {
			longest = max(longest, f.fset.Position(lit.End()).Line-f.fset.Position(lit.Pos()).Line)
		}
		return true
	})
	return longest
}

// isTable reports whether a file is mainly one literal.
func isTable(f *file) bool {
	for _, d := range f.ast.Decls {
		g, ok := d.(*ast.GenDecl)
		if ok && g.Tok == token.VAR && 2*(f.fset.Position(g.End()).Line-f.fset.Position(g.Pos()).Line) > f.lines {
			return true
		}
	}
	return false
}

// The surface of package auth stays small enough to be read in an afternoon.
func TestBudgetOfAuth(t *testing.T) {
	identifiers := map[string]bool{}
	methods := 0
	for _, f := range files(t) {
		if f.dir != "auth" || f.test {
			continue
		}
		for _, d := range f.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.IsExported() {
					identifiers[d.Name.Name] = true
				}
				if d.Recv != nil && d.Name.IsExported() && receiver(d) == "Service" {
					methods++
				}
			case *ast.GenDecl:
				for _, name := range declared(d) {
					identifiers[name.Name] = true
				}
			}
		}
	}
	checkBudget(t, "exported identifiers of auth", len(identifiers), 80)
	checkBudget(t, "methods of auth.Service", methods, 25)
	checkBudget(t, "fields of auth.Config", structFields(t, "auth", "Config"), 12)
}

func TestInterfacesAreSmall(t *testing.T) {
	var found int
	for _, f := range files(t) {
		if f.test || !f.inRootModule() || within(f.dir, "internal") {
			continue
		}
		for name, spec := range types(f) {
			iface, ok := spec.Type.(*ast.InterfaceType)
			if !ok || !ast.IsExported(name) {
				continue
			}
			found++
			limit := 5
			if f.dir == "auth" && name == "UserStore" {
				limit = 6
			}
			checkBudget(t, "methods of "+f.dir+"."+name, iface.Methods.NumFields(), limit)
		}
	}
	if found < 8 {
		t.Errorf("only %d interfaces found: the check is broken", found)
	}
}

func checkBudget(t *testing.T, what string, got, limit int) {
	t.Helper()
	if got > limit || got == 0 {
		t.Errorf("%s: %d, at most %d (and some)", what, got, limit)
	} else {
		t.Logf("%s: %d of %d", what, got, limit)
	}
}

func structFields(t *testing.T, dir, name string) int {
	t.Helper()
	for _, f := range files(t) {
		if f.dir == dir && !f.test {
			if spec, ok := types(f)[name]; ok {
				if s, ok := spec.Type.(*ast.StructType); ok {
					return s.Fields.NumFields()
				}
			}
		}
	}
	return 0
}

func types(f *file) map[string]*ast.TypeSpec {
	found := map[string]*ast.TypeSpec{}
	for _, d := range f.ast.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.TYPE {
			continue
		}
		for _, s := range g.Specs {
			if spec, ok := s.(*ast.TypeSpec); ok {
				found[spec.Name.Name] = spec
			}
		}
	}
	return found
}

// declared returns the exported names of a declaration.
func declared(d *ast.GenDecl) []*ast.Ident {
	var names []*ast.Ident
	for _, s := range d.Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			names = append(names, s.Name)
		case *ast.ValueSpec:
			names = append(names, s.Names...)
		}
	}
	return slices.DeleteFunc(names, func(n *ast.Ident) bool { return !n.IsExported() })
}

func receiver(d *ast.FuncDecl) string {
	x := d.Recv.List[0].Type
	for {
		switch t := x.(type) {
		case *ast.StarExpr:
			x = t.X
		case *ast.IndexExpr:
			x = t.X
		case *ast.Ident:
			return t.Name
		default:
			return ""
		}
	}
}

func TestEverythingExportedIsDocumented(t *testing.T) {
	for _, f := range files(t) {
		if f.test || f.ast.Name.Name == "main" {
			continue
		}
		for _, d := range f.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && (d.Recv == nil || ast.IsExported(receiver(d))) && !hasText(d.Doc) {
					t.Errorf("%s: %s has no doc comment", f.at(d), d.Name.Name)
				}
			case *ast.GenDecl:
				checkSpecs(t, f, d)
			}
		}
	}
}

// checkSpecs wants a comment on each exported constant, variable and type; one on a block counts for its values.
func checkSpecs(t *testing.T, f *file, d *ast.GenDecl) {
	t.Helper()
	next := 0
	for _, s := range d.Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && !hasText(s.Doc) && !hasText(d.Doc) {
				t.Errorf("%s: type %s has no doc comment", f.at(s), s.Name.Name)
			}
			checkMethods(t, f, s)
		case *ast.ValueSpec:
			exported := slices.ContainsFunc(s.Names, func(n *ast.Ident) bool { return n.IsExported() })
			if hasText(s.Doc) || hasText(s.Comment) || next == f.fset.Position(s.Pos()).Line {
				next = f.fset.Position(s.End()).Line + 1 // lines that follow at once share the comment
			} else if exported && !hasText(d.Doc) {
				t.Errorf("%s: %s has no doc comment", f.at(s), s.Names[0].Name)
			}
		}
	}
}

// checkMethods wants a comment on each method of an exported interface: it is the contract.
func checkMethods(t *testing.T, f *file, s *ast.TypeSpec) {
	t.Helper()
	iface, ok := s.Type.(*ast.InterfaceType)
	if !ok || !s.Name.IsExported() {
		return
	}
	for _, m := range iface.Methods.List {
		if len(m.Names) > 0 && !hasText(m.Doc) && !hasText(m.Comment) && iface.Methods.NumFields() > 1 {
			t.Errorf("%s: %s.%s has no doc comment", f.at(m), s.Name.Name, m.Names[0].Name)
		}
	}
}

func hasText(c *ast.CommentGroup) bool { return c != nil && strings.TrimSpace(c.Text()) != "" }

func TestEveryPackageHasAComment(t *testing.T) {
	comment := map[string]bool{}
	for _, f := range files(t) {
		if !f.test {
			comment[f.dir] = comment[f.dir] || hasText(f.ast.Doc)
		}
	}
	for dir, ok := range comment {
		if !ok {
			t.Errorf("package %s has no comment", dir)
		}
	}
}

// Stores take the time as an argument: a store with a clock of its own disagrees with its callers.
func TestStoresReadNoClock(t *testing.T) {
	pure := []string{"lockout/memory.go", "lockout/next.go", "lockout/record.go", "lockout/policy.go", "auth/ratelimit/memory.go",
		"auth/ratelimit/limit.go"}
	var checked int
	for _, f := range files(t) {
		if f.test || f.dir != "auth/memstore" && f.dir != "auth/sqlstore" && !slices.Contains(pure, f.path) {
			continue
		}
		checked++
		for _, call := range []string{"time.Now(", "time.Since(", "time.Until(", "time.After("} {
			if strings.Contains(f.text, call) {
				t.Errorf("%s calls %s…)", f.path, call)
			}
		}
	}
	if checked < len(pure)+10 {
		t.Errorf("only %d files checked: the list names files that are gone", checked)
	}
}
