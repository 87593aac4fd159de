package mail

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"strings"
	"sync"
	"text/template"
	"unicode"
	"unicode/utf8"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/errcodes"
)

//go:embed texts
var builtIn embed.FS

// kinds are those of auth.Mail.Kind.
var kinds = []string{"verify", "already_registered", "reset", "password_changed", "locked", "account_created"}

// fallback is the language of those whose own has no texts.
const fallback = "en"

// Message is a mail in words.
type Message struct {
	// Subject is one line without control characters.
	Subject string
	// Text is plain text; the link stands on a line of its own.
	Text string
	// Language is that of the text, which is "en" where the wanted one has none.
	Language string
}

// Render returns a mail in the built-in words: for an outbox on a page, or for sending it some other way. It is safe for
// concurrent use. An error says which field of the mail cannot be used; it does not repeat it.
func Render(m auth.Mail) (Message, error) {
	t, err := builtInTexts()
	if err != nil {
		return Message{}, err
	}
	return t.render(m)
}

var builtInTexts = sync.OnceValues(func() (*texts, error) { return loadTexts(nil) })

// texts holds the templates: language, then file name without .txt.
type texts struct{ languages map[string]map[string]*text }

type text struct{ subject, body *template.Template }

// values is what a template can use. Hours is 0 unless the time is a whole number of hours.
type values struct {
	Product, Link, Reference, Duration string
	Minutes, Hours                     int
}

// loadTexts reads the built-in texts and puts those of overlay in their place.
func loadTexts(overlay fs.FS) (*texts, error) {
	t := &texts{languages: map[string]map[string]*text{}}
	base, err := fs.Sub(builtIn, "texts")
	if err != nil {
		return nil, fmt.Errorf("mail: built-in texts: %w", err)
	}
	if err := t.read(base); err != nil {
		return nil, err
	}
	if overlay != nil {
		if err := t.read(overlay); err != nil {
			return nil, err
		}
	}
	return t, t.check()
}

func (t *texts) read(from fs.FS) error {
	files, err := fs.Glob(from, "*/*.txt")
	if err != nil {
		return fmt.Errorf("mail: Config.Texts: %w", err)
	}
	if len(files) == 0 {
		return errors.New(`mail: Config.Texts holds no file such as "ja/reset.txt"`)
	}
	for _, file := range files {
		raw, err := fs.ReadFile(from, file)
		if err != nil {
			return fmt.Errorf("mail: Config.Texts: %w", err)
		}
		parsed, err := parseText(file, string(raw))
		if err != nil {
			return err
		}
		language := strings.ToLower(path.Dir(file))
		if t.languages[language] == nil {
			t.languages[language] = map[string]*text{}
		}
		t.languages[language][strings.TrimSuffix(path.Base(file), ".txt")] = parsed
	}
	return nil
}

func parseText(file, raw string) (*text, error) {
	if !utf8.ValidString(raw) {
		return nil, fmt.Errorf("mail: text %s is not UTF-8", file)
	}
	raw = strings.ReplaceAll(strings.TrimPrefix(raw, "\ufeff"), "\r\n", "\n")
	var subject string
	if path.Base(file) != "duration.txt" {
		head, rest, ok := strings.Cut(raw, "\n\n")
		subject, raw = strings.TrimPrefix(head, "Subject: "), rest
		if !ok || subject == head || strings.Contains(subject, "\n") {
			return nil, fmt.Errorf(`mail: text %s must begin with one "Subject: …" line and an empty line`, file)
		}
	}
	t := &text{}
	var err error
	if t.subject, err = template.New(file).Option("missingkey=error").Parse(subject); err != nil {
		return nil, fmt.Errorf("mail: text: %w", err)
	}
	if t.body, err = template.New(file).Option("missingkey=error").Parse(strings.TrimSpace(raw)); err != nil {
		return nil, fmt.Errorf("mail: text: %w", err)
	}
	return t, nil
}

// check renders every text once in each of its forms, so that a fault shows when the app starts and not with the first
// person who waits for a mail.
func (t *texts) check() error {
	for language, files := range t.languages {
		for name := range files {
			if name != "duration" && !isKind(name) {
				return fmt.Errorf("mail: text %s/%s.txt is of no kind: use %s", language, name, strings.Join(kinds, ", "))
			}
		}
		if files["duration"] == nil {
			return fmt.Errorf("mail: text %s/duration.txt is missing: a language needs every file", language)
		}
		for _, kind := range kinds {
			if files[kind] == nil {
				return fmt.Errorf("mail: text %s/%s.txt is missing: a language needs every file", language, kind)
			}
			for _, minutes := range []int{0, 1, 30, 60, 1440} {
				m := auth.Mail{Kind: kind, Language: language, Link: "https://example.jp/x?token=t", Product: "P",
					Minutes: minutes, Reference: "7Q3KM2XP9D"}
				if _, err := t.render(m); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func isKind(name string) bool {
	for _, kind := range kinds {
		if name == kind {
			return true
		}
	}
	return false
}

func (t *texts) render(m auth.Mail) (Message, error) {
	if !isKind(m.Kind) {
		return Message{}, fmt.Errorf("mail: no text for mails of kind %q", oneLine(m.Kind, 40))
	}
	if !usableLink(m.Link) {
		return Message{}, errors.New("mail: the link is no address of a page (http or https)")
	}
	language := t.language(m.Language)
	files := t.languages[language]
	v := values{Product: oneLine(m.Product, 100), Link: m.Link, Reference: reference(m.Reference), Minutes: m.Minutes}
	if m.Minutes > 0 {
		if m.Minutes%60 == 0 {
			v.Hours = m.Minutes / 60
		}
		duration, err := execute(files["duration"].body, v)
		if err != nil {
			return Message{}, err
		}
		v.Duration = duration
	}
	subject, err := execute(files[m.Kind].subject, v)
	if err != nil {
		return Message{}, err
	}
	body, err := execute(files[m.Kind].body, v)
	if err != nil {
		return Message{}, err
	}
	message := Message{Subject: oneLine(subject, 200), Text: body + "\n", Language: language}
	if message.Subject == "" || !strings.Contains("\n"+message.Text, "\n"+m.Link+"\n") {
		return Message{}, fmt.Errorf("mail: text %s/%s.txt must have a subject, and {{.Link}} on a line of its own",
			language, m.Kind)
	}
	return message, nil
}

func execute(t *template.Template, v values) (string, error) {
	var b bytes.Buffer
	if err := t.Execute(&b, v); err != nil {
		return "", fmt.Errorf("mail: text: %w", err)
	}
	return strings.TrimSpace(b.String()), nil
}

// language finds the texts for a tag by shortening it from the end (RFC 4647 §3.4).
func (t *texts) language(tag string) string {
	tag = strings.ToLower(tag)
	for tag != "" {
		if t.languages[tag] != nil {
			return tag
		}
		i := strings.LastIndexByte(tag, '-')
		if i < 0 {
			break
		}
		tag = tag[:i]
	}
	return fallback
}

// usableLink refuses what would not stand on one line as one link.
func usableLink(link string) bool {
	if len(link) > 2000 || !isASCII(link) || strings.ContainsFunc(link, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return false
	}
	u, err := url.Parse(link)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// reference is a reference as it is read out, or "" for what is none.
func reference(s string) string {
	parsed, ok := errcodes.ParseReference(s)
	if !ok {
		return ""
	}
	return errcodes.FormatReference(parsed)
}

// oneLine makes text safe for a header or a log line: control, format and separator characters become spaces, runs of
// spaces one, and what is longer than limit characters is cut.
func oneLine(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if unprintable(r) || unicode.IsSpace(r) {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > limit {
		s = strings.TrimSpace(string([]rune(s)[:limit])) + "…"
	}
	return s
}

// unprintable tells characters that end lines, hide or reorder text: categories Cc, Cf, Zl and Zp, and what is not UTF-8.
func unprintable(r rune) bool {
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}
