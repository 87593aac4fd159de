package authhttp

import (
	"fmt"
	"io/fs"
	"slices"

	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/errcodes/problem"
)

// wording is one of our own overlays: what is said differently where there is no mail, or to somebody who is signed in.
func wording(folder string) problem.Option {
	fsys, err := fs.Sub(embedded, "texts/"+folder)
	if err != nil {
		fsys = nil // refused by WithOverlay, and so by New
	}
	return problem.WithOverlay(fsys)
}

// prepareProblems makes the writers of problem documents, with the pages that remedies lead to. A remedy whose page does
// not exist, such as a reset without mail, has no link, and is left out.
func (web *Web) prepareProblems(cfg Config) error {
	opts := []problem.Option{
		problem.WithLogger(cfg.Logger),
		problem.WithTypeBase(web.origin.text + web.prefix + "errors/"),
	}
	withoutMail := []problem.Option{wording("nomail"), problem.WithoutAction(errcodes.ActionCheckMailbox, errcodes.ActionFindWelcomeEmail)}
	if _, own := cfg.Links[errcodes.ActionResetPassword]; !web.mail && !own {
		opts = append(opts, withoutMail...)
	}
	inSession := []problem.Option{wording("session"), problem.WithoutAction(
		errcodes.ActionCheckMailbox, errcodes.ActionFindWelcomeEmail, errcodes.ActionCheckEmail, errcodes.ActionUseOtherMethod)}
	var texts []problem.Option
	if cfg.Texts != nil {
		if files, err := fs.Glob(cfg.Texts, "*.json"); err != nil {
			return fmt.Errorf("authhttp: Config.Texts: %w", err)
		} else if len(files) > 0 {
			texts = append(texts, problem.WithOverlay(cfg.Texts))
		}
	}
	page := func(a errcodes.Action, path string) {
		opts = append(opts, problem.WithLink(a, web.prefix+path))
	}
	for _, a := range []errcodes.Action{
		errcodes.ActionSignIn, errcodes.ActionSignInAgain, errcodes.ActionSignInInstead, errcodes.ActionRestartSignIn,
	} {
		page(a, "login")
	}
	page(errcodes.ActionReauthenticate, "reauthenticate")
	if web.mail {
		page(errcodes.ActionResetPassword, "password/forgot")
		page(errcodes.ActionRequestNewLink, "email/resend")
		page(errcodes.ActionUseOtherEmail, "register")
	}
	if cfg.SupportURL != "" {
		opts = append(opts, problem.WithLink(errcodes.ActionContactSupport, cfg.SupportURL))
	}
	for a, link := range cfg.Links {
		opts = append(opts, problem.WithLink(a, link))
	}
	var err error
	if web.problems, err = problem.New(slices.Concat(opts, texts)...); err != nil {
		return fmt.Errorf("authhttp: Config.Texts, Links or SupportURL: %w", err)
	}
	if web.sessionProblems, err = problem.New(slices.Concat(opts, inSession, texts)...); err != nil {
		return fmt.Errorf("authhttp: %w", err)
	}
	web.resetProblems = web.problems
	if _, own := cfg.Links[errcodes.ActionRequestNewLink]; web.mail && !own {
		link := problem.WithLink(errcodes.ActionRequestNewLink, web.prefix+"password/forgot")
		if web.resetProblems, err = web.problems.With(link); err != nil {
			return fmt.Errorf("authhttp: %w", err)
		}
	}
	return nil
}
