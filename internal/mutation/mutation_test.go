package mutation_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekisho-auth/sekisho/internal/mutation"
)

var (
	mutate = flag.Bool("mutate", false, "take every defence out in turn and run the test that must go red")
	only   = flag.String("only", "", "with -mutate: only defences whose text contains this")
)

const root = "../.."

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestListFitsTheCode keeps the list from rotting: every line to be taken out
// must stand exactly once where the list says, and the test must exist.
func TestListFitsTheCode(t *testing.T) {
	for _, m := range mutation.All() {
		if n := strings.Count(read(t, m.File), m.Old); n != 1 {
			t.Errorf("%q: what is to be taken out stands %d times in %s", m.Defence, n, m.File)
		}
		tests, err := filepath.Glob(filepath.Join(root, m.Package, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		for _, file := range tests {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(text)
		}
		for _, name := range strings.Split(m.Test, "|") {
			if !strings.Contains(all.String(), "func "+name+"(") {
				t.Errorf("%q: there is no %s in %s", m.Defence, name, m.Package)
			}
		}
	}
}

// TestEveryDefenceIsMissed takes each defence out.
func TestEveryDefenceIsMissed(t *testing.T) {
	if !*mutate {
		t.Log("run with -mutate to take the defences out")
		return
	}
	var table strings.Builder
	for _, m := range mutation.All() {
		if !strings.Contains(m.Defence, *only) {
			continue
		}
		red, problem := run(t, m)
		if problem != "" {
			t.Errorf("%q: %s", m.Defence, problem)
			continue
		}
		fmt.Fprintf(&table, "| %s | %s | %s |\n", m.Defence, m.File, strings.Join(red, ", "))
	}
	t.Logf("\n| defence | taken out of | tests that went red |\n| --- | --- | --- |\n%s", table.String())
}

// run compiles the package with the changed file laid over the real one, and
// returns the tests that failed.
func run(t *testing.T, m mutation.Mutation) (red []string, problem string) {
	dir := t.TempDir()
	changed := filepath.Join(dir, "changed.go")
	text := strings.Replace(read(t, m.File), m.Old, m.New, 1)
	if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	real, err := filepath.Abs(filepath.Join(root, m.File))
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{real: changed}})
	if err != nil {
		t.Fatal(err)
	}
	overlayFile := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlayFile, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-overlay", overlayFile, "-vet=off", "-timeout=120s", "-run", "^("+m.Test+")$", m.Package)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil, "nobody missed it: " + m.Test + " stays green"
	}
	for line := range strings.Lines(string(out)) {
		if name, ok := strings.CutPrefix(line, "--- FAIL: "); ok {
			red = append(red, strings.Fields(name)[0])
		}
	}
	if len(red) == 0 && strings.Contains(string(out), "panic:") {
		red = append(red, m.Test+" (panic)")
	}
	if len(red) == 0 {
		return nil, "it does not compile:\n" + string(out)
	}
	return red, ""
}
