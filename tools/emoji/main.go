// Command emoji makes the lists of emoji from Unicode's own files: the one that
// the server checks against, and the one of the page's picker. Run it by
// `go generate ./tools/emoji` when Unicode has new ones; the files are those of
// Debian's packages unicode-data and unicode-cldr-core.
package main

//go:generate go run . -server ../../server/chat/emoji.txt -page ../../static/emoji.json

import (
	"bytes"
	"flag"
	"fmt"
	"os"
)

func main() {
	test := flag.String("test", "/usr/share/unicode/emoji/emoji-test.txt", "Unicode's list of emoji")
	words := flag.String("words", "/usr/share/unicode/cldr/common/annotations/en.xml",
		"CLDR's words for them")
	server := flag.String("server", "", "where the list of the server goes")
	page := flag.String("page", "", "where the list of the page goes")
	flag.Parse()
	if err := generate(*test, *words, *server, *page); err != nil {
		fmt.Fprintln(os.Stderr, "emoji:", err)
		os.Exit(1)
	}
}

func generate(test, words, server, page string) error {
	list, err := os.ReadFile(test)
	if err != nil {
		return fmt.Errorf("read Unicode's list: %w", err)
	}
	annotations, err := os.ReadFile(words)
	if err != nil {
		return fmt.Errorf("read the words: %w", err)
	}
	all, err := parse(bytes.NewReader(list))
	if err != nil {
		return err
	}
	keywords, err := parseWords(bytes.NewReader(annotations))
	if err != nil {
		return err
	}
	if err := os.WriteFile(server, all.forServer(), 0o644); err != nil {
		return fmt.Errorf("write the server's list: %w", err)
	}
	if err := os.WriteFile(page, all.forPage(keywords), 0o644); err != nil {
		return fmt.Errorf("write the page's list: %w", err)
	}
	return nil
}
