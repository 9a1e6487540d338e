package scripts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"livechat/internal/need"
)

// .ci/run with stubs for the programs it calls.
func TestCI(t *testing.T) {
	for _, test := range []struct {
		name, make, docker, compose string // bodies of the stubs; compose stands for go
		status                      int
		want, not                   string
	}{
		{
			"all passes", "echo ok livechat/a", "", "echo ok livechat/e2e/compose", 0,
			"== summary\nok livechat/a\nok livechat/e2e/compose\npassed\n", "",
		},
		{
			"no engine", "echo ok livechat/a", "exit 1", "echo ok livechat/e2e/compose", 0,
			"ok livechat/a\nno Docker engine answers", "compose\npassed",
		},
		{
			"a test fails", "echo FAIL livechat/a; exit 2", "", "echo ok livechat/e2e/compose", 2,
			"== summary\nFAIL livechat/a\nfailed with status 2\n", "compose",
		},
		{
			"the compose test fails", "echo ok livechat/a", "", "echo FAIL livechat/e2e/compose; exit 1", 1,
			"FAIL livechat/e2e/compose\n== FAILED: docker-compose.yml (exit status 1)\nfailed with status 1\n",
			"",
		},
		{"nothing on stdin", "cat; echo ok livechat/a", "exit 1", "", 0, "passed", "typed"},
	} {
		m := newMachine(t)
		for _, name := range []string{"dirname", "mktemp", "tee"} {
			if err := os.Symlink(need.Program(t, name), filepath.Join(m.bin, name)); err != nil {
				t.Fatal(err)
			}
		}
		m.stub(t, "make", `[ "$*" = test ] || exit 9; [ "$CI" = true ] || exit 8; `+test.make)
		m.stub(t, "docker", test.docker)
		m.stub(t, "go", test.compose)
		command := exec.Command(filepath.Join("..", ".ci", "run"))
		command.Env = []string{"PATH=" + m.bin}
		command.Stdin = strings.NewReader("typed\n")
		output, err := command.CombinedOutput()
		var status int
		if exit, ok := err.(*exec.ExitError); ok {
			status = exit.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		text := string(output)
		if status != test.status || !strings.Contains(text, test.want) ||
			test.not != "" && strings.Contains(text, test.not) {
			t.Errorf("%s: status %d, want %d\n%s", test.name, status, test.status, text)
		}
	}
}
