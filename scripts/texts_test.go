package scripts_test

import (
	"go/scanner"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// wireWords are strings that programs of other versions send and read, or that
// Redis stores: see server/bus/frozen.go and docs/protocol.md.
var wireWords = []string{"deaf", "mend", "mended"}

// TestWordsInTexts reads what users, operators and developers see of a program:
// Go strings, names of tests, and the texts of the page.
func TestWordsInTexts(t *testing.T) {
	found := 0
	for path, text := range files(t) {
		if exempt(path) {
			continue
		}
		for _, s := range textsOf(path, text) {
			found++
			if slices.Contains(wireWords, s.text) {
				continue
			}
			for _, fault := range wrongWords(member.ReplaceAllString(s.text, "")) {
				t.Errorf("%s:%d: %s", path, s.line, fault)
			}
		}
	}
	if found == 0 {
		t.Fatal("no texts were found")
	}
}

func TestTextsAreFound(t *testing.T) {
	const program = "package a\n\n// no text\nfunc TestHTTPClientOfANode(t *testing.T) {\n" +
		"\tt.Run(\"a\\tname\", f)\n\tx := `two\nlines`\n}\n"
	const page = "// no 'text'\nexport const A = {\n  a: 'it\\'s', b: `${n} of ${m} lines`, c: \"can't\",\n}\n"
	for path, want := range map[string]string{
		"a/a_test.go":                  "4 HTTP Client Of A Node|5 a\tname|6 two\nlines",
		"static/js/model/strings/a.js": "3 it's|3  of  lines|3 can't",
		"static/js/model/a.js":         "",
	} {
		source := page
		if strings.HasSuffix(path, ".go") {
			source = program
		}
		var got []string
		for _, s := range textsOf(path, source) {
			got = append(got, strconv.Itoa(s.line)+" "+s.text)
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%s: %q, want %q", path, strings.Join(got, "|"), want)
		}
	}
}

// text is a string in a program.
type text struct {
	line int
	text string
}

// textsOf returns the strings of a Go file with the names of its tests, and the
// strings of a module with the page's texts; nil for all other files.
func textsOf(path, source string) []text {
	switch {
	case strings.HasSuffix(path, ".go"):
		return goTexts(path, source)
	case stringModule.MatchString(path):
		return pageTexts(source)
	}
	return nil
}

var (
	stringModule = regexp.MustCompile(`^static/js/(model/strings/[\w-]+|\w+/strings)\.js$`)
	testName     = regexp.MustCompile(`^(?:Test|Benchmark|Fuzz)(\p{Lu}\w*)$`)
	// wordEnd is where a word of a name ends: renews|The, HTTP|Client.
	wordEnd = regexp.MustCompile(`([\p{Ll}\d])(\p{Lu})|(\p{Lu})(\p{Lu}\p{Ll})`)
	// quoted is a string of JavaScript that ends on its line.
	quoted = regexp.MustCompile(`'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|` + "`(?:[^`\\\\]|\\\\.)*`")
	// member is a string in a JSON object: data, and no text of a program.
	member      = regexp.MustCompile(`"\w+": *"[^"]*"`)
	placeholder = regexp.MustCompile(`\$\{[^}]*\}`)
)

func goTexts(path, source string) (all []text) {
	files := token.NewFileSet()
	file := files.AddFile(path, -1, len(source))
	var s scanner.Scanner
	s.Init(file, []byte(source), nil, 0)
	for {
		position, kind, literal := s.Scan()
		line := file.Line(position)
		switch kind {
		case token.EOF:
			return all
		case token.STRING:
			if plain, err := strconv.Unquote(literal); err == nil {
				all = append(all, text{line, plain})
			}
		case token.IDENT:
			if match := testName.FindStringSubmatch(literal); match != nil {
				all = append(all, text{line, spaced(match[1])})
			}
		}
	}
}

// spaced returns a name in camel case with spaces between its words. The matches
// of wordEnd overlap where a word is one letter: AName.
func spaced(name string) string {
	for range 2 {
		name = wordEnd.ReplaceAllString(name, "$1$3 $2$4")
	}
	return name
}

func pageTexts(source string) (all []text) {
	for i, line := range strings.Split(source, "\n") {
		if isComment(".js", line) {
			continue
		}
		for _, s := range quoted.FindAllString(line, -1) {
			s = placeholder.ReplaceAllString(s[1:len(s)-1], "")
			all = append(all, text{i + 1, strings.ReplaceAll(s, `\'`, "'")})
		}
	}
	return all
}
