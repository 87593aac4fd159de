package lockout

import (
	"strings"
	"testing"
	"time"
)

func TestDefaultIsWhatTheDocumentationSays(t *testing.T) {
	want := Policy{
		Threshold: 5, Window: 15 * time.Minute,
		FirstLock: time.Minute, Factor: 2, MaxLock: 60 * time.Minute,
		ForgetAfter: 24 * time.Hour, MaxConsecutive: 100, Retention: 90 * 24 * time.Hour,
	}
	if got := Default(); got != want {
		t.Errorf("Default() = %+v, want %+v", got, want)
	}
	if got := (Policy{}).withDefaults(); got != want {
		t.Errorf("the zero Policy means %+v", got)
	}
	if got := (Policy{Threshold: 3}).withDefaults(); got.Threshold != 3 || got.Window != want.Window {
		t.Errorf("a field that is set changes others: %+v", got)
	}
}

func TestLadder(t *testing.T) {
	minutes := func(p Policy, n int) (out []float64) {
		for level := range n {
			out = append(out, (time.Duration(p.lockFor(uint16(level+1))) * time.Microsecond).Minutes())
		}
		return out
	}
	tests := []struct {
		name string
		p    Policy
		want []float64
	}{
		{"Default", Default(), []float64{1, 2, 4, 8, 16, 32, 60, 60}},
		{"NIST", NIST(), []float64{0.5, 1, 2, 4, 8, 16, 32, 60, 60}},
		{"PCI", PCI(), []float64{30, 60, 60}},
		{"Legacy", Legacy(5, 15*time.Minute), []float64{15, 15, 15}},
		{"Factor 10 over the top", Policy{FirstLock: time.Second, Factor: 10, MaxLock: 24 * time.Hour}.withDefaults(), []float64{1. / 60, 10. / 60, 100. / 60, 1000. / 60, 10000. / 60, 1440}},
	}
	for _, test := range tests {
		got := minutes(test.p, len(test.want))
		for i := range got {
			if d := got[i] - test.want[i]; d > 1e-9 || d < -1e-9 {
				t.Errorf("%s: locks of %v minutes, want %v", test.name, got, test.want)
				break
			}
		}
	}
	if got := Default().lockFor(65535); got != time.Hour.Microseconds() {
		t.Errorf("lock 65535 is %d µs", got)
	}
}

func TestPresetsAreValid(t *testing.T) {
	for name, p := range map[string]Policy{
		"zero": {}, "Default": Default(), "NIST": NIST(), "PCI": PCI(),
		"Legacy": Legacy(5, 15*time.Minute), "Legacy 12 h": Legacy(3, 12*time.Hour),
	} {
		if err := p.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if p.withDefaults().MaxConsecutive > 100 {
			t.Errorf("%s allows more than 100 consecutive failures", name)
		}
	}
	if p := PCI().withDefaults(); p.Threshold > 10 || p.FirstLock < 30*time.Minute {
		t.Errorf("PCI() = %+v: at most 10 attempts, at least 30 minutes", p)
	}
}

func TestValidateNamesFieldAndRemedy(t *testing.T) {
	tests := []struct {
		p      Policy
		field  string
		remedy string
	}{
		{Policy{Threshold: -1}, "Threshold is -1", "use 1 to 100"},
		{Policy{Threshold: 101}, "Threshold is 101", "use 1 to 100"},
		{Policy{Window: time.Millisecond}, "Window is 1ms", "at least 1s"},
		{Policy{Window: -time.Minute}, "Window", "at least 1s"},
		{Policy{FirstLock: 5}, "FirstLock is 5ns", "at least 1s"},
		{Policy{Factor: -2}, "Factor is -2", "use 1"},
		{Policy{Factor: 11}, "Factor is 11", "to 10"},
		{Policy{FirstLock: 2 * time.Hour}, "MaxLock is 1h0m0s", "at least FirstLock (2h0m0s)"},
		{Policy{MaxLock: 25 * time.Hour}, "MaxLock is 25h0m0s", "at most 24h"},
		{Policy{ForgetAfter: 30 * time.Minute}, "ForgetAfter is 30m0s", "at least MaxLock"},
		{Policy{ForgetAfter: 2 * time.Hour, Window: 3 * time.Hour}, "ForgetAfter is 2h0m0s", "at least Window"},
		{Policy{MaxConsecutive: 101}, "MaxConsecutive is 101", "at most 100"},
		{Policy{MaxConsecutive: 4}, "MaxConsecutive is 4", "at least Threshold (5)"},
		{Policy{MaxConsecutive: -1}, "MaxConsecutive is -1", "at least Threshold"},
		{Policy{Retention: time.Hour}, "Retention is 1h0m0s", "at least ForgetAfter"},
		{Policy{Retention: 11 * 365 * 24 * time.Hour}, "Retention", "at most"},
	}
	for _, test := range tests {
		err := test.p.Validate()
		if err == nil {
			t.Errorf("%+v is valid", test.p)
			continue
		}
		if msg := err.Error(); !strings.Contains(msg, "Policy."+test.field) || !strings.Contains(msg, test.remedy) {
			t.Errorf("%v: does not say %q and %q", err, test.field, test.remedy)
		}
		if _, err := New(Config{Store: NewMemory(0), Policy: test.p}); err == nil {
			t.Errorf("New accepts %+v", test.p)
		}
	}
}
