package errcodes

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// catalogFile is the JSON form of a Catalog, as in catalog/en.json.
type catalogFile struct {
	Language  string             `json:"language"`
	Codes     map[Code]codeWords `json:"codes"`
	Reasons   map[Reason]words   `json:"reasons"`
	Advice    map[Advice]words   `json:"advice"`
	Actions   map[Action]string  `json:"actions"`
	Hints     map[Hint]string    `json:"hints"`
	Durations durationWords      `json:"durations"`
}

// ParseCatalog reads texts in JSON, in the form of the files in catalog/ of this
// package. The file may leave out anything but its language; see [Catalog.Over]
// and [Catalog.Check]. It is refused where it speaks of something that this
// package does not know, uses a placeholder where there is nothing to put in, or
// holds control characters.
func ParseCatalog(data []byte) (*Catalog, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("errcodes: the catalogue is not UTF-8")
	}
	var f catalogFile
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return nil, fmt.Errorf("errcodes: reading the catalogue: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("errcodes: the catalogue goes on after its end")
	}
	if f.Language == "" {
		return nil, errors.New(`errcodes: the catalogue does not name its "language"`)
	}
	c := &Catalog{
		lang: f.Language, codes: f.Codes, reasons: f.Reasons, advice: f.Advice,
		actions: f.Actions, hints: f.Hints, durations: f.Durations,
	}
	var v verdicts
	c.vetCodes(&v)
	c.vetSituations(&v)
	c.vetLists(&v)
	if err := v.err("the catalogue " + f.Language + " cannot be used"); err != nil {
		return nil, err
	}
	return c, nil
}

// Check reports everything that a complete set of texts must have and c has not:
// for each reason and advice a detail, at least one cause, and a label for every
// remedy; for each code its title, causes and remedies; every hint; every form
// of a wait.
func (c *Catalog) Check() error {
	var v verdicts
	need := func(text, where string) {
		if text == "" {
			v.add("%s is missing", where)
		}
	}
	situation := func(w words, where string) {
		need(w.Detail, where+".detail")
		if len(w.Causes) == 0 {
			v.add("%s.causes is missing", where)
		}
	}
	for _, code := range Codes() {
		where, w := "codes."+code.String(), c.codes[code]
		need(w.Title, where+".title")
		need(w.Detail, where+".detail")
		for _, id := range code.causes() {
			need(w.Causes[id], where+".causes."+id)
		}
		for _, a := range code.Actions() {
			need(w.Remedies[a], where+".remedies."+string(a))
		}
	}
	for r := range Reasons() {
		situation(c.reasons[r], "reasons."+string(r))
	}
	for _, a := range AllAdvice() {
		situation(c.advice[a], "advice."+string(a))
	}
	for a := range AllActions() {
		need(c.actions[a], "actions."+string(a))
	}
	for h := range Hints() {
		need(c.hints[h], "hints."+string(h))
	}
	for _, d := range c.durations.all() {
		need(d[1], "durations."+d[0])
	}
	return v.err("the texts in " + c.lang + " are not complete")
}

func (c *Catalog) vetCodes(v *verdicts) {
	for code, w := range c.codes {
		where := "codes." + code.String()
		if !code.Known() {
			v.add("%s: there is no such code", where)
			continue
		}
		v.text(w.Title, where+".title")
		v.text(w.Detail, where+".detail")
		for id, s := range w.Causes {
			if !slices.Contains(code.causes(), id) {
				v.add("%s.causes.%s: there is no such cause", where, id)
			}
			v.text(s, where+".causes."+id)
		}
		for a, s := range w.Remedies {
			if !slices.Contains(code.Actions(), a) {
				v.add("%s.remedies.%s: not a remedy of this code", where, a)
			}
			v.text(s, where+".remedies."+string(a))
		}
	}
}

func (c *Catalog) vetSituations(v *verdicts) {
	vet := func(w words, where string, allowed ...string) {
		v.text(w.Detail, where+".detail", allowed...)
		for i, s := range w.Causes {
			at := fmt.Sprintf("%s.causes[%d]", where, i)
			if s == "" {
				v.add("%s is empty", at)
			}
			v.text(s, at, allowed...)
		}
	}
	for r, w := range c.reasons {
		where := "reasons." + string(r)
		if !r.Known() {
			v.add("%s: there is no such reason", where)
			continue
		}
		var allowed []string
		for _, p := range paramTable {
			allowed = append(allowed, string(p.param))
		}
		if _, waits := r.DefaultRetry(); waits {
			allowed = append(allowed, placeholderWait)
		}
		vet(w, where, allowed...)
	}
	for a, w := range c.advice {
		where := "advice." + string(a)
		if a.Code() == 0 {
			v.add("%s: there is no such advice", where)
			continue
		}
		vet(w, where)
	}
}

func (c *Catalog) vetLists(v *verdicts) {
	for a, s := range c.actions {
		where := "actions." + string(a)
		if !slices.Contains(slices.Collect(AllActions()), a) {
			v.add("%s: there is no such action", where)
		}
		if a == ActionRetryLater {
			v.text(s, where, placeholderWait)
		} else {
			v.text(s, where)
		}
	}
	for h, s := range c.hints {
		where := "hints." + string(h)
		if !slices.Contains(hintTable[:], h) {
			v.add("%s: there is no such hint", where)
		}
		v.text(s, where)
	}
	for _, d := range c.durations.all() {
		v.text(d[1], "durations."+d[0], "n")
		if strings.HasSuffix(d[0], "s") && d[1] != "" && !strings.Contains(d[1], "{n}") {
			v.add("durations.%s: {n} is missing", d[0])
		}
	}
}

// verdicts gathers what is wrong, so that a translator sees all of it at once.
type verdicts []string

func (v *verdicts) add(format string, args ...any) { *v = append(*v, fmt.Sprintf(format, args...)) }

// text checks the form of one text. An empty one is not wrong: it says nothing.
func (v *verdicts) text(s, where string, allowed ...string) {
	if strings.ContainsFunc(s, unicode.IsControl) {
		v.add("%s: control character", where)
	}
	if strings.TrimSpace(s) != s {
		v.add("%s: space at an end", where)
	}
	for rest := s; ; {
		before, after, found := strings.Cut(rest, "{")
		if strings.Contains(before, "}") {
			v.add("%s: } without {", where)
		}
		if !found {
			return
		}
		name, tail, closed := strings.Cut(after, "}")
		if !closed || !slices.Contains(allowed, name) {
			v.add("%s: there is nothing to put in for {%s}", where, name)
		}
		rest = tail
	}
}

func (v verdicts) err(what string) error {
	if len(v) == 0 {
		return nil
	}
	slices.Sort(v)
	return fmt.Errorf("errcodes: %s: %s", what, strings.Join(v, "; "))
}
