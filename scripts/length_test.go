package scripts_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// longest is how many lines a file of code may have.
const longest = 300

// longFiles may have more: they are tables.
var longFiles = []string{}

func TestLinesOfFiles(t *testing.T) {
	found := 0
	for path, text := range files(t) {
		if !hasLimit(path) {
			continue
		}
		found++
		n, isTable := strings.Count(text, "\n"), slices.Contains(longFiles, path)
		switch {
		case n > longest && !isTable:
			t.Errorf("%s has %d lines, want %d at most", path, n, longest)
		case n <= longest && isTable:
			t.Errorf("%s has %d lines: take it from the list of longer files", path, n)
		}
	}
	if found == 0 {
		t.Fatal("no code was found")
	}
}

func TestLengthIsOfCode(t *testing.T) {
	for path, want := range map[string]bool{
		"a/b.go": true, "a.d.ts": true, "docker/Dockerfile.back": true, "a.md": false, "a.json": false,
		"a/testdata/b.go": false,
	} {
		if got := hasLimit(path); got != want {
			t.Errorf("%s: %t, want %t", path, got, want)
		}
	}
}

// hasLimit reports whether a file is code that people read.
func hasLimit(path string) bool {
	const code = ".go .js .mjs .ts .html .css .sh .lua .sql"
	isCode := slices.Contains(strings.Fields(code), filepath.Ext(path)) ||
		strings.HasPrefix(filepath.Base(path), "Dockerfile")
	return isCode && !strings.Contains(path, "/testdata/")
}
