package errcodes

import "iter"

// Action is a machine-readable remedy, in lower_snake_case: what a person can do
// next. An app may link one to a page of its own; package problem does that.
type Action string

// The actions.
const (
	// ActionCheckInput: look again at what was typed.
	ActionCheckInput Action = "check_input"
	// ActionResetPassword: go through the reset by mail.
	ActionResetPassword Action = "reset_password"
	// ActionCheckMailbox: after signing up, open the mail that was sent first.
	ActionCheckMailbox Action = "check_mailbox"
	// ActionConfirmEmail: open the mail that confirms the address and use its link.
	ActionConfirmEmail Action = "confirm_email"
	// ActionFindWelcomeEmail: look for the first mail to find the registered address.
	ActionFindWelcomeEmail Action = "find_welcome_email"
	// ActionUseOtherMethod: sign in another way, as through a provider.
	ActionUseOtherMethod Action = "use_other_method"
	// ActionUsePasswordManager: let a password manager or the browser fill it in.
	ActionUsePasswordManager Action = "use_password_manager"
	// ActionCheckEmail: look again at the address.
	ActionCheckEmail Action = "check_email"
	// ActionChooseOtherPassword: think of another password.
	ActionChooseOtherPassword Action = "choose_other_password"
	// ActionRequestNewLink: have the mail sent anew.
	ActionRequestNewLink Action = "request_new_link"
	// ActionSignIn: go to the sign-in page.
	ActionSignIn Action = "sign_in"
	// ActionSignInAgain: sign in once more.
	ActionSignInAgain Action = "sign_in_again"
	// ActionSignInInstead: sign in rather than sign up.
	ActionSignInInstead Action = "sign_in_instead"
	// ActionReauthenticate: confirm once more who is there.
	ActionReauthenticate Action = "reauthenticate"
	// ActionUseRegisteredMethod: use the method chosen at sign-up.
	ActionUseRegisteredMethod Action = "use_registered_method"
	// ActionChooseOtherAccount: pick the registered account in the provider's chooser.
	ActionChooseOtherAccount Action = "choose_other_account"
	// ActionCheckAnnouncements: read what the service has announced.
	ActionCheckAnnouncements Action = "check_announcements"
	// ActionUpdateAccountInfo: correct the account's details.
	ActionUpdateAccountInfo Action = "update_account_info"
	// ActionUseOtherEmail: sign up with another address.
	ActionUseOtherEmail Action = "use_other_email"
	// ActionRetryCaptcha: try the check for robots again.
	ActionRetryCaptcha Action = "retry_captcha"
	// ActionUseAudioCaptcha: use its audio form.
	ActionUseAudioCaptcha Action = "use_audio_captcha"
	// ActionRetryLater: wait as told, then try again.
	ActionRetryLater Action = "retry_later"
	// ActionContactSupport: ask the support desk, quoting the reference.
	ActionContactSupport Action = "contact_support"
	// ActionVerifyIdentity: go through the support desk's identity check.
	ActionVerifyIdentity Action = "verify_identity"
	// ActionReviewTerms: read the terms of use.
	ActionReviewTerms Action = "review_terms"
	// ActionAppeal: ask for a review of the decision.
	ActionAppeal Action = "appeal"
	// ActionReviewActivity: look through the recent sign-ins.
	ActionReviewActivity Action = "review_activity"
	// ActionEnableTwoFactor: set up two-factor authentication.
	ActionEnableTwoFactor Action = "enable_two_factor"
	// ActionChangeReusedPasswords: change the password wherever else it serves.
	ActionChangeReusedPasswords Action = "change_reused_passwords"
	// ActionCheckSpamFolder: look among unwanted mail.
	ActionCheckSpamFolder Action = "check_spam_folder"
	// ActionResendCode: have the code sent again.
	ActionResendCode Action = "resend_code"
	// ActionCheckPhoneNumber: look again at the telephone number.
	ActionCheckPhoneNumber Action = "check_phone_number"
	// ActionCheckSignal: look at the telephone's reception.
	ActionCheckSignal Action = "check_signal"
	// ActionCheckMessageFilter: look whether messages are being refused.
	ActionCheckMessageFilter Action = "check_message_filter"
	// ActionFreeMessageStorage: make room for new messages.
	ActionFreeMessageStorage Action = "free_message_storage"
	// ActionAllowSender: allow mail from the sender.
	ActionAllowSender Action = "allow_sender"
	// ActionEnterCode: enter the one-time code.
	ActionEnterCode Action = "enter_code"
	// ActionCheckCode: look again at the code.
	ActionCheckCode Action = "check_code"
	// ActionUseLatestCode: use the newest code.
	ActionUseLatestCode Action = "use_latest_code"
	// ActionCheckClock: set the device's clock to automatic.
	ActionCheckClock Action = "check_clock"
	// ActionUseBackupCode: use one of the codes kept for this.
	ActionUseBackupCode Action = "use_backup_code"
	// ActionReenrollAuthenticator: set the authenticator app up again.
	ActionReenrollAuthenticator Action = "reenroll_authenticator"
	// ActionUseOtherChannel: have the code sent another way.
	ActionUseOtherChannel Action = "use_other_channel"
	// ActionRetryPasskey: try the passkey again.
	ActionRetryPasskey Action = "retry_passkey"
	// ActionReload: load the page anew.
	ActionReload Action = "reload"
	// ActionRestartSignIn: begin again at the sign-in page.
	ActionRestartSignIn Action = "restart_sign_in"
	// ActionCheckAddress: look again at the page's address.
	ActionCheckAddress Action = "check_address"
	// ActionCheckStatusPage: see whether an outage is known.
	ActionCheckStatusPage Action = "check_status_page"
	// ActionCheckNetwork: see whether other sites open.
	ActionCheckNetwork Action = "check_network"
	// ActionRestartRouter: switch the router off and on.
	ActionRestartRouter Action = "restart_router"
	// ActionSwitchNetwork: use another network.
	ActionSwitchNetwork Action = "switch_network"
	// ActionRestartBrowser: close the browser wholly and open it again.
	ActionRestartBrowser Action = "restart_browser"
	// ActionClearBrowserData: delete the site's cookies and cache.
	ActionClearBrowserData Action = "clear_browser_data"
	// ActionUsePrivateWindow: use a private window.
	ActionUsePrivateWindow Action = "use_private_window"
	// ActionDisableExtensions: switch extensions off for a moment.
	ActionDisableExtensions Action = "disable_extensions"
	// ActionDisableTranslation: switch page translation off.
	ActionDisableTranslation Action = "disable_translation"
	// ActionTryOtherBrowser: use another browser.
	ActionTryOtherBrowser Action = "try_other_browser"
	// ActionTryOtherDevice: use another device.
	ActionTryOtherDevice Action = "try_other_device"
	// ActionUpdateClient: update the browser or app.
	ActionUpdateClient Action = "update_client"
	// ActionRestartDevice: switch the device off and on.
	ActionRestartDevice Action = "restart_device"
	// ActionReinstallApp: remove the app and install it again.
	ActionReinstallApp Action = "reinstall_app"
	// ActionDisableVPN: switch VPN or proxy off for a moment.
	ActionDisableVPN Action = "disable_vpn"
	// ActionCheckSecuritySoftware: see whether security software interferes.
	ActionCheckSecuritySoftware Action = "check_security_software"
	// ActionResetBrowserSettings: set the browser back to its defaults.
	ActionResetBrowserSettings Action = "reset_browser_settings"
)

// NeedsTarget reports whether the action is of use only where the app has a
// page, or an address, for it: without a link it is left out, unless nothing
// else would be left. The others are advice that stands by itself, and a link
// makes them handier.
func (a Action) NeedsTarget() bool {
	switch a {
	case ActionResetPassword,
		ActionUseOtherMethod,
		ActionRequestNewLink,
		ActionSignIn,
		ActionCheckAnnouncements,
		ActionUpdateAccountInfo,
		ActionContactSupport,
		ActionVerifyIdentity,
		ActionReviewTerms,
		ActionAppeal,
		ActionReviewActivity,
		ActionEnableTwoFactor,
		ActionResendCode,
		ActionCheckStatusPage:
		return true
	}
	return false
}

// AllActions yields every action.
func AllActions() iter.Seq[Action] {
	return func(yield func(Action) bool) {
		for _, a := range [...]Action{
			ActionCheckInput,
			ActionResetPassword,
			ActionCheckMailbox,
			ActionConfirmEmail,
			ActionFindWelcomeEmail,
			ActionUseOtherMethod,
			ActionUsePasswordManager,
			ActionCheckEmail,
			ActionChooseOtherPassword,
			ActionRequestNewLink,
			ActionSignIn,
			ActionSignInAgain,
			ActionSignInInstead,
			ActionReauthenticate,
			ActionUseRegisteredMethod,
			ActionChooseOtherAccount,
			ActionCheckAnnouncements,
			ActionUpdateAccountInfo,
			ActionUseOtherEmail,
			ActionRetryCaptcha,
			ActionUseAudioCaptcha,
			ActionRetryLater,
			ActionContactSupport,
			ActionVerifyIdentity,
			ActionReviewTerms,
			ActionAppeal,
			ActionReviewActivity,
			ActionEnableTwoFactor,
			ActionChangeReusedPasswords,
			ActionCheckSpamFolder,
			ActionResendCode,
			ActionCheckPhoneNumber,
			ActionCheckSignal,
			ActionCheckMessageFilter,
			ActionFreeMessageStorage,
			ActionAllowSender,
			ActionEnterCode,
			ActionCheckCode,
			ActionUseLatestCode,
			ActionCheckClock,
			ActionUseBackupCode,
			ActionReenrollAuthenticator,
			ActionUseOtherChannel,
			ActionRetryPasskey,
			ActionReload,
			ActionRestartSignIn,
			ActionCheckAddress,
			ActionCheckStatusPage,
			ActionCheckNetwork,
			ActionRestartRouter,
			ActionSwitchNetwork,
			ActionRestartBrowser,
			ActionClearBrowserData,
			ActionUsePrivateWindow,
			ActionDisableExtensions,
			ActionDisableTranslation,
			ActionTryOtherBrowser,
			ActionTryOtherDevice,
			ActionUpdateClient,
			ActionRestartDevice,
			ActionReinstallApp,
			ActionDisableVPN,
			ActionCheckSecuritySoftware,
			ActionResetBrowserSettings,
		} {
			if !yield(a) {
				return
			}
		}
	}
}
