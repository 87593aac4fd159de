package seal

import (
	"crypto/sha256"
	"encoding/binary"
)

// MAC returns HMAC-SHA-256 (RFC 2104) under key over parts, each preceded by
// its length in 8 bytes, so that ("ab", "c"), ("a", "bc") and ("abc") give
// three different results. It is safe for concurrent use.
func MAC(key *[32]byte, parts ...string) [32]byte {
	var buf [sha256.BlockSize + 320]byte // on the stack; longer messages move to the heap
	msg := innerPad(buf[:0], key)
	for _, p := range parts {
		msg = binary.BigEndian.AppendUint64(msg, uint64(len(p)))
		msg = append(msg, p...)
	}
	return finish(key, msg)
}

// innerPad and finish are the two halves of HMAC, written out because
// crypto/hmac costs seven allocations a call and a sign-in makes several. The
// message is appended to what innerPad returns. A test compares them with
// crypto/hmac.
func innerPad(dst []byte, key *[32]byte) []byte {
	for _, b := range key {
		dst = append(dst, b^0x36)
	}
	for range sha256.BlockSize - len(key) {
		dst = append(dst, 0x36)
	}
	return dst
}

func finish(key *[32]byte, msg []byte) [32]byte {
	inner := sha256.Sum256(msg)
	var outer [sha256.BlockSize + sha256.Size]byte
	for i := range sha256.BlockSize {
		outer[i] = 0x5c
	}
	for i, b := range key {
		outer[i] ^= b
	}
	copy(outer[sha256.BlockSize:], inner[:])
	return sha256.Sum256(outer[:])
}
