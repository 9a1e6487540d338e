package scripts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Lint passes where the vulnerability database cannot be reached, and says so.
// It fails for a vulnerability and for anything else.
func TestVulnerabilityCheck(t *testing.T) {
	for _, test := range []struct {
		name, tool string // body of the stub
		status     int
		want       string
	}{
		{"clean", "echo No vulnerabilities found.", 0, "No vulnerabilities found.\n"},
		{"vulnerable", "echo 'Vulnerability #1: GO-2026-0001'; echo exit status 3; exit 1", 1, "GO-2026-0001"},
		{
			"no database",
			`echo 'govulncheck: fetching vulnerabilities: Get "https://vuln.go.dev/": no such host'; exit 1`, 0,
			"cannot be reached",
		},
		{
			"no tool",
			`echo 'go: golang.org/x/vuln/cmd/govulncheck@v1.9.0: Get "https://proxy": dial tcp: no such host'; exit 1`,
			0, "cannot be reached",
		},
		{"broken code", "echo 'govulncheck: loading packages: a.go:1: syntax error'; exit 1", 1, "syntax error"},
	} {
		m := newMachine(t)
		if err := os.Symlink("/usr/bin/dirname", filepath.Join(m.bin, "dirname")); err != nil {
			t.Fatal(err)
		}
		m.stub(t, "go", test.tool)
		command := exec.Command("./govulncheck.sh")
		command.Env = []string{"PATH=" + m.bin}
		output, err := command.CombinedOutput()
		var status int
		if exit, ok := err.(*exec.ExitError); ok {
			status = exit.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		if status != test.status || !strings.Contains(string(output), test.want) {
			t.Errorf("%s: status %d, want %d\n%s", test.name, status, test.status, output)
		}
	}
}
