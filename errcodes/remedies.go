package errcodes

// Actions returns the remedies of the reason in the order to offer them: the
// most likely to help first, and last what interferes with other software. The
// slice is the caller's to keep; it is empty for a reason not in the table.
func (r Reason) Actions() []Action {
	switch r.Code() {
	case CodeInvalidCredentials:
		return r.actions1001()
	case CodeAccountLocked:
		return r.actions1002()
	case CodeTwoFactorFailed:
		return r.actions1003()
	case CodeServerError:
		return r.actions1004()
	}
	return nil
}

func (r Reason) actions1001() []Action {
	switch r {
	case ReasonInvalidCredentials:
		return []Action{ActionCheckInput, ActionResetPassword, ActionCheckMailbox, ActionFindWelcomeEmail, ActionUseOtherMethod, ActionUsePasswordManager}
	case ReasonIdentifierMalformed:
		return []Action{ActionCheckInput, ActionCheckEmail}
	case ReasonWeakPassword:
		return []Action{ActionChooseOtherPassword, ActionUsePasswordManager}
	case ReasonLinkExpired:
		return []Action{ActionRequestNewLink, ActionResetPassword}
	case ReasonNotSignedIn:
		return []Action{ActionSignIn}
	case ReasonSessionExpired:
		return []Action{ActionSignInAgain, ActionRestartBrowser}
	case ReasonReauthenticationRequired:
		return []Action{ActionReauthenticate}
	case ReasonAccountExistsWithDifferentCredential:
		return []Action{ActionUseRegisteredMethod}
	case ReasonProviderAccountMismatch:
		return []Action{ActionChooseOtherAccount, ActionUseRegisteredMethod}
	case ReasonSignInMethodUnavailable:
		return []Action{ActionUseOtherMethod, ActionCheckAnnouncements, ActionUpdateAccountInfo}
	case ReasonOAuthAccessDenied:
		return []Action{ActionRestartSignIn, ActionUseOtherMethod}
	case ReasonEmailAlreadyRegistered:
		return []Action{ActionSignInInstead, ActionResetPassword, ActionUseOtherEmail}
	case ReasonCaptchaFailed:
		return []Action{ActionRetryCaptcha, ActionUseAudioCaptcha}
	}
	return nil
}

func (r Reason) actions1002() []Action {
	switch r {
	case ReasonAccountTemporarilyLocked:
		return []Action{ActionRetryLater, ActionResetPassword, ActionContactSupport}
	case ReasonPasswordSignInDisabled:
		return []Action{ActionResetPassword, ActionUseOtherMethod, ActionContactSupport}
	case ReasonAccountLocked:
		return []Action{ActionContactSupport, ActionVerifyIdentity}
	case ReasonAccountDisabled:
		return []Action{ActionContactSupport, ActionReviewTerms}
	case ReasonAccountSuspended:
		return []Action{ActionContactSupport, ActionAppeal, ActionReviewTerms}
	case ReasonSuspiciousActivity:
		return []Action{ActionResetPassword, ActionVerifyIdentity, ActionReviewActivity, ActionEnableTwoFactor, ActionContactSupport}
	case ReasonCredentialsCompromised:
		return []Action{ActionResetPassword, ActionChangeReusedPasswords, ActionEnableTwoFactor, ActionReviewActivity}
	case ReasonEmailNotVerified:
		return []Action{ActionConfirmEmail, ActionCheckSpamFolder, ActionRequestNewLink}
	}
	return nil
}

func (r Reason) actions1003() []Action {
	switch r {
	case ReasonSecondFactorRequired:
		return []Action{ActionEnterCode, ActionUseBackupCode}
	case ReasonOTPInvalid:
		return []Action{ActionCheckCode, ActionUseLatestCode, ActionUseBackupCode}
	case ReasonOTPMalformed:
		return []Action{ActionCheckCode, ActionUseLatestCode}
	case ReasonOTPExpired:
		return []Action{ActionUseLatestCode, ActionCheckClock, ActionUseBackupCode}
	case ReasonOTPReused:
		return []Action{ActionUseLatestCode, ActionUseBackupCode}
	case ReasonOTPClockSkew:
		return []Action{ActionCheckClock, ActionUseLatestCode, ActionUseBackupCode}
	case ReasonOTPResendThrottled:
		return []Action{ActionRetryLater, ActionCheckSpamFolder, ActionCheckMessageFilter}
	case ReasonBackupCodeInvalid:
		return []Action{ActionCheckCode, ActionUseBackupCode, ActionContactSupport}
	case ReasonBackupCodeUsed:
		return []Action{ActionUseBackupCode, ActionContactSupport}
	case ReasonMFAFactorUnavailable:
		return []Action{ActionUseBackupCode, ActionReenrollAuthenticator, ActionContactSupport}
	case ReasonMFAChallengeExpired:
		return []Action{ActionSignInAgain, ActionRestartBrowser}
	case ReasonMFAAttemptsExceeded:
		return []Action{ActionRetryLater, ActionContactSupport}
	case ReasonSecondFactorDisabled:
		return []Action{ActionContactSupport, ActionVerifyIdentity}
	case ReasonPasskeyFailed:
		return []Action{ActionRetryPasskey, ActionUseBackupCode, ActionContactSupport}
	}
	return nil
}

func (r Reason) actions1004() []Action {
	switch r {
	case ReasonInternalError:
		return []Action{ActionRetryLater, ActionReload, ActionClearBrowserData, ActionContactSupport}
	case ReasonServiceUnavailable:
		return []Action{ActionRetryLater, ActionCheckStatusPage, ActionContactSupport}
	case ReasonServerBusy:
		return []Action{ActionRetryLater}
	case ReasonTimeout:
		return []Action{ActionRetryLater, ActionCheckNetwork, ActionContactSupport}
	case ReasonRateLimited:
		return []Action{ActionRetryLater}
	case ReasonProviderError:
		return []Action{ActionRetryLater, ActionUseOtherMethod, ActionResetPassword}
	case ReasonOAuthFlowStalled:
		return []Action{ActionRestartSignIn, ActionUseOtherMethod, ActionClearBrowserData, ActionTryOtherBrowser, ActionContactSupport}
	case ReasonOAuthStateMismatch:
		return []Action{ActionRestartSignIn, ActionClearBrowserData, ActionTryOtherBrowser, ActionUseOtherMethod, ActionContactSupport}
	case ReasonOTPDeliveryFailed:
		return []Action{ActionRetryLater, ActionUseOtherChannel, ActionContactSupport}
	case ReasonBrowserStateInvalid:
		return []Action{ActionReload, ActionClearBrowserData, ActionUsePrivateWindow, ActionDisableExtensions, ActionDisableTranslation, ActionTryOtherBrowser, ActionTryOtherDevice, ActionCheckSecuritySoftware, ActionResetBrowserSettings}
	case ReasonClientUnsupported:
		return []Action{ActionUpdateClient, ActionTryOtherBrowser, ActionRestartDevice, ActionReinstallApp}
	case ReasonIPBlocked:
		return []Action{ActionSwitchNetwork, ActionContactSupport, ActionDisableVPN}
	case ReasonCrossOriginBlocked:
		return []Action{ActionRestartSignIn, ActionReload, ActionTryOtherBrowser}
	case ReasonRequestMalformed:
		return []Action{ActionReload, ActionRestartSignIn, ActionClearBrowserData, ActionContactSupport}
	case ReasonRequestTooLarge:
		return []Action{ActionCheckInput, ActionReload}
	case ReasonUnsupportedMediaType:
		return []Action{ActionReload, ActionTryOtherBrowser, ActionContactSupport}
	case ReasonNotFound:
		return []Action{ActionCheckAddress, ActionContactSupport}
	case ReasonMethodNotAllowed:
		return []Action{ActionRestartSignIn}
	}
	return nil
}
