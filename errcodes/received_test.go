package errcodes_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
)

func TestReceived(t *testing.T) {
	e := errcodes.Received(errcodes.CodeAccountLocked, "new_state", errcodes.RetryAfter(time.Minute))
	if !errors.Is(e, errcodes.CodeAccountLocked) || !errors.Is(e, errcodes.Reason("new_state")) || e.Reason() != "new_state" {
		t.Errorf("%v lost its name or code", e)
	}
	if d, ok := e.Retry(); !ok || d != time.Minute {
		t.Errorf("wait %v %v", d, ok)
	}
	if e.Public().Reason() == "new_state" {
		t.Error("a reason without an exposure is shown")
	}
	// A known reason brings its own code.
	if e := errcodes.Received(errcodes.CodeServerError, errcodes.ReasonWeakPassword); e.Code() != errcodes.CodeInvalidCredentials {
		t.Errorf("code %d", e.Code())
	}
	// What a server told its client, the client's own callers have not earned.
	if e := errcodes.Received(errcodes.CodeAccountLocked, errcodes.ReasonAccountDisabled); e.Public().Reason() != errcodes.ReasonInvalidCredentials {
		t.Errorf("passed on as %s", e.Public().Reason())
	}
	for _, r := range []errcodes.Reason{"", "A", "1a", "a b", "a\nb", "a-b", "é", errcodes.Reason(strings.Repeat("a", 65))} {
		if e := errcodes.Received(errcodes.CodeAccountLocked, r); e.Reason() != errcodes.ReasonInternalError {
			t.Errorf("%q is kept as %q", r, e.Reason())
		}
	}
	if e := errcodes.Received(7, "new_state"); e.Reason() != errcodes.ReasonInternalError {
		t.Errorf("code 7 is kept: %v", e)
	}
}

// FuzzNoLeak: no cause, and nothing of a peer's input but a well-formed name,
// comes out of what an error prints.
func FuzzNoLeak(f *testing.F) {
	f.Add("hunter2\r\nSet-Cookie: a=b", "new_state", 1002)
	f.Add("%!v(PANIC=", "account_disabled", 1001)
	f.Fuzz(func(t *testing.T, cause, reason string, code int) {
		cause = "canary-" + cause + "-canary"
		for _, e := range []*errcodes.Error{
			errcodes.New(errcodes.Reason(reason), errcodes.Because(errors.New(cause))),
			errcodes.Received(errcodes.Code(code), errcodes.Reason(reason), errcodes.Because(errors.New(cause))),
		} {
			for _, s := range []string{e.Error(), fmt.Sprintf("%v %s %d %#v %q", e, e, e, e, e), fmt.Sprintf("%+v", e.Public())} {
				if strings.Contains(s, "canary") && !strings.Contains(reason, "canary") || strings.ContainsAny(s, "\r\n\x00") {
					t.Fatalf("prints %q", s)
				}
			}
		}
	})
}
