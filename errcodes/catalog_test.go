package errcodes_test

import (
	"strings"
	"testing"

	"github.com/sekisho-auth/sekisho/errcodes"
)

func TestParseCatalogRefuses(t *testing.T) {
	for name, c := range map[string]struct{ data, want string }{
		"not JSON":               {`{`, "reading the catalogue"},
		"not UTF-8":              {"{\"language\":\"\xff\"}", "UTF-8"},
		"more after it":          {`{"language":"en"} {}`, "goes on"},
		"no language":            {`{}`, "language"},
		"unknown member":         {`{"language":"en","reason":{}}`, "reason"},
		"unknown reason":         {`{"language":"en","reasons":{"made_up":{"detail":"x"}}}`, "reasons.made_up"},
		"unknown code":           {`{"language":"en","codes":{"1005":{"title":"x"}}}`, "codes.1005"},
		"unknown cause":          {`{"language":"en","codes":{"1001":{"causes":{"made_up":"x"}}}}`, "made_up"},
		"foreign remedy":         {`{"language":"en","codes":{"1001":{"remedies":{"check_code":"x"}}}}`, "check_code"},
		"unknown action":         {`{"language":"en","actions":{"made_up":"x"}}`, "actions.made_up"},
		"unknown hint":           {`{"language":"en","hints":{"made_up":"x"}}`, "hints.made_up"},
		"unknown advice":         {`{"language":"en","advice":{"made_up":{"detail":"x"}}}`, "advice.made_up"},
		"unknown placeholder":    {`{"language":"en","reasons":{"timeout":{"detail":"{name}"}}}`, "{name}"},
		"wait where none is":     {`{"language":"en","reasons":{"account_locked":{"detail":"{wait}"}}}`, "{wait}"},
		"placeholder in a title": {`{"language":"en","codes":{"1001":{"title":"{wait}"}}}`, "{wait}"},
		"wait in an action":      {`{"language":"en","actions":{"reload":"{wait}"}}`, "{wait}"},
		"open brace":             {`{"language":"en","hints":{"full_width":"a { b"}}`, "{"},
		"closing brace":          {`{"language":"en","hints":{"full_width":"a } b"}}`, "}"},
		"control character":      {`{"language":"en","hints":{"full_width":"a\nb"}}`, "control"},
		"space at an end":        {`{"language":"en","hints":{"full_width":"a "}}`, "space"},
		"an empty cause":         {`{"language":"en","reasons":{"timeout":{"causes":[""]}}}`, "empty"},
		"no number":              {`{"language":"en","durations":{"days":"in some days"}}`, "durations.days"},
	} {
		got, err := errcodes.ParseCatalog([]byte(c.data))
		if err == nil || got != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want it to name %q", name, err, c.want)
		}
	}
}

func TestCheckNamesAllThatIsMissing(t *testing.T) {
	c, err := errcodes.ParseCatalog([]byte(`{"language":"xx"}`))
	if err != nil {
		t.Fatal(err)
	}
	err = c.Check()
	if err == nil {
		t.Fatal("nothing is complete")
	}
	for _, want := range []string{"codes.1003.title", "codes.1002.remedies.verify_identity", "reasons.timeout.detail", "reasons.timeout.causes",
		"advice.otp_not_delivered.detail", "actions.reload", "hints.yen_sign", "durations.hours"} {
		if !strings.Contains(err.Error(), want+" is missing") {
			t.Errorf("%s is not named", want)
		}
	}
}

func TestOver(t *testing.T) {
	c, err := errcodes.ParseCatalog([]byte(`{"language":"en","codes":{"1004":{"detail":"D"}},
		"reasons":{"timeout":{"detail":"Slow, {wait}."},"not_found":{"causes":["C."]}},"actions":{"reload":"Again"},"durations":{"second":"now"}}`))
	if err != nil {
		t.Fatal(err)
	}
	base := errcodes.CatalogFor("en")
	m := c.Over(base)
	if err := m.Check(); err != nil {
		t.Fatal(err)
	}
	if got := m.Error(errcodes.New(errcodes.ReasonTimeout)).Detail; got != "Slow, in about 5 seconds." {
		t.Errorf("detail %q", got)
	}
	if got := m.Wait(1); got != "now" {
		t.Errorf("wait %q", got)
	}
	if m.Action(errcodes.ActionReload, 0) != "Again" || m.Action(errcodes.ActionSignIn, 0) != base.Action(errcodes.ActionSignIn, 0) {
		t.Error("actions")
	}
	nf, _ := m.Reason(errcodes.ReasonNotFound)
	was, _ := base.Reason(errcodes.ReasonNotFound)
	if nf.Detail != was.Detail || len(nf.Causes) != 1 || nf.Causes[0] != "C." {
		t.Errorf("not_found %+v", nf)
	}
	code, _ := m.Code(errcodes.CodeServerError)
	if code.Detail != "D" || code.Title != "Server error" {
		t.Errorf("code %+v", code)
	}
	if again, _ := base.Reason(errcodes.ReasonTimeout); strings.Contains(again.Detail, "Slow") {
		t.Error("Over changed its base")
	}
}

func FuzzParseCatalog(f *testing.F) {
	// Small seeds: the engine gets through a thousand times more of them than of whole catalogues.
	f.Add([]byte(`{"language":"de","reasons":{"server_busy":{"detail":"{wait} warten","causes":["Last"]}}}`))
	f.Add([]byte(`{"language":"ja","durations":{"minute":"約1分後に"},"hints":{"caps_lock":"x"}}`))
	f.Add([]byte(`{"language":"en","actions":{"retry_later":"{wait}{wait}"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := errcodes.ParseCatalog(data)
		if err != nil {
			return
		}
		m := c.Over(errcodes.CatalogFor("en"))
		for r := range errcodes.Reasons() {
			text := m.Error(errcodes.New(r))
			if strings.ContainsAny(text.Detail, "{}") {
				t.Fatalf("a placeholder is left in %q", text.Detail)
			}
		}
	})
}
