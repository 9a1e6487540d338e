// Package need finds the programs that a test requires.
//
// Plain `go test ./...` works on a machine with nothing but Go: a test whose
// program is missing is skipped and names it. `make test` and CI install
// everything and set LIVECHAT_REQUIRE=1, which makes a missing program a
// failure.
package need

import (
	"os"
	"os/exec"
	"testing"
)

// Program returns the path of the named program. If it is missing, the test is
// skipped, or fails under LIVECHAT_REQUIRE=1.
func Program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("LIVECHAT_REQUIRE") == "1" {
		t.Fatalf("%s is required here and not installed: %v", name, err)
	}
	t.Skipf("%s is not installed", name)
	return ""
}
