package authhttp

import (
	"errors"
	"net/http"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/internal/token"
)

func (c *call) registerForm() error { return c.formPage(form{page: pageRegister}) }

// register begins a sign-up. The browser gets a secret, so that whoever opens the mailed link elsewhere does not confirm
// a password that somebody else chose.
func (c *call) register() error {
	if err := c.read(fieldEmail | fieldPassword); err != nil {
		return err
	}
	c.form = &form{page: pageRegister, Email: c.in.email}
	browser, state := find(c.r, c.web.cookies.signUp)
	if state != present {
		browser = auth.Token(token.New())
	}
	c.web.cookies.set(c.w.Header(), c.web.cookies.signUp, browser.Reveal(), signUpAge)
	err := c.web.svc.Register(c.r.Context(), auth.Registration{
		Email: c.in.email, Password: auth.Password(c.in.password), Browser: browser, Client: c.client(),
	})
	if err != nil {
		return err
	}
	return c.done(http.StatusAccepted, "check_mailbox", "register/sent")
}

func (c *call) resendForm() error { return c.formPage(form{page: pageResend}) }

func (c *call) resend() error {
	if err := c.read(fieldEmail); err != nil {
		return err
	}
	c.form = &form{page: pageResend, Email: c.in.email}
	if err := c.web.svc.ResendVerification(c.r.Context(), c.in.email, c.client()); err != nil {
		return err
	}
	return c.done(http.StatusAccepted, "check_mailbox", "email/resend/sent")
}

// verification gathers what confirms an address.
func (c *call) verification(t string) auth.Verification {
	v := auth.Verification{Token: auth.Token(t), Password: auth.Password(c.in.password), Client: c.client()}
	if browser, state := find(c.r, c.web.cookies.signUp); state == present {
		v.Browser = browser
	}
	return v
}

// verifyForm shows the form and uses nothing up: programs that look through mail open links too.
func (c *call) verifyForm() error {
	t := c.r.URL.Query().Get("token")
	if !token.Valid(t) {
		return errcodes.New(errcodes.ReasonLinkExpired)
	}
	need, err := c.web.svc.VerifyNeedsPassword(c.r.Context(), c.verification(t))
	if err != nil {
		return err
	}
	return c.formPage(form{page: pageVerify, Token: t, NeedPassword: need})
}

func (c *call) verify() error {
	if err := c.read(fieldToken | fieldPassword); err != nil {
		return err
	}
	if !token.Valid(c.in.token) {
		return errcodes.New(errcodes.ReasonLinkExpired)
	}
	c.form = &form{page: pageVerify, Token: c.in.token}
	if _, err := c.web.svc.VerifyEmail(c.r.Context(), c.verification(c.in.token)); err != nil {
		// The form is shown again as it was: with the field, if a password has to be chosen here.
		need, askErr := c.web.svc.VerifyNeedsPassword(c.r.Context(), c.verification(c.in.token))
		c.form.NeedPassword = need || askErr != nil && c.in.password != "" || errors.Is(err, errcodes.ReasonWeakPassword)
		return err
	}
	if _, state := find(c.r, c.web.cookies.signUp); state != absent {
		c.web.cookies.set(c.w.Header(), c.web.cookies.signUp, "", -1)
	}
	return c.done(http.StatusOK, "verified", "email/verify/done")
}
