package mutation

const authTests = "./auth"

// gate: signing in with a password.
var gate = []Mutation{
	{
		"a guess is reserved before it is compared", "auth/login.go",
		"in.attempt, err = s.guard.Reserve(ctx, s.lockKey(in.id))",
		"var k [32]byte; copy(k[:], errcodes.NewReference()); in.attempt, err = s.guard.Reserve(ctx, k)",
		authTests, "TestBudgetOfGuessesHoldsInParallel",
	},
	{
		"an unknown address is locked like a known one", "auth/login.go",
		"	if !ok {\n		return s.failed(ctx, in, c)\n	}",
		"	if !ok && !in.found {\n		s.settleQuietly(ctx, in.attempt, lockout.NotAttempted)\n		return refuse(errcodes.ReasonInvalidCredentials, \"\")\n	}\n	if !ok {\n		return s.failed(ctx, in, c)\n	}",
		authTests, "TestNothingTellsWhetherAnAccountExists",
	},
	{
		"an unknown address costs the same hash", "auth/login.go",
		"	res, fresh, err := s.compare(ctx, in, p)\n",
		"	if !in.found {\n		return false, nil\n	}\n	res, fresh, err := s.compare(ctx, in, p)\n",
		authTests, "TestNothingTellsWhetherAnAccountExists",
	},
	{
		"a dummy hash that happens to match lets nobody in", "auth/login.go",
		"	return res.OK && in.found, nil", "	return res.OK || !in.found, nil",
		authTests, "TestNothingTellsWhetherAnAccountExists|TestSignInWithPassword",
	},
	{
		"the state of an account is told only after the right password", "auth/login.go",
		"		in.found = true\n",
		"		in.found = true\n		if err := admit(in.user, errcodes.ProofNone); err != nil {\n			return err\n		}\n",
		authTests, "TestStateIsToldOnlyAfterTheRightPassword|TestNothingTellsWhetherAnAccountExists",
	},
	{
		"a disabled account does not sign in", "auth/login.go",
		"	if reason := u.State.reason(); reason != \"\" {", "	if reason := u.State.reason(); reason == \"none\" {",
		authTests, "TestStateIsToldOnlyAfterTheRightPassword",
	},
	{
		"an unknown state is no way in", "auth/user.go",
		"	default:\n		return errcodes.ReasonAccountDisabled", "	default:\n		return \"\"",
		authTests, "TestAnUnknownStateIsNoWayIn",
	},
	{
		"a right password in a refused state does not count", "auth/login.go",
		"in.attempt.Settle(ctx, lockout.Passed)", "in.attempt.Settle(ctx, lockout.Failed)",
		authTests, "TestStateIsToldOnlyAfterTheRightPassword",
	},
	{
		"nothing is hashed for a locked identifier", "auth/login.go",
		"	in.attempt, err = s.guard.Reserve(ctx, s.lockKey(in.id))\n",
		"	_, _ = s.look(ctx, in, c.Password)\n	in.attempt, err = s.guard.Reserve(ctx, s.lockKey(in.id))\n",
		authTests, "TestLockedIdentifierCostsNoHashAndOneRead",
	},
	{
		"a full hashing queue gives the attempt back", "auth/login.go",
		"	ok, err := s.look(ctx, in, c.Password)\n	if err != nil {\n		s.settleQuietly(ctx, in.attempt, lockout.NotAttempted)",
		"	ok, err := s.look(ctx, in, c.Password)\n	if err != nil {\n		s.settleQuietly(ctx, in.attempt, lockout.Failed)",
		authTests, "TestFullHashingQueueGivesTheAttemptBack",
	},
	{
		"a fault of the store is never a wrong password", "auth/login.go",
		"		err = fault(\"login.find\", err)", "		err = refuse(errcodes.ReasonInvalidCredentials, \"login.find\", errcodes.Because(err))",
		authTests, "TestFaults",
	},
	{
		"an outage counts against nobody's source", "auth/login.go",
		"	default:\n		s.limits.give(ctx, in.taken, in.now)\n", "	default:\n",
		authTests, "TestFaultsCountAgainstNobody",
	},
	{
		"no session if the counter cannot be settled", "auth/login.go",
		"	if err := in.attempt.Settle(ctx, lockout.Completed); err != nil {\n		return err\n	}",
		"	_ = in.attempt.Settle(ctx, lockout.Completed)",
		authTests, "TestSettlingComesBeforeTheSession",
	},
	{
		"a rehash never overwrites a change of password", "auth/memstore/memstore.go",
		"		if a.PasswordHash != old {", "		if false {",
		authTests, "TestRehashNeverOverwritesAChange|TestOnceMeansOnce",
	},
	{
		"one source cannot spray addresses", "auth/limits.go",
		"	if err := l.take(ctx, t.source, limit, now); err != nil {\n		return token{}, err\n	}", "",
		authTests, "TestSourceLimit",
	},
	{
		"many /64s of one /48 are not many sources", "auth/limits.go",
		"	if err := l.take(ctx, t.wide, widened(limit), now); err != nil {", "	if err := error(nil); err != nil {",
		authTests, "TestWideSourceLimit",
	},
	{
		"success gives only its own token back", "auth/login.go",
		"	err = s.lookAndSettle(ctx, &in, c)\n	if err == nil {\n		s.limits.give(ctx, in.taken, in.now)",
		"	err = s.lookAndSettle(ctx, &in, c)\n	if err == nil {",
		authTests, "TestSourceLimit",
	},
	{
		"a request without an address is refused, not put into one bucket", "auth/limits.go",
		"	if !addr.IsValid() {", "	if false {",
		authTests, "TestBadInputIsRefusedAlikeForEverybody",
	},
	{
		"input that cannot be right is refused before any look-up", "auth/login.go",
		"	if inputErr != nil {\n		s.record(in.event, inputErr)\n		return inputErr\n	}\n	in.user, err", "	in.user, err",
		authTests, "TestBadInputIsRefusedAlikeForEverybody",
	},
	{
		"refusals while locked write no events", "auth/login.go",
		"	if isFault(err) {\n		s.limits.give(ctx, in.taken, in.now)\n		s.record(in.event, err)\n	}",
		"	s.record(in.event, err)",
		authTests, "TestEvents|TestLockedIdentifierCostsNoHashAndOneRead",
	},
	{
		"a database that other keys made is refused", "auth/service.go",
		"	if !bytes.Equal(got, want) {", "	if false && !bytes.Equal(got, want) {",
		authTests, "TestKeysOfAnotherDatabase",
	},
	{
		"an ephemeral key is refused with stores that stay", "auth/keys.go",
		"	case k.ephemeral && lasting != \"\":", "	case k.ephemeral && lasting == \"none\":",
		authTests, "TestKeysOfAnotherDatabase",
	},
	{
		"a key file that everybody can read is refused", "auth/keys.go",
		"info.Mode().Perm()&0o007 != 0", "info.Mode().Perm()&0o007 == 0o777",
		authTests, "TestKeyFile",
	},
	{
		"a password does not print", "auth/secret.go",
		"func (Password) Format(s fmt.State, verb rune) { redact.Format(s, verb) }", "",
		authTests, "TestSecretsDoNotPrint",
	},
}

// sessions: what a token is worth.
var sessions = []Mutation{
	{
		"only the hash of a token is stored", "auth/session.go",
		"	row.Token, row.User = \"\", User{}\n", "",
		authTests, "TestStoresNeverSeeATokenOrAHashOfAPassword",
	},
	{
		"an idle session ends", "auth/session.go",
		"	if !now.Before(sess.IdleExpires) || !now.Before(sess.Expires) {\n		return User{}, expired", "	if false {\n		return User{}, expired",
		authTests, "TestTheServiceChecksExpiryItself",
	},
	{
		"a session of old credentials has ended", "auth/session.go",
		"	if u.CredentialVersion != sess.CredentialVersion || u.State != StateActive {", "	if u.State != StateActive {",
		authTests, "TestARowLeftBehindIsNoSession",
	},
	{
		"a disabled account's sessions end", "auth/session.go",
		"	if u.CredentialVersion != sess.CredentialVersion || u.State != StateActive {", "	if u.CredentialVersion != sess.CredentialVersion {",
		authTests, "TestADisabledAccountHasNoSessionsWhateverTheStoreCounts",
	},
	{
		"a renewal kills the old token", "auth/session.go",
		"s.putSession(ctx, sess, &old.Hash)", "s.putSession(ctx, sess, nil)",
		authTests, "TestReauthenticate|TestOnceMeansOnce",
	},
	{
		"a stolen session buys no extra guesses", "auth/password.go",
		"s.guard.Reserve(context.WithValue(ctx, clientKey{}, c), s.sessionLockKey(sess.Hash))",
		"s.guard.Reserve(context.WithValue(ctx, clientKey{}, c), s.sessionLockKey([32]byte([]byte(errcodes.NewReference()+errcodes.NewReference()+errcodes.NewReference()+\"xx\"))))",
		authTests, "TestReauthenticate",
	},
	{
		"a lock of the address does not reach into sessions", "auth/password.go",
		"s.sessionLockKey(sess.Hash))\n	if err != nil {\n		return nil, nil, err",
		"func() lockout.Key { id, _ := s.identify(sess.User.Email); return s.lockKey(id) }())\n	if err != nil {\n		return nil, nil, err",
		authTests, "TestReauthenticate",
	},
	{
		"a token of one realm is nothing in another", "auth/identifier.go",
		"	if s.cfg.Realm == \"\" {", "	if true {",
		authTests, "TestRealmsAreApart",
	},
	{
		"an account of one realm is nothing in another", "auth/identifier.go",
		"	buf = append(buf, realm...)\n", "",
		authTests, "TestRealmsAreApart",
	},
	{
		"an account has a bounded number of sessions", "auth/queue.go",
		"	if e.evict {", "	if false {",
		authTests, "TestSessionsPerUser",
	},
	{
		"a session list shows live sessions only", "auth/session.go",
		"		return sess.CredentialVersion != u.CredentialVersion || ", "		return u.ID == \"\" || ",
		authTests, "TestARowLeftBehindIsNoSession",
	},
}

// recovery: sign-up, reset and mail.
var recovery = []Mutation{
	{
		"a stranger's sign-up never sets the password", "auth/signup.go",
		"	return tok.Equal(hash[:], p.Browser[:])", "	return tok.Equal(hash[:], hash[:])",
		authTests, "TestAStrangersSignUpNeverSetsThePassword",
	},
	{
		"a sign-up makes no account before its link is used", "auth/signup.go",
		"	return s.promise(ctx, j, now, mailJobTTL)\n}\n\n// admitRequest",
		"	_, _ = s.cfg.Stores.Users.Create(ctx, NewUser{Identifier: id, Email: id.Email, PasswordHash: hash, Created: now})\n	return s.promise(ctx, j, now, mailJobTTL)\n}\n\n// admitRequest",
		authTests, "TestSignUp",
	},
	{
		"a used link voids the others", "auth/signup.go",
		"	if errors.Is(err, ErrExists) {\n		return \"\", refuse(errcodes.ReasonLinkExpired, \"verify.create\")\n	}",
		"	if errors.Is(err, ErrExists) {\n		return \"x\", nil\n	}",
		authTests, "TestOnceMeansOnce",
	},
	{
		"an address has three live links at most", "auth/ticket.go",
		"	for i := maxTickets - 1; i < len(live); i++ {", "	for i := maxTickets - 1; i < 0; i++ {",
		authTests, "TestOneLinkVoidsTheOthers",
	},
	{
		"a link expires", "auth/memstore/tickets.go",
		"	if !live(t.Expires, now) {\n		s.remove(hash)", "	if false {\n		s.remove(hash)",
		"./auth/memstore", "TestTickets",
	},
	{
		"a link of one kind does not open another", "auth/memstore/tickets.go",
		"	if !ok || t.Purpose != purpose {", "	if !ok {",
		"./auth/memstore", "TestTickets",
	},
	{
		"a reset works once", "auth/password.go",
		"		if ok {\n			u.PasswordHash = hash", "		if ok || err == nil {\n			u.PasswordHash = hash",
		authTests, "TestOnceMeansOnce",
	},
	{
		"a reset ends all sessions", "auth/password.go",
		"SetPasswordHash(ctx, u.ID, u.PasswordHash, hash, true)", "SetPasswordHash(ctx, u.ID, u.PasswordHash, hash, false)",
		authTests, "TestResetLiftsTheLockAndEndsSessions|TestChangePassword",
	},
	{
		"a reset lifts the lock", "auth/recovery.go",
		"	if err := s.guard.Unlock(ctx, s.lockKey(id), \"reset\", \"\"); err != nil {", "	if err := s.guard.Unlock(ctx, s.sessionLockKey(id.Key), \"reset\", \"\"); err != nil {",
		authTests, "TestResetLiftsTheLockAndEndsSessions",
	},
	{
		"a reset does not put a suspended account right", "auth/user.go",
		"	return s == StateUnverified ||", "	return s == StateSuspended || s == StateUnverified ||",
		authTests, "TestResetAndStates",
	},
	{
		"a link is bound to the credentials as they were", "auth/recovery.go",
		"	if err != nil || u.CredentialVersion != a.Version {", "	if err != nil {",
		authTests, "TestALinkIsBoundToTheCredentials",
	},
	{
		"a weak password does not use up the link", "auth/recovery.go",
		"	if err := s.acceptPassword(ctx, p, u.Email); err != nil {\n		return u, err",
		"	if err := s.acceptPassword(ctx, p, u.Email); err != nil {\n		s.voidTickets(ctx, ticketReset, s.owner(\"user\", string(u.ID)), time.Now())\n		return u, err",
		authTests, "TestResetLiftsTheLockAndEndsSessions",
	},
	{
		"nothing is mailed to an address without an account", "auth/worker.go",
		"	case !found:\n		return nil\n", "	case !found:\n		m.Kind, m.To, m.Link = \"reset\", j.Email, l.Forgot\n		return s.deliver(ctx, m)\n",
		authTests, "TestResetOfUnknownAddressSendsNothing",
	},
	{
		"a mailbox cannot be flooded", "auth/notice.go",
		"	if !first || s.cfg.Limits.InsecureOff {", "	if true {",
		authTests, "TestMailLimitLeavesALinkThatWorks",
	},
	{
		"requests of one source are bounded", "auth/signup.go",
		"	if _, err := s.limits.takeRequest(ctx, c.Addr, now); err != nil {", "	if err := error(nil); err != nil {",
		authTests, "TestSourceLimitOnRequests",
	},
	{
		"a breach service that fails stands in nobody's way", "auth/password.go",
		"		s.log.Warn(\"auth: the breached-password service could not be asked\", errcodes.LogAttr(err))\n		return nil",
		"		return fault(\"breach\", err)",
		authTests, "TestPasswordPolicy",
	},
	{
		"a leaked password is refused", "auth/password.go",
		"	if breached {", "	if breached && false {",
		authTests, "TestPasswordPolicy",
	},
	{
		"a mail that failed is repeated", "auth/worker.go",
		"	if err == nil {\n		err = s.cfg.Stores.Queue.Done(settle, row.ID)\n	}", "	err = s.cfg.Stores.Queue.Done(settle, row.ID)",
		authTests, "TestMailIsRepeatedUntilItGoesOut",
	},
	{
		"the app's hook is called until it succeeds", "auth/signup.go",
		"		if promised, err = s.add(ctx, j, now.Add(hookJobWait), now.Add(hookJobTTL)); err != nil {", "		if promised, err = j.Kind, nil; err != nil {",
		authTests, "TestOnAccountCreated",
	},
	{
		"operators are named", "auth/accounts.go",
		"	if actor == \"\" {\n		return misuse(name,", "	if false {\n		return misuse(name,",
		authTests, "TestOperatorsAreNamed",
	},
	{
		"addresses of clients are forgotten", "auth/worker.go",
		"now.Add(-keepClients)", "now.Add(-keepEvents)",
		authTests, "TestClientsAreForgottenAfterThirtyDays",
	},
}

// attacks: what a review with an attacker's eyes found, and what stops it.
var attacks = []Mutation{
	{
		"other mails do not use up the share of reset links", "auth/notice.go",
		"s.mayMail(ctx, mailTaken, noticeLimit, m.To, first, now)", "s.mayMail(ctx, mailReset, s.cfg.Limits.Mail, m.To, first, now)",
		authTests, "TestStrangersCannotKeepTheOwnerFromResetting",
	},
	{
		"one source cannot take all the hashing", "auth/login.go",
		"		if !s.crowd.enter(in.taken.crowdKey()) {", "		if s.crowd.enter(in.taken.crowdKey()); false {",
		authTests, "TestOneSourceCannotTakeAllTheHashing",
	},
	{
		"sign-ins cannot take the places of those who hold a link", "internal/passhash/passhash.go",
		"h.slots.acquire(ctx, h.slots.places+max(1, h.slots.places/2))", "h.slots.acquire(ctx, h.slots.places)",
		"./internal/passhash", "TestProvenHaveTheirOwnPlaces",
	},
	{
		"sessions of a suspended account stay ended", "auth/memstore/memstore.go",
		"			a.CredentialVersion++\n		}\n		return true, nil\n	})\n}\n\n// SetEmail", "		}\n		return true, nil\n	})\n}\n\n// SetEmail",
		authTests, "TestSuspendedSessionsStayEnded|TestWhatHappensDuringACompareCounts",
	},
	{
		"a Result is not of a password that was changed meanwhile", "auth/login.go",
		"	if err := s.stillStands(ctx, in.user); err != nil {", "	if err := error(nil); err != nil {",
		authTests, "TestWhatHappensDuringACompareCounts",
	},
	{
		"made-up links are limited", "auth/ticket.go",
		"limited := s.limits.takeLink(ctx, e.Client.Addr, e.Time); limited != nil {", "limited := error(nil); limited != nil {",
		authTests, "TestMadeUpLinksAreLimitedAndWriteNothing",
	},
	{
		"made-up links write nothing", "auth/ticket.go",
		"	if e.UserID != \"\" || e.Subject != ([32]byte{}) {", "	if true {",
		authTests, "TestMadeUpLinksAreLimitedAndWriteNothing",
	},
	{
		"a queue that hangs holds up no answer", "auth/queue.go",
		"	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyTimeout)", "	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 1000*tidyTimeout)",
		authTests, "TestAHangingQueueHoldsUpNoAnswer",
	},
	{
		"a limit store that hangs holds up no answer", "auth/limits.go",
		"	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyTimeout)", "	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 1000*tidyTimeout)",
		authTests, "TestAHangingGiveHoldsUpNoAnswer",
	},
	{
		"a users table with a loose collation multiplies no guesses", "auth/identifier.go",
		"err != nil || stored.Key != id.Key || u.Realm != s.cfg.Realm {", "err != nil || stored.Email == \"\" || u.Realm != s.cfg.Realm {",
		authTests, "TestACarelessUsersTableMultipliesNoGuesses",
	},
	{
		"a users table that ignores realms lends nobody", "auth/identifier.go",
		" || u.Realm != s.cfg.Realm {\n		s.log", " {\n		s.log",
		authTests, "TestAUsersTableThatIgnoresRealmsLendsNobody",
	},
	{
		"a compromised password is not taken again", "auth/recovery.go",
		"	if err := s.refuseOld(ctx, u, p); err != nil {", "	if err := error(nil); err != nil {",
		authTests, "TestCompromisedPasswordIsNotTakenAgain",
	},
	{
		"being busy costs no tokens", "auth/login.go",
		"	if isFault(err) {\n		s.limits.give(ctx, in.taken, in.now)\n	}", "",
		authTests, "TestBusyCostsNoTokens",
	},
	{
		"what a request says of itself is cut", "auth/events.go",
		"	c = c.clean()\n", "",
		authTests, "TestWhatARequestSaysOfItselfIsCut",
	},
	{
		"a mail that hangs holds up no later one", "auth/worker.go",
		"		go func() {\n			defer func() { w.free", "		func() {\n			defer func() { w.free",
		authTests, "TestAHangingMailHoldsUpNoLaterOne",
	},
	{
		"a repeated mail holds the same link", "auth/ticket.go",
		"	hash := s.tokenHash(Token(token))\n", "	token = tok.New()\n	hash := s.tokenHash(Token(token))\n",
		authTests, "TestARepeatedMailHoldsTheSameLink",
	},
	{
		"a deleted account is not made again by an old link", "auth/accounts.go",
		"		if to == StateDeleted {", "		if false {",
		authTests, "TestADeletedAccountIsNotMadeAgainByAnOldLink",
	},
	{
		"a stranger's password is not set by an unconfirmed account", "auth/accounts.go",
		"	case a.Password != \"\" && a.State == StateUnverified:", "	case false:",
		authTests, "TestAPasswordChosenBeforeTheAddressIsConfirmedIsRefused",
	},
	{
		"another pepper under the same ID is refused", "auth/service.go",
		"		if !bytes.Equal(got, want[:]) {", "		if len(got) == 0 {",
		authTests, "TestAnotherPepperUnderTheSameIDIsRefused",
	},
}
