package scripts_test

import (
	"fmt"
	"go/scanner"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// words are turns that are wrong wherever they stand, and what to say instead.
// Most are names that this project used once and gave up.
var words = []struct{ wrong, instead string }{
	{`anew`, "again, afresh"},
	{`at all times`, "always, or nothing"},
	{`deaf`, "isolated"},
	{`expedit\w+ the heir|heirs?`, "successor"},
	{`gives? back|given back`, "returns, releases"},
	{`he|him|himself|his`, "the user, the client, they"},
	{`hears?|heard`, "receives, received"},
	{`lineages?`, "epoch history"},
	{`mend|mends|mended|mending`, "repair"},
	{`owes?|owed`, "unsent, staged"},
	{`said again|says? again|say-again`, "republished, repeated"},
	{`says? it over`, "publishes"},
	{`shelf|shelves`, "archive"},
	{`slowpokes?`, "slow client"},
	{`somebody's`, "belongs to an account, another user's"},
	{`strangers?`, "unknown payload"},
}

// mostColumns is the width of a comment line, with tabs of four columns.
const mostColumns = 100

// exempt are files that quote how things were called, or are not ours.
func exempt(path string) bool {
	return path == "CHANGELOG.md" || path == "scripts/words_test.go" ||
		strings.HasPrefix(path, "docs/decisions/") ||
		strings.Contains(path, "/testdata/")
}

// comment is one line of a comment, or of a Markdown file.
type comment struct {
	path  string
	line  int
	text  string
	alone bool // nothing but the comment is on the line
}

func TestWords(t *testing.T) {
	for _, c := range comments(t) {
		for _, fault := range wrongWords(c.text) {
			t.Errorf("%s:%d: %s", c.path, c.line, fault)
		}
	}
}

func TestWidthOfComments(t *testing.T) {
	for _, c := range comments(t) {
		if n := columns(c.text); c.alone && n > mostColumns && !wide(c) {
			t.Errorf("%s:%d: %d columns, want %d at most", c.path, c.line, n, mostColumns)
		}
	}
}

// wide reports whether a line may be wider: Markdown has tables and a test of its
// own, and preformatted lines in comments, such as frames, cannot be broken.
func wide(c comment) bool {
	return strings.HasSuffix(c.path, ".md") || strings.Contains(c.text, "//\t")
}

func TestCommentsInMarkup(t *testing.T) {
	for _, c := range []struct{ path, text, want string }{
		{"a.html", "<!-- one\n   two -->\n<p>three</p>", "<!-- one| true,   two -->| true"},
		{"a.html", "<p>x</p> <!-- one -->", " one | false"},
		{"a.css", "/* one\ntwo */ a { b: c } /* three */", "/* one| true,two | false, three | false"},
	} {
		var got []string
		for _, found := range commentsOf(c.path, c.text) {
			got = append(got, fmt.Sprintf("%s| %t", found.text, found.alone))
		}
		if strings.Join(got, ",") != c.want {
			t.Errorf("%s: %q, want %q", c.text, strings.Join(got, ","), c.want)
		}
	}
}

func TestWrongWordsAreFound(t *testing.T) {
	for text, want := range map[string]int{
		"begin anew":                              1,
		"He is told that it was mended":           2,
		"The name is somebody's: choose another.": 1,
		"`mended` is code":                        0,
		"the [owed](x) ones, heard":               2,
		"This is the renewed helper":              0,
	} {
		if got := wrongWords(text); len(got) != want {
			t.Errorf("%q: %q, want %d", text, got, want)
		}
	}
}

var (
	code     = regexp.MustCompile("`[^`]*`|https?://\\S+")
	patterns = compile()
	// anyWrong finds most lines innocent at the price of one pattern.
	anyWrong = wrong(allWrong())
)

func wrong(words string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)(^|[^\w':-])(` + words + `)($|[^\w'-])`)
}

func allWrong() string {
	var all []string
	for _, w := range words {
		all = append(all, w.wrong)
	}
	return strings.Join(all, "|")
}

func compile() (all []*regexp.Regexp) {
	for _, w := range words {
		all = append(all, wrong(w.wrong))
	}
	return all
}

// wrongWords returns a sentence for each wrong turn in a line. Code in
// backquotes is not looked at.
func wrongWords(text string) (faults []string) {
	if !anyWrong.MatchString(text) {
		return nil
	}
	text = code.ReplaceAllString(text, "``")
	for i, pattern := range patterns {
		if match := pattern.FindStringSubmatch(text); match != nil {
			faults = append(faults, fmt.Sprintf("%q: say %s", match[2], words[i].instead))
		}
	}
	return faults
}

func columns(line string) (n int) {
	for _, r := range line {
		if n++; r == '\t' {
			n += 3
		}
	}
	return n
}

// allComments are read once, by the first test that needs them.
var allComments []comment

// comments returns the comments and the Markdown of all files that git knows.
func comments(t *testing.T) []comment {
	t.Helper()
	if allComments != nil {
		return allComments
	}
	for path, text := range files(t) {
		if !exempt(path) {
			allComments = append(allComments, commentsOf(path, text)...)
		}
	}
	if len(allComments) == 0 {
		t.Fatal("no comments were found")
	}
	return allComments
}

// marks begin a comment line in files that are not Go.
var marks = map[string][]string{
	".js": {"//", "/*", "*"}, ".mjs": {"//", "/*", "*"}, ".ts": {"//", "/*", "*"},
	".lua": {"--"}, ".sql": {"--"},
	".sh": {"#"}, ".yml": {"#"}, ".yaml": {"#"}, ".cfg": {"#"}, ".template": {"#"},
	"Makefile": {"#"}, "Dockerfile": {"#"}, "run": {"#"}, ".gitignore": {"#"}, ".dockerignore": {"#"},
	".back": {"#"}, ".front": {"#"}, ".load": {"#"},
}

func commentsOf(path, text string) (all []comment) {
	lines := strings.Split(text, "\n")
	switch extension := filepath.Ext(path); extension {
	case ".go":
		return goComments(path, text, lines)
	case ".md":
		fenced := false
		for i, line := range lines {
			if strings.HasPrefix(strings.TrimSpace(line), "```") {
				fenced = !fenced
			} else if !fenced {
				all = append(all, comment{path, i + 1, line, true})
			}
		}
	case ".html":
		return blockComments(path, lines, "<!--", "-->")
	case ".css":
		return blockComments(path, lines, "/*", "*/")
	default:
		if extension == "" {
			extension = filepath.Base(path)
		}
		for i, line := range lines {
			if isComment(extension, line) {
				all = append(all, comment{path, i + 1, line, true})
			}
		}
	}
	return all
}

// isComment reports whether a line is nothing but a comment, or a part of one.
func isComment(extension, line string) bool {
	trimmed := strings.TrimSpace(line)
	return slices.ContainsFunc(marks[extension], func(mark string) bool {
		return strings.HasPrefix(trimmed, mark)
	})
}

// blockComments returns the lines of comments that begin and end with marks. One
// that shares its line with markup or rules is cut out of it.
func blockComments(path string, lines []string, begin, end string) (all []comment) {
	inside := false
	for i, line := range lines {
		rest, alone := line, true
		for rest != "" {
			if !inside {
				before, after, found := strings.Cut(rest, begin)
				alone = alone && strings.TrimSpace(before) == ""
				if !found {
					break
				}
				rest = after
			}
			text, after, ends := strings.Cut(rest, end)
			inside, rest = !ends, after
			if alone = alone && strings.TrimSpace(after) == ""; alone {
				text = line
			}
			all = append(all, comment{path, i + 1, text, alone})
		}
	}
	return all
}

func goComments(path, text string, lines []string) (all []comment) {
	files := token.NewFileSet()
	file := files.AddFile(path, -1, len(text))
	var s scanner.Scanner
	s.Init(file, []byte(text), nil, scanner.ScanComments)
	for {
		position, kind, literal := s.Scan()
		if kind == token.EOF {
			return all
		}
		if kind != token.COMMENT || strings.HasPrefix(literal, "//go:") {
			continue
		}
		at := file.Position(position)
		for i, line := range strings.Split(literal, "\n") {
			whole := lines[at.Line-1+i]
			alone := strings.HasPrefix(strings.TrimSpace(whole), strings.TrimSpace(line))
			if alone {
				line = whole
			}
			all = append(all, comment{path, at.Line + i, line, alone})
		}
	}
}
