package errdocs

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"github.com/sekisho-auth/sekisho/errcodes"
)

const preamble = `# Errors

<!-- Written by go generate ./errcodes/...; do not edit. -->

Every failure carries one of four **codes**, which people see, and a **reason**, which programs decide by.
What is fixed for ever about a reason: its name, its code, its HTTP status, and who may be told. Texts and remedies may get better in any release.
The same facts for programs: [errors.json](errors.json). In Go: package ` + "`errcodes`" + `.

Where a reason has not been earned by the caller, the answer is ` + "`invalid_credentials`" + `; the true reason stands in the log, under the reference that the person sees.
A remedy that needs a page of the app is left out until the app links one (marked † below), unless nothing else would be left.
Where a text mentions a wait, it says "later" here; an error says how long, rounded up ("in about 15 minutes").

`

var exposures = map[string]string{
	"A": "everybody",
	"C": "who controls the address or the provider's account",
	"F": "who passed the first factor",
	"S": "who is signed in",
	"U": "who passed the first factor; everybody where the flow answers alike for unknown accounts",
}

var useWords = map[string]string{
	"branch": "you may branch on it",
	"show":   "show it as it is",
	"app":    "your app raises it",
}

// Markdown returns docs/errors.md.
func (d *Document) Markdown() []byte {
	var b bytes.Buffer
	b.WriteString(preamble)
	targets := map[errcodes.Action]bool{}
	for _, a := range d.Actions {
		targets[a.Action] = a.NeedsTarget
	}
	b.WriteString("| code | reason | status | Retry-After | told to |\n|---|---|---|---|---|\n")
	for _, r := range d.Reasons {
		retry := ""
		if r.RetryAfter {
			retry = "yes"
		}
		fmt.Fprintf(&b, "| %d | [`%s`](#%s) | %d | %s | %s |\n", r.Code, r.Reason, r.Reason, r.Status, retry, exposures[r.Exposure])
	}
	for _, c := range d.Codes {
		fmt.Fprintf(&b, "\n## %d: %s / %s\n\n", c.Code, c.Texts["en"].Title, c.Texts["ja"].Title)
		writeTexts(&b, c.Texts, c.Actions, targets)
		for _, r := range d.Reasons {
			if r.Code == c.Code {
				writeReason(&b, r, targets)
			}
		}
		for _, a := range d.Advice {
			if a.Code == c.Code {
				fmt.Fprintf(&b, "\n### %s\n\n`errcodes.%s` · advice: no error and no status\n\n%s\n\n", a.Advice, a.Constant, sentence(a.Meaning))
				writeTexts(&b, a.Texts, a.Actions, targets)
			}
		}
	}
	b.WriteString("\n## Actions\n\n| action | constant | English | 日本語 |\n|---|---|---|---|\n")
	for _, a := range d.Actions {
		fmt.Fprintf(&b, "| `%s`%s | `%s` | %s | %s |\n", a.Action, dagger(a.NeedsTarget), a.Constant, a.Texts["en"], a.Texts["ja"])
	}
	b.WriteString("\n## Hints\n\nHints speak of the characters submitted and of nothing else; they are the same whether or not there is such an account.\n\n| hint | constant | English | 日本語 |\n|---|---|---|---|\n")
	for _, h := range d.Hints {
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", h.Hint, h.Constant, h.Texts["en"], h.Texts["ja"])
	}
	return b.Bytes()
}

func writeReason(b *bytes.Buffer, r ReasonFacts, targets map[errcodes.Action]bool) {
	fmt.Fprintf(b, "\n### %s\n\n`errcodes.%s` · status %d", r.Reason, r.Constant, r.Status)
	if r.RetryAfter {
		b.WriteString(" with Retry-After")
	}
	fmt.Fprintf(b, " · told to: %s · %s\n\n%s\n\n", exposures[r.Exposure], useWords[r.Use], sentence(r.Meaning))
	writeTexts(b, r.Texts, r.Actions, targets)
}

func writeTexts(b *bytes.Buffer, texts map[string]Words, actions []errcodes.Action, targets map[errcodes.Action]bool) {
	for i, lang := range errcodes.Languages() {
		if i > 0 {
			b.WriteString("\n")
		}
		w := texts[lang]
		fmt.Fprintf(b, "> %s\n", w.Detail)
		for _, c := range w.Causes {
			fmt.Fprintf(b, "> - %s\n", c)
		}
		b.WriteString(">\n")
		for n, label := range w.Remedies {
			fmt.Fprintf(b, "> %d. %s (`%s`%s)\n", n+1, label, actions[n], dagger(targets[actions[n]]))
		}
	}
}

func dagger(needsTarget bool) string {
	if needsTarget {
		return " †"
	}
	return ""
}

var docLink = regexp.MustCompile(`\[([A-Za-z.]+)\]`)

// sentence begins with a capital letter and names Go symbols as Markdown does.
func sentence(s string) string {
	if s == "" {
		return s
	}
	s = docLink.ReplaceAllString(s, "`errcodes.$1`")
	return strings.ToUpper(s[:1]) + s[1:]
}
