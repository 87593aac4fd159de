package authhttp

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

const allFields = field(1<<len(fieldNames) - 1)

func TestParseJSON(t *testing.T) {
	tests := []struct {
		name, body string
		want       fields
		err        error
	}{
		{name: "empty object", body: `{}`},
		{name: "all types", body: `{"email":"a@b.example","password":"p","remember":true}`, want: fields{email: "a@b.example", password: "p", remember: true}},
		{name: "false", body: `{"remember":false}`},
		{name: "space around everything", body: " \t\r\n{ \"email\" : \"x\" , \"token\"\n:\"y\" } \n", want: fields{email: "x", token: "y"}},
		{name: "all escapes", body: `{"password":"\"\\\/\b\f\n\r\t\u0041\u00e9\u65e5\uD83D\uDE00"}`, want: fields{password: "\"\\/\b\f\n\r\tAé日😀"}},
		{name: "escaped name is the same name", body: `{"\u0065mail":"x"}`, want: fields{email: "x"}},
		{name: "NUL is a character", body: `{"password":"a\u0000b"}`, want: fields{password: "a\x00b"}},
		{name: "U+FFFD typed as such", body: "{\"password\":\"\uFFFD\\uFFFD\"}", want: fields{password: "\uFFFD\uFFFD"}},
		{name: "U+202E", body: "{\"email\":\"a\u202eb\"}", want: fields{email: "a\u202eb"}},
		{name: "not shortened", body: `{"return_to":"/a?b=c&d=<e>"}`, want: fields{returnTo: "/a?b=c&d=<e>"}},

		{name: "nothing", body: ``, err: errJSONSyntax},
		{name: "space only", body: ` `, err: errJSONSyntax},
		{name: "array", body: `[]`, err: errJSONSyntax},
		{name: "string", body: `"email"`, err: errJSONSyntax},
		{name: "null", body: `null`, err: errJSONSyntax},
		{name: "unfinished", body: `{"email":"x"`, err: errJSONSyntax},
		{name: "unfinished string", body: `{"email":"x`, err: errJSONSyntax},
		{name: "unfinished escape", body: `{"email":"x\`, err: errJSONSyntax},
		{name: "unfinished \\u", body: `{"email":"\u12`, err: errJSONSyntax},
		{name: "comma at the end", body: `{"email":"x",}`, err: errJSONSyntax},
		{name: "comma at the start", body: `{,"email":"x"}`, err: errJSONSyntax},
		{name: "no colon", body: `{"email" "x"}`, err: errJSONSyntax},
		{name: "no comma", body: `{"email":"x" "token":"y"}`, err: errJSONSyntax},
		{name: "single quotes", body: `{'email':'x'}`, err: errJSONSyntax},
		{name: "comment", body: `{/**/}`, err: errJSONSyntax},
		{name: "name without quotes", body: `{email:"x"}`, err: errJSONSyntax},
		{name: "bad escape", body: `{"email":"\x41"}`, err: errJSONSyntax},
		{name: "bad hex", body: `{"email":"\u00g1"}`, err: errJSONSyntax},
		{name: "control character in a string", body: "{\"email\":\"a\nb\"}", err: errJSONSyntax},
		{name: "control character behind an escape", body: "{\"email\":\"\\t\n\"}", err: errJSONSyntax},
		{name: "byte order mark", body: "\ufeff{}", err: errJSONSyntax},
		{name: "no-break space", body: "\u00a0{}", err: errJSONSyntax},

		{name: "unknown", body: `{"email":"x","admin":true}`, err: errJSONUnknown},
		{name: "other case", body: `{"Email":"x"}`, err: errJSONUnknown},
		{name: "all capitals", body: `{"EMAIL":"x"}`, err: errJSONUnknown},
		{name: "long s", body: "{\"pa\u017fsword\":\"x\"}", err: errJSONUnknown},
		{name: "Kelvin sign", body: "{\"to\u212aen\":\"x\"}", err: errJSONUnknown},
		{name: "name with a space", body: `{"email ":"x"}`, err: errJSONUnknown},
		{name: "empty name", body: `{"":"x"}`, err: errJSONUnknown},
		{name: "twice", body: `{"email":"x","email":"x"}`, err: errJSONRepeated},
		{name: "twice, once escaped", body: `{"email":"x","\u0065mail":"y"}`, err: errJSONRepeated},
		{name: "twice, first empty", body: `{"email":"","email":"y"}`, err: errJSONRepeated},
		{name: "null value", body: `{"email":null}`, err: errJSONType},
		{name: "number", body: `{"password":123456}`, err: errJSONType},
		{name: "object", body: `{"email":{"a":"b"}}`, err: errJSONType},
		{name: "array value", body: `{"email":["x"]}`, err: errJSONType},
		{name: "boolean for a string", body: `{"email":true}`, err: errJSONType},
		{name: "string for a boolean", body: `{"remember":"true"}`, err: errJSONType},
		{name: "number for a boolean", body: `{"remember":1}`, err: errJSONType},
		{name: "deep", body: strings.Repeat(`{"email":`, 3000) + `"x"` + strings.Repeat("}", 3000), err: errJSONType},
		{name: "more behind", body: `{"email":"x"}{"email":"y"}`, err: errJSONTrailing},
		{name: "rubbish behind", body: `{}x`, err: errJSONTrailing},
		{name: "NUL behind", body: "{}\x00", err: errJSONTrailing},

		{name: "invalid UTF-8", body: "{\"password\":\"pass\xff\"}", err: errJSONEncoding},
		{name: "overlong", body: "{\"password\":\"\xc0\xaf\"}", err: errJSONEncoding},
		{name: "surrogate in UTF-8", body: "{\"password\":\"\xed\xa0\x80\"}", err: errJSONEncoding},
		{name: "high half alone", body: `{"password":"\uD800"}`, err: errJSONEncoding},
		{name: "low half alone", body: `{"password":"\uDC00"}`, err: errJSONEncoding},
		{name: "halves the wrong way round", body: `{"password":"\uDC00\uD800"}`, err: errJSONEncoding},
		{name: "two high halves", body: `{"password":"\uD800\uD800"}`, err: errJSONEncoding},
		{name: "high half and another escape", body: `{"password":"\uD800\n"}`, err: errJSONEncoding},
		{name: "lone half in a name", body: `{"\uD800":"x"}`, err: errJSONEncoding},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got fields
			err := parseJSON([]byte(tt.body), allFields, &got)
			if !errors.Is(err, tt.err) {
				t.Fatalf("got %v, want %v", err, tt.err)
			}
			if err == nil && got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestParseJSONTakesOnlyWhatIsAllowed(t *testing.T) {
	for i, name := range fieldNames {
		value := `"x"`
		if field(1<<i) == fieldRemember {
			value = "true"
		}
		body := []byte(`{"` + name + `":` + value + `}`)
		var in fields
		if err := parseJSON(body, allFields&^(1<<i), &in); !errors.Is(err, errJSONUnknown) || in != (fields{}) {
			t.Errorf("%s where it is not allowed: %v, %+v", name, err, in)
		}
		if err := parseJSON(body, 1<<i, &in); err != nil || in == (fields{}) {
			t.Errorf("%s where it is allowed: %v, %+v", name, err, in)
		}
	}
}

// FuzzParseJSON compares the scanner with encoding/json: what it takes means the same there, and what it refuses is no
// flat object of our fields.
func FuzzParseJSON(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"email":"a","password":"b","remember":true}`, `{"email":"\ud83d\ude00\u0000\"\\"}`, `{"email":"\ud800"}`,
		`{"email":"a","email":"b"}`, "\ufeff{}", "{\"email\":\"\xff\"}", `{"email":null}`, ` { "new" : "x" } `, `{"email":"�"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var got fields
		err := parseJSON(body, allFields, &got)
		want, ok := oracle(body)
		if ok != (err == nil) {
			t.Fatalf("%q: got error %v, encoding/json says %v", body, err, ok)
		}
		if ok && got != want {
			t.Fatalf("%q: got %+v, want %+v", body, got, want)
		}
	})
}

// oracle decides with encoding/json what parseJSON must do.
func oracle(body []byte) (fields, bool) {
	var got fields
	if !utf8.Valid(body) || !json.Valid(body) || len(bytes.TrimSpace(body)) == 0 {
		return got, false
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return got, false
	}
	var seen field
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return got, false
		}
		f := fieldNamed(name.(string))
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil || f == 0 || seen&f != 0 {
			return got, false
		}
		seen |= f
		var value any
		if err := json.Unmarshal(raw, &value); err != nil {
			return got, false
		}
		switch value := value.(type) {
		case string:
			// encoding/json replaces half a surrogate pair by U+FFFD; nothing else makes one that was not written.
			written := bytes.Count(raw, []byte("\uFFFD")) + strings.Count(strings.ToLower(string(raw)), `\ufffd`)
			if strings.Count(value, "\uFFFD") > written || f == fieldRemember {
				return got, false
			}
			*got.text(f) = value
		case bool:
			if f != fieldRemember {
				return got, false
			}
			got.remember = value
		default:
			return got, false
		}
	}
	if _, err := dec.Token(); err != nil {
		return got, false
	}
	_, err := dec.Token()
	return got, errors.Is(err, io.EOF)
}
