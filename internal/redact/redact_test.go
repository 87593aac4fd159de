package redact_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/sekisho-auth/sekisho/internal/redact"
)

const canary = "hunter2-canary"

// sample is a secret type of kind string, as a package would write it.
type sample string

func (sample) Format(s fmt.State, verb rune) { redact.Format(s, verb) }
func (sample) GoString() string              { return redact.Text }
func (sample) LogValue() slog.Value          { return redact.LogValue() }
func (sample) MarshalText() ([]byte, error)  { return redact.MarshalText() }
func (sample) MarshalJSON() ([]byte, error)  { return redact.MarshalJSON() }
func (sample) String() string                { return canary } // must never be asked
func leaks(out string) bool                  { return strings.Contains(out, canary) || strings.Contains(out, hexed) }
func quoted(format string, v any) string     { return fmt.Sprintf(format, v) }
func holders[T comparable](v T) map[string]any {
	return map[string]any{
		"value":   v,
		"pointer": &v,
		"struct":  struct{ S T }{v},
		"nested":  &struct{ In struct{ S *T } }{struct{ S *T }{&v}},
		"slice":   []T{v, v},
		"array":   [1]T{v},
		"map":     map[string]T{"k": v},
		"key":     map[T]int{v: 1},
		"any":     []any{v},
		"error":   fmt.Errorf("outer: %w", fmt.Errorf("inner %v", v)),
	}
}

var hexed = fmt.Sprintf("%x", canary)

var verbs = []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%c", "%e", "%t", "%U", "% x", "%#x", "%10.3s", "%-5v"}

func TestNoVerbPrintsASecret(t *testing.T) {
	check := func(t *testing.T, name string, v any) {
		for _, verb := range verbs {
			if out := quoted(verb, v); leaks(strings.ToLower(out)) {
				t.Errorf("%s of %s: %s", verb, name, out)
			}
		}
	}
	for name, v := range holders(sample(canary)) {
		check(t, "sample in "+name, v)
	}
	for name, v := range holders(redact.NewString(canary)) {
		check(t, "String in "+name, v)
	}
	for _, verb := range verbs {
		for _, v := range []any{sample(canary), redact.NewString(canary), redact.String{}} {
			if out := quoted(verb, v); out != redact.Text {
				t.Errorf("%s of a %T = %q, want exactly %q", verb, v, out, redact.Text)
			}
		}
	}
	if out := fmt.Sprintf("%T", sample(canary)); out != "redact_test.sample" {
		t.Errorf("%%T = %q, want the type's name", out)
	}
}

func TestStringHidesInUnexportedFieldsToo(t *testing.T) {
	type inner struct{ secret redact.String }
	type service struct {
		in  inner
		ptr *inner
	}
	in := inner{redact.NewString(canary)}
	for _, v := range []any{in, &in, service{in, &in}, &service{in, &in}, []inner{in}, map[string]inner{"a": in}} {
		for _, verb := range append(verbs, "%p") {
			if out := quoted(verb, v); leaks(strings.ToLower(out)) {
				t.Errorf("%s of %T: %s", verb, v, out)
			}
		}
	}
	if out := quoted("%p", redact.NewString(canary)); leaks(out) {
		t.Errorf("%%p: %s", out)
	}
}

func TestNoEncoderOrLoggerPrintsASecret(t *testing.T) {
	for _, secret := range []any{sample(canary), redact.NewString(canary)} {
		var held map[string]any
		switch s := secret.(type) {
		case sample:
			held = holders(s)
		case redact.String:
			held = holders(s)
		}
		for name, v := range held {
			if _, isString := secret.(sample); isString && name == "key" {
				continue // encoding/json takes keys of kind string as they are; see the package comment
			}
			var buf bytes.Buffer
			for _, h := range []slog.Handler{slog.NewTextHandler(&buf, nil), slog.NewJSONHandler(&buf, nil)} {
				log := slog.New(h)
				log.Info("m", "v", v, slog.Group("g", "v", v))
				log.With("v", v).Info(fmt.Sprint(v))
			}
			if leaks(buf.String()) {
				t.Errorf("slog, %T in %s: %s", secret, name, buf.String())
			}
			if out, err := json.Marshal(v); err == nil && leaks(string(out)) {
				t.Errorf("json, %T in %s: %s", secret, name, out)
			}
		}
		out, err := json.Marshal(map[string]any{"v": secret})
		if err != nil || string(out) != `{"v":"[redacted]"}` {
			t.Errorf("json = %s, %v", out, err)
		}
		out, err = xml.Marshal(secret)
		if err != nil || leaks(string(out)) {
			t.Errorf("xml = %s, %v", out, err)
		}
	}
	var buf bytes.Buffer
	if err := gob.NewEncoder(&buf).Encode(redact.NewString(canary)); err == nil || leaks(buf.String()) {
		t.Errorf("gob = %q, %v, want a refusal", buf.String(), err)
	}
}

func TestStringReveals(t *testing.T) {
	if got := redact.NewString(canary).GoString(); got != redact.Text {
		t.Errorf("GoString = %q", got)
	}
	if got := redact.NewString(canary).Reveal(); got != canary {
		t.Errorf("Reveal = %q", got)
	}
	if got := (redact.String{}).Reveal(); got != "" {
		t.Errorf("zero Reveal = %q", got)
	}
}
