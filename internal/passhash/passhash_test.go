package passhash

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/internal/passhash/fasthash"
)

// The numbers here were computed by another program. They can never change:
// stored passwords depend on them.
func TestGoldenPrehash(t *testing.T) {
	if got := hex.EncodeToString(publicKey()); got != "9295bbb5359709b127f38a98d0ad0feb062f5154176bcae081d40af5e7a6c9be" {
		t.Errorf("public key is %s", got)
	}
	var pep Pepper
	for i := range pep.Key {
		pep.Key[i] = byte(i)
	}
	pep.ID = 7
	h := mustNew(t, Config{Peppers: []Pepper{pep}})
	for _, c := range []struct {
		pepper         int
		password, want string
	}{
		{0, "fifty three stations of the tokaido", "IGD2GUNrwR50KpXGDx1vub3KV3OCiqwUeF1Oj45F5SU="},
		{0, "caf\u00e9 au lait, no sugar", "XvJX+nqFaN91ZAH2eOwwWtL6XSZMH+MopRK/H5GwIrE="},
		{0, "cafe\u0301 au lait, no sugar", "XvJX+nqFaN91ZAH2eOwwWtL6XSZMH+MopRK/H5GwIrE="},
		{0, strings.Repeat("漢", 64), "fmzS1tmrcqswGQNxPq/WX/xF1eGqdk0QNkdRVrNZHu0="},
		{7, "fifty three stations of the tokaido", "OWH77a3VzcO7R3ZSZ3u9z9AufKIhBGcJ5qN2grmWhLk="},
	} {
		if got := string(h.prehash(c.pepper, c.password)); got != c.want {
			t.Errorf("prehash(%d, %q) = %s, want %s", c.pepper, c.password, got, c.want)
		}
	}
}

func TestGoldenStored(t *testing.T) {
	const stored = "$sekisho$1$k=0$$2a$04$WzNhs6xPUdxW7LZmsnq1WOWXpbxj0Sq/Mr3CCWExv/Nw7Z0wM9LgG"
	h := lowCost(t)
	if r := h.Verify("fifty three stations of the tokaido", stored); r != (Result{OK: true}) {
		t.Errorf("%+v", r)
	}
	if r := h.Verify("fifty three stations of the nakasendo", stored); r != (Result{}) {
		t.Errorf("%+v", r)
	}
}

func TestHashAndVerify(t *testing.T) {
	h := lowCost(t)
	form := regexp.MustCompile(`^\$sekisho\$1\$k=0\$\$2a\$04\$[./A-Za-z0-9]{53}$`)
	for _, pw := range []string{
		"a", "correct horse battery staple", strings.Repeat("漢", 64), strings.Repeat("😀", 256),
		strings.Repeat("x", 1024), " leading and trailing ", "with\x00NUL", "Ｆｕｌｌ　ｗｉｄｔｈ",
	} {
		a, b := mustHash(t, h, pw), mustHash(t, h, pw)
		if a == b {
			t.Errorf("%q: no salt", pw)
		}
		if !form.MatchString(a) {
			t.Errorf("stored form %q", a)
		}
		if r := h.Verify(pw, a); r != (Result{OK: true}) {
			t.Errorf("%q: %+v", pw, r)
		}
		if r := h.Verify(pw+"x", a); r.OK {
			t.Errorf("%q with a tail matches", pw)
		}
	}
}

func TestNormalisation(t *testing.T) {
	h := lowCost(t)
	for _, c := range []struct {
		set, typed string
		want       bool
	}{
		{"\u00e9", "e\u0301", true},
		{"e\u0301", "\u00e9", true},
		{"が", "か\u3099", true},
		{"\u2126", "\u03a9", true}, // OHM SIGN is OMEGA under NFC
		{"ﬁ", "fi", false},         // NFC, not NFKC
		{"１", "1", false},          // width is kept
		{"Password", "password", false},
		{"pass ", "pass", false},
		{"pass\xff", "pass\xfe", false}, // not text, but no collision either
		{"pass\xff", "pass\ufffd", false},
	} {
		if got := h.Verify(c.typed, mustHash(t, h, c.set)).OK; got != c.want {
			t.Errorf("set %q, typed %q: %v", c.set, c.typed, got)
		}
	}
	// Plain hashes were made over the bytes as they came.
	nfd := plainHash(t, Bcrypt{}, "cafe\u0301", 4)
	if !h.Verify("cafe\u0301", nfd).OK || h.Verify("caf\u00e9", nfd).OK {
		t.Error("a plain hash must be compared with the raw bytes")
	}
}

func TestRehash(t *testing.T) {
	const pw = "a password of some length"
	p1, p2 := Pepper{ID: 1, Key: [32]byte{1}}, Pepper{ID: 2, Key: [32]byte{2}}
	cfg := func(cost int, peppers ...Pepper) *Hashes {
		return mustNew(t, Config{Hasher: fasthash.Hasher{}, Cost: cost, Peppers: peppers})
	}
	now := cfg(12, p2, p1)
	plain := plainHash(t, fasthash.Hasher{}, pw, 12)
	for _, c := range []struct {
		name, stored string
		want         Result
	}{
		{"current", mustHash(t, now, pw), Result{OK: true}},
		{"lower cost", mustHash(t, cfg(10, p2), pw), Result{OK: true, Rehash: true}},
		{"higher cost", mustHash(t, cfg(14, p2), pw), Result{OK: true, Rehash: true, Costly: true}},
		{"older pepper", mustHash(t, cfg(12, p1), pw), Result{OK: true, Rehash: true}},
		{"before peppers", mustHash(t, cfg(12), pw), Result{OK: true, Rehash: true}},
		{"plain", plain, Result{OK: true, Rehash: true}},
		{"plain 2y", "$2y$" + plain[4:], Result{OK: true, Rehash: true}},
	} {
		if got := now.Verify(pw, c.stored); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
		if got := now.Verify("wrong", c.stored); got.OK || got.Rehash {
			t.Errorf("%s, wrong password: %+v", c.name, got)
		}
	}
	// Without a pepper nothing but the scheme tells plain from current.
	if got := cfg(12).Verify(pw, plain); got != (Result{OK: true, Rehash: true}) {
		t.Errorf("plain, no pepper: %+v", got)
	}
	if !strings.HasPrefix(mustHash(t, now, pw), "$sekisho$1$k=2$$2a$12$") {
		t.Error("the first pepper is for new hashes")
	}
}

func TestPeppers(t *testing.T) {
	const pw = "a password of some length"
	a := mustNew(t, Config{Hasher: fasthash.Hasher{}, Peppers: []Pepper{{ID: 3, Key: [32]byte{1}}}})
	stored := mustHash(t, a, pw)

	same := mustNew(t, Config{Hasher: fasthash.Hasher{}, Peppers: []Pepper{{ID: 3, Key: [32]byte{2}}}})
	if same.Verify(pw, stored).OK {
		t.Error("the pepper does not enter the hash")
	}
	if mustNew(t, Config{Hasher: fasthash.Hasher{}}).Verify(pw, strings.Replace(stored, "k=3", "k=0", 1)).OK {
		t.Error("a peppered hash verifies without the pepper")
	}
	for _, h := range []*Hashes{
		mustNew(t, Config{Hasher: fasthash.Hasher{}}),
		mustNew(t, Config{Hasher: fasthash.Hasher{}, Peppers: []Pepper{{ID: 4, Key: [32]byte{1}}}}),
	} {
		r := h.Verify(pw, stored)
		if r.OK || r.Reason != ReasonUnknownPepper || errcodes.ReasonOf(r.Err) != errcodes.ReasonInternalError {
			t.Errorf("a pepper that is missing is a server fault: %+v", r)
		}
	}
}

// broken fails at the nth call.
type broken struct {
	fasthash.Hasher
	left *int
}

var errBroken = errors.New("the HSM is gone")

func (b broken) fail() bool { *b.left--; return *b.left < 0 }

func (b broken) Hash(key []byte, cost int) (string, error) {
	if b.fail() {
		return "", errBroken
	}
	return b.Hasher.Hash(key, cost)
}

func (b broken) Compare(hash string, key []byte) (bool, error) {
	if b.fail() {
		return true, errBroken // a true that comes with an error counts for nothing
	}
	return b.Hasher.Compare(hash, key)
}

func TestHasherFaultIsNoWrongPassword(t *testing.T) {
	const pw = "a password of some length"
	stored10 := mustHash(t, mustNew(t, Config{Hasher: fasthash.Hasher{}, Cost: 10}), pw)
	for name, c := range map[string]struct {
		stored, pw string
		calls      int // how many it takes without a fault
	}{
		"absent":    {"", pw, 1},
		"malformed": {"x", pw, 1},
		"unsuited":  {"$2a$12$" + strings.Repeat("a", 53), pw + "\x00", 1},
		"right":     {stored10, pw, 1},
		"wrong":     {stored10, "wrong", 3}, // 10, 10, 11
	} {
		for n := range c.calls {
			left := n
			h := mustNew(t, Config{Hasher: broken{left: &left}})
			r := h.Verify(c.pw, c.stored)
			if r.OK || r.Rehash || errcodes.ReasonOf(r.Err) != errcodes.ReasonInternalError || !errors.Is(r.Err, errBroken) {
				t.Errorf("%s, fault at call %d: %+v", name, n+1, r)
			}
		}
	}
	left := 0
	h := mustNew(t, Config{Hasher: broken{left: &left}})
	if _, err := h.Hash(pw); errcodes.ReasonOf(err) != errcodes.ReasonInternalError || !errors.Is(err, errBroken) {
		t.Errorf("Hash: %v", err)
	}
}

// fixed is a Hasher that returns what it should not.
type fixed struct {
	fasthash.Hasher
	out string
}

func (f fixed) Hash([]byte, int) (string, error) { return f.out, nil }

func TestHashChecksTheHasher(t *testing.T) {
	tail := strings.Repeat("a", 53)
	for _, out := range []string{"", "$2a$10$" + tail, "$2a$12$" + tail + "x", "$argon2id$v=19$m=65536", "$1a$12$" + tail} {
		if s, err := mustNew(t, Config{Hasher: fixed{out: out}}).Hash("x"); errcodes.ReasonOf(err) != errcodes.ReasonInternalError {
			t.Errorf("%q: %q, %v", out, s, err)
		}
	}
	s, err := mustNew(t, Config{Hasher: fixed{out: "$2y$12$" + tail}}).Hash("x")
	if err != nil || s != "$sekisho$1$k=0$$2b$12$"+tail {
		t.Errorf("%q, %v", s, err)
	}
}

func TestEmptyPasswordNeverMatches(t *testing.T) {
	h := lowCost(t)
	if _, err := h.Hash(""); err == nil {
		t.Error("an empty password is hashed")
	}
	for _, stored := range []string{
		plainHash(t, Bcrypt{}, "", 4),
		schemePrefix + "0$" + plainHash(t, Bcrypt{}, string(h.prehash(0, "")), 4),
	} {
		if r := h.Verify("", stored); r.OK || r.Reason != ReasonUnsuitable {
			t.Errorf("%+v", r)
		}
	}
}

func TestCheckImport(t *testing.T) {
	h := mustNew(t, Config{Hasher: fasthash.Hasher{}, Peppers: []Pepper{{ID: 5, Key: [32]byte{1}}}})
	tail := strings.Repeat("a", 53)
	for stored, want := range map[string]string{
		"$2a$12$" + tail:                "",
		"$2b$04$" + tail:                "",
		"$2y$10$" + tail:                "",
		"$sekisho$1$k=5$$2a$12$" + tail: "",
		"$sekisho$1$k=0$$2a$12$" + tail: "",
		"$sekisho$1$k=6$$2a$12$" + tail: "Config.Peppers",
		"$2a$13$" + tail:                "set Config.Cost to 13",
		"$2a$16$" + tail:                "without a password",
		"$2a$31$" + tail:                "without a password",
		"$2x$12$" + tail:                "not a bcrypt hash",
		"$2a$12$" + tail + "a":          "not a bcrypt hash",
		"":                              "not a bcrypt hash",
		"hunter2":                       "not a bcrypt hash",
	} {
		err := h.CheckImport(stored)
		if (want == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v", stored, err)
		}
		if err != nil && stored != "" && strings.Contains(err.Error(), stored) {
			t.Errorf("the error echoes the hash: %v", err)
		}
	}
}

func TestParsePepperID(t *testing.T) {
	tail := "$$2a$12$" + strings.Repeat("a", 53)
	for id, want := range map[string]int{
		"0": 0, "1": 1, "10": 10, "999999999": MaxPepperID,
		"": -1, "00": -1, "01": -1, "-1": -1, "+1": -1, " 1": -1, "1 ": -1, "1000000000": -1, "١": -1, "0x1": -1,
	} {
		p, why := parse(schemePrefix + id + tail)
		if (why == "") != (want >= 0) || (want >= 0 && (p.pepper != want || p.plain)) {
			t.Errorf("k=%s: %+v %q", id, p, why)
		}
	}
	for _, s := range []string{"$sekisho$2$k=0" + tail, "$sekisho$1$k=0" + tail[1:], "$sekisho$1$", "$sekisho$1$k=0$", "$sekisho$1$k=0$$sekisho$1$k=0" + tail} {
		if _, why := parse(s); why != ReasonMalformed {
			t.Errorf("%q: %q", s, why)
		}
	}
}

func TestNewNamesFieldAndRemedy(t *testing.T) {
	k := [32]byte{1}
	for want, cfg := range map[string]Config{
		"Config.Cost is 9":                   {Cost: 9},
		"Config.Cost is 16":                  {Cost: 16},
		"Config.Cost is -1":                  {Cost: -1},
		"Config.Cost is 3":                   {Cost: 3, InsecureAllowLowCost: true},
		"Config.Slots is -1":                 {Slots: -1},
		"Config.Queue is -1":                 {Queue: -1},
		"Config.Peppers[0].ID is 0":          {Peppers: []Pepper{{Key: k}}},
		"Config.Peppers[0].ID is 1000000000": {Peppers: []Pepper{{ID: 1_000_000_000, Key: k}}},
		"Config.Peppers[1].ID 2 is there":    {Peppers: []Pepper{{ID: 2, Key: k}, {ID: 2, Key: k}}},
		"Config.Peppers[1].Key is all zero":  {Peppers: []Pepper{{ID: 1, Key: k}, {ID: 2}}},
	} {
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	for _, cost := range []int{0, 10, 15} {
		if h, err := New(Config{Cost: cost}); err != nil || (cost != 0 && h.Cost() != cost) || (cost == 0 && h.Cost() != 12) {
			t.Errorf("cost %d: %v", cost, err)
		}
	}
}

// New must keep nothing of the caller's slice.
func TestNewCopiesPeppers(t *testing.T) {
	cfg := Config{Hasher: fasthash.Hasher{}, Peppers: []Pepper{{ID: 1, Key: [32]byte{1}}}}
	h := mustNew(t, cfg)
	stored := mustHash(t, h, "x")
	clear(cfg.Peppers[0].Key[:])
	if !h.Verify("x", stored).OK {
		t.Error("the caller's slice is used after New")
	}
}

func TestPepperDoesNotPrint(t *testing.T) {
	p := Pepper{ID: 77, Key: [32]byte([]byte("0123456789abcdef0123456789abcdef"))}
	cfg := Config{Peppers: []Pepper{p}}
	js, err := json.Marshal(cfg.Peppers)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "p", p, "ps", cfg.Peppers)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "p", p, "ps", cfg.Peppers)
	outs := []string{string(js), log.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		outs = append(outs, fmt.Sprintf(verb, p), fmt.Sprintf(verb, &p), fmt.Sprintf(verb, cfg))
	}
	for _, o := range outs {
		for _, leak := range []string{"0123456789", "30313233", "48 49 50", "48,49", "0x30", "MDEyMzQ1"} {
			if strings.Contains(o, leak) {
				t.Errorf("the key is in %q", o)
			}
		}
	}
}

func TestNothingOfThePasswordInErrors(t *testing.T) {
	const canary = "kanarienvogel im schacht"
	left := 0
	h := mustNew(t, Config{Hasher: broken{left: &left}})
	_, err := h.Hash(canary)
	for _, e := range []error{err, h.Verify(canary, "").Err, h.Verify(canary, "$sekisho$1$k=9$$2a$12$"+strings.Repeat("a", 53)).Err} {
		if e == nil || strings.Contains(fmt.Sprintf("%+v %v", e, errors.Unwrap(e)), "kanarien") {
			t.Errorf("%+v", e)
		}
	}
}
