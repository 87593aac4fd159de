package errcodes

import "time"

// Exposure says who may be told a reason; see [Reason.ShownTo].
type Exposure uint8

// The five exposures. The zero value is "nobody".
const (
	// ExposureNobody is that of a reason which is not in the table.
	ExposureNobody Exposure = iota
	// ExposureAlways: everybody. The reason says nothing about an account.
	ExposureAlways
	// ExposureContact: who controls the address or provider identity.
	ExposureContact
	// ExposureFirstFactor: who passed the first factor.
	ExposureFirstFactor
	// ExposureSession: who has a session.
	ExposureSession
	// ExposureUniform: as ExposureFirstFactor, and everybody where the flow
	// says, by [Uniform], that it answers alike for accounts that do not exist.
	ExposureUniform
)

// String returns the letter used in the documentation: A, C, F, S, U or "-".
func (x Exposure) String() string {
	switch x {
	case ExposureAlways:
		return "A"
	case ExposureContact:
		return "C"
	case ExposureFirstFactor:
		return "F"
	case ExposureSession:
		return "S"
	case ExposureUniform:
		return "U"
	case ExposureNobody:
	}
	return "-"
}

// Proof is what a flow has established about the caller. The zero value is the
// least. The proofs are not a ladder for one thing: only ProofContact earns
// what is told to who controls an address, because being signed in to one
// account proves nothing about somebody else's address.
type Proof uint8

// The proofs.
const (
	// ProofNone: an anonymous request.
	ProofNone Proof = iota
	// ProofContact: controls the mail address or provider identity spoken of.
	ProofContact
	// ProofFirstFactor: password or passkey verified.
	ProofFirstFactor
	// ProofSession: valid session.
	ProofSession
)

// proofs is a set of Proof values.
type proofs uint8

func (p Proof) set() proofs {
	if p == ProofNone || p > ProofSession {
		return 0
	}
	return 1 << p
}

func (s proofs) has(p Proof) bool { return s&p.set() != 0 }

func (x Exposure) earnedBy(s proofs) bool {
	switch x {
	case ExposureAlways:
		return true
	case ExposureContact:
		return s.has(ProofContact)
	case ExposureFirstFactor, ExposureUniform:
		return s.has(ProofFirstFactor) || s.has(ProofSession)
	case ExposureSession:
		return s.has(ProofSession)
	case ExposureNobody:
	}
	return false
}

// spec is what never changes about a reason. A switch, not a map: it costs no
// memory, cannot be written to, and is faster.
type spec struct {
	// wait is the Retry-After of an error that was made without one; zero if
	// the reason never carries Retry-After.
	wait     time.Duration
	code     Code
	status   uint16
	exposure Exposure
}

// Words for the table below.
const (
	always  = ExposureAlways
	contact = ExposureContact
	first   = ExposureFirstFactor
	session = ExposureSession
	uniform = ExposureUniform
)

func (r Reason) spec() (s spec, known bool) {
	switch r {
	case ReasonInvalidCredentials, ReasonSessionExpired, ReasonNotSignedIn:
		return spec{0, 1001, 401, always}, true
	case ReasonIdentifierMalformed, ReasonWeakPassword:
		return spec{0, 1001, 422, always}, true
	case ReasonLinkExpired:
		return spec{0, 1001, 410, always}, true
	case ReasonAccountExistsWithDifferentCredential, ReasonProviderAccountMismatch:
		return spec{0, 1001, 403, contact}, true
	case ReasonSignInMethodUnavailable, ReasonOAuthAccessDenied:
		return spec{0, 1001, 403, always}, true
	case ReasonEmailAlreadyRegistered:
		return spec{0, 1001, 409, contact}, true
	case ReasonCaptchaFailed:
		return spec{0, 1001, 400, always}, true
	case ReasonReauthenticationRequired:
		return spec{0, 1001, 403, session}, true
	}
	if s, known = r.spec1002(); known {
		return s, true
	}
	if s, known = r.spec1003(); known {
		return s, true
	}
	return r.spec1004()
}

func (r Reason) spec1002() (spec, bool) {
	switch r {
	case ReasonAccountTemporarilyLocked:
		return spec{time.Minute, 1002, 423, uniform}, true
	case ReasonAccountLocked, ReasonAccountDisabled, ReasonAccountSuspended,
		ReasonSuspiciousActivity, ReasonCredentialsCompromised, ReasonEmailNotVerified:
		return spec{0, 1002, 403, first}, true
	case ReasonPasswordSignInDisabled:
		return spec{0, 1002, 403, uniform}, true
	}
	return spec{}, false
}

func (r Reason) spec1003() (spec, bool) {
	switch r {
	case ReasonOTPInvalid, ReasonOTPExpired, ReasonOTPReused:
		return spec{0, 1003, 401, uniform}, true
	case ReasonOTPMalformed:
		return spec{0, 1003, 422, uniform}, true
	case ReasonOTPClockSkew, ReasonBackupCodeInvalid, ReasonBackupCodeUsed, ReasonPasskeyFailed:
		return spec{0, 1003, 401, first}, true
	case ReasonOTPResendThrottled:
		return spec{time.Minute, 1003, 429, uniform}, true
	case ReasonMFAFactorUnavailable, ReasonSecondFactorDisabled:
		return spec{0, 1003, 403, first}, true
	case ReasonMFAChallengeExpired:
		return spec{0, 1003, 401, always}, true
	case ReasonMFAAttemptsExceeded:
		return spec{time.Minute, 1003, 423, uniform}, true
	case ReasonSecondFactorRequired:
		return spec{0, 1003, 200, first}, true
	}
	return spec{}, false
}

func (r Reason) spec1004() (spec, bool) {
	switch r {
	case ReasonInternalError:
		return spec{0, 1004, 500, always}, true
	case ReasonServiceUnavailable, ReasonProviderError:
		return spec{30 * time.Second, 1004, 503, always}, true
	case ReasonServerBusy:
		return spec{time.Second, 1004, 503, always}, true
	case ReasonTimeout:
		return spec{5 * time.Second, 1004, 503, always}, true
	case ReasonOAuthFlowStalled:
		return spec{time.Minute, 1004, 503, always}, true
	case ReasonOTPDeliveryFailed:
		return spec{time.Minute, 1004, 503, uniform}, true
	case ReasonRateLimited:
		return spec{time.Minute, 1004, 429, always}, true
	case ReasonIPBlocked, ReasonCrossOriginBlocked:
		return spec{0, 1004, 403, always}, true
	case ReasonBrowserStateInvalid, ReasonClientUnsupported, ReasonOAuthStateMismatch, ReasonRequestMalformed:
		return spec{0, 1004, 400, always}, true
	case ReasonNotFound:
		return spec{0, 1004, 404, always}, true
	case ReasonMethodNotAllowed:
		return spec{0, 1004, 405, always}, true
	case ReasonRequestTooLarge:
		return spec{0, 1004, 413, always}, true
	case ReasonUnsupportedMediaType:
		return spec{0, 1004, 415, always}, true
	}
	return spec{}, false
}
