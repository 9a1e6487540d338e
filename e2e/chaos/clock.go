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

// wrongClock is a library that makes the wall clock of the program it is loaded into wrong. It is for Redis, whose time every message carries: programs in
// Go ask the kernel without any library, so no preloaded one deceives them. Debian's libfaketime does not get along with the allocator of its Redis.
//
//go:embed clock/wrong.c
var wrongClock []byte

// hasCompiler reports whether it can be built here.
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
	if out, err := exec.Command("gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", library, source).CombinedOutput(); err != nil {
		return "", fmt.Errorf("compile the wrong clock: %w\n%s", err, out)
	}
	return library, nil
}

// clockFile is what a wrong clock reads, for as long as its program runs.
func (r *run) clockFile() string { return filepath.Join(r.dir, "clock") }

// setClock makes Redis' clock wrong by so many seconds, at once. The file keeps its size and its place: the clock has it mapped.
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
