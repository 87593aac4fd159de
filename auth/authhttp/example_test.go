package authhttp_test

import (
	"context"
	"log"
	"net/http"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/authhttp"
	"github.com/sekisho-auth/sekisho/auth/memstore"
)

// A whole program: people sign up, sign in and see the files in the folder site.
func Example() {
	svc, err := auth.New(auth.Config{Stores: memstore.New(), Keys: auth.EphemeralKey()})
	if err != nil {
		log.Fatal(err)
	}
	web, err := authhttp.New(svc, authhttp.Config{Origin: "http://localhost:8080"})
	if err != nil {
		log.Fatal(err)
	}
	go func() { _ = svc.Run(context.Background()) }() // mail; here it goes to the log
	http.Handle("/auth/", web)
	http.Handle("/", web.Require(http.FileServer(http.Dir("site"))))
	log.Fatal(http.ListenAndServe("localhost:8080", nil))
}

// A sign-in handler of one's own, with the same answers as the one of this package.
func ExampleWeb_Credentials() {
	var (
		svc *auth.Service
		web *authhttp.Web
	)
	http.HandleFunc("POST /enter", func(w http.ResponseWriter, r *http.Request) {
		in, err := web.Credentials(w, r)
		if err != nil {
			web.Error(w, r, err)
			return
		}
		sess, err := svc.Login(r.Context(), in)
		if err != nil {
			web.Error(w, r, err)
			return
		}
		web.SignIn(w, r, sess)
	})
}
