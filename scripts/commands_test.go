package scripts_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"livechat/server/admin"
)

// TestCommandsInMarkdownExist: what a document tells people to type must exist,
// down to the flags.
func TestCommandsInMarkdownExist(t *testing.T) {
	known := readCommands(t)
	found := 0
	for _, p := range pages(t) {
		if filepath.Dir(p.path) != "docs" && !slices.Contains(topPages, p.path) {
			continue
		}
		for _, c := range commandsIn(p) {
			found++
			for _, fault := range known.faults(c) {
				t.Errorf("%s:%d: %s: %s", c.path, c.line, strings.Join(c.words, " "), fault)
			}
		}
	}
	if found < 200 {
		t.Errorf("only %d commands were found", found)
	}
}

// topPages are the pages beside those of docs/ whose commands are for people of
// today.
var topPages = []string{"README.md", "CONTRIBUTING.md", "SECURITY.md"}

// TestMissingCommandsAreFound shows that each of the checks finds its faults.
func TestMissingCommandsAreFound(t *testing.T) {
	known := readCommands(t)
	for script, want := range map[string]string{
		"make up":                           "",
		"make load CLIENTS=5 ARGS='-mix a'": "",
		"make nothing":                      "no target nothing",
		"make load CLIENT=5":                "the Makefile has no CLIENT",
		"make load ARGS='-nothing 5'":       "./load has no flag -nothing",

		"go run ./load -clients 5 -compare a b": "",
		"go run ./load worker -listen :7100":    "",
		"go run ./load wroker -listen :7100":    "./load has no command wroker",
		"go run ./nothing":                      "./nothing is no program",
		"go run ./client":                       "./client is no program",
		"bin/load -nothing":                     "./load has no flag -nothing",
		"./bench -only cost,nothing":            "./bench has no part nothing",
		"livechat-load --fro=5s":                "./load has no flag -fro",
		"go run ./tools/chaos -nothing":         "./tools/chaos has no flag -nothing",
		"go run ./load -kill-command 'make x'":  "no target x",
		"go run ./load -experiment load/x.yaml": "there is no load/x.yaml",
		"go test -run TestNothing ./server":     "no test TestNothing",
		"go test ./nothing":                     "there is no ./nothing",
		"NOTHING=1 go test ./server":            "nothing reads NOTHING",

		"livechat export":                                 "",
		"livechat admin user list -json":                  "",
		"livechat exprot":                                 "unknown command exprot",
		"livechat admin user lsit":                        "unknown command",
		"go run ./server admin ban list -nothing":         "flag provided but not defined",
		"docker compose exec api /livechat admin user ls": "unknown command",
		"docker compose run --rm -T api exprot":           "unknown command exprot",
		"docker compose run load -nothing":                "./load has no flag -nothing",
		"docker compose up -d --scale ws=4 ws9":           "no service ws9",
		"docker compose up --scale sw=4":                  "no service sw",
		"TAG=1 NOTHING=1 docker compose up -d":            "no setting of compose NOTHING",
		"NOTHING=1 livechat":                              "docs/configuration.md has no NOTHING",
		"scripts/nothing.sh":                              "there is no scripts/nothing.sh",
	} {
		var faults []string
		for _, c := range shell(script) {
			faults = append(faults, known.faults(c)...)
		}
		if got := strings.Join(faults, "; "); want == "" && got != "" || !strings.Contains(got, want) ||
			len(faults) > 1 {
			t.Errorf("%s: %q, want %q", script, got, want)
		}
	}
}

// known is what commands may name.
type known struct {
	makefile, compose, settings, help string
	sources                           string // of the Go files that read the environment
	services                          []string
	programs                          map[string]*program // by folder
}

// program is a main package.
type program struct {
	flags map[string]bool // whether it takes a value
	texts map[string]bool // its string literals: commands and parts are among them
}

var (
	environment = regexp.MustCompile(`\b(Getenv|LookupEnv|env)\(`)
	packageMain = regexp.MustCompile(`(?m)^package main$`)
)

func readCommands(t *testing.T) *known {
	t.Helper()
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	k := &known{
		makefile: read("Makefile"), compose: read("docker-compose.yml"),
		settings: read("docs/configuration.md"), help: read("server/help.go"),
		programs: map[string]*program{},
	}
	_, services, _ := strings.Cut(k.compose, "\nservices:\n")
	services, _, _ = strings.Cut(services, "\nnetworks:\n")
	k.services = names(`(?m)^  (\w+):`, services)
	for path, text := range files(t) {
		if filepath.Ext(path) != ".go" {
			continue
		}
		if !strings.HasPrefix(path, "scripts/") && environment.MatchString(text) {
			k.sources += text
		}
		if !strings.HasSuffix(path, "_test.go") && packageMain.MatchString(text) {
			k.readProgram(t, "./"+filepath.ToSlash(filepath.Dir(path)), text)
		}
	}
	return k
}

// readProgram reads the flags and the string literals of one file.
func (k *known) readProgram(t *testing.T, dir, text string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), dir, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	p := k.programs[dir]
	if p == nil {
		p = &program{flags: map[string]bool{"h": false, "help": false}, texts: map[string]bool{}}
		k.programs[dir] = p
	}
	ast.Inspect(parsed, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.BasicLit:
			if s, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
				p.texts[s] = true
			}
		case *ast.CallExpr:
			if name, value, ok := definedFlag(n); ok {
				p.flags[name] = value
			}
		}
		return true
	})
}

var flagKind = regexp.MustCompile(`^(Bool|Int|Int64|Uint|Uint64|Float64|String|Duration|Text)?(Var|Func)?$`)

// definedFlag returns the flag that a call of package flag defines, and whether
// it takes a value.
func definedFlag(call *ast.CallExpr) (name string, value, ok bool) {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !flagKind.MatchString(method.Sel.Name) {
		return "", false, false
	}
	if on, ok := method.X.(*ast.Ident); !ok || on.Name != "flag" && on.Name != "flags" {
		return "", false, false
	}
	i := 0
	if strings.HasSuffix(method.Sel.Name, "Var") {
		i = 1
	}
	if len(call.Args) <= i {
		return "", false, false
	}
	literal, ok := call.Args[i].(*ast.BasicLit)
	if !ok {
		return "", false, false
	}
	name, err := strconv.Unquote(literal.Value)
	return name, !strings.HasPrefix(method.Sel.Name, "Bool"), err == nil
}

// livechatFaults returns what is wrong with the arguments of a server.
func (k *known) livechatFaults(args []string, inline bool) []string {
	switch {
	case len(args) == 0 || strings.HasPrefix(args[0], "-"):
		return nil
	case !regexp.MustCompile(`(?m)^  livechat ` + regexp.QuoteMeta(args[0]) + `\b`).MatchString(k.help):
		return []string{"unknown command " + args[0]}
	case args[0] != "admin" || len(args) == 1 || len(args) > 2 && args[1] == "files" && args[2] == "check":
		return nil
	}
	_, err := admin.Parse(args[1:])
	if err == nil || inline && !strings.Contains(err.Error(), "unknown command") {
		return nil // in prose its arguments may be missing
	}
	return []string{fmt.Sprint(err)}
}
