package scripts_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestStage: a stage that fails ends the script with its status and says which one it was.
func TestStage(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed")
	}
	script := `source ./stage.sh
broken() { false; echo 'after the failure'; return 3; }
stage first true
stage second broken
stage third true`
	output, err := exec.Command(bash, "-c", script).CombinedOutput()
	var status int
	if exit, ok := err.(*exec.ExitError); ok {
		status = exit.ExitCode()
	}
	text := string(output)
	if status != 3 || !strings.Contains(text, "== first") || !strings.Contains(text, "== FAILED: second (exit status 3)") || strings.Contains(text, "third") {
		t.Errorf("status %d\n%s", status, text)
	}
}
