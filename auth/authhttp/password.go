package authhttp

import (
	"net/http"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/internal/token"
)

func (c *call) forgotForm() error { return c.formPage(form{page: pageForgot}) }

func (c *call) forgot() error {
	if err := c.read(fieldEmail); err != nil {
		return err
	}
	c.form = &form{page: pageForgot, Email: c.in.email}
	if err := c.web.svc.Recovery().Request(c.r.Context(), c.in.email, c.client()); err != nil {
		return err
	}
	return c.done(http.StatusAccepted, "check_mailbox", "password/forgot/sent")
}

// resetForm shows the form and uses nothing up. The token travels in the body from here on: addresses end up in
// histories and logs.
func (c *call) resetForm() error {
	c.resetting = true
	t := c.r.URL.Query().Get("token")
	if !token.Valid(t) {
		return errcodes.New(errcodes.ReasonLinkExpired)
	}
	email, err := c.web.svc.Recovery().Check(c.r.Context(), auth.Token(t))
	if err != nil {
		return err
	}
	return c.formPage(form{page: pageReset, Token: t, Username: email})
}

func (c *call) reset() error {
	c.resetting = true
	if err := c.read(fieldToken | fieldPassword); err != nil {
		return err
	}
	if !token.Valid(c.in.token) {
		return errcodes.New(errcodes.ReasonLinkExpired)
	}
	c.form = &form{page: pageReset, Token: c.in.token}
	if err := c.web.svc.Recovery().Reset(c.r.Context(), auth.Token(c.in.token), auth.Password(c.in.password), c.client()); err != nil {
		if !c.json { // the form again, as it was
			c.form.Username, _ = c.web.svc.Recovery().Check(c.r.Context(), auth.Token(c.in.token))
		}
		return err
	}
	return c.done(http.StatusOK, "password_reset", "password/reset/done")
}

func (c *call) changeForm() error {
	s, err := c.who()
	if err != nil {
		return err
	}
	return c.formPage(form{page: pageChange, Username: s.User.Email})
}

func (c *call) change() error {
	if err := c.read(fieldCurrent | fieldNew); err != nil {
		return err
	}
	c.proving = true
	t, err := c.ownForm(form{page: pageChange})
	if err != nil {
		return err
	}
	fresh, err := c.web.svc.ChangePassword(c.r.Context(), t, auth.Password(c.in.current), auth.Password(c.in.new), c.client())
	if err != nil {
		return err
	}
	c.web.setSession(c.w.Header(), fresh)
	if c.json {
		return c.renewed("password_changed", fresh)
	}
	return c.seeOther(c.web.prefix + "password/change/done")
}
