-- Each statement ends with a semicolon at the end of a line; there are none
-- elsewhere at the end of a line. Times are micro-seconds since 1970, UTC.
-- What is compared is binary, so that no collation takes "A" for "a".

CREATE TABLE sekisho_users (
	id                 BLOB NOT NULL PRIMARY KEY,
	lookup_key         BLOB NOT NULL,
	key_version        INTEGER NOT NULL,
	realm              BLOB NOT NULL,
	email              BLOB NOT NULL,
	password_hash      BLOB NOT NULL,
	state              BLOB NOT NULL,
	credential_version INTEGER NOT NULL,
	created            INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX sekisho_users_key ON sekisho_users (lookup_key);

CREATE TABLE sekisho_sessions (
	hash               BLOB NOT NULL PRIMARY KEY,
	id                 BLOB NOT NULL,
	user_id            BLOB NOT NULL,
	credential_version INTEGER NOT NULL,
	amr                TEXT NOT NULL,
	auth_time          INTEGER NOT NULL,
	created            INTEGER NOT NULL,
	seen               INTEGER NOT NULL,
	idle_expires       INTEGER NOT NULL,
	expires            INTEGER NOT NULL,
	remember           INTEGER NOT NULL,
	addr               BLOB NOT NULL,
	user_agent         TEXT NOT NULL,
	language           TEXT NOT NULL
) STRICT;

CREATE INDEX sekisho_sessions_user ON sekisho_sessions (user_id, created);

CREATE INDEX sekisho_sessions_idle ON sekisho_sessions (idle_expires);

CREATE TABLE sekisho_tickets (
	hash    BLOB NOT NULL PRIMARY KEY,
	purpose BLOB NOT NULL,
	owner   BLOB NOT NULL,
	data    BLOB NOT NULL,
	expires INTEGER NOT NULL
) STRICT;

CREATE INDEX sekisho_tickets_owner ON sekisho_tickets (owner, purpose, expires);

CREATE INDEX sekisho_tickets_expires ON sekisho_tickets (expires);

CREATE TABLE sekisho_jobs (
	id         BLOB NOT NULL PRIMARY KEY,
	realm      BLOB NOT NULL,
	payload    BLOB NOT NULL,
	not_before INTEGER NOT NULL,
	expires    INTEGER NOT NULL,
	attempts   INTEGER NOT NULL
) STRICT;

CREATE INDEX sekisho_jobs_due ON sekisho_jobs (realm, not_before);

CREATE INDEX sekisho_jobs_expires ON sekisho_jobs (expires);

-- user_id and reference are NULL where there is none; client_time is NULL
-- where nothing is known of the client, or no longer.
CREATE TABLE sekisho_events (
	seq         INTEGER PRIMARY KEY,
	happened    INTEGER NOT NULL,
	name        TEXT NOT NULL,
	realm       BLOB NOT NULL,
	user_id     BLOB,
	subject     BLOB NOT NULL,
	reference   BLOB,
	reason      TEXT NOT NULL,
	shown       TEXT NOT NULL,
	method      TEXT NOT NULL,
	until       INTEGER NOT NULL,
	addr        BLOB NOT NULL,
	user_agent  TEXT NOT NULL,
	language    TEXT NOT NULL,
	client_time INTEGER,
	actor       TEXT NOT NULL,
	note        TEXT NOT NULL
) STRICT;

CREATE INDEX sekisho_events_time ON sekisho_events (happened);

CREATE INDEX sekisho_events_user ON sekisho_events (user_id, happened);

CREATE INDEX sekisho_events_reference ON sekisho_events (reference, happened);

CREATE INDEX sekisho_events_client ON sekisho_events (client_time);

CREATE TABLE sekisho_locks (
	lookup_key BLOB NOT NULL PRIMARY KEY,
	content    BLOB NOT NULL,
	expires    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sekisho_locks_expires ON sekisho_locks (expires);

CREATE TABLE sekisho_limits (
	lookup_key BLOB NOT NULL PRIMARY KEY,
	content    BLOB NOT NULL,
	expires    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sekisho_limits_expires ON sekisho_limits (expires);

CREATE TABLE sekisho_meta (
	name    BLOB NOT NULL PRIMARY KEY,
	content BLOB NOT NULL
) STRICT;
