//go:build race

package authhttp_test

const raceEnabled = true
