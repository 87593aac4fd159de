module github.com/sekisho-auth/sekisho/internal/integration

go 1.26.0

require (
	github.com/emersion/go-sasl v0.0.0-20241020182733-b788ff22d5a6
	github.com/emersion/go-smtp v0.25.1
	github.com/sekisho-auth/sekisho v0.0.0
	golang.org/x/net v0.62.0
)

require (
	github.com/wneessen/go-mail v0.8.1 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/text v0.43.0 // indirect
	golang.org/x/time v0.16.0 // indirect
)

replace github.com/sekisho-auth/sekisho => ../../
