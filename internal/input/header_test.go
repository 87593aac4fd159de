package input

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestHeader(t *testing.T) {
	for _, tt := range []struct {
		raw   string
		limit int
		want  string
	}{
		{"", 10, ""},
		{"Mozilla/5.0 (X11; Linux x86_64)", 256, "Mozilla/5.0 (X11; Linux x86_64)"},
		{"Mozilla/5.0", 7, "Mozilla"},
		{"Mozilla/5.0", 0, ""},
		{"Mozilla/5.0", -1, ""},
		{"日本語", 9, "日本語"},
		{"日本語", 8, "日本"},
		{"日本語", 3, "日"},
		{"日本語", 2, ""},
		{"a\r\nSet-Cookie: x", 99, "aSet-Cookie: x"},
		{"a\x00b\x1bc\x7fd\u0085e\u009bf", 99, "abcdef"},
		{"a\u202eb\u2066c\u200bd\ufeffe\u00adf", 99, "abcdef"},
		{"a\u2028b\u2029c", 99, "abc"},
		{"a\xffb\xc3", 99, "ab"},
		{"a\xed\xa0\x80b", 99, "ab"},
		{"a\ufffdb", 99, "a\ufffdb"},
		{"a\ue000b", 99, "ab"},
		{strings.Repeat("\x00", 100) + "abc", 2, "ab"},
		{"é" + strings.Repeat("a", 100), 3, "éa"},
	} {
		if got := Header(tt.raw, tt.limit); got != tt.want {
			t.Errorf("Header(%+q, %d) = %+q, want %+q", tt.raw, tt.limit, got, tt.want)
		}
	}
}

func FuzzHeader(f *testing.F) {
	f.Add("Mozilla/5.0", 7)
	f.Add("a\u202eb\xff\r\n日本", 5)
	f.Fuzz(func(t *testing.T, raw string, limit int) {
		got := Header(raw, limit)
		if len(got) > max(limit, 0) || !utf8.ValidString(got) {
			t.Fatalf("Header(%q, %d) = %q", raw, limit, got)
		}
		for _, r := range got {
			if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
				t.Fatalf("Header(%q, %d) = %q with %U", raw, limit, got, r)
			}
		}
		if again := Header(got, limit); again != got {
			t.Fatalf("Header of %q = %q", got, again)
		}
	})
}

func TestHeaderAllocations(t *testing.T) {
	if got := testing.AllocsPerRun(100, func() { Header("Mozilla/5.0 (X11; Linux x86_64)", 256) }); got > 0 {
		t.Errorf("Header of a usual User-Agent allocates %v times", got)
	}
}
