package problem

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
)

// maxDocument bounds what is read of a response: far more than any document.
const maxDocument = 64 << 10

// maxWait bounds what a peer can make a client wait: longer than any lock.
const maxWait = 366 * 24 * time.Hour

// Read returns the error that a response reports, for clients of an API: across
// the wire errors.Is matches the same codes and reasons, the wait and the hints
// are there, and a reason that this version does not know keeps its name and its
// code. The body is read but not closed.
//
// The second result is for a response that is no problem document of ours:
// check it first. It is in the taxonomy too (service_unavailable for a 5xx
// without a document, as proxies send, otherwise internal_error).
func Read(resp *http.Response) (*errcodes.Error, error) {
	doc, err := ReadProblem(resp)
	if err != nil {
		return nil, err
	}
	return doc.Err(), nil
}

// ReadProblem returns the document of a response, for clients that show its
// texts, its remedies or its reference. Its error is as that of [Read].
func ReadProblem(resp *http.Response) (*Problem, error) {
	doc, err := readDocument(resp)
	if err == nil {
		return doc, nil
	}
	reason := errcodes.ReasonInternalError
	var opts []errcodes.Option
	if resp != nil && resp.StatusCode >= 500 {
		reason = errcodes.ReasonServiceUnavailable
		if wait := headerWait(resp.Header); wait > 0 {
			opts = append(opts, errcodes.RetryAfter(wait))
		}
	}
	return nil, errcodes.Wrap(err, reason, opts...)
}

func readDocument(resp *http.Response) (*Problem, error) {
	if resp == nil || resp.Body == nil {
		return nil, errors.New("problem: there is no response to read")
	}
	media, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || media != MediaType {
		return nil, fmt.Errorf("problem: status %d without a problem document", resp.StatusCode)
	}
	if resp.StatusCode < 400 || resp.StatusCode > 599 {
		return nil, fmt.Errorf("problem: a problem document with status %d", resp.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("problem: reading the document: %w", err)
	}
	if len(data) > maxDocument {
		return nil, fmt.Errorf("problem: the document is longer than %d bytes", maxDocument)
	}
	var doc Problem
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("problem: reading the document: %w", err)
	}
	if !doc.Code.Known() || doc.Reason == "" {
		return nil, errors.New("problem: the document carries no code of ours")
	}
	if doc.RetryAfter <= 0 {
		doc.RetryAfter = seconds(headerWait(resp.Header))
	}
	return &doc, nil
}

// Err returns the document's error, as [Read] does. Of hints those that this
// version knows are kept.
func (p *Problem) Err() *errcodes.Error {
	opts := make([]errcodes.Option, 0, 2)
	if p.RetryAfter > 0 {
		opts = append(opts, errcodes.RetryAfter(min(time.Duration(min(p.RetryAfter, int64(maxWait/time.Second)))*time.Second, maxWait)))
	}
	if len(p.Hints) > 0 {
		hints := make([]errcodes.Hint, len(p.Hints))
		for i, h := range p.Hints {
			hints[i] = h.Hint
		}
		opts = append(opts, errcodes.WithHints(hints...))
	}
	return errcodes.Received(p.Code, p.Reason, opts...)
}

// headerWait reads Retry-After in seconds; zero if there is none in that form.
func headerWait(h http.Header) time.Duration {
	s, err := strconv.ParseInt(strings.TrimSpace(h.Get("Retry-After")), 10, 64)
	if err != nil || s <= 0 {
		return 0
	}
	return time.Duration(min(s, int64(maxWait/time.Second))) * time.Second
}
