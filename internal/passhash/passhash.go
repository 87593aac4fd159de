// Package passhash turns passwords into stored strings and checks them, on
// bcrypt, so that how long an answer takes does not tell what is stored.
//
// # The stored form
//
// A new hash is written as
//
//	$sekisho$1$k=ID$$2a$12$<22 characters of salt><31 characters of digest>
//
// that is, the tag "$sekisho$1$k=ID$" before a standard bcrypt string. The
// bcrypt string is made over the 44 characters of
//
//	base64(HMAC-SHA-256(k, NFC(password)))      (standard alphabet, padded)
//
// bcrypt by itself ignores everything after 72 bytes and takes a NUL byte for
// the end of the password; the 44 ASCII characters have neither trouble, so
// passwords of any length and script count in full (ASVS 6.2.8, 6.2.9). NFC,
// not NFKC, is what NIST SP 800-63B-4 asks for: "é" typed on two keyboards is
// one password, "ﬁ" and "fi" are two.
//
// The key k is pepper ID of [Config.Peppers], or for ID 0 the public constant
// made from the label in [prehashLabel]. The constant is no secret; it keeps a
// plain SHA-256 of the password that leaked elsewhere from being tried against
// these hashes without knowing the password ("password shucking").
//
// Plain "$2a$", "$2b$" and "$2y$" strings, as other systems write them, are
// verified too, over the raw bytes of the password, so that accounts can be
// imported; Result.Rehash then asks for the new form.
//
// # Equal work
//
// bcrypt's work is 2^cost. Every failed [Hashes.Verify] does the work of
// Config.Cost exactly, whatever is stored: nothing, an older and cheaper hash
// (topped up: 2^T = 2^c + 2^c + 2^(c+1) + … + 2^(T-1)), or a string that is no
// hash at all. The one exception is a stored cost above Config.Cost.
//
// # Bounded work
//
// Hashing takes a place from [Hashes.Acquire] first: a few slots, a short queue
// in order of arrival, and server_busy beyond that.
package passhash

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"

	"github.com/sekisho-auth/sekisho/errcodes"
	"golang.org/x/text/unicode/norm"
)

// Costs that [Config.Cost] may have. They are bcrypt's base-2 logarithm of the
// number of rounds: each step doubles the time.
const (
	// DefaultCost takes about a quarter of a second on a current core.
	DefaultCost = 12
	// MinCost is the least that OWASP and ASVS 5.0 appendix C allow.
	MinCost = 10
	// MaxCost is the most that can be configured: about two seconds a sign-in.
	MaxCost = 15
	// MaxVerifyCost is the most that a stored hash may have and still be
	// computed. bcrypt itself would work on a stored cost of 31 for more than a
	// day.
	MaxVerifyCost = 16
)

// MaxPasswordBytes is the longest password that is looked at. Callers refuse
// longer ones before they get here; this is the second fence.
const MaxPasswordBytes = 1024

// MaxPepperID is the largest [Pepper.ID].
const MaxPepperID = 999_999_999

// bcryptMinCost is the least cost that the algorithm knows.
const bcryptMinCost = 4

// plainMaxBytes is how much of a password bcrypt looks at.
const plainMaxBytes = 72

// prehashLabel makes the public pre-hash key, ID 0: it is
// SHA-256(prehashLabel). It can never change: every hash stored without a
// pepper depends on it.
const prehashLabel = "sekisho password pre-hash, scheme 1, public key"

// Config says how passwords are hashed. The zero value is ready for use:
// bcrypt at [DefaultCost], without a pepper.
type Config struct {
	// Hasher computes and compares; nil is [Bcrypt].
	Hasher Hasher
	// Cost is the bcrypt cost of new hashes and the work of every failed
	// sign-in: 0 for [DefaultCost], else [MinCost] to [MaxCost].
	Cost int
	// Slots is how many hashes are computed at the same time; 0 means
	// GOMAXPROCS-1, at least 1. More slots than cores buy no throughput, and
	// one spare core keeps the rest of the program alive under a flood.
	Slots int
	// Queue is how many callers may wait for a slot; 0 means 8 for each slot,
	// about two seconds of work at the default cost.
	Queue int
	// Peppers are secret keys for the pre-hash. The first is used for new
	// hashes, the others still verify. A pepper that is left out while hashes
	// made with it are stored is a server fault at sign-in, not a wrong
	// password. Empty means the public constant.
	Peppers []Pepper
	// InsecureAllowLowCost lets Cost be 4 to 9. For tests only.
	InsecureAllowLowCost bool
}

// Pepper is a secret key for the pre-hash, kept apart from the database (the
// keyed step of NIST SP 800-63B-4 §3.1.1.2). Whoever loses it loses every
// password hashed with it.
type Pepper struct {
	// ID names the key in stored hashes, 1 to [MaxPepperID]. It must never be
	// given to another key.
	ID int
	// Key is 32 bytes from a cryptographic random source.
	Key [32]byte
}

// Format writes "[redacted]" under every verb, so that a pepper in a printed
// struct does not get into a log.
func (Pepper) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte("[redacted]")) }

// MarshalText writes "[redacted]", for encoding/json and log/slog.
func (Pepper) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }

// Hashes hashes and verifies passwords. It is safe for concurrent use.
type Hashes struct {
	hasher  Hasher
	cost    int
	current int            // pepper ID of new hashes
	keys    map[int][]byte // by pepper ID; 0 is the public constant
	dummies [MaxVerifyCost + 1]string
	slots   *slots
}

// New checks cfg and makes a Hashes from it. The error names the field and what
// to do about it. It computes no hash, so that it costs no start-up time.
func New(cfg Config) (*Hashes, error) {
	h := &Hashes{hasher: cfg.Hasher, cost: cfg.Cost, keys: map[int][]byte{0: publicKey()}}
	if h.hasher == nil {
		h.hasher = Bcrypt{}
	}
	if h.cost == 0 {
		h.cost = DefaultCost
	}
	low := MinCost
	if cfg.InsecureAllowLowCost {
		low = bcryptMinCost
	}
	if h.cost < low || h.cost > MaxCost {
		return nil, fmt.Errorf("passhash: Config.Cost is %d: set it to %d–%d, or leave it 0 for %d", cfg.Cost, low, MaxCost, DefaultCost)
	}
	if cfg.Slots < 0 {
		return nil, fmt.Errorf("passhash: Config.Slots is %d: set it to 1 or more, or leave it 0 for one less than the cores", cfg.Slots)
	}
	if cfg.Queue < 0 {
		return nil, fmt.Errorf("passhash: Config.Queue is %d: set it to 1 or more, or leave it 0 for %d per slot", cfg.Queue, queuePerSlot)
	}
	if err := h.addPeppers(cfg.Peppers); err != nil {
		return nil, err
	}
	n := cfg.Slots
	if n == 0 {
		n = max(1, runtime.GOMAXPROCS(0)-1)
	}
	q := cfg.Queue
	if q == 0 {
		q = queuePerSlot * n
	}
	h.slots = newSlots(n, q)
	for c := bcryptMinCost; c <= MaxVerifyCost; c++ {
		h.dummies[c] = dummy(c)
	}
	return h, nil
}

func (h *Hashes) addPeppers(peppers []Pepper) error {
	for i, p := range peppers {
		if p.ID < 1 || p.ID > MaxPepperID {
			return fmt.Errorf("passhash: Config.Peppers[%d].ID is %d: give each pepper an ID of 1–%d and never reuse it", i, p.ID, MaxPepperID)
		}
		if _, dup := h.keys[p.ID]; dup {
			return fmt.Errorf("passhash: Config.Peppers[%d].ID %d is there twice: give each pepper its own ID", i, p.ID)
		}
		if p.Key == [32]byte{} {
			return fmt.Errorf("passhash: Config.Peppers[%d].Key is all zero: set it to 32 random bytes", i)
		}
		h.keys[p.ID] = p.Key[:]
		if i == 0 {
			h.current = p.ID
		}
	}
	return nil
}

// Cost is the cost of new hashes, and the work of every failed Verify.
func (h *Hashes) Cost() int { return h.cost }

// Acquire waits for one of the slots in order of arrival. The caller holds it
// around Verify and Hash and then calls release, from the goroutine that
// hashes: bcrypt cannot be interrupted, so a slot given back because the client
// has left would let more work run than there are slots for. Calling release
// again does nothing.
//
// If the queue is full, or the deadline of ctx comes before a slot, the error is
// server_busy with a Retry-After. If ctx is cancelled, it is what
// errcodes.Classify makes of that. In either case nothing was hashed.
func (h *Hashes) Acquire(ctx context.Context) (release func(), err error) {
	return h.slots.acquire(ctx, h.slots.places)
}

// AcquireShare is Acquire for work that may not crowd out signing in, such as
// registration: it joins the queue only while less than half of the
// places are taken, by whomever, so that the other half is left for sign-ins.
func (h *Hashes) AcquireShare(ctx context.Context) (release func(), err error) {
	return h.slots.acquire(ctx, max(1, h.slots.places/2))
}

// AcquireProven is Acquire for people who hold a mailed link or a session: it
// has half as many places again in the queue, which sign-ins, however many,
// cannot take.
func (h *Hashes) AcquireProven(ctx context.Context) (release func(), err error) {
	return h.slots.acquire(ctx, h.slots.places+max(1, h.slots.places/2))
}

// PerSource is how many places one source may take: a quarter of the slots
// and of the queue, and never less than two.
func (h *Hashes) PerSource() int { return max(2, (h.slots.total+h.slots.places)/4) }

// Reason says, for the log, why a stored string was not compared with the
// password. It is never for the caller's answer.
type Reason string

// The reasons. The empty Reason means that a compare took place.
const (
	// ReasonAbsent: there is no stored hash (no such account, or no password).
	ReasonAbsent Reason = "absent"
	// ReasonMalformed: the stored string is not one of the accepted forms.
	ReasonMalformed Reason = "malformed"
	// ReasonTooCostly: the stored cost is above [MaxVerifyCost].
	ReasonTooCostly Reason = "too_costly"
	// ReasonUnknownPepper: the stored hash names a pepper that is not configured.
	ReasonUnknownPepper Reason = "unknown_pepper"
	// ReasonUnsuitable: the password is empty or over [MaxPasswordBytes], or the
	// hash is plain and the password is one that plain bcrypt cuts off (over 72
	// bytes, or with a NUL).
	ReasonUnsuitable Reason = "unsuitable"
	// ReasonHasher: the Hasher failed.
	ReasonHasher Reason = "hasher_failed"
)

// Result is what Verify found.
type Result struct {
	// OK: the password is the stored one. Never true together with Err.
	OK bool
	// Rehash: OK, and the stored string should be replaced by Hash(password),
	// by compare-and-swap, because its cost, scheme or pepper is not today's.
	Rehash bool
	// Costly: the stored cost is above Config.Cost (and was verified), so that
	// this answer took longer than others. For the log.
	Costly bool
	// Fault: the stored string is damaged or hostile. The answer is a failed
	// sign-in like any other; the log should have it.
	Fault bool
	// Reason: why there was no compare. For the log.
	Reason Reason
	// Err is a server fault (internal_error): the question could not be answered,
	// which must not be taken for a wrong password.
	Err error
}

// Verify compares password with a stored string; "" stands for an account
// without a password, or no account. It takes the work of Config.Cost on every
// failure and cannot be cancelled: hold a slot (see [Hashes.Acquire]).
func (h *Hashes) Verify(password, stored string) Result {
	if stored == "" {
		return h.refuse(password, Result{Reason: ReasonAbsent})
	}
	p, why := parse(stored)
	if why != "" {
		return h.refuse(password, Result{Reason: why, Fault: true})
	}
	if _, known := h.keys[p.pepper]; !known {
		res := h.refuse(password, Result{Reason: ReasonUnknownPepper})
		res.Err = fault(fmt.Errorf("passhash: stored hash has pepper %d, which is not in Config.Peppers", p.pepper))
		return res
	}
	if !suitable(password, p.plain) {
		return h.refuse(password, Result{Reason: ReasonUnsuitable})
	}
	key := []byte(password)
	if !p.plain {
		key = h.prehash(p.pepper, password)
	}
	res := Result{Costly: p.cost > h.cost}
	ok, err := h.hasher.Compare(p.bcrypt, key)
	if err == nil && !ok {
		err = h.topUp(key, p.cost)
	}
	if err != nil {
		res.Reason, res.Err = ReasonHasher, fault(fmt.Errorf("passhash: compare: %w", err))
		return res
	}
	res.OK = ok
	res.Rehash = ok && (p.plain || p.cost != h.cost || p.pepper != h.current)
	return res
}

// suitable says whether the whole password enters the hash: our own form takes
// anything up to the cap, plain bcrypt cuts off behind 72 bytes and at a NUL. An
// empty password never opens anything, not even an imported account that has
// its hash.
func suitable(password string, plain bool) bool {
	if plain && (len(password) > plainMaxBytes || strings.IndexByte(password, 0) >= 0) {
		return false
	}
	return password != "" && len(password) <= MaxPasswordBytes
}

// refuse does the work of one failed compare at Config.Cost and returns res.
// Whatever the compare says is not looked at: res is a failure.
func (h *Hashes) refuse(password string, res Result) Result {
	if _, err := h.hasher.Compare(h.dummies[h.cost], h.prehash(0, password)); err != nil {
		res.Reason, res.Err = ReasonHasher, fault(fmt.Errorf("passhash: compare: %w", err))
	}
	return res
}

// topUp brings the work after a failed compare at cost c to that of Config.Cost.
func (h *Hashes) topUp(key []byte, c int) error {
	for ; c < h.cost; c++ {
		if _, err := h.hasher.Compare(h.dummies[c], key); err != nil {
			return err
		}
	}
	return nil
}

// Hash makes the string to store for password, which must not be empty or
// longer than [MaxPasswordBytes]. Two calls give different strings. The error is
// internal_error. Hold a slot (see [Hashes.Acquire]).
func (h *Hashes) Hash(password string) (string, error) {
	if !suitable(password, false) {
		return "", fault(errors.New("passhash: password is empty or too long to be hashed"))
	}
	s, err := h.hasher.Hash(h.prehash(h.current, password), h.cost)
	if err != nil {
		return "", fault(fmt.Errorf("passhash: hash: %w", err))
	}
	cost, why := parseBcrypt(s)
	if why != "" || cost != h.cost {
		return "", fault(fmt.Errorf("passhash: the Hasher did not return a bcrypt string of cost %d", h.cost))
	}
	return schemePrefix + strconv.Itoa(h.current) + "$" + normalise(s), nil
}

// CheckImport says whether stored, from another system or another installation,
// can be taken over: nil, or an error that says what to do. Its text does not
// hold the hash. Low costs are accepted, since the next sign-in raises them.
func (h *Hashes) CheckImport(stored string) error {
	p, why := parse(stored)
	switch {
	case why == ReasonTooCostly:
		return fmt.Errorf("passhash: the cost of the hash is above %d: import the account without a password and let its owner reset it", MaxVerifyCost)
	case why != "":
		return errors.New("passhash: not a bcrypt hash of the form $2a$, $2b$ or $2y$ with 60 characters, nor one of ours: import the account without a password and let its owner reset it")
	case p.cost > h.cost && p.cost <= MaxCost:
		return fmt.Errorf("passhash: the cost of the hash is %d, above the configured %d: set Config.Cost to %d, or import the account without a password and let its owner reset it", p.cost, h.cost, p.cost)
	case p.cost > h.cost:
		return fmt.Errorf("passhash: the cost of the hash is %d, above the highest that can be configured, %d: import the account without a password and let its owner reset it", p.cost, MaxCost)
	}
	if _, known := h.keys[p.pepper]; !known {
		return fmt.Errorf("passhash: the hash has pepper %d: add that pepper to Config.Peppers, or import the account without a password and let its owner reset it", p.pepper)
	}
	return nil
}

// prehash is the 44 characters that bcrypt gets to see.
func (h *Hashes) prehash(pepper int, password string) []byte {
	mac := hmac.New(sha256.New, h.keys[pepper])
	if len(password) <= MaxPasswordBytes {
		mac.Write(norm.NFC.Bytes([]byte(password)))
	}
	return base64.StdEncoding.AppendEncode(nil, mac.Sum(nil))
}

func publicKey() []byte {
	k := sha256.Sum256([]byte(prehashLabel))
	return k[:]
}

func fault(err error) error {
	return errcodes.New(errcodes.ReasonInternalError, errcodes.Because(err), errcodes.During("password.hash"))
}
