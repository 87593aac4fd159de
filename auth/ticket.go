package auth

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/sekisho-auth/sekisho/errcodes"
	tok "github.com/sekisho-auth/sekisho/internal/token"
)

// accountTicket is what a ticket for an account holds. It is bound to the
// credentials as they were: after a change of password it opens nothing.
type accountTicket struct {
	User    UserID `json:"u"`
	Version int64  `json:"v"`
}

// ticket loads a ticket without using it up. Reasons: link_expired, faults.
func (s *Service) ticket(ctx context.Context, purpose string, t Token, now time.Time) (Ticket, error) {
	if !tok.Valid(string(t)) {
		return Ticket{}, refuse(errcodes.ReasonLinkExpired, "ticket")
	}
	got, err := s.cfg.Stores.Tickets.Get(ctx, purpose, s.tokenHash(t), now)
	if errors.Is(err, ErrNotFound) || err == nil && !now.Before(got.Expires) {
		return Ticket{}, refuse(errcodes.ReasonLinkExpired, "ticket")
	}
	if err != nil {
		return Ticket{}, fault("ticket.get", err)
	}
	return got, nil
}

// openTicket reads a ticket's data. It is bound to its hash and purpose: data
// moved to another row does not open.
func (s *Service) openTicket(t Ticket, into any) error {
	data, err := s.ring.Open("ticket", t.Data, append([]byte(t.Purpose), t.Hash[:]...))
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		s.log.Error("auth: a ticket cannot be opened: is a key missing from Config.Keys?", "err", err)
		return fault("ticket.open", err)
	}
	return nil
}

// newTicket stores a fresh ticket and returns its token. The oldest of an
// owner's tickets makes room beyond maxTickets.
func (s *Service) newTicket(ctx context.Context, purpose string, owner [32]byte, data any, now, expires time.Time) (Token, error) {
	plain, err := json.Marshal(data)
	if err != nil {
		return "", fault("ticket.seal", err)
	}
	live, err := s.cfg.Stores.Tickets.Owned(ctx, purpose, owner, now)
	if err != nil {
		return "", fault("ticket.owned", err)
	}
	for i := maxTickets - 1; i < len(live); i++ {
		if _, err := s.cfg.Stores.Tickets.Take(ctx, purpose, live[i].Hash, now); err != nil && !errors.Is(err, ErrNotFound) {
			return "", fault("ticket.take", err)
		}
	}
	token := tok.New()
	t := Ticket{Hash: s.tokenHash(Token(token)), Purpose: purpose, Owner: owner, Expires: expires}
	t.Data = s.ring.Seal("ticket", plain, append([]byte(purpose), t.Hash[:]...))
	if err := s.cfg.Stores.Tickets.Put(ctx, t); err != nil {
		return "", fault("ticket.put", err)
	}
	return Token(token), nil
}

// voidTickets removes what has lost its meaning already. It is tidying: what
// the tickets would do can happen only once.
func (s *Service) voidTickets(ctx context.Context, purpose string, owner [32]byte, now time.Time) {
	live, err := s.cfg.Stores.Tickets.Owned(ctx, purpose, owner, now)
	for i := range live {
		_, takeErr := s.cfg.Stores.Tickets.Take(ctx, purpose, live[i].Hash, now)
		if takeErr != nil && !errors.Is(takeErr, ErrNotFound) {
			err = errors.Join(err, takeErr)
		}
	}
	if err != nil {
		s.log.Warn("auth: used links could not be removed", "purpose", purpose, "err", err)
	}
}
