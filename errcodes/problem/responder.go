package problem

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/sekisho-auth/sekisho/errcodes"
)

// DefaultTypeBase is what problem types begin with where [WithTypeBase] says
// nothing else: the place of the catalogue's pages in package authhttp. A
// relative reference is resolved against the request's URL (RFC 9457 §3.1.1).
const DefaultTypeBase = "/auth/errors/"

// Responder turns errors into responses. It holds texts, links and policy, never
// changes and is safe for concurrent use.
type Responder struct {
	catalogs   []*errcodes.Catalog // the default first
	negotiator *negotiator
	links      map[errcodes.Action]link
	without    []errcodes.Action
	typeBase   string
	logger     *slog.Logger
}

// Option sets up a [Responder].
type Option func(*config) error

type config struct {
	language string
	overlays []fs.FS
	links    map[errcodes.Action]link
	without  []errcodes.Action
	typeBase string
	logger   *slog.Logger
}

// WithDefaultLanguage names the language for those who ask for none that there
// is; the default is "en".
func WithDefaultLanguage(tag string) Option {
	return func(c *config) error {
		c.language = tag
		return nil
	}
}

// WithOverlay adds wording of the host's own, and more languages: the *.json
// files at the root of fsys, each named after its language ("fr.json",
// "ja.json"), in the form of errcodes/catalog/en.json. A file for a language
// that there is replaces what it speaks of; one for a new language must be
// complete. Later overlays win.
func WithOverlay(fsys fs.FS) Option {
	return func(c *config) error {
		if fsys == nil {
			return errors.New("problem: WithOverlay: the file system is nil")
		}
		c.overlays = append(c.overlays, fsys)
		return nil
	}
}

// WithLink leads an action to a page of the app: a path ("/support"), an
// absolute http(s) URL, or a mailto: or tel: address. To the link of
// contact_support the reference is added, as ref in the query or as the subject
// of a mail.
func WithLink(a errcodes.Action, target string) Option {
	return func(c *config) error {
		l, err := newLink(a, target)
		if err != nil {
			return err
		}
		c.links[a] = l
		return nil
	}
}

// WithTypeBase says what problem types begin with: an absolute http(s) URL under
// which each reason has its page, as in "https://auth.example.jp/errors/".
func WithTypeBase(absURL string) Option {
	return func(c *config) error {
		u, err := url.Parse(absURL)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			return fmt.Errorf("problem: WithTypeBase: %q is not an absolute http(s) URL without query and fragment", absURL)
		}
		c.typeBase = strings.TrimRight(absURL, "/") + "/"
		return nil
	}
}

// WithoutAction leaves remedies out that cannot help in this app, such as
// "open the mail" where no mail is sent. A reason never loses its last remedy.
func WithoutAction(actions ...errcodes.Action) Option {
	return func(c *config) error {
		c.without = append(c.without, actions...)
		return nil
	}
}

// WithLogger says where failures are logged; the default, also for nil, is what
// slog.Default returns at the time.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) error {
		c.logger = l
		return nil
	}
}

// New makes a Responder. Its error names the option that is wrong, or every text
// that is missing.
func New(opts ...Option) (*Responder, error) {
	c := config{language: errcodes.Languages()[0], links: map[errcodes.Action]link{}, typeBase: DefaultTypeBase}
	for _, o := range opts {
		if o == nil {
			continue
		}
		if err := o(&c); err != nil {
			return nil, err
		}
	}
	catalogs, err := c.catalogs()
	if err != nil {
		return nil, err
	}
	return &Responder{
		catalogs: catalogs, negotiator: newNegotiator(catalogs),
		links: c.links, without: c.without, typeBase: c.typeBase, logger: c.logger,
	}, nil
}

// With returns a Responder with more links, for one page or one request: the
// remedy "have the mail sent anew" leads elsewhere from an expired sign-up link
// than from an expired reset link. Only [WithLink] options are taken.
func (p *Responder) With(links ...Option) (*Responder, error) {
	c := config{links: map[errcodes.Action]link{}, typeBase: "", language: ""}
	for _, o := range links {
		if err := o(&c); err != nil {
			return nil, err
		}
	}
	if c.language != "" || c.typeBase != "" || c.overlays != nil || c.without != nil || c.logger != nil {
		return nil, errors.New("problem: With takes WithLink options only")
	}
	derived := *p
	for a, l := range p.links {
		if _, replaced := c.links[a]; !replaced {
			c.links[a] = l
		}
	}
	derived.links = c.links
	return &derived, nil
}

// catalogs gathers the texts of every language, the default's first, and checks
// that they are complete.
func (c *config) catalogs() ([]*errcodes.Catalog, error) {
	var all []*errcodes.Catalog
	for _, lang := range errcodes.Languages() {
		all = append(all, errcodes.CatalogFor(lang))
	}
	for _, fsys := range c.overlays {
		files, err := fs.Glob(fsys, "*.json")
		if err != nil {
			return nil, fmt.Errorf("problem: WithOverlay: %w", err)
		}
		if len(files) == 0 {
			return nil, errors.New("problem: WithOverlay: there is no *.json file at the root of the file system")
		}
		for _, name := range files {
			if all, err = overlay(all, fsys, name); err != nil {
				return nil, fmt.Errorf("problem: WithOverlay: %s: %w", name, err)
			}
		}
	}
	for _, cat := range all {
		if err := cat.Check(); err != nil {
			return nil, fmt.Errorf("problem: %w", err)
		}
	}
	i := slices.IndexFunc(all, func(cat *errcodes.Catalog) bool { return strings.EqualFold(cat.Language(), c.language) })
	if i < 0 {
		return nil, fmt.Errorf("problem: WithDefaultLanguage: there are no texts in %q", c.language)
	}
	def := all[i]
	return slices.Insert(slices.Delete(all, i, i+1), 0, def), nil
}

func overlay(all []*errcodes.Catalog, fsys fs.FS, name string) ([]*errcodes.Catalog, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	cat, err := errcodes.ParseCatalog(data)
	if err != nil {
		return nil, err
	}
	if stem := strings.TrimSuffix(path.Base(name), ".json"); stem != cat.Language() {
		return nil, fmt.Errorf("the file is named after %q, its language is %q", stem, cat.Language())
	}
	tag, err := language.Parse(cat.Language())
	if err != nil {
		return nil, fmt.Errorf("%q is not a language tag: %w", cat.Language(), err)
	}
	for i, base := range all {
		if strings.EqualFold(base.Language(), cat.Language()) {
			all[i] = cat.Over(base)
			return all, nil
		}
	}
	// A variant, as en-GB, speaks like its language where it says nothing.
	main, _ := tag.Base()
	for _, base := range all {
		if base.Language() == main.String() {
			cat = cat.Over(base)
			break
		}
	}
	return append(all, cat), nil
}
