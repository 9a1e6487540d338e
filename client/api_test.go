package client

import (
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// A program that uses the client depends on what its exported API names. The
// standard library keeps that as it is; another module may change it, and an
// experimental one will.
func TestAPINamesOnlyTheStandardLibrary(t *testing.T) {
	own, standard := checked(t)
	w := walker{own: own, standard: standard, seen: make(map[types.Type]bool)}
	for _, name := range own.Scope().Names() {
		if object := own.Scope().Lookup(name); object.Exported() {
			w.walk(name, object.Type())
		}
	}
	for _, foreign := range w.foreign {
		t.Error(foreign)
	}
	if len(w.seen) < 30 {
		t.Errorf("looked at %d types only", len(w.seen))
	}
}

// checked returns the types of this package, without its tests, and which of
// the packages that it imports are in the standard library. It takes their types
// from what the go command has compiled.
func checked(t *testing.T) (own *types.Package, standard map[string]bool) {
	t.Helper()
	list := exec.Command("go", "list", "-deps", "-export", "-f",
		"{{.ImportPath}}={{.Standard}}={{.Export}}", ".")
	list.Stderr = t.Output()
	out, err := list.Output()
	if err != nil {
		t.Fatalf("compile what the client imports: %v", err)
	}
	compiled, standard := make(map[string]string), make(map[string]bool)
	for line := range strings.Lines(string(out)) {
		of := strings.SplitN(strings.TrimSpace(line), "=", 3)
		standard[of[0]], compiled[of[0]] = of[1] == "true", of[2]
	}
	names, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
	var files []*ast.File
	set := token.NewFileSet()
	for _, name := range names {
		file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	open := func(path string) (io.ReadCloser, error) {
		if compiled[path] == "" {
			return nil, errors.New("not compiled")
		}
		return os.Open(compiled[path])
	}
	config := types.Config{Importer: importer.ForCompiler(set, "gc", open)}
	if own, err = config.Check("client", set, files, nil); err != nil {
		t.Fatal(err)
	}
	return own, standard
}

// walker looks for types of other modules in what users of a package can reach.
type walker struct {
	own      *types.Package
	standard map[string]bool // packages that may be named, too
	seen     map[types.Type]bool
	foreign  []string // a sentence each
}

// walk looks at a type that is called name.
func (w *walker) walk(name string, of types.Type) {
	if w.seen[of] {
		return
	}
	w.seen[of] = true
	switch of := of.(type) {
	case *types.Alias:
		w.walk(name, types.Unalias(of))
	case *types.Named:
		w.named(name, of)
	case *types.Struct:
		for field := range of.Fields() {
			if field.Exported() || field.Embedded() {
				w.walk(name+"."+field.Name(), field.Type())
			}
		}
	case *types.Interface:
		for method := range of.Methods() {
			if method.Exported() {
				w.walk(name+"."+method.Name(), method.Type())
			}
		}
	case *types.Signature:
		for parameter := range of.Params().Variables() {
			w.walk(name, parameter.Type())
		}
		for result := range of.Results().Variables() {
			w.walk(name, result.Type())
		}
	case *types.Map:
		w.walk(name, of.Key())
		w.walk(name, of.Elem())
	case interface{ Elem() types.Type }: // pointer, slice, array, channel
		w.walk(name, of.Elem())
	}
}

// named looks at a type with a name: at what it is made of if it is of this
// package, else at where it comes from.
func (w *walker) named(name string, of *types.Named) {
	for argument := range of.TypeArgs().Types() {
		w.walk(name, argument)
	}
	switch pkg := of.Obj().Pkg(); {
	case pkg == w.own:
		name = of.Obj().Name()
		w.walk(name, of.Underlying())
		for method := range of.Methods() {
			if method.Exported() {
				w.walk(name+"."+method.Name(), method.Type())
			}
		}
	case pkg != nil && !w.standard[pkg.Path()]:
		w.foreign = append(w.foreign, name+" is of the type "+of.String())
	}
}
