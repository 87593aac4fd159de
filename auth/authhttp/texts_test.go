package authhttp

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sekisho-auth/sekisho/errcodes"
)

// TestTextsAreComplete: both languages say the same things, and each is said somewhere.
func TestTextsAreComplete(t *testing.T) {
	used := map[string]bool{}
	collect := func(pattern string, files ...string) {
		re := regexp.MustCompile(pattern)
		for _, name := range files {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range re.FindAllStringSubmatch(string(data), -1) {
				used[m[1]] = true
			}
		}
	}
	templates, _ := filepath.Glob("templates/*.html")
	sources, _ := filepath.Glob("*.go")
	sources = slices.DeleteFunc(sources, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
	collect(`\.T\.([a-z_]+)`, templates...)
	collect(`"([a-z]+(?:_[a-z]+)+)"`, sources...)
	collect(`T\["([a-z_]+)"\]`, sources...)
	collect(`texts\["([a-z_]+)"\]`, sources...)
	for _, page := range []string{pageLogin, pageRegister, pageVerify, pageResend, pageForgot, pageReset, pageChange, pageReauth, pageLogout} {
		used[page+"_title"] = true
	}
	english, err := readTexts(embedded, "texts/en.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range errcodes.Languages() {
		texts, err := readTexts(embedded, "texts/"+lang+".json")
		if err != nil {
			t.Fatal(err)
		}
		for key, text := range texts {
			if strings.TrimSpace(text) == "" || english[key] == "" {
				t.Errorf("%s: %s is empty, or not in English", lang, key)
			}
			if !used[key] {
				t.Errorf("%s: %s is used nowhere", lang, key)
			}
			for _, place := range []string{"{n}", "{browser}", "{system}"} {
				if strings.Contains(text, place) != strings.Contains(english[key], place) {
					t.Errorf("%s: %s and English differ in %s", lang, key, place)
				}
			}
		}
		for key := range english {
			if texts[key] == "" {
				t.Errorf("%s: %s is missing", lang, key)
			}
		}
	}
	data, _ := os.ReadFile("templates/pages.html")
	for _, m := range regexp.MustCompile(`\.T\.([a-z_]+)`).FindAllStringSubmatch(string(data), -1) {
		if english[m[1]] == "" {
			t.Errorf("templates use %s, which no text has", m[1])
		}
	}
}

// TestTextsKeepTheVoice: no blame, no shouting, no word of whether an account exists, in either language.
func TestTextsKeepTheVoice(t *testing.T) {
	banned := regexp.MustCompile(`(?i)！|!|oops|\binvalid\b|please|間違|エラーが発生|ログオン|サインイン|サインアップ|パスワードが違`)
	for _, lang := range errcodes.Languages() {
		texts, err := readTexts(embedded, "texts/"+lang+".json")
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range slices.Sorted(maps.Keys(texts)) {
			if m := banned.FindString(texts[key]); m != "" {
				t.Errorf("%s: %s says %q", lang, key, m)
			}
		}
	}
}

func TestTextsOverlay(t *testing.T) {
	own := fstest.MapFS{"pages/en.json": {Data: []byte(`{"login_title":"Board the train"}`)}}
	texts, err := pageTexts("en", own)
	if err != nil || texts["login_title"] != "Board the train" || texts["login_button"] == "" {
		t.Errorf("%q, %v", texts["login_title"], err)
	}
	if texts, err := pageTexts("ja", own); err != nil || texts["login_title"] != "ログイン" {
		t.Errorf("%q, %v", texts["login_title"], err)
	}
	if texts, err := pageTexts("en-GB", nil); err != nil || texts["login_title"] != "Sign in" {
		t.Errorf("a variant: %q, %v", texts["login_title"], err)
	}
	for name, data := range map[string]string{
		"is not known": `{"login_titel":"x"}`, "is missing": `{"login_title":" "}`, "pages/en.json": `{"login_title":1}`,
	} {
		_, err := pageTexts("en", fstest.MapFS{"pages/en.json": {Data: []byte(data)}})
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", data, err)
		}
	}
	if _, err := pageTexts("fr", nil); err == nil || !strings.Contains(err.Error(), "login_title is missing") {
		t.Errorf("a language without texts: %v", err)
	}
}

func TestDeviceName(t *testing.T) {
	texts, err := readTexts(embedded, "texts/en.json")
	if err != nil {
		t.Fatal(err)
	}
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0": "Edge on Windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15":         "Safari on Mac",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile Safari/604": "Chrome on iPhone",
		"Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36":             "Chrome on Android",
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                        "Firefox on Linux",
		"curl/8.5.0": "curl", "": "Unknown device", "<script>alert(1)</script>": "Unknown device", "Linux": "Linux",
	} {
		if got := deviceName(texts, agent); got != want {
			t.Errorf("%q: %q, want %q", agent, got, want)
		}
	}
}

func TestCamel(t *testing.T) {
	for in, want := range map[string]string{
		"otp_invalid": "OTPInvalid", "ip_blocked": "IPBlocked", "oauth_state_mismatch": "OAuthStateMismatch", "mfa_challenge_expired": "MFAChallengeExpired",
		"account_temporarily_locked": "AccountTemporarilyLocked",
	} {
		if got := camel(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// TestConstantsAreReal: the catalogue tells developers names that package errcodes has.
func TestConstantsAreReal(t *testing.T) {
	files, err := filepath.Glob("../../errcodes/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("the sources of errcodes are not there", err)
	}
	var all strings.Builder
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(data)
	}
	for r := range errcodes.Reasons() {
		declared := regexp.MustCompile(`\bReason` + camel(string(r)) + `\s+Reason\s+= "` + string(r) + `"`)
		if !declared.MatchString(all.String()) {
			t.Errorf("there is no errcodes.Reason%s = %q", camel(string(r)), r)
		}
	}
	for _, a := range errcodes.AllAdvice() {
		if !regexp.MustCompile(`\bAdvice` + camel(string(a)) + `\s+Advice\s+= "` + string(a) + `"`).MatchString(all.String()) {
			t.Errorf("there is no errcodes.Advice%s = %q", camel(string(a)), a)
		}
	}
}
