package sekisho_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/netip"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/auth/memstore"
	"github.com/sekisho-auth/sekisho/errcodes"
)

// Signing in without HTTP: an account, a mistyped password, what to tell the person, and the right one.
func Example() {
	ctx := context.Background()
	svc, err := auth.New(auth.Config{
		Stores:   memstore.New(),
		Keys:     auth.EphemeralKey(),
		Password: auth.PasswordConfig{Cost: 10},
	})
	if err != nil {
		log.Fatal(err)
	}
	const email, password = "taro@example.jp", "a quiet road past forty pine trees"
	if _, err := svc.CreateAccount(ctx, auth.NewAccount{Email: email, Password: password}); err != nil {
		log.Fatal(err)
	}

	who := auth.Credentials{Email: email, Password: "not the one", Client: auth.Client{Addr: netip.MustParseAddr("192.0.2.1")}}
	if _, err := svc.Login(ctx, who); errors.Is(err, errcodes.ReasonInvalidCredentials) {
		text, _ := errcodes.Describe(errcodes.ReasonInvalidCredentials, "ja")
		fmt.Println(int(errcodes.CodeOf(err)), text.Title)
	}

	who.Password = password
	session, err := svc.Login(ctx, who)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(session.User.Email, session.AMR, session.Token)
	// Output:
	// 1001 無効なユーザー名またはパスワード
	// taro@example.jp [pwd] [redacted]
}
