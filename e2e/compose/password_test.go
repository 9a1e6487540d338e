package compose

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// The stack starts with any password of the database, in a variable or a file.
// An API server is healthy only if it has logged in.
func TestPasswords(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a password")
	if err := os.WriteFile(file, []byte("c d/%41@e:f?g#h\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for dir := filepath.Dir(file); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil { // containers have their own users
			t.Fatal(err)
		}
	}
	for name, settings := range map[string][]string{
		"of openssl": {"POSTGRES_PASSWORD=ivKw/8RrO+c2Q1m6pYz0Tg=="},
		"of a URL":   {"POSTGRES_PASSWORD=a b%41@c:d?e#f"},
		"in a file":  {"POSTGRES_PASSWORD=", "POSTGRES_PASSWORD_FILE=" + file},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStack(t, append(settings, "API_SCALE=1")...)
			// from nothing, on a busy machine
			ctx, cancel := context.WithTimeout(t.Context(), 12*time.Minute)
			defer cancel()
			if out, err := s.command(ctx, s.compose("build", "ws1")...).CombinedOutput(); err != nil {
				t.Fatalf("build: %v\n%s", err, out)
			}
			s.run(t, s.compose("up", "-d", "--no-build", "api")...)
			eventually(t, 90*time.Second, "the API is healthy", func(context.Context) error {
				id := s.run(t, s.compose("ps", "-q", "api")...)
				if health := s.run(t, "docker", "inspect", "-f", "{{.State.Health.Status}}", id); health != "healthy" {
					return errors.New("it is " + health)
				}
				return nil
			})
		})
	}
}
