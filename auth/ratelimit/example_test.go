package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"time"

	"github.com/sekisho-auth/sekisho/auth/ratelimit"
	"github.com/sekisho-auth/sekisho/errcodes"
)

func Example() {
	ctx := context.Background()
	limiter, err := ratelimit.New(ratelimit.NewMemory(0), ratelimit.Per(2, time.Hour), nil, "login")
	if err != nil {
		log.Fatal(err)
	}
	source := ratelimit.Source(netip.MustParseAddr("2001:db8::7"))
	for range 3 {
		err := limiter.Allow(ctx, source)
		if known, ok := errors.AsType[*errcodes.Error](err); ok {
			wait, _ := known.Retry()
			fmt.Println(string(known.Reason()), wait.Round(time.Minute))
			continue
		}
		fmt.Println("allowed")
	}
	// Output:
	// allowed
	// allowed
	// rate_limited 30m0s
}

func ExampleLimiter_Handler() {
	limiter, err := ratelimit.New(ratelimit.NewMemory(0), ratelimit.Per(1, time.Hour), nil, "search")
	if err != nil {
		log.Fatal(err)
	}
	// Right where clients connect directly, without a proxy in front.
	source := func(r *http.Request) (string, error) {
		addr, err := netip.ParseAddrPort(r.RemoteAddr)
		return ratelimit.Source(addr.Addr()), err
	}
	search := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "found\n") })
	handler := limiter.Handler(source, nil, search)

	for range 2 {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/search", nil))
		fmt.Print(w.Code, " ", w.Body)
	}
	// Output:
	// 200 found
	// 429 1004 rate_limited
}

func ExampleLimiter_Refund() {
	ctx := context.Background()
	limiter, err := ratelimit.New(ratelimit.NewMemory(0), ratelimit.Per(1, time.Hour), nil, "login")
	if err != nil {
		log.Fatal(err)
	}
	signIn := func(password string) string {
		if err := limiter.Allow(ctx, "192.0.2.1"); err != nil {
			return string(errcodes.ReasonOf(err))
		}
		if password != "right" {
			return "wrong password" // the token is spent: failures are what is limited
		}
		if err := limiter.Refund(ctx, "192.0.2.1"); err != nil {
			log.Print(err)
		}
		return "welcome"
	}
	for _, password := range []string{"right", "right", "wrong", "right"} {
		fmt.Println(signIn(password))
	}
	// Output:
	// welcome
	// welcome
	// wrong password
	// rate_limited
}
