package scripts_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"livechat/internal/need"
)

// On a terminal, Ctrl-C ends `make run` with status 0, and the server has said
// which address to open.
func TestCtrlCEndsMakeCleanly(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the server")
	}
	ours, theirs := terminal(t)
	command := exec.Command(need.Program(t, "make"), "run")
	command.Dir = ".."
	command.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=", "ADDR=127.0.0.1:0", "METRICS_ADDR=off",
		"DATABASE_URL=sqlite::memory:", "DRAIN_DELAY=0s", "DRAIN_PERIOD=0s")
	command.Stdin, command.Stdout, command.Stderr = theirs, theirs, theirs
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()

	// With a cold cache the build takes a minute.
	if err := ours.SetReadDeadline(time.Now().Add(3 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	var screen bytes.Buffer
	buffer := make([]byte, 4096)
	for !strings.Contains(screen.String(), "lists commands and settings") {
		n, err := ours.Read(buffer)
		screen.Write(buffer[:n])
		if err != nil {
			t.Fatalf("%v after %s", err, &screen)
		}
	}
	if !strings.Contains(screen.String(), "page       http://localhost:") {
		t.Errorf("no address to open:\n%s", &screen)
	}
	if _, err := ours.Write([]byte{3}); err != nil {
		t.Fatal(err)
	}
	go func() { // a terminal that nobody reads fills up
		for {
			if _, err := ours.Read(buffer); err != nil {
				return
			}
		}
	}()
	if err := <-ended; err != nil {
		t.Errorf("make ended with %v", err)
	}
}

// terminal returns both ends of a pseudo-terminal.
func terminal(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Skipf("no pseudo-terminal: %v", err)
	}
	t.Cleanup(func() { ours.Close() })
	raw, err := ours.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var number int
	var failure error
	if err := raw.Control(func(fd uintptr) {
		if failure = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); failure == nil {
			number, failure = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	}); err != nil || failure != nil {
		t.Fatal(err, failure)
	}
	theirs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}
