// Package sekisho is the guide to this module; it has no code of its own.
//
// Sekisho gives a web app password sign-in that is hard to attack, hard to misuse, and that leaves nobody stuck. Every
// failure carries one of four codes (1001 invalid user name or password, 1002 account locked, 1003 two-factor failed, 1004
// server error), a precise reason, and remedies in the reader's language.
//
// # Which package
//
// For most apps: make an auth.Service with auth.New, put it on the web with authhttp.New, and let auth.Service.Run
// send mail in the background. README.md has the whole program.
//
//   - package auth: sign-up, sign-in, recovery, sessions, accounts, and the interfaces of the stores
//   - package auth/authhttp: pages and JSON over net/http; Require guards the app's own pages
//   - package auth/mail: mail over SMTP, in Japanese and English
//   - package auth/memstore: all stores in memory
//   - package auth/ratelimit: token buckets, and a middleware for any handler
//   - package auth/breach: asks a k-anonymity service whether a password has leaked
//   - package lockout: the rule of locks by itself
//   - package errcodes: codes, reasons and texts; package errcodes/problem writes them as problem documents (RFC 9457)
//
// # Security model
//
// The attacker may send any request, at any rate, from many addresses, with known addresses of people and known leaked
// passwords; may sign up with other people's addresses; and may read the database after the fact. The attacker may not
// read the process's memory, its key, or its mail on the way.
//
// Then: guesses are counted before they are compared, so that the budget holds under any parallelism. Nothing an attacker
// sees or measures depends on whether an address has an account: accounts, locks, sign-ups and mails go through the same
// steps, and hashing costs the same. A lock ends by the clock or by a completed reset and never ends a session. Database
// rows hold no usable secret: passwords are bcrypt hashes, of tokens only hashes are stored, addresses in counters and events
// as keyed hashes, pending requests sealed with AES-256-GCM. A fault of a store is an error of the server (1004), never a
// wrong password and never a way in.
//
// What remains: whoever reads a person's mail can reset the password, and whoever keeps guessing an address delays its
// owner's password sign-in until the reset. docs/limits.md has the numbers.
//
// # Errors
//
// Every error that a public function returns is an errcodes.Error or contains one. Its Error method is safe to show, its
// cause is for logs. Branch with errors.Is on a reason or a code:
//
//	if errors.Is(err, errcodes.CodeAccountLocked) { … }
//	if errors.Is(err, errcodes.ReasonRateLimited) { … }
//
// Reasons that the caller has not earned arrive as invalid_credentials. In an HTTP handler authhttp's Error does all of it.
// docs/errors.md lists every reason with its status and texts.
//
// # Stores
//
// State is kept behind the interfaces in auth.Stores. Their doc comments are the contract: each method one atomic step,
// safe for concurrent use, no clock (time is an argument), auth.ErrNotFound and auth.ErrExists as answers, everything
// else a fault. An app's own users table implements auth.UserStore alone; the rest may come from elsewhere.
//
// # Compatibility
//
// Until version 1.0 the Go API may change in a minor release; CHANGELOG.md says how. Already fixed: the four codes; a
// reason's name, code, HTTP status and exposure; the format of stored password hashes; the canonical form of identifiers,
// version 1. Texts may get better at any time: never branch on them. Go 1.26 or newer is needed.
package sekisho
