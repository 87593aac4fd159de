package problem_test

import (
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/errcodes/problem"
)

func TestMatch(t *testing.T) {
	p := newResponder(t)
	ja := newResponder(t, problem.WithDefaultLanguage("ja"))
	for _, c := range []struct{ header, en, ja string }{
		{"", "en", "ja"},
		{"ja", "ja", "ja"},
		{"ja-JP", "ja", "ja"},
		{"JA-jp", "ja", "ja"},
		{"ja-JP,ja;q=0.9,en-US;q=0.8,en;q=0.7", "ja", "ja"},
		{"en-US,en;q=0.9,ja;q=0.8", "en", "en"},
		{"en-GB", "en", "en"},
		{"ja;q=0.5, en;q=0.9", "en", "en"},
		{"fr, ja;q=0.5", "ja", "ja"},
		{"fr", "en", "ja"},
		{"zh-Hant", "en", "ja"},
		{"ko", "en", "ja"},
		{"*", "en", "ja"},
		{"*;q=0.1, ja", "ja", "ja"},
		{";;;", "en", "ja"},
		{"\x00\xff", "en", "ja"},
		{"../../etc/passwd", "en", "ja"},
		{strings.Repeat("ja,", 300), "ja", "ja"}, // too long to be remembered
		{strings.Repeat("ja,", 400), "en", "ja"}, // too long to be read
		{strings.Repeat("a", 1<<16), "en", "ja"},
		{strings.Repeat("x-", 150) + "y", "en", "ja"},
	} {
		for range 2 { // the second time from memory
			if got := p.Match(c.header); string(got) != c.en {
				t.Errorf("%.60q: %s, want %s", c.header, got, c.en)
			}
			if got := ja.Match(c.header); string(got) != c.ja {
				t.Errorf("%.60q, default ja: %s, want %s", c.header, got, c.ja)
			}
		}
	}
}

func TestSeveralLines(t *testing.T) {
	p := newResponder(t)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header["Accept-Language"] = []string{"fr", "ja;q=0.5"}
	if doc := p.Prepare(httptest.NewRecorder(), r, errcodes.ReasonTimeout); doc.Lang() != "ja" {
		t.Errorf("two lines: %s", doc.Lang())
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("ja-JP,ja;q=0.9,en-US;q=0.8,en;q=0.7")
	f.Add("*;q=0")
	p := newResponder(f)
	f.Fuzz(func(t *testing.T, header string) {
		first := p.Match(header)
		if !slices.Contains(p.Languages(), first) {
			t.Fatalf("%q: %q is no language", header, first)
		}
		if again := p.Match(header); again != first {
			t.Fatalf("%q: %s, then %s", header, first, again)
		}
	})
}

func href(t *testing.T, p *problem.Responder, r errcodes.Reason, a errcodes.Action, withRef bool) string {
	t.Helper()
	e := errcodes.New(r, errcodes.Proven(errcodes.ProofSession))
	remedies := p.Text(e, "en").Remedies
	if withRef {
		remedies = p.Problem(errcodes.ContextWithReference(t.Context(), ref), e, "en").Remedies
	}
	for _, rem := range remedies {
		if rem.Action == a {
			return rem.Href
		}
	}
	return "left out"
}

func TestLinks(t *testing.T) {
	for _, c := range []struct{ target, bare, withRef string }{
		{"/support", "/support", "/support?ref=7Q3KM2XP9D"},
		{"/support?", "/support?", "/support?ref=7Q3KM2XP9D"},
		{"/support?topic=login", "/support?topic=login", "/support?topic=login&ref=7Q3KM2XP9D"},
		{"/support?topic=login&", "/support?topic=login&", "/support?topic=login&ref=7Q3KM2XP9D"},
		{"/support#form", "/support#form", "/support?ref=7Q3KM2XP9D#form"},
		{"/support?a=b#f?x", "/support?a=b#f?x", "/support?a=b&ref=7Q3KM2XP9D#f?x"},
		{"https://help.example.jp", "https://help.example.jp", "https://help.example.jp?ref=7Q3KM2XP9D"},
		{"mailto:help@example.jp", "mailto:help@example.jp", "mailto:help@example.jp?subject=7Q3KM2XP9D"},
		{"mailto:help@example.jp?subject=Help", "mailto:help@example.jp?subject=Help", "mailto:help@example.jp?subject=Help"},
		{"tel:+81-3-0000-0000", "tel:+81-3-0000-0000", "tel:+81-3-0000-0000"},
	} {
		p := newResponder(t, problem.WithLink(errcodes.ActionContactSupport, c.target))
		if got := href(t, p, errcodes.ReasonAccountLocked, errcodes.ActionContactSupport, false); got != c.bare {
			t.Errorf("%s without a reference: %s", c.target, got)
		}
		if got := href(t, p, errcodes.ReasonAccountLocked, errcodes.ActionContactSupport, true); got != c.withRef {
			t.Errorf("%s with a reference: %s, want %s", c.target, got, c.withRef)
		}
	}
	p := newResponder(t, problem.WithLink(errcodes.ActionResetPassword, "/reset"))
	if got := href(t, p, errcodes.ReasonInvalidCredentials, errcodes.ActionResetPassword, true); got != "/reset" {
		t.Errorf("the reference is in another link too: %s", got)
	}
	for _, target := range []string{"", "support", "//evil.example", `/\evil.example`, "javascript:alert(1)", "data:text/html,x", "https:", "https:///x",
		"/a b", "/a\nb", "mailto:", "ftp://x/y", "\x00", "http://[::1"} {
		if _, err := problem.New(problem.WithLink(errcodes.ActionContactSupport, target)); err == nil {
			t.Errorf("%q is taken for a link", target)
		}
	}
	if _, err := problem.New(problem.WithLink("made_up", "/x")); err == nil {
		t.Error("an unknown action is linked")
	}
}

// TestNeverStuck: without links what needs one is left out, and nobody is left
// without a way out.
func TestNeverStuck(t *testing.T) {
	p := newResponder(t)
	for r := range errcodes.Reasons() {
		for _, lang := range p.Languages() {
			text, ok := p.Describe(r, lang)
			if !ok || len(text.Remedies) == 0 || text.Remedies[0].Label == "" {
				t.Errorf("%s %s: no way out", r, lang)
			}
			for _, rem := range text.Remedies {
				if rem.Action.NeedsTarget() && (len(text.Remedies) > 1 || rem.Action != r.Actions()[0]) {
					t.Errorf("%s: offers %s, which leads nowhere", r, rem.Action)
				}
			}
		}
	}
	for _, a := range errcodes.AllAdvice() {
		if text, ok := p.Advise(a, "ja"); !ok || len(text.Remedies) == 0 {
			t.Errorf("%s: no way out", a)
		}
	}
	if _, ok := p.Describe("made_up", "en"); ok {
		t.Error("an unknown reason is described")
	}
	if _, ok := p.Advise("made_up", "en"); ok {
		t.Error("an unknown advice is described")
	}
}

func TestWith(t *testing.T) {
	p := newResponder(t, problem.WithLink(errcodes.ActionRequestNewLink, "/a"), problem.WithLink(errcodes.ActionResetPassword, "/b"))
	q, err := p.With(problem.WithLink(errcodes.ActionRequestNewLink, "/c"))
	if err != nil {
		t.Fatal(err)
	}
	for who, want := range map[*problem.Responder]string{p: "/a", q: "/c"} {
		if got := href(t, who, errcodes.ReasonLinkExpired, errcodes.ActionRequestNewLink, true); got != want {
			t.Errorf("leads to %s, want %s", got, want)
		}
		if got := href(t, who, errcodes.ReasonLinkExpired, errcodes.ActionResetPassword, true); got != "/b" {
			t.Errorf("leads to %s, want /b", got)
		}
	}
	if _, err := p.With(problem.WithDefaultLanguage("ja")); err == nil {
		t.Error("With takes a language")
	}
	if _, err := p.With(problem.WithLink(errcodes.ActionSignIn, "//x")); err == nil {
		t.Error("With takes a bad link")
	}
}

func TestText(t *testing.T) {
	p := newResponder(t)
	e := errcodes.New(errcodes.ReasonServerBusy, errcodes.RetryAfter(1500*time.Millisecond))
	text := p.Text(e, "ja")
	if text.Remedies[0].After != 2 || text.Detail != "現在、サーバーが混み合っています。約2秒後に、もう一度お試しください。" {
		t.Errorf("%+v", text)
	}
	if text := p.Text(e, "xx"); text.Title != "Server error" {
		t.Errorf("a language there is not: %+v", text)
	}
	if text := p.Text(errcodes.New(errcodes.ReasonAccountDisabled), "en"); text.Title != "Invalid user name or password" {
		t.Errorf("Text shows what is not earned: %+v", text)
	}
	if text := p.Text(nil, "en"); text.Title != "Server error" {
		t.Errorf("nil: %+v", text)
	}
	hints := p.HintTexts(errcodes.New(errcodes.ReasonInvalidCredentials, errcodes.WithHints(errcodes.HintCapsLock)), "ja")
	if len(hints) != 1 || hints[0].Hint != errcodes.HintCapsLock || !strings.Contains(hints[0].Text, "Caps Lock") {
		t.Errorf("hints %+v", hints)
	}
	if p.HintTexts(nil, "ja") != nil {
		t.Error("hints of nothing")
	}
	if got := p.Languages(); !slices.Equal(got, []problem.Lang{"en", "ja"}) {
		t.Errorf("languages %v", got)
	}
}

func file(s string) fs.FS { return fstest.MapFS{"ja.json": {Data: []byte(s)}} }

func TestOverlay(t *testing.T) {
	french, err := os.ReadFile("../catalog/en.json")
	if err != nil {
		t.Fatal(err)
	}
	french = []byte(strings.NewReplacer(`"language": "en"`, `"language": "fr"`, `"Server error"`, `"Erreur du serveur"`).Replace(string(french)))
	p := newResponder(t,
		problem.WithOverlay(fstest.MapFS{"ja.json": {Data: []byte(`{"language":"ja","actions":{"reload":"読み直す"}}`)}, "fr.json": {Data: french},
			"README.md": {Data: []byte("not a catalogue")}}),
		problem.WithOverlay(fstest.MapFS{"ja.json": {Data: []byte(`{"language":"ja","actions":{"sign_in":"入る"}}`)},
			"en-GB.json": {Data: []byte(`{"language":"en-GB","actions":{"reload":"Load it again, if you would"}}`)}}))
	if got := p.Languages(); !slices.Equal(got, []problem.Lang{"en", "ja", "fr", "en-GB"}) {
		t.Errorf("languages %v", got)
	}
	if got := p.Catalog("ja").Action(errcodes.ActionReload, 0) + p.Catalog("ja").Action(errcodes.ActionSignIn, 0); got != "読み直す入る" {
		t.Errorf("ja: %s", got)
	}
	if got := p.Text(errcodes.New(errcodes.ReasonTimeout), p.Match("fr-CA")).Title; got != "Erreur du serveur" {
		t.Errorf("fr: %s", got)
	}
	if got := p.Match("en-GB"); got != "en-GB" {
		t.Errorf("en-GB: %s", got)
	}
	if got := p.Match("en-US"); got != "en" {
		t.Errorf("en-US: %s", got)
	}
	if got := p.Catalog("en-GB").Action(errcodes.ActionReload, 0); got != "Load it again, if you would" {
		t.Errorf("en-GB: %s", got)
	}
	if got := errcodes.CatalogFor("ja").Action(errcodes.ActionReload, 0); got == "読み直す" {
		t.Error("the overlay changed the texts for everybody")
	}
}

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		opt  problem.Option
		want string
	}{
		"a language there is not":  {problem.WithDefaultLanguage("fr"), "fr"},
		"nil overlay":              {problem.WithOverlay(nil), "nil"},
		"empty overlay":            {problem.WithOverlay(fstest.MapFS{}), "no *.json"},
		"bad overlay":              {problem.WithOverlay(file(`{`)), "ja.json"},
		"misnamed overlay":         {problem.WithOverlay(file(`{"language":"en"}`)), `named after "ja"`},
		"unknown reason":           {problem.WithOverlay(file(`{"language":"ja","reasons":{"made_up":{}}}`)), "made_up"},
		"incomplete new language":  {problem.WithOverlay(fstest.MapFS{"fr.json": {Data: []byte(`{"language":"fr"}`)}}), "reasons.timeout.detail is missing"},
		"no language tag":          {problem.WithOverlay(fstest.MapFS{"not_a_tag!.json": {Data: []byte(`{"language":"not_a_tag!"}`)}}), "language tag"},
		"relative type base":       {problem.WithTypeBase("/errors/"), "absolute"},
		"type base with a query":   {problem.WithTypeBase("https://x/errors?a"), "absolute"},
		"type base of a script":    {problem.WithTypeBase("javascript:x"), "absolute"},
		"type base with a secret":  {problem.WithTypeBase("https://a:b@x/errors"), "absolute"},
		"type base without a host": {problem.WithTypeBase("https:///errors"), "absolute"},
	} {
		if _, err := problem.New(c.opt); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want it to name %q", name, err, c.want)
		}
	}
	if _, err := problem.New(nil, problem.WithLogger(nil)); err != nil {
		t.Error(err)
	}
}

func Example() {
	responder, err := problem.New(
		problem.WithTypeBase("https://auth.example.jp/auth/errors/"),
		problem.WithLink(errcodes.ActionResetPassword, "/auth/password/forgot"),
		problem.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		panic(err)
	}
	handler := func(w http.ResponseWriter, r *http.Request) {
		responder.Write(w, r, errcodes.New(errcodes.ReasonPasswordSignInDisabled, errcodes.Uniform()))
	}
	r := httptest.NewRequest(http.MethodPost, "/auth/login", nil)
	r.Header.Set("Accept-Language", "ja")
	w := httptest.NewRecorder()
	handler(w, r)

	// A client reads the same error that the server wrote.
	e, err := problem.Read(w.Result())
	fmt.Println(w.Code, e, err)
	// Output: 403 auth: 1002 password_sign_in_disabled <nil>
}
