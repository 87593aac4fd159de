package auth

import (
	"context"
	"crypto/sha256"

	"github.com/sekisho-auth/sekisho/internal/input"
	tok "github.com/sekisho-auth/sekisho/internal/token"
	"github.com/sekisho-auth/sekisho/lockout"
)

// identify makes the one canonical form that store, lockout, limits and mail
// share. Error: identifier_malformed.
func (s *Service) identify(email string) (Identifier, error) {
	canonical, err := input.Identifier(email)
	if err != nil {
		return Identifier{}, err
	}
	return Identifier{Realm: s.cfg.Realm, Key: identifierKey(s.cfg.Realm, canonical), Email: canonical, Version: input.Version}, nil
}

// identifierKey is SHA-256 over the lengths and bytes of realm and address:
// realm "a" with address "b" and realm "" with "ab" differ.
func identifierKey(realm, canonical string) [32]byte {
	buf := make([]byte, 0, 512)
	buf = append(buf, byte(len(realm)))
	buf = append(buf, realm...)
	buf = append(buf, canonical...)
	return sha256.Sum256(buf)
}

// tokenHash is what a token is looked up by: SHA-256 over the realm and the
// token, so that a token of one realm is nothing in another.
func (s *Service) tokenHash(t Token) [32]byte {
	if s.cfg.Realm == "" {
		return tok.Hash(string(t))
	}
	return tok.Hash(s.cfg.Realm + "\x00" + string(t))
}

// findUser loads the account of an identifier. What the store finds must be
// exactly what was looked for: a collation that takes "á" for "a", or a table
// that ignores the realm, would multiply the guesses at an account, or lend it
// to another tenant. Error: ErrNotFound or a store's.
func (s *Service) findUser(ctx context.Context, id Identifier) (User, error) {
	u, err := s.cfg.Stores.Users.Find(ctx, id)
	if err != nil {
		return User{}, err
	}
	if stored, err := s.identify(u.Email); err != nil || stored.Key != id.Key || u.Realm != s.cfg.Realm {
		s.log.Error("auth: the user store found another account than it was asked for: it must compare bytes, and the realm",
			"user", string(u.ID))
		return User{}, ErrNotFound
	}
	return u, nil
}

// getUser loads an account of this realm. Error: ErrNotFound or a store's.
func (s *Service) getUser(ctx context.Context, id UserID) (User, error) {
	u, err := s.cfg.Stores.Users.Get(ctx, id)
	if err == nil && u.Realm != s.cfg.Realm {
		s.log.Error("auth: the user store returned an account of another realm, or lost its Realm", "user", string(id))
		return User{}, ErrNotFound
	}
	return u, err
}

// subject is how events name an identifier.
func (s *Service) subject(id Identifier) [32]byte {
	return s.index.subject.Sum(string(id.Key[:]))
}

// lockKey is the counter of failed passwords for an identifier, whether or
// not it has an account.
func (s *Service) lockKey(id Identifier) lockout.Key {
	return lockout.Key(s.index.lock.Sum("password", string(id.Key[:])))
}

// sessionLockKey is the counter of a session's own password questions.
func (s *Service) sessionLockKey(hash [32]byte) lockout.Key {
	return lockout.Key(s.index.lock.Sum("session", string(hash[:])))
}

// owner groups the tickets of one account or one address.
func (s *Service) owner(kind, of string) [32]byte {
	return s.index.owner.Sum(kind, s.cfg.Realm, of)
}
