package chaos

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// wrongClock is a library that sets the wall clock of a program wrong when it
// is preloaded. It is for Redis, whose time each message carries. Go programs
// call the kernel directly, so preloading does not affect them. Debian's
// libfaketime does not work with the allocator of Debian's Redis.
//
//go:embed clock/wrong.c
var wrongClock []byte

// hasCompiler reports whether the library can be built here.
func hasCompiler() bool {
	_, err := exec.LookPath("gcc")
	return err == nil
}

// buildClock compiles it into dir and returns its path.
func buildClock(dir string) (string, error) {
	source, library := filepath.Join(dir, "wrong.c"), filepath.Join(dir, "wrong.so")
	if err := os.WriteFile(source, wrongClock, 0o600); err != nil {
		return "", fmt.Errorf("write the wrong clock: %w", err)
	}
	if out, err := exec.Command("gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", library,
		source).CombinedOutput(); err != nil {
		return "", fmt.Errorf("compile the wrong clock: %w\n%s", err, out)
	}
	return library, nil
}

// clockFile is the file that a wrong clock reads while its program runs.
func (r *run) clockFile() string { return filepath.Join(r.dir, "clock") }

// setClock sets Redis' clock wrong by that many seconds, at once. The file
// keeps its size and its inode, because the clock has mapped it.
func (r *run) setClock(seconds int64) error {
	file, err := os.OpenFile(r.clockFile(), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("set the wrong clock: %w", err)
	}
	_, err = file.WriteAt(binary.NativeEndian.AppendUint64(nil, uint64(seconds)), 0)
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("set the wrong clock: %w", err)
	}
	return nil
}
