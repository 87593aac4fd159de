package house

import (
	"encoding/json"
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The README's program is examples/minimal, which a compiler reads.
func TestREADMEShowsTheMinimalProgram(t *testing.T) {
	program := strings.TrimSpace(read(t, "examples/minimal/main.go"))
	blocks := fenced(read(t, "README.md"), "go")
	if len(blocks) == 0 || strings.TrimSpace(blocks[0]) != program {
		t.Errorf("the first Go program of README.md is not examples/minimal/main.go:\n%s", strings.Join(blocks, "\n---\n"))
	}
	if len(blocks) != 2 || !strings.Contains(read(t, "examples/minimal/handler_test.go"), blocks[1]) {
		t.Error("the second Go program of README.md is not in examples/minimal/handler_test.go")
	}
	screen, _, _ := strings.Cut(read(t, "README.md"), "\n## In production")
	for _, command := range []string{"go run ./examples/server", "go test work"} {
		if !strings.Contains(screen, command) {
			t.Errorf("README.md does not begin with %q", command)
		}
	}
}

// The failure that the README shows is a real document; examples/server compares it with what it answers.
func TestREADMEShowsAProblemDocument(t *testing.T) {
	blocks := fenced(read(t, "README.md"), "json")
	if len(blocks) != 1 || !json.Valid([]byte(blocks[0])) {
		t.Fatalf("README.md has %d JSON blocks, want one that is valid", len(blocks))
	}
	if !strings.Contains(blocks[0], `"code": 1002`) && !strings.Contains(blocks[0], `"code":1002`) {
		t.Errorf("it is no 1002: %s", blocks[0])
	}
}

func fenced(text, language string) []string {
	var blocks []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(text, -1) {
		blocks = append(blocks, m[1])
	}
	return blocks
}

// Every event that auth writes is in docs/events.md, and nothing else is.
func TestEventsAreListed(t *testing.T) {
	inCode := map[string]bool{}
	var all strings.Builder
	for _, f := range files(t) {
		if f.dir == "auth" && !f.test {
			all.WriteString(f.text)
		}
	}
	for _, f := range files(t) {
		if f.dir != "auth" || f.test {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			for i, name := range spec.Names {
				if !strings.HasPrefix(name.Name, "event") || i >= len(spec.Values) {
					continue
				}
				if uses := regexp.MustCompile(`\b`+name.Name+`\b`).FindAllString(all.String(), -1); len(uses) < 2 {
					continue // declared and never written
				}
				if lit, ok := spec.Values[i].(*ast.BasicLit); ok {
					if text, err := strconv.Unquote(lit.Value); err == nil {
						inCode[text] = true
					}
				}
			}
			return true
		})
	}
	compare(t, "events", inCode, firstColumn(read(t, "docs/events.md")))
}

// Every path that authhttp serves is in docs/http.md, and nothing else is.
func TestPathsAreListed(t *testing.T) {
	inCode := map[string]bool{}
	for _, m := range regexp.MustCompile(`\{path: "([^"]*)"`).FindAllStringSubmatch(read(t, "auth/authhttp/routes.go"), -1) {
		inCode["/auth/"+m[1]] = true
	}
	compare(t, "paths", inCode, firstColumn(read(t, "docs/http.md")))
}

// firstColumn returns what stands in backquotes in the first column of a document's tables.
func firstColumn(text string) map[string]bool {
	found := map[string]bool{}
	for line := range strings.Lines(text) {
		cells := strings.Split(line, "|")
		if len(cells) < 3 || strings.TrimSpace(cells[0]) != "" {
			continue
		}
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[1], -1) {
			found[m[1]] = true
		}
	}
	return found
}

func compare(t *testing.T, what string, code, documented map[string]bool) {
	t.Helper()
	if len(code) < 10 {
		t.Errorf("only %d %s found in the code: the check is broken", len(code), what)
	}
	for name := range code {
		if !documented[name] {
			t.Errorf("%s: %q is not documented", what, name)
		}
	}
	for name := range documented {
		if !code[name] {
			t.Errorf("%s: %q is documented and does not exist", what, name)
		}
	}
}

// Keep a Changelog 1.1.0.
func TestChangelog(t *testing.T) {
	text := read(t, "CHANGELOG.md")
	if !strings.HasPrefix(text, "# Changelog\n") {
		t.Error("it does not begin with “# Changelog”")
	}
	versions := regexp.MustCompile(`(?m)^## (.*)$`).FindAllStringSubmatch(text, -1)
	if len(versions) == 0 || versions[0][1] != "[Unreleased]" {
		t.Error("the first version is not [Unreleased]")
	}
	version := regexp.MustCompile(`^(\[Unreleased\]|\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d( \[YANKED\])?)$`)
	for _, v := range versions {
		if !version.MatchString(v[1]) {
			t.Errorf("version %q is not like “[1.2.3] - 2030-01-31”", v[1])
		}
	}
	kind := regexp.MustCompile(`^(Added|Changed|Deprecated|Removed|Fixed|Security)$`)
	for _, k := range regexp.MustCompile(`(?m)^### (.*)$`).FindAllStringSubmatch(text, -1) {
		if !kind.MatchString(k[1]) {
			t.Errorf("heading %q is none of Keep a Changelog", k[1])
		}
	}
}

// Links from one document to another lead somewhere.
func TestLinksBetweenDocuments(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:\s]+)(#[^)]*)?\)`)
	err := walk(func(name, text string) error {
		if path.Ext(name) != ".md" {
			return nil
		}
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(path.Join(path.Dir(name), m[1])))); err != nil {
				t.Errorf("%s links to %s, which is not there", name, m[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Nothing in the repository knows the machine it was written on, or says "later".
func TestUnwantedWords(t *testing.T) {
	unwanted := regexp.MustCompile(`(?m)(^|[\s"'=(:,\x60])/(work|root|home|Users|tmp|mnt|workspace)/` +
		`|\b(proxy\.golang|registry\.npmjs|registry\.yarnpkg|deb\.debian|archive\.ubuntu|pypi)\.[a-z]+` +
		`|\bdocker\.io\b|\bghcr\.io\b` +
		`|\b(TO` + `DO|FIX` + `ME|XX` + `X)\b` +
		`|\b(DESIGN|TAXONOMY|SECURITY|PEERS|STYLE|TESTING|PLAN)\.md §`)
	err := walk(func(name, text string) error {
		if name == "internal/house/documents_test.go" || name == "go.sum" || path.Base(name) == "LICENSE" {
			return nil
		}
		for _, m := range unwanted.FindAllStringIndex(text, -1) {
			line := 1 + strings.Count(text[:m[0]], "\n")
			t.Errorf("%s:%d says %q", name, line, strings.TrimSpace(text[m[0]:m[1]]))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A test may be left out on a developer's machine, never where it counts.
func TestSkipsFailInCI(t *testing.T) {
	for _, f := range files(t) {
		if !f.test {
			continue
		}
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			text := f.text[f.fset.Position(fn.Pos()).Offset:f.fset.Position(fn.End()).Offset]
			if regexp.MustCompile(`\b[tbf]\.Skip(f|Now)?\(`).MatchString(text) && !strings.Contains(text, `Getenv("CI")`) {
				t.Errorf("%s: %s skips without asking for CI", f.at(fn), fn.Name.Name)
			}
		}
	}
}
