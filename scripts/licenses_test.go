package scripts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// licences runs licenses.sh for packages of the module in a folder.
func licences(t *testing.T, folder string, packages ...string) (text, problem string, err error) {
	t.Helper()
	script, err := filepath.Abs("licenses.sh")
	if err != nil {
		t.Fatal(err)
	}
	var problems strings.Builder
	command := exec.Command("bash", append([]string{script}, packages...)...)
	command.Dir, command.Stderr = folder, &problems
	command.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	out, err := command.Output()
	return string(out), problems.String(), err
}

// section returns the licences of a module with a version, empty if there are
// none.
func section(text, name string) string {
	_, rest, _ := strings.Cut(text, "\n"+strings.Repeat("=", len(name))+"\n"+name+"\n\n--- ")
	if end := regexp.MustCompile(`\n\n\n=+\n`).FindStringIndex(rest); end != nil {
		rest = rest[:end[0]]
	}
	return rest
}

// Whoever passes a program on passes on the licences of all that is in it.
func TestLicencesOfAllModules(t *testing.T) {
	text, problem, err := licences(t, "..", "./server", "./load")
	if err != nil {
		t.Fatal(err, problem)
	}
	list := exec.Command("go", "list", "-deps", "-f",
		"{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}{{end}}{{end}}", "./server", "./load")
	list.Dir, list.Stderr = "..", t.Output()
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	modules := slices.Compact(slices.Sorted(strings.Lines(string(out))))
	var paths []string
	for _, line := range modules {
		name := strings.TrimSpace(line)
		if name == "" {
			continue
		}
		path, _, _ := strings.Cut(name, " ")
		paths = append(paths, path)
		if len(section(text, name)) < 400 {
			t.Errorf("of %s there is only %q", name, section(text, name))
		}
	}
	for _, path := range []string{
		"github.com/gorilla/websocket", "github.com/redis/go-redis/v9", "github.com/jackc/pgx/v5",
	} {
		if !slices.Contains(paths, path) {
			t.Errorf("%s is not in the programs: %q", path, paths)
		}
	}
	ofGo := regexp.MustCompile(`\nGo 1\.\S+\n\n--- LICENSE\n\nCopyright \S+ The Go Authors`)
	if !ofGo.MatchString(text) {
		t.Errorf("no licence of Go: %.300q", text)
	}
}

// A module without a licence is not passed on. A package may have one of its
// own besides that of its module.
func TestModuleWithoutLicence(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", `module example.com/own

go 1.26

require (
	example.com/a v1.2.3
	example.com/b v0.1.0
)

replace (
	example.com/a => ./a
	example.com/b => ./b
)
`)
	write("main.go", `package main

import (
	_ "example.com/a/deep/part"
	_ "example.com/b"
)

func main() {}
`)
	write("a/go.mod", "module example.com/a\n")
	write("a/deep/part/part.go", "package part\n")
	write("b/go.mod", "module example.com/b\n")
	write("b/b.go", "package b\n")

	refused := func(why, module string) {
		t.Helper()
		if _, problem, err := licences(t, dir, "."); err == nil ||
			!strings.Contains(problem, module+" has no licence") {
			t.Errorf("%s: %v, %s", why, err, problem)
		}
	}
	refused("neither has one", "example.com/a v1.2.3")
	write("a/LICENSE.md", "licence of a\n")
	write("a/deep/COPYING", "licence of a part\n")
	refused("the last one has none", "example.com/b v0.1.0")
	write("b/licence.go", "package b\n")
	refused("it is Go code", "example.com/b v0.1.0")
	write("b/license", "")
	refused("it is empty", "example.com/b v0.1.0")
	write("b/license", "licence of b\n")

	text, problem, err := licences(t, dir, ".")
	if err != nil {
		t.Fatal(err, problem)
	}
	a := section(text, "example.com/a v1.2.3")
	if a != "deep/COPYING\n\nlicence of a part\n\n--- LICENSE.md\n\nlicence of a" {
		t.Errorf("of a: %q", a)
	}
	if b := section(text, "example.com/b v0.1.0"); b != "license\n\nlicence of b\n" {
		t.Errorf("of b: %q", b)
	}
}
