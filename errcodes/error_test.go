package errcodes_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
)

func TestIsMatchesCodeAndReason(t *testing.T) {
	for r := range errcodes.Reasons() {
		for name, err := range map[string]error{
			"error":   errcodes.New(r),
			"wrapped": fmt.Errorf("handler: %w", errcodes.New(r, errcodes.Because(io.EOF))),
			"bare":    r,
			"joined":  errors.Join(io.EOF, r),
		} {
			if !errors.Is(err, r) || !errors.Is(err, r.Code()) {
				t.Errorf("%s %s: does not match its reason or code", r, name)
			}
			for _, c := range errcodes.Codes() {
				if c != r.Code() && errors.Is(err, c) {
					t.Errorf("%s %s: matches %d", r, name, c)
				}
			}
			if errcodes.CodeOf(err) != r.Code() || errcodes.ReasonOf(err) != r {
				t.Errorf("%s %s: CodeOf %d, ReasonOf %s", r, name, errcodes.CodeOf(err), errcodes.ReasonOf(err))
			}
		}
	}
}

func TestCauseStaysReachable(t *testing.T) {
	err := errcodes.New(errcodes.ReasonTimeout, errcodes.Because(fmt.Errorf("store: %w", context.Canceled)))
	if !errors.Is(err, context.Canceled) || !errors.Is(err.Cause(), context.Canceled) {
		t.Error("the cause is lost")
	}
	if errcodes.New(errcodes.ReasonTimeout, errcodes.Because(nil)).Cause() != nil {
		t.Error("a nil cause is kept")
	}
}

// liar claims to be a code without being one.
type liar struct{ error }

func (liar) Is(target error) bool { return target == errcodes.CodeAccountLocked }

// TestBarrier: one error says one thing.
func TestBarrier(t *testing.T) {
	inner := errcodes.New(errcodes.ReasonAccountLocked, errcodes.Because(io.EOF))
	for name, cause := range map[string]error{
		"error":   inner,
		"wrapped": fmt.Errorf("store: %w", inner),
		"joined":  errors.Join(io.EOF, inner),
		"reason":  fmt.Errorf("store: %w", errcodes.ReasonAccountLocked),
		"code":    errcodes.CodeAccountLocked,
		"claims":  liar{io.EOF},
	} {
		for how, err := range map[string]error{
			"Because": errcodes.New(errcodes.ReasonInternalError, errcodes.Because(cause)),
			"Wrap":    errcodes.Wrap(cause, errcodes.ReasonInternalError),
		} {
			if errors.Is(err, errcodes.CodeAccountLocked) || errors.Is(err, errcodes.ReasonAccountLocked) {
				t.Errorf("%s %s: 1004 because of 1002 matches 1002", name, how)
			}
			if errcodes.CodeOf(err) != errcodes.CodeServerError {
				t.Errorf("%s %s: code %d", name, how, errcodes.CodeOf(err))
			}
			if e, _ := errcodes.Classify(err); e.Cause() == nil {
				t.Errorf("%s %s: the cause is gone for logs too", name, how)
			}
		}
	}
}

// TestTypedNil: a nil *Error in an error is a fault, neither a crash nor a
// success.
func TestTypedNil(t *testing.T) {
	var null *errcodes.Error
	var err error = null
	for name, err := range map[string]error{"bare": err, "wrapped": fmt.Errorf("h: %w", err)} {
		e, ok := errcodes.Classify(err)
		if !ok || e == nil || e.Reason() != errcodes.ReasonInternalError {
			t.Errorf("%s: Classify = %v, %v", name, e, ok)
		}
		if errcodes.CodeOf(err) != errcodes.CodeServerError || errcodes.ReasonOf(err) != errcodes.ReasonInternalError {
			t.Errorf("%s: %d %s", name, errcodes.CodeOf(err), errcodes.ReasonOf(err))
		}
		slog.New(slog.DiscardHandler).Info("m", errcodes.LogAttr(err))
		_ = fmt.Sprintf("%v %+v %q %d", err, err, err, err)
		if errcodes.Wrap(err, errcodes.ReasonTimeout).Error() == "" {
			t.Errorf("%s: Wrap", name)
		}
	}
	if null.Error() == "" || null.Unwrap() != nil || null.Cause() != nil || null.Hints() != nil ||
		null.Code() != errcodes.CodeServerError || null.Reason() != errcodes.ReasonInternalError ||
		null.Public().Reason() != errcodes.ReasonInternalError || !null.Is(errcodes.CodeServerError) {
		t.Error("a method of a nil *Error does not answer as internal_error")
	}
	if _, ok := null.Retry(); ok {
		t.Error("a nil *Error can be waited for")
	}
	if got := null.LogValue().Kind(); got != slog.KindGroup {
		t.Errorf("LogValue of a nil *Error is a %v", got)
	}
	if errcodes.CatalogFor("en").Error(null).Detail == "" {
		t.Error("a nil *Error has no text")
	}
}

func TestWrapNil(t *testing.T) {
	if err := errcodes.Wrap(nil, errcodes.ReasonTimeout); err != nil {
		t.Errorf("Wrap(nil) = %#v", err)
	}
	if e, ok := errcodes.Classify(nil); e != nil || ok {
		t.Error("Classify(nil) is something")
	}
	if errcodes.CodeOf(nil) != 0 || errcodes.ReasonOf(nil) != "" || !errcodes.LogAttr(nil).Equal(slog.Attr{}) {
		t.Error("nil is something")
	}
}

type timeouter struct{}

func (timeouter) Error() string   { return "slow" }
func (timeouter) Timeout() bool   { return true }
func (timeouter) Temporary() bool { return true }

type asError struct{ e *errcodes.Error }

func (asError) Error() string { return "as" }
func (a asError) As(target any) bool {
	p, ok := target.(**errcodes.Error)
	if ok {
		*p = a.e
	}
	return ok
}

func TestClassify(t *testing.T) {
	_, noFile := os.Open("/nonexistent/file")
	for _, c := range []struct {
		name string
		err  error
		want errcodes.Reason
	}{
		{"own", errcodes.New(errcodes.ReasonWeakPassword), errcodes.ReasonWeakPassword},
		{"own wrapped", fmt.Errorf("h: %w", errcodes.New(errcodes.ReasonWeakPassword)), errcodes.ReasonWeakPassword},
		{"by As", asError{errcodes.New(errcodes.ReasonWeakPassword)}, errcodes.ReasonWeakPassword},
		{"bare reason", fmt.Errorf("h: %w", errcodes.ReasonOTPInvalid), errcodes.ReasonOTPInvalid},
		{"bare unknown reason", errcodes.Reason("made_up"), errcodes.ReasonInternalError},
		{"bare empty reason", errcodes.Reason(""), errcodes.ReasonInternalError},
		{"bare 1001", errcodes.CodeInvalidCredentials, errcodes.ReasonInvalidCredentials},
		{"bare 1002", errcodes.CodeAccountLocked, errcodes.ReasonAccountLocked},
		{"bare 1003", errcodes.CodeTwoFactorFailed, errcodes.ReasonOTPInvalid},
		{"bare 1004", errcodes.CodeServerError, errcodes.ReasonInternalError},
		{"no code", errcodes.Code(0), errcodes.ReasonInternalError},
		{"unknown code", errcodes.Code(1005), errcodes.ReasonInternalError},
		{"deadline", fmt.Errorf("db: %w", context.DeadlineExceeded), errcodes.ReasonTimeout},
		{"cancelled", context.Canceled, errcodes.ReasonTimeout},
		{"i/o deadline", os.ErrDeadlineExceeded, errcodes.ReasonTimeout},
		{"net timeout", fmt.Errorf("redis: %w", timeouter{}), errcodes.ReasonTimeout},
		{"dial", &net.OpError{Op: "dial", Err: errors.New("refused")}, errcodes.ReasonServiceUnavailable},
		{"dns", &net.DNSError{Err: "no such host"}, errcodes.ReasonServiceUnavailable},
		{"file", noFile, errcodes.ReasonInternalError},
		{"anything", errors.New("boom"), errcodes.ReasonInternalError},
		{"path", &fs.PathError{Err: errors.New("x")}, errcodes.ReasonInternalError},
		{"two joined", errors.Join(errcodes.ReasonRateLimited, errcodes.ReasonWeakPassword), errcodes.ReasonRateLimited},
	} {
		e, ok := errcodes.Classify(c.err)
		if !ok || e.Reason() != c.want {
			t.Errorf("%s: %v, want %s", c.name, e, c.want)
		}
		if got := errcodes.ReasonOf(c.err); got != c.want {
			t.Errorf("%s: ReasonOf %s, want %s", c.name, got, c.want)
		}
		if got := errcodes.CodeOf(c.err); got != c.want.Code() {
			t.Errorf("%s: CodeOf %d, want %d", c.name, got, c.want.Code())
		}
		if _, again := errcodes.Classify(e); !again {
			t.Errorf("%s: not classified again", c.name)
		}
	}
}

func TestUnknownReason(t *testing.T) {
	r := errcodes.Reason("made_up")
	if errcodes.New(r).Reason() != errcodes.ReasonInternalError || r.HTTPStatus() != 500 ||
		r.Code() != errcodes.CodeServerError || r.Actions() != nil || r.Known() {
		t.Error("an unknown reason is not internal_error")
	}
	for p := errcodes.ProofNone; p <= errcodes.ProofSession+1; p++ {
		if r.ShownTo(p) {
			t.Errorf("an unknown reason is shown to proof %d", p)
		}
	}
}

// TestPublic walks every reason with every proof.
func TestPublic(t *testing.T) {
	earned := map[errcodes.Exposure][]errcodes.Proof{
		errcodes.ExposureAlways:      {errcodes.ProofNone, errcodes.ProofContact, errcodes.ProofFirstFactor, errcodes.ProofSession},
		errcodes.ExposureContact:     {errcodes.ProofContact},
		errcodes.ExposureFirstFactor: {errcodes.ProofFirstFactor, errcodes.ProofSession},
		errcodes.ExposureSession:     {errcodes.ProofSession},
		errcodes.ExposureUniform:     {errcodes.ProofFirstFactor, errcodes.ProofSession},
	}
	cause := errors.New("canary")
	for r := range errcodes.Reasons() {
		for p := errcodes.ProofNone; p <= errcodes.ProofSession; p++ {
			for _, uniform := range []bool{false, true} {
				opts := []errcodes.Option{errcodes.Proven(p), errcodes.Because(cause), errcodes.During("op"), errcodes.WithHints(errcodes.HintFullWidth)}
				if uniform {
					opts = append(opts, errcodes.Uniform())
				}
				want := errcodes.ReasonInvalidCredentials
				if slices.Contains(earned[r.Exposure()], p) || uniform && r.Exposure() == errcodes.ExposureUniform {
					want = r
				}
				if r == errcodes.ReasonSecondFactorRequired {
					want = errcodes.ReasonInternalError
				}
				e := errcodes.New(r, opts...)
				public := e.Public()
				if public.Reason() != want || public.Cause() != nil {
					t.Errorf("%s proof %d uniform %v: public %s, want %s", r, p, uniform, public.Reason(), want)
				}
				if public.Public() != public {
					t.Errorf("%s: Public of a public error is another one", r)
				}
				if want != errcodes.ReasonInternalError && !slices.Equal(public.Hints(), e.Hints()) {
					t.Errorf("%s: the hints are gone", r)
				}
				if _, waits := public.Retry(); waits && want != r {
					t.Errorf("%s: collapsed, and still says how long to wait", r)
				}
				if strings.Contains(fmt.Sprintf("%+v", public), "canary") {
					t.Errorf("%s: the cause is public", r)
				}
				if r.ShownTo(p) != slices.Contains(earned[r.Exposure()], p) {
					t.Errorf("%s: ShownTo(%d) = %v", r, p, r.ShownTo(p))
				}
			}
		}
	}
}

// TestFaultIsNeverAWrongPassword: collapsing hides accounts, not outages.
func TestFaultIsNeverAWrongPassword(t *testing.T) {
	for r := range errcodes.Reasons() {
		if r.HTTPStatus() >= 500 && r.Exposure() != errcodes.ExposureAlways && r != errcodes.ReasonOTPDeliveryFailed {
			t.Errorf("%s: a fault that some may not hear of", r)
		}
	}
	e := errcodes.Received(errcodes.CodeServerError, "new_fault")
	if got := e.Public().Reason(); got != errcodes.ReasonInternalError {
		t.Errorf("a fault that only the peer knows becomes %s", got)
	}
	e = errcodes.Received(errcodes.CodeAccountLocked, "new_state")
	if got := e.Public().Reason(); got != errcodes.ReasonInvalidCredentials {
		t.Errorf("an account's state that only the peer knows becomes %s", got)
	}
}

func TestProofsAddUp(t *testing.T) {
	e := errcodes.New(errcodes.ReasonProviderAccountMismatch, errcodes.Proven(errcodes.ProofSession), errcodes.Proven(errcodes.ProofContact))
	if e.Public() != e {
		t.Error("a session and a provider's identity together do not earn what the identity alone does")
	}
	if errcodes.New(errcodes.ReasonAccountDisabled, errcodes.Proven(99)).Public().Reason() != errcodes.ReasonInvalidCredentials {
		t.Error("a proof that does not exist earns something")
	}
}

func TestRetry(t *testing.T) {
	for r := range errcodes.Reasons() {
		want, waits := r.DefaultRetry()
		if d, ok := errcodes.New(r).Retry(); ok != waits || d != want {
			t.Errorf("%s: without a wait %v %v, want %v %v", r, d, ok, want, waits)
		}
		if d, ok := errcodes.New(r, errcodes.RetryAfter(90*time.Second)).Retry(); ok != waits || waits && d != 90*time.Second {
			t.Errorf("%s: with a wait %v %v", r, d, ok)
		}
		if d, ok := errcodes.New(r, errcodes.RetryAfter(-time.Second)).Retry(); waits && (!ok || d <= 0) {
			t.Errorf("%s: with a wait below zero %v %v", r, d, ok)
		}
		if status := r.HTTPStatus(); (status == 429 || status == 423 || status == 503) != waits {
			t.Errorf("%s: status %d, waits %v", r, status, waits)
		}
	}
}

func TestHints(t *testing.T) {
	e := errcodes.New(errcodes.ReasonInvalidCredentials,
		errcodes.WithHints(errcodes.HintYenSign, "made_up"), errcodes.WithHints(errcodes.HintFullWidth, errcodes.HintYenSign))
	want := []errcodes.Hint{errcodes.HintFullWidth, errcodes.HintYenSign}
	got := e.Hints()
	if !slices.Equal(got, want) {
		t.Errorf("hints %v, want %v", got, want)
	}
	got[0] = "changed"
	if !slices.Equal(e.Hints(), want) {
		t.Error("an error changed through the slice it gave")
	}
	if all := slices.Collect(errcodes.Hints()); !slices.Equal(errcodes.New(errcodes.ReasonTimeout, errcodes.WithHints(all...)).Hints(), all) {
		t.Error("not every hint is kept")
	}
}

// TestNothingPrints: whatever prints an error, the cause does not come out, but
// by the doors meant for it.
func TestNothingPrints(t *testing.T) {
	const canary = "hunter2 canary"
	e := errcodes.New(errcodes.ReasonInternalError, errcodes.Because(errors.New(canary)), errcodes.During("login.password"),
		errcodes.WithHints(errcodes.HintCapsLock))
	for _, verb := range []string{"%v", "%s", "%q", "%d", "%x", "%X", "%#v", "%t", "%10s", "%#q", "%+s", "%+d", "%+q"} {
		if got := fmt.Sprintf(verb, e); strings.Contains(got, "canary") || strings.Contains(got, "login.password") {
			t.Errorf("%s prints %s", verb, got)
		}
	}
	if got, want := fmt.Sprintf("%+v", e), "auth: 1004 internal_error during login.password: "+canary; got != want {
		t.Errorf("%%+v prints %q, want %q", got, want)
	}
	if got, want := fmt.Sprintf("%q", e), `"auth: 1004 internal_error"`; got != want {
		t.Errorf("%%q prints %s", got)
	}
	data, err := json.Marshal(e)
	if err != nil || string(data) != "{}" {
		t.Errorf("json.Marshal: %s %v", data, err)
	}
}

func logged(t *testing.T, attr slog.Attr) map[string]any {
	t.Helper()
	var b bytes.Buffer
	slog.New(slog.NewJSONHandler(&b, nil)).Info("m", attr)
	var line map[string]any
	if err := json.Unmarshal(b.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	group, _ := line["auth_error"].(map[string]any)
	if group == nil {
		t.Fatalf("no auth_error in %s", b.String())
	}
	return group
}

func TestLogAttr(t *testing.T) {
	e := errcodes.New(errcodes.ReasonAccountDisabled, errcodes.Because(io.ErrUnexpectedEOF), errcodes.During("login.password"),
		errcodes.WithHints(errcodes.HintCapsLock), errcodes.WithParam(errcodes.ParamMinLength, 12345))
	for name, err := range map[string]error{"itself": e, "wrapped": fmt.Errorf("outer: %w", e)} {
		g := logged(t, errcodes.LogAttr(err))
		if g["reason"] != "account_disabled" || g["public"] != "invalid_credentials" || g["code"] != 1002.0 ||
			g["op"] != "login.password" || g["cause"] != "unexpected EOF" {
			t.Errorf("%s: %v", name, g)
		}
		if text := fmt.Sprint(g); strings.Contains(text, "caps") || strings.Contains(text, "12345") {
			t.Errorf("%s: hints or params in the log: %s", name, text)
		}
		if _, has := g["error"]; has != (name == "wrapped") {
			t.Errorf("%s: error %v", name, g["error"])
		}
	}
	if g := logged(t, errcodes.LogAttr(errors.New("boom"))); g["reason"] != "internal_error" || g["cause"] != "boom" {
		t.Errorf("outside the taxonomy: %v", g)
	}
	// The inner error of a chain of two stays readable, though it does not match.
	outer := errcodes.Wrap(fmt.Errorf("store: %w", errcodes.New(errcodes.ReasonTimeout, errcodes.Because(io.EOF))), errcodes.ReasonInternalError)
	inner, _ := logged(t, errcodes.LogAttr(outer))["cause"].(map[string]any)
	if inner["reason"] != "timeout" || inner["cause"] != "EOF" {
		t.Errorf("the inner error: %v", inner)
	}
	var null *errcodes.Error
	if g := logged(t, slog.Any("auth_error", errcodes.New(errcodes.ReasonTimeout, errcodes.Because(null)))); g["reason"] != "timeout" {
		t.Errorf("a nil cause in the log: %v", g)
	}
}

func TestConcurrentUse(t *testing.T) {
	e := errcodes.New(errcodes.ReasonAccountTemporarilyLocked, errcodes.Uniform(), errcodes.Because(io.EOF), errcodes.WithHints(errcodes.HintCapsLock))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_ = e.Public().Hints()
			_ = fmt.Sprintf("%+v", e)
			_ = errcodes.CatalogFor("ja").Error(e)
			_ = errors.Is(e, io.EOF)
			_ = e.LogValue()
		})
	}
	wg.Wait()
}
