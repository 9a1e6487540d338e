// Package need finds the programs that a test requires, in PATH or where
// scripts/install.sh builds those that no distribution has.
//
// Plain `go test ./...` works on a machine with nothing but Go: a test whose
// program is missing is skipped and names it. `make test` and CI install
// everything and set LIVECHAT_REQUIRE=1, which makes a missing program a
// failure.
package need

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Program returns the path of the named program. If it is missing, the test is
// skipped, or fails under LIVECHAT_REQUIRE=1.
func Program(t testing.TB, name string) string {
	t.Helper()
	path, err := Find(name)
	if err == nil {
		return path
	}
	if os.Getenv("LIVECHAT_REQUIRE") == "1" {
		t.Fatal(err)
	}
	t.Skipf("%s is not installed", name)
	return ""
}

// Find returns the path of the named program, for code that is not a test.
func Find(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err == nil {
		return path, nil
	}
	if cache, err := os.UserCacheDir(); err == nil {
		if path, err := exec.LookPath(filepath.Join(cache, "livechat", "bin", name)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed: %w", name, err)
}
