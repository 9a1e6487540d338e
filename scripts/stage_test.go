package scripts_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A stage that fails ends the script with its status and is named.
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
	cmd := exec.Command(bash, "-c", script)
	cmd.Env = append(os.Environ(), "STAGE_TIMES=") // this test may run within a stage itself
	output, err := cmd.CombinedOutput()
	var status int
	if exit, ok := err.(*exec.ExitError); ok {
		status = exit.ExitCode()
	}
	text := string(output)
	if status != 3 || !strings.Contains(text, "== first") ||
		!strings.Contains(text, "== FAILED: second (exit status 3)") ||
		strings.Contains(text, "third") {
		t.Errorf("status %d\n%s", status, text)
	}
}

// The script that was called first lists at its end how long each stage took,
// including those of the scripts that it called.
func TestStageTimes(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed")
	}
	script := `source ./stage.sh
inner() { bash -c 'source scripts/stage.sh; stage "of another script" true'; }
stage first true
inner
stage last true
stage_times
echo "list: $STAGE_TIMES"`
	cmd := exec.Command(bash, "-c", script)
	cmd.Env = append(os.Environ(), "STAGE_TIMES=") // this test may run within a stage itself
	output, err := cmd.CombinedOutput()
	text := string(output)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	_, summary, _ := strings.Cut(text, "== how long it took")
	at := 0
	for _, want := range []string{" s  first\n", " s  of another script\n", " s  last\n", "== all passed, "} {
		next := strings.Index(summary[at:], want)
		if next < 0 {
			t.Fatalf("no %q in its place:\n%s", want, text)
		}
		at += next
	}
	_, list, _ := strings.Cut(strings.TrimSpace(text), "list: ")
	if _, err := os.Stat(list); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the list of times is left behind: %s, %v", list, err)
	}
}

// Where memory has room, tests keep their files there until the script ends.
func TestInMemory(t *testing.T) {
	script := `source ./stage.sh
TMPDIR=/somewhere
in_memory
echo "$TMPDIR ${GOTMPDIR:-} $([ ! -d "$TMPDIR" ] || echo exists)"`
	run := func(df, meminfo string) []string {
		t.Helper()
		bin := t.TempDir()
		for name, line := range map[string]string{"df": df, "awk": meminfo} {
			stub := "#!/bin/sh\necho " + line + "\n"
			if err := os.WriteFile(filepath.Join(bin, name), []byte(stub), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command("bash", "-c", script)
		cmd.Env = append(os.Environ(), "STAGE_TIMES=", "GOTMPDIR=", "PATH="+bin+":"+os.Getenv("PATH"))
		output, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
		return strings.Fields(string(output))
	}
	for _, small := range [][2]string{{"64", "9000"}, {"", "9000"}, {"9000", "3000"}} {
		if got := run(small[0], small[1]); len(got) != 1 || got[0] != "/somewhere" {
			t.Errorf("with %q free: %q", small, got)
		}
	}
	probe := filepath.Join("/dev/shm", filepath.Base(t.TempDir())+"-probe")
	if err := os.WriteFile(probe, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Skipf("memory is not for everybody here: %v", err)
	}
	defer func() { _ = os.Remove(probe) }()
	if err := exec.Command(probe).Run(); err != nil {
		t.Skipf("programs do not start from memory here: %v", err)
	}
	got := run("9000", "9000")
	if len(got) != 3 || !strings.HasPrefix(got[0], "/dev/shm/livechat-") || got[1] != "/somewhere" {
		t.Fatalf("with enough: %q", got)
	}
	if _, err := os.Stat(got[0]); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", got[0], err)
	}
}
