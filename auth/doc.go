// Package auth signs people in: sign-up with a mailed link, sign-in with a
// password, lockout, forgotten passwords, sessions, and accounts for
// operators. It knows no transport; package authhttp puts it on the web.
//
// For most uses: make a Service with New from stores (memstore.New to begin
// with) and keys (LoadOrCreateKey), give it to authhttp.New, and let Run work
// beside the server. With pages or an API of your own, call Login and hand
// its error to authhttp's Error; with sessions of your own, call
// Authenticate. Accounts, Recovery and Sessions are the doors to what most
// programs need less often.
//
// # Errors
//
// Every error is in the taxonomy of package errcodes: errors.Is with one of
// the four codes or with a reason says what happened, and the doc comments
// list the reasons. Error texts are safe to show; causes are for the log:
// while developing, print errors with %+v, which shows them.
// Errors of New, ParseKeys and LoadOrCreateKey are for whoever sets the
// program up: plain errors that name the field and the remedy.
//
// # What a sign-in goes through
//
// The order is part of the contract. Input that cannot be right is refused
// alike for everybody, and costs its source a token like any attempt. Then the
// account is loaded, and an attempt is reserved under the address before anything is
// compared, so that guesses that arrive together are no more than guesses
// that arrive in turn. Then a bounded slot for hashing; bcrypt against the
// stored hash or a dummy, always with the work of the configured cost. Only
// after the right password is anything told about the account. The counter is
// settled before a session is made. Faults are 1004, never 1001, and count
// against nobody.
//
// # Stores
//
// State sits behind the interfaces in Stores. Each method is one atomic step,
// none reads a clock, and their doc comments are the contract. Whatever a
// store may forget to remove is checked again here.
package auth
