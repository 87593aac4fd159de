package problem_test

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/errcodes/problem"
)

// TestRoundTrip: errors.Is works across the wire, for every reason.
func TestRoundTrip(t *testing.T) {
	p := newResponder(t)
	for r := range errcodes.Reasons() {
		if r == errcodes.ReasonSecondFactorRequired {
			continue
		}
		sent := errcodes.New(r, errcodes.Proven(errcodes.ProofContact), errcodes.Proven(errcodes.ProofSession), errcodes.RetryAfter(90*time.Second),
			errcodes.WithHints(errcodes.HintFullWidth, errcodes.HintCapsLock), errcodes.Because(io.EOF))
		resp, _ := write(t, p, request(t, "ja"), sent)
		got, err := problem.Read(resp)
		if err != nil {
			t.Fatalf("%s: %v", r, err)
		}
		if !errors.Is(got, r) || !errors.Is(got, r.Code()) || errors.Is(got, io.EOF) {
			t.Errorf("%s: read %v", r, got)
		}
		wantWait, wantOK := sent.Retry()
		if d, ok := got.Retry(); d != wantWait || ok != wantOK {
			t.Errorf("%s: wait %v %v, want %v", r, d, ok, wantWait)
		}
		if !slices.Equal(got.Hints(), sent.Hints()) {
			t.Errorf("%s: hints %v", r, got.Hints())
		}
	}
}

func response(status int, header http.Header, body string) *http.Response {
	if header == nil {
		header = http.Header{"Content-Type": {"application/problem+json; charset=utf-8"}}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body))}
}

// TestReadNewer: a server that knows more than this version.
func TestReadNewer(t *testing.T) {
	e, err := problem.Read(response(451, nil, `{"type":"x","status":451,"code":1002,"reason":"age_check_due","reference":"7Q3K-M2XP-9D","retry_after":61,
		"hints":[{"hint":"made_up","text":"x"},{"hint":"caps_lock","text":"y"}],"remedies":[{"action":"made_up"}],"new_member":{"a":[1]}}`))
	if err != nil {
		t.Fatal(err)
	}
	if !errors.Is(e, errcodes.CodeAccountLocked) || !errors.Is(e, errcodes.Reason("age_check_due")) {
		t.Errorf("read %v", e)
	}
	if d, ok := e.Retry(); !ok || d != 61*time.Second {
		t.Errorf("wait %v %v", d, ok)
	}
	if !slices.Equal(e.Hints(), []errcodes.Hint{errcodes.HintCapsLock}) {
		t.Errorf("hints %v", e.Hints())
	}
	doc, err := problem.ReadProblem(response(451, nil, `{"code":1002,"reason":"age_check_due","reference":"7Q3K-M2XP-9D"}`))
	if err != nil || doc.Reference != "7Q3K-M2XP-9D" || doc.Err().Reason() != "age_check_due" {
		t.Errorf("%+v %v", doc, err)
	}
}

func TestReadHeaderWait(t *testing.T) {
	for header, want := range map[string]time.Duration{"120": 2 * time.Minute, " 5 ": 5 * time.Second, "99999999999999999": 366 * 24 * time.Hour} {
		h := http.Header{"Content-Type": {problem.MediaType}, "Retry-After": {header}}
		e, err := problem.Read(response(503, h, `{"code":1004,"reason":"server_busy"}`))
		if err != nil {
			t.Fatal(err)
		}
		if d, _ := e.Retry(); d != want {
			t.Errorf("Retry-After %s: %v, want %v", header, d, want)
		}
	}
	e, err := problem.Read(response(503, nil, `{"code":1004,"reason":"server_busy","retry_after":`+strconv.FormatInt(1<<62, 10)+`}`))
	if d, _ := e.Retry(); err != nil || d != 366*24*time.Hour {
		t.Errorf("retry_after 1<<62: %v %v", d, err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
func (broken) Close() error             { return nil }

// TestReadRefuses: what is no document of ours is an error, in the taxonomy.
func TestReadRefuses(t *testing.T) {
	html := http.Header{"Content-Type": {"text/html"}}
	for name, c := range map[string]struct {
		resp *http.Response
		want errcodes.Reason
	}{
		"nothing":           {nil, errcodes.ReasonInternalError},
		"no body":           {&http.Response{StatusCode: 500}, errcodes.ReasonServiceUnavailable},
		"a proxy's page":    {response(502, html, "<html>"), errcodes.ReasonServiceUnavailable},
		"a page":            {response(404, html, "<html>"), errcodes.ReasonInternalError},
		"no type":           {response(400, http.Header{}, `{"code":1001,"reason":"x"}`), errcodes.ReasonInternalError},
		"plain JSON":        {response(400, http.Header{"Content-Type": {"application/json"}}, `{"code":1001,"reason":"x"}`), errcodes.ReasonInternalError},
		"a success":         {response(200, nil, `{"code":1001,"reason":"x"}`), errcodes.ReasonInternalError},
		"a redirect":        {response(302, nil, `{"code":1001,"reason":"x"}`), errcodes.ReasonInternalError},
		"no JSON":           {response(400, nil, `<html>`), errcodes.ReasonInternalError},
		"somebody else's":   {response(400, nil, `{"type":"about:blank","title":"Bad"}`), errcodes.ReasonInternalError},
		"code 999":          {response(400, nil, `{"code":999,"reason":"x"}`), errcodes.ReasonInternalError},
		"code -1":           {response(400, nil, `{"code":-1,"reason":"x"}`), errcodes.ReasonInternalError},
		"code as text":      {response(400, nil, `{"code":"1001","reason":"x"}`), errcodes.ReasonInternalError},
		"no reason":         {response(400, nil, `{"code":1001}`), errcodes.ReasonInternalError},
		"too long":          {response(400, nil, `{"code":1001,"reason":"x","detail":"`+strings.Repeat("x", 1<<17)+`"}`), errcodes.ReasonInternalError},
		"padded":            {response(400, nil, `{"code":1001,"reason":"x"}`+strings.Repeat(" ", 1<<17)), errcodes.ReasonInternalError},
		"a broken transfer": {&http.Response{StatusCode: 503, Header: http.Header{"Content-Type": {problem.MediaType}}, Body: broken{}}, errcodes.ReasonServiceUnavailable},
	} {
		e, err := problem.Read(c.resp)
		if e != nil || err == nil || errcodes.ReasonOf(err) != c.want {
			t.Errorf("%s: %v, %v, want %s", name, e, err, c.want)
		}
	}
	h := http.Header{"Content-Type": {"text/html"}, "Retry-After": {"7"}}
	_, err := problem.Read(response(503, h, "busy"))
	if e, ok := errors.AsType[*errcodes.Error](err); !ok {
		t.Error("not in the taxonomy")
	} else if d, _ := e.Retry(); d != 7*time.Second {
		t.Errorf("wait %v", d)
	}
}

// TestReadDoesNotPassOnNames: what a peer calls a reason reaches neither logs nor
// people unless it is well formed.
func TestReadDoesNotPassOnNames(t *testing.T) {
	for _, name := range []string{`a\nb`, `<script>`, "UPPER", strings.Repeat("a", 65), "invalid credentials"} {
		e, err := problem.Read(response(400, nil, `{"code":1001,"reason":"`+name+`"}`))
		if err != nil || e.Reason() != errcodes.ReasonInternalError {
			t.Errorf("%s: %v %v", name, e, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(423, `{"code":1002,"reason":"account_temporarily_locked","retry_after":900}`)
	f.Add(400, `{"code":1001,"reason":"x","hints":[{"hint":"caps_lock"}]}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		e, err := problem.Read(response(status, nil, body))
		if (e == nil) == (err == nil) {
			t.Fatalf("%v, %v", e, err)
		}
		if err != nil {
			if !errcodes.CodeOf(err).Known() {
				t.Fatalf("outside the taxonomy: %v", err)
			}
			return
		}
		if !e.Code().Known() || strings.ContainsAny(e.Error(), "\r\n") {
			t.Fatalf("read %q", e.Error())
		}
		if d, ok := e.Retry(); ok && (d <= 0 || d > 366*24*time.Hour) {
			t.Fatalf("wait %v", d)
		}
	})
}
