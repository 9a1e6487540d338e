package scripts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A release has the programs for both architectures, an SBOM of each, the
// licences, and checksums of all of it. The go of this test compiles nothing.
func TestRelease(t *testing.T) {
	top, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	compiler, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	dir, bin := t.TempDir(), t.TempDir()
	for _, name := range []string{"release.sh", "stage.sh", "licenses.sh", "version.sh"} {
		copyFile(t, filepath.Join(top, "scripts", name), filepath.Join(dir, "scripts", name))
	}
	copyFile(t, filepath.Join(top, "LICENSE"), filepath.Join(dir, "LICENSE"))
	stub := `#!/bin/sh
case $1 in
  list) shift; exec "$GO" -C "$TOP" list "$@" ;;
  env) exec "$GO" "$@" ;;
esac
while [ "$1" != -o ] && [ "$1" != -output ]; do shift; done
echo made >"$2"
`
	if err := os.WriteFile(filepath.Join(bin, "go"), []byte(stub), 0o755); err != nil {
		t.Fatal(err)
	}
	command := exec.Command("bash", filepath.Join(dir, "scripts", "release.sh"), "programs")
	command.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "VERSION=v1.2.3", "STAGE_TIMES=",
		"GO="+compiler, "TOP="+top)
	if text, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	sums := read(t, filepath.Join(dir, "dist", "SHA256SUMS"))
	for _, name := range []string{
		"livechat-v1.2.3-linux-amd64", "livechat-load-v1.2.3-linux-arm64",
		"livechat-v1.2.3-linux-amd64.cdx.json", "LICENSE", "THIRD-PARTY-LICENSES",
	} {
		if !strings.Contains(sums, "  "+name+"\n") {
			t.Errorf("no checksum of %s:\n%s", name, sums)
		}
	}
	// of the server alone, of the load tool alone
	text := read(t, filepath.Join(dir, "dist", "THIRD-PARTY-LICENSES"))
	for _, module := range []string{"github.com/jackc/pgx/v5 v", "gonum.org/v1/plot v"} {
		if !strings.Contains(text, "\n"+module) {
			t.Errorf("THIRD-PARTY-LICENSES does not name %s", module)
		}
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, []byte(read(t, from)), 0o755); err != nil {
		t.Fatal(err)
	}
}
