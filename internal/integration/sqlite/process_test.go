package sqlite

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/sqlstore"
	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/lockout"
)

// TestMain lets the test program be the other process.
func TestMain(m *testing.M) {
	switch os.Getenv("SEKISHO_HELPER") {
	case "":
		os.Exit(m.Run())
	case "live":
		helper(live)
	case "share":
		helper(share)
	}
}

// helper opens the database it is told and does its work.
func helper(work func(db *sql.DB, s auth.Stores) error) {
	db, err := sql.Open("sqlite", dsn(os.Getenv("SEKISHO_FILE"), settings))
	if err == nil {
		db.SetMaxOpenConns(8)
		var s auth.Stores
		if s, err = sqlstore.New(context.Background(), db, sqlstore.SQLite, sqlstore.Config{Migrate: true}); err == nil {
			err = work(db, s)
		}
	}
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func start(t *testing.T, helper, path, key, email string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SEKISHO_HELPER="+helper, "SEKISHO_FILE="+path, "SEKISHO_KEY="+key, "SEKISHO_EMAIL="+email)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	return cmd, lines
}

// guard counts failures of the key a test made.
func guard(s auth.Stores) *lockout.Guard {
	g, err := lockout.New(lockout.Config{Store: s.Lockout, Policy: lockout.Policy{Threshold: 100}})
	if err != nil {
		panic(err)
	}
	return g
}

func numbered(i int) (h [32]byte) {
	copy(h[:], fmt.Sprintf("number %d", i))
	return h
}

// live is a server in the midst of sign-ins. It says what it has acknowledged,
// and that it is about to use up a ticket.
func live(_ *sql.DB, s auth.Stores) error {
	ctx, now := context.Background(), time.Now()
	keys, err := auth.ParseKeys(os.Getenv("SEKISHO_KEY"))
	if err != nil {
		return err
	}
	svc := newService(fatal{}, s, keys)
	g := guard(s)
	from := int(now.UnixNano() % 1_000_000_000) // its own numbers in each life
	for i := from; ; i++ {
		t := auth.Ticket{Hash: numbered(i), Purpose: "reset", Expires: now.Add(time.Hour)}
		if err := s.Tickets.Put(ctx, t); err != nil {
			return err
		}
		fmt.Println("put", i)
		if i%2 == 0 {
			if _, err := s.Tickets.Take(ctx, "reset", t.Hash, now); err != nil {
				return err
			}
			fmt.Println("took", i)
		}
		a, err := g.Reserve(ctx, numbered(from))
		if err == nil {
			if err = a.Settle(ctx, lockout.Failed); err == nil {
				fmt.Println("failed", from)
			}
		}
		if err != nil && i < from+90 {
			return err
		}
		sess, err := svc.Login(ctx, credsOf(os.Getenv("SEKISHO_EMAIL")))
		if err != nil {
			return err
		}
		fmt.Println("session", sess.Token.Reveal())
	}
}

func credsOf(email string) auth.Credentials {
	return auth.Credentials{Email: email, Password: password, Client: home}
}

// fatal stands in for a test in the other process.
type fatal struct{ testing.TB }

func (fatal) Helper()           {}
func (fatal) Fatal(args ...any) { fmt.Println(append([]any{"error"}, args...)...); os.Exit(1) }

// TestKilledInMidSignIn kills a server again and again: what it acknowledged
// stands afterwards, and what was used up stays used. SEKISHO_KILLS=100 kills
// more often.
func TestKilledInMidSignIn(t *testing.T) {
	kills := 20
	if text := os.Getenv("SEKISHO_KILLS"); text != "" {
		if _, err := fmt.Sscan(text, &kills); err != nil {
			t.Fatal(err)
		}
	}
	path, key := filepath.Join(t.TempDir(), "a.db"), auth.NewKey().Reveal()
	keys, err := auth.ParseKeys(key)
	if err != nil {
		t.Fatal(err)
	}
	s := newStores(t, "sqlite", dsn(path, settings))
	svc := newService(t, s, keys)
	total := 0
	for i := range kills {
		// An account for each life: a sign-in that was killed keeps its place
		// among an address's five for two minutes.
		email := fmt.Sprintf("life%d@example.com", i)
		if _, err := svc.CreateAccount(t.Context(), auth.NewAccount{Email: email, Password: password}); err != nil {
			t.Fatal(err)
		}
		cmd, lines := start(t, "live", path, key, email)
		var said []string
		timer := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		enough := 10 + mathrand.IntN(40)
		for lines.Scan() {
			if said = append(said, lines.Text()); len(said) == enough {
				time.AfterFunc(time.Duration(mathrand.IntN(2000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
			}
		}
		timer.Stop()
		_ = cmd.Wait()
		total += len(said)
		checkAcknowledged(t, s, svc, said)
		if _, err := svc.Login(t.Context(), credsOf(email)); err != nil {
			t.Errorf("the sign-in after the kill: %v", err)
		}
		if t.Failed() {
			return
		}
	}
	if total < 10*kills {
		t.Errorf("%d lives acknowledged only %d things: nothing was tested", kills, total)
	}
	t.Logf("%d kills, %d acknowledged", kills, total)
}

// checkAcknowledged compares what a killed server said with what stands. The
// last line may be cut off.
func checkAcknowledged(t *testing.T, s auth.Stores, svc *auth.Service, said []string) {
	t.Helper()
	failed := map[int]int{}
	took := map[int]bool{}
	last := 0
	var put []int
	for i, line := range said {
		verb, rest, _ := strings.Cut(line, " ")
		var n int
		if verb != "session" {
			if _, err := fmt.Sscan(rest, &n); err != nil {
				if i < len(said)-1 || verb == "error" {
					t.Fatalf("the other process said %q", line)
				}
				continue
			}
		}
		switch verb {
		case "put":
			put, last = append(put, n), n
		case "took":
			took[n] = true
		case "failed":
			failed[n]++
		case "session":
			if len(rest) < 43 {
				continue // cut off
			}
			if _, err := svc.Session(t.Context(), auth.Token(rest)); err != nil {
				t.Errorf("an acknowledged session is lost: %v", err)
			}
		}
	}
	for _, n := range put {
		_, err := s.Tickets.Get(t.Context(), "reset", numbered(n), time.Now())
		switch {
		case took[n] && !errors.Is(err, auth.ErrNotFound):
			t.Errorf("ticket %d was used and can be used again: %v", n, err)
		case !took[n] && err != nil && n != last:
			t.Errorf("ticket %d was stored, never used, and is gone: %v", n, err)
		}
	}
	for n, times := range failed {
		st, err := guard(s).Status(t.Context(), numbered(n))
		if err != nil || st.Consecutive < times {
			t.Errorf("%d failures were acknowledged and %d stand, %v", times, st.Consecutive, err)
		}
	}
}

// What two processes share in TestTwoProcesses.
const (
	sharedTickets = 300
	sharedKey     = 1_000_001
	threshold     = 5
)

// share takes what it can get in competition with another process.
func share(_ *sql.DB, s auth.Stores) error {
	fmt.Println("ready")
	if _, err := io.ReadFull(os.Stdin, make([]byte, 1)); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	ctx, now := context.Background(), time.Now()
	g, err := lockout.New(lockout.Config{Store: s.Lockout, Policy: lockout.Policy{Threshold: threshold}})
	if err != nil {
		return err
	}
	return race(16, func(worker int) error {
		for i := worker; i < sharedTickets; i += 16 {
			_, err := s.Tickets.Take(ctx, "reset", numbered(i), now)
			if err == nil {
				fmt.Println("took", i)
			} else if !errors.Is(err, auth.ErrNotFound) {
				return err
			}
			if _, err := g.Reserve(ctx, numbered(sharedKey)); err == nil {
				fmt.Println("reserved", i)
			} else if !errors.Is(err, errcodes.ReasonServerBusy) {
				return err
			}
			jobs, err := s.Queue.Lease(ctx, "realm", now, now.Add(time.Hour), 3)
			if err != nil {
				return err
			}
			for _, j := range jobs {
				fmt.Println("leased", j.ID)
			}
		}
		return nil
	})
}

// race runs f n times at once and returns what went wrong.
func race(n int, f func(i int) error) error {
	done := make(chan error, n)
	for i := range n {
		go func() { done <- f(i) }()
	}
	var errs []error
	for range n {
		errs = append(errs, <-done)
	}
	return errors.Join(errs...)
}

// TestTwoProcesses lets two servers migrate one empty file at once and then
// take the same things from it: each is had once.
func TestTwoProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	var stdin []io.WriteCloser
	var all []*bufio.Scanner
	var cmds []*exec.Cmd
	for range 2 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "SEKISHO_HELPER=share", "SEKISHO_FILE="+path)
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil { // both migrate
			t.Fatal(err)
		}
		stdin, all, cmds = append(stdin, in), append(all, bufio.NewScanner(out)), append(cmds, cmd)
	}
	for _, lines := range all {
		if !lines.Scan() || lines.Text() != "ready" {
			t.Fatalf("a process did not start: %q", lines.Text())
		}
	}
	s := newStores(t, "sqlite", dsn(path, settings))
	for i := range sharedTickets {
		err := errors.Join(
			s.Tickets.Put(t.Context(), auth.Ticket{Hash: numbered(i), Purpose: "reset", Expires: time.Now().Add(time.Hour)}),
			s.Queue.Add(t.Context(), auth.Job{ID: fmt.Sprint(i), Realm: "realm", NotBefore: time.Now().Add(-time.Hour), Expires: time.Now().Add(time.Hour)}))
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, in := range stdin {
		_ = in.Close()
	}
	times := map[string]int{}
	byVerb := [2]map[string]int{{}, {}}
	for i, lines := range all {
		for lines.Scan() {
			verb, _, _ := strings.Cut(lines.Text(), " ")
			times[lines.Text()]++
			byVerb[i][verb]++
		}
		if err := cmds[i].Wait(); err != nil {
			t.Errorf("process %d: %v", i, err)
		}
	}
	for what, n := range times {
		if n != 1 && !strings.HasPrefix(what, "reserved") {
			t.Errorf("%s %d times", what, n)
		}
	}
	for verb, want := range map[string]int{"took": sharedTickets, "leased": sharedTickets, "reserved": threshold} {
		if got := byVerb[0][verb] + byVerb[1][verb]; got != want {
			t.Errorf("%s: %d, not %d (%v)", verb, got, want, byVerb)
		}
	}
	t.Logf("%v", byVerb)
}
