// Package problem answers requests with the errors of package errcodes: localised
// problem documents (RFC 9457), or the same content for a page.
//
// For most uses, make one [Responder] at start and call [Responder.Write]:
//
//	responder, err := problem.New(
//		problem.WithTypeBase("https://auth.example.jp/auth/errors/"),
//		problem.WithLink(errcodes.ActionResetPassword, "/auth/password/forgot"),
//		problem.WithLink(errcodes.ActionContactSupport, "/support"),
//	)
//	…
//	responder.Write(w, r, err)
//
// A handler that writes HTML calls [Responder.Prepare] instead and renders the
// [Problem] it gets. Either logs the failure once, with its true reason and the
// reference that the person sees; neither sends more than
// [errcodes.Error.Public] allows.
//
// The language is negotiated from Accept-Language. English and Japanese are
// there; [WithOverlay] changes the wording and adds languages. A remedy that
// needs a page of the app ("reset your password") is offered once [WithLink]
// says where that is.
//
// Go clients of an API call [Read]: errors.Is then works across the wire.
package problem
