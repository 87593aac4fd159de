package errcodes

// Text is what a person reads about a reason, in one language.
type Text struct {
	// Title is the official title of the code; a page should lead with Detail.
	Title string
	// Detail says what happened and what to do.
	Detail string
	// Causes says what may have led to it, the most likely first.
	Causes []string
	// Remedies says what to do next, the most likely to help first.
	Remedies []Remedy
}

// Remedy is one thing to do, in words.
type Remedy struct {
	Action Action
	Label  string
}

// Describe returns the text of a reason in the language lang ("ja", "ja-JP"); in
// English if there is no such language. Numbers are the library's defaults and
// waits are "later", since a reason alone carries none; see [Catalog.Error] for
// the text of an error. ok is false only for a reason that is not in the table.
func Describe(r Reason, lang string) (t Text, ok bool) { return CatalogFor(lang).Reason(r) }
