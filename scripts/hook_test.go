package scripts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"livechat/internal/need"
)

func TestHookIsOptInAndLeavesOthersAlone(t *testing.T) {
	git := need.Program(t, "git")
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "scripts"), 0o755); err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("hook.sh")
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(dir, "scripts", "hook.sh")
	if err := os.WriteFile(copied, script, 0o755); err != nil {
		t.Fatal(err)
	}
	run := func(name string, args ...string) (string, error) {
		command := exec.Command(name, args...)
		command.Dir = dir
		// A hook that runs this test has set variables that name its repository.
		for _, pair := range os.Environ() {
			if !strings.HasPrefix(pair, "GIT_") {
				command.Env = append(command.Env, pair)
			}
		}
		text, err := command.CombinedOutput()
		return string(text), err
	}
	if text, err := run(git, "init", "-q"); err != nil {
		t.Fatal(err, text)
	}
	hook := filepath.Join(dir, ".git", "hooks", "pre-commit")
	if text, err := run(copied); err != nil {
		t.Fatal(err, text)
	}
	text, err := os.ReadFile(hook)
	if err != nil || !strings.Contains(string(text), "exec make check\n") {
		t.Errorf("the hook is %q, %v", text, err)
	}
	if text, err := run(copied, "off"); err != nil {
		t.Fatal(err, text)
	}
	if _, err := os.Stat(hook); !os.IsNotExist(err) {
		t.Errorf("the hook is still here: %v", err)
	}
	if err := os.WriteFile(hook, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{nil, {"off"}} {
		if text, err := run(copied, args...); err == nil {
			t.Errorf("%q changed another hook: %s", args, text)
		}
	}
}
