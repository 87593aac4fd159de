package passpolicy

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/sekisho-auth/sekisho/errcodes"
	"golang.org/x/text/unicode/norm"
)

// alone is the default: the password is the only factor.
// withFactor is for passwords that are always used with a second one.
var (
	alone      = Policy{Words: []string{"Sekisho", "関所"}}
	withFactor = Policy{MinLength: LeastMinLength, Words: alone.Words}
)

const owner = "taro.yamada88@mail.example.co.jp"

// varied makes n code points that no list and no rule knows, from r upwards.
func varied(r rune, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteRune(r + rune(i*i*7%61))
	}
	return b.String()
}

func TestLengthCountsCodePoints(t *testing.T) {
	for name, first := range map[string]rune{"latin": 'Ā', "kanji": '一', "emoji": '😀', "cyrillic": 'Ѡ', "beyond the BMP": '𠀀'} {
		for n, want := range map[int]Violation{14: TooShort, 15: "", 64: "", 200: ""} {
			if got := alone.find(varied(first, n), owner); got != want {
				t.Errorf("%d × %s: %q, want %q", n, name, got, want)
			}
		}
		if got := withFactor.find(varied(first, 7), owner); got != TooShort {
			t.Errorf("7 × %s: %q", name, got)
		}
		if got := withFactor.find(varied(first, 8), owner); got != "" {
			t.Errorf("8 × %s: %q", name, got)
		}
	}
	// 256 × one byte, and just beyond.
	if got := alone.find(varied('A', 256), owner); got != "" {
		t.Errorf("256: %q", got)
	}
	if got := alone.find(varied('A', 257), owner); got != TooLong {
		t.Errorf("257: %q", got)
	}
	// Of one character it is the length that is fine; what is refused is that it
	// is one character.
	for _, c := range []string{"é", "漢", "😀", "a", " "} {
		if got := alone.find(strings.Repeat(c, 14), owner); got != TooShort {
			t.Errorf("14 × %q: %q", c, got)
		}
		if got := alone.find(strings.Repeat(c, 15), owner); got != Predictable {
			t.Errorf("15 × %q: %q", c, got)
		}
	}
}

func TestLengthIsCountedAfterNFC(t *testing.T) {
	decomposed := strings.ReplaceAll("a-b-c-d-e-f-g-h", "-", "e\u0301") // 15 after NFC, 22 before
	if got := alone.find(decomposed, owner); got != "" {
		t.Errorf("15 after NFC: %q", got)
	}
	if got := alone.find(decomposed[1:], owner); got != TooShort {
		t.Errorf("14 after NFC: %q", got)
	}
}

func TestBytesAndEncoding(t *testing.T) {
	if got := alone.find(varied('一', 256), owner); got != "" { // 768 bytes
		t.Errorf("256 kanji: %q", got)
	}
	if got := alone.find(varied('𠀀', 256), owner); got != "" { // exactly 1024 bytes
		t.Errorf("1024 bytes: %q", got)
	}
	if got := alone.find(strings.Repeat("e\u0301\u0323", 205), owner); got != TooLong { // 1025 bytes
		t.Errorf("1025 bytes: %q", got)
	}
	// 120 syllables of Hangul, typed as two or three letters each: 1074 bytes.
	if got := alone.find(norm.NFD.String(varied('각', 60)+strings.Repeat("각", 60)), owner); got != TooLong {
		t.Errorf("120 code points after NFC, over 1024 bytes before: %q", got)
	}
	if got := alone.find(strings.Repeat("x", 10<<20), owner); got != TooLong {
		t.Errorf("10 MiB: %q", got)
	}
	if got := alone.find("a phrase that is \xff not text", owner); got != NotText {
		t.Errorf("invalid UTF-8: %q", got)
	}
	for _, pw := range []string{"", "short"} {
		if got := alone.find(pw, owner); got != TooShort {
			t.Errorf("%q: %q", pw, got)
		}
	}
}

func TestNoCompositionRules(t *testing.T) {
	for _, pw := range []string{
		"fifty three stations of the tokaido", "correct horse battery staple", "correcthorsebatterystaple",
		"correct horse battery password", "password correct horse battery", // a listed word is no reason
		"password dragon sunshine monkey", "all lower case words here", "ALL UPPER CASE WORDS HERE",
		"829104757361094", "40271 83956 20718", "!?$%&/()=+*~#;:<", "              x  y z q w t   k",
		"東海道五十三次の宿場を歩いてゆく", "ひらがなだけのながいあいことばです", "カタカナダケノナガイアイコトバデス",
		"sekisho is the gate I pass daily", "taro and yamada went to sea", "メールのパスワードはこれですから",
		"summer winter autumn spring", "my birthday is not 1985-01-01", "aaaa bbbb cccc dddd but then more",
	} {
		if err := alone.Check(pw, owner); err != nil {
			t.Errorf("%q: %v", pw, errors.Unwrap(err))
		}
	}
}

func TestEveryListedPasswordIsRefused(t *testing.T) {
	eight, fifteen := 0, 0
	for line := range strings.Lines(commonList()) {
		pw := strings.TrimSuffix(line, "\n")
		n := len([]rune(pw))
		for _, form := range []string{pw, strings.ToUpper(pw), strings.ToUpper(pw[:1]) + pw[1:], fullWidth(pw)} {
			if n >= LeastMinLength {
				if got := withFactor.find(form, owner); got != Common {
					t.Errorf("%q: %q", form, got)
				}
			}
			if n >= DefaultMinLength {
				if got := alone.find(form, owner); got != Common {
					t.Errorf("%q: %q", form, got)
				}
			}
		}
		if n >= LeastMinLength {
			eight++
			// Twice a listed password is long enough for the default and no better.
			if got := alone.find(pw+pw, owner); got == "" {
				t.Errorf("%q twice is accepted", pw)
			}
			if got := alone.find(pw+" "+pw, owner); got == "" {
				t.Errorf("%q twice, with a space, is accepted", pw)
			}
			if got := alone.find(pw+"1234567", owner); got == "" {
				t.Errorf("%q and a run is accepted", pw)
			}
		}
		if n >= DefaultMinLength {
			fifteen++
		}
	}
	if eight < 3000 || fifteen < 40 {
		t.Errorf("%d listed passwords fit the least length, %d the default", eight, fifteen)
	}
}

func fullWidth(s string) string {
	return strings.Map(func(r rune) rune {
		if r > ' ' && r <= '~' {
			return r + 0xFEE0
		}
		return r
	}, s)
}

func TestContext(t *testing.T) {
	for pw, want := range map[string]Violation{
		owner: Context, "Taro.Yamada88@Mail.Example.CO.JP": Context, "taro.yamada88": Context,
		"tarotarotarotaro": Context, "taroyamadataroyamada": Context, "yamada taro 1985": Context,
		"TaroYamada!!!!!!!": Context, "--taro--yamada--": Context, "ｔａｒｏｙａｍａｄａ１９８５": Context,
		"sekishosekisho2026": Context, "Sekisho-2026-0704": Context, "20260704-sekisho": Context,
		"taro@sekisho 12345": Context, "example.co.jp/2026": Context, "関所関所20260704731": Context,
		"mail.example.co.jp": Context, "88taroyamada88 88": Context,
		// Something of one's own in it.
		"sekisho gate of taro yamada": "", "taroyamadaxsekisho": "", "my sekisho 20260704": "",
		"yamadatarotokaido": "", "829104757361094": "",
	} {
		p := alone
		if len([]rune(pw)) < 15 {
			p = withFactor
		}
		if got := p.find(pw, owner); got != want {
			t.Errorf("%q: %q, want %q", pw, got, want)
		}
	}
	// The same passwords for somebody else.
	for _, pw := range []string{"taroyamadataroyamada", "yamada taro 1985"} {
		if got := withFactor.find(pw, "hanako@example.org"); got != "" && got != Common {
			t.Errorf("%q for somebody else: %q", pw, got)
		}
	}
	// Empty and odd contexts refuse nothing and do not crash.
	for _, id := range []string{"", "@", "a@b", "\xff@\xfe", "....", strings.Repeat("x", 1<<16)} {
		if got := (Policy{Words: []string{"", " ", "-", "x"}}).find("fifty three stations of the tokaido", id); got != "" {
			t.Errorf("identifier %.20q: %q", id, got)
		}
	}
	if got := alone.find("8675 3091 8675 30", "8675308@example.com"); got != "" {
		t.Errorf("digits that are not the identifier's: %q", got)
	}
	if got := alone.find("09012345678-0000-77", "09012345678@example.com"); got != Context {
		t.Errorf("a telephone number as local part: %q", got)
	}
}

func TestPatterns(t *testing.T) {
	for pw, want := range map[string]Violation{
		"aaaaaaaaaaaaaaa": Predictable, "AAAAAAAAAAAAAAA": Predictable, "abababababababab": Predictable,
		"xk9#qLmxk9#qLmxk9#qLm": Predictable, "xk9# xk9# xk9# xk9#": Predictable, "お茶お茶お茶お茶お茶お茶お茶お茶": Predictable,
		"passwordpassword": Common, "password password": Common, "password-password-password": Common,
		"123456789012345": Predictable, "987654321098765": Predictable, "1234-5678-9012-3456": Predictable,
		"abcdefghijklmno": Predictable, "zyxwvutsrqponml": Predictable, "aabbccddeeffggh": Predictable,
		"qwertyuiopasdfg": Predictable, "poiuytrewqlkjhg": Predictable, "zxcvbnmasdfghjk": Predictable,
		"azertyuiopqsdfg": Predictable, "1qaz2wsx3edc4rf": Predictable, "zaq12wsxcde34rfv": Predictable,
		"1q2w3e4r5t6y7u8": Predictable, "!@#$%^&*()!@#$%": Predictable, "abcdefg12345678": Predictable,
		"あいうえおかきくけこさしすせそ": Predictable, "アイウエオカキクケコサシスセソ": Predictable,
		"いろはにほへとちりぬるをわかよ": Predictable, "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿ": Predictable, "一二三四五六七八九十一二三四五": Predictable,
		"password1234567": Common, "1234567password": Common, "dragon123456789": Common, "sunshine--------": Common,
		// A repeated unit of eight or more that nobody lists.
		"xk9#qLm2xk9#qLm2": "", "xk9#qLm2 xk9#qLm2": "",
		"xk9#qLm xk9#qLm": Predictable, "sasha_007 sasha_007": Common, "sasha_007 sasha_007x": "",
		// Runs within more.
		"abcdefgh my gate": "", "12345678 my gate": "", "password82910475": "",
	} {
		if got := alone.find(pw, owner); got != want {
			t.Errorf("%q: %q, want %q", pw, got, want)
		}
	}
	for pw, want := range map[string]Violation{
		"19850401": Predictable, "31121999": Predictable, "12311999": Predictable, "1985-04-01": Predictable, "1985/04/01": Predictable,
		"19851341": "", "99991231": "", "82910475": "", "18500401": "",
		"12345678": Common, "abcdefgh": Predictable, "abcd1234": Common, "hgfedcba": Predictable,
	} {
		if got := withFactor.find(pw, owner); got != want {
			t.Errorf("%q: %q, want %q", pw, got, want)
		}
	}
}

func TestTracksAreCircles(t *testing.T) {
	for _, track := range tracks {
		seen := map[rune]bool{}
		for _, r := range track {
			if seen[r] {
				t.Errorf("%q has %q twice", track, r)
			}
			seen[r] = true
			if got := fold(string(r)); got != string(r) {
				t.Errorf("%q in %q is not folded", r, track)
			}
		}
	}
}

func TestCheckError(t *testing.T) {
	const canary = "canary" // too short
	err := Policy{MinLength: 20}.Check(canary, owner)
	if errcodes.ReasonOf(err) != errcodes.ReasonWeakPassword || errcodes.CodeOf(err) != errcodes.CodeInvalidCredentials {
		t.Fatalf("%v", err)
	}
	if !errors.Is(err, TooShort) || errors.Is(err, Common) {
		t.Errorf("cause: %v", errors.Unwrap(err))
	}
	if v, ok := errors.AsType[Violation](err); !ok || v != TooShort {
		t.Errorf("%q, %v", v, ok)
	}
	if s := fmt.Sprintf("%v %+v", err, errors.Unwrap(err)); strings.Contains(s, canary) {
		t.Errorf("the password is in %q", s)
	}
	if err := alone.Check("fifty three stations of the tokaido", owner); err != nil {
		t.Errorf("%v", err)
	}
	for _, v := range []Violation{NotText, TooShort, TooLong, Common, Context, Predictable, Breached} {
		if v == "" || !strings.Contains(v.Error(), string(v)) {
			t.Errorf("%q", v.Error())
		}
		if err := alone.Refuse(v); !errors.Is(err, v) || errcodes.ReasonOf(err) != errcodes.ReasonWeakPassword {
			t.Errorf("%v", err)
		}
	}
}

func TestValidate(t *testing.T) {
	for want, p := range map[string]Policy{
		"":                    {},
		" ":                   {MinLength: 8, MaxLength: 64},
		"MinLength is 7":      {MinLength: 7},
		"MinLength is -1":     {MinLength: -1},
		"MaxLength is 63":     {MaxLength: 63},
		"MaxLength is 257":    {MaxLength: 257},
		"MinLength 65 is abo": {MinLength: 65, MaxLength: 64},
	} {
		err := p.Validate()
		if (strings.TrimSpace(want) == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

func TestConcurrentFirstUse(t *testing.T) {
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if alone.find("passwordpassword", owner) != Common {
				t.Error("accepted")
			}
		})
	}
	wg.Wait()
}
