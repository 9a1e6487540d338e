package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"livechat/load/record"
)

func TestBadFlags(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"-url localhost", "want ws://host:port"},
		{"-clients 0", "-clients 0"},
		{"-clients 5 -publishers 6", "at most one per client, there are 5"},
		{"-edits 101", "want percentages"},
		{"-edits 60 -deletes 31 -reactions 10", "want percentages"},
		{"-edits 60 -files 41", "want percentages"},
		{"-files 1 -file-size 0", "want 1 to"},
		{"-scenario war", "want one of steady, ramp"},
		{"-scenario kill", "want -kill-pid"},
		{"-pids x", "not a process id"},
		{"-source here", "IP addresses of this machine"},
		{"-compare a.json", "want two files"},
		{"more", "is not a flag"},
		{"-nonsense", "not defined"},
	} {
		var out bytes.Buffer
		if err := load(t.Context(), strings.Fields(test.args), &out, &out); !errors.Is(err, errUsage) ||
			!strings.Contains(out.String(), test.want) {
			t.Errorf("%s: %v and %q, want %q", test.args, err, out.String(), test.want)
		}
	}
}

// Compares two runs as text and as a page.
func TestCompare(t *testing.T) {
	dir := t.TempDir()
	for name, p99 := range map[string]float64{"a.json": 10, "b.json": 20} {
		r := record.Run{Version: record.Version, Latency: record.Latency{P99: p99},
			Settings: record.Settings{Scenario: "steady"}}
		if err := r.Write(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	page := filepath.Join(dir, "compare.html")
	if err := load(t.Context(), []string{"-html", page, "-compare", filepath.Join(dir, "a.json"),
		filepath.Join(dir, "b.json")}, &out, &out); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(page); err != nil || !strings.Contains(string(text), "b.json") ||
		!strings.Contains(out.String(), "+100.0 %") {
		t.Errorf("%v, output %s", err, out.String())
	}
}

// A run with more clients than open files is refused before the first one
// connects.
func TestClientsBeyondFileLimitAreRefused(t *testing.T) {
	err := load(t.Context(), []string{"-url", "ws://127.0.0.1:1", "-clients", "100000000"}, t.Output(),
		t.Output())
	if err == nil || !strings.Contains(err.Error(), "ulimit -n") {
		t.Errorf("%v, want advice", err)
	}
}

// An interrupted run reports what it has measured, and that it is incomplete.
func TestInterruptedRunReportsWhatItMeasured(t *testing.T) {
	addr := startServer(t, map[string]string{"MESSAGE_RATE": "0", "LOG_LEVEL": "warn"})
	ctx, interrupt := context.WithCancel(within(t, time.Minute))
	var out bytes.Buffer
	err := load(ctx, []string{"-url", "ws://" + addr, "-clients", "10", "-for", "10m", "-html", ""}, &out,
		writerFunc(func(b []byte) (int, error) {
			if bytes.Contains(b, []byte("steady: 10 connected")) {
				interrupt()
			}
			return len(b), nil
		}))
	if err != nil || !strings.Contains(out.String(), "interrupted") ||
		!strings.Contains(out.String(), "passed") || strings.Contains(out.String(), "note") {
		t.Errorf("%v, output %s", err, out.String())
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
