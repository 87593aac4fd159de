package auth

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
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

// linkFailed answers for a link that did not do what it was for. It costs its
// source a token, so that made-up links can neither be tried without end nor
// fill the audit log; a link that opened nothing stands in the log only.
func (s *Service) linkFailed(ctx context.Context, e recorded, err error) error {
	if isFault(err) {
		s.record(e, err)
		return err
	}
	if limited := s.limits.takeLink(ctx, e.Client.Addr, e.Time); limited != nil {
		return limited
	}
	if e.UserID != "" || e.Subject != ([32]byte{}) {
		s.record(e, err)
	}
	return err
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

// newTicket stores a ticket for a job's token. The oldest of an owner's
// tickets makes room beyond maxTickets. A repeated job stores the same again.
func (s *Service) newTicket(ctx context.Context, token, purpose string, owner [32]byte, data any, now, expires time.Time) (Token, error) {
	plain, err := json.Marshal(data)
	if err != nil {
		return "", fault("ticket.seal", err)
	}
	live, err := s.cfg.Stores.Tickets.Owned(ctx, purpose, owner, now)
	if err != nil {
		return "", fault("ticket.owned", err)
	}
	hash := s.tokenHash(Token(token))
	live = slices.DeleteFunc(live, func(t Ticket) bool { return t.Hash == hash })
	for i := maxTickets - 1; i < len(live); i++ {
		if _, err := s.cfg.Stores.Tickets.Take(ctx, purpose, live[i].Hash, now); err != nil && !errors.Is(err, ErrNotFound) {
			return "", fault("ticket.take", err)
		}
	}
	t := Ticket{Hash: hash, Purpose: purpose, Owner: owner, Expires: expires}
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
