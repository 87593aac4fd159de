package main

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"

	"golang.org/x/text/language"

	"github.com/sekisho-auth/sekisho/errcodes"
)

//go:embed pages/*.html
var pageFiles embed.FS

var pageSet = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

var matcher = language.NewMatcher([]language.Tag{language.English, language.Japanese})

// words are the texts of the three pages of this server; those of sign-in are the library's.
var words = map[string]map[string]string{
	"en": {
		"home_title": "Sign-in that tells you what to do next",
		"home_what": "This server shows the sign-in library Sekisho: create an account, sign in, mistype your password, " +
			"get locked, reset it. Whatever fails says why and what to do.",
		"memory":       "Everything is kept in memory and gone when the server ends.",
		"sign_in":      "Sign in",
		"register":     "Create an account",
		"outbox":       "Mails that would have been sent",
		"demo":         "An account to try:",
		"try_with":     "Password:",
		"disabled":     "An account that is disabled, with the same password:",
		"signed_in_as": "You are signed in as",
		"account":      "Your account",
		"sign_out":     "Sign out",
		"errors":       "All messages and what to do",
		"outbox_none":  "No mail yet. Create an account or reset a password, then come back.",
		"outbox_to":    "To:",
		"reload":       "Show new mails",
		"home":         "Start page",
		"help_title":   "Support",
		"help_what": "This is a server for trying out, so nobody answers here. In an app of yours, this is the page of " +
			"your support desk.",
		"help_reference": "Reference:",
		"help_log":       "The server's log has a line with this reference and the exact reason.",
	},
	"ja": {
		"home_title": "次に何をすればよいかがわかるログイン",
		"home_what": "このサーバーでは、ログインのライブラリー Sekisho（関所）を試せます。新規登録、ログイン、パスワードの入力ミス、" +
			"ロック、再設定のどこでつまずいても、理由と次にすることが表示されます。",
		"memory":       "データはメモリーだけにあり、サーバーを止めると消えます。",
		"sign_in":      "ログイン",
		"register":     "新規登録",
		"outbox":       "送られるはずだったメール",
		"demo":         "お試し用のアカウント:",
		"try_with":     "パスワード:",
		"disabled":     "無効にしてあるアカウント（パスワードは同じ）:",
		"signed_in_as": "ログイン中のアカウント:",
		"account":      "アカウントの管理",
		"sign_out":     "ログアウト",
		"errors":       "すべてのメッセージと対処方法",
		"outbox_none":  "メールはまだありません。新規登録かパスワードの再設定をしてから、もう一度開いてください。",
		"outbox_to":    "宛先:",
		"reload":       "新しいメールを表示する",
		"home":         "トップページ",
		"help_title":   "サポート窓口",
		"help_what": "このサーバーはお試し用のため、お問い合わせにはお答えしていません。実際のアプリでは、ここがサポート窓口の" +
			"ページになります。",
		"help_reference": "お問い合わせ番号:",
		"help_log":       "サーバーのログに、この番号と詳しい理由が記録されています。",
	},
}

type homeView struct {
	Lang           string
	T              map[string]string
	Email          string // of who is signed in
	Demo, Outbox   bool
	Try, Disabled  string
	PublicPassword string
}

// home greets.
func (x *site) home(w http.ResponseWriter, r *http.Request) {
	s, err := x.session(r)
	if err != nil {
		x.web.Error(w, r, err)
		return
	}
	lang := languageOf(r)
	v := homeView{Lang: lang, T: words[lang], Demo: x.demo, Outbox: x.outbox != nil, Try: demoEmail,
		Disabled: disabledEmail, PublicPassword: demoPassword}
	if s != nil {
		v.Email = s.User.Email
	}
	show(w, lang, "home.html", v)
}

type helpView struct {
	Lang      string
	T         map[string]string
	Reference string
}

// help is where the page of a support desk would be. It shows the reference that the link brought along.
func (x *site) help(w http.ResponseWriter, r *http.Request) {
	lang := languageOf(r)
	v := helpView{Lang: lang, T: words[lang]}
	if ref, ok := errcodes.ParseReference(r.URL.Query().Get("ref")); ok {
		v.Reference = errcodes.FormatReference(ref)
	}
	show(w, lang, "help.html", v)
}

func languageOf(r *http.Request) string {
	_, i := language.MatchStrings(matcher, r.Header.Get("Accept-Language"))
	return [...]string{"en", "ja"}[i]
}

func show(w http.ResponseWriter, lang, name string, view any) {
	var b bytes.Buffer
	if err := pageSet.ExecuteTemplate(&b, name, view); err != nil {
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", lang)
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept-Language, Cookie")
	_, _ = w.Write(b.Bytes())
}
