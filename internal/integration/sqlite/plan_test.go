package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/ratelimit"
)

var (
	limit      = ratelimit.Per(3, time.Minute)
	limitKey   = ratelimit.KeyOf([]byte("test"), "test", "x")
	limitStart = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
)

func drainLimit(t *testing.T, s auth.Stores) {
	t.Helper()
	for range limit.Burst {
		if wait, err := s.Limits.Take(t.Context(), limitKey, limit, limitStart); err != nil || wait != 0 {
			t.Fatal(wait, err)
		}
	}
}

// fill makes n rows in every table; {x} is x in binary.
func fill(t *testing.T, db *sql.DB, n int) {
	t.Helper()
	for _, into := range []string{
		"users SELECT {'u'||i}, {'k'||i}, 1, {'r'}, {'e'||i}, {'h'}, {''}, 0, i FROM n",
		"sessions SELECT {'s'||i}, {'id'||i}, {'u'||(i/10)}, 0, 'pwd', i, i, i, i, i, 0, {''}, '', '' FROM n",
		"tickets SELECT {'t'||i}, {'reset'}, {'o'||(i/3)}, {'d'}, i FROM n",
		"jobs SELECT {'j'||i}, {'r'}, {'p'}, i, i, 0 FROM n",
		"events SELECT i+1000000000, i, 'x', {'r'}, {'u'||(i/10)}, {''}, {'ref'||i}, '', '', '', 0, {''}, '', '', i, '', '' FROM n",
		"locks SELECT {'l'||i}, {'c'}, i FROM n",
		"limits SELECT {'l'||i}, {'c'}, i FROM n",
		"meta SELECT {'m'||i}, {'c'} FROM n",
	} {
		into = strings.NewReplacer("{", "CAST(", "}", " AS BLOB)").Replace(into)
		const numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < ?) INSERT INTO sekisho_"
		if _, err := db.ExecContext(t.Context(), numbers+into, n); err != nil {
			t.Fatalf("%s: %v", into, err)
		}
	}
	if _, err := db.ExecContext(t.Context(), "ANALYZE"); err != nil {
		t.Fatal(err)
	}
}

// plans returns how the database finds the rows of each statement.
func plans(t *testing.T, db *sql.DB, texts []string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, text := range texts {
		args := make([]any, strings.Count(text, "?"))
		for i := range args {
			args[i] = 1
		}
		rows, err := db.QueryContext(context.Background(), "EXPLAIN QUERY PLAN "+text, args...)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		var steps []string
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			steps = append(steps, detail)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		_ = rows.Close()
		all[text] = strings.Join(steps, "; ")
	}
	return all
}

// TestEveryStatementProbesAnIndex asks the database about each statement that
// New prepares, at two sizes: none walks a table or sorts, and the plan stays.
// SEKISHO_ROWS=1000000 makes the second size that of a large site.
func TestEveryStatementProbesAnIndex(t *testing.T) {
	large := 10_000
	if text := os.Getenv("SEKISHO_ROWS"); text != "" {
		if _, err := fmt.Sscan(text, &large); err != nil {
			t.Fatal(err)
		}
	}
	small := planAt(t, 100)
	for _, n := range slices.Compact([]int{10_000, large}) {
		at := planAt(t, n)
		for _, text := range slices.Sorted(maps.Keys(at)) {
			if at[text] != small[text] {
				t.Errorf("%s\nat 100 rows: %s\nat %d rows: %s", text, small[text], n, at[text])
			}
		}
	}
	for text, plan := range small {
		if strings.Contains(plan, "SCAN") || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s\nis not an index probe: %s", text, plan)
		}
		if !strings.HasPrefix(text, "INSERT") && !strings.Contains(plan, "SEARCH") {
			t.Errorf("%s\nhas no plan: %q", text, plan)
		}
	}
	t.Logf("%d statements", len(small))
}

func planAt(t *testing.T, n int) map[string]string {
	t.Helper()
	path := file(t)
	newStores(t, "counting", dsn(path, settings))
	var texts []string
	for _, text := range counted.texts() {
		verb, _, _ := strings.Cut(text, " ")
		if slices.Contains([]string{"SELECT", "INSERT", "UPDATE", "DELETE"}, verb) && strings.Contains(text, "sekisho_") &&
			!strings.Contains(text, "sekisho_schema_version") {
			texts = append(texts, text)
		}
	}
	if len(texts) < 40 {
		t.Fatalf("only %d statements were seen", len(texts))
	}
	db := open(t, "sqlite", dsn(path, settings))
	fill(t, db, n)
	return plans(t, db, texts)
}
