// Package need finds the programs that a test cannot do without.
//
// Plain `go test ./...` works on a machine with nothing but Go: a test whose program is missing is skipped, and says which.
// Under `make test` and CI everything has been installed, so there a missing program is a failure: LIVECHAT_REQUIRE=1 says so.
package need

import (
	"os"
	"os/exec"
	"testing"
)

// Program returns the path of the named program, or ends the test: skipped on a bare machine, failed where LIVECHAT_REQUIRE=1.
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
