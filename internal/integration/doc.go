// Package integration tests the library against real servers. It is a module of its own, so that none of what it needs
// reaches an importer's go.mod.
//
// Mail goes through two servers in this process (emersion/go-smtp, in the clear and with TLS) and, where they are installed,
// through OpenSMTPD (Debian: opensmtpd; needs root) and aiosmtpd (Debian: python3-aiosmtpd). With CI set in the environment
// a server that is missing fails the tests; it is never skipped.
package integration
