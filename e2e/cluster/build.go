package cluster

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

// Build compiles the server into dir and returns the program's path. race builds it with the race detector, which needs a C compiler; what it
// finds fails Close.
func Build(ctx context.Context, dir string, race bool) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "livechat")
	args := []string{"build", "-o", binary}
	if race {
		args = append(args, "-race")
	}
	build := exec.CommandContext(ctx, "go", append(args, "./server")...)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the server: %w\n%s", err, out)
	}
	return binary, nil
}
