// Package lockout limits how many guesses one key gets, whatever the
// parallelism, and lets its owner back in without a job, a cron or an operator.
//
// For most uses: make one [Guard] with [New] on a [Store] and the zero [Policy],
// call [Guard.Reserve] before the password is compared, and [Attempt.Settle]
// once the outcome is known. On one server [NewMemory] is the store; servers
// that share users need a shared one, which [lockouttest] proves right.
//
//	attempt, err := guard.Reserve(ctx, key)
//	if err != nil {
//		return err // locked, disabled, busy or a fault: compare nothing
//	}
//	if !matches(password) {
//		if err := attempt.Settle(ctx, lockout.Failed); err != nil {
//			return err // this failure locked the key
//		}
//		return errcodes.New(errcodes.ReasonInvalidCredentials)
//	}
//	if err := attempt.Settle(ctx, lockout.Completed); err != nil {
//		return err // no session unless the settling held
//	}
//
// # Count first, then look
//
// Reserve books a slot in one atomic step before anything slow happens, so of
// 200 parallel guesses at a threshold of 5 at most 5 are ever compared. Load
// what the comparison needs before Reserve, so that nothing which can break
// stands in between, and settle before a session is made. Forgetting is
// failing: an attempt that nobody settles is counted as a failure once it is
// [StaleAfter] old.
//
// # The ladder
//
// With the zero Policy, which is [Default]:
//
//	state      how a key gets there                       tries   what a failure does
//	clean      never failed, or Completed, or Unlock      5       counts; the 5th within 15 min locks for 1 min
//	locked     a failure spent the budget                 0       (nothing is compared, nothing is written)
//	half-open  the lock has passed                        1       locks again: 2, 4, 8, 16, 32, then 60 min each
//	clean      24 h without a failure, or Completed       5       as above
//	disabled   100 failures in a row, however slow        0       (nothing is compared; ends by Unlock, or after 90 days)
//
// An attacker who tries whenever a try is open gets 33 guesses on the first day
// and the 100th after 90 hours; then the key is disabled. One who stays below
// the threshold, with 4 guesses in every window, is never locked: 384 a day,
// and the 100th after 6 hours disables the key, unless its owner signs in
// meanwhile, which begins the count anew. What keeps such guesses from
// succeeding is the password: a limit on the source, a minimum length and a
// list of common passwords belong beside every lockout. The window is fixed:
// it begins with the first failure and is not moved by later ones. Attempts made while a key
// is locked do not prolong the lock (see [Policy.ExtendOnAttempt]).
//
// Slots taken by attempts in flight answer server_busy with a wait of one
// second, never "locked": many tabs of one person do not lock each other out.
//
// # Two factors
//
// Each factor has a guard and a key of its own. A right password with a second
// factor due is settled as [Passed]: it clears nothing, or it would refill the
// budget of the second. Once the last factor is right, its attempt is settled as
// [Completed], and the password's counter is cleared by reserving there once more
// and settling that as Completed too; if that is refused, a lock was written
// meanwhile, and stays.
//
// # What it guards, and what it must not
//
// A key stands for one secret that can be guessed: the password of an
// identifier (known or not: [Key] is an HMAC, so an identifier without an
// account locks exactly alike and "locked" may be said honestly), the password
// on a known device, or the second factor of an account. It must never guard
// what the owner needs to get back in or has got already: sessions that exist,
// sign-in through a provider, a password reset. A completed reset calls
// [Guard.Unlock].
//
// # What is deliberately not offered
//
// Not counting the same wrong password twice. It would have to remember what
// was guessed, and the last wrong passwords of a person are nearly always close
// to the right one or right elsewhere.
//
// An off switch. [Policy.Observe] computes everything and refuses nobody; it is
// meant for a rehearsal.
//
// # Clocks
//
// Stores read no clock; the Guard does. Servers that share a store may differ
// by 30 seconds in total. A clock set back keeps locks longer and never opens
// one; a clock set forward ends them early, as it must.
//
// Rules followed: NIST SP 800-63B-4 §3.2.2 (at most 100 consecutive failures,
// then disabled), OWASP ASVS 5.0 6.1.1, 6.3.1 and 15.4.2 (anti-automation,
// atomic check and act), OWASP Authentication Cheat Sheet (count per account;
// a lock never blocks the reset).
package lockout
