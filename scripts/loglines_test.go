package scripts_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// logLine is how each log line of a server begins: people search for components.
var logLine = regexp.MustCompile(`^[a-z0-9]+( [a-z0-9]+)*: [^ ]`)

// messageOf is which argument of a function of slog is the message.
var messageOf = map[string]int{
	"Debug": 0, "Info": 0, "Warn": 0, "Error": 0,
	"DebugContext": 1, "InfoContext": 1, "WarnContext": 1, "ErrorContext": 1,
	"Log": 2, "LogAttrs": 2,
}

func TestLogLinesNameTheirComponent(t *testing.T) {
	found := 0
	for path, text := range files(t) {
		if !strings.HasPrefix(path, "server/") || filepath.Ext(path) != ".go" ||
			strings.HasSuffix(path, "_test.go") {
			continue
		}
		n, faults := badLogLines(path, text)
		found += n
		for _, fault := range faults {
			t.Error(fault)
		}
	}
	if found < 50 {
		t.Errorf("only %d log lines were found", found)
	}
}

func TestBadLogLinesAreFound(t *testing.T) {
	n, faults := badLogLines("a.go", `package a
func f() {
	log.Debug("redis: connected")
	log.Log(ctx, level, "log repair: done", "room", room)
	log.Warn("something happened", "error", err)
	log.InfoContext(ctx, "Redis: up")
	w.Error(code)
}`)
	want := `a.go:5: "something happened" does not begin with a component`
	if n != 4 || len(faults) != 2 || faults[0] != want {
		t.Errorf("%d log lines, faults %q", n, faults)
	}
}

// badLogLines returns how many log lines a file has and what is wrong with them.
func badLogLines(path, text string) (n int, faults []string) {
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, path, text, parser.SkipObjectResolution)
	if err != nil {
		return 0, []string{err.Error()}
	}
	ast.Inspect(parsed, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return true
		}
		called, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		i, ok := messageOf[called.Sel.Name]
		if !ok || len(call.Args) <= i {
			return true
		}
		literal, ok := call.Args[i].(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return true
		}
		n++
		if message, err := strconv.Unquote(literal.Value); err != nil || !logLine.MatchString(message) {
			faults = append(faults, fmt.Sprintf("%s:%d: %s does not begin with a component", path,
				set.Position(literal.Pos()).Line, literal.Value))
		}
		return true
	})
	return n, faults
}
