package errcodes

import "time"

// Option adds a fact to an error while [New] or [Wrap] makes it. An Option cannot
// be applied to an error that exists. The zero Option does nothing.
//
// It is a value and not an interface or a function, so that options cost no
// allocation.
type Option struct {
	cause  error
	op     string
	retry  time.Duration
	param  Param
	value  int32
	hints  hintSet
	proofs proofs
	kind   optionKind
}

type optionKind uint8

const (
	optNone optionKind = iota
	optCause
	optProof
	optUniform
	optRetry
	optHints
	optParam
	optOp
)

// Because keeps the cause for logs; it is never shown. A nil cause is ignored.
func Because(cause error) Option { return Option{kind: optCause, cause: cause} }

// Proven says what the flow had established about the caller when it failed; the
// default is ProofNone. Given twice, both hold: a flow in a session that has
// also verified a provider's identity has proven both.
func Proven(p Proof) Option { return Option{kind: optProof, proofs: p.set()} }

// Uniform says that the flow gives this very answer for accounts that do not
// exist too, so that everybody may be told. It opens only reasons whose exposure
// is [ExposureUniform]; for all others it does nothing.
func Uniform() Option { return Option{kind: optUniform} }

// RetryAfter says how long to wait before trying again. It is dropped for
// reasons that carry no Retry-After (see [Reason.DefaultRetry]); a duration that
// is not positive counts as one second.
func RetryAfter(d time.Duration) Option { return Option{kind: optRetry, retry: d} }

// WithHints adds hints. Those that this package does not know are dropped.
func WithHints(hints ...Hint) Option {
	return Option{kind: optHints, hints: hintSet(0).with(hints)}
}

// WithParam sets a number that the texts may mention. A param that this package
// does not know, and a number that is not positive, is dropped.
func WithParam(p Param, v int) Option {
	if v <= 0 || v > 1<<30 {
		return Option{}
	}
	return Option{kind: optParam, param: p, value: int32(v)}
}

// During names the operation, as in "login.password", for logs only. It must be
// a constant of the program, never input.
func During(op string) Option { return Option{kind: optOp, op: op} }

func (e *Error) apply(o *Option) {
	switch o.kind {
	case optCause:
		if o.cause != nil {
			e.cause, e.barrier = o.cause, inTaxonomy(o.cause)
		}
	case optProof:
		e.proofs |= o.proofs
	case optUniform:
		e.uniform = true
	case optRetry:
		e.retry = o.retry
		if o.retry <= 0 {
			e.retry = time.Second
		}
	case optHints:
		e.hints |= o.hints
	case optParam:
		e.params.set(o.param, o.value)
	case optOp:
		e.op = o.op
	case optNone:
	}
}
