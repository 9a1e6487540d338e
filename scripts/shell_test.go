package scripts_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// command is a simple command of a document.
type command struct {
	path   string
	line   int
	inline bool     // in prose, where it may lack its arguments
	env    []string // names of the variables set for it
	words  []string
}

// starts are the programs of this repository, and those that start them. In
// prose, nothing else in `code` is taken as a command.
var starts = regexp.MustCompile(
	`^([A-Z_]+=\S* )*(make|go run|go test|docker compose|livechat|livechat-load|` +
		`(\./|bin/|scripts/|docker/)\S+) `)

// commandsIn returns the commands in the sh and console blocks of a page, and in
// the `code` of its prose.
func commandsIn(p page) (all []command) {
	add := func(line int, inline bool, text string) {
		for _, c := range shell(text) {
			c.path, c.line, c.inline = p.path, line, inline
			all = append(all, c)
		}
	}
	for _, b := range blocks(p.text) {
		switch b.language {
		case "sh", "bash", "shell":
			add(b.line, false, b.text)
		case "console":
			for i, line := range strings.Split(b.text, "\n") {
				if typed, ok := strings.CutPrefix(strings.TrimSpace(line), "$ "); ok {
					add(b.line+i, false, typed)
				}
			}
		}
	}
	prose(p.text, func(number int, line string) {
		for _, match := range span.FindAllStringSubmatch(line, -1) {
			if starts.MatchString(match[1] + " ") {
				add(number, true, match[1])
			}
		}
	})
	return all
}

// block is a fenced block of a page.
type block struct {
	language string
	line     int // of its first line
	text     string
}

func blocks(text string) (all []block) {
	open := false
	for i, line := range strings.Split(text, "\n") {
		language, fence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case fence && open:
			open = false
		case fence:
			open = true
			all = append(all, block{language: language, line: i + 2})
		case open:
			all[len(all)-1].text += line + "\n"
		}
	}
	return all
}

var (
	assignment = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)
	heredoc    = regexp.MustCompile(`(?ms)<<'?(\w+)'?(.*?\n).*?^\s*(\w+)$`)
	keywords   = []string{"!", "do", "done", "else", "export", "fi", "if", "then", "time", "while"}
)

// shell splits a script into its simple commands. It knows as much of sh as the
// documents use. Text in "$(…)" within quotes is not looked at.
func shell(script string) (all []command) {
	script = heredoc.ReplaceAllString(script, "$2")
	script = strings.ReplaceAll(script, "\\\n", " ")
	for _, words := range simpleCommands(script) {
		var c command
		for len(words) > 0 && (assignment.MatchString(words[0]) || slices.Contains(keywords, words[0])) {
			if name, _, ok := strings.Cut(words[0], "="); ok {
				c.env = append(c.env, name)
			}
			words = words[1:]
		}
		if c.words = words; len(words) > 0 {
			all = append(all, c)
		}
	}
	return all
}

// simpleCommands returns the words of each command, without quotes, comments and
// redirections.
func simpleCommands(script string) (all [][]string) {
	var words []string
	word, begun, redirect := "", false, false
	endWord := func() {
		if begun && !redirect {
			words = append(words, word)
		}
		if begun {
			redirect = false
		}
		word, begun = "", false
	}
	end := func() {
		endWord()
		if len(words) > 0 {
			all = append(all, words)
		}
		words, redirect = nil, false
	}
	runes := []rune(script)
	for i := 0; i < len(runes); i++ {
		switch r := runes[i]; {
		case r == '\'' || r == '"':
			begun = true
			for i++; i < len(runes) && runes[i] != r; i++ {
				if r == '"' && runes[i] == '\\' && i+1 < len(runes) {
					i++
				}
				word += string(runes[i])
			}
		case r == '\\' && i+1 < len(runes):
			i++
			word, begun = word+string(runes[i]), true
		case r == '#' && !begun:
			for i+1 < len(runes) && runes[i+1] != '\n' {
				i++
			}
		case r == ' ' || r == '\t':
			endWord()
		case r == '<' || r == '>':
			endWord()
			redirect = true
		case strings.ContainsRune("\n;|&()", r):
			end()
		default:
			word, begun = word+string(r), true
		}
	}
	end()
	return all
}

func TestShellIsRead(t *testing.T) {
	script := "A=1 B= go run ./x -a 'b c' > out.txt   # go run ./y\n" +
		"for n in 1 2; do make \\\n  up; done\n" +
		"cat > f <<'END'\nmake nothing\nEND\n" +
		"export S=$(openssl rand) && x \"a $(b c)\" | y &\n"
	var got []string
	for _, c := range shell(script) {
		got = append(got, strings.Join(append(c.env, c.words...), "/"))
	}
	want := []string{
		"A/B/go/run/./x/-a/b c", "for/n/in/1/2", "make/up", "cat", "openssl/rand", "x/a $(b c)", "y",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestCommandsAreFound(t *testing.T) {
	text := "`make up` and `make`, not `makes up` or `$ make`\n" +
		"```sh\nmake a\n```\n  ```console\n  $ make b\n  make c\n  ```\n" +
		"```\nmake d\n```\n```json\nmake e\n```\n"
	var got []string
	for _, c := range commandsIn(page{"x.md", text}) {
		got = append(got, strings.Join(c.words, " "))
	}
	if want := []string{"make a", "make b", "make up", "make"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
