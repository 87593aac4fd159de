package breach_test

import (
	"context"
	"crypto/sha1"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/sekisho-auth/sekisho/auth/breach"
)

// In production the base URL is breach.PwnedPasswords, or that of a service of
// one's own.
func Example() {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "%s:42\r\n", fmt.Sprintf("%X", sha1.Sum([]byte("letmein")))[5:])
	}))
	defer service.Close()

	checker, err := breach.New(service.URL+"/range/", breach.Config{})
	if err != nil {
		log.Fatal(err)
	}
	for _, password := range []string{"letmein", "fifty three stations of the tokaido"} {
		breached, err := checker.Breached(context.Background(), password)
		if err != nil {
			log.Print(err) // and go on: an outage elsewhere is no reason to refuse
		}
		fmt.Println(breached)
	}
	// Output:
	// true
	// false
}
