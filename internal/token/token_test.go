package token

import (
	"crypto/rand"
	"crypto/sha256"
	"io"
	"strings"
	"testing"
)

func TestNew(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		tok := New()
		if !Valid(tok) || seen[tok] {
			t.Fatalf("New = %q, valid %v, seen before %v", tok, Valid(tok), seen[tok])
		}
		if raw, err := tokens.DecodeString(tok); err != nil || len(raw) != 32 {
			t.Fatalf("%q decodes to %d bytes, %v", tok, len(raw), err)
		}
		seen[tok] = true
	}
}

// counting counts the random bytes that are asked for.
type counting struct {
	io.Reader
	n int
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += n
	return n, err
}

// TestRandomness: every secret is made of bytes from crypto/rand, 32 for a
// token and 16 for an id (OWASP ASVS 5.0 6.5.3 asks for 16 at least).
func TestRandomness(t *testing.T) {
	source := &counting{Reader: rand.Reader}
	old := rand.Reader
	rand.Reader = source
	defer func() { rand.Reader = old }()
	if New(); source.n != 32 {
		t.Errorf("New read %d random bytes, want 32", source.n)
	}
	source.n = 0
	if ID(); source.n != 16 {
		t.Errorf("ID read %d random bytes, want 16", source.n)
	}
}

func TestHash(t *testing.T) {
	for _, tok := range []string{"", "a", strings.Repeat("A", 42), strings.Repeat("A", 43), strings.Repeat("A", 44), New(), strings.Repeat("x", 5000)} {
		if Hash(tok) != sha256.Sum256([]byte(tok)) {
			t.Errorf("Hash of %d characters is not their SHA-256", len(tok))
		}
	}
}

func TestValid(t *testing.T) {
	good := strings.Repeat("A", 43)
	for tok, want := range map[string]bool{
		good:                                 true,
		strings.Repeat("-", 42) + "8":        true,
		strings.Repeat("_", 42) + "E":        true,
		good[:42]:                            false,
		good + "A":                           false,
		good[:42] + "B":                      false, // decodes to the same bytes as good
		good[:42] + "9":                      false,
		good[:42] + "=":                      false,
		good[:42] + "\n":                     false,
		"+" + good[1:]:                       false,
		"/" + good[1:]:                       false,
		" " + good[1:]:                       false,
		"\x00" + good[1:]:                    false,
		good[:41] + "é":                      false,
		"":                                   false,
		strings.Repeat("A", 1<<20):           false,
		strings.Repeat("\u00e9", 20) + "AAA": false,
	} {
		if got := Valid(tok); got != want {
			t.Errorf("Valid(%.60q) = %v", tok, got)
		}
	}
}

// FuzzValid: what is valid decodes strictly to 32 bytes and is their one
// spelling.
func FuzzValid(f *testing.F) {
	f.Add(New())
	f.Add(strings.Repeat("A", 42) + "B")
	f.Fuzz(func(t *testing.T, tok string) {
		raw, err := tokens.DecodeString(tok)
		want := err == nil && len(raw) == Size && !strings.ContainsAny(tok, "\r\n")
		if Valid(tok) != want {
			t.Fatalf("Valid(%q) = %v, decoding says %v (%v)", tok, !want, want, err)
		}
	})
}

func TestEqual(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{{"", "", true}, {"a", "a", true}, {"a", "b", false}, {"a", "", false}, {"a", "ab", false}, {"ab", "a", false}} {
		if Equal([]byte(tt.a), []byte(tt.b)) != tt.want {
			t.Errorf("Equal(%q, %q) = %v", tt.a, tt.b, !tt.want)
		}
	}
}

func TestID(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := ID()
		if len(id) != IDLength || strings.Trim(id, "0123456789abcdefghijklmnopqrstuv") != "" || seen[id] {
			t.Fatalf("ID = %q", id)
		}
		seen[id] = true
	}
}

// TestAllocations allows New and ID their result, and the one more that the
// race detector costs.
func TestAllocations(t *testing.T) {
	tok := New()
	for name, tt := range map[string]struct {
		most float64
		f    func()
	}{
		"New":   {2, func() { New() }},
		"ID":    {2, func() { ID() }},
		"Hash":  {0, func() { Hash(tok) }},
		"Valid": {0, func() { Valid(tok) }},
	} {
		if got := testing.AllocsPerRun(100, tt.f); got > tt.most {
			t.Errorf("%s allocates %v times, want at most %v", name, got, tt.most)
		}
	}
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		New()
	}
}

func BenchmarkHash(b *testing.B) {
	tok := New()
	b.ReportAllocs()
	for b.Loop() {
		Hash(tok)
	}
}
