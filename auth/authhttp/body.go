package authhttp

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/sekisho-auth/sekisho/errcodes"
)

// maxBody is the largest body in bytes.
const maxBody = 16 << 10

// media is what a body is written in.
type media uint8

const (
	mediaNone media = iota // no body
	mediaJSON
	mediaForm
	mediaOther
)

// mediaOf reads Content-Type. A character set other than UTF-8 is another medium: nothing here converts.
func mediaOf(r *http.Request) media {
	lines := r.Header["Content-Type"]
	if len(lines) == 0 {
		if r.ContentLength == 0 {
			return mediaNone
		}
		return mediaOther
	}
	if len(lines) > 1 {
		return mediaOther
	}
	switch lines[0] {
	case "application/json":
		return mediaJSON
	case "application/x-www-form-urlencoded":
		return mediaForm
	}
	kind, params, err := mime.ParseMediaType(lines[0])
	if err != nil {
		return mediaOther
	}
	if set, ok := params["charset"]; ok && !strings.EqualFold(set, "utf-8") {
		return mediaOther
	}
	switch kind {
	case "application/json":
		return mediaJSON
	case "application/x-www-form-urlencoded":
		return mediaForm
	default:
		return mediaOther
	}
}

// buffers holds bodies while they are read. They are wiped before they go back: they held passwords.
var buffers = sync.Pool{New: func() any { return new([maxBody]byte) }}

// readFields reads a body that may have the allowed fields into into. Reasons: request_too_large,
// unsupported_media_type, request_malformed. A request without a body has no fields.
func readFields(w http.ResponseWriter, r *http.Request, allowed field, into *fields) error {
	switch mediaOf(r) {
	case mediaJSON:
		return readJSON(w, r, allowed, into)
	case mediaForm:
		return readForm(w, r, allowed, into)
	case mediaNone:
		return nil
	default:
		return errcodes.New(errcodes.ReasonUnsupportedMediaType)
	}
}

func readJSON(w http.ResponseWriter, r *http.Request, allowed field, into *fields) error {
	return withBody(w, r, func(body []byte) error { return parseJSON(body, allowed, into) })
}

// readForm reads a form from the body alone: what stands in the address never fills a field, so that no link can.
// Fields that are not ours are for somebody else. The form is left in r.PostForm for handlers of the app.
func readForm(w http.ResponseWriter, r *http.Request, allowed field, into *fields) error {
	if r.PostForm == nil {
		err := withBody(w, r, func(body []byte) (err error) {
			if r.PostForm, err = url.ParseQuery(string(body)); err != nil {
				r.PostForm = nil
				return errFormSyntax // net/url's error repeats what was sent
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if err := fromForm(r.PostForm, allowed, into); err != nil {
		return errcodes.New(errcodes.ReasonRequestMalformed, errcodes.Because(err))
	}
	return nil
}

func fromForm(form url.Values, allowed field, into *fields) error {
	for i, name := range fieldNames {
		f := field(1 << i)
		values := form[name]
		if f&allowed == 0 || len(values) == 0 {
			continue
		}
		if len(values) > 1 {
			return errFormRepeated
		}
		if to := into.text(f); to != nil {
			*to = values[0]
			continue
		}
		switch values[0] {
		case "on", "true", "1":
			into.remember = true
		case "", "off", "false", "0":
			into.remember = false
		default:
			return errFormBoolean
		}
	}
	return nil
}

// withBody reads the whole body, hands it to parse, whose error means request_malformed, and wipes it.
func withBody(w http.ResponseWriter, r *http.Request, parse func([]byte) error) error {
	if r.ContentLength > maxBody {
		return errcodes.New(errcodes.ReasonRequestTooLarge)
	}
	buf := buffers.Get().(*[maxBody]byte)
	n, err := readAll(http.MaxBytesReader(w, r.Body, maxBody), buf[:])
	switch _, tooLarge := errors.AsType[*http.MaxBytesError](err); {
	case tooLarge:
		err = errcodes.New(errcodes.ReasonRequestTooLarge)
	case err != nil:
		err = errcodes.New(errcodes.ReasonRequestMalformed, errcodes.Because(errBodyTruncated))
	default:
		if err = parse(buf[:n]); err != nil {
			err = errcodes.New(errcodes.ReasonRequestMalformed, errcodes.Because(err))
		}
	}
	clear(buf[:n])
	buffers.Put(buf)
	return err
}

// readAll fills buf, which has room for all that from may give. When the room is used, one more read tells the end from
// too much.
func readAll(from io.Reader, buf []byte) (int, error) {
	n := 0
	for {
		room := buf[n:]
		if len(room) == 0 {
			room = make([]byte, 1)
		}
		m, err := from.Read(room)
		if n < len(buf) {
			n += m
		}
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}
