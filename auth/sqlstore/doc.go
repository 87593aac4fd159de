// Package sqlstore keeps everything in an SQL database through database/sql.
// It brings no driver: import the one you like. For most purposes New is all
// there is to call:
//
//	db, err := sql.Open("sqlite", "file:app.db?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)")
//	…
//	stores, err := sqlstore.New(ctx, db, sqlstore.SQLite, sqlstore.Config{Migrate: true})
//	…
//	svc, err := auth.New(auth.Config{Stores: stores, Keys: keys})
//
// New refuses a database or a connection that it cannot work with, and says
// what to change. docs/stores.md explains the settings.
//
// Look-up keys, hashes and ids are compared as bytes and never by a
// collation. Times are micro-seconds in UTC. Every statement finds its rows
// by an index. What has expired is swept a few rows at a time as new rows
// arrive, an hour after it expired at the earliest, so no job is needed.
//
// Tables are named sekisho_…, so they can stand beside those of the app.
package sqlstore
