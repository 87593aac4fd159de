package authtest

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"github.com/sekisho-auth/sekisho/auth"
)

var metaChecks = []check{
	{"Meta.KeyCheck", "KeyCheck stores value under name if nothing stands there yet, and returns what stands there afterwards.", checkKeyCheck},
	{"Meta.KeyCheck_race", "Of n simultaneous first calls all get the same value back.", checkKeyCheckRace},
	{"Meta.ReplaceKeyCheck", "ReplaceKeyCheck stores value under name, whatever stands there.", checkReplaceKeyCheck},
}

// stands wants KeyCheck to return want.
func stands(ctx context.Context, s auth.Stores, name, value, want string) error {
	got, err := s.Meta.KeyCheck(ctx, name, []byte(value))
	if err != nil || string(got) != want {
		return fmt.Errorf("KeyCheck(%q, %q) returns %q, %w, not %q", name, value, got, orNil(err), want)
	}
	return nil
}

func checkKeyCheck(ctx context.Context, s auth.Stores) error {
	return first(
		stands(ctx, s, "check/a", "\x00one\xff", "\x00one\xff"),
		stands(ctx, s, "check/a", "two", "\x00one\xff"),
		stands(ctx, s, "check/A", "three", "three"),
		stands(ctx, s, "", "four", "four"),
		stands(ctx, s, "check/a", "", "\x00one\xff"),
	)
}

func checkKeyCheckRace(ctx context.Context, s auth.Stores) error {
	for round := range 3 {
		var mu sync.Mutex
		var values [][]byte
		_, err := race(racers, func(i int) (bool, error) {
			got, err := s.Meta.KeyCheck(ctx, fmt.Sprint("race", round), fmt.Append(nil, i))
			mu.Lock()
			defer mu.Unlock()
			values = append(values, got)
			return true, err
		})
		if err != nil {
			return err
		}
		for _, v := range values {
			if len(v) == 0 || !bytes.Equal(v, values[0]) {
				return fmt.Errorf("of %d simultaneous first calls one gets %q and another %q", racers, values[0], v)
			}
		}
	}
	return nil
}

func checkReplaceKeyCheck(ctx context.Context, s auth.Stores) error {
	for _, name := range []string{"new", "old"} {
		if name == "old" {
			if err := stands(ctx, s, name, "one", "one"); err != nil {
				return err
			}
		}
		for _, value := range []string{"two", "two", "three"} {
			if err := s.Meta.ReplaceKeyCheck(ctx, name, []byte(value)); err != nil {
				return fmt.Errorf("ReplaceKeyCheck: %w", err)
			}
			if err := stands(ctx, s, name, "four", value); err != nil {
				return err
			}
		}
	}
	return nil
}
