//go:build unix

package main

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test binary be the server itself.
func TestMain(m *testing.M) {
	if os.Getenv("SEKISHO_TEST_BE_THE_SERVER") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// As a process: the first line comes once it serves, the log does not mix with it, and SIGTERM or SIGINT ends it with 0.
func TestProcess(t *testing.T) {
	for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-addr", "127.0.0.1:0", "-cost", "4")
		cmd.Env = append(os.Environ(), "SEKISHO_TEST_BE_THE_SERVER=1", "DATABASE_URL=", "REDIS_URL=", "SMTP_URL=", "AUTH_KEY=")
		cmd.Stderr = os.Stderr
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(stdout)
		if !lines.Scan() || !strings.HasPrefix(lines.Text(), "listening on http://127.0.0.1:") {
			t.Fatalf("the first line is %q", lines.Text())
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimPrefix(lines.Text(), "listening on ")+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		begin := time.Now()
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if lines.Scan() {
			t.Errorf("standard output goes on: %q", lines.Text())
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %v, want exit code 0", signal, err)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("%v: it took %v", signal, took)
		}
	}
}
