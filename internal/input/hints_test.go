package input

import (
	"slices"
	"strings"
	"testing"

	"github.com/sekisho-auth/sekisho/errcodes"
)

func TestPasswordHints(t *testing.T) {
	const (
		full, kana, lead, trail, inner = errcodes.HintFullWidth, errcodes.HintKanaInput, errcodes.HintLeadingSpace, errcodes.HintTrailingSpace, errcodes.HintInnerSpace
		invisible, caps, yen, encoding = errcodes.HintInvisibleCharacter, errcodes.HintCapsLock, errcodes.HintYenSign, errcodes.HintInvalidEncoding
	)
	for raw, want := range map[string][]errcodes.Hint{
		"":                         nil,
		"correcthorse":             nil,
		"Correct-Horse7":           nil,
		"p\\w":                     nil,
		"漢字":                       nil,
		"Ｐａｓｓ１":                    {full},
		"pass１":                    {full},
		"ぱすわーど":                    {kana},
		"パス":                       {kana},
		"ﾊﾟｽ":                      {kana},
		"pass-ー":                   {kana},
		"passｰ":                    {kana},
		" pass":                    {lead},
		"\u3000pass":               {lead},
		"\u00a0pass":               {lead},
		"pass ":                    {trail},
		"pass\n":                   {trail},
		"fifty three stations":     {inner},
		"a\u3000b":                 {inner},
		" a b ":                    {lead, trail, inner},
		"   ":                      {lead, trail},
		"pa\u200bss":               {invisible},
		"\ufeffpass":               {invisible},
		"pass\u200b":               {invisible},
		"pass\u202e":               {invisible},
		"pa\x00ss":                 {invisible},
		"pa\tss":                   {inner, invisible},
		"PASSWORD":                 {caps},
		"pASSWORD":                 {caps},
		"PASS1!":                   {caps},
		"1pASSWORD":                {caps},
		"PAS":                      nil,
		"PASs":                     nil,
		"PASSWORd":                 nil,
		"PASSWoRD":                 nil,
		"ＰＡＳＳ":                     {full, caps},
		"ÀÉÎÕ":                     {caps},
		"pass¥word":                {yen},
		"pass￥word":                {full, yen},
		"pass\xff":                 {encoding},
		" PASS\xff":                {encoding},
		strings.Repeat(" ", 1<<20): nil,
	} {
		if got := PasswordHints(raw); !slices.Equal(got, want) {
			t.Errorf("PasswordHints(%.60q) = %v, want %v", raw, got, want)
		}
	}
}

func TestIdentifierHints(t *testing.T) {
	const full, kana, invisible, typo, encoding = errcodes.HintFullWidth, errcodes.HintKanaInput, errcodes.HintInvisibleCharacter, errcodes.HintEmailDomainTypo, errcodes.HintInvalidEncoding
	for raw, want := range map[string][]errcodes.Hint{
		"":                        nil,
		"demo@example.com":        nil,
		" DEMO@example.com ":      nil,
		"de mo@example.com":       nil,
		"ｄｅｍｏ@example.com":        {full},
		"demo＠gmial.com":          {full, typo},
		"でも@example.com":          {kana},
		"demo@gmail.con":          {typo},
		"demo\u200b@gmail.com":    {invisible},
		"\u202edemo@example.com":  {invisible},
		"demo@gmail.com\x00":      {invisible},
		"demo@gmial.com\xff":      {encoding},
		strings.Repeat("ａ", 1000): nil,
	} {
		if got := IdentifierHints(raw); !slices.Equal(got, want) {
			t.Errorf("IdentifierHints(%.60q) = %v, want %v", raw, got, want)
		}
	}
}

func TestCodeHints(t *testing.T) {
	for raw, want := range map[string][]errcodes.Hint{
		"123456":                   nil,
		"123 456":                  nil,
		"１２３":                      {errcodes.HintFullWidth},
		"１２３\xff":                  {errcodes.HintInvalidEncoding},
		strings.Repeat("１", 10000): nil,
	} {
		if got := CodeHints(raw); !slices.Equal(got, want) {
			t.Errorf("CodeHints(%.60q) = %v, want %v", raw, got, want)
		}
	}
}

// FuzzPasswordHints: hints come in the order of the catalogue, each once, and
// depend on nothing but the input.
func FuzzPasswordHints(f *testing.F) {
	for _, s := range []string{"Ｐａｓｓ１", " pASSWORD\u200b", "\xff", "¥", ""} {
		f.Add(s)
	}
	order := slices.Collect(errcodes.Hints())
	f.Fuzz(func(t *testing.T, raw string) {
		for _, hints := range [][]errcodes.Hint{PasswordHints(raw), IdentifierHints(raw), CodeHints(raw)} {
			last := -1
			for _, h := range hints {
				at := slices.Index(order, h)
				if at <= last {
					t.Fatalf("hints of %q: %v", raw, hints)
				}
				last = at
			}
		}
		if suggestion, ok := SuggestEmail(raw); ok {
			if got, err := Identifier(suggestion); err != nil || got != suggestion {
				t.Fatalf("SuggestEmail(%q) = %q, which is no identifier", raw, suggestion)
			}
			if got, err := Identifier(raw); err == nil && got == suggestion {
				t.Fatalf("SuggestEmail(%q) suggests the same", raw)
			}
		} else if suggestion != "" {
			t.Fatalf("SuggestEmail(%q) = %q, false", raw, suggestion)
		}
	})
}

func TestSuggestEmail(t *testing.T) {
	for raw, want := range map[string]string{
		"demo@gmial.com":  "demo@gmail.com",
		"demo@gamil.com":  "demo@gmail.com",
		"demo@gmal.com":   "demo@gmail.com",
		"demo@gmaill.com": "demo@gmail.com",
		"demo@gnail.com":  "demo@gmail.com",
		"demo@gmail.co":   "demo@gmail.com",
		"demo@gmail.cm":   "demo@gmail.com",
		"demo@gmail.con":  "demo@gmail.com",
		"demo@gmial.con":  "demo@gmail.com",
		"demo@gmail,com":  "demo@gmail.com",
		"demo@gmailcom":   "demo@gmail.com",
		"Demo@GMIAL.com":  "demo@gmail.com",
		"ｄｅｍｏ＠ｇｍｉａｌ．ｃｏｍ": "demo@gmail.com",
		"demo@yaho.co.jp":                       "demo@yahoo.co.jp",
		"demo@yahooo.co.jp":                     "demo@yahoo.co.jp",
		"demo@yahoo.co,jp":                      "demo@yahoo.co.jp",
		"demo@yahoo,co.jp":                      "demo@yahoo.co.jp",
		"demo@yahoo.cojp":                       "demo@yahoo.co.jp",
		"demo@yahoo.co..jp":                     "demo@yahoo.co.jp",
		"demo@yahoo、co.jp":                      "demo@yahoo.co.jp",
		"demo@docmo.ne.jp":                      "demo@docomo.ne.jp",
		"demo@docomo.ne,jp":                     "demo@docomo.ne.jp",
		"demo@softbnak.ne.jp":                   "demo@softbank.ne.jp",
		"demo@i.sofbank.jp":                     "demo@i.softbank.jp",
		"demo@ezwab.ne.jp":                      "demo@ezweb.ne.jp",
		"demo@hotmial.com":                      "demo@hotmail.com",
		"demo@outlok.com":                       "demo@outlook.com",
		"demo@iclud.com":                        "demo@icloud.com",
		"demo@example.con":                      "demo@example.com",
		"demo@example.co,jp":                    "demo@example.co.jp",
		"demo@au.con":                           "demo@au.com",
		"demo@gmail.com":                        "",
		"demo@ymail.com":                        "",
		"demo@mail.com":                         "",
		"demo@email.com":                        "",
		"demo@cloud.com":                        "",
		"demo@yahoo.com":                        "",
		"demo@yahoo.co.uk":                      "",
		"demo@yahoo.co.in":                      "",
		"demo@yahoo.fr":                         "",
		"demo@hotmail.fr":                       "",
		"demo@hotmail.co.uk":                    "",
		"demo@outlook.de":                       "",
		"demo@outlook.es":                       "",
		"demo@docomo.co.jp":                     "",
		"demo@au.com":                           "",
		"demo@me.com":                           "",
		"demo@line.com":                         "",
		"demo@example.com":                      "",
		"demo@example.co":                       "",
		"demo@example.om":                       "",
		"demo@bücher.example":                   "",
		"demo@localhost":                        "",
		"demo":                                  "",
		"@gmial.com":                            "",
		"de mo@gmial.com":                       "",
		"demo@":                                 "",
		"demo@.con":                             "",
		"demo@,com":                             "",
		"":                                      "",
		"a@b@gmial.com":                         "",
		"<demo@gmial.com>":                      "",
		"demo@gmial.com\x00":                    "",
		"demo@g\u200bmial.com":                  "",
		strings.Repeat("a", 245) + "@gmial.con": "",
		"a@" + strings.Repeat("x", 40) + ".com": "",
	} {
		if got, ok := SuggestEmail(raw); got != want || ok != (want != "") {
			t.Errorf("SuggestEmail(%.60q) = %q, %v; want %q", raw, got, ok, want)
		}
	}
}

// TestProvidersAreNotSlips: no domain of the lists is taken for a slip of
// another.
func TestProvidersAreNotSlips(t *testing.T) {
	for _, list := range [][]string{providers[:], others[:]} {
		for _, d := range list {
			if got, ok := SuggestEmail("demo@" + d); ok {
				t.Errorf("%s is taken for a slip: %s", d, got)
			}
			if len(d) > maxTypoDomain-2 {
				t.Errorf("%s is longer than maxTypoDomain allows for", d)
			}
		}
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "a", 0}, {"a", "", 1}, {"ab", "ba", 1}, {"abc", "acb", 1}, {"abcd", "acbd", 1}, {"abc", "abd", 1},
		{"abc", "ab", 1}, {"abc", "xabc", 1}, {"gmail", "gmial", 1}, {"ca", "abc", 3}, {"abcdef", "badcef", 2}, {"abc", "xyz", 3},
	} {
		for most := range 4 {
			got := distance(tt.a, tt.b, most)
			if tt.want <= most && got != tt.want || tt.want > most && got <= most {
				t.Errorf("distance(%q, %q, %d) = %d, want %d", tt.a, tt.b, most, got, tt.want)
			}
		}
	}
}
