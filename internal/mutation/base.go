package mutation

// counting: the lockout's rule and the rate limit.
var counting = []Mutation{
	{
		"attempts in flight use up the budget", "lockout/next.go",
		"inFlight >= p.budget(r) || ", "",
		"./lockout", "TestBusyIsNeverLocked",
	},
	{
		"after a lock there is one try", "lockout/next.go",
		"	if r.level > 0 {\n		return 1\n	}\n	return max(", "	return max(",
		"./lockout", "TestHalfOpenIsOneTryAndDoubles",
	},
	{
		"a hundred failures in a row disable the counter", "lockout/next.go",
		"	if int(r.consecutive) >= p.MaxConsecutive {\n		r.disabled = true", "	if false {\n		r.disabled = true",
		"./lockout", "TestSlowGuessingIsDisabledAt100",
	},
	{
		"a lock written meanwhile survives a success", "lockout/next.go",
		"		if generation == r.generation {\n			clearFailures(r)\n		}", "		clearFailures(r)",
		"./lockout", "TestGenerationRule",
	},
	{
		"a right password with a factor still due clears nothing", "lockout/next.go",
		"	case NotAttempted, Passed:\n	case Completed:", "	case NotAttempted:\n	case Completed, Passed:",
		"./lockout", "TestPassedClearsNothing",
	},
	{
		"an attempt that nobody settles is a failure", "lockout/next.go",
		"	stale := p.countStale(r, t)\n", "	stale := false\n",
		"./lockout", "TestStaleAttemptsAreFailures",
	},
	{
		"a failure whose row was lost is counted", "lockout/next.go",
		"s.Outcome == Completed, !r.IsZero():", "s.Outcome == Completed, true:",
		"./lockout", "TestFailedOnALostRowIsCounted",
	},
	{
		"trying while locked moves nothing", "lockout/next.go",
		"s.Op != OpChallenged && p.ExtendOnAttempt && p.extend(r, t)", "s.Op != OpChallenged && p.extend(r, t)",
		"./lockout", "TestAttemptsWhileLockedMoveNothing",
	},
	{
		"an extended lock ends", "lockout/next.go",
		"min(t+p.lockFor(r.level), r.lockedAt+p.MaxLock.Microseconds())", "t + p.lockFor(r.level)",
		"./lockout", "TestExtendOnAttemptIsBounded",
	},
	{
		"the window begins with the first failure", "lockout/next.go",
		"r.failures++; r.failures == 1 {", "r.failures++; true {",
		"./lockout", "TestWindowIsFixedFromTheFirstFailure",
	},
	{
		"who hangs up is counted", "lockout/attempt.go",
		"	ctx = context.WithoutCancel(ctx)\n	v, err := a.hold(", "	v, err := a.hold(",
		"./lockout", "TestWhoHangsUpIsCounted",
	},
	{
		"the memory store is bounded", "lockout/memory.go",
		"	if len(s.rows) >= s.limit {\n		s.remove(s.order[0])\n	}\n", "",
		"./lockout", "TestMemoryUnderSpray|TestMemoryDropsWhatIsMissedLeast",
	},
	{
		"a bucket never holds more than its burst", "auth/ratelimit/limit.go",
		"	case s.FullAt == 0 || s.FullAt <= at:\n		return State{FullAt: at}\n	case s.FullAt-at", "	case s.FullAt == 0:\n		return State{FullAt: at}\n	case s.FullAt-at",
		"./auth/ratelimit", "TestAgreesWithRateLimiter",
	},
	{
		"a misspelt limit refuses", "auth/ratelimit/limit.go",
		"	if !l.valid() {\n		return s, refusedInvalid\n	}", "	if !l.valid() {\n		return s, 0\n	}",
		"./auth/ratelimit", "TestInvalidLimitsRefuseEverything",
	},
	{
		"one /64 is one source", "auth/ratelimit/source.go",
		"	return prefix(addr, 64)", "	return prefix(addr, 128)",
		"./auth/ratelimit", "TestSource",
	},
}

// words: passwords, identifiers, errors and keys.
var words = []Mutation{
	{
		"a wrong password at a lower cost takes the full work", "internal/passhash/passhash.go",
		"		err = h.topUp(key, p.cost)\n", "		err = nil\n",
		"./internal/passhash", "TestWorkIsEqual",
	},
	{
		"an account without a password takes the full work", "internal/passhash/passhash.go",
		"		return h.refuse(password, Result{Reason: ReasonAbsent})", "		return Result{Reason: ReasonAbsent}",
		"./internal/passhash", "TestWorkIsEqual",
	},
	{
		"plain bcrypt's 72 bytes and NUL are no match", "internal/passhash/passhash.go",
		"	if plain && (len(password) > plainMaxBytes || strings.IndexByte(password, 0) >= 0) {", "	if strings.IndexByte(password, 0) < -1 {",
		"./internal/passhash", "TestWorkIsEqual|TestFactLongPasswordsAreCutOff|TestFactNULEndsThePassword",
	},
	{
		"hashing is bounded", "internal/passhash/slots.go",
		"	if s.free > 0 {\n		s.free--", "	if true {\n		s.free--",
		"./internal/passhash", "TestConcurrencyIsBounded",
	},
	{
		"the queue for hashing is bounded", "internal/passhash/slots.go",
		"	if s.waiters.Len() >= limit {", "	if false {",
		"./internal/passhash", "TestConcurrencyIsBounded",
	},
	{
		"sign-ups leave room for sign-ins", "internal/passhash/passhash.go",
		"acquire(ctx, max(1, h.slots.places/2))", "acquire(ctx, h.slots.places)",
		"./internal/passhash", "TestShareLeavesRoomForSignIns",
	},
	{
		"a stored hash of cost 31 is not computed", "internal/passhash/scheme.go",
		"	case cost > MaxVerifyCost:\n		return 0, ReasonTooCostly\n", "",
		"./auth", "TestHostileStoredHash",
	},
	{
		"control and format characters are refused in identifiers", "internal/input/input.go",
		"		unicode.In(r, unicode.C, unicode.Cn, unicode.Zs, unicode.Zl, unicode.Zp)", "		false",
		"./internal/input", "TestIdentifierVectors|TestEveryRune",
	},
	{
		"display names and comments are refused", "internal/input/input.go",
		"a.Name != \"\" || a.Address != s {", "a == nil {",
		"./internal/input", "TestIdentifierVectors",
	},
	{
		"what was not earned collapses", "errcodes/error.go",
		"	case !e.shown():\n		return &Error{reason: ReasonInvalidCredentials, hints: e.hints}\n", "",
		"./errcodes", "TestPublic",
	},
	{
		"the cause never leaves", "errcodes/error.go",
		"	p.cause, p.op, p.barrier = nil, \"\", false\n", "",
		"./errcodes", "TestPublic|FuzzNoLeak",
	},
	{
		"sealed data is bound to its row", "internal/seal/seal.go",
		"k.aead(label).Open(nil, nil, sealed[header:], aad)", "k.aead(label).Open(nil, nil, sealed[header:], nil)",
		"./internal/seal", "TestSealOpens|TestOpenRefuses",
	},
	{
		"look-up keys come from the oldest key", "internal/seal/seal.go",
		"derive(&r.keys[len(r.keys)-1].raw, \"index/\"", "derive(&r.keys[0].raw, \"index/\"",
		"./internal/seal", "TestRotation",
	},
	{
		"parts of a key do not run together", "internal/seal/mac.go",
		"		k.msg = binary.BigEndian.AppendUint64(k.msg, uint64(len(p)))\n", "		_ = binary.BigEndian\n",
		"./internal/seal", "TestMACPartsAreApart",
	},
}
