package sqlstore

import (
	"errors"
	"fmt"
	"math"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// The tests that need a database are in internal/integration/sqlite: this
// module requires no driver.

func TestMigrationsAreThere(t *testing.T) {
	for name, d := range dialects {
		all, err := d.load()
		if err != nil || len(all) == 0 {
			t.Fatalf("%v: %d migrations, %v", name, len(all), err)
		}
		for i, m := range all {
			if m.version != i+1 || len(m.statements) == 0 {
				t.Errorf("%v: migration %d is %d with %d statements", name, i+1, m.version, len(m.statements))
			}
			for _, s := range m.statements {
				if !strings.Contains(s, tablePrefix) || strings.Contains(s, ";") {
					t.Errorf("%v: %s: not one statement about our tables: %s", name, m.name, s)
				}
			}
		}
	}
}

func TestSplit(t *testing.T) {
	got := split("-- a comment;\nCREATE TABLE a (\n\tb INT -- trailing\n);\n\nINSERT INTO a VALUES (1);\nDROP TABLE a")
	want := []string{"CREATE TABLE a (\n\tb INT -- trailing\n)", "INSERT INTO a VALUES (1)", "DROP TABLE a"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestBind(t *testing.T) {
	numbered := &dialect{placeholder: func(n int) string { return fmt.Sprint("$", n) }}
	for text, want := range map[string]string{
		"":                            "",
		"SELECT 1":                    "SELECT 1",
		"INSERT INTO a VALUES (?, ?)": "INSERT INTO a VALUES ($1, $2)",
		"?":                           "$1",
	} {
		if got := numbered.bind(text); got != want {
			t.Errorf("%q: got %q", text, got)
		}
		if got := sqlite.bind(text); got != text {
			t.Errorf("%q: SQLite gets %q", text, got)
		}
	}
}

func TestMicros(t *testing.T) {
	for _, at := range []time.Time{
		{}, time.Unix(0, 0), time.Date(1969, 12, 31, 23, 59, 59, 1000, time.UTC), time.Date(2005, 2, 28, 23, 59, 59, 999_999_000, time.UTC),
		time.Date(2100, 1, 1, 0, 0, 0, 0, time.FixedZone("", 9*3600)), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	} {
		got := moment(micros(at))
		if !got.Equal(at) || got.IsZero() != at.IsZero() || got.Location() != time.UTC {
			t.Errorf("%v comes back as %v", at, got)
		}
	}
	if n := micros(time.Unix(math.MaxInt64, 0)); n != math.MaxInt64 {
		t.Errorf("the end of time is %d", n)
	}
	if n := micros(time.Unix(-math.MaxInt64/2, 0)); n != math.MinInt64 {
		t.Errorf("the beginning of time is %d", n)
	}
	if a, b := time.Unix(1, 999), time.Unix(1, 1000); micros(a) >= micros(b) {
		t.Error("a microsecond is lost")
	}
}

func TestErrorsKeepTheirCause(t *testing.T) {
	cause := errors.New("attempt to write a readonly database (8)")
	if err := explainSQLite(cause); !errors.Is(err, ErrReadOnly) || !errors.Is(err, cause) {
		t.Error(err)
	}
	other := errors.New("something else")
	if err := explainSQLite(other); !errors.Is(err, other) || errors.Is(err, ErrDamaged) || errors.Is(err, ErrReadOnly) {
		t.Error(err)
	}
}

// Who imports this package chooses the driver.
func TestNoDriverIsLinked(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sqlite", "pgx", "lib/pq", "go-sql-driver", "goose", "migrate", "testing"} {
		for line := range strings.Lines(string(out)) {
			if line = strings.TrimSpace(line); line == name || strings.Contains(line, ".") && strings.Contains(line, name) {
				t.Errorf("%s is linked", line)
			}
		}
	}
}
