package authhttp

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/sekisho-auth/sekisho/errcodes/problem"
)

//go:embed templates/layout.html templates/pages.html templates/style.css texts
var embedded embed.FS

// The forms, by the name of their template; the text of the title has the same name.
const (
	pageLogin    = "login"
	pageRegister = "register"
	pageVerify   = "verify"
	pageResend   = "resend"
	pageForgot   = "forgot"
	pageReset    = "reset"
	pageChange   = "change"
	pageReauth   = "reauth"
	pageLogout   = "logout"
)

// form is what a page with a form shows in its fields. A password is never among it.
type form struct {
	page                             string
	Email, Username, ReturnTo, Token string
	Remember, NeedPassword           bool
}

// view is what templates see.
type view struct {
	Lang, Title, Site, Prefix string
	Home                      string // where the name at the top leads
	Mail                      bool
	T                         map[string]string
	Alert                     *alert
	Form                      *form
	Notice                    *noticeView
	Account                   *accountView
	Codes                     []codeView
	Entry                     *entryView
}

// alert is a problem document as a page says it.
type alert struct {
	*problem.Problem
	Hints []string
}

// pages holds templates and texts. It never changes.
type pages struct {
	templates *template.Template
	texts     map[problem.Lang]map[string]string
	style     []byte
	styleTag  string
}

func newPages(web *Web, cfg Config) (*pages, error) {
	t, err := template.New("").Option("missingkey=error").ParseFS(embedded, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("authhttp: %w", err)
	}
	p := &pages{templates: t, texts: make(map[problem.Lang]map[string]string)}
	if p.style, err = embedded.ReadFile("templates/style.css"); err != nil {
		return nil, fmt.Errorf("authhttp: %w", err)
	}
	sum := sha256.Sum256(p.style)
	p.styleTag = `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	for _, lang := range web.problems.Languages() {
		if p.texts[lang], err = pageTexts(lang, cfg.Texts); err != nil {
			return nil, err
		}
		least := strconv.Itoa(web.svc.MinPasswordLength())
		p.texts[lang]["password_help"] = strings.ReplaceAll(p.texts[lang]["password_help"], "{min}", least)
	}
	return p, nil
}

// pageTexts gathers the texts of one language: the embedded ones, and over them those of the app.
func pageTexts(lang problem.Lang, overlay fs.FS) (map[string]string, error) {
	english, err := readTexts(embedded, "texts/en.json")
	if err != nil {
		return nil, err
	}
	texts, err := readTexts(embedded, "texts/"+string(lang)+".json")
	if errors.Is(err, fs.ErrNotExist) {
		// A variant, such as en-GB, speaks like its language where it says nothing.
		main, _, _ := strings.Cut(string(lang), "-")
		if texts, err = readTexts(embedded, "texts/"+main+".json"); errors.Is(err, fs.ErrNotExist) {
			texts, err = map[string]string{}, nil
		}
	}
	if err != nil {
		return nil, err
	}
	if overlay != nil {
		own, err := readTexts(overlay, "pages/"+string(lang)+".json")
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("authhttp: Config.Texts: %w", err)
		}
		maps.Copy(texts, own)
	}
	if err := compareTexts(lang, texts, english); err != nil {
		return nil, err
	}
	return texts, nil
}

// compareTexts reports what a language lacks or has too much.
func compareTexts(lang problem.Lang, texts, english map[string]string) error {
	var wrong []string
	for key := range english {
		if strings.TrimSpace(texts[key]) == "" {
			wrong = append(wrong, key+" is missing")
		}
	}
	for key := range texts {
		if _, ok := english[key]; !ok {
			wrong = append(wrong, key+" is not known")
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	slices.Sort(wrong)
	return fmt.Errorf("authhttp: Config.Texts: pages/%s.json: %s", lang, strings.Join(wrong, ", "))
}

func readTexts(from fs.FS, name string) (map[string]string, error) {
	data, err := fs.ReadFile(from, name)
	if err != nil {
		return nil, err
	}
	texts := make(map[string]string)
	if err := json.Unmarshal(data, &texts); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return texts, nil
}

// view begins a page.
func (c *call) view() *view {
	lang := c.lang()
	return &view{
		Lang: string(lang), Site: c.web.svc.Name(), Home: c.web.afterLogin, Prefix: c.web.prefix, Mail: c.web.mail,
		T: c.web.pages.texts[lang], Form: &form{},
	}
}

// render answers with a page. It is made in memory first: a fault in a template must not leave half a page.
func (c *call) render(status int, name string, v *view) error {
	var buf bytes.Buffer
	if err := c.web.pages.templates.ExecuteTemplate(&buf, name, v); err != nil {
		return fmt.Errorf("authhttp: page %s: %w", name, err)
	}
	h := c.w.Header()
	h["Content-Type"] = typeHTML
	h["Content-Language"] = []string{v.Lang}
	h["Content-Security-Policy"] = policy
	c.wrote = true
	c.w.WriteHeader(status)
	_, _ = c.w.Write(buf.Bytes()) // the client may be gone; there is nobody to tell
	return nil
}

// formPage shows a form for the first time.
func (c *call) formPage(f form) error {
	v := c.view()
	v.Form, v.Title = &f, v.T[f.page+"_title"]
	return c.render(http.StatusOK, f.page, v)
}

// failurePage says what went wrong: above the form that was sent, so that it can be put right at once, or on a page of
// its own. What was typed is still there, but for passwords.
func (c *call) failurePage(doc *problem.Problem) {
	v := c.view()
	v.Alert = &alert{Problem: doc}
	for _, h := range doc.Hints {
		v.Alert.Hints = append(v.Alert.Hints, h.Text)
	}
	name := "error"
	v.Title = v.T["error_title"]
	if c.form != nil {
		name, v.Form, v.Title = c.form.page, c.form, v.T[c.form.page+"_title"]
	}
	if err := c.render(doc.Status, name, v); err != nil {
		c.web.log.ErrorContext(c.r.Context(), "authhttp: a page could not be made", "reference", doc.Reference, "error", err)
		http.Error(c.w, doc.Detail+"\n"+doc.Reference, doc.Status)
	}
}

// stylesheet serves the one file that may be kept by browsers.
func (c *call) stylesheet() error {
	h := c.w.Header()
	h["Content-Type"] = []string{"text/css; charset=utf-8"}
	h["Cache-Control"] = []string{"public, max-age=3600"}
	h["Etag"] = []string{c.web.pages.styleTag}
	delete(h, "Vary")
	c.wrote = true
	if slices.Contains(c.r.Header["If-None-Match"], c.web.pages.styleTag) {
		c.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	_, _ = c.w.Write(c.web.pages.style) // the client may be gone; there is nobody to tell
	return nil
}
