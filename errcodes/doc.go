// Package errcodes names every way in which authentication can fail, and the way
// out of each.
//
// For most uses, call [errors.Is] with one of the first block of reasons, and
// hand everything else to package problem, which answers with the right status,
// texts and remedies:
//
//	switch {
//	case errors.Is(err, errcodes.ReasonEmailNotVerified):
//		showResendForm(w, r)
//	default:
//		responder.Write(w, r, err)
//	}
//
// # Codes and reasons
//
// A [Code] is one of four stable numbers that people see: 1001 invalid user name
// or password, 1002 the account is locked, 1003 two-factor authentication
// failed, 1004 server error. A [Reason] makes it precise and fixes the HTTP
// status, who may be told (see [Exposure]) and the remedies (see [Action]). Both
// are comparable constants and errors, so that both serve as targets of
// errors.Is. What a reason is called, its code, its status and its exposure never
// change; its texts and remedies may get better.
//
// The constants stand in four blocks: those a program may branch on, those it
// shows as they are, those that only an app raises, and [Advice], which is no
// error at all.
//
// # Errors
//
// [New] and [Wrap] make an [*Error]. It never changes afterwards, its text is
// safe to show, and its cause leaves only by %+v, [Error.Cause] and log/slog. An
// error chain says one thing: below an *Error another taxonomy error no longer
// matches. In a function's result list write error, never *Error.
//
// What a caller has not earned to hear (see [Proven] and [Uniform]) becomes
// invalid_credentials in [Error.Public], which is what package problem sends; a
// fault never does. Log with [LogAttr], since log/slog itself does not look below
// wrappers.
//
// # Texts
//
// [Describe] and [Catalog] hold the texts in English and Japanese. They are
// files for translators, catalog/en.json and catalog/ja.json; package problem
// lets a host change the wording and add languages. docs/errors.md lists all of
// it.
//
// Package errcodes imports the standard library only.
package errcodes
