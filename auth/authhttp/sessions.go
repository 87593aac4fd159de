package authhttp

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/errcodes"
)

type accountView struct {
	Email    string
	Sessions []cardView
	Others   bool
}

type cardView struct {
	ID, Device, Seen, Ago, Address string
	Current                        bool
}

// accountPage shows who is signed in, where, and what can be changed. Somebody who is not signed in is led to do so when
// they come from outside; elsewhere the failure says it.
func (c *call) accountPage() error {
	s, err := c.who()
	if err != nil {
		return err
	}
	list, err := c.web.svc.Sessions().List(c.r.Context(), s.UserID)
	if err != nil {
		return err
	}
	if c.json {
		return c.sessionList(s, list)
	}
	v := c.view()
	v.Title = v.T["account_title"]
	v.Account = &accountView{Email: s.User.Email}
	now := time.Now()
	for i := range list {
		other := &list[i]
		card := cardView{
			ID: other.ID, Current: other.ID == s.ID, Device: deviceName(v.T, other.Client.UserAgent),
			Seen: rfc3339(other.Seen), Ago: ago(v.T, now.Sub(other.Seen)),
		}
		if other.Client.Addr.IsValid() {
			card.Address = other.Client.Addr.String()
		}
		v.Account.Others = v.Account.Others || !card.Current
		v.Account.Sessions = append(v.Account.Sessions, card)
	}
	return c.render(http.StatusOK, "account", v)
}

type sessionItem struct {
	ID        string   `json:"id"`
	Current   bool     `json:"current"`
	Created   string   `json:"created"`
	Seen      string   `json:"seen"`
	Expires   string   `json:"expires"`
	AMR       []string `json:"amr"`
	Address   string   `json:"address,omitempty"`
	UserAgent string   `json:"user_agent,omitempty"`
}

func (c *call) sessions() error { return c.accountPage() }

func (c *call) sessionList(current *auth.Session, list []auth.Session) error {
	body := struct {
		Sessions []sessionItem `json:"sessions"`
	}{Sessions: make([]sessionItem, 0, len(list))}
	for i := range list {
		s := &list[i]
		item := sessionItem{
			ID: s.ID, Current: s.ID == current.ID, Created: rfc3339(s.Created), Seen: rfc3339(s.Seen), Expires: rfc3339(s.Expires),
			AMR: s.AMR, UserAgent: s.Client.UserAgent,
		}
		if s.Client.Addr.IsValid() {
			item.Address = s.Client.Addr.String()
		}
		body.Sessions = append(body.Sessions, item)
	}
	return c.encodeJSON(http.StatusOK, body)
}

func (c *call) endSession() error {
	if err := c.read(0); err != nil {
		return err
	}
	s, err := c.who()
	if err != nil {
		return err
	}
	// One that has ended already, from another tab or by a second click, is what was asked for.
	if err := c.web.svc.Sessions().End(c.r.Context(), s.UserID, c.id); err != nil && !errors.Is(err, errcodes.ReasonNotFound) {
		return err
	}
	page := ""
	if c.id == s.ID {
		c.web.clearSession(c.w.Header())
		page = "logout/done"
	}
	if c.json {
		return c.noContent()
	}
	return c.seeOther(c.web.prefix + page)
}

func (c *call) endOthers() error {
	if err := c.read(0); err != nil {
		return err
	}
	s, err := c.who()
	if err != nil {
		return err
	}
	if err := c.web.svc.Sessions().EndAll(c.r.Context(), s.UserID, s.ID); err != nil {
		return err
	}
	if c.json {
		return c.noContent()
	}
	return c.seeOther(c.web.prefix)
}

// ago says how long ago something was. Durations need no time zone; clock times would need the reader's.
func ago(texts map[string]string, d time.Duration) string {
	count := func(one, many string, n int) string {
		if n == 1 {
			return texts[one]
		}
		return strings.ReplaceAll(texts[many], "{n}", strconv.Itoa(n))
	}
	switch {
	case d < time.Minute:
		return texts["ago_now"]
	case d < time.Hour:
		return count("ago_minute", "ago_minutes", int(d/time.Minute))
	case d < 24*time.Hour:
		return count("ago_hour", "ago_hours", int(d/time.Hour))
	default:
		return count("ago_day", "ago_days", int(d/(24*time.Hour)))
	}
}

// The names that browsers and systems give themselves in User-Agent, more telling ones first: every browser claims to be
// several others.
var (
	browserMarks = [...][2]string{
		{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"},
	}
	systemMarks = [...][2]string{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"},
		{"Mac OS X", "Mac"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"},
	}
)

// deviceName makes something to recognise out of User-Agent. What the client wrote there is never shown itself.
func deviceName(texts map[string]string, agent string) string {
	named := func(marks [][2]string) string {
		for _, m := range marks {
			if strings.Contains(agent, m[0]) {
				return m[1]
			}
		}
		return ""
	}
	browser, system := named(browserMarks[:]), named(systemMarks[:])
	switch {
	case browser != "" && system != "":
		return strings.NewReplacer("{browser}", browser, "{system}", system).Replace(texts["device_on"])
	case browser != "":
		return browser
	case system != "":
		return system
	default:
		return texts["device_unknown"]
	}
}
