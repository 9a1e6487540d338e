package scripts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"livechat/internal/need"
)

func TestGeneratedClient(t *testing.T) {
	const generates = `case "$*" in "tool oapi-codegen "*) printf 'package client\n' >client.go ;; esac`
	for _, test := range []struct {
		name, tool, require string // tool is the body of the stub of go
		status              int
		want                string
	}{
		{"client compiles", generates, "", 0, "a client of 1 lines compiles\n"},
		{"generator stops", `[ "$1 $2" != "tool oapi-codegen" ] || { echo duplicate typename; exit 1; }`, "", 1,
			"duplicate typename\n"},
		{"client does not compile", generates + `; [ "$1" != build ] || { echo undefined: Chat; exit 1; }`, "", 1,
			"undefined: Chat\n"},
		{"no network", `[ "$1" != get ] || { echo dial tcp: no such host; exit 1; }`, "", 0, "cannot be fetched"},
		{"no network where it is required", `[ "$1" != get ] || { echo dial tcp: no such host; exit 1; }`, "1", 1,
			"no such host\n"},
	} {
		m := newMachine(t)
		for _, name := range []string{"dirname", "mktemp", "wc"} {
			if err := os.Symlink(need.Program(t, name), filepath.Join(m.bin, name)); err != nil {
				t.Fatal(err)
			}
		}
		m.stub(t, "go", test.tool)
		command := exec.Command("./generated-client.sh")
		command.Env = []string{"PATH=" + m.bin, "LIVECHAT_REQUIRE=" + test.require}
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
