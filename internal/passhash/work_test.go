package passhash

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sekisho-auth/sekisho/internal/passhash/fasthash"
)

// TestWorkIsEqual counts rounds instead of measuring time: whatever is stored
// and whatever is typed, a sign-in that fails costs 2^Cost.
func TestWorkIsEqual(t *testing.T) {
	const right = "a password of some length"
	c := &counting{}
	for _, cost := range []int{10, 11, 12, 15} {
		h := mustNew(t, Config{Hasher: c, Cost: cost, Peppers: []Pepper{{ID: 1, Key: [32]byte{1}}}})
		cases := map[string]struct{ stored, typed string }{
			"unknown account":      {"", right},
			"malformed":            {"{SSHA}xyz", right},
			"malformed, long":      {strings.Repeat("$", 4096), right},
			"prefix only":          {schemePrefix, right},
			"trailing byte":        {plainHash(t, c.Hasher, right, 10) + "x", right},
			"version 1":            {"$1a$" + plainHash(t, c.Hasher, right, 10)[4:], right},
			"cost 31":              {"$2a$31$" + plainHash(t, c.Hasher, right, 10)[7:], right},
			"cost 17":              {"$2a$17$" + plainHash(t, c.Hasher, right, 10)[7:], right},
			"cost 3":               {"$2a$03$" + plainHash(t, c.Hasher, right, 10)[7:], right},
			"unknown pepper":       {"$sekisho$1$k=9$" + plainHash(t, c.Hasher, right, 10), right},
			"unknown, 73 bytes":    {"", strings.Repeat("a", 73)},
			"unknown, NUL":         {"", "a\x00b"},
			"unknown, empty":       {"", ""},
			"unknown, 1 MiB":       {"", strings.Repeat("a", 1<<20)},
			"unknown, not UTF-8":   {"", "\xff\xfe"},
			"malformed, 73 bytes":  {"x", strings.Repeat("a", 73)},
			"dummy's own password": {h.dummies[cost], ""},
		}
		for stored := bcryptMinCost; stored <= cost; stored++ {
			plain := plainHash(t, c.Hasher, right, stored)
			for tag, s := range map[string]string{"plain": plain, "own": schemePrefix + "1$" + plain, "own, no pepper": schemePrefix + "0$" + plain} {
				for what, typed := range map[string]string{
					"wrong": "wrong", "73 bytes": strings.Repeat("a", 73), "NUL": right + "\x00", "empty": "",
					"1025 bytes": strings.Repeat("a", 1025), "1 MiB": strings.Repeat("a", 1<<20), "not UTF-8": "\xff",
				} {
					cases[fmt.Sprintf("%s hash of cost %d, %s", tag, stored, what)] = struct{ stored, typed string }{s, typed}
				}
			}
		}
		for name, k := range cases {
			c.reset()
			r := h.Verify(k.typed, k.stored)
			if r.OK || r.Rehash {
				t.Errorf("cost %d, %s: verified", cost, name)
			}
			if got, want := c.rounds.Load(), int64(1)<<cost; got != want {
				t.Errorf("cost %d, %s: work %d, want %d (%+v)", cost, name, got, want, r)
			}
		}
	}
	if n := c.badKeys.Load(); n != 0 {
		t.Errorf("the hasher got %d keys that bcrypt would cut off", n)
	}
}

// The one difference there is: a stored cost above the configured one.
func TestWorkAboveTheConfiguredCost(t *testing.T) {
	const right = "a password of some length"
	c := &counting{}
	h := mustNew(t, Config{Hasher: c, Cost: 12})
	stored := plainHash(t, c.Hasher, right, 16)
	c.reset()
	if r := h.Verify("wrong", stored); r != (Result{Costly: true}) || c.rounds.Load() != 1<<16 {
		t.Errorf("%+v, work %d", r, c.rounds.Load())
	}
	if r := h.Verify(right, stored); r != (Result{OK: true, Rehash: true, Costly: true}) {
		t.Errorf("%+v", r)
	}
}

// A right password costs what is stored, once, and a rehash the new cost.
func TestWorkOfSuccess(t *testing.T) {
	const right = "a password of some length"
	c := &counting{}
	old, now := mustNew(t, Config{Hasher: c, Cost: 10}), mustNew(t, Config{Hasher: c, Cost: 12})
	stored := mustHash(t, old, right)
	c.reset()
	if r := now.Verify(right, stored); r != (Result{OK: true, Rehash: true}) || c.rounds.Load() != 1<<10 {
		t.Errorf("%+v, work %d", r, c.rounds.Load())
	}
	c.reset()
	mustHash(t, now, right)
	if c.rounds.Load() != 1<<12 {
		t.Errorf("work %d", c.rounds.Load())
	}
}

// always says yes to everything.
type always struct{ fasthash.Hasher }

func (always) Compare(string, []byte) (bool, error) { return true, nil }

// What a dummy says is not looked at.
func TestDummiesNeverMatch(t *testing.T) {
	h := mustNew(t, Config{Hasher: always{}})
	plain := "$2a$12$" + strings.Repeat("a", 53)
	for name, k := range map[string]struct{ stored, typed string }{
		"absent":         {"", "x"},
		"malformed":      {"x", "x"},
		"too costly":     {"$2a$31$" + plain[7:], "x"},
		"unknown pepper": {"$sekisho$1$k=9$" + plain, "x"},
		"plain, NUL":     {plain, "\x00"},
		"plain, long":    {plain, strings.Repeat("a", 73)},
		"empty":          {plain, ""},
		"huge":           {schemePrefix + "0$" + plain, strings.Repeat("a", 1025)},
	} {
		if r := h.Verify(k.typed, k.stored); r.OK || r.Rehash {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// topped says no to the first hash and yes to all others.
type topped struct {
	fasthash.Hasher
	first string
}

func (f topped) Compare(hash string, _ []byte) (bool, error) { return hash != f.first, nil }

func TestTopUpNeverMatches(t *testing.T) {
	stored := "$2a$10$" + strings.Repeat("a", 53)
	h := mustNew(t, Config{Hasher: topped{first: stored}})
	if r := h.Verify("x", stored); r.OK || r.Rehash {
		t.Errorf("%+v", r)
	}
}

func TestDummiesAreValidAndRandom(t *testing.T) {
	h := lowCost(t)
	seen := map[string]bool{}
	for c := bcryptMinCost; c <= MaxVerifyCost; c++ {
		d := h.dummies[c]
		if got, why := parseBcrypt(d); why != "" || got != c {
			t.Errorf("dummy of cost %d is %q: %d %q", c, d, got, why)
		}
		if seen[d[7:]] {
			t.Error("two dummies are alike")
		}
		seen[d[7:]] = true
	}
	// Real bcrypt does the work for them instead of refusing.
	if ok, err := (Bcrypt{}).Compare(h.dummies[4], []byte("x")); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
	if lowCost(t).dummies[12] == h.dummies[12] {
		t.Error("dummies are the same in every process")
	}
}
