package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"livechat/internal/localcluster"
	"livechat/internal/need"
)

// One server more, to which nobody moves as balancing is off, and none.
func TestScale(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"redis-server", "haproxy"} {
		need.Program(t, name)
	}
	binary, err := server()
	if err != nil {
		t.Fatal(err)
	}
	c, err := localcluster.Start(within(t, time.Minute),
		localcluster.Options{Binary: binary, Servers: 2, Elastic: 1,
			Env: map[string]string{"DRAIN_DELAY": "0s", "DRAIN_PERIOD": "200ms", "CHECK_TIMEOUT": "5s",
				"BALANCE": "false", "MESSAGE_RATE": "0", "ROOM_RATE": "0", "LOG_LEVEL": "warn"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	command := scaleByFile(t, c)
	r, text, err := runLoad(t, "-url", c.RoomURL(), "-clients", "60", "-rate", "10", "-for", "30s",
		"-warmup", "0", "-scenario", "scale", "-scale-command", command, "-scale", "0,1,0")
	if !errors.Is(err, errFailed) || r.Scale == nil || len(r.Scale.Steps) != 3 || len(r.Verdict) != 1 {
		t.Fatalf("exit %v with %q and %+v, want a failure after three steps", err, r.Verdict, r.Scale)
	}
	for i, want := range []struct {
		before, servers, least int
		even                   bool
	}{{2, 2, 24, true}, {2, 3, 0, false}, {3, 2, 24, true}} {
		if s := r.Scale.Steps[i]; s.Before != want.before || s.Servers != want.servers ||
			s.Least < want.least || (s.Even != nil) != want.even {
			t.Errorf("step %d: %+v, want %+v", i+1, s, want)
		}
	}
	if s := r.Scale.Steps[1]; s.Longest <= 0 || s.P99 <= 0 || s.Delivered == 0 {
		t.Errorf("the second step was noticed as %+v, want messages", s)
	}
	if !strings.Contains(r.Verdict[0], "step to 1 the clients were not spread evenly") ||
		!strings.Contains(text, "never even") {
		t.Errorf("the output does not name the step that failed: %q", r.Verdict)
	}
}

// scaleByFile returns a shell command that scales c and ends when that is done.
func scaleByFile(t *testing.T, c *localcluster.Cluster) string {
	dir := t.TempDir()
	want, have := filepath.Join(dir, "want"), filepath.Join(dir, "have")
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	t.Cleanup(func() { stop(); running.Wait() })
	running.Go(func() {
		_ = localcluster.Poll(ctx, func(ctx context.Context) error {
			text, err := os.ReadFile(want)
			n, bad := strconv.Atoi(strings.TrimSpace(string(text)))
			if err != nil || bad != nil {
				return errors.New("no order")
			}
			err = errors.Join(os.Remove(want), scaleTo(ctx, c, n), os.WriteFile(have, nil, 0o600))
			if err != nil {
				t.Errorf("scale to %d: %v", n, err)
			}
			return errors.New("the next order")
		})
	})
	return "echo {n} >" + want + ".new; mv " + want + ".new " + want +
		"; until [ -e " + have + " ]; do sleep .1; done; rm " + have
}

func scaleTo(ctx context.Context, c *localcluster.Cluster, n int) error {
	return errors.Join(c.Scale(ctx, n), c.WaitElastic(ctx, n))
}
