package problem

import (
	"hash/maphash"
	"net/http"
	"strings"
	"sync/atomic"

	"golang.org/x/text/language"

	"github.com/sekisho-auth/sekisho/errcodes"
)

const (
	// maxHeader bounds what is parsed at all. Browsers send well under 200
	// bytes.
	maxHeader = 1024
	// maxCached and cacheSlots bound what is remembered: 64 headers of at most
	// 256 bytes.
	maxCached  = 256
	cacheSlots = 64
)

// negotiator picks languages. Parsing a header costs some 20 allocations and
// most visitors send one of few, so the answers are remembered in a table of
// fixed size; one header displaces another, and the seed keeps strangers from
// choosing which.
type negotiator struct {
	matcher language.Matcher
	langs   []Lang
	seed    maphash.Seed
	slots   [cacheSlots]atomic.Pointer[answer]
}

type answer struct {
	header string
	index  int
}

func newNegotiator(catalogs []*errcodes.Catalog) *negotiator {
	n := &negotiator{seed: maphash.MakeSeed()}
	tags := make([]language.Tag, len(catalogs))
	for i, c := range catalogs {
		n.langs = append(n.langs, Lang(c.Language()))
		tags[i] = language.Make(c.Language())
	}
	n.matcher = language.NewMatcher(tags)
	return n
}

func (n *negotiator) match(header string) int {
	if header == "" || len(header) > maxHeader {
		return 0
	}
	if len(header) > maxCached {
		return n.parse(header)
	}
	slot := &n.slots[maphash.String(n.seed, header)%cacheSlots]
	if a := slot.Load(); a != nil && a.header == header {
		return a.index
	}
	i := n.parse(header)
	// Cloned, because the header is a piece of the request's whole buffer.
	slot.Store(&answer{header: strings.Clone(header), index: i})
	return i
}

// parse goes by the matcher's index and not by its tag, which is rewritten
// (ja-JP becomes ja-u-rg-jpzzzz). A header that is too long or no header at all
// is an error there and means the default, as does one that matches nothing.
func (n *negotiator) parse(header string) int {
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil || len(tags) == 0 {
		return 0
	}
	_, i, confidence := n.matcher.Match(tags...)
	if confidence == language.No {
		return 0
	}
	return i
}

// Match returns the best language for the value of an Accept-Language header
// (RFC 9110 §12.5.4); the default language if nothing fits or it cannot be read.
func (p *Responder) Match(acceptLanguage string) Lang {
	return p.negotiator.langs[p.negotiator.match(acceptLanguage)]
}

// matchRequest is Match for all Accept-Language lines of a request.
func (p *Responder) matchRequest(r *http.Request) Lang {
	switch lines := r.Header["Accept-Language"]; len(lines) {
	case 0:
		return p.negotiator.langs[0]
	case 1:
		return p.Match(lines[0])
	default:
		return p.Match(strings.Join(lines, ","))
	}
}

// Languages returns the languages there are, the default first. The slice is
// the caller's to keep.
func (p *Responder) Languages() []Lang { return append([]Lang(nil), p.negotiator.langs...) }

// Catalog returns the texts in a language, with the host's wording; those in the
// default language if there are none in l.
func (p *Responder) Catalog(l Lang) *errcodes.Catalog { return p.catalogs[p.index(l)] }

func (p *Responder) index(l Lang) int {
	for i, have := range p.negotiator.langs {
		if have == l {
			return i
		}
	}
	return 0
}
