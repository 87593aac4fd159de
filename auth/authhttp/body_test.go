package authhttp

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/sekisho-auth/sekisho/errcodes"
)

func post(contentType string, body io.Reader) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/auth/login?email=query&password=query&token=query", body)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

const formType = "application/x-www-form-urlencoded"

func TestReadFields(t *testing.T) {
	pad := func(n int) string { return `{"email":"` + strings.Repeat("a", n-len(`{"email":""}`)) + `"}` }
	tests := []struct {
		name, kind, body string
		want             fields
		reason           errcodes.Reason
	}{
		{name: "JSON", kind: "application/json", body: `{"email":"e","password":"p"}`, want: fields{email: "e", password: "p"}},
		{name: "JSON with charset", kind: "application/json; charset=UTF-8", body: `{"email":"e"}`, want: fields{email: "e"}},
		{name: "JSON in capitals", kind: "Application/JSON", body: `{"email":"e"}`, want: fields{email: "e"}},
		{name: "JSON of 16 KiB", kind: "application/json", body: pad(maxBody), want: fields{email: strings.Repeat("a", maxBody-12)}},
		{name: "JSON over 16 KiB", kind: "application/json", body: pad(maxBody + 1), reason: errcodes.ReasonRequestTooLarge},
		{name: "JSON, then 1 MiB of space", kind: "application/json", body: `{}` + strings.Repeat(" ", 1<<20), reason: errcodes.ReasonRequestTooLarge},
		{name: "no JSON", kind: "application/json", body: `email=e`, reason: errcodes.ReasonRequestMalformed},
		{name: "empty JSON", kind: "application/json", body: ``, reason: errcodes.ReasonRequestMalformed},
		{name: "form", kind: formType, body: "email=e&password=p%20q+r&remember=on&csrf=x", want: fields{email: "e", password: "p q r", remember: true}},
		{name: "form, box not ticked", kind: formType, body: "email=e", want: fields{email: "e"}},
		{name: "form, unknown twice", kind: formType, body: "email=e&x=1&x=2", want: fields{email: "e"}},
		{name: "form, other case is unknown", kind: formType, body: "email=e&Password=p", want: fields{email: "e"}},
		{name: "form, NUL and no UTF-8 go on to be judged", kind: formType, body: "password=a%00%ff", want: fields{password: "a\x00\xff"}},
		{name: "form, query fills nothing", kind: formType, body: "", want: fields{}},
		{name: "form twice", kind: formType, body: "email=e&email=f", reason: errcodes.ReasonRequestMalformed},
		{name: "form twice, the same", kind: formType, body: "password=e&password=e", reason: errcodes.ReasonRequestMalformed},
		{name: "form, bad escape", kind: formType, body: "email=%zz", reason: errcodes.ReasonRequestMalformed},
		{name: "form, semicolon", kind: formType, body: "email=e;password=p", reason: errcodes.ReasonRequestMalformed},
		{name: "form, odd box", kind: formType, body: "remember=perhaps", reason: errcodes.ReasonRequestMalformed},
		{name: "form over 16 KiB", kind: formType, body: "email=" + strings.Repeat("a", maxBody), reason: errcodes.ReasonRequestTooLarge},
		{name: "multipart", kind: "multipart/form-data; boundary=x", body: "--x--", reason: errcodes.ReasonUnsupportedMediaType},
		{name: "text", kind: "text/plain", body: `{"email":"e"}`, reason: errcodes.ReasonUnsupportedMediaType},
		{name: "like JSON", kind: "application/jsonp", body: `{}`, reason: errcodes.ReasonUnsupportedMediaType},
		{name: "JSON with suffix", kind: "application/vnd.x+json", body: `{}`, reason: errcodes.ReasonUnsupportedMediaType},
		{name: "other charset", kind: "application/json; charset=shift_jis", body: `{}`, reason: errcodes.ReasonUnsupportedMediaType},
		{name: "form in another charset", kind: formType + "; charset=iso-2022-jp", body: `a=b`, reason: errcodes.ReasonUnsupportedMediaType},
		{name: "no type", kind: "", body: `{}`, reason: errcodes.ReasonUnsupportedMediaType},
		{name: "broken type", kind: "application/json;;;=", body: `{}`, reason: errcodes.ReasonUnsupportedMediaType},
		{name: "nothing at all", kind: "", body: "", want: fields{}},
	}
	for _, tt := range tests {
		for _, chunked := range []bool{false, true} {
			if chunked && tt.body == "" {
				continue
			}
			t.Run(tt.name, func(t *testing.T) {
				r := post(tt.kind, strings.NewReader(tt.body))
				if chunked {
					r = post(tt.kind, iotest.OneByteReader(strings.NewReader(tt.body)))
					r.ContentLength = -1
				}
				var got fields
				err := readFields(httptest.NewRecorder(), r, allFields, &got)
				if tt.reason != "" {
					if !errors.Is(err, tt.reason) {
						t.Fatalf("got %v, want %s", err, tt.reason)
					}
					return
				}
				if err != nil || got != tt.want {
					t.Errorf("got %+v, %v, want %+v", got, err, tt.want)
				}
			})
		}
	}
}

func TestReadFieldsTwoTypes(t *testing.T) {
	r := post("application/json", strings.NewReader(`{}`))
	r.Header.Add("Content-Type", formType)
	var got fields
	if err := readFields(httptest.NewRecorder(), r, allFields, &got); !errors.Is(err, errcodes.ReasonUnsupportedMediaType) {
		t.Errorf("a body of two types: %v", err)
	}
}

func TestReadFieldsBodyBreaksOff(t *testing.T) {
	for _, kind := range []string{"application/json", formType} {
		r := post(kind, io.MultiReader(strings.NewReader(`{"password":"canary`), iotest.ErrReader(errors.New("reset by peer: canary"))))
		r.ContentLength = 100
		var got fields
		err := readFields(httptest.NewRecorder(), r, allFields, &got)
		if !errors.Is(err, errcodes.ReasonRequestMalformed) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// TestBodiesAreWiped: what a body held is gone from the shared buffer.
func TestBodiesAreWiped(t *testing.T) {
	var seen []byte
	r := post("application/json", strings.NewReader(`{"password":"canary"}`))
	_ = withBody(httptest.NewRecorder(), r, func(body []byte) error {
		seen = body[:cap(body)]
		return nil
	})
	if bytes.Contains(seen, []byte("canary")) {
		t.Error("the password is still in the buffer")
	}
}
