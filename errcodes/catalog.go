package errcodes

import (
	"embed"
	"maps"
	"strings"
	"sync"
	"time"
)

// Catalog holds the texts of one language. It never changes and is safe for
// concurrent use. The texts may get better in any release; nobody should compare
// them.
type Catalog struct {
	lang      string
	codes     map[Code]codeWords
	reasons   map[Reason]words
	advice    map[Advice]words
	actions   map[Action]string
	hints     map[Hint]string
	durations durationWords
}

// words is what is said about one reason or advice.
type words struct {
	Detail string   `json:"detail"`
	Causes []string `json:"causes"`
}

// codeWords is what is said about a code whatever the reason is.
type codeWords struct {
	Title    string            `json:"title"`
	Detail   string            `json:"detail"`
	Causes   map[string]string `json:"causes"`
	Remedies map[Action]string `json:"remedies"`
}

//go:embed catalog/en.json catalog/ja.json
var builtin embed.FS

// builtins parses the embedded texts once. That they parse and are complete is
// tested; should they not be, every text is empty rather than the program dead.
var builtins = sync.OnceValue(func() map[string]*Catalog {
	all := make(map[string]*Catalog, 2)
	for _, lang := range Languages() {
		c := &Catalog{lang: lang}
		if data, err := builtin.ReadFile("catalog/" + lang + ".json"); err == nil {
			if parsed, err := ParseCatalog(data); err == nil {
				c = parsed
			}
		}
		all[lang] = c
	}
	return all
})

// Languages returns the languages whose texts come with this package, the
// fallback first: "en", "ja".
func Languages() []string { return []string{"en", "ja"} }

// CatalogFor returns the texts that come with this package in the language of
// the tag lang ("ja", "ja-JP", "JA_jp"), in English if there are none.
func CatalogFor(lang string) *Catalog {
	if i := strings.IndexAny(lang, "-_"); i >= 0 {
		lang = lang[:i]
	}
	if c, ok := builtins()[strings.ToLower(lang)]; ok {
		return c
	}
	return builtins()["en"]
}

// Language returns the language tag of the texts.
func (c *Catalog) Language() string { return c.lang }

// Reason returns the text of a reason, with the library's default numbers and
// "later" for waits. ok is false if the reason is not in the table.
func (c *Catalog) Reason(r Reason) (t Text, ok bool) {
	if !r.Known() {
		return Text{}, false
	}
	return c.text(r.Code(), c.reasons[r], r.Actions(), &figures{}), true
}

// Error returns the text of an error, with its numbers and its wait. It is the
// text of the true reason: whoever shows it to somebody calls [Error.Public]
// first. For a reason that only a peer knows it is the text of the code.
func (c *Catalog) Error(e *Error) Text {
	r := e.Reason()
	if !r.Known() {
		t, _ := c.Code(e.Code())
		return t
	}
	f := &figures{}
	if e != nil {
		f.wait, f.params = e.retry, e.params
	}
	return c.text(r.Code(), c.reasons[r], r.Actions(), f)
}

// Code returns the text of a code: what all its reasons have in common. ok is
// false if c is not one of the four.
func (c *Catalog) Code(code Code) (t Text, ok bool) {
	if !code.Known() {
		return Text{}, false
	}
	w := c.codes[code]
	t = Text{Title: w.Title, Detail: w.Detail}
	for _, id := range code.causes() {
		t.Causes = append(t.Causes, w.Causes[id])
	}
	for _, a := range code.Actions() {
		t.Remedies = append(t.Remedies, Remedy{Action: a, Label: w.Remedies[a]})
	}
	return t, true
}

// Advice returns the text of an advice. ok is false if it is not in the table.
func (c *Catalog) Advice(a Advice) (t Text, ok bool) {
	if a.Code() == 0 {
		return Text{}, false
	}
	return c.text(a.Code(), c.advice[a], a.Actions(), &figures{}), true
}

// Action returns the label of an action; wait, if positive, is how long to wait
// before it. It is "" for an action that is not in the table.
func (c *Catalog) Action(a Action, wait time.Duration) string {
	return c.expand(c.actions[a], &figures{wait: wait})
}

// Hint returns the sentence for a hint; "" for one that is not in the table.
func (c *Catalog) Hint(h Hint) string { return c.hints[h] }

// Wait says how long to wait, rounded up and hedged ("in about 15 minutes",
// 約15分後に); "later" in words if d is not positive.
func (c *Catalog) Wait(d time.Duration) string { return c.durations.say(d) }

func (c *Catalog) text(code Code, w words, actions []Action, f *figures) Text {
	t := Text{
		Title:    c.codes[code].Title,
		Detail:   c.expand(w.Detail, f),
		Causes:   make([]string, len(w.Causes)),
		Remedies: make([]Remedy, len(actions)),
	}
	for i, s := range w.Causes {
		t.Causes[i] = c.expand(s, f)
	}
	for i, a := range actions {
		t.Remedies[i] = Remedy{Action: a, Label: c.expand(c.actions[a], f)}
	}
	return t
}

// Over returns the texts of c, and those of base where c says nothing. A list of
// causes counts as one text. The language is that of c.
func (c *Catalog) Over(base *Catalog) *Catalog {
	m := &Catalog{
		lang:      c.lang,
		codes:     make(map[Code]codeWords, len(base.codes)),
		reasons:   overWords(c.reasons, base.reasons),
		advice:    overWords(c.advice, base.advice),
		actions:   overMap(c.actions, base.actions),
		hints:     overMap(c.hints, base.hints),
		durations: c.durations.over(base.durations),
	}
	for _, code := range Codes() {
		w, b := c.codes[code], base.codes[code]
		m.codes[code] = codeWords{
			Title:    overString(w.Title, b.Title),
			Detail:   overString(w.Detail, b.Detail),
			Causes:   overMap(w.Causes, b.Causes),
			Remedies: overMap(w.Remedies, b.Remedies),
		}
	}
	return m
}

func overString(s, base string) string {
	if s == "" {
		return base
	}
	return s
}

func overMap[K comparable](m, base map[K]string) map[K]string {
	both := make(map[K]string, len(base))
	maps.Copy(both, base)
	maps.Copy(both, m)
	return both
}

func overWords[K comparable](m, base map[K]words) map[K]words {
	both := make(map[K]words, len(base))
	maps.Copy(both, base)
	for k, w := range m {
		b := base[k]
		if len(w.Causes) == 0 {
			w.Causes = b.Causes
		}
		both[k] = words{Detail: overString(w.Detail, b.Detail), Causes: w.Causes}
	}
	return both
}
