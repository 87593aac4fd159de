package passpolicy

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestListIsSortedAndFolded(t *testing.T) {
	text := commonList()
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 20_000 || !slices.IsSorted(lines) || len(slices.Compact(slices.Clone(lines))) != len(lines) {
		t.Errorf("%d lines, sorted: %v", len(lines), slices.IsSorted(lines))
	}
	for _, l := range lines {
		if fold(l) != l || l == "" {
			t.Errorf("%q is not in the form that is looked up", l)
		}
	}
	readme, err := os.ReadFile("data/README.md")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(text))
	if !strings.Contains(string(readme), hex.EncodeToString(sum[:])) {
		t.Errorf("data/README.md does not have the list's SHA-256, %x", sum)
	}
	if !strings.Contains(string(readme), "Permission is hereby granted") {
		t.Error("data/README.md does not have the licence")
	}
}

func TestLookUpEdges(t *testing.T) {
	text := commonList()
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for _, in := range []string{lines[0], lines[1], lines[len(lines)-1], lines[len(lines)/2]} {
		if !listed(in) {
			t.Errorf("%q is not found", in)
		}
	}
	for _, out := range []string{
		"", "\n", lines[0] + "\n" + lines[1], lines[0] + "\n", "\x00", "\xff\xff", "~~~~~~~~~~~~", " " + lines[0],
		lines[5][:3], lines[5] + "\x00", "Password", "zzzzzzzzzzzzzzzzzzzzzz",
	} {
		if slices.Contains(lines, out) {
			continue
		}
		if listed(out) {
			t.Errorf("%q is found", out)
		}
	}
}

func TestDamagedListPanics(t *testing.T) {
	for _, b := range [][]byte{nil, []byte("no gzip"), packedList[:len(packedList)/2]} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%d bytes that are no list are taken for an empty one", len(b))
				}
			}()
			mustUnpack(b)
		}()
	}
}

// FuzzCheck: never a crash, never dear, always the same answer, and what is
// accepted holds what the policy says.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{"", "passwordpassword", "fifty three stations of the tokaido", strings.Repeat("ab", 500), "\xff", "e\u0301\u0301\u0301", strings.Repeat("\u0301", 500)} {
		f.Add(s, "taro@example.com", "Sekisho")
	}
	f.Add("000 A 00", "0", "0")
	f.Add(strings.Repeat("a", 255)+"b", strings.Repeat("a.", 200), strings.Repeat("aa ", 200))
	f.Fuzz(func(t *testing.T, pw, id, word string) {
		p := Policy{MinLength: LeastMinLength, Words: []string{word}}
		start := time.Now()
		v := p.find(pw, id)
		if d := time.Since(start); d > 5*time.Second {
			t.Fatalf("took %v", d)
		}
		if v != p.find(pw, id) {
			t.Fatal("two answers")
		}
		if v != "" {
			return
		}
		if listed(fold(pw)) || len(pw) > MaxBytes || len([]rune(pw)) < LeastMinLength {
			t.Fatalf("%q is accepted", pw)
		}
		if q := p.find(pw, pw); q != Context && compactHasWord(pw) {
			t.Fatalf("%q is accepted as its own identifier", pw)
		}
	})
}

// compactHasWord: the password has a piece that counts as a word.
func compactHasWord(pw string) bool { return len(appendPieces(nil, pw)) > 0 && compact(fold(pw)) != "" }

func BenchmarkCheck(b *testing.B) {
	for name, pw := range map[string]string{
		"phrase": "fifty three stations of the tokaido", "listed": "passwordpassword",
		"kanji": varied('一', 256), "half a run": varied('一', 128) + strings.Repeat("1234567890", 12) + "12345678",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = alone.find(pw, owner)
			}
		})
	}
}

func BenchmarkUnpack(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		mustUnpack(packedList)
	}
}
