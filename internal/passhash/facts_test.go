package passhash

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// Each test here shows a behaviour of x/crypto/bcrypt that would be a hole, and
// that it is none here. If x/crypto changes, the first half says so.

func xcrypto(t *testing.T, hash, password string) error {
	t.Helper()
	return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password))
}

func TestFactLongPasswordsAreCutOff(t *testing.T) {
	a72 := strings.Repeat("a", 72)
	if _, err := bcrypt.GenerateFromPassword([]byte(a72+"X"), 4); !errors.Is(err, bcrypt.ErrPasswordTooLong) {
		t.Errorf("x/crypto generates over 73 bytes: %v", err)
	}
	plain := plainHash(t, Bcrypt{}, a72, 4)
	if err := xcrypto(t, plain, a72+"XYZ"); err != nil {
		t.Errorf("x/crypto no longer ignores what follows byte 72: %v", err)
	}
	h := lowCost(t)
	if !h.Verify(a72, plain).OK {
		t.Error("72 bytes are a whole password, even for plain bcrypt")
	}
	if r := h.Verify(a72+"XYZ", plain); r.OK || r.Err != nil || r.Reason != ReasonUnsuitable {
		t.Errorf("plain hash, 75 bytes: %+v", r)
	}
	ours := mustHash(t, h, a72+"X")
	for pw, want := range map[string]bool{a72 + "X": true, a72 + "Y": false, a72: false, a72 + "XX": false} {
		if got := h.Verify(pw, ours).OK; got != want {
			t.Errorf("own hash of 73 bytes against %d bytes: %v", len(pw), got)
		}
	}
}

func TestFactNULEndsThePassword(t *testing.T) {
	a71 := strings.Repeat("a", 71)
	h := lowCost(t)
	for _, c := range []struct{ set, typed string }{
		{"ab", "ab\x00ab"},
		{a71, a71 + "\x00zzz"},
		{"", "\x00"},
	} {
		plain := plainHash(t, Bcrypt{}, c.set, 4)
		if err := xcrypto(t, plain, c.typed); err != nil {
			t.Errorf("x/crypto no longer takes %q for %q: %v", c.typed, c.set, err)
		}
		if r := h.Verify(c.typed, plain); r.OK || r.Reason != ReasonUnsuitable {
			t.Errorf("plain hash of %q against %q: %+v", c.set, c.typed, r)
		}
		if c.set == "" {
			continue
		}
		if ours := mustHash(t, h, c.set); h.Verify(c.typed, ours).OK {
			t.Errorf("own hash of %q matches %q", c.set, c.typed)
		}
	}
	withNUL := "before\x00behind, this is all of it"
	ours := mustHash(t, h, withNUL)
	if !h.Verify(withNUL, ours).OK || h.Verify("before\x00behind, this is not", ours).OK {
		t.Error("a password with a NUL must count in full")
	}
}

func TestFactCosts(t *testing.T) {
	b, err := bcrypt.GenerateFromPassword([]byte("x"), 3)
	if c, _ := bcrypt.Cost(b); err != nil || c != 10 {
		t.Errorf("x/crypto no longer turns cost 3 into 10: %d, %v", c, err)
	}
	if _, err := (Bcrypt{}).Hash([]byte("x"), 3); err == nil {
		t.Error("Bcrypt.Hash takes cost 3")
	}
	if _, err := (Bcrypt{}).Hash([]byte("x"), 32); err == nil {
		t.Error("Bcrypt.Hash takes cost 32")
	}
	plain := plainHash(t, Bcrypt{}, "a password of some length", 4)
	if c, err := bcrypt.Cost([]byte("$2a$31$" + plain[7:])); c != 31 || err != nil {
		t.Errorf("x/crypto no longer accepts a stored cost of 31: %d, %v", c, err)
	}
	h := lowCost(t)
	for _, cost := range []string{"17", "20", "31", "99"} {
		for _, stored := range []string{"$2a$" + cost + plain[6:], "$sekisho$1$k=0$$2a$" + cost + plain[6:]} {
			// With the check taken out this takes days, not a wrong answer.
			if r := h.Verify("a password of some length", stored); r.OK || r.Reason != ReasonTooCostly || !r.Fault || r.Err != nil {
				t.Errorf("%s: %+v", stored, r)
			}
		}
	}
}

func TestFactPrefixesAndTail(t *testing.T) {
	const pw = "a password of some length"
	plain := plainHash(t, Bcrypt{}, pw, 4)
	for _, p := range []string{"$2a$", "$2b$", "$2y$", "$2x$", "$2z$", "$1a$"} {
		if err := xcrypto(t, p+plain[4:], pw); err != nil {
			t.Errorf("x/crypto no longer takes %s: %v", p, err)
		}
	}
	if err := xcrypto(t, plain+"trailing", pw); err != nil {
		t.Errorf("x/crypto no longer ignores what follows byte 60: %v", err)
	}
	h := lowCost(t)
	for stored, want := range map[string]bool{
		plain:                true,
		"$2b$" + plain[4:]:   true,
		"$2y$" + plain[4:]:   true,
		"$2x$" + plain[4:]:   false,
		"$2z$" + plain[4:]:   false,
		"$2$" + plain[4:]:    false,
		"$1a$" + plain[4:]:   false,
		"$3a$" + plain[4:]:   false,
		plain + "trailing":   false,
		plain + " ":          false,
		plain + "\n":         false,
		" " + plain:          false,
		plain[:59]:           false,
		plain[:59] + "=":     false,
		plain[:59] + "\x00":  false,
		"$2a$4$" + plain[7:]: false,
		"$2a$03" + plain[6:]: false,
		"$2a$00" + plain[6:]: false,
		"$2a$+4" + plain[6:]: false,
		"$2A$" + plain[4:]:   false,
	} {
		r := h.Verify(pw, stored)
		if r.OK != want || r.Err != nil || (!want && (!r.Fault || r.Reason != ReasonMalformed)) {
			t.Errorf("%q: %+v, want OK=%v", stored, r, want)
		}
	}
}

func TestFactHugePasswordIsNotCopiedToBcrypt(t *testing.T) {
	c := &counting{}
	h := mustNew(t, Config{Hasher: c})
	stored := mustHash(t, h, "a password of some length")
	huge := strings.Repeat("a", 10<<20)
	for _, s := range []string{stored, plainHash(t, c.Hasher, "x", 12), ""} {
		if r := h.Verify(huge, s); r.OK || r.Err != nil {
			t.Errorf("%+v", r)
		}
	}
	if _, err := h.Hash(huge); err == nil {
		t.Error("10 MiB are hashed")
	}
	if n := c.badKeys.Load(); n != 0 {
		t.Errorf("%d keys that bcrypt would cut off", n)
	}
}
