package problem

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/sekisho-auth/sekisho/errcodes"
)

// Problem returns the document for what the caller may be told of e, in the
// language l. It is that of [errcodes.Error.Public], whatever it is given. It
// neither writes nor logs.
func (p *Responder) Problem(ctx context.Context, e *errcodes.Error, l Lang) *Problem {
	ref := errcodes.ReferenceFrom(ctx)
	if ref == "" {
		ref = errcodes.NewReference()
	}
	e = e.Public()
	c := p.Catalog(l)
	t := p.text(e, c, ref)
	wait, _ := e.Retry()
	return &Problem{
		Type:       p.typeBase + string(e.Reason()),
		Title:      t.Title,
		Status:     e.Reason().HTTPStatus(),
		Detail:     t.Detail,
		Instance:   "urn:authref:" + ref,
		Code:       e.Code(),
		Reason:     e.Reason(),
		Reference:  errcodes.FormatReference(ref),
		RetryAfter: seconds(wait),
		Causes:     t.Causes,
		Remedies:   t.Remedies,
		Hints:      p.HintTexts(e, Lang(c.Language())),
		lang:       Lang(c.Language()),
	}
}

// Write answers r with the problem document of err: it classifies err, reduces
// it to what the caller may be told, sets headers and status, writes the JSON,
// and logs once, with the true reason, the public one and the reference. Nothing
// may have been written to w before.
//
// A nil err is a fault of the program and answered as internal_error, as is
// second_factor_required, which is a challenge and not a failure: whoever gets
// here with either must not be let in by it.
func (p *Responder) Write(w http.ResponseWriter, r *http.Request, err error) {
	doc := p.Prepare(w, r, err)
	w.Header()["Content-Type"] = []string{MediaType}
	body, jsonErr := json.Marshal(doc)
	if jsonErr != nil { // strings and numbers: it does not happen
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(doc.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client may be gone; there is nobody to tell
	}
}

// Prepare is Write for a body of another form: it logs, sets the headers except
// Content-Type, and returns the document for the caller to write with its
// status, as an HTML page.
func (p *Responder) Prepare(w http.ResponseWriter, r *http.Request, err error) *Problem {
	e, logged := classify(err)
	doc := p.Problem(r.Context(), e, p.matchRequest(r))
	doc.SetHeader(w.Header())
	p.log(r, e, logged, doc)
	return doc
}

// classify returns the error to answer with, and the one to log: err itself with
// what is wrapped around, unless it is not what is answered.
func classify(err error) (e *errcodes.Error, logged error) {
	e, ok := errcodes.Classify(err)
	if !ok {
		e = errcodes.New(errcodes.ReasonInternalError, errcodes.During("a nil error was to be written"))
		return e, e
	}
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge && !errors.Is(err, e.Reason()) {
		e = errcodes.New(errcodes.ReasonRequestTooLarge, errcodes.Because(err))
		return e, e
	}
	return e, err
}

// log writes one line. The URL is not in it: paths and queries of this library
// carry tokens. The pattern that the request matched is.
func (p *Responder) log(r *http.Request, e *errcodes.Error, err error, doc *Problem) {
	ctx, logger := r.Context(), p.logger
	if logger == nil {
		logger = slog.Default()
	}
	level, message := slog.LevelInfo, "authentication refused"
	switch {
	case e.Reason() == errcodes.ReasonSecondFactorRequired:
		level, message = slog.LevelError, "second_factor_required was written as a failure; answer it with the challenge"
	case doc.Status == http.StatusInternalServerError:
		level, message = slog.LevelError, "authentication failed"
	case doc.Status >= http.StatusInternalServerError:
		level, message = slog.LevelWarn, "authentication unavailable"
	}
	if !logger.Enabled(ctx, level) {
		return
	}
	var route slog.Attr // the empty attribute is left out
	if r.Pattern != "" {
		route = slog.String("route", r.Pattern)
	}
	logger.LogAttrs(ctx, level, message,
		slog.String("reference", doc.Reference),
		slog.Int("status", doc.Status),
		slog.String("method", r.Method),
		route,
		errcodes.LogAttr(err))
}
