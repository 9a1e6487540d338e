package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// source is what the rules look at in one Go file.
type source struct {
	pkg     string // its folder, from the top of the module
	file    string
	test    bool
	imports []string
	env     []string // functions of os that read the environment
}

// readSources parses every Go file below top. It asks no tool, so build
// constraints hide no file.
func readSources(t *testing.T, top string) (sources []source) {
	t.Helper()
	err := filepath.WalkDir(top, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := entry.Name()
		if entry.IsDir() {
			if name != top &&
				(base[0] == '.' || base[0] == '_' || base == "testdata" || base == "node_modules") {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(name, "go.mod")); name != top && err == nil {
				return filepath.SkipDir // a module of its own
			}
			return nil
		}
		if !strings.HasSuffix(base, ".go") {
			return nil
		}
		relative, err := filepath.Rel(top, name)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		sources = append(sources, inspect(filepath.ToSlash(relative), parsed))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sources
}

// inspect returns what the rules look at in a parsed file.
func inspect(file string, parsed *ast.File) source {
	s := source{pkg: path.Dir(file), file: file, test: strings.HasSuffix(file, "_test.go")}
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			imported = spec.Path.Value // cannot happen: the parser accepted it
		}
		s.imports = append(s.imports, imported)
	}
	ast.Inspect(parsed, func(node ast.Node) bool {
		selector, ok := node.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		name := selector.Sel.Name
		if x, ok := selector.X.(*ast.Ident); ok && x.Name == "os" &&
			slices.Contains([]string{"Getenv", "LookupEnv", "Environ", "ExpandEnv"}, name) {
			s.env = append(s.env, "os."+name)
		}
		return true
	})
	return s
}
