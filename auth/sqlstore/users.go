package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"

	"github.com/sekisho-auth/sekisho/auth"
)

const userColumns = "id, realm, email, password_hash, state, credential_version, created"

type users struct {
	*conn
	insert, find, get, owner                  *sql.Stmt
	setHash, setState, erase, setEmail, isOne *sql.Stmt
}

func newUsers(p *preparer) *users {
	return &users{
		conn: p.conn,
		insert: p.stmt("INSERT INTO sekisho_users (id, lookup_key, key_version, realm, email, password_hash, state, credential_version, created)" +
			" VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?)" + p.conn.d.insertIfAbsent("lookup_key")),
		find:  p.stmt("SELECT " + userColumns + " FROM sekisho_users WHERE lookup_key = ?"),
		get:   p.stmt("SELECT " + userColumns + " FROM sekisho_users WHERE id = ?"),
		isOne: p.stmt("SELECT 1 FROM sekisho_users WHERE id = ?"),
		owner: p.stmt("SELECT id FROM sekisho_users WHERE lookup_key = ?"),
		setHash: p.stmt("UPDATE sekisho_users SET password_hash = ?, credential_version = credential_version + ?" +
			" WHERE id = ? AND password_hash = ?"),
		setState: p.stmt("UPDATE sekisho_users SET state = ?, credential_version = credential_version + ? WHERE id = ? AND state = ?"),
		erase:    p.stmt("DELETE FROM sekisho_users WHERE id = ? AND state = ?"),
		setEmail: p.stmt("UPDATE sekisho_users SET lookup_key = ?, key_version = ?, email = ? WHERE id = ? AND email = ?"),
	}
}

// Create implements auth.UserStore. The unique index on the key decides.
func (s *users) Create(ctx context.Context, n auth.NewUser) (auth.UserID, error) {
	id := auth.UserID(rand.Text())
	made, err := s.exec(ctx, "creating an account", s.insert, bin(id), n.Identifier.Key[:], n.Identifier.Version,
		bin(n.Identifier.Realm), bin(n.Email), bin(n.PasswordHash), bin(n.State), micros(n.Created))
	if err != nil {
		return "", err
	}
	if made == 0 {
		return "", auth.ErrExists
	}
	return id, nil
}

// Find implements auth.UserStore.
func (s *users) Find(ctx context.Context, id auth.Identifier) (auth.User, error) {
	return readUser(s.find.QueryRowContext(ctx, id.Key[:]))
}

// Get implements auth.UserStore.
func (s *users) Get(ctx context.Context, id auth.UserID) (auth.User, error) {
	return readUser(s.get.QueryRowContext(ctx, bin(id)))
}

func readUser(row *sql.Row) (u auth.User, err error) {
	var created int64
	err = row.Scan(&u.ID, &u.Realm, &u.Email, &u.PasswordHash, &u.State, &u.CredentialVersion, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return auth.User{}, auth.ErrNotFound
	}
	if err != nil {
		return auth.User{}, failed("reading an account", err)
	}
	u.Created = moment(created)
	return u, nil
}

// guarded runs a change whose condition names the account and what it must be
// like, and tells an account that is not like that from none at all. (The
// MariaDB driver must count rows found, not rows changed.)
func (s *users) guarded(ctx context.Context, id auth.UserID, change *sql.Stmt, args ...any) (bool, error) {
	n, err := s.exec(ctx, "changing an account", change, args...)
	if err != nil || n > 0 {
		return n > 0, err
	}
	var one int
	err = s.isOne.QueryRowContext(ctx, bin(id)).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, auth.ErrNotFound
	}
	return false, failed("changing an account", err)
}

// SetPasswordHash implements auth.UserStore.
func (s *users) SetPasswordHash(ctx context.Context, id auth.UserID, old, new string, endSessions bool) (bool, error) {
	step := 0
	if endSessions {
		step = 1
	}
	return s.guarded(ctx, id, s.setHash, bin(new), step, bin(id), bin(old))
}

// SetState implements auth.UserStore. A deleted account leaves no row.
func (s *users) SetState(ctx context.Context, id auth.UserID, from, to auth.State) (bool, error) {
	if to == auth.StateDeleted {
		return s.guarded(ctx, id, s.erase, bin(id), bin(from))
	}
	step := 1
	if to == auth.StateActive {
		step = 0
	}
	return s.guarded(ctx, id, s.setState, bin(to), step, bin(id), bin(from))
}

// SetEmail implements auth.UserStore. The unique index refuses an identifier
// that is taken; which error that is differs between drivers, so it is the
// table that is asked what happened.
func (s *users) SetEmail(ctx context.Context, id auth.UserID, old string, to auth.Identifier, email string) (bool, error) {
	done, err := s.guarded(ctx, id, s.setEmail, to.Key[:], to.Version, bin(email), bin(id), bin(old))
	if err == nil || errors.Is(err, auth.ErrNotFound) || ctx.Err() != nil {
		return done, err
	}
	var owner auth.UserID
	if scanErr := s.owner.QueryRowContext(ctx, to.Key[:]).Scan(&owner); scanErr == nil && owner != id {
		return false, auth.ErrExists
	}
	return false, err
}
