package authhttp

import "net/http"

// noticeKind is a page that says what was done, or what comes next. Each has an address of its own, so that a reload
// repeats nothing and no address can make the page say something else.
type noticeKind struct {
	title string
	texts []string
	links []noticeLink
}

type noticeLink struct{ path, text string }

var (
	noticeRegister = &noticeKind{
		title: "register_sent_title", texts: []string{"register_sent_text", "register_sent_help"},
		links: []noticeLink{{"email/resend", "register_sent_again"}, {"login", "to_login"}},
	}
	noticeResend = &noticeKind{
		title: "resend_sent_title", texts: []string{"resend_sent_text", "resend_sent_help"},
		links: []noticeLink{{"register", "resend_sent_register"}, {"login", "to_login"}},
	}
	noticeVerified = &noticeKind{
		title: "verified_title", texts: []string{"verified_text"}, links: []noticeLink{{"login", "to_login"}},
	}
	noticeForgot = &noticeKind{
		title: "forgot_sent_title", texts: []string{"forgot_sent_text", "forgot_sent_help"},
		links: []noticeLink{{"password/forgot", "forgot_sent_again"}, {"login", "to_login"}},
	}
	noticeReset = &noticeKind{
		title: "reset_done_title", texts: []string{"reset_done_text"}, links: []noticeLink{{"login", "to_login"}},
	}
	noticeChanged = &noticeKind{
		title: "changed_title", texts: []string{"changed_text"}, links: []noticeLink{{"", "continue_account"}},
	}
	noticeSignedOut = &noticeKind{
		title: "signed_out_title", texts: []string{"signed_out_text"}, links: []noticeLink{{"login", "to_login"}},
	}
)

type noticeView struct {
	Texts []string
	Links []linkView
}

type linkView struct{ Href, Label string }

// notice returns the handler of a notice.
func notice(k *noticeKind) handler {
	return func(c *call) error {
		v := c.view()
		v.Title = v.T[k.title]
		v.Notice = &noticeView{}
		for _, key := range k.texts {
			v.Notice.Texts = append(v.Notice.Texts, v.T[key])
		}
		for _, l := range k.links {
			v.Notice.Links = append(v.Notice.Links, linkView{Href: c.web.prefix + l.path, Label: v.T[l.text]})
		}
		return c.render(http.StatusOK, "notice", v)
	}
}
