// Command gen writes docs/errors.md and docs/errors.json.
package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"

	"github.com/sekisho-auth/sekisho/errcodes/internal/errdocs"
)

func main() {
	log.SetFlags(0)
	source := flag.String("source", ".", "folder with the source of package errcodes")
	docs := flag.String("docs", "docs", "folder to write to")
	flag.Parse()
	if err := run(*source, *docs); err != nil {
		log.Fatal("errdocs: ", err)
	}
}

func run(source, docs string) error {
	doc, err := errdocs.Collect(source)
	if err != nil {
		return err
	}
	data, err := doc.JSON()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(docs, "errors.json"), data, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(docs, "errors.md"), doc.Markdown(), 0o644)
}
