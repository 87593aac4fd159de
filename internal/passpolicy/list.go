package passpolicy

import (
	"bytes"
	"compress/gzip"
	_ "embed" // for the list
	"io"
	"strings"
	"sync"
)

//go:embed data/common.txt.gz
var packedList []byte

// commonList is the embedded list: one folded password a line, sorted by bytes.
// It is unpacked at the first look-up, into one string.
var commonList = sync.OnceValue(func() string { return mustUnpack(packedList) })

// mustUnpack panics if the embedded file is damaged, which a test rules out: a
// list that is silently empty would be worse.
func mustUnpack(packed []byte) string {
	zr, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		panic("passpolicy: embedded list: " + err.Error())
	}
	var b strings.Builder
	b.Grow(256 << 10)
	if _, err := io.Copy(&b, zr); err != nil { //nolint:gosec // our own file
		panic("passpolicy: embedded list: " + err.Error())
	}
	return b.String()
}

// listed says whether the folded password s is on the list, by binary search in
// the text itself.
func listed(s string) bool {
	if s == "" || strings.IndexByte(s, '\n') >= 0 {
		return false
	}
	text := commonList()
	lo, hi := 0, len(text) // both at the start of a line, or at the end
	for lo < hi {
		mid := lo + (hi-lo)/2
		start := strings.LastIndexByte(text[lo:mid], '\n') + 1 + lo
		end := strings.IndexByte(text[start:], '\n') + start
		switch line := text[start:end]; {
		case line == s:
			return true
		case line < s:
			lo = end + 1
		default:
			hi = start
		}
	}
	return false
}
