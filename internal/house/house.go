// Package house holds no code, only tests: the rules of this repository that a compiler does not know. Who may import whom,
// what importers have to link, how large interfaces, files and functions may grow, that everything exported is documented,
// and that the documents say what is there.
package house
