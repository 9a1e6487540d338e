package scripts_test

import (
	"regexp"
	"strings"
	"testing"
)

// headless is a sentence in a comment that begins with a question word where a
// noun is wanted: the reader has to look for what it is about.
var headless = regexp.MustCompile(`(?:^\W*|[.:;?!] )(Who|What is|Of what)\b`)

// namedSo are the files in which the word is the name of what a comment is about.
var namedSo = map[string]string{"server/moderation/who.go": "Who"}

func TestWordsThatBeginComments(t *testing.T) {
	for _, c := range comments(t) {
		if strings.HasSuffix(c.path, ".md") {
			continue
		}
		if word := headlessWord(c.text); word != "" && namedSo[c.path] != word {
			t.Errorf("%s:%d: a sentence begins with %q: name what it is about", c.path, c.line, word)
		}
	}
}

func TestHeadlessCommentsAreFound(t *testing.T) {
	for text, want := range map[string]string{
		"\t// Who is here.":                         "Who",
		" * Rows. What is deleted stays.":           "What is",
		"# Of what the image is made":               "Of what",
		"<!-- Who -->":                              "Who",
		"// The person who is here. Whoever it is.": "",
		"-- the rows: what is deleted":              "",
		"// WhoReacted returns who reacted.":        "",
	} {
		if got := headlessWord(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// headlessWord returns the word that a headless sentence begins with, or "".
func headlessWord(text string) string {
	if match := headless.FindStringSubmatch(text); match != nil {
		return match[1]
	}
	return ""
}
