package scripts_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// mostUnlisted is how many sections a document may have without a list of them.
const mostUnlisted = 4

// documentWords are words that documents have another one for. Comments still use
// them.
var documentWords = []struct{ wrong, instead string }{
	{`API process(es)?|(server|process)(e?s)? with the API`, "API server"},
	{`rooms? (that|which) (somebody|people) (makes?|made)`, "made room"},
	{`cut off from Redis`, "isolated from Redis"},
}

// TestContentsAreComplete: whoever looks for a section in the list at the top of
// a document finds it there.
func TestContentsAreComplete(t *testing.T) {
	for _, p := range documents(t) {
		for _, fault := range unlisted(p) {
			t.Error(fault)
		}
	}
}

func TestDocumentsUseOneWord(t *testing.T) {
	for _, p := range documents(t) {
		for _, fault := range otherWords(p) {
			t.Error(fault)
		}
	}
}

func TestContentsFaultsAreFound(t *testing.T) {
	four := "## One\n## Two\n## Three\n## Four\n"
	for _, test := range []struct {
		text  string
		check func(page) []string
		want  int
	}{
		{four, unlisted, 0},
		{four + "## Five\n", unlisted, 5},
		{"[one](#one) [two](#two)\n## One\n## Two\n## Three\n### Part\n", unlisted, 1},
		{"[one](#one)\n## One\n```\n## no heading\n```\n", unlisted, 0},
		{"an API\nprocess, a server\nwith the API, `a server with the API`", otherWords, 2},
		{"rooms that people make, room that somebody made, made rooms", otherWords, 2},
	} {
		if got := test.check(page{"docs/x.md", test.text}); len(got) != test.want {
			t.Errorf("%q: %q, want %d", test.text, got, test.want)
		}
	}
}

// documents returns the pages that people read one after the other.
func documents(t *testing.T) []page {
	return slices.DeleteFunc(pages(t), func(p page) bool {
		return !strings.HasPrefix(p.path, "docs/") && p.path != "README.md" && p.path != "SECURITY.md"
	})
}

// unlisted returns the sections that the list at the top of a page lacks.
func unlisted(p page) (faults []string) {
	var top strings.Builder
	var sections []string
	prose(p.text, func(_ int, line string) {
		switch {
		case strings.HasPrefix(line, "## "):
			sections = append(sections, line)
		case len(sections) == 0:
			top.WriteString(line + "\n")
		}
	})
	if !strings.Contains(top.String(), "](#") && len(sections) <= mostUnlisted || p.path == "README.md" {
		return nil
	}
	for _, section := range sections {
		if anchor := anchors(section)[0]; !strings.Contains(top.String(), "](#"+anchor+")") {
			faults = append(faults, fmt.Sprintf("%s: the list at the top lacks %q", p.path, section))
		}
	}
	return faults
}

// otherWords returns where a page says documentWords, also across lines.
func otherWords(p page) (faults []string) {
	text := strings.Join(strings.Fields(code.ReplaceAllString(p.text, "``")), " ")
	for _, w := range documentWords {
		for _, match := range regexp.MustCompile(`(?i)\b(`+w.wrong+`)\b`).FindAllString(text, -1) {
			faults = append(faults, fmt.Sprintf("%s: %q: say %s", p.path, match, w.instead))
		}
	}
	return faults
}
