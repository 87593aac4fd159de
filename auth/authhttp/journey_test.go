package authhttp_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/authhttp"
	"github.com/sekisho-auth/sekisho/errcodes"
)

// TestJourneyHTML does with pages and forms alone what a person does, in both languages.
func TestJourneyHTML(t *testing.T) {
	for _, lang := range []string{"en", "ja"} {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t, nil, nil)
			b := s.browser()
			b.header.Set("Accept-Language", lang)
			p := person{t: t, s: s, b: b, lang: lang, mark: `<html lang="` + lang + `">`}
			p.signsUp()
			p.signsIn()
			p.managesTheAccount()
			p.signsOut()
			p.isLockedAndResets()
		})
	}
}

// person is somebody with a browser who reads one language.
type person struct {
	t          *testing.T
	s          *site
	b          *browser
	lang, mark string
}

// signsUp comes from a guarded page, creates an account and confirms the address.
func (p person) signsUp() {
	t, b := p.t, p.b
	b.page("/trains?to=kyoto").wantRedirect(t, "/auth/login?return_to=%2Ftrains%3Fto%3Dkyoto")
	b.page("/auth/login?return_to=%2Ftrains%3Fto%3Dkyoto").wantPage(t, 200, p.mark, `href="/auth/register"`, `href="/auth/password/forgot"`,
		`autocomplete="username"`, `autocomplete="current-password"`, `type="email"`, `inputmode="email"`, `value="/trains?to=kyoto"`)
	b.page("/auth/register").wantPage(t, 200, p.mark, `autocomplete="new-password"`)
	b.submit("/auth/register", "email", taro, "password", "short").wantPage(t, 422, `role="alert"`, `value="`+taro+`"`)
	b.submit("/auth/register", "email", taro, "password", good).wantRedirect(t, "/auth/register/sent")
	b.page("/auth/register/sent").wantPage(t, 200, p.mark, `href="/auth/email/resend"`)
	b.submit("/auth/email/resend", "email", taro).wantRedirect(t, "/auth/email/resend/sent")

	// The mailed link, opened twice and by somebody else, is not used up.
	mails := p.s.work()
	if len(mails) == 0 || mails[0].Kind != "verify" || mails[0].Language != p.lang {
		t.Fatalf("mails %+v", mails)
	}
	link := pathOf(t, mails[0].Link)
	p.s.browser().page(link).wantPage(t, 200, `autocomplete="new-password"`)
	b.page(link)
	form := b.page(link).wantPage(t, 200, p.mark)
	if strings.Contains(form.body, `type="password"`) {
		t.Error("the browser that signed up is asked for a password again")
	}
	b.submit("/auth/email/verify", "token", form.hidden(t, "token")).wantRedirect(t, "/auth/email/verify/done")
	b.page("/auth/email/verify/done").wantPage(t, 200, p.mark, `href="/auth/login"`)
	b.page(link).wantPage(t, 410, `role="alert"`, `href="/auth/email/resend"`)
}

// signsIn mistypes first. The address and the way back are kept, the password is not.
func (p person) signsIn() {
	t, b := p.t, p.b
	form := b.submit("/auth/login", "email", "Taro@example.com", "password", "ｗｒｏｎｇ wrong wrong ", "return_to", "/trains?to=kyoto", "remember", "on")
	form.wantPage(t, 401, p.mark, `role="alert"`, `value="Taro@example.com"`, `value="/trains?to=kyoto"`, " checked", `href="/auth/password/forgot"`,
		`href="/auth/errors/invalid_credentials"`, "1001")
	if strings.Contains(form.body, "ｗｒｏｎｇ") || strings.Contains(form.body, "wrong wrong") {
		t.Error("the page repeats the password")
	}
	if form.Header().Get("WWW-Authenticate") != "Sekisho" {
		t.Error("401 without WWW-Authenticate")
	}
	b.submit("/auth/login", "email", taro, "password", good, "return_to", "/trains?to=kyoto", "remember", "on").wantRedirect(t, "/trains?to=kyoto")
	b.page("/trains?to=kyoto").want(t, 200, "hello "+taro)
}

// managesTheAccount ends a session, changes the password and proves it again.
func (p person) managesTheAccount() {
	t, b := p.t, p.b
	other := p.s.browser()
	other.submit("/auth/login", "email", taro, "password", good).wantRedirect(t, "/")
	time.Sleep(3 * time.Minute)
	account := b.page("/auth/").wantPage(t, 200, p.mark, taro, `action="/auth/logout"`, `href="/auth/password/change"`, `action="/auth/sessions/revoke"`, "192.0.2.1", "3")
	if n := strings.Count(account.body, "/revoke"); n != 2 {
		t.Errorf("%d buttons to end sessions, want one for the other session and one for all others", n)
	}
	end := regexp.MustCompile(`action="(/auth/sessions/[a-z0-9]+/revoke)"`).FindStringSubmatch(account.body)
	b.submit(end[1]).wantRedirect(t, "/auth/")
	other.page("/auth/").wantPage(t, 401, `role="alert"`, `href="/auth/login"`)
	other.page("/auth/").wantRedirect(t, "/auth/login?return_to=%2Fauth%2F")

	b.page("/auth/password/change").wantPage(t, 200, `autocomplete="username" readonly value="`+taro+`"`, `autocomplete="current-password"`, `autocomplete="new-password"`)
	b.submit("/auth/password/change", "current", "wrong wrong wrong", "new", better).wantPage(t, 401, `role="alert"`, `readonly value="`+taro+`"`)
	b.submit("/auth/password/change", "current", good, "new", better).wantRedirect(t, "/auth/password/change/done")
	b.page("/auth/password/change/done").wantPage(t, 200, p.mark, `href="/auth/"`)
	b.page("/auth/reauthenticate?return_to=/trains").wantPage(t, 200, `readonly value="`+taro+`"`)
	b.submit("/auth/reauthenticate", "password", "x", "return_to", "/trains").wantPage(t, 401, `value="/trains"`)
	b.submit("/auth/reauthenticate", "password", better, "return_to", "/trains").wantRedirect(t, "/trains")
	b.submit("/auth/reauthenticate", "password", better).wantRedirect(t, "/auth/")
}

func (p person) signsOut() {
	t, b := p.t, p.b
	b.page("/auth/logout").wantPage(t, 200, `action="/auth/logout"`)
	b.page("/auth/").wantPage(t, 200, taro)
	b.submit("/auth/logout").wantRedirect(t, "/auth/logout/done")
	b.page("/auth/logout/done").wantPage(t, 200, p.mark)
	b.page("/trains").wantRedirect(t, "/auth/login?return_to=%2Ftrains")
}

// isLockedAndResets mistypes until sign-in is paused, and gets in again by a reset.
func (p person) isLockedAndResets() {
	t, b := p.t, p.b
	for range 5 {
		b.submit("/auth/login", "email", taro, "password", "wrong wrong wrong wrong")
	}
	locked := b.submit("/auth/login", "email", taro, "password", better)
	locked.wantPage(t, 423, `role="alert"`, "1002", `href="/auth/password/forgot"`)
	if locked.Header().Get("Retry-After") == "" || !strings.Contains(locked.body, map[string]string{"en": "minute", "ja": "1分"}[p.lang]) {
		t.Errorf("locked, and nothing says for how long: %s", locked.body)
	}
	b.submit("/auth/password/forgot", "email", taro).wantRedirect(t, "/auth/password/forgot/sent")
	b.page("/auth/password/forgot/sent").wantPage(t, 200, p.mark)
	var link string
	for _, m := range p.s.work() {
		if m.Kind == "reset" {
			link = pathOf(t, m.Link)
		}
	}
	b.page(link)
	form := b.page(link).wantPage(t, 200, p.mark, `autocomplete="new-password"`, `readonly value="`+taro+`"`)
	b.submit("/auth/password/reset", "token", form.hidden(t, "token"), "password", "short").wantPage(t, 422, `readonly value="`+taro+`"`)
	b.submit("/auth/password/reset", "token", form.hidden(t, "token"), "password", good).wantRedirect(t, "/auth/password/reset/done")
	b.page("/auth/password/reset/done").wantPage(t, 200, p.mark, `href="/auth/login"`)
	if expired := b.page(link).wantPage(t, 410, `href="/auth/password/forgot"`); strings.Contains(expired.body, "/auth/email/resend") {
		t.Error("a new mail for a reset is asked for at the wrong place")
	}
	b.submit("/auth/login", "email", taro, "password", good).wantRedirect(t, "/")
}

// TestSignUpByAStranger: whoever opens the link in another browser chooses the password; the stranger's is void.
func TestSignUpByAStranger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, nil, nil)
		stranger, owner := s.browser(), s.browser()
		stranger.submit("/auth/register", "email", taro, "password", good).wantRedirect(t, "/auth/register/sent")
		link := pathOf(t, s.work()[0].Link)
		tok := owner.page(link).wantPage(t, 200, `autocomplete="new-password"`).hidden(t, "token")
		owner.submit("/auth/email/verify", "token", tok).wantPage(t, 422, `autocomplete="new-password"`, `role="alert"`)
		owner.submit("/auth/email/verify", "token", tok, "password", better).wantRedirect(t, "/auth/email/verify/done")
		stranger.json("/auth/login", "email", taro, "password", good).wantReason(t, 401, "invalid_credentials")
		owner.signIn(taro, better)
	})
}

var attributes = regexp.MustCompile(`\b(?:href|action)="([^"]*)"|"href":"([^"]*)"|"type":"(https:[^"]*)"`)

// TestEveryLinkLeadsSomewhere follows every link and form of every answer there is, in both languages, with and without
// mail, signed in and not.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
	for _, noMail := range []bool{false, true} {
		for _, lang := range []string{"en", "ja"} {
			s := newSite(t, nil, func(c *authhttp.Config) { c.NoMail = noMail; c.SupportURL = "/auth/errors" })
			s.create(taro)
			in, out := s.browser(), s.browser()
			in.header.Set("Accept-Language", lang)
			out.header.Set("Accept-Language", lang)
			in.signIn(taro, good)
			seen := map[string]bool{}
			queue := []string{"/auth/", "/auth/login", "/auth/errors", "/auth/nothing", "/auth/session", "/auth/email/verify?token=x", "/auth/password/reset?token=x"}
			collect := func(a answer) {
				for _, m := range attributes.FindAllStringSubmatch(a.body, -1) {
					link := html.UnescapeString(m[1] + m[2] + m[3])
					link = strings.ReplaceAll(link, `\u0026`, "&")
					if u, err := url.Parse(strings.TrimPrefix(link, host)); err != nil || !strings.HasPrefix(u.Path, "/") {
						t.Errorf("a link to %q", link)
					} else if !seen[u.Path] {
						queue = append(queue, u.Path)
					}
				}
			}
			for len(queue) > 0 {
				path := queue[0]
				queue = queue[1:]
				if seen[path] {
					continue
				}
				seen[path] = true
				for _, b := range []*browser{in, out} {
					for _, a := range []answer{b.page(path), b.get(path)} {
						if a.Code >= 500 || a.Code == 404 && path != "/auth/nothing" && !noMail {
							t.Errorf("%s: %d", path, a.Code)
						}
						if a.Code == 404 && path != "/auth/nothing" && !strings.Contains(path, "?token=") {
							t.Errorf("%s is linked, and is not there", path)
						}
						collect(a)
					}
				}
			}
			for _, post := range []string{"/auth/login", "/auth/register", "/auth/email/resend", "/auth/password/forgot", "/auth/email/verify", "/auth/password/reset", "/auth/password/change"} {
				for _, a := range []answer{out.submit(post, "email", taro, "password", "x"), out.json(post)} {
					collect(a)
				}
			}
			for _, path := range queue {
				if a := out.page(path); a.Code == 404 && !seen[path] {
					t.Errorf("%s is linked from a refused form, and is not there", path)
				}
			}
			for r := range errcodes.Reasons() {
				if !seen["/auth/errors/"+string(r)] {
					t.Errorf("%s has no page that is linked", r)
				}
			}
			if len(seen) < 30 {
				t.Errorf("only %d pages found", len(seen))
			}
		}
	}
}

// TestCatalogue: every reason has its page in both languages, and its JSON.
func TestCatalogue(t *testing.T) {
	s := newSite(t, nil, nil)
	b := s.browser()
	b.get("/auth/errors").want(t, 200, `{"errors":[{"type":"`+host+`/auth/errors/`, `"constant":"ReasonOTPInvalid"`, `"reason":"otp_not_delivered"`)
	for r := range errcodes.Reasons() {
		en, _ := errcodes.Describe(r, "en")
		ja, _ := errcodes.Describe(r, "ja")
		p := b.page("/auth/errors/"+string(r)).wantPage(t, 200, `<section lang="en">`, `<section lang="ja">`, "errcodes.Reason", string(r))
		if text := html.UnescapeString(p.body); !strings.Contains(text, en.Detail) || !strings.Contains(text, ja.Detail) {
			t.Errorf("%s: not in both languages", r)
		}
		b.get("/auth/errors/"+string(r)).want(t, 200, `"reason":"`+string(r)+`"`, `"remedies":[{"action":`)
	}
	b.page("/auth/errors/network_unreachable").wantPage(t, 200, "AdviceNetworkUnreachable")
}

func TestNoMail(t *testing.T) {
	s := newSite(t, func(c *auth.Config) { c.Mailer = nil }, func(c *authhttp.Config) { c.NoMail = true; c.SupportURL = "" })
	s.create(taro)
	b := s.browser()
	for _, path := range []string{
		"/auth/register", "/auth/register/sent", "/auth/email/verify", "/auth/email/verify/done", "/auth/email/resend", "/auth/email/resend/sent",
		"/auth/password/forgot", "/auth/password/forgot/sent", "/auth/password/reset", "/auth/password/reset/done",
	} {
		b.page(path).wantPage(t, 404)
		b.json(path, "email", taro).wantReason(t, 404, "not_found")
	}
	for _, a := range []answer{b.page("/auth/login"), b.submit("/auth/login", "email", taro, "password", "x"), b.json("/auth/login", "email", taro, "password", "x")} {
		for _, absent := range []string{"/auth/password/forgot", "/auth/register", "/auth/email", "reset_password", "contact_support"} {
			if strings.Contains(a.body, absent) {
				t.Errorf("%d: %s is offered: %s", a.Code, absent, a.body)
			}
		}
	}
	b.signIn(taro, good)
	b.submit("/auth/password/change", "current", good, "new", better).wantRedirect(t, "/auth/password/change/done")
	if strings.Contains(b.page("/auth/reauthenticate").body, "forgot") {
		t.Error("a forgotten password is offered where it leads nowhere")
	}
}

func TestOwnLinksAndTexts(t *testing.T) {
	s := newSite(t, nil, func(c *authhttp.Config) {
		c.Prefix = "/auth/"
		c.SupportURL = "mailto:help@app.example"
		c.AfterLogin = "/home"
		c.Links = map[errcodes.Action]string{errcodes.ActionResetPassword: "https://id.app.example/reset"}
	})
	b := s.browser()
	b.json("/auth/login", "email", taro, "password", "x").want(t, 401, `"href":"https://id.app.example/reset"`)
	s.create(taro)
	b.json("/auth/login", "email", taro, "password", good).want(t, 200, `"return_to":"/home"`)
	for range 6 {
		b.submit("/auth/login", "email", "x@app.example", "password", "x")
	}
	b.submit("/auth/login", "email", "x@app.example", "password", "x").wantPage(t, http.StatusLocked, `href="mailto:help@app.example`)
}

// TestPrefix: the pages live where they are told to, and lead to each other there.
func TestPrefix(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, nil, func(c *authhttp.Config) { c.Prefix = "/konto/" })
		s.app = s.web
		b := s.browser()
		b.page("/auth/login").wantPage(t, 404)
		b.page("/konto").wantRedirect(t, "/konto/login?return_to=%2Fkonto")
		for _, path := range []string{"/konto/login", "/konto/register", "/konto/errors", "/konto/nothing", "/konto/errors/not_found"} {
			if p := b.page(path); strings.Contains(p.body, "/auth/") || !strings.Contains(p.body, `href="/konto/style.css"`) {
				t.Errorf("%s: %s", path, p.body)
			}
		}
		b.json("/konto/login", "email", taro, "password", "x").want(t, 401, `"type":"`+host+`/konto/errors/invalid_credentials"`, `"href":"/konto/password/forgot"`)
		b.submit("/konto/register", "email", taro, "password", good).wantRedirect(t, "/konto/register/sent")
		link := s.work()[0].Link
		if !strings.HasPrefix(link, host+"/konto/email/verify?token=") {
			t.Fatal(link)
		}
		b.submit("/konto/email/verify", "token", b.page(pathOf(t, link)).hidden(t, "token")).wantRedirect(t, "/konto/email/verify/done")
		b.submit("/konto/login", "email", taro, "password", good, "return_to", "/konto/logout").wantRedirect(t, "/")
	})
}
