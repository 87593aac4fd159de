package auth

import (
	"context"
	"errors"
	"time"

	"github.com/sekisho-auth/sekisho/auth/ratelimit"
	"github.com/sekisho-auth/sekisho/lockout"
)

// ErrNotFound is what a store returns for something that is not there. It is
// an answer, not a fault: every other error of a store counts as a fault of
// the service (1004).
var ErrNotFound = errors.New("auth: not found")

// ErrExists is what UserStore.Create and UserStore.SetEmail return when the
// address belongs to another account of the realm.
var ErrExists = errors.New("auth: exists already")

// Stores says where state lives. Each may come from another place: accounts
// in the app's own table, counters in Redis. The memstore package fills all
// of them. Every method of every store must be atomic by itself and safe for
// concurrent use.
//
// A store that keeps nothing beyond the process may say so by a method
// Volatile() bool; EphemeralKey is accepted only if every store does.
//
// The package authtest checks each sentence of these contracts against a
// store. What holds for all of them:
//
//   - If the context is done when a method is called, it returns an error and
//     nothing has changed.
//   - None may read a clock: time is an argument, whatever the year.
//   - Times come back as the same moment, to the microsecond at least.
//   - Keys, hashes and owners are compared byte for byte.
//   - Byte slices belong to the caller: changing one that was given or
//     returned changes nothing that is stored.
type Stores struct {
	// Users holds the accounts. Required.
	Users UserStore
	// Sessions may be nil for apps that keep sessions of their own and call
	// Service.Authenticate.
	Sessions SessionStore
	// Tickets holds single-use tokens. Required.
	Tickets TicketStore
	// Queue holds what was promised and is still to be done, such as mail.
	// Required.
	Queue QueueStore
	// Events is the audit log. Required.
	Events EventStore
	// Lockout holds the counters of failed attempts. Required.
	Lockout lockout.Store
	// Limits holds the token buckets of the rate limits. Required.
	Limits ratelimit.Store
	// Meta keeps the check values of the keys. Required.
	Meta MetaStore
}

// lasting names the first store that may outlive the process, "" if none does.
func (s Stores) lasting() string {
	for _, field := range []struct {
		name  string
		store any
	}{
		{"Users", s.Users}, {"Sessions", s.Sessions}, {"Tickets", s.Tickets}, {"Queue", s.Queue},
		{"Events", s.Events}, {"Lockout", s.Lockout}, {"Limits", s.Limits}, {"Meta", s.Meta},
	} {
		v, ok := field.store.(interface{ Volatile() bool })
		if field.store != nil && (!ok || !v.Volatile()) {
			return field.name
		}
	}
	return ""
}

// Identifier is a canonical user name as stores see it. Version 1 is an
// e-mail address: trimmed, width-folded, NFC, lower-case, its domain in
// IDNA's ASCII form.
type Identifier struct {
	// Realm is Config.Realm. A store keeps it and returns it in User.
	Realm string
	// Key is SHA-256 over the realm and the canonical address: what a store
	// should look up by, in a binary column.
	Key [32]byte
	// Email is the canonical address itself, for stores on an app's own table
	// that has no room for Key.
	Email string
	// Version is the number of the rule that made the canonical form, now 1.
	Version int
}

// NewUser is an account about to be stored.
type NewUser struct {
	Identifier Identifier
	// Email is the address as it was confirmed: mail goes there.
	Email        string
	PasswordHash string // "" where the account has no password
	State        State
	Created      time.Time
}

// UserStore holds accounts. An app's own users table can implement it alone.
type UserStore interface {
	// Create stores a new account and names it by an id of 1 to 64 bytes that
	// no other account has. Find and Get return it from then on with the Realm
	// of the Identifier and with Email, PasswordHash and State as given. If an
	// account with the same Identifier.Key exists, it stores nothing and
	// returns ErrExists; of n simultaneous calls with one key exactly one
	// succeeds.
	Create(ctx context.Context, u NewUser) (UserID, error)
	// Find returns the account whose Identifier.Key is id.Key byte for byte,
	// or ErrNotFound. A look-up by id.Email must compare bytes too, whatever
	// the database's collation, and the realm.
	Find(ctx context.Context, id Identifier) (User, error)
	// Get returns the account with this id, or ErrNotFound.
	Get(ctx context.Context, id UserID) (User, error)
	// SetPasswordHash replaces the hash if it still is old, in one step, and
	// reports whether it did. If endSessions is true, the same step adds one
	// to CredentialVersion. The account absent: ErrNotFound, here and below.
	SetPasswordHash(ctx context.Context, id UserID, old, new string, endSessions bool) (bool, error)
	// SetState changes the state if it still is from, in one step, and
	// reports whether it did. Unless to is StateActive, the same step adds one
	// to CredentialVersion. To StateDeleted it erases the account: identifier,
	// address and hash are gone, it is absent for every method from then on,
	// and its identifier is free.
	SetState(ctx context.Context, id UserID, from, to State) (bool, error)
	// SetEmail replaces identifier and address if the address still is old,
	// in one step, and reports whether it did. If the identifier belongs to
	// another account, it changes nothing and returns ErrExists.
	SetEmail(ctx context.Context, id UserID, old string, to Identifier, email string) (bool, error)
}

// SessionStore holds sessions under the SHA-256 of their token. A slice that
// it returns is the caller's; what AMR points to is shared and not changed.
type SessionStore interface {
	// Put stores s without its Token and User. If replaces is not nil, the
	// session under that hash is removed in the same step; if it is not there,
	// nothing is stored and ErrNotFound is returned, so that of n simultaneous
	// replacements of one session exactly one succeeds.
	Put(ctx context.Context, s Session, replaces *[32]byte) error
	// Get returns the session under the hash, or ErrNotFound. It may leave
	// out sessions whose Expires or IdleExpires is not after now.
	Get(ctx context.Context, hash [32]byte, now time.Time) (Session, error)
	// Touch sets Seen and IdleExpires; a session that is not there is no
	// error.
	Touch(ctx context.Context, hash [32]byte, seen, idleExpires time.Time) error
	// Delete removes sessions; those that are not there are no error.
	Delete(ctx context.Context, hashes ...[32]byte) error
	// List returns the account's sessions, the newest Created first. It may
	// leave out those that have expired at now.
	List(ctx context.Context, user UserID, now time.Time) ([]Session, error)
}

// Ticket is a single-use, short-lived token: a link in a mail, an unfinished
// sign-up.
type Ticket struct {
	// Hash is the SHA-256 of the token.
	Hash [32]byte
	// Purpose says what the token may be used for.
	Purpose string
	// Owner groups the tickets of one account or address. It is a keyed hash.
	Owner [32]byte
	// Data is sealed; only the service can read it. At most 4 KiB.
	Data []byte
	// Expires is when the ticket stops to exist.
	Expires time.Time
}

// TicketStore holds tickets.
type TicketStore interface {
	// Put stores a ticket; one with the same hash is replaced.
	Put(ctx context.Context, t Ticket) error
	// Get returns the ticket with this hash and purpose without using it up,
	// or ErrNotFound if it is not there or its Expires is not after now.
	Get(ctx context.Context, purpose string, hash [32]byte, now time.Time) (Ticket, error)
	// Take is Get that removes the ticket in the same step: of n simultaneous
	// calls exactly one gets it.
	Take(ctx context.Context, purpose string, hash [32]byte, now time.Time) (Ticket, error)
	// Owned returns the live tickets of an owner for one purpose, newest
	// Expires first. The slice is the caller's.
	Owned(ctx context.Context, purpose string, owner [32]byte, now time.Time) ([]Ticket, error)
}

// Job is something promised: a sealed request or a notice that a worker will
// carry out. Its content is sealed, and all jobs look alike to the store.
type Job struct {
	// ID is random, 22 characters of base64url.
	ID string
	// Payload is sealed; at most 8 KiB.
	Payload []byte
	// Realm is Config.Realm: workers take jobs of their own realm only.
	Realm string
	// NotBefore is when the job may first, or again, be carried out.
	NotBefore time.Time
	// Expires is when it is given up.
	Expires time.Time
	// Attempts counts how often it was leased.
	Attempts int
}

// QueueStore holds jobs for the workers of any number of processes.
type QueueStore interface {
	// Add stores a job.
	Add(ctx context.Context, j Job) error
	// Lease returns up to limit jobs of the realm whose NotBefore is not after
	// now, the earliest NotBefore first, and in the same step sets their
	// NotBefore to until and adds one to Attempts, so that no job is leased
	// twice at once. Those of them whose Expires is not after now are removed
	// instead and returned once, with Attempts as they stood, so that the loss
	// can be logged. A job that nobody leased may be dropped 30 days after its
	// Expires.
	Lease(ctx context.Context, realm string, now, until time.Time, limit int) ([]Job, error)
	// Retry sets NotBefore; a job that is not there is no error.
	Retry(ctx context.Context, id string, at time.Time) error
	// Done removes a job; one that is not there is no error.
	Done(ctx context.Context, id string) error
}

// EventStore is the audit log.
type EventStore interface {
	// Append stores events: all of them, or with an error none. After an error
	// it is called again.
	Append(ctx context.Context, events []Event) error
	// ByReference returns the events with this reference, oldest first; none
	// for "".
	ByReference(ctx context.Context, reference string) ([]Event, error)
	// ByUser returns up to limit events of an account that happened before
	// the given time, newest first.
	ByUser(ctx context.Context, user UserID, before time.Time, limit int) ([]Event, error)
	// Prune clears Client of up to limit events older than clients and
	// removes up to limit events older than events. It returns how many it
	// cleared or removed, whichever is more.
	Prune(ctx context.Context, clients, events time.Time, limit int) (int, error)
}

// MetaStore keeps what tells one deployment's data from another's.
type MetaStore interface {
	// KeyCheck stores value under name if nothing stands there yet, and
	// returns what stands there afterwards. Of n simultaneous first calls all
	// get the same value back.
	KeyCheck(ctx context.Context, name string, value []byte) ([]byte, error)
	// ReplaceKeyCheck stores value under name, whatever stands there.
	ReplaceKeyCheck(ctx context.Context, name string, value []byte) error
}
