package house

import (
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func itoa(n int) string { return strconv.Itoa(n) }

// may says which packages of this module, and which others outside the standard library, the code of a folder may import.
// The first entry that fits a folder counts. "internal" stands for every package below internal.
var may = []struct {
	folder string // with everything below it
	own    []string
	other  []string
}{
	{"errcodes/problem", []string{"errcodes"}, []string{"golang.org/x/text"}},
	{"errcodes/internal", []string{"errcodes", "errcodes/internal/errdocs"}, nil},
	{"errcodes", nil, nil},
	{"lockout/lockouttest", []string{"lockout", "internal"}, nil},
	{"lockout", []string{"errcodes", "internal"}, nil},
	{"auth/ratelimit/ratelimittest", []string{"auth/ratelimit", "internal"}, nil},
	{"auth/ratelimit", []string{"errcodes", "internal"}, []string{"golang.org/x/time"}},
	{"auth/mail", []string{"auth", "errcodes", "internal"}, []string{"github.com/wneessen/go-mail", "golang.org/x/net"}},
	{"auth/memstore", []string{"auth", "auth/ratelimit", "lockout", "errcodes", "internal"}, nil},
	{"auth/sqlstore", []string{"auth", "auth/ratelimit", "lockout", "errcodes", "internal"}, nil},
	{"auth/authtest", []string{"auth", "auth/memstore", "auth/ratelimit", "auth/ratelimit/ratelimittest", "lockout", "lockout/lockouttest",
		"errcodes", "internal"}, nil},
	{"auth/breach", []string{"errcodes", "internal"}, nil},
	{"auth/authhttp", []string{"auth", "auth/ratelimit", "errcodes", "errcodes/problem", "internal"}, []string{"golang.org/x/text"}},
	{"auth", []string{"errcodes", "lockout", "auth/ratelimit", "internal"}, []string{"golang.org/x/crypto", "golang.org/x/text"}},
	// Test helpers; no other package may import them outside of tests, see testOnly.
	{"internal/storeprobe", []string{"auth", "auth/ratelimit", "lockout"}, nil},
	{"internal/mutation", nil, nil},
	{"internal/house", nil, nil},
	// What is below internal stands under everything else.
	{"internal", []string{"errcodes", "internal"}, []string{"golang.org/x/crypto", "golang.org/x/net", "golang.org/x/text"}},
	{".", []string{"auth", "auth/authhttp", "auth/memstore", "errcodes"}, nil}, // the example of the guide
}

// testOnly are helpers of tests, which a program must not link. One may import another.
var testOnly = []string{
	"internal/storeprobe", "internal/mutation", "internal/passhash/fasthash", "internal/house", "lockout/lockouttest",
	"auth/ratelimit/ratelimittest", "auth/authtest",
}

func TestWhoImportsWhom(t *testing.T) {
	for _, f := range files(t) {
		if f.test || !f.inRootModule() {
			continue
		}
		i := slices.IndexFunc(may, func(r struct {
			folder     string
			own, other []string
		}) bool {
			return within(f.dir, r.folder)
		})
		if i < 0 {
			t.Errorf("%s: no rule says what %s may import: add one", f.path, f.dir)
			continue
		}
		rule := may[i]
		for _, spec := range f.ast.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if own, ok := strings.CutPrefix(name, module+"/"); ok {
				if slices.Contains(testOnly, own) && !within(f.dir, own) && !slices.Contains(testOnly, f.dir) {
					t.Errorf("%s imports %s, which is for tests", f.at(spec), own)
				}
				allowed := within(own, f.dir) && !strings.Contains(own, "test") || slices.ContainsFunc(rule.own, func(a string) bool {
					return own == a || a == "internal" && within(own, a)
				})
				if !allowed {
					t.Errorf("%s imports %s: %s may import %q only", f.at(spec), own, rule.folder, rule.own)
				}
				continue
			}
			if first, _, _ := strings.Cut(name, "/"); !strings.Contains(first, ".") {
				continue // the standard library
			}
			if !slices.ContainsFunc(rule.other, func(m string) bool { return within(name, m) }) {
				t.Errorf("%s imports %s: %s may import %q only", f.at(spec), name, rule.folder, rule.other)
			}
		}
	}
}

// requirements are the modules that go.mod may name, each a reviewed decision.
var requirements = []string{
	"github.com/wneessen/go-mail", // auth/mail
	"golang.org/x/crypto",         // bcrypt
	"golang.org/x/net",            // idna
	"golang.org/x/text",           // width, norm, language
	"golang.org/x/time",           // rate
}

func TestRequirements(t *testing.T) {
	var found int
	for line := range strings.Lines(read(t, "go.mod")) {
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(fields) >= 2 && strings.HasPrefix(fields[1], "v") {
			found++
			if !slices.Contains(requirements, fields[0]) {
				t.Errorf("go.mod requires %s, which is not on the list", fields[0])
			}
		}
		if len(fields) > 0 && (fields[0] == "replace" || fields[0] == "exclude") {
			t.Errorf("go.mod has %q, which importers do not get", strings.TrimSpace(line))
		}
	}
	if found == 0 {
		t.Error("no requirement found: the check is broken")
	}
}

// What an importer of sign-in with pages on memory links: no SMTP, no OpenID Connect, no Redis, no SQL driver, no test
// framework, not even those of the standard library.
func TestWhatImportersLink(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{.ImportPath}} {{.Standard}}",
		"./auth", "./auth/authhttp", "./auth/memstore")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	allowed := []string{module, "golang.org/x/crypto", "golang.org/x/net/idna", "golang.org/x/text", "golang.org/x/time/rate"}
	unwanted := []string{"database/sql", "net/smtp", "testing", "net/http/httptest", "net/http/cookiejar", "os/exec", "plugin",
		module + "/auth/mail", module + "/auth/breach"}
	var seen int
	for line := range strings.Lines(string(out)) {
		name, standard, _ := strings.Cut(strings.TrimSpace(line), " ")
		seen++
		own := strings.TrimPrefix(name, module+"/")
		if slices.Contains(unwanted, name) || slices.Contains(testOnly, own) {
			t.Errorf("an importer links %s", name)
		}
		if standard != "true" && !slices.ContainsFunc(allowed, func(a string) bool { return within(name, a) }) {
			t.Errorf("an importer links %s, which is not on the list", name)
		}
	}
	if seen < 50 {
		t.Errorf("only %d packages found: the check is broken", seen)
	}
}

// The modules are named in three places: go.work, .ci/lib.sh and here.
func TestModulesAreTheSameEverywhere(t *testing.T) {
	want := append([]string{"."}, nested...)
	var work []string
	for line := range strings.Lines(read(t, "go.work")) {
		if dir := strings.TrimSpace(line); dir == "." || strings.HasPrefix(dir, "./") {
			work = append(work, strings.TrimPrefix(dir, "./"))
		}
	}
	if !slices.Equal(work, want) {
		t.Errorf("go.work uses %q, want %q", work, want)
	}
	if line := "modules=(" + strings.Join(want, " ") + ")\n"; !strings.Contains(read(t, ".ci/lib.sh"), line) {
		t.Errorf(".ci/lib.sh has no line %q", line)
	}
	for _, dir := range nested {
		text := read(t, dir+"/go.mod")
		up := strings.Repeat("../", strings.Count(dir, "/")+1)
		if !strings.Contains(text, "module "+module+"/"+dir+"\n") || !strings.Contains(text, "replace "+module+" => "+up+"\n") {
			t.Errorf("%s/go.mod does not name itself, or does not lead to the root", dir)
		}
	}
}
