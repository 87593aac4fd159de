package auth

import "context"

// Mail is a message to be sent. The mail package renders and sends it; an app
// may do so in its own way.
type Mail struct {
	// Kind says what the mail is about:
	//
	//	verify            finish the sign-up (Link)
	//	already_registered  somebody signed up with an address that has an account (Link: sign-in)
	//	reset             set a new password (Link)
	//	password_changed  the password was changed (Link: reset)
	//	locked            sign-in is paused after failed attempts (Link: reset)
	//	account_created   an account was made for this address (Link: set a password)
	Kind string
	// To is the stored address.
	To string
	// Language is a BCP 47 tag, such as "ja"; "" is "en".
	Language string
	// Link is the address to open; it may hold a secret token.
	Link string
	// Product is Config.Name.
	Product string
	// Minutes is how long the link works, or how long a lock lasts; 0 where
	// neither is meant.
	Minutes int
	// Reference names the request that led to the mail.
	Reference string
}

// Mailer sends mail. Send is called by Service.Run only, never while a
// visitor waits. An error makes the worker try again later, for a day.
type Mailer interface {
	Send(ctx context.Context, m Mail) error
}

// Links makes the addresses that mails point to. The authhttp package
// supplies one; an app with pages of its own calls Service.UseLinks.
type Links struct {
	// Verify opens the page that finishes a sign-up.
	Verify func(Token) string
	// Reset opens the page that sets a new password.
	Reset func(Token) string
	// SignIn and Forgot are the pages to sign in and to ask for a reset.
	SignIn, Forgot string
}
