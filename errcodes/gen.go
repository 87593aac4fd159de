package errcodes

//go:generate go run ./internal/errdocs/gen -source . -docs ../docs
