package passhash

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sekisho-auth/sekisho/internal/passhash/fasthash"
	"golang.org/x/text/unicode/norm"
)

// FuzzMutate changes one byte of a password, and appends: no other text verifies.
func FuzzMutate(f *testing.F) {
	f.Add("fifty three stations of the tokaido", 7, byte(1), "x")
	f.Add(strings.Repeat("a", 1024), 1023, byte(1), "")
	f.Add(strings.Repeat("a", 73), 72, byte(0x20), "\x00")
	f.Add(strings.Repeat("漢", 64), 191, byte(2), "\x00zzz")
	f.Add("cafe\u0301", 5, byte(1), "\u0301")
	h, err := New(Config{Hasher: fasthash.Hasher{}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, pw string, at int, flip byte, tail string) {
		if pw == "" || len(pw) > MaxPasswordBytes {
			return
		}
		stored := mustHash(t, h, pw)
		if r := h.Verify(pw, stored); r != (Result{OK: true}) {
			t.Fatalf("%+v", r)
		}
		b := []byte(pw)
		b[uint(at)%uint(len(b))] ^= flip
		for _, other := range []string{string(b), pw + tail, pw + "\x00" + tail, pw[:len(pw)-1], strings.ToUpper(pw), strings.TrimSpace(pw)} {
			want := norm.NFC.String(other) == norm.NFC.String(pw) && len(other) <= MaxPasswordBytes && other != ""
			if got := h.Verify(other, stored).OK; got != want {
				t.Fatalf("%q set, %q typed: %v", pw, other, got)
			}
		}
		if len(pw) <= plainMaxBytes && strings.IndexByte(pw, 0) < 0 {
			plain := plainHash(t, fasthash.Hasher{}, pw, 10)
			for _, other := range []string{string(b), pw + tail, pw + "\x00" + tail} {
				if got := h.Verify(other, plain).OK; got != (other == pw) {
					t.Fatalf("plain: %q set, %q typed: %v", pw, other, got)
				}
			}
		}
	})
}

// FuzzStored feeds stored strings. The oracle is the regular expression of the
// documentation; real bcrypt must take whatever passes.
func FuzzStored(f *testing.F) {
	tail := strings.Repeat("a", 53)
	for _, s := range []string{
		"", "$2a$04$" + tail, "$2b$16$" + tail, "$2y$17$" + tail, "$2a$31$" + tail, "$1a$04$" + tail, "$2a$04$" + tail + "x",
		"$sekisho$1$k=0$$2a$04$" + tail, "$sekisho$1$k=999999999$$2a$12$" + tail, "$sekisho$1$k=01$$2a$12$" + tail,
		"$sekisho$2$k=0$$2a$04$" + tail, "$sekisho$1$k=0$$2a$\u0660\u0664$" + tail,
	} {
		f.Add(s)
	}
	form := regexp.MustCompile(`^(?:\$sekisho\$1\$k=(0|[1-9][0-9]{0,8})\$)?(\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53})$`)
	h, err := New(Config{Hasher: fasthash.Hasher{}, Peppers: []Pepper{{ID: 1, Key: [32]byte{1}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, why := parse(s)
		m := form.FindStringSubmatch(s)
		valid := false
		if m != nil && !strings.HasSuffix(s, "\n") {
			cost, _ := strconv.Atoi(m[3])
			valid = cost >= bcryptMinCost && cost <= MaxVerifyCost
			if valid && (p.cost != cost || p.plain != (m[1] == "") || p.bcrypt[4:] != m[2][4:]) {
				t.Fatalf("%q: %+v", s, p)
			}
		}
		if valid != (why == "") {
			t.Fatalf("%q: %q", s, why)
		}
		r := h.Verify("a password of some length", s)
		if r.OK || (r.Fault != (s != "" && !valid)) {
			t.Fatalf("%q: %+v", s, r)
		}
		if err := h.CheckImport(s); err != nil && !utf8.ValidString(err.Error()) {
			t.Fatalf("%q", err)
		}
		if valid && p.cost == bcryptMinCost {
			if _, err := (Bcrypt{}).Compare(p.bcrypt, []byte("x")); err != nil {
				t.Fatalf("bcrypt refuses %q: %v", p.bcrypt, err)
			}
		}
	})
}
