// Package errdocs writes the documentation of the error catalogue from its source
// code and its texts.
package errdocs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Constant is a constant of package errcodes as its source declares it.
type Constant struct {
	Name  string // ReasonOTPInvalid
	Value string // otp_invalid
	Doc   string // its comment, on one line, without the name
	Block string // the comment of its const block, on one line
}

// Constants returns the constants of the type named typ ("Reason", "Action",
// "Hint", "Advice", "Param") that the Go files in dir declare, in their order.
func Constants(dir, typ string) ([]Constant, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var all []Constant
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		for _, decl := range file.Decls {
			if d, ok := decl.(*ast.GenDecl); ok && d.Tok == token.CONST {
				if all, err = appendConstants(all, d, typ); err != nil {
					return nil, fmt.Errorf("%s: %w", name, err)
				}
			}
		}
	}
	return all, nil
}

func appendConstants(all []Constant, d *ast.GenDecl, typ string) ([]Constant, error) {
	for _, s := range d.Specs {
		spec, ok := s.(*ast.ValueSpec)
		if !ok {
			continue
		}
		if id, ok := spec.Type.(*ast.Ident); !ok || id.Name != typ {
			continue
		}
		if len(spec.Names) != 1 || len(spec.Values) != 1 {
			return nil, fmt.Errorf("constants of type %s stand one a line, each with its value", typ)
		}
		lit, ok := spec.Values[0].(*ast.BasicLit)
		if !ok {
			return nil, fmt.Errorf("%s: the value is not a literal", spec.Names[0].Name)
		}
		value, err := strconv.Unquote(lit.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", spec.Names[0].Name, err)
		}
		name := spec.Names[0].Name
		doc := strings.TrimPrefix(oneLine(spec.Doc.Text()), name)
		all = append(all, Constant{Name: name, Value: value, Doc: strings.TrimLeft(doc, ": "), Block: oneLine(d.Doc.Text())})
	}
	return all, nil
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
