package errdocs

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/sekisho-auth/sekisho/errcodes"
)

// Document is docs/errors.json.
type Document struct {
	Codes   []CodeFacts   `json:"codes"`
	Reasons []ReasonFacts `json:"reasons"`
	Advice  []AdviceFacts `json:"advice"`
	Actions []ActionFacts `json:"actions"`
	Hints   []HintFacts   `json:"hints"`
}

// Words is a text in one language.
type Words struct {
	Title    string   `json:"title,omitempty"`
	Detail   string   `json:"detail"`
	Causes   []string `json:"causes"`
	Remedies []string `json:"remedies"`
}

// CodeFacts describes a code.
type CodeFacts struct {
	Code    errcodes.Code     `json:"code"`
	Actions []errcodes.Action `json:"actions"`
	Texts   map[string]Words  `json:"texts"`
}

// ReasonFacts describes a reason.
type ReasonFacts struct {
	Reason     errcodes.Reason   `json:"reason"`
	Constant   string            `json:"constant"`
	Code       errcodes.Code     `json:"code"`
	Status     int               `json:"status"`
	Exposure   string            `json:"exposure"`
	RetryAfter bool              `json:"retry_after"`
	Use        string            `json:"use"`
	Meaning    string            `json:"meaning"`
	Actions    []errcodes.Action `json:"actions"`
	Texts      map[string]Words  `json:"texts"`
}

// AdviceFacts describes an advice.
type AdviceFacts struct {
	Advice   errcodes.Advice   `json:"advice"`
	Constant string            `json:"constant"`
	Code     errcodes.Code     `json:"code"`
	Meaning  string            `json:"meaning"`
	Actions  []errcodes.Action `json:"actions"`
	Texts    map[string]Words  `json:"texts"`
}

// ActionFacts describes an action.
type ActionFacts struct {
	Action      errcodes.Action   `json:"action"`
	Constant    string            `json:"constant"`
	NeedsTarget bool              `json:"needs_target"`
	Texts       map[string]string `json:"texts"`
}

// HintFacts describes a hint.
type HintFacts struct {
	Hint     errcodes.Hint     `json:"hint"`
	Constant string            `json:"constant"`
	Texts    map[string]string `json:"texts"`
}

// uses names the four blocks of constants by the first word of their comment.
var uses = map[string]string{"You": "branch", "Show": "show", "Your": "app", "Advice": "advice"}

// use returns what the constant's block says about its use.
func (c Constant) use() string {
	var word string
	_, _ = fmt.Sscan(c.Block, &word) // an empty block comment has no use
	return uses[word]
}

// Collect gathers everything about the catalogue; dir holds the source of
// package errcodes.
func Collect(dir string) (*Document, error) {
	reasons, err := index(dir, "Reason")
	if err != nil {
		return nil, err
	}
	advice, err := index(dir, "Advice")
	if err != nil {
		return nil, err
	}
	actions, err := index(dir, "Action")
	if err != nil {
		return nil, err
	}
	hints, err := index(dir, "Hint")
	if err != nil {
		return nil, err
	}
	doc := &Document{}
	for _, c := range errcodes.Codes() {
		doc.Codes = append(doc.Codes, CodeFacts{c, c.Actions(), texts(func(k *errcodes.Catalog) (errcodes.Text, bool) { return k.Code(c) }, true)})
	}
	for r := range errcodes.Reasons() {
		_, waits := r.DefaultRetry()
		doc.Reasons = append(doc.Reasons, ReasonFacts{
			Reason: r, Constant: reasons[string(r)].Name, Code: r.Code(), Status: r.HTTPStatus(),
			Exposure: r.Exposure().String(), RetryAfter: waits,
			Use: reasons[string(r)].use(), Meaning: reasons[string(r)].Doc, Actions: r.Actions(),
			Texts: texts(func(k *errcodes.Catalog) (errcodes.Text, bool) { return k.Reason(r) }, false),
		})
	}
	for _, a := range errcodes.AllAdvice() {
		doc.Advice = append(doc.Advice, AdviceFacts{
			a, advice[string(a)].Name, a.Code(), advice[string(a)].Doc, a.Actions(),
			texts(func(k *errcodes.Catalog) (errcodes.Text, bool) { return k.Advice(a) }, false),
		})
	}
	for a := range errcodes.AllActions() {
		doc.Actions = append(doc.Actions, ActionFacts{
			a, actions[string(a)].Name, a.NeedsTarget(),
			phrases(func(k *errcodes.Catalog) string { return k.Action(a, 0) }),
		})
	}
	for h := range errcodes.Hints() {
		doc.Hints = append(doc.Hints, HintFacts{
			h, hints[string(h)].Name,
			phrases(func(k *errcodes.Catalog) string { return k.Hint(h) }),
		})
	}
	return doc, nil
}

func index(dir, typ string) (map[string]Constant, error) {
	all, err := Constants(dir, typ)
	if err != nil {
		return nil, err
	}
	byValue := make(map[string]Constant, len(all))
	for _, c := range all {
		if c.Name == "" || byValue[c.Value].Name != "" {
			return nil, fmt.Errorf("two constants have the value %q", c.Value)
		}
		byValue[c.Value] = c
	}
	return byValue, nil
}

func texts(get func(*errcodes.Catalog) (errcodes.Text, bool), titled bool) map[string]Words {
	all := make(map[string]Words)
	for _, lang := range errcodes.Languages() {
		t, _ := get(errcodes.CatalogFor(lang))
		w := Words{Detail: t.Detail, Causes: t.Causes}
		if titled {
			w.Title = t.Title
		}
		for _, r := range t.Remedies {
			w.Remedies = append(w.Remedies, r.Label)
		}
		all[lang] = w
	}
	return all
}

func phrases(get func(*errcodes.Catalog) string) map[string]string {
	all := make(map[string]string)
	for _, lang := range errcodes.Languages() {
		all[lang] = get(errcodes.CatalogFor(lang))
	}
	return all
}

// JSON returns docs/errors.json.
func (d *Document) JSON() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(d); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
