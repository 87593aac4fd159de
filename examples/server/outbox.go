package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/mail"
)

// outboxSize is how many mails are kept; the oldest make room.
const outboxSize = 200

// letter is one mail in the outbox.
type letter struct {
	Time     time.Time `json:"time"`
	Kind     string    `json:"kind"`
	To       string    `json:"to"`
	Language string    `json:"language"`
	Subject  string    `json:"subject"`
	Text     string    `json:"text"`
	Link     string    `json:"link"`
}

// outbox keeps mails instead of sending them. It is safe for concurrent use.
type outbox struct {
	mu      sync.Mutex
	letters []letter // newest first
}

var _ auth.Mailer = (*outbox)(nil)

// Send implements auth.Mailer.
func (o *outbox) Send(_ context.Context, m auth.Mail) error {
	text, err := mail.Render(m)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.letters = append([]letter{{
		Time: time.Now().UTC().Truncate(time.Second), Kind: m.Kind, To: m.To, Language: text.Language,
		Subject: text.Subject, Text: text.Text, Link: m.Link,
	}}, o.letters[:min(len(o.letters), outboxSize-1)]...)
	return nil
}

func (o *outbox) all() []letter {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]letter{}, o.letters...)
}

// list is /outbox.json: an array, newest first.
func (o *outbox) list(w http.ResponseWriter, _ *http.Request) {
	body, err := json.Marshal(o.all())
	if err != nil {
		plain(w, http.StatusInternalServerError, "the outbox cannot be shown")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(append(body, '\n'))
}

type outboxView struct {
	Lang    string
	T       map[string]string
	Letters []letterView
}

type letterView struct {
	letter
	Lines []line
}

// line is a line of a mail; Link is set where it is the link.
type line struct{ Text, Link string }

// page is /outbox.
func (o *outbox) page(w http.ResponseWriter, r *http.Request) {
	lang := languageOf(r)
	v := outboxView{Lang: lang, T: words[lang]}
	for _, l := range o.all() {
		view := letterView{letter: l}
		for text := range strings.Lines(l.Text) {
			one := line{Text: strings.TrimRight(text, "\n")}
			if one.Text == l.Link {
				one.Link = l.Link
			}
			view.Lines = append(view.Lines, one)
		}
		v.Letters = append(v.Letters, view)
	}
	show(w, lang, "outbox.html", v)
}
