// Package mutation holds the list of defences together with a way to take
// each one out, and the test that must go red without it.
//
// `go test ./internal/mutation` checks that every entry still fits the code.
// `go test ./internal/mutation -mutate` takes each defence out in turn, in a
// copy that only the compiler sees, and fails for every one that no test
// misses. It prints the table.
package mutation

// Mutation is one defence and the change that takes it out.
type Mutation struct {
	// Defence says what the code defends against.
	Defence string
	// File is the path from the root of the module.
	File string
	// Old stands exactly once in File and is replaced by New.
	Old, New string
	// Package and Test name what must go red.
	Package, Test string
}

// All returns every entry.
func All() []Mutation {
	var all []Mutation
	for _, list := range [][]Mutation{counting, words, gate, sessions, recovery, attacks, web} {
		all = append(all, list...)
	}
	return all
}
