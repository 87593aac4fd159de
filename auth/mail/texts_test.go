package mail

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// The kinds are those that auth.Mail documents, in the same order.
func TestKindsAreThoseOfAuth(t *testing.T) {
	source, err := os.ReadFile("../mail.go")
	if err != nil {
		t.Fatal(err)
	}
	_, list, ok := strings.Cut(string(source), "// Kind says what the mail is about:")
	list, _, ok2 := strings.Cut(list, "Kind string")
	if !ok || !ok2 {
		t.Fatal("auth/mail.go has no list of kinds between “Kind says what the mail is about:” and “Kind string”")
	}
	var documented []string
	for _, m := range regexp.MustCompile(`(?m)^\s*//\s+([a-z_]+) {2,}\S`).FindAllStringSubmatch(list, -1) {
		documented = append(documented, m[1])
	}
	if !slices.Equal(documented, kinds) {
		t.Errorf("auth.Mail documents %q, texts exist for %q", documented, kinds)
	}
}

func TestEveryKindInEveryLanguage(t *testing.T) {
	var languages []string
	err := fs.WalkDir(builtIn, "texts", func(file string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && file != "texts" {
			languages = append(languages, path.Base(file))
		}
		return err
	})
	if err != nil || !slices.Equal(languages, []string{"en", "ja"}) {
		t.Fatalf("languages %q, %v; want en and ja", languages, err)
	}
	japanese := regexp.MustCompile(`\p{Hiragana}`)
	for _, language := range languages {
		files, err := fs.Glob(builtIn, "texts/"+language+"/*.txt")
		if err != nil || len(files) != len(kinds)+1 {
			t.Errorf("%s: %d files, %v; want one for each kind and duration.txt", language, len(files), err)
		}
		for _, kind := range kinds {
			for _, minutes := range []int{0, 1, 30, 60, 1440} {
				m := sample(kind, language)
				m.Minutes = minutes
				got, err := Render(m)
				if err != nil {
					t.Fatal(err)
				}
				all := got.Subject + "\n" + got.Text
				if strings.Contains(all, "\n\n\n") || strings.Contains(got.Subject, "  ") || strings.Contains(all, " \n") ||
					strings.Contains(all, "<no value>") || strings.Contains(all, "{{") {
					t.Errorf("%s/%s with %d minutes is untidy:\n%s", language, kind, minutes, all)
				}
				for _, part := range []string{"Tokaido Rail", "\n" + m.Link + "\n", "7Q3K-M2XP-9D"} {
					if !strings.Contains(all, part) {
						t.Errorf("%s/%s lacks %q:\n%s", language, kind, part, all)
					}
				}
				if got.Language != language || japanese.MatchString(all) != (language == "ja") {
					t.Errorf("%s/%s is in another language:\n%s", language, kind, all)
				}
			}
		}
	}
}

// The words of the house: plain, without blame, one term for one thing.
func TestVoice(t *testing.T) {
	unwanted := map[string]*regexp.Regexp{
		"en": regexp.MustCompile(`(?i)oops|sorry|\bplease\b|invalid|log ?in\b|log ?out\b|click|e-mail|[!]|wrong`),
		"ja": regexp.MustCompile(`間違|エラーが発生|！|サインイン|サインアウト|パスコード|クリック|\d|[Ａ-Ｚａ-ｚ０-９]|ユーザ[^ー]`),
	}
	for language, files := range mustTexts(t).languages {
		for name, text := range files {
			for _, part := range []string{text.subject.Root.String(), text.body.Root.String()} {
				part = strings.ReplaceAll(part, "1回", "") // the one number that belongs into a text
				if found := unwanted[language].FindString(part); found != "" {
					t.Errorf("%s/%s says %q", language, name, found)
				}
			}
		}
	}
}

func mustTexts(t *testing.T) *texts {
	t.Helper()
	all, err := builtInTexts()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestDurations(t *testing.T) {
	for _, tt := range []struct {
		minutes int
		en, ja  string
	}{
		{1, "1 minute", "1分"}, {2, "2 minutes", "2分"}, {30, "30 minutes", "30分"}, {60, "1 hour", "1時間"},
		{90, "90 minutes", "90分"}, {1440, "24 hours", "24時間"},
	} {
		for language, want := range map[string]string{"en": tt.en, "ja": tt.ja} {
			m := sample("locked", language)
			m.Minutes = tt.minutes
			got, err := Render(m)
			if err != nil || !strings.Contains(got.Text, want) {
				t.Errorf("%d minutes in %s: want %q in\n%s%v", tt.minutes, language, want, got.Text, err)
			}
		}
	}
}

func TestLanguages(t *testing.T) {
	for tag, want := range map[string]string{"": "en", "en": "en", "EN-us": "en", "ja": "ja", "ja-JP": "ja", "JA-jp-u-ca-japanese": "ja",
		"fr": "en", "j": "en", "jaX": "en", "../ja": "en", "-": "en", "-ja": "en", "ja-": "ja", "*": "en"} {
		got, err := Render(sample("reset", tag))
		if err != nil || got.Language != want {
			t.Errorf("%q: %q, %v; want %q", tag, got.Language, err, want)
		}
	}
}

func TestProductAndReferenceAreMadeSafe(t *testing.T) {
	m := sample("reset", "en")
	m.Product = "Rail\r\nBcc: x@example.jp\u2028\u202e " + strings.Repeat("x", 300)
	m.Reference = "call 0120-000-000 now"
	got, err := Render(m)
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsFunc(got.Subject, unprintable) || !strings.Contains(got.Subject, "Rail Bcc: x@example.jp x") ||
		len(got.Subject) > 250 {
		t.Errorf("Subject %q", got.Subject)
	}
	if strings.Contains(got.Text, "0120") || strings.Contains(got.Text, "\nBcc") {
		t.Errorf("Text:\n%s", got.Text)
	}
}

func french() fstest.MapFS {
	files := fstest.MapFS{"fr/duration.txt": {Data: []byte("{{.Minutes}} min")}}
	for _, kind := range kinds {
		files["fr/"+kind+".txt"] = &fstest.MapFile{Data: []byte("Subject: Sujet {{.Product}}\r\n\r\nDurée {{.Duration}}\r\n{{.Link}}\r\n")}
	}
	return files
}

func TestOverlay(t *testing.T) {
	files := french()
	files["ja/reset.txt"] = &fstest.MapFile{Data: []byte("Subject: 独自の件名\n\n独自の本文\n{{.Link}}\n")}
	files["README"] = &fstest.MapFile{Data: []byte("no text")}
	m, err := New(Config{URL: "smtp://localhost", From: "a@example.jp", Texts: files})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ kind, tag, want string }{
		{"reset", "ja-JP", "独自の件名"}, {"verify", "ja", "【Tokaido Rail】メールアドレスの確認"},
		{"reset", "fr-CA", "Sujet Tokaido Rail"}, {"reset", "en", "Reset your password for Tokaido Rail"},
	} {
		got, err := m.Render(sample(tt.kind, tt.tag))
		if err != nil || got.Subject != tt.want {
			t.Errorf("%s/%s: %q, %v; want %q", tt.tag, tt.kind, got.Subject, err, tt.want)
		}
	}
	if got, err := Render(sample("reset", "ja")); err != nil || strings.Contains(got.Subject, "独自") {
		t.Errorf("the overlay of one Mailer changed the built-in texts: %q, %v", got.Subject, err)
	}
}

type brokenFS struct{ fs.FS }

func (brokenFS) Open(string) (fs.File, error) { return nil, errors.New("disk on fire") }

func TestOverlayIsChecked(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(fstest.MapFS)
		want   string
	}{
		"missing kind":     {func(f fstest.MapFS) { delete(f, "fr/reset.txt") }, "fr/reset.txt is missing"},
		"missing duration": {func(f fstest.MapFS) { delete(f, "fr/duration.txt") }, "fr/duration.txt is missing"},
		"unknown kind":     {func(f fstest.MapFS) { f["fr/rest.txt"] = f["fr/reset.txt"] }, "of no kind"},
		"no subject":       {func(f fstest.MapFS) { f["fr/reset.txt"] = file("Bonjour\n\n{{.Link}}") }, "Subject"},
		"two header lines": {func(f fstest.MapFS) { f["fr/reset.txt"] = file("Subject: a\nBcc: b\n\n{{.Link}}") }, "Subject"},
		"empty subject":    {func(f fstest.MapFS) { f["fr/reset.txt"] = file("Subject: \n\n{{.Link}}") }, "subject"},
		"no link":          {func(f fstest.MapFS) { f["fr/reset.txt"] = file("Subject: a\n\nBonjour") }, "line of its own"},
		"link in a line":   {func(f fstest.MapFS) { f["fr/reset.txt"] = file("Subject: a\n\nLien {{.Link}}") }, "line of its own"},
		"unknown field":    {func(f fstest.MapFS) { f["fr/reset.txt"] = file("Subject: a\n\n{{.Password}}\n{{.Link}}") }, "Password"},
		"template":         {func(f fstest.MapFS) { f["fr/reset.txt"] = file("Subject: a\n\n{{.Link") }, "fr/reset.txt"},
		"not UTF-8":        {func(f fstest.MapFS) { f["fr/reset.txt"] = file("Subject: a\xff\n\n{{.Link}}") }, "UTF-8"},
		"nothing":          {func(f fstest.MapFS) { clear(f) }, "no file"},
	} {
		files := maps.Clone(french())
		tt.change(files)
		_, err := New(Config{URL: "smtp://localhost", From: "a@example.jp", Texts: files})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want an error that says %q", name, err, tt.want)
		}
	}
	if _, err := loadTexts(brokenFS{}); err == nil {
		t.Error("an overlay that cannot be read was accepted")
	}
}

func file(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
