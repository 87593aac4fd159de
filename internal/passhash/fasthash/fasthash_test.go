package fasthash

import (
	"fmt"
	"regexp"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

func TestHasher(t *testing.T) {
	var h Hasher
	form := regexp.MustCompile(`^\$2a\$\d\d\$[./A-Za-z0-9]{53}$`)
	for cost := 4; cost <= 31; cost++ {
		a, err := h.Hash([]byte("key"), cost)
		if err != nil || !form.MatchString(a) || a[4:6] != fmt.Sprintf("%02d", cost) {
			t.Fatalf("%q, %v", a, err)
		}
		if b, _ := h.Hash([]byte("key"), cost); a == b {
			t.Error("no salt")
		}
		for _, v := range []string{"$2a$", "$2b$"} {
			if ok, err := h.Compare(v+a[4:], []byte("key")); !ok || err != nil {
				t.Errorf("%v, %v", ok, err)
			}
			if ok, err := h.Compare(v+a[4:], []byte("kez")); ok || err != nil {
				t.Errorf("%v, %v", ok, err)
			}
		}
		if c, err := bcrypt.Cost([]byte(a)); c != cost || err != nil {
			t.Errorf("x/crypto reads cost %d, %v", c, err)
		}
	}
	for _, cost := range []int{-1, 0, 3, 32} {
		if _, err := h.Hash(nil, cost); err == nil {
			t.Errorf("cost %d accepted", cost)
		}
	}
	if _, err := h.Compare("short", nil); err == nil {
		t.Error("a short hash is a fault")
	}
}

func TestIsNotBcrypt(t *testing.T) {
	var h Hasher
	fast, _ := h.Hash([]byte("key"), 4)
	if bcrypt.CompareHashAndPassword([]byte(fast), []byte("key")) == nil {
		t.Error("bcrypt takes a fast hash")
	}
	slow, _ := bcrypt.GenerateFromPassword([]byte("key"), 4)
	if ok, err := h.Compare(string(slow), []byte("key")); ok || err != nil {
		t.Errorf("a bcrypt hash: %v, %v", ok, err)
	}
}
