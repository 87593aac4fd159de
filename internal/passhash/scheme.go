package passhash

import (
	"crypto/rand"
	"encoding/base64"
	"strconv"
	"strings"
)

// schemePrefix begins the stored form of this package's own hashes, up to the
// pepper's ID.
const schemePrefix = "$sekisho$1$k="

// bcryptLen is the length of a standard bcrypt string.
const bcryptLen = 60

const (
	saltBytes   = 16 // 22 characters
	digestBytes = 23 // 31 characters
)

// alphabet64 is bcrypt's own base64.
const alphabet64 = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

var encoding64 = base64.NewEncoding(alphabet64).WithPadding(base64.NoPadding)

// parsed is a stored string that passed every check.
type parsed struct {
	plain  bool   // made elsewhere, over the raw password
	pepper int    // 0 for plain
	cost   int    // bcryptMinCost to MaxVerifyCost
	bcrypt string // 60 bytes, $2a$ or $2b$
}

// parse takes a stored string apart. It accepts exactly
// (\$sekisho\$1\$k=(0|[1-9]\d{0,8})\$)?\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}
// with a cost of 4 to 16, and says why otherwise. x/crypto/bcrypt cannot be
// asked: it takes "$1a$" and "$2z$" for bcrypt, ignores what follows byte 60,
// and would start working on a cost of 31.
func parse(stored string) (parsed, Reason) {
	p := parsed{plain: true}
	rest := stored
	if tail, ours := strings.CutPrefix(stored, schemePrefix); ours {
		id, bc, found := strings.Cut(tail, "$")
		n, ok := parsePepperID(id)
		if !found || !ok {
			return parsed{}, ReasonMalformed
		}
		p.plain, p.pepper, rest = false, n, bc
	}
	cost, why := parseBcrypt(rest)
	if why != "" {
		return parsed{}, why
	}
	p.cost, p.bcrypt = cost, normalise(rest)
	return p, ""
}

// parsePepperID reads a decimal number without sign or leading zero, so that
// one ID has one spelling.
func parsePepperID(s string) (int, bool) {
	if s == "0" {
		return 0, true
	}
	if s == "" || len(s) > 9 || s[0] == '0' {
		return 0, false
	}
	for i := range len(s) {
		if !isDigit(s[i]) {
			return 0, false
		}
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

// parseBcrypt checks a bare bcrypt string and returns its cost.
func parseBcrypt(s string) (cost int, why Reason) {
	if len(s) != bcryptLen || s[:2] != "$2" || s[3] != '$' || s[6] != '$' || !isDigit(s[4]) || !isDigit(s[5]) {
		return 0, ReasonMalformed
	}
	if v := s[2]; v != 'a' && v != 'b' && v != 'y' {
		return 0, ReasonMalformed
	}
	for i := 7; i < bcryptLen; i++ {
		if strings.IndexByte(alphabet64, s[i]) < 0 {
			return 0, ReasonMalformed
		}
	}
	cost = int(s[4]-'0')*10 + int(s[5]-'0')
	switch {
	case cost < bcryptMinCost:
		return 0, ReasonMalformed
	case cost > MaxVerifyCost:
		return 0, ReasonTooCostly
	}
	return cost, ""
}

// normalise writes "$2y$", which is PHP's name for what OpenBSD calls "$2b$",
// in the way that every Hasher must know.
func normalise(s string) string {
	if s[2] == 'y' {
		return "$2b" + s[3:]
	}
	return s
}

// dummy is a well-formed bcrypt string that was not made from a password: random
// salt and random digest. Comparing with it costs what comparing with a real one
// costs, and making it costs nothing.
func dummy(cost int) string {
	var b [saltBytes + digestBytes]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	s := []byte("$2a$00$")
	s[4], s[5] = byte('0'+cost/10), byte('0'+cost%10)
	s = encoding64.AppendEncode(s, b[:saltBytes])
	return string(encoding64.AppendEncode(s, b[saltBytes:]))
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
