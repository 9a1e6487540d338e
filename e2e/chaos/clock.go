package chaos

import (
	_ "embed"
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
