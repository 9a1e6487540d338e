package browsers

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"livechat/internal/need"
)

// run runs a program, with a folder of its own as its home, until the test ends.
func run(t *testing.T, home string, more []*os.File, env []string, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(need.Program(t, name), args...)
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_RUNTIME_DIR="+home)
	cmd.Env = append(cmd.Env, env...)
	cmd.ExtraFiles = more
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	// A group of its own, since a browser is several processes.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait() // it was killed
	})
}

// display starts an X server without a screen and returns its name. It takes a
// number that is free.
func display(t *testing.T) string {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	run(t, t.TempDir(), []*os.File{write}, nil,
		"Xvfb", "-displayfd", "3", "-screen", "0", "1280x900x24", "-nolisten", "tcp")
	write.Close()
	number, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatalf("start Xvfb: %v", err)
	}
	return fmt.Sprint(":", strings.TrimSpace(number))
}
