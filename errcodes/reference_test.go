package errcodes_test

import (
	"strings"
	"testing"

	"github.com/sekisho-auth/sekisho/errcodes"
)

func TestReference(t *testing.T) {
	seen := map[string]bool{}
	symbols := map[rune]int{}
	for range 2000 {
		ref := errcodes.NewReference()
		if got, ok := errcodes.ParseReference(ref); !ok || got != ref {
			t.Fatalf("ParseReference(%q) = %q, %v", ref, got, ok)
		}
		if got, ok := errcodes.ParseReference(errcodes.FormatReference(ref)); !ok || got != ref {
			t.Fatalf("the grouped form of %q reads %q, %v", ref, got, ok)
		}
		if seen[ref] {
			t.Fatalf("%s came twice", ref)
		}
		seen[ref] = true
		for _, c := range ref {
			symbols[c]++
		}
	}
	if len(symbols) != 32 {
		t.Errorf("%d symbols, want 32", len(symbols))
	}
	for c, n := range symbols { // 20000/32 = 625; 25 is one standard deviation
		if n < 475 || n > 775 {
			t.Errorf("%c came %d times, want about 625", c, n)
		}
	}
}

func TestParseReference(t *testing.T) {
	for _, c := range []struct {
		in, want string
	}{
		{"7Q3KM2XP9D", "7Q3KM2XP9D"},
		{"7Q3K-M2XP-9D", "7Q3KM2XP9D"},
		{" 7q3k m2xp 9d ", "7Q3KM2XP9D"},
		{"oOiIlL0011", "0011110011"},
		{"７Ｑ３Ｋ－Ｍ２ＸＰ－９Ｄ", "7Q3KM2XP9D"},
		{"７q３ｋ　ｍ2xp　9d", "7Q3KM2XP9D"},
		{"7Q3KM2XP9", ""},
		{"7Q3KM2XP9DD", ""},
		{"7Q3KM2XP9U", ""},
		{"7Q3KM2XP9é", ""},
		{"7Q3KM2XP9\x00", ""},
		{"7Q3KM2XP9\u0144", ""}, // its low byte is D
		{"7Q3KM2XP9ı", ""},
		{"", ""},
		{"----------", ""},
		{strings.Repeat("-", 70) + "7Q3KM2XP9D", ""},
		{"\xff\xfe7Q3KM2XP", ""},
	} {
		got, ok := errcodes.ParseReference(c.in)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("ParseReference(%q) = %q, %v, want %q", c.in, got, ok, c.want)
		}
	}
	if got := errcodes.FormatReference("x"); got != "x" {
		t.Errorf("FormatReference of no reference: %q", got)
	}
}

func TestContextWithReference(t *testing.T) {
	ctx := t.Context()
	if errcodes.ReferenceFrom(ctx) != "" {
		t.Error("a fresh context carries a reference")
	}
	if got := errcodes.ReferenceFrom(errcodes.ContextWithReference(ctx, "7q3k-m2xp-9d")); got != "7Q3KM2XP9D" {
		t.Errorf("carries %q", got)
	}
	if got := errcodes.ReferenceFrom(errcodes.ContextWithReference(ctx, "\r\nSet-Cookie: a=b")); got != "" {
		t.Errorf("carries %q, which is no reference", got)
	}
}

func FuzzParseReference(f *testing.F) {
	f.Add("7Q3K-M2XP-9D")
	f.Add("７Ｑ３Ｋ－Ｍ２ＸＰ－９Ｄ")
	f.Add("oil")
	f.Fuzz(func(t *testing.T, s string) {
		ref, ok := errcodes.ParseReference(s)
		if !ok {
			if ref != "" {
				t.Fatalf("not ok, and %q", ref)
			}
			return
		}
		if len(ref) != 10 || strings.Trim(ref, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") != "" {
			t.Fatalf("%q reads %q", s, ref)
		}
		if again, ok := errcodes.ParseReference(errcodes.FormatReference(ref)); !ok || again != ref {
			t.Fatalf("%q reads %q, that reads %q", s, ref, again)
		}
	})
}
