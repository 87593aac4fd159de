package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"slices"
	"strings"
	"sync"

	modernc "modernc.org/sqlite"
)

// counter writes down what reaches the database.
type counter struct {
	mu       sync.Mutex
	prepared []string
	done     []string // statements, and BEGIN, COMMIT, ROLLBACK
	fail     func(text string) error
}

// counting is the driver with a counter in front.
type counting struct {
	modernc.Driver
	*counter
}

var counted = &counter{}

func init() { sql.Register("counting", &counting{counter: counted}) }

func (c *counter) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done, c.fail = nil, nil
}

func (c *counter) statements() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.done)
}

func (c *counter) texts() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := slices.Clone(c.prepared)
	slices.Sort(all)
	return slices.Compact(all)
}

func (c *counter) note(text string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done = append(c.done, text)
	if c.fail != nil {
		return c.fail(text)
	}
	return nil
}

func (d *counting) Open(name string) (driver.Conn, error) {
	c, err := d.Driver.Open(name)
	if err != nil {
		return nil, err
	}
	return &countingConn{c, d.counter}, nil
}

// countingConn hides that the driver can run a text without preparing it, so
// that everything passes PrepareContext.
type countingConn struct {
	driver.Conn
	c *counter
}

func (c *countingConn) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	c.c.mu.Lock()
	c.c.prepared = append(c.c.prepared, text)
	c.c.mu.Unlock()
	s, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	return &countingStmt{s, text, c.c}, nil
}

func (c *countingConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if err := c.c.note("BEGIN"); err != nil {
		return nil, err
	}
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	return &countingTx{tx, c.c}, nil
}

type countingTx struct {
	driver.Tx
	c *counter
}

func (t *countingTx) Commit() error {
	if err := t.c.note("COMMIT"); err != nil {
		_ = t.Tx.Rollback()
		return err
	}
	return t.Tx.Commit()
}

func (t *countingTx) Rollback() error {
	_ = t.c.note("ROLLBACK")
	return t.Tx.Rollback()
}

type countingStmt struct {
	driver.Stmt
	text string
	c    *counter
}

func (s *countingStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if err := s.c.note(s.text); err != nil {
		return nil, err
	}
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

func (s *countingStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if err := s.c.note(s.text); err != nil {
		return nil, err
	}
	return s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
}

// tally counts the transactions and the statements of a sign-in. Room for
// sessions is made beside the request, by a read that is left out.
func tally(done []string) (transactions, statements int, left []string) {
	within := false
	for _, text := range done {
		if strings.Contains(text, "FROM sekisho_sessions WHERE user_id") {
			continue
		}
		left = append(left, text)
		switch {
		case text == "BEGIN":
			within = true
			transactions++
		case text == "COMMIT" || text == "ROLLBACK":
			within = false
		default:
			statements++
			if !within && !strings.HasPrefix(text, "SELECT") {
				transactions++
			}
		}
	}
	return transactions, statements, left
}
