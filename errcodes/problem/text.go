package problem

import (
	"slices"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
)

// Text returns what the person may read about e, in the language l (the default
// if there is no such language). It is the text of [errcodes.Error.Public],
// whatever it is given, with its wait. Remedies that need a page which the app
// has not linked are left out, unless nothing would be left. For a page that
// shows a reference use [Responder.Problem].
func (p *Responder) Text(e *errcodes.Error, l Lang) Text {
	return p.text(e.Public(), p.Catalog(l), "")
}

// Describe returns the text of a reason for a page that explains it, to anybody
// and whether or not it happened. ok is false for a reason that is not in the
// table.
func (p *Responder) Describe(r errcodes.Reason, l Lang) (t Text, ok bool) {
	found, ok := p.Catalog(l).Reason(r)
	if !ok {
		return Text{}, false
	}
	return p.linked(found, 0, ""), true
}

// Advise returns the text of an advice. ok is false for one not in the table.
func (p *Responder) Advise(a errcodes.Advice, l Lang) (t Text, ok bool) {
	found, ok := p.Catalog(l).Advice(a)
	if !ok {
		return Text{}, false
	}
	return p.linked(found, 0, ""), true
}

// HintTexts returns the hints of e in words; nil if it has none.
func (p *Responder) HintTexts(e *errcodes.Error, l Lang) []HintText {
	hints := e.Hints()
	if len(hints) == 0 {
		return nil
	}
	c := p.Catalog(l)
	texts := make([]HintText, len(hints))
	for i, h := range hints {
		texts[i] = HintText{Hint: h, Text: c.Hint(h)}
	}
	return texts
}

func (p *Responder) text(public *errcodes.Error, c *errcodes.Catalog, ref string) Text {
	wait, _ := public.Retry()
	return p.linked(c.Error(public), wait, ref)
}

// linked gives the remedies their links.
func (p *Responder) linked(t errcodes.Text, wait time.Duration, ref string) Text {
	remedies := make([]Remedy, 0, len(t.Remedies))
	for _, r := range t.Remedies {
		l, ok := p.links[r.Action]
		if !ok && r.Action.NeedsTarget() || slices.Contains(p.without, r.Action) {
			continue
		}
		remedy := Remedy{Action: r.Action, Label: r.Label, Href: l.href(ref)}
		if r.Action == errcodes.ActionRetryLater {
			remedy.After = seconds(wait)
		}
		remedies = append(remedies, remedy)
	}
	if len(remedies) == 0 && len(t.Remedies) > 0 { // never leave somebody without a way out
		remedies = append(remedies, Remedy{Action: t.Remedies[0].Action, Label: t.Remedies[0].Label})
	}
	return Text{Title: t.Title, Detail: t.Detail, Causes: t.Causes, Remedies: remedies}
}
