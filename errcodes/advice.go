package errcodes

// Advice is help for a situation that is no error: nothing is ever returned for
// it and it has no status. Pages show it beside a form, and client programs by
// themselves.
type Advice string

// AllAdvice returns every advice.
func AllAdvice() []Advice { return []Advice{AdviceOTPNotDelivered, AdviceNetworkUnreachable} }

// Code returns the code under which the advice is listed; zero for one that is
// not in the table.
func (a Advice) Code() Code {
	switch a {
	case AdviceOTPNotDelivered:
		return CodeTwoFactorFailed
	case AdviceNetworkUnreachable:
		return CodeServerError
	}
	return 0
}

// Actions returns the remedies in the order to offer them. The slice is the
// caller's to keep.
func (a Advice) Actions() []Action {
	switch a {
	case AdviceOTPNotDelivered:
		return []Action{
			ActionCheckSpamFolder, ActionCheckEmail, ActionCheckPhoneNumber, ActionCheckSignal,
			ActionCheckMessageFilter, ActionFreeMessageStorage, ActionAllowSender, ActionResendCode,
			ActionUseOtherEmail,
		}
	case AdviceNetworkUnreachable:
		return []Action{ActionCheckNetwork, ActionSwitchNetwork, ActionRestartRouter, ActionRestartDevice}
	}
	return nil
}
