package sqlstore

import (
	"errors"
	"fmt"
	"strings"
)

// What New and Migrate refuse. The errors they return wrap one of these and
// say what was found and what to do about it.
var (
	// ErrSettings: the connections are not set up as the database needs it.
	ErrSettings = errors.New("sqlstore: wrong settings")
	// ErrOutdated: the tables are missing, or those of an older library. Call
	// Migrate.
	ErrOutdated = errors.New("sqlstore: the schema is not up to date")
	// ErrNewer: the tables are those of a newer library.
	ErrNewer = errors.New("sqlstore: the schema is newer than this library")
	// ErrForeign: the database is another application's, or its tables are not
	// what their version says.
	ErrForeign = errors.New("sqlstore: not a database of this library")
	// ErrReadOnly: nothing can be written.
	ErrReadOnly = errors.New("sqlstore: the database is read-only")
	// ErrDamaged: the file is cut off, overwritten, or no database at all.
	ErrDamaged = errors.New("sqlstore: the database is damaged")
)

// refuse says what is wrong and what to do.
func refuse(kind error, format string, args ...any) error {
	return fmt.Errorf("%w: %w", kind, fmt.Errorf(format, args...))
}

// says reports whether an error's text holds one of the phrases. Without a
// driver the texts of the database are all there is; those used here come
// from the database itself, not from a driver, and have not changed for years.
func says(err error, phrases ...string) bool {
	if err == nil {
		return false
	}
	text := strings.ToLower(err.Error())
	for _, p := range phrases {
		if strings.Contains(text, p) {
			return true
		}
	}
	return false
}
