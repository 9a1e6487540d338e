package main

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

// A limit that is exceeded fails a run without faults, with an error of its own,
// and both reports and the figures say which.
func TestLimitsFailARun(t *testing.T) {
	addr := startServer(t, map[string]string{"MESSAGE_RATE": "0", "ROOM_RATE": "0", "LOG_LEVEL": "warn"})
	args := []string{"-url", "ws://" + addr, "-clients", "10", "-rate", "10", "-for", "1s", "-warmup", "0"}
	r, text, err := runLoad(t, append(args, "-fail-if", "p99>10m,lost>0,rate<0.01")...)
	if c := r.Context; c == nil || len(c.Servers) != 1 || c.Servers[0].App == "" || c.Tool == "" ||
		!strings.Contains(text, "versions ") {
		t.Errorf("context %+v", c)
	}
	if err != nil || len(r.Limits) != 3 || r.Exceeded() || !strings.Contains(text, "no limit was exceeded") {
		t.Errorf("limits that hold: %v, %+v", err, r.Limits)
	}
	r, text, err = runLoad(t, append(args, "-fail-if", "p50>0us,lost>0")...)
	if !errors.Is(err, errExceeded) || !r.Exceeded() || !r.Limits[0].Exceeded || r.Limits[1].Exceeded ||
		!strings.Contains(text, "FAILED\n  limit p50>0us: ") || len(r.Verdict) > 0 {
		t.Errorf("one that does not: %v, %+v", err, r.Limits)
	}

	// A baseline that no run can reach.
	file := filepath.Join(t.TempDir(), "before.json")
	r.Latency.P50 = 1e-6
	if err := r.Write(file); err != nil {
		t.Fatal(err)
	}
	r, text, err = runLoad(t, append(args, "-baseline", file, "-worse", "1000%")...)
	if !errors.Is(err, errExceeded) || r.Baseline == nil ||
		!strings.Contains(text, "p50 is worse than in before.json by more than 1000 %") {
		t.Errorf("%v, %+v", err, r.Baseline)
	}
	var out bytes.Buffer
	err = load(t.Context(), append(args, "-baseline", file, "-clients", "11"), &out, &out)
	if !errors.Is(err, errUsage) ||
		!strings.Contains(out.String(), "clients: 10 in the baseline, 11 in this run") {
		t.Errorf("another load: %v, %s", err, out.String())
	}
}

// Faults are worse than limits: their exit status comes first.
func TestFaultsComeBeforeLimits(t *testing.T) {
	addr := startServer(t, map[string]string{"MESSAGE_RATE": "0", "ROOM_RATE": "0", "LOG_LEVEL": "warn",
		"EDIT_WINDOW": "off"})

	r, _, err := runLoad(t, "-url", "ws://"+addr, "-clients", "4", "-rate", "30", "-for", "1s",
		"-mix", "edits=50%", "-fail-if", "refused>0")
	if !errors.Is(err, errFailed) || !r.Exceeded() {
		t.Errorf("%v, %+v", err, r.Limits)
	}
}
