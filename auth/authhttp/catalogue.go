package authhttp

import (
	"net/http"
	"slices"
	"strings"

	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/errcodes/problem"
)

type codeView struct {
	Code    errcodes.Code
	Title   string
	Entries []entryLine
}

type entryLine struct{ Reason, Detail string }

type entryView struct {
	Code             errcodes.Code
	Reason, Constant string
	Status           int
	Texts            []entryText
}

type entryText struct {
	Lang, Name, CausesTitle, RemediesTitle string
	Code                                   errcodes.Code
	problem.Text
}

// entry is one line of the catalogue in JSON.
type entry struct {
	Type     string           `json:"type,omitempty"`
	Code     errcodes.Code    `json:"code"`
	Reason   string           `json:"reason"`
	Constant string           `json:"constant"`
	Status   int              `json:"status,omitempty"`
	Title    string           `json:"title"`
	Detail   string           `json:"detail"`
	Causes   []string         `json:"causes"`
	Remedies []problem.Remedy `json:"remedies"`
}

// known is a reason or an advice.
type known struct {
	name, constant string
	code           errcodes.Code
	status         int // 0 for advice
	text           func(problem.Lang) (problem.Text, bool)
}

// all returns the whole catalogue in its order.
func (web *Web) all() []known {
	var list []known
	for r := range errcodes.Reasons() {
		list = append(list, known{
			name: string(r), constant: "Reason" + camel(string(r)), code: r.Code(), status: r.HTTPStatus(),
			text: func(l problem.Lang) (problem.Text, bool) { return web.problems.Describe(r, l) },
		})
	}
	for _, a := range errcodes.AllAdvice() {
		list = append(list, known{
			name: string(a), constant: "Advice" + camel(string(a)), code: a.Code(),
			text: func(l problem.Lang) (problem.Text, bool) { return web.problems.Advise(a, l) },
		})
	}
	return list
}

// camel writes a name as Go does.
func camel(snake string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(snake, "_") {
		switch word {
		case "otp", "mfa", "ip":
			b.WriteString(strings.ToUpper(word))
		case "oauth":
			b.WriteString("OAuth")
		case "":
		default:
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

func (web *Web) entry(k known, lang problem.Lang) entry {
	t, _ := k.text(lang)
	e := entry{
		Code: k.code, Reason: k.name, Constant: k.constant, Status: k.status,
		Title: t.Title, Detail: t.Detail, Causes: t.Causes, Remedies: t.Remedies,
	}
	if k.status != 0 {
		e.Type = web.origin.text + web.prefix + "errors/" + k.name
	}
	return e
}

// catalogue lists every failure there is.
func (c *call) catalogue() error {
	lang := c.lang()
	list := c.web.all()
	if c.json {
		body := struct {
			Errors []entry `json:"errors"`
		}{}
		for _, k := range list {
			body.Errors = append(body.Errors, c.web.entry(k, lang))
		}
		c.w.Header()["Content-Language"] = []string{string(lang)}
		return c.encodeJSON(http.StatusOK, body)
	}
	v := c.view()
	v.Title = v.T["catalogue_title"]
	for _, code := range errcodes.Codes() {
		group := codeView{Code: code}
		for _, k := range list {
			if k.code == code {
				t, _ := k.text(lang)
				group.Title = t.Title
				group.Entries = append(group.Entries, entryLine{Reason: k.name, Detail: t.Detail})
			}
		}
		v.Codes = append(v.Codes, group)
	}
	return c.render(http.StatusOK, "catalogue", v)
}

// catalogueEntry explains one failure: where the type of a problem document leads. A page says it in every language, the
// reader's first, since people pass such addresses on.
func (c *call) catalogueEntry() error {
	list := c.web.all()
	i := slices.IndexFunc(list, func(k known) bool { return k.name == c.id })
	if i < 0 {
		return errcodes.New(errcodes.ReasonNotFound)
	}
	k, lang := list[i], c.lang()
	if c.json {
		c.w.Header()["Content-Language"] = []string{string(lang)}
		return c.encodeJSON(http.StatusOK, c.web.entry(k, lang))
	}
	v := c.view()
	v.Entry = &entryView{Code: k.code, Reason: k.name, Constant: k.constant, Status: k.status}
	langs := []problem.Lang{lang}
	for _, other := range c.web.problems.Languages() {
		if other != lang {
			langs = append(langs, other)
		}
	}
	for _, l := range langs {
		t, _ := k.text(l)
		texts := c.web.pages.texts[l]
		v.Entry.Texts = append(v.Entry.Texts, entryText{
			Lang: string(l), Name: texts["language"], Code: k.code, Text: t,
			CausesTitle: texts["entry_causes"], RemediesTitle: texts["entry_remedies"],
		})
		if l == lang {
			v.Title = k.code.String() + " " + t.Title
		}
	}
	return c.render(http.StatusOK, "entry", v)
}
