package errdocs

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

const (
	source = "../.."
	docs   = "../../../docs"
)

// TestGolden: the documentation is what the catalogue is.
func TestGolden(t *testing.T) {
	doc, err := Collect(source)
	if err != nil {
		t.Fatal(err)
	}
	data, err := doc.JSON()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]byte{"errors.json": data, "errors.md": doc.Markdown()} {
		got, err := os.ReadFile(filepath.Join(docs, name))
		if err != nil {
			t.Fatal(err)
		}
		// A checkout on Windows may turn the line ends.
		if !bytes.Equal(bytes.ReplaceAll(got, []byte("\r\n"), []byte("\n")), want) {
			t.Errorf("docs/%s is not what the catalogue says; run go generate ./errcodes/...", name)
		}
	}
}

// TestFacts: every reason and advice has a constant, a comment and a block.
func TestFacts(t *testing.T) {
	doc, err := Collect(source)
	if err != nil {
		t.Fatal(err)
	}
	branch := 0
	for _, r := range doc.Reasons {
		if r.Constant == "" || r.Meaning == "" || r.Use == "" || exposures[r.Exposure] == "" || useWords[r.Use] == "" {
			t.Errorf("%s: constant %q, use %q, exposure %q, meaning %q", r.Reason, r.Constant, r.Use, r.Exposure, r.Meaning)
		}
		if r.Use == "branch" {
			branch++
		}
	}
	if branch < 6 || branch > 10 {
		t.Errorf("%d reasons may be branched on, want about eight", branch)
	}
	for _, a := range doc.Advice {
		if a.Constant == "" || a.Meaning == "" {
			t.Errorf("%s: constant %q, meaning %q", a.Advice, a.Constant, a.Meaning)
		}
	}
}
