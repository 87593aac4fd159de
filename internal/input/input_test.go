package input

import (
	"bufio"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/sekisho-auth/sekisho/errcodes"
)

type vector struct {
	line      int
	raw, want string
	refused   bool
}

func vectors(t testing.TB) []vector {
	t.Helper()
	file, err := os.Open("testdata/identifiers.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var out []vector
	for n, lines := 1, bufio.NewScanner(file); lines.Scan(); n++ {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		quoted, err := strconv.QuotedPrefix(line)
		if err != nil {
			t.Fatalf("line %d: %v", n, err)
		}
		v := vector{line: n, refused: true}
		if v.raw, err = strconv.Unquote(quoted); err != nil {
			t.Fatalf("line %d: %v", n, err)
		}
		if rest := strings.TrimSpace(line[len(quoted):]); rest != "refused" {
			v.refused = false
			if v.want, err = strconv.Unquote(rest); err != nil {
				t.Fatalf("line %d: %v", n, err)
			}
		}
		out = append(out, v)
	}
	return out
}

func TestIdentifierVectors(t *testing.T) {
	all := vectors(t)
	if len(all) < 120 {
		t.Fatalf("%d vectors", len(all))
	}
	for _, v := range all {
		got, err := Identifier(v.raw)
		if got != v.want || (err != nil) != v.refused {
			t.Errorf("line %d: Identifier(%+q) = %+q, %v; want %+q, refused %v", v.line, v.raw, got, err, v.want, v.refused)
		}
		if err != nil && !errors.Is(err, errcodes.ReasonIdentifierMalformed) {
			t.Errorf("line %d: %v", v.line, err)
		}
	}
}

// TestIdentifierLength: 254 bytes are the most, as typed and as canonical.
func TestIdentifierLength(t *testing.T) {
	for _, tt := range []struct {
		name string
		raw  string
		ok   bool
	}{
		{"254", strings.Repeat("a", 242) + "@example.com", true},
		{"255", strings.Repeat("a", 243) + "@example.com", false},
		{"254 after trimming", strings.Repeat("a", 242) + "@example.com ", false},
		{"254 in capitals", strings.Repeat("A", 242) + "@example.com", true},
		{"a megabyte", strings.Repeat("a", 1<<20) + "@example.com", false},
		{"a megabyte of spaces", strings.Repeat(" ", 1<<20) + "a@example.com", false},
		// ｶﾞ is six bytes as typed and three as canonical; U+0958 is three and
		// six.
		{"shrinking", strings.Repeat("ｶﾞ", 40) + "@e.co", true},
		{"shrinking, too long as typed", strings.Repeat("ｶﾞ", 42) + "@e.co", false},
		{"growing, 254", strings.Repeat("\u0958", 41) + "aaa@e.co", true},
		{"growing, 255", strings.Repeat("\u0958", 41) + "aaaa@e.co", false},
		{"domain growing", strings.Repeat("a", 200) + "@" + strings.Repeat("ü.", 10) + "co", false},
	} {
		got, err := Identifier(tt.raw)
		if (err == nil) != tt.ok || len(got) > MaxIdentifier {
			t.Errorf("%s: %d bytes give %d bytes, %v; want accepted %v", tt.name, len(tt.raw), len(got), err, tt.ok)
		}
	}
}

// invariants are what every canonical identifier has, whatever it was made
// from.
func invariants(t *testing.T, raw string) {
	t.Helper()
	got, err := Identifier(raw)
	if err != nil {
		if got != "" || !errors.Is(err, errcodes.ReasonIdentifierMalformed) || strings.Contains(err.Error(), "@") {
			t.Fatalf("Identifier(%+q) = %+q, %v", raw, got, err)
		}
		return
	}
	if again, err := Identifier(got); err != nil || again != got {
		t.Fatalf("Identifier(%+q) = %+q, and of that %+q, %v", raw, got, again, err)
	}
	if len(got) > MaxIdentifier || !utf8.ValidString(got) || strings.Count(got, "@") != 1 {
		t.Fatalf("Identifier(%+q) = %+q", raw, got)
	}
	for _, r := range got {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.IsSpace(r) || unicode.ToLower(r) != r ||
			strings.ContainsRune("\"(),:;<>[\\]", r) {
			t.Fatalf("Identifier(%+q) = %+q with %U", raw, got, r)
		}
	}
	local, domain, _ := strings.Cut(got, "@")
	if local == "" || !isASCII(domain) || !strings.Contains(domain, ".") {
		t.Fatalf("Identifier(%+q) = %+q", raw, got)
	}
	if spaced, err := Identifier(" " + raw); len(raw) < MaxIdentifier && (err != nil || spaced != got) {
		t.Fatalf("a space in front of %+q makes a difference: %+q, %v", raw, spaced, err)
	}
}

// TestShortcutAgrees holds the shortcut for plain addresses against the whole
// rule, over all ASCII characters at every kind of place.
func TestShortcutAgrees(t *testing.T) {
	check := func(s string) {
		if !plainAddress(s) {
			return
		}
		if got, ok := stable(s); !ok || got != s {
			t.Errorf("the shortcut takes %q as it is, the rule says %q, %v", s, got, ok)
		}
	}
	for c := range 256 {
		for _, pattern := range []string{
			"?@example.com", "?a@example.com", "a?@example.com", "a?b@example.com", "a.?@example.com", "ab@?.com", "ab@?x.com",
			"ab@x?.com", "ab@x?y.com", "ab@example.?", "ab@example.?om", "ab@example.co?", "ab@example.com?", "ab@x?-y.com",
			"ab@xn?-y.com", "ab@xy-?z.com", "ab?example.com", "ab@example?com",
		} {
			check(strings.Replace(pattern, "?", string([]byte{byte(c)}), 1))
		}
	}
	for _, v := range vectors(t) {
		check(v.raw)
		if v.refused && plainAddress(v.raw) {
			t.Errorf("line %d: the shortcut takes %q", v.line, v.raw)
		}
	}
}

func FuzzIdentifier(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		invariants(t, raw)
		if s := strings.TrimSpace(raw); plainAddress(s) && len(s) <= MaxIdentifier {
			if got, ok := stable(s); !ok || got != s {
				t.Fatalf("the shortcut takes %q as it is, the rule says %q, %v", s, got, ok)
			}
		}
	})
}

// TestEveryRune puts each character of Unicode into the local part and the
// domain.
func TestEveryRune(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if r > 0x3100 && r%7 != 0 && !(0xd7f0 < r && r < 0x11000) { // Han, Hangul and planes of emptiness by sample
			continue
		}
		invariants(t, "a"+string(r)+"b@example.com")
		if r < 0x3100 || 0xfe00 < r && r < 0x10000 {
			invariants(t, "a@x"+string(r)+"y.com")
		}
	}
}

func TestIdentifierHintsRideOnTheError(t *testing.T) {
	_, err := Identifier("ｄｅｍｏ@localhost")
	known, ok := errors.AsType[*errcodes.Error](err)
	if !ok || !slices.Equal(known.Hints(), []errcodes.Hint{errcodes.HintFullWidth}) {
		t.Errorf("hints of %v: %v", err, known.Hints())
	}
}

func TestIdentifierAllocations(t *testing.T) {
	for raw, most := range map[string]float64{"demo@example.com": 0, " demo@example.com ": 0, "Demo@Example.com": 1} {
		if got := testing.AllocsPerRun(100, func() { _, _ = Identifier(raw) }); got > most {
			t.Errorf("Identifier(%q) allocates %v times, want at most %v", raw, got, most)
		}
	}
	const plain = "demo@example.com"
	if got := testing.AllocsPerRun(100, func() { IdentifierHints(plain); PasswordHints(plain); CodeHints(plain) }); got > 0 {
		t.Errorf("looking for hints where there is none allocates %v times", got)
	}
}

func BenchmarkIdentifier(b *testing.B) {
	for name, raw := range map[string]string{"plain": "demo@example.com", "capitals": "Demo@Example.com", "unicode": "あ@例え.テスト"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = Identifier(raw)
			}
		})
	}
}

func BenchmarkHints(b *testing.B) {
	for name, raw := range map[string]string{"known": "demo@gmail.com", "unknown": "demo@example.com", "typo": "demo@gmial.com"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				IdentifierHints(raw)
			}
		})
	}
}
