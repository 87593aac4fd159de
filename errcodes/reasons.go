package errcodes

// You may branch on these. Each asks the program to do something of its own:
// show the form again, ask for the code, send the person to the sign-in page.
const (
	// ReasonInvalidCredentials: identifier and password do not match, or the
	// true reason is one that the caller has not earned to hear.
	ReasonInvalidCredentials Reason = "invalid_credentials"
	// ReasonAccountTemporarilyLocked: too many failures for this identifier;
	// lifts by itself, see [Error.Retry]. Said alike where no account exists.
	ReasonAccountTemporarilyLocked Reason = "account_temporarily_locked"
	// ReasonSecondFactorRequired: the password was right and a code is due. It
	// is a challenge, not a failure: it has no problem document, and where one
	// is asked for all the same the answer is internal_error.
	ReasonSecondFactorRequired Reason = "second_factor_required"
	// ReasonNotSignedIn: the request carries no session at all.
	ReasonNotSignedIn Reason = "not_signed_in"
	// ReasonSessionExpired: the request carries a session that has ended.
	ReasonSessionExpired Reason = "session_expired"
	// ReasonReauthenticationRequired: the session is good, but this step wants
	// a fresh proof of who is there.
	ReasonReauthenticationRequired Reason = "reauthentication_required"
	// ReasonEmailNotVerified: password right, address of the account not yet
	// confirmed. For accounts that the app made or imported.
	ReasonEmailNotVerified Reason = "email_not_verified"
	// ReasonWeakPassword: the password chosen is too short, too long, too
	// common, or made of the person's own details. See [ParamMinLength].
	ReasonWeakPassword Reason = "weak_password"
)

// Show these as they are: their texts and remedies say all there is to do.
const (
	// ReasonIdentifierMalformed: what was typed cannot be a user name (e-mail
	// address).
	ReasonIdentifierMalformed Reason = "identifier_malformed"
	// ReasonLinkExpired: a mailed link was used already, replaced by a newer
	// one, or is too old.
	ReasonLinkExpired Reason = "link_expired"
	// ReasonAccountExistsWithDifferentCredential: the proven identity belongs to an
	// account that was registered with another sign-in method.
	ReasonAccountExistsWithDifferentCredential Reason = "account_exists_with_different_credential"
	// ReasonProviderAccountMismatch: another account of the provider was
	// chosen than the one that is linked.
	ReasonProviderAccountMismatch Reason = "provider_account_mismatch"
	// ReasonSignInMethodUnavailable: this way of signing in is not offered (any
	// more).
	ReasonSignInMethodUnavailable Reason = "sign_in_method_unavailable"
	// ReasonEmailAlreadyRegistered: the address has an account. For flows that
	// have proven control of the address; sign-up itself answers 202 to all.
	ReasonEmailAlreadyRegistered Reason = "email_already_registered"
	// ReasonOAuthAccessDenied: the person, or the provider, declined.
	ReasonOAuthAccessDenied Reason = "oauth_access_denied"

	// ReasonAccountLocked: locked until support lifts it; never Retry-After.
	ReasonAccountLocked Reason = "account_locked"
	// ReasonAccountDisabled: the account was disabled (無効).
	ReasonAccountDisabled Reason = "account_disabled"
	// ReasonAccountSuspended: the use of the account was suspended (利用停止).
	ReasonAccountSuspended Reason = "account_suspended"
	// ReasonSuspiciousActivity: held back because of signs of someone else's
	// access.
	ReasonSuspiciousActivity Reason = "suspicious_activity"
	// ReasonCredentialsCompromised: the password is known to others and must be
	// replaced before it serves again.
	ReasonCredentialsCompromised Reason = "credentials_compromised"
	// ReasonPasswordSignInDisabled: after 100 failures in a row (NIST SP
	// 800-63B-4 §3.2.2) password sign-in is off for this identifier until a
	// reset. Said alike where no account exists; never Retry-After.
	ReasonPasswordSignInDisabled Reason = "password_sign_in_disabled"

	// ReasonOTPInvalid: the one-time code is not the expected one.
	ReasonOTPInvalid Reason = "otp_invalid"
	// ReasonOTPMalformed: what was typed cannot be a code. It is no guess and
	// need not be counted as one. See [ParamDigits].
	ReasonOTPMalformed Reason = "otp_malformed"
	// ReasonOTPExpired: the code was right once and is too old now.
	ReasonOTPExpired Reason = "otp_expired"
	// ReasonOTPReused: the code was used before; each serves once (RFC 6238
	// §5.2).
	ReasonOTPReused Reason = "otp_reused"
	// ReasonOTPClockSkew: the codes fit a clock that is off by minutes.
	ReasonOTPClockSkew Reason = "otp_clock_skew"
	// ReasonOTPResendThrottled: another code was asked for too soon.
	ReasonOTPResendThrottled Reason = "otp_resend_throttled"
	// ReasonMFAFactorUnavailable: the person says that the second factor is
	// lost or out of reach.
	ReasonMFAFactorUnavailable Reason = "mfa_factor_unavailable"
	// ReasonMFAChallengeExpired: the time for entering the code has passed, or
	// its tries are used up.
	ReasonMFAChallengeExpired Reason = "mfa_challenge_expired"
	// ReasonMFAAttemptsExceeded: too many failed codes for this account; lifts
	// by itself, see [Error.Retry].
	ReasonMFAAttemptsExceeded Reason = "mfa_attempts_exceeded"
	// ReasonBackupCodeInvalid: not one of the account's backup codes.
	ReasonBackupCodeInvalid Reason = "backup_code_invalid"
	// ReasonBackupCodeUsed: this backup code was used before.
	ReasonBackupCodeUsed Reason = "backup_code_used"
	// ReasonSecondFactorDisabled: after 100 failures in a row the second factor
	// of the account is off until support has checked who asks.
	ReasonSecondFactorDisabled Reason = "second_factor_disabled"

	// ReasonInternalError: a fault of ours, and what every error is that is not
	// in the taxonomy.
	ReasonInternalError Reason = "internal_error"
	// ReasonServiceUnavailable: a part that we need is down.
	ReasonServiceUnavailable Reason = "service_unavailable"
	// ReasonServerBusy: no capacity at this moment.
	ReasonServerBusy Reason = "server_busy"
	// ReasonTimeout: the answer took too long.
	ReasonTimeout Reason = "timeout"
	// ReasonRateLimited: too many requests from this source, or altogether.
	ReasonRateLimited Reason = "rate_limited"
	// ReasonProviderError: the sign-in provider failed.
	ReasonProviderError Reason = "provider_error"
	// ReasonOAuthFlowStalled: a sign-in through a provider was begun and did
	// not come back.
	ReasonOAuthFlowStalled Reason = "oauth_flow_stalled"
	// ReasonOAuthStateMismatch: a provider's answer does not belong to a
	// sign-in begun in this browser.
	ReasonOAuthStateMismatch Reason = "oauth_state_mismatch"
	// ReasonOTPDeliveryFailed: we know that the code could not be sent.
	ReasonOTPDeliveryFailed Reason = "otp_delivery_failed"
	// ReasonBrowserStateInvalid: a cookie or field that the page itself sets is
	// missing or does not fit.
	ReasonBrowserStateInvalid Reason = "browser_state_invalid"
	// ReasonCrossOriginBlocked: the request came from another site.
	ReasonCrossOriginBlocked Reason = "cross_origin_blocked"
	// ReasonRequestMalformed: the request cannot be read.
	ReasonRequestMalformed Reason = "request_malformed"
	// ReasonRequestTooLarge: the request, or a field of it, is too long.
	ReasonRequestTooLarge Reason = "request_too_large"
	// ReasonUnsupportedMediaType: the body is neither a form nor JSON.
	ReasonUnsupportedMediaType Reason = "unsupported_media_type"
	// ReasonNotFound: there is no such page.
	ReasonNotFound Reason = "not_found"
	// ReasonMethodNotAllowed: the page exists, not for this method. Whoever
	// writes it sets the Allow header too (RFC 9110 §15.5.6).
	ReasonMethodNotAllowed Reason = "method_not_allowed"
)

// Your app raises these; the library itself does not.
const (
	// ReasonCaptchaFailed: the check for robots was not passed.
	ReasonCaptchaFailed Reason = "captcha_failed"
	// ReasonPasskeyFailed: a passkey as second factor was refused. As first
	// factor that is invalid_credentials.
	ReasonPasskeyFailed Reason = "passkey_failed"
	// ReasonIPBlocked: the network the request comes from is blocked.
	ReasonIPBlocked Reason = "ip_blocked"
	// ReasonClientUnsupported: the browser or app is too old.
	ReasonClientUnsupported Reason = "client_unsupported"
)

// Advice only: never returned as an error, no status; texts and remedies for
// pages that wait for something that may not come.
const (
	// AdviceOTPNotDelivered: a code or mail was sent and does not arrive.
	AdviceOTPNotDelivered Advice = "otp_not_delivered"
	// AdviceNetworkUnreachable: the client cannot reach the server. No server
	// ever says so; pages and apps show it by themselves.
	AdviceNetworkUnreachable Advice = "network_unreachable"
)
