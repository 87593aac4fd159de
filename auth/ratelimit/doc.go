// Package ratelimit limits how often something may happen: per client address,
// per account, or for everybody together. It counts in token buckets, in the
// terms of golang.org/x/time/rate, and keeps them behind a small [Store], so
// that one server or many can share a limit.
//
// For most uses, put a handler behind a [Limiter]:
//
//	limiter, err := ratelimit.New(ratelimit.NewMemory(0), ratelimit.Per(20, 10*time.Minute), nil, "login")
//	…
//	http.Handle("POST /login", limiter.Handler(source, nil, login))
//
// or ask it directly, with Allow before the costly work and Refund once it
// turned out that the work was no attack.
//
// # What a limit does
//
// A bucket holds Burst tokens and starts full. Each event takes one; Rate puts
// tokens back, evenly. Per(20, 10*time.Minute) lets 20 failures through at once
// and then one every 30 seconds: somebody who mistypes does not notice it,
// somebody who tries one password on a thousand accounts needs more than eight
// hours for them. A refused event takes nothing, so a client that keeps
// knocking waits no longer than one that does not, and writes nothing, so a
// flood of refusals costs a look-up each.
//
// Sign-in takes a token before it hashes and gives it back when the sign-in
// succeeds. Success never fills the bucket up: otherwise an attacker with one
// account of his own would reset the limit at will.
//
// # Whose bucket
//
// [Source] turns an address into what one client has to itself, an IPv4 address
// or an IPv6 /64, and [SourceWide] into the /48 around it, which is worth a
// second limit of ten times the burst. Where the address comes from is the
// caller's concern, and a grave one: behind a proxy, RemoteAddr is the proxy;
// without one, X-Forwarded-For is whatever the client wrote.
//
// Addresses do not stand in a store. [KeyOf] makes an HMAC of them.
//
// # Faults
//
// Errors are of package errcodes: rate_limited (429) with the time to wait, or
// service_unavailable (503) when the store fails. A limit whose store fails
// lets nothing through: an attacker who can break the store must not switch the
// limit off with it.
//
// # Clocks
//
// Time is an argument wherever something is decided; only Limiter reads the
// clock. See [Limit.Next] for clocks that go back or differ.
package ratelimit
