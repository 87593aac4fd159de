package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/sekisho-auth/sekisho"

// root is the repository, as seen from this package's folder.
const root = "../.."

// file is one parsed Go file.
type file struct {
	path  string // slash-separated, from the repository's root
	dir   string // "." for the root itself
	test  bool
	lines int
	text  string
	ast   *ast.File
	fset  *token.FileSet
}

// generated reports whether a tool wrote the file.
func (f *file) generated() bool { return ast.IsGenerated(f.ast) }

// nested are the folders with modules of their own.
var nested = []string{"examples", "internal/integration"}

func (f *file) inRootModule() bool {
	return !slices.ContainsFunc(nested, func(dir string) bool { return within(f.dir, dir) })
}

func within(dir, parent string) bool { return dir == parent || strings.HasPrefix(dir, parent+"/") }

// goFiles parses every Go file of the repository once.
var goFiles = sync.OnceValues(func() ([]*file, error) {
	var files []*file
	fset := token.NewFileSet()
	err := walk(func(name, text string) error {
		if path.Ext(name) != ".go" {
			return nil
		}
		parsed, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files = append(files, &file{
			path: name, dir: path.Dir(name), test: strings.HasSuffix(name, "_test.go"),
			lines: strings.Count(text, "\n"), text: text, ast: parsed, fset: fset,
		})
		return nil
	})
	return files, err
})

// walk calls f for every text file of the repository that is not one of a tool's.
func walk(f func(name, text string) error) error {
	return filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == ".git" || d.Name() == "node_modules" {
				return filepath.SkipDir
			}
			return nil
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		raw, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if slices.Contains(raw, 0) {
			return nil // no text
		}
		return f(filepath.ToSlash(relative), string(raw))
	})
}

func files(t *testing.T) []*file {
	t.Helper()
	all, err := goFiles()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 50 {
		t.Fatalf("only %d Go files found: the walk is broken", len(all))
	}
	return all
}

func read(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func (f *file) at(n ast.Node) string {
	p := f.fset.Position(n.Pos())
	return f.path + ":" + itoa(p.Line)
}
