package scripts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"livechat/internal/need"
)

// The renamed module builds and names its new path everywhere. Renaming it back
// gives the same tree. The client and what it imports stand for the rest, which
// would take minutes to build.
func TestRenameModule(t *testing.T) {
	git := need.Program(t, "git")
	dir := t.TempDir()
	tar := exec.Command("sh", "-c", `cd .. && "$1" ls-files -z go.mod go.sum client scripts \
		server/chat server/wire server/arch_test.go | xargs -0 tar -cf - | tar -xf - -C "$2"`, "sh", git, dir)
	if text, err := tar.CombinedOutput(); err != nil {
		t.Fatal(err, string(text))
	}
	rename := func(path string) {
		t.Helper()
		command := exec.Command(filepath.Join(dir, "scripts", "rename-module.sh"), path)
		if text, err := command.CombinedOutput(); err != nil {
			t.Fatalf("rename to %s: %v\n%s", path, err, text)
		}
	}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	tree := func() string {
		return read("go.mod") + read("client/doc.go") + read("client/decode.go") + read("server/arch_test.go")
	}
	before := tree()
	const path = "example.com/you/live.chat"
	rename(path)
	if mod := read("go.mod"); !strings.HasPrefix(mod, "module "+path+"\n") {
		t.Errorf("go.mod begins with %.60q", mod)
	}
	if doc := read("client/doc.go"); !strings.Contains(doc, `import "`+path+`/client"`) ||
		!strings.Contains(doc, "-require "+path+"@v0.0.0 -replace "+path+"=/") {
		t.Errorf("client/doc.go:\n%.900s", doc)
	}
	vet := exec.Command("go", "vet", "./client")
	vet.Dir = dir
	if text, err := vet.CombinedOutput(); err != nil {
		t.Errorf("vet: %v\n%s", err, text)
	}
	rename("livechat")
	if tree() != before {
		t.Error("renamed back, the tree is another one")
	}
}
