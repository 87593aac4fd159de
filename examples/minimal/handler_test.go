package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/authhttp"
	"github.com/sekisho-auth/sekisho/auth/memstore"
)

type app struct {
	svc *auth.Service
	web *authhttp.Web
}

func (a *app) login(w http.ResponseWriter, r *http.Request) {
	in, err := a.web.Credentials(w, r)
	if err == nil {
		var session *auth.Session
		if session, err = a.svc.Login(r.Context(), in); err == nil {
			a.web.SignIn(w, r, session) // cookie, and back to where the person came from
			return
		}
	}
	a.web.Error(w, r, err) // status, Retry-After, text and remedies in the reader's language
}

// The README's own handler signs in, and says why not.
func TestHandlerOfOnesOwn(t *testing.T) {
	svc, err := auth.New(auth.Config{
		Stores: memstore.New(), Keys: auth.EphemeralKey(),
		Password: auth.PasswordConfig{Cost: 4, InsecureLowCost: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	web, err := authhttp.New(svc, authhttp.Config{Origin: "http://localhost:8080"})
	if err != nil {
		t.Fatal(err)
	}
	const email, password = "taro@example.jp", "a quiet road past forty pine trees"
	if _, err := svc.CreateAccount(context.Background(), auth.NewAccount{Email: email, Password: password}); err != nil {
		t.Fatal(err)
	}
	a := &app{svc: svc, web: web}
	for typed, want := range map[string]int{"not the one": http.StatusUnauthorized, password: http.StatusSeeOther} {
		form := url.Values{"email": {email}, "password": {typed}, "return_to": {"/cart"}}
		r := httptest.NewRequest(http.MethodPost, "/login", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		a.login(w, r)
		if w.Code != want {
			t.Errorf("%q: status %d, want %d: %s", typed, w.Code, want, w.Body)
		}
		if signedIn := len(w.Result().Cookies()) > 0; signedIn != (typed == password) {
			t.Errorf("%q: cookies %v", typed, w.Result().Cookies())
		}
		if typed == password && w.Header().Get("Location") != "/cart" {
			t.Errorf("it leads to %q", w.Header().Get("Location"))
		}
	}
}
