package errcodes

import (
	"iter"
	"slices"
	"time"
)

// Reason is the stable, fine-grained identifier of a failure, in
// lower_snake_case. Values never change their meaning and are never reused.
//
// A Reason is an error so that it can be the target of [errors.Is], and so that
// an adapter may return one as it is:
//
//	if errors.Is(err, errcodes.ReasonWeakPassword) { … }
type Reason string

// Error returns the reason itself, so that every verb and every template prints
// it as it is.
func (r Reason) Error() string { return string(r) }

// Is makes a bare Reason in an error chain match its Code too.
func (r Reason) Is(target error) bool {
	c, ok := target.(Code) // Is is shallow by contract
	return ok && c == r.Code()
}

// Code returns the code that the reason belongs to; CodeServerError for a
// reason that is not in the table.
func (r Reason) Code() Code {
	if s, known := r.spec(); known {
		return s.code
	}
	return CodeServerError
}

// HTTPStatus returns the one HTTP status of the reason; 500 for a reason that is
// not in the table.
func (r Reason) HTTPStatus() int {
	if s, known := r.spec(); known {
		return int(s.status)
	}
	return 500
}

// Known reports whether the reason is in the table.
func (r Reason) Known() bool {
	_, known := r.spec()
	return known
}

// Exposure returns who may be told the reason.
func (r Reason) Exposure() Exposure {
	s, _ := r.spec()
	return s.exposure
}

// ShownTo reports whether a caller of whom only p is known may be told the
// reason, where the flow does not say that it is [Uniform]. A reason that is
// not in the table is shown to nobody.
func (r Reason) ShownTo(p Proof) bool { return r.Exposure().earnedBy(p.set()) }

// DefaultRetry returns how long to wait where nobody knows better, and whether
// the reason carries Retry-After at all. A lock that support must lift does
// not.
func (r Reason) DefaultRetry() (time.Duration, bool) {
	s, _ := r.spec()
	return s.wait, s.wait > 0
}

// Reasons yields every reason of the table, by code and then in the order in
// which the documentation lists them.
func Reasons() iter.Seq[Reason] {
	return slices.Values([]Reason{
		ReasonInvalidCredentials, ReasonIdentifierMalformed, ReasonWeakPassword, ReasonLinkExpired,
		ReasonNotSignedIn, ReasonSessionExpired, ReasonReauthenticationRequired,
		ReasonAccountExistsWithDifferentCredential, ReasonProviderAccountMismatch,
		ReasonSignInMethodUnavailable, ReasonOAuthAccessDenied, ReasonEmailAlreadyRegistered,
		ReasonCaptchaFailed,

		ReasonAccountTemporarilyLocked, ReasonPasswordSignInDisabled, ReasonAccountLocked,
		ReasonAccountDisabled, ReasonAccountSuspended, ReasonSuspiciousActivity,
		ReasonCredentialsCompromised, ReasonEmailNotVerified,

		ReasonSecondFactorRequired, ReasonOTPInvalid, ReasonOTPMalformed, ReasonOTPExpired,
		ReasonOTPReused, ReasonOTPClockSkew, ReasonOTPResendThrottled, ReasonBackupCodeInvalid,
		ReasonBackupCodeUsed, ReasonMFAFactorUnavailable, ReasonMFAChallengeExpired,
		ReasonMFAAttemptsExceeded, ReasonSecondFactorDisabled, ReasonPasskeyFailed,

		ReasonInternalError, ReasonServiceUnavailable, ReasonServerBusy, ReasonTimeout,
		ReasonRateLimited, ReasonProviderError, ReasonOAuthFlowStalled, ReasonOAuthStateMismatch,
		ReasonOTPDeliveryFailed, ReasonBrowserStateInvalid, ReasonClientUnsupported, ReasonIPBlocked,
		ReasonCrossOriginBlocked, ReasonRequestMalformed, ReasonRequestTooLarge,
		ReasonUnsupportedMediaType, ReasonNotFound, ReasonMethodNotAllowed,
	})
}
