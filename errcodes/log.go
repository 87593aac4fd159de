package errcodes

import "log/slog"

// logKey is the key under which [LogAttr] puts an error.
const logKey = "auth_error"

// LogValue returns code, true reason, public reason, operation, wait and cause,
// without hints and params: what is known of a nearly-right password does not
// belong in a log.
//
// log/slog calls it only on a value that it is given itself, not on an error
// inside another; use [LogAttr] for those.
func (e *Error) LogValue() slog.Value { return slog.GroupValue(e.attrs()...) }

func (e *Error) attrs() []slog.Attr {
	attrs := make([]slog.Attr, 0, 7)
	attrs = append(attrs,
		slog.Int("code", int(e.Code())),
		slog.String("reason", string(e.Reason())),
		slog.String("public", string(e.publicReason())))
	if e == nil {
		return attrs
	}
	if e.op != "" {
		attrs = append(attrs, slog.String("op", e.op))
	}
	if e.retry > 0 {
		attrs = append(attrs, slog.Duration("retry_after", e.retry))
	}
	if e.cause != nil {
		attrs = append(attrs, causeAttr(e.cause))
	}
	return attrs
}

// causeAttr shows a taxonomy error below wrappers too.
func causeAttr(cause error) slog.Attr {
	if inner, ok := find(cause).(*Error); ok && inner != nil { //nolint:errorlint // find has walked the chain
		return slog.Attr{Key: "cause", Value: slog.GroupValue(inner.attrsUnder(cause)...)}
	}
	return slog.Any("cause", cause)
}

// attrsUnder is attrs and, where outer is more than e, its text.
func (e *Error) attrsUnder(outer error) []slog.Attr {
	attrs := e.attrs()
	if outer != error(e) { //nolint:errorlint // identity is meant
		attrs = append(attrs, slog.Any("error", plain{outer}))
	}
	return attrs
}

// plain keeps a handler from looking into an error for anything but its text.
type plain struct{ err error }

func (p plain) Error() string { return p.err.Error() }

func (e *Error) publicReason() Reason {
	switch {
	case e == nil, e.reason == ReasonSecondFactorRequired, e.foreign == CodeServerError:
		return ReasonInternalError
	case !e.shown():
		return ReasonInvalidCredentials
	}
	return e.Reason()
}

// LogAttr returns the attribute to log err by: it finds the *Error under
// wrappers, which log/slog itself does not, and classifies what is none. For nil
// it is the empty attribute, which handlers leave out.
//
//	logger.LogAttrs(ctx, slog.LevelWarn, "sign-in refused", errcodes.LogAttr(err))
func LogAttr(err error) slog.Attr {
	e, ok := Classify(err)
	if !ok {
		return slog.Attr{}
	}
	if held := find(err); held != error(e) { //nolint:errorlint // identity is meant
		return slog.Attr{Key: logKey, Value: e.LogValue()} // err is the cause already
	}
	return slog.Attr{Key: logKey, Value: slog.GroupValue(e.attrsUnder(err)...)}
}
