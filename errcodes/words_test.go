package errcodes_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
)

// sentences calls f with every text of a language and where it stands.
func sentences(lang string, f func(where, text string)) {
	c := errcodes.CatalogFor(lang)
	each := func(where string, t errcodes.Text) {
		f(where+".detail", t.Detail)
		for _, s := range t.Causes {
			f(where+".causes", s)
		}
		for _, r := range t.Remedies {
			f(where+".remedies."+string(r.Action), r.Label)
		}
	}
	for _, code := range errcodes.Codes() {
		t, _ := c.Code(code)
		each(code.String(), t)
	}
	for r := range errcodes.Reasons() {
		t, _ := c.Reason(r)
		each(string(r), t)
	}
	for _, a := range errcodes.AllAdvice() {
		t, _ := c.Advice(a)
		each(string(a), t)
	}
	for a := range errcodes.AllActions() {
		f("actions."+string(a), c.Action(a, 0))
	}
	for h := range errcodes.Hints() {
		f("hints."+string(h), c.Hint(h))
	}
}

// TestNeutralWording: who may be anybody is told neither which of user name and
// password did not fit, nor whether there is an account.
func TestNeutralWording(t *testing.T) {
	tells := regexp.MustCompile(`(?i)(パスワード|ユーザー名|メールアドレス|アカウント)が(間違|違って|誤|正しく|存在|見つか|ありません|登録されていま)` +
		`|(password|user ?name|address|account|identifier) (is|was|are) (wrong|incorrect|not correct|invalid|unknown|not registered)` +
		`|(no|not an) (such )?(account|user)\b|account (exists|does not exist)|already (has|have) an account` +
		`|(wrong|incorrect) (password|user)|残り\s*\d|attempts? (left|remaining)`)
	for r := range errcodes.Reasons() {
		x := r.Exposure()
		if x != errcodes.ExposureAlways && x != errcodes.ExposureUniform {
			continue
		}
		for _, lang := range errcodes.Languages() {
			text, _ := errcodes.Describe(r, lang)
			all := append([]string{text.Detail}, text.Causes...)
			for _, rem := range text.Remedies {
				all = append(all, rem.Label)
			}
			for _, s := range all {
				if hit := tells.FindString(s); hit != "" {
					t.Errorf("%s %s: %q in %q", r, lang, hit, s)
				}
			}
		}
	}
	for _, s := range []string{"パスワードが間違っています", "The password is wrong", "No such account", "残り2回"} {
		if !tells.MatchString(s) {
			t.Errorf("the test does not see %q", s)
		}
	}
}

// TestVoice: plain, calm and without blame.
func TestVoice(t *testing.T) {
	forbidden := map[string]*regexp.Regexp{
		"en": regexp.MustCompile(`(?i)!|\boops\b|\bplease\b|\binvalid\b|\billegal\b|\bwe're sorry\b|\bfailed to\b|\blog ?in\b|\btoken\b|\bsession\b|\bcredential|\bprovider\b|\b2fa\b|\bmfa\b|\botp\b|\boauth\b|your (mistake|fault)`),
		"ja": regexp.MustCompile(`！|!|エラーが発生|間違って|間違い|不正な(入力|値|リクエスト)|サインイン|セッション|トークン|クレデンシャル|プロバイダ|ワンタイム|OTP|MFA|OAuth|[０-９]`),
	}
	// Advice that does harm: periodic change and written-down passwords (NIST
	// SP 800-63B-4 §3.1.1.2), security questions.
	harmful := regexp.MustCompile(`(?i)定期的|か月ごと|ヶ月|メモ|秘密の質問|every (three|3) months|regularly|periodic|write (it|them|your password) down|security question`)
	for _, lang := range errcodes.Languages() {
		sentences(lang, func(where, s string) {
			if hit := forbidden[lang].FindString(s); hit != "" {
				t.Errorf("%s %s: %q in %q", lang, where, hit, s)
			}
			if hit := harmful.FindString(s); hit != "" {
				t.Errorf("%s %s: harmful advice %q in %q", lang, where, hit, s)
			}
			prose := strings.HasSuffix(where, ".detail") || strings.HasSuffix(where, ".causes") || strings.HasPrefix(where, "hints.")
			end := map[string]string{"en": ".", "ja": "。"}[lang]
			if strings.HasSuffix(s, end) != prose {
				t.Errorf("%s %s: ends wrongly: %q", lang, where, s)
			}
			if lang == "ja" && prose {
				for part := range strings.SplitSeq(strings.TrimSuffix(s, "。"), "。") {
					if !strings.HasSuffix(part, "す") && !strings.HasSuffix(part, "い") && !strings.HasSuffix(part, "した") && !strings.HasSuffix(part, "ん") {
						t.Errorf("ja %s: not です・ます: %q", where, part)
					}
				}
			}
		})
	}
}

// TestSaidToEveryone: what the sign-in page owes to people it cannot tell more.
func TestSaidToEveryone(t *testing.T) {
	for lang, want := range map[string]string{"en": "If you have just signed up, open the mail first", "ja": "新規登録をしたばかりの場合は、先にメールを開いて"} {
		if text, _ := errcodes.Describe(errcodes.ReasonInvalidCredentials, lang); !strings.Contains(text.Detail, want) {
			t.Errorf("%s: %q does not say %q", lang, text.Detail, want)
		}
	}
	for lang, want := range map[string][]string{
		"en": {"paused for this address", "reset your password", "does not delete anything"},
		"ja": {"このアドレスでのログイン", "パスワードを再設定", "データが消えることはありません"},
	} {
		text, _ := errcodes.Describe(errcodes.ReasonAccountTemporarilyLocked, lang)
		for _, w := range want {
			if !strings.Contains(text.Detail, w) {
				t.Errorf("%s: %q does not say %q", lang, text.Detail, w)
			}
		}
	}
}

// TestPlaceholders: every language mentions the same numbers.
func TestPlaceholders(t *testing.T) {
	placeholder := regexp.MustCompile(`\{[a-z_]+\}`)
	count := func(lang string) map[string]map[string]bool {
		data, err := os.ReadFile("catalog/" + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var tree map[string]any
		if err := json.Unmarshal(data, &tree); err != nil {
			t.Fatal(err)
		}
		found := map[string]map[string]bool{}
		var walk func(path string, v any)
		walk = func(path string, v any) {
			switch v := v.(type) {
			case map[string]any:
				for k, child := range v {
					walk(path+"."+k, child)
				}
			case []any:
				for _, child := range v {
					walk(path, child)
				}
			case string:
				for _, p := range placeholder.FindAllString(v, -1) {
					if found[path] == nil {
						found[path] = map[string]bool{}
					}
					found[path][p] = true
				}
			}
		}
		walk("", tree)
		return found
	}
	en := count("en")
	for _, lang := range errcodes.Languages() {
		other := count(lang)
		for path := range mergeKeys(en, other) {
			if len(en[path]) != len(other[path]) {
				t.Errorf("%s: en mentions %v, %s %v", path, en[path], lang, other[path])
			}
			for p := range en[path] {
				if !other[path][p] {
					t.Errorf("%s: %s does not mention %s", path, lang, p)
				}
			}
		}
	}
	// Where an error says how long, so does its text.
	for r := range errcodes.Reasons() {
		_, waits := r.DefaultRetry()
		if says := en[".reasons."+string(r)+".detail"]["{wait}"]; says != waits && r != errcodes.ReasonOAuthFlowStalled {
			t.Errorf("%s: waits %v, its text says how long: %v", r, waits, says)
		}
	}
}

func mergeKeys[V any](a, b map[string]V) map[string]bool {
	keys := map[string]bool{}
	for k := range a {
		keys[k] = true
	}
	for k := range b {
		keys[k] = true
	}
	return keys
}

func TestWait(t *testing.T) {
	en, ja := errcodes.CatalogFor("en"), errcodes.CatalogFor("ja")
	for _, c := range []struct {
		d      time.Duration
		en, ja string
	}{
		{0, "later", "しばらくしてから"},
		{-time.Hour, "later", "しばらくしてから"},
		{1, "in about 1 second", "約1秒後に"},
		{time.Second, "in about 1 second", "約1秒後に"},
		{1001 * time.Millisecond, "in about 2 seconds", "約2秒後に"},
		{10 * time.Second, "in about 10 seconds", "約10秒後に"},
		{11 * time.Second, "in about 15 seconds", "約15秒後に"},
		{55 * time.Second, "in about 55 seconds", "約55秒後に"},
		{56 * time.Second, "in about 1 minute", "約1分後に"},
		{time.Minute, "in about 1 minute", "約1分後に"},
		{61 * time.Second, "in about 2 minutes", "約2分後に"},
		{14*time.Minute + 1, "in about 15 minutes", "約15分後に"},
		{15 * time.Minute, "in about 15 minutes", "約15分後に"},
		{16 * time.Minute, "in about 20 minutes", "約20分後に"},
		{55*time.Minute + 1, "in about 1 hour", "約1時間後に"},
		{time.Hour, "in about 1 hour", "約1時間後に"},
		{time.Hour + 1, "in about 65 minutes", "約65分後に"},
		{115*time.Minute + 1, "in about 2 hours", "約2時間後に"},
		{2*time.Hour + 1, "in about 3 hours", "約3時間後に"},
		{48 * time.Hour, "in about 48 hours", "約48時間後に"},
		{48*time.Hour + 1, "in about 3 days", "約3日後に"},
		{1<<63 - 1, "in about 106752 days", "約106752日後に"},
	} {
		if got := en.Wait(c.d); got != c.en {
			t.Errorf("%v: %q, want %q", c.d, got, c.en)
		}
		if got := ja.Wait(c.d); got != c.ja {
			t.Errorf("%v: %q, want %q", c.d, got, c.ja)
		}
	}
}

func TestTextOfAnError(t *testing.T) {
	e := errcodes.New(errcodes.ReasonAccountTemporarilyLocked, errcodes.RetryAfter(15*time.Minute))
	text := errcodes.CatalogFor("ja").Error(e)
	if want := "約15分後に、もう一度お試しください。"; !strings.Contains(text.Detail, want) {
		t.Errorf("%q does not say %q", text.Detail, want)
	}
	if want := "約15分後に、もう一度試す"; text.Remedies[0].Label != want {
		t.Errorf("%q, want %q", text.Remedies[0].Label, want)
	}
	e = errcodes.New(errcodes.ReasonWeakPassword, errcodes.WithParam(errcodes.ParamMinLength, 8), errcodes.WithParam(errcodes.ParamMaxLength, -1), errcodes.WithParam("made_up", 3))
	if text = errcodes.CatalogFor("en-GB").Error(e); !strings.Contains(text.Detail, "8 to 256 characters") {
		t.Errorf("%q", text.Detail)
	}
	if text = errcodes.CatalogFor("fr").Error(errcodes.Received(errcodes.CodeAccountLocked, "new_state")); text.Title != "The account is locked" || text.Detail == "" || len(text.Remedies) == 0 {
		t.Errorf("a reason that only a peer knows: %+v", text)
	}
	text.Causes[0] = "changed"
	if again, _ := errcodes.CatalogFor("en").Code(errcodes.CodeAccountLocked); again.Causes[0] == "changed" {
		t.Error("texts of codes can be changed from outside")
	}
	text, _ = errcodes.Describe(errcodes.ReasonTimeout, "en")
	text.Causes[0], text.Remedies[0].Label = "changed", "changed"
	if again, _ := errcodes.Describe(errcodes.ReasonTimeout, "en"); again.Causes[0] == "changed" || again.Remedies[0].Label == "changed" {
		t.Error("texts of reasons can be changed from outside")
	}
}

func TestDescribe(t *testing.T) {
	for _, lang := range []string{"ja", "ja-JP", "JA_jp", "ja-Hira-JP"} {
		if text, ok := errcodes.Describe(errcodes.ReasonServerBusy, lang); !ok || text.Title != "サーバーエラー" {
			t.Errorf("%s: %+v %v", lang, text, ok)
		}
	}
	for _, lang := range []string{"", "fr", "jav", "../ja", "\x00"} {
		if text, ok := errcodes.Describe(errcodes.ReasonServerBusy, lang); !ok || text.Title != "Server error" {
			t.Errorf("%q: %+v %v", lang, text, ok)
		}
	}
	if _, ok := errcodes.Describe("made_up", "en"); ok {
		t.Error("an unknown reason has a text")
	}
	if _, ok := errcodes.CatalogFor("en").Advice("made_up"); ok {
		t.Error("an unknown advice has a text")
	}
}
