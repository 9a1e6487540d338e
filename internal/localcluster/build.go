package localcluster

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// Build compiles the server into dir and returns the program's path. race
// builds it with the race detector, which needs a C compiler; a race that a
// server reports makes Close fail.
func Build(ctx context.Context, dir string, race bool) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "livechat")
	version := exec.CommandContext(ctx, filepath.Join(root, "scripts", "version.sh"))
	stamp, err := version.Output()
	if err != nil {
		return "", fmt.Errorf("ask for the version: %w", err)
	}
	args := []string{"build", "-ldflags", "-X main.version=" + strings.TrimSpace(string(stamp)), "-o", binary}
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
