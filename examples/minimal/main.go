// The program of the README: sign-in for a folder of files, on memory.
package main

import (
	"context"
	"log"
	"net/http"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/authhttp"
	"github.com/sekisho-auth/sekisho/auth/memstore"
)

func main() {
	svc, err := auth.New(auth.Config{Stores: memstore.New(), Keys: auth.EphemeralKey()})
	if err != nil {
		log.Fatal(err)
	}
	web, err := authhttp.New(svc, authhttp.Config{Origin: "http://localhost:8080"})
	if err != nil {
		log.Fatal(err)
	}
	go svc.Run(context.Background()) // mail; here it goes to the log
	http.Handle("/auth/", web)
	http.Handle("/", web.Require(http.FileServer(http.Dir("site"))))
	log.Fatal(http.ListenAndServe("localhost:8080", nil))
}
