package errcodes

import "strconv"

// Code is the stable number shown to people. There are four, and there will be
// no fifth: what differs between two failures of one code is their [Reason].
//
// A Code is an error so that it can be the target of [errors.Is]:
//
//	if errors.Is(err, errcodes.CodeAccountLocked) { … } // any 1002
//
// There is no code for success and the zero Code is not one.
type Code uint16

// The four codes.
const (
	// CodeInvalidCredentials (1001): we could not accept who the caller says
	// to be. It covers the identifier, the password, the sign-in method, the
	// account at a provider, sign-up input and a session that must be renewed.
	CodeInvalidCredentials Code = 1001
	// CodeAccountLocked (1002): the account, or the identifier whether or not
	// it has an account, is in a state that keeps its owner out.
	CodeAccountLocked Code = 1002
	// CodeTwoFactorFailed (1003): the second factor or a one-time code. In a
	// sign-in it is only ever said after the first factor was right.
	CodeTwoFactorFailed Code = 1003
	// CodeServerError (1004): server, network, provider or browser; nothing
	// that the person typed.
	CodeServerError Code = 1004
)

// Codes returns the four codes in ascending order.
func Codes() []Code {
	return []Code{CodeInvalidCredentials, CodeAccountLocked, CodeTwoFactorFailed, CodeServerError}
}

// Error returns "auth error 1002". It makes a Code usable as a target of
// [errors.Is]; nobody should compare or parse it. Since Go prints an error by this
// method, templates and fmt say {{.Code.String}} and %d where they mean the number.
func (c Code) Error() string { return "auth error " + c.String() }

// String returns the number in digits.
func (c Code) String() string { return strconv.FormatUint(uint64(c), 10) }

// Known reports whether c is one of the four codes.
func (c Code) Known() bool { return c >= CodeInvalidCredentials && c <= CodeServerError }

// Actions returns, in the order to offer them, the remedies that the code
// stands for whatever its reason is. The slice is the caller's to keep.
func (c Code) Actions() []Action {
	switch c {
	case CodeInvalidCredentials:
		return []Action{ActionCheckInput, ActionResetPassword}
	case CodeAccountLocked:
		return []Action{ActionRetryLater, ActionResetPassword, ActionContactSupport, ActionVerifyIdentity}
	case CodeTwoFactorFailed:
		return []Action{ActionCheckCode, ActionUseBackupCode, ActionReenrollAuthenticator}
	case CodeServerError:
		return []Action{ActionRetryLater, ActionCheckNetwork, ActionContactSupport}
	}
	return nil
}

// causes returns the ids of the causes that the code states, in order.
func (c Code) causes() []string {
	switch c {
	case CodeInvalidCredentials:
		return []string{"mistyped", "details_changed"}
	case CodeAccountLocked:
		return []string{"failed_attempts", "security"}
	case CodeTwoFactorFailed:
		return []string{"code_mistyped", "authenticator_trouble"}
	case CodeServerError:
		return []string{"temporary_fault", "network_trouble"}
	}
	return nil
}

// reason is what a bare Code in an error chain stands for: the most cautious
// reason of the code.
func (c Code) reason() Reason {
	switch c {
	case CodeInvalidCredentials:
		return ReasonInvalidCredentials
	case CodeAccountLocked:
		return ReasonAccountLocked
	case CodeTwoFactorFailed:
		return ReasonOTPInvalid
	}
	return ReasonInternalError
}
