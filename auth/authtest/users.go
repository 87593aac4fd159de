package authtest

import (
	"context"
	"errors"
	"fmt"

	"github.com/sekisho-auth/sekisho/auth"
)

var userChecks = []check{
	{"Users.Create", "Create stores a new account and names it by an id of 1 to 64 bytes that no other account has.", checkCreate},
	{"Users.Create_whole", "Find and Get return it from then on with the Realm of the Identifier and with Email, PasswordHash and State as given.", checkCreateWhole},
	{"Users.Create_twice", "If an account with the same Identifier.Key exists, it stores nothing and returns ErrExists; of n simultaneous calls with one key exactly one succeeds.", checkCreateTwice},
	{"Users.Find", "Find returns the account whose Identifier.Key is id.Key byte for byte, or ErrNotFound.", checkFind},
	{"Users.Find_email", "A look-up by id.Email must compare bytes too, whatever the database's collation, and the realm.", checkFindEmail},
	{"Users.Get", "Get returns the account with this id, or ErrNotFound.", checkGetUser},
	{"Users.SetPasswordHash", "SetPasswordHash replaces the hash if it still is old, in one step, and reports whether it did.", checkSetHash},
	{"Users.SetPasswordHash_sessions", "If endSessions is true, the same step adds one to CredentialVersion.", checkEndSessions},
	{"Users.absent", "The account absent: ErrNotFound, here and below.", checkAbsent},
	{"Users.SetState", "SetState changes the state if it still is from, in one step, and reports whether it did.", checkSetState},
	{"Users.SetState_sessions", "Unless to is StateActive, the same step adds one to CredentialVersion.", checkStateVersion},
	{"Users.SetState_deleted", "To StateDeleted it erases the account: identifier, address and hash are gone, it is absent for every method from then on, and its identifier is free.", checkErase},
	{"Users.SetEmail", "SetEmail replaces identifier and address if the address still is old, in one step, and reports whether it did.", checkSetEmail},
	{"Users.SetEmail_taken", "If the identifier belongs to another account, it changes nothing and returns ErrExists.", checkSetEmailTaken},
}

func checkCreate(ctx context.Context, s auth.Stores) error {
	seen := map[auth.UserID]bool{}
	for i := range 20 {
		id, err := created(ctx, s.Users, fmt.Sprint("user", i))
		if err != nil {
			return err
		}
		if id == "" || len(id) > 64 || seen[id] {
			return fmt.Errorf("Create names an account %q, which is empty, longer than 64 bytes or taken", id)
		}
		seen[id] = true
	}
	return nil
}

func checkCreateWhole(ctx context.Context, s auth.Stores) error {
	for i, state := range []auth.State{auth.StateActive, auth.StateUnverified, auth.StateDisabled} {
		n := newUser(fmt.Sprint("user", i))
		n.State = state
		n.Email = fmt.Sprintf("User%d@example.com", i) // as confirmed, not as canonical
		if i == 1 {
			n.PasswordHash = ""
		}
		id, err := s.Users.Create(ctx, n)
		if err != nil {
			return fmt.Errorf("Create: %w", err)
		}
		want := auth.User{ID: id, Realm: n.Identifier.Realm, Email: n.Email, PasswordHash: n.PasswordHash, State: state, Created: n.Created}
		for what, get := range map[string]func() (auth.User, error){
			"Find": func() (auth.User, error) { return s.Users.Find(ctx, n.Identifier) },
			"Get":  func() (auth.User, error) { return s.Users.Get(ctx, id) },
		} {
			got, err := get()
			if err != nil {
				return fmt.Errorf("%s after Create: %w", what, err)
			}
			if err := sameUser(got, want); err != nil {
				return fmt.Errorf("%s after Create: %w", what, err)
			}
		}
	}
	return nil
}

func sameUser(got, want auth.User) error {
	if !sameTime(got.Created, want.Created) {
		return fmt.Errorf("created at %v, not %v", got.Created, want.Created)
	}
	got.Created = want.Created
	if got != want {
		return fmt.Errorf("got %+v, want %+v", got, want)
	}
	return nil
}

func checkCreateTwice(ctx context.Context, s auth.Stores) error {
	id, err := created(ctx, s.Users, "one")
	if err != nil {
		return err
	}
	again := newUser("one")
	again.PasswordHash = "another hash"
	if _, err := s.Users.Create(ctx, again); !errors.Is(err, auth.ErrExists) {
		return fmt.Errorf("a second Create of one key: got %w, want auth.ErrExists", orNil(err))
	}
	u, err := s.Users.Find(ctx, again.Identifier)
	if err != nil || u.ID != id || u.PasswordHash != "hash 0" {
		return fmt.Errorf("after a second Create of one key Find returns %+v, %w", u, orNil(err))
	}
	return exactlyOne("Create of one key", 3, func(round, _ int) (bool, error) {
		_, err := s.Users.Create(ctx, newUser(fmt.Sprint("racer", round)))
		if errors.Is(err, auth.ErrExists) {
			return false, nil
		}
		return err == nil, err
	})
}

func checkFind(ctx context.Context, s auth.Stores) error {
	if _, err := s.Users.Find(ctx, newUser("nobody").Identifier); absent("", err) != nil {
		return absent("Find of nobody", err)
	}
	ids := map[string]auth.UserID{}
	for _, name := range []string{"a", "b", "a.b", "a_b", "a%", "o'neil", "名前"} {
		id, err := created(ctx, s.Users, name)
		if err != nil {
			return err
		}
		ids[name] = id
	}
	for name, id := range ids {
		u, err := s.Users.Find(ctx, newUser(name).Identifier)
		if err != nil || u.ID != id {
			return fmt.Errorf("Find of %q returns account %q, %w, not %q", name, u.ID, orNil(err), id)
		}
	}
	return nil
}

// checkFindEmail makes canonical addresses that a collation may take for one,
// each in two realms.
func checkFindEmail(ctx context.Context, s auth.Stores) error {
	var all []auth.NewUser
	for _, realm := range []string{"realm", "Realm"} {
		for _, name := range []string{"strasse", "stra\u00dfe", "jose", "jos\u00e9", "i", "\u0131"} {
			n := newUser(name)
			n.Identifier.Realm, n.Identifier.Key = realm, sum("user of", realm, n.Email)
			all = append(all, n)
		}
	}
	ids := make([]auth.UserID, len(all))
	for i, n := range all {
		_, err := s.Users.Find(ctx, n.Identifier)
		if err := absent(fmt.Sprintf("Find of %q in realm %q, which is like one that exists,", n.Email, n.Identifier.Realm), err); err != nil {
			return err
		}
		if ids[i], err = s.Users.Create(ctx, n); err != nil {
			return fmt.Errorf("Create of %q in realm %q: %w", n.Email, n.Identifier.Realm, err)
		}
	}
	for i, n := range all {
		u, err := s.Users.Find(ctx, n.Identifier)
		if err != nil || u.ID != ids[i] || u.Email != n.Email || u.Realm != n.Identifier.Realm {
			return fmt.Errorf("Find of %q in realm %q returns %+v, %w", n.Email, n.Identifier.Realm, u, orNil(err))
		}
	}
	return nil
}

func checkGetUser(ctx context.Context, s auth.Stores) error {
	id, err := created(ctx, s.Users, "one")
	if err != nil {
		return err
	}
	if u, err := s.Users.Get(ctx, id); err != nil || u.ID != id {
		return fmt.Errorf("Get returns %+v, %w", u, orNil(err))
	}
	for _, other := range []auth.UserID{"", "nobody", id + "x", id + "\x00", "\xff", id + " ", "' OR 1=1 --"} {
		if err := absent(fmt.Sprintf("Get of %q", other), second(s.Users.Get(ctx, other))); err != nil {
			return err
		}
	}
	return nil
}

func checkSetHash(ctx context.Context, s auth.Stores) error {
	id, err := created(ctx, s.Users, "one")
	if err != nil {
		return err
	}
	if ok, err := s.Users.SetPasswordHash(ctx, id, "Hash 0", "stolen", true); ok || err != nil {
		return fmt.Errorf("SetPasswordHash from a hash that does not stand: %t, %w", ok, orNil(err))
	}
	if u, err := s.Users.Get(ctx, id); err != nil || u.PasswordHash != "hash 0" || u.CredentialVersion != 0 {
		return fmt.Errorf("after a change that was refused: %+v, %w", u, orNil(err))
	}
	old := "hash 0"
	for round := range 3 {
		err := exactlyOne("SetPasswordHash from one hash", 1, func(_, i int) (bool, error) {
			return s.Users.SetPasswordHash(ctx, id, old, fmt.Sprintf("hash %d.%d", round, i), false)
		})
		if err != nil {
			return err
		}
		u, err := s.Users.Get(ctx, id)
		if err != nil || u.PasswordHash == old {
			return fmt.Errorf("after a change of hash: %+v, %w", u, orNil(err))
		}
		old = u.PasswordHash
	}
	for _, new := range []string{"", "back"} { // an account without a password, and back
		if ok, err := s.Users.SetPasswordHash(ctx, id, old, new, false); !ok || err != nil {
			return fmt.Errorf("SetPasswordHash from %q to %q: %t, %w", old, new, ok, orNil(err))
		}
		old = new
	}
	return nil
}

func checkEndSessions(ctx context.Context, s auth.Stores) error {
	id, err := created(ctx, s.Users, "one")
	if err != nil {
		return err
	}
	for i, step := range []struct {
		end  bool
		want int64
	}{{false, 0}, {true, 1}, {false, 1}, {true, 2}} {
		old, new := fmt.Sprint("hash ", i), fmt.Sprint("hash ", i+1)
		if ok, err := s.Users.SetPasswordHash(ctx, id, old, new, step.end); !ok || err != nil {
			return fmt.Errorf("SetPasswordHash: %t, %w", ok, orNil(err))
		}
		u, err := s.Users.Get(ctx, id)
		if err != nil || u.CredentialVersion != step.want || u.PasswordHash != new {
			return fmt.Errorf("after a change with endSessions %t the version is %d, not %d (%w)", step.end, u.CredentialVersion, step.want, orNil(err))
		}
	}
	return nil
}

func checkAbsent(ctx context.Context, s auth.Stores) error {
	const nobody = "nobody"
	return first(
		absent("SetPasswordHash of nobody", second(s.Users.SetPasswordHash(ctx, nobody, "", "x", true))),
		absent("SetState of nobody", second(s.Users.SetState(ctx, nobody, "", auth.StateDisabled))),
		absent("deleting nobody", second(s.Users.SetState(ctx, nobody, "", auth.StateDeleted))),
		absent("SetEmail of nobody", second(s.Users.SetEmail(ctx, nobody, "", newUser("new").Identifier, "new@example.com"))),
	)
}

func checkSetState(ctx context.Context, s auth.Stores) error {
	id, err := created(ctx, s.Users, "one")
	if err != nil {
		return err
	}
	if ok, err := s.Users.SetState(ctx, id, auth.StateLocked, auth.StateActive); ok || err != nil {
		return fmt.Errorf("SetState from a state that does not stand: %t, %w", ok, orNil(err))
	}
	if ok, err := s.Users.SetState(ctx, id, auth.StateLocked, auth.StateDeleted); ok || err != nil {
		return fmt.Errorf("deleting from a state that does not stand: %t, %w", ok, orNil(err))
	}
	if u, err := s.Users.Get(ctx, id); err != nil || u.State != auth.StateActive {
		return fmt.Errorf("after a change that was refused: %+v, %w", u, orNil(err))
	}
	states := []auth.State{auth.StateActive, auth.StateDisabled, auth.StateSuspended, auth.StateActive}
	for i, from := range states[:3] {
		err := exactlyOne("SetState from one state", 1, func(int, int) (bool, error) {
			return s.Users.SetState(ctx, id, from, states[i+1])
		})
		if err != nil {
			return err
		}
		if u, err := s.Users.Get(ctx, id); err != nil || u.State != states[i+1] || u.PasswordHash != "hash 0" {
			return fmt.Errorf("after SetState to %q: %+v, %w", states[i+1], u, orNil(err))
		}
	}
	return nil
}

func checkStateVersion(ctx context.Context, s auth.Stores) error {
	id, err := created(ctx, s.Users, "one")
	if err != nil {
		return err
	}
	if ok, err := s.Users.SetState(ctx, id, auth.StateLocked, auth.StateDisabled); ok || err != nil {
		return fmt.Errorf("SetState from a state that does not stand: %t, %w", ok, orNil(err))
	}
	from := auth.StateActive
	for i, step := range []struct {
		to   auth.State
		want int64
	}{{auth.StateDisabled, 1}, {auth.StateSuspended, 2}, {auth.StateActive, 2}, {auth.StateLocked, 3}, {auth.StateUnverified, 4}, {auth.StateActive, 4}} {
		if ok, err := s.Users.SetState(ctx, id, from, step.to); !ok || err != nil {
			return fmt.Errorf("SetState: %t, %w", ok, orNil(err))
		}
		if u, err := s.Users.Get(ctx, id); err != nil || u.CredentialVersion != step.want {
			return fmt.Errorf("after change %d, to state %q, the version is %d, not %d (%w)", i+1, step.to, u.CredentialVersion, step.want, orNil(err))
		}
		from = step.to
	}
	return nil
}

func checkErase(ctx context.Context, s auth.Stores) error {
	n := newUser("one")
	id, err := created(ctx, s.Users, "one")
	if err != nil {
		return err
	}
	err = exactlyOne("SetState to StateDeleted", 1, func(int, int) (bool, error) {
		ok, err := s.Users.SetState(ctx, id, auth.StateActive, auth.StateDeleted)
		if errors.Is(err, auth.ErrNotFound) {
			return false, nil
		}
		return ok, err
	})
	if err != nil {
		return err
	}
	err = first(
		absent("Find of a deleted account", second(s.Users.Find(ctx, n.Identifier))),
		absent("Get of a deleted account", second(s.Users.Get(ctx, id))),
		absent("SetState of a deleted account", second(s.Users.SetState(ctx, id, auth.StateDeleted, auth.StateActive))),
		absent("SetPasswordHash of a deleted account", second(s.Users.SetPasswordHash(ctx, id, n.PasswordHash, "x", false))),
		absent("SetEmail of a deleted account", second(s.Users.SetEmail(ctx, id, n.Email, newUser("two").Identifier, "two@example.com"))),
	)
	if err != nil {
		return err
	}
	again, err := s.Users.Create(ctx, n)
	if err != nil || again == id {
		return fmt.Errorf("creating an account at the address of a deleted one (%q): %q, %w", id, again, orNil(err))
	}
	return nil
}

func checkSetEmail(ctx context.Context, s auth.Stores) error {
	id, err := created(ctx, s.Users, "one")
	if err != nil {
		return err
	}
	to := newUser("two")
	if ok, err := s.Users.SetEmail(ctx, id, "other@example.com", to.Identifier, to.Email); ok || err != nil {
		return fmt.Errorf("SetEmail from an address that does not stand: %t, %w", ok, orNil(err))
	}
	err = exactlyOne("SetEmail from one address", 1, func(_, i int) (bool, error) {
		n := newUser(fmt.Sprint("new", i))
		return s.Users.SetEmail(ctx, id, "one@example.com", n.Identifier, n.Email)
	})
	if err != nil {
		return err
	}
	u, err := s.Users.Get(ctx, id)
	if err != nil {
		return fmt.Errorf("Get after SetEmail: %w", err)
	}
	if ok, err := s.Users.SetEmail(ctx, id, u.Email, to.Identifier, "Two@example.com"); !ok || err != nil {
		return fmt.Errorf("SetEmail: %t, %w", ok, orNil(err))
	}
	found, err := s.Users.Find(ctx, to.Identifier)
	if err != nil || found.ID != id || found.Email != "Two@example.com" || found.PasswordHash != "hash 0" {
		return fmt.Errorf("Find by the new identifier: %+v, %w", found, orNil(err))
	}
	return first(
		absent("Find by the first identifier", second(s.Users.Find(ctx, newUser("one").Identifier))),
		second(created(ctx, s.Users, "one")), // it is free again
	)
}

func checkSetEmailTaken(ctx context.Context, s auth.Stores) error {
	one, err := created(ctx, s.Users, "one")
	if err != nil {
		return err
	}
	two, err := created(ctx, s.Users, "two")
	if err != nil {
		return err
	}
	to := newUser("two")
	if ok, err := s.Users.SetEmail(ctx, one, "one@example.com", to.Identifier, to.Email); ok || !errors.Is(err, auth.ErrExists) {
		return fmt.Errorf("SetEmail to another account's identifier: %t, %w, want auth.ErrExists", ok, orNil(err))
	}
	for name, id := range map[string]auth.UserID{"one": one, "two": two} {
		if u, err := s.Users.Find(ctx, newUser(name).Identifier); err != nil || u.ID != id || u.Email != newUser(name).Email {
			return fmt.Errorf("after a SetEmail that was refused Find of %q returns %+v, %w", name, u, orNil(err))
		}
	}
	own := newUser("one").Identifier // another spelling of one's own address
	if ok, err := s.Users.SetEmail(ctx, one, "one@example.com", own, "One@example.com"); !ok || err != nil {
		return fmt.Errorf("SetEmail to the account's own identifier: %t, %w", ok, orNil(err))
	}
	return exactlyOne("SetEmail of many accounts to one identifier", 1, func(_, i int) (bool, error) {
		name := fmt.Sprint("many", i)
		id, err := created(ctx, s.Users, name)
		if err != nil {
			return false, err
		}
		n := newUser("wanted")
		ok, err := s.Users.SetEmail(ctx, id, newUser(name).Email, n.Identifier, n.Email)
		if errors.Is(err, auth.ErrExists) {
			return false, nil
		}
		return ok, err
	})
}
