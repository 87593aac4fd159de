package input

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/sekisho-auth/sekisho/errcodes"
)

func TestPassword(t *testing.T) {
	for _, tt := range []struct {
		name, raw string
		want      errcodes.Reason
		hints     []errcodes.Hint
	}{
		{"empty", "", errcodes.ReasonInvalidCredentials, nil},
		{"one character", "x", "", nil},
		{"64 han", strings.Repeat("漢", 64), "", nil},
		{"256 characters", strings.Repeat("a", 256), "", nil},
		{"257 characters", strings.Repeat("a", 257), errcodes.ReasonRequestTooLarge, nil},
		{"256 emoji, 1024 bytes", strings.Repeat("😀", 256), "", nil},
		{"257 emoji", strings.Repeat("😀", 257), errcodes.ReasonRequestTooLarge, nil},
		{"1025 bytes", strings.Repeat("😀", 255) + "éééé" + "a", errcodes.ReasonRequestTooLarge, nil},
		{"a megabyte", strings.Repeat("a", 1<<20), errcodes.ReasonRequestTooLarge, nil},
		{"2000 wrong bytes", strings.Repeat("\xff", 2000), errcodes.ReasonRequestTooLarge, nil}, // not read to the end
		{"NUL", "correct\x00horse", "", nil},
		{"U+202E", "correct\u202ehorse", "", nil},
		{"full width", "ｐａｓｓ", "", nil},
		{"spaces", "   ", "", nil},
		{"not UTF-8", "pass\xff", errcodes.ReasonRequestMalformed, []errcodes.Hint{errcodes.HintInvalidEncoding}},
		{"half a surrogate", "pass\xed\xa0\x80", errcodes.ReasonRequestMalformed, []errcodes.Hint{errcodes.HintInvalidEncoding}},
		{"overlong", "pass\xc0\x80", errcodes.ReasonRequestMalformed, []errcodes.Hint{errcodes.HintInvalidEncoding}},
	} {
		err := Password(tt.raw)
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		known, ok := errors.AsType[*errcodes.Error](err)
		if !ok || known.Reason() != tt.want || !slices.Equal(known.Hints(), tt.hints) {
			t.Errorf("%s: %v with %v, want %s with %v", tt.name, err, known.Hints(), tt.want, tt.hints)
		}
	}
}

func TestDigits(t *testing.T) {
	for _, tt := range []struct {
		raw  string
		n    int
		want string
	}{
		{"123456", 6, "123456"},
		{"123 456", 6, "123456"},
		{" 123456\t\n", 6, "123456"},
		{"123-456", 6, "123456"},
		{"１２３ ４５６", 6, "123456"},
		{"１２３\u3000４５６", 6, "123456"},
		{"１２３ー４５６", 6, "123456"},
		{"123ｰ456", 6, "123456"},
		{"123−456", 6, "123456"},
		{"123－456", 6, "123456"},
		{"123–456—", 6, "123456"},
		{"1 2 3 4 5 6", 6, "123456"},
		{"000000", 6, "000000"},
		{"12345678", 8, "12345678"},
		{"１２３４５６７８", 8, "12345678"},
		{"", 6, ""},
		{"", 0, ""},
		{"   ", 6, ""},
		{"12345", 6, ""},
		{"1234567", 6, ""},
		{"①②③④⑤⑥", 6, ""},
		{"٣٤٥٣٤٥", 6, ""},
		{"²²²²²²", 6, ""},
		{"12345a", 6, ""},
		{"123.456", 6, ""},
		{"123_456", 6, ""},
		{"+123456", 6, ""},
		{"123\x00456", 6, ""},
		{"123\u200b456", 6, ""},
		{"123456\xff", 6, ""},
		{"1e5555", 6, ""},
		{strings.Repeat(" ", 58) + "123456", 6, "123456"},
		{strings.Repeat(" ", 59) + "123456", 6, ""},
		{strings.Repeat("1", 1<<20), 6, ""},
		{strings.Repeat("1", 64), 64, strings.Repeat("1", 64)},
	} {
		got, err := Digits(tt.raw, tt.n)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("Digits(%.80q, %d) = %q, %v; want %q", tt.raw, tt.n, got, err, tt.want)
		}
		if err != nil && !errors.Is(err, errcodes.ReasonOTPMalformed) {
			t.Errorf("Digits(%.80q): %v", tt.raw, err)
		}
	}
	_, err := Digits("１２３", 6)
	if known, ok := errors.AsType[*errcodes.Error](err); !ok || !slices.Equal(known.Hints(), []errcodes.Hint{errcodes.HintFullWidth}) {
		t.Errorf("hints of %v", err)
	}
}

func TestFold32(t *testing.T) {
	for raw, want := range map[string]string{
		"7Q3KM2XP9D":             "7Q3KM2XP9D",
		"7q3k-m2xp-9d":           "7Q3KM2XP9D",
		" 7Q3K M2XP 9D ":         "7Q3KM2XP9D",
		"７ｑ３ｋーｍ２ｘｐ":              "7Q3KM2XP",
		"oOiIlL01":               "00111101",
		"U":                      "",
		"u":                      "",
		"7Q3K.":                  "",
		"é":                      "",
		"Ｋ\u212a":                "",
		"7Q\x003K":               "",
		"\xff":                   "",
		"":                       "",
		strings.Repeat("A", 64):  strings.Repeat("A", 64),
		strings.Repeat("A", 65):  "",
		strings.Repeat("1", 1e6): "",
	} {
		if got := Fold32(raw); got != want {
			t.Errorf("Fold32(%.80q) = %q, want %q", raw, got, want)
		}
	}
}

func FuzzDigits(f *testing.F) {
	for _, s := range []string{"123456", "１２３ ４５６", "123ー456", "①", "\xff", ""} {
		f.Add(s, 6)
	}
	f.Add("", 0)
	f.Add(strings.Repeat("0", MaxCode+2), MaxCode+2)
	f.Fuzz(func(t *testing.T, raw string, n int) {
		got, err := Digits(raw, n)
		if (err == nil) != (got != "") || err == nil && (len(got) != n || strings.Trim(got, "0123456789") != "") {
			t.Fatalf("Digits(%q, %d) = %q, %v", raw, n, got, err)
		}
		if again, err := Digits(got, n); got != "" && (err != nil || again != got) {
			t.Fatalf("Digits of %q = %q, %v", got, again, err)
		}
		folded := Fold32(raw)
		if Fold32(folded) != folded || strings.Trim(folded, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") != "" {
			t.Fatalf("Fold32(%q) = %q", raw, folded)
		}
		if got != "" && folded != got {
			t.Fatalf("Digits(%q) = %q, but Fold32 gives %q", raw, got, folded)
		}
	})
}
