//go:build unix

package integration

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sekisho-auth/sekisho/auth/mail"
)

// alone waits until no other test on this machine runs the server of that name: OpenSMTPD has one control socket.
func alone(t *testing.T, name string) {
	t.Helper()
	lock, err := os.OpenFile(filepath.Join(os.TempDir(), "sekisho-"+name+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lock.Close() })
}

// freePort returns a port nobody listens on at the moment.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// launch runs a server until the test ends and waits until it answers on the port.
func launch(t *testing.T, port, name string, args ...string) {
	t.Helper()
	var output lockedBuffer
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // its helpers end with it
	cmd.WaitDelay = 5 * time.Second
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(sync.OnceFunc(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-ended
		}
		if t.Failed() {
			t.Logf("%s:\n%s", name, &output)
		}
	}))
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); <-tick.C {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			_, err = io.ReadFull(conn, make([]byte, 4)) // the greeting
			_ = conn.Close()
			if err == nil {
				return
			}
		}
		select {
		case <-ended:
			t.Fatalf("%s ended:\n%s", name, &output)
		default:
		}
	}
	t.Fatalf("%s does not answer:\n%s", name, &output)
}

// maildir reads what a server has put into Maildir folders below dir.
func maildir(t *testing.T, dir string) sink {
	t.Helper()
	return func() []string {
		var all []string
		files, err := filepath.Glob(filepath.Join(dir, "*", "new", "*"))
		if err != nil {
			t.Fatal(err)
		}
		more, err := filepath.Glob(filepath.Join(dir, "new", "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range append(files, more...) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, string(raw))
		}
		return all
	}
}

// Through a mail transfer agent that runs half of the world's small mail servers, into a Maildir.
func TestRoundTripThroughOpenSMTPD(t *testing.T) {
	smtpd, err := exec.LookPath("smtpd")
	if err != nil {
		if _, err = os.Stat("/usr/sbin/smtpd"); err != nil {
			skipOrFail(t, "OpenSMTPD is not installed (Debian: opensmtpd)")
		}
		smtpd = "/usr/sbin/smtpd"
	}
	if os.Getuid() != 0 {
		skipOrFail(t, "OpenSMTPD needs root")
	}
	alone(t, "opensmtpd")
	owner, err := user.Lookup("opensmtpd")
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.Atoi(owner.Uid)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "sekisho-smtpd-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	boxes := filepath.Join(dir, "boxes")
	if err := os.Mkdir(boxes, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(boxes, uid, -1); err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	conf := filepath.Join(dir, "smtpd.conf")
	text := fmt.Sprintf(`table v { "@" = "opensmtpd" }
listen on 127.0.0.1 port %s
action "sink" maildir "%s/%%{rcpt.user}" virtual <v>
match from any for any action "sink"
`, port, boxes)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	launch(t, port, smtpd, "-d", "-f", conf)
	roundTrip(t, newMailer(t, mail.Config{URL: "smtp://127.0.0.1:" + port}), maildir(t, boxes))
}

// Through the SMTP server of Python's mailman.
func TestRoundTripThroughAiosmtpd(t *testing.T) {
	const python = "/usr/bin/python3"
	if out, err := exec.CommandContext(t.Context(), python, "-c", "import aiosmtpd").CombinedOutput(); err != nil {
		skipOrFail(t, "aiosmtpd is not installed (Debian: python3-aiosmtpd): "+strings.TrimSpace(string(out)))
	}
	port := freePort(t)
	boxes := filepath.Join(t.TempDir(), "box")
	launch(t, port, python, "-m", "aiosmtpd", "-n", "-l", "127.0.0.1:"+port, "-c", "aiosmtpd.handlers.Mailbox", boxes)
	roundTrip(t, newMailer(t, mail.Config{URL: "smtp://127.0.0.1:" + port}), maildir(t, boxes))
}
