package errcodes

// Param names a number that a text may mention. Numbers are all there is: what
// cannot hold a string cannot echo what somebody typed.
type Param string

// The params.
const (
	// ParamMinLength is the least number of characters of a password.
	ParamMinLength Param = "min_length"
	// ParamMaxLength is the greatest number of characters of a password.
	ParamMaxLength Param = "max_length"
	// ParamDigits is the number of digits of a one-time code.
	ParamDigits Param = "digits"
)

// paramTable fixes the index of each param in a paramSet, and what a text says
// where an error does not carry the number: the library's own defaults.
var paramTable = [...]struct {
	param Param
	value int32
}{
	{ParamMinLength, 15},
	{ParamMaxLength, 256},
	{ParamDigits, 6},
}

// paramSet holds the numbers an error carries; zero means none.
type paramSet [len(paramTable)]int32

func (s *paramSet) set(p Param, v int32) {
	for i := range paramTable {
		if paramTable[i].param == p {
			s[i] = v
		}
	}
}

func (s *paramSet) get(p string) (int32, bool) {
	for i := range paramTable {
		if string(paramTable[i].param) == p {
			if s[i] != 0 {
				return s[i], true
			}
			return paramTable[i].value, true
		}
	}
	return 0, false
}
