package authhttp

import (
	"errors"
	"unicode/utf16"
	"unicode/utf8"
)

// What is wrong with a body, for the log. None repeats what was sent.
var (
	errJSONSyntax    = errors.New("authhttp: body is not a flat JSON object of strings and booleans")
	errJSONEncoding  = errors.New("authhttp: body is not valid UTF-8, or holds half of a surrogate pair")
	errJSONUnknown   = errors.New("authhttp: body has a field that is not known here")
	errJSONRepeated  = errors.New("authhttp: body has a field twice")
	errJSONType      = errors.New("authhttp: body has a field of another type")
	errJSONTrailing  = errors.New("authhttp: body goes on behind the JSON object")
	errFormSyntax    = errors.New("authhttp: body is not a well-formed form")
	errFormRepeated  = errors.New("authhttp: form has a field twice")
	errFormBoolean   = errors.New("authhttp: form has a box that is neither ticked nor empty")
	errBodyTruncated = errors.New("authhttp: body ended early")
)

// field is a set of body fields.
type field uint16

const (
	fieldEmail field = 1 << iota
	fieldPassword
	fieldReturnTo
	fieldToken
	fieldCurrent
	fieldNew
	fieldRemember
)

// fieldNames are the names of the fields in bodies, in the order of the bits.
var fieldNames = [...]string{"email", "password", "return_to", "token", "current", "new", "remember"}

// fieldNamed returns the field with exactly this name, 0 if there is none.
func fieldNamed(name string) field {
	for i, known := range fieldNames {
		if known == name {
			return 1 << i
		}
	}
	return 0
}

// fields holds what a body said.
type fields struct {
	email, password, returnTo, token, current, new string
	remember                                       bool
}

// text returns where the value of a field goes, nil for booleans.
func (f *fields) text(of field) *string {
	switch of {
	case fieldEmail:
		return &f.email
	case fieldPassword:
		return &f.password
	case fieldReturnTo:
		return &f.returnTo
	case fieldToken:
		return &f.token
	case fieldCurrent:
		return &f.current
	case fieldNew:
		return &f.new
	default:
		return nil
	}
}

// scanner reads one flat JSON object. encoding/json is not used here: it takes the last of two fields with one name,
// takes "EMAIL" for "email", and replaces bytes that are no UTF-8, so that two parties can read one body differently
// (RFC 8259 §4, §8.2). Its tokens would do, at thirty allocations a body: a refusal has forty in all. Fuzzing holds the
// scanner against encoding/json: what it takes means the same there.
type scanner struct {
	in  []byte
	pos int
	buf []byte // holds strings with escapes while they are put together
}

// parseJSON reads body, which must be one object whose fields are all in allowed, each at most once, each a string or,
// for remember, a boolean. null stands for nothing and is refused like every other type.
func parseJSON(body []byte, allowed field, into *fields) error {
	if !utf8.Valid(body) {
		return errJSONEncoding
	}
	s := scanner{in: body}
	if !s.next('{') {
		return errJSONSyntax
	}
	if !s.next('}') {
		var seen field
		for {
			if err := s.member(allowed, &seen, into); err != nil {
				return err
			}
			if s.next(',') {
				continue
			}
			if s.next('}') {
				break
			}
			return errJSONSyntax
		}
	}
	s.space()
	if s.pos != len(s.in) {
		return errJSONTrailing
	}
	return nil
}

// member reads one name and its value.
func (s *scanner) member(allowed field, seen *field, into *fields) error {
	name, err := s.str()
	if err != nil {
		return err
	}
	var f field
	for i, known := range fieldNames {
		if known == string(name) { // no copy: the compiler compares in place
			f = 1 << i
		}
	}
	if f&allowed == 0 {
		return errJSONUnknown
	}
	if f&*seen != 0 {
		return errJSONRepeated
	}
	*seen |= f
	if !s.next(':') {
		return errJSONSyntax
	}
	s.space()
	to := into.text(f)
	if to == nil {
		into.remember, err = s.boolean()
		return err
	}
	if s.pos < len(s.in) && s.in[s.pos] != '"' {
		return errJSONType
	}
	value, err := s.str()
	if err != nil {
		return err
	}
	*to = string(value)
	return nil
}

// space passes over what RFC 8259 §2 calls whitespace. A byte order mark is none.
func (s *scanner) space() {
	for s.pos < len(s.in) {
		switch s.in[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// next passes over space and c, if c is there.
func (s *scanner) next(c byte) bool {
	s.space()
	if s.pos < len(s.in) && s.in[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

func (s *scanner) boolean() (bool, error) {
	rest := s.in[s.pos:]
	switch {
	case len(rest) >= 4 && string(rest[:4]) == "true":
		s.pos += 4
		return true, nil
	case len(rest) >= 5 && string(rest[:5]) == "false":
		s.pos += 5
		return false, nil
	default:
		return false, errJSONType
	}
}

// str reads a string. What it returns is valid until the next call.
func (s *scanner) str() ([]byte, error) {
	if !s.next('"') {
		return nil, errJSONSyntax
	}
	start := s.pos
	for ; s.pos < len(s.in); s.pos++ {
		switch c := s.in[s.pos]; {
		case c == '"':
			s.pos++
			return s.in[start : s.pos-1], nil
		case c == '\\':
			return s.escaped(start)
		case c < 0x20:
			return nil, errJSONSyntax
		}
	}
	return nil, errJSONSyntax
}

// escaped goes on with a string at its first backslash.
func (s *scanner) escaped(start int) ([]byte, error) {
	s.buf = append(s.buf[:0], s.in[start:s.pos]...)
	for s.pos < len(s.in) {
		c := s.in[s.pos]
		s.pos++
		switch {
		case c == '"':
			return s.buf, nil
		case c < 0x20:
			return nil, errJSONSyntax
		case c != '\\':
			s.buf = append(s.buf, c)
		default:
			if err := s.escape(); err != nil {
				return nil, err
			}
		}
	}
	return nil, errJSONSyntax
}

// escape reads what follows a backslash.
func (s *scanner) escape() error {
	if s.pos >= len(s.in) {
		return errJSONSyntax
	}
	c := s.in[s.pos]
	s.pos++
	switch c {
	case '"', '\\', '/':
		s.buf = append(s.buf, c)
	case 'b':
		s.buf = append(s.buf, '\b')
	case 'f':
		s.buf = append(s.buf, '\f')
	case 'n':
		s.buf = append(s.buf, '\n')
	case 'r':
		s.buf = append(s.buf, '\r')
	case 't':
		s.buf = append(s.buf, '\t')
	case 'u':
		return s.unicode()
	default:
		return errJSONSyntax
	}
	return nil
}

// unicode reads the four digits behind \u and, for the first half of a surrogate pair, the second half. A half alone
// stands for no character, and is refused instead of being replaced: a replacement would make different passwords
// equal.
func (s *scanner) unicode() error {
	r, ok := s.hex4()
	if !ok {
		return errJSONSyntax
	}
	if utf16.IsSurrogate(r) {
		if s.pos+1 >= len(s.in) || s.in[s.pos] != '\\' || s.in[s.pos+1] != 'u' {
			return errJSONEncoding
		}
		s.pos += 2
		low, ok := s.hex4()
		if !ok {
			return errJSONSyntax
		}
		if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
			return errJSONEncoding
		}
	}
	s.buf = utf8.AppendRune(s.buf, r)
	return nil
}

func (s *scanner) hex4() (rune, bool) {
	if len(s.in)-s.pos < 4 {
		return 0, false
	}
	var r rune
	for range 4 {
		c := s.in[s.pos]
		s.pos++
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
