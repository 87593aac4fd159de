package seal

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// What key(1) makes: its id and the index key of "lock"; and "secret" sealed
// for "totp" and "user-1".
const (
	goldenDerived = "bbdf20362543340b bf7570e4027530c948214423ce0206936fe3b5a8a97c6ef5320acfdbf66ec885"
	goldenSealed  = "01bbdf20362543340bedb34b2300ecd9f8de1431937bd6594fce274fc97f318c2aed8782c41799e5a989b1"
)

func key(b byte) Key {
	var k Key
	for i := range k {
		k[i] = b ^ byte(i)
	}
	return k
}

func ring(t testing.TB, keys ...Key) *Ring {
	t.Helper()
	r, err := NewRing(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestNewRingRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		keys []Key
		want string
	}{
		"no key":       {nil, "empty"},
		"zeros":        {[]Key{key(1), {}}, "key 2 of the ring is all zeros"},
		"the same key": {[]Key{key(1), key(2), key(1)}, "key 3"},
	} {
		if _, err := NewRing(tt.keys...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, tt.want)
		}
	}
}

func TestSealOpens(t *testing.T) {
	r := ring(t, key(1))
	for _, plain := range []string{"", "x", "JBSWY3DPEHPK3PXP", strings.Repeat("long", 5000)} {
		for _, aad := range []string{"", "user-1"} {
			sealed := r.Seal("totp", []byte(plain), []byte(aad))
			if len(sealed) != len(plain)+Overhead {
				t.Errorf("%d bytes sealed are %d, want %d", len(plain), len(sealed), len(plain)+Overhead)
			}
			if plain != "x" && plain != "" && bytes.Contains(sealed, []byte(plain)) {
				t.Error("the sealed value holds the plaintext")
			}
			got, err := r.Open("totp", sealed, []byte(aad))
			if err != nil || string(got) != plain {
				t.Errorf("Open = %q, %v", got, err)
			}
			if again := r.Seal("totp", []byte(plain), []byte(aad)); bytes.Equal(again, sealed) {
				t.Error("two seals of one plaintext are equal")
			}
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	r, other := ring(t, key(1)), ring(t, key(2))
	sealed := r.Seal("totp", []byte("secret"), []byte("user-1"))
	for name, tt := range map[string]struct {
		ring       *Ring
		label, aad string
		value      []byte
		want       error
	}{
		"other label":        {r, "ticket", "user-1", sealed, ErrAuth},
		"empty label":        {r, "", "user-1", sealed, ErrAuth},
		"other row":          {r, "totp", "user-2", sealed, ErrAuth},
		"no row":             {r, "totp", "", sealed, ErrAuth},
		"other key":          {other, "totp", "user-1", sealed, ErrUnknownKey},
		"empty":              {r, "totp", "user-1", nil, ErrMalformed},
		"header alone":       {r, "totp", "user-1", sealed[:header], ErrMalformed},
		"one byte too short": {r, "totp", "user-1", sealed[:Overhead-1], ErrMalformed},
		"cut":                {r, "totp", "user-1", sealed[:len(sealed)-1], ErrAuth},
		"longer":             {r, "totp", "user-1", append(bytes.Clone(sealed), 0), ErrAuth},
		"version 0":          {r, "totp", "user-1", append([]byte{0}, sealed[1:]...), ErrMalformed},
		"version 2":          {r, "totp", "user-1", append([]byte{2}, sealed[1:]...), ErrMalformed},
	} {
		got, err := tt.ring.Open(tt.label, tt.value, []byte(tt.aad))
		if !errors.Is(err, tt.want) || got != nil {
			t.Errorf("%s: Open = %q, %v; want %v", name, got, err, tt.want)
		}
	}
}

// TestEveryBitCounts alters each bit of a sealed value in turn: none opens.
func TestEveryBitCounts(t *testing.T) {
	r := ring(t, key(1), key(2))
	sealed := r.Seal("totp", []byte("secret"), nil)
	for i := range len(sealed) * 8 {
		altered := bytes.Clone(sealed)
		altered[i/8] ^= 1 << (i % 8)
		if got, err := r.Open("totp", altered, nil); err == nil || got != nil {
			t.Fatalf("bit %d altered: Open = %q, %v", i, got, err)
		}
	}
	// A value moved under the id of another key of the ring does not open
	// either.
	moved := bytes.Clone(sealed)
	copy(moved[1:], r.keys[1].id[:])
	if _, err := r.Open("totp", moved, nil); !errors.Is(err, ErrAuth) {
		t.Errorf("key id exchanged: %v", err)
	}
}

func TestRotation(t *testing.T) {
	before := ring(t, key(1))
	old := before.Seal("totp", []byte("secret"), nil)
	after := ring(t, key(3), key(2), key(1))
	if got, err := after.Open("totp", old, nil); err != nil || string(got) != "secret" {
		t.Errorf("an old value after rotation: %q, %v", got, err)
	}
	fresh := after.Seal("totp", []byte("secret"), nil)
	if _, err := before.Open("totp", fresh, nil); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("a new value on a server with the old ring: %v", err)
	}
	if before.IndexKey("lock") != after.IndexKey("lock") {
		t.Error("rotation changed the index key: look-ups would find nothing")
	}
	if before.IndexKey("lock") == before.IndexKey("event") || before.IndexKey("lock") == ring(t, key(2)).IndexKey("lock") {
		t.Error("index keys of two labels or rings are equal")
	}
	if id, ok := KeyID(old); !ok || id != before.SealsWith() || id == after.SealsWith() {
		t.Errorf("KeyID of an old value = %q, %v", id, ok)
	}
	if id, ok := KeyID(fresh); !ok || id != after.SealsWith() {
		t.Errorf("KeyID of a new value = %q, %v", id, ok)
	}
	for _, bad := range [][]byte{nil, fresh[:Overhead-1], append([]byte{9}, fresh[1:]...)} {
		if id, ok := KeyID(bad); ok {
			t.Errorf("KeyID(%x) = %q", bad, id)
		}
	}
}

// TestDerivedKeysAreFixed pins what stored data depends on. These values never
// change.
func TestDerivedKeysAreFixed(t *testing.T) {
	r := ring(t, key(1))
	index := r.IndexKey("lock")
	if got := r.SealsWith() + " " + hex.EncodeToString(index[:]); got != goldenDerived {
		t.Errorf("derived %s, want %s", got, goldenDerived)
	}
	sealed, err := hex.DecodeString(goldenSealed)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := r.Open("totp", sealed, []byte("user-1")); err != nil || string(got) != "secret" {
		t.Errorf("a value sealed long ago: %q, %v", got, err)
	}
}

// TestPurposesAreApart: no label of one use reaches the key of another.
func TestPurposesAreApart(t *testing.T) {
	k := key(1)
	seen := map[string]string{}
	for _, purpose := range []string{"id", "seal/", "seal/id", "index/", "index/id", "seal/index/", "index/seal/", "seal/a", "index/a"} {
		got := string(derive(&k, purpose, KeySize))
		if other, twice := seen[got]; twice {
			t.Errorf("%q and %q have one key", purpose, other)
		}
		seen[got] = purpose
	}
}

func TestRingConcurrently(t *testing.T) {
	r := ring(t, key(2), key(1))
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for j := range 50 {
				label := fmt.Sprint("label", (i+j)%5)
				sealed := r.Seal(label, []byte("x"), nil)
				if _, err := r.Open(label, sealed, nil); err != nil {
					t.Error(err)
				}
				_, _ = r.SealsWith(), r.IndexKey(label)
			}
		})
	}
	wg.Wait()
}

func TestKeysDoNotPrint(t *testing.T) {
	k := Key([]byte("canary-canary-canary-canary-cana"))
	r := ring(t, k)
	type service struct{ ring *Ring }
	numbers := fmt.Sprint(k[:6])
	numbers = strings.Trim(numbers, "[]")
	for _, v := range []any{k, &k, []Key{k}, r, service{r}, &service{r}, struct{ R *Ring }{r}, fmt.Errorf("x %v", r)} {
		outs := []string{}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			outs = append(outs, fmt.Sprintf(verb, v))
		}
		if out, err := json.Marshal(v); err == nil {
			outs = append(outs, string(out))
		}
		for _, out := range outs {
			if strings.Contains(out, "canary") || strings.Contains(strings.ToLower(out), hex.EncodeToString([]byte("canary"))) ||
				strings.Contains(out, numbers) || strings.Contains(out, "0x63, 0x61") {
				t.Errorf("%T prints its key: %s", v, out)
			}
		}
	}
	if got := fmt.Sprint(r, " ", r.LogValue(), " ", (*Ring)(nil)); !strings.Contains(got, r.SealsWith()) {
		t.Errorf("a ring prints %q, want its key ids", got)
	}
	if k.GoString() != "[redacted]" || k.LogValue().String() != "[redacted]" {
		t.Error("GoString or LogValue of a key")
	}
}

func TestMACIsHMAC(t *testing.T) {
	// RFC 4231 test cases 1 to 3: keys shorter than 32 bytes are the same key
	// padded with zeros.
	for _, tt := range []struct{ key, data, want string }{
		{strings.Repeat("\x0b", 20), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
		{"Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{strings.Repeat("\xaa", 20), strings.Repeat("\xdd", 50), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
	} {
		var k [32]byte
		copy(k[:], tt.key)
		mac := newKeyed(&k).mac
		mac.Write([]byte(tt.data))
		if got := hex.EncodeToString(mac.Sum(nil)); got != tt.want {
			t.Errorf("HMAC of %q = %s, want %s", tt.data, got, tt.want)
		}
	}
}

func FuzzMAC(f *testing.F) {
	f.Add([]byte("key"), "ab", "c")
	f.Add([]byte{}, "", strings.Repeat("x", 1000))
	f.Fuzz(func(t *testing.T, seed []byte, a, b string) {
		k := sha256.Sum256(seed)
		h := hmac.New(sha256.New, k[:])
		for _, part := range []string{a, b} {
			h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
			h.Write([]byte(part))
		}
		got := MAC(&k, a, b)
		x := NewIndex(k)
		x.Sum("something", "else")
		for range 2 {
			if x.Sum(a, b) != got {
				t.Fatalf("an Index gives another MAC than MAC for (%q, %q)", a, b)
			}
		}
		if !hmac.Equal(got[:], h.Sum(nil)) {
			t.Fatalf("MAC(%q, %q) is not the HMAC", a, b)
		}
		if a+b != "" && (MAC(&k, a+b) == got || MAC(&k, a+b, "") == got && b != "") {
			t.Fatalf("(%q, %q) and their concatenation have one MAC", a, b)
		}
	})
}

func TestMACPartsAreApart(t *testing.T) {
	k := [32]byte(key(1))
	seen := map[[32]byte][]string{}
	for _, parts := range [][]string{{}, {""}, {"", ""}, {"abc"}, {"ab", "c"}, {"a", "bc"}, {"", "abc"}, {"abc", ""}, {"a", "b", "c"}} {
		sum := MAC(&k, parts...)
		if other, twice := seen[sum]; twice {
			t.Errorf("%q and %q have one MAC", parts, other)
		}
		seen[sum] = parts
	}
}

func FuzzOpen(f *testing.F) {
	r := ring(f, key(2), key(1))
	f.Add("totp", r.Seal("totp", []byte("secret"), nil), []byte{})
	f.Add("totp", r.Seal("totp", nil, []byte("a")), []byte("a"))
	f.Add("", []byte{version}, []byte{})
	f.Fuzz(func(t *testing.T, label string, sealed, aad []byte) {
		plain, err := r.Open("totp", sealed, aad)
		switch {
		case err == nil && len(plain) != len(sealed)-Overhead:
			t.Fatalf("%d bytes from %d", len(plain), len(sealed))
		case err != nil && (plain != nil || !errors.Is(err, ErrAuth) && !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrUnknownKey)):
			t.Fatalf("Open = %q, %v", plain, err)
		}
		again := r.Seal("totp", sealed, aad)
		if got, err := r.Open("totp", again, aad); err != nil || !bytes.Equal(got, sealed) {
			t.Fatalf("a sealed value does not open: %v", err)
		}
	})
}

func TestAllocations(t *testing.T) {
	r := ring(t, key(1))
	plain, aad := []byte("secret"), []byte("user-1")
	sealed := r.Seal("totp", plain, aad)
	for name, tt := range map[string]struct {
		most float64
		f    func()
	}{
		"Seal": {2, func() { r.Seal("totp", plain, aad) }},
		"Open": {2, func() { _, _ = r.Open("totp", sealed, aad) }},
	} {
		if got := testing.AllocsPerRun(100, tt.f); got > tt.most {
			t.Errorf("%s allocates %v times, want at most %v", name, got, tt.most)
		}
	}
}

func BenchmarkMAC(b *testing.B) {
	x := NewIndex([32]byte(key(1)))
	b.ReportAllocs()
	for b.Loop() {
		x.Sum("login", "somebody@example.com")
	}
}

func BenchmarkSeal(b *testing.B) {
	r := ring(b, key(1))
	b.ReportAllocs()
	for b.Loop() {
		r.Seal("totp", []byte("secret"), nil)
	}
}

func BenchmarkOpen(b *testing.B) {
	r := ring(b, key(1))
	sealed := r.Seal("totp", []byte("secret"), nil)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = r.Open("totp", sealed, nil)
	}
}
