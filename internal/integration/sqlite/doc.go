// Package sqlite tests package sqlstore on SQLite, through modernc.org/sqlite.
package sqlite
