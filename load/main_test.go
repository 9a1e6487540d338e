package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"livechat/internal/localcluster"
	"livechat/internal/need"
	"livechat/load/record"
)

// buildDir is where the first test that needs the server builds it, and where
// docker is.
var buildDir string

func TestMain(m *testing.M) {
	if os.Getenv(workerVariable) != "" {
		log.Fatal(beWorker())
	}
	var err error
	if buildDir, err = os.MkdirTemp("", "livechat-load-"); err != nil {
		log.Fatal(err)
	}
	err = errors.Join(os.WriteFile(filepath.Join(buildDir, "docker"), []byte(fakeDocker), 0o700),
		os.Setenv("PATH", buildDir+":"+os.Getenv("PATH")))
	if err != nil {
		log.Fatal(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(buildDir)
		os.Exit(code)
	}))
}

var server = sync.OnceValues(func() (string, error) {
	return localcluster.Build(context.Background(), buildDir, false)
})

// startServer starts one standalone server and returns its address.
func startServer(t *testing.T, env map[string]string) string {
	t.Helper()
	binary, err := server()
	if err != nil {
		t.Fatal(err)
	}
	part, err := localcluster.Alone(binary, env, func(_, line string) { fmt.Fprintln(t.Output(), line) })
	if err != nil {
		t.Fatal(err)
	}
	if err := part.Start(within(t, 30*time.Second)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = part.Kill() })
	return part.Addr
}

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// runLoad runs the command and returns its result, its output and its error.
func runLoad(t *testing.T, args ...string) (*record.Run, string, error) {
	t.Helper()
	dir := t.TempDir()
	figures := filepath.Join(dir, "run.json")
	var out bytes.Buffer
	err := load(within(t, 2*time.Minute),
		append([]string{"-json", figures, "-html", filepath.Join(dir, "report.html")},
			args...), &out, t.Output())
	t.Log(out.String())
	if err != nil && !errors.Is(err, errFailed) && !errors.Is(err, errExceeded) {
		t.Fatal(err)
	}
	r, readErr := record.Read(figures)
	if readErr != nil {
		t.Fatal(readErr)
	}
	return r, out.String(), err
}

// Losses, duplicates and swaps of a faulty server are counted exactly.
func TestServerFaultsAreCountedExactly(t *testing.T) {
	t.Parallel()
	addr := startServer(t, map[string]string{"MESSAGE_RATE": "0", "ROOM_RATE": "0", "LOG_LEVEL": "warn"})
	for _, test := range []struct {
		name  string
		bend  corruption
		count func(record.Totals) int64
		says  string
	}{
		{"drops", drops, func(t record.Totals) int64 { return t.Lost }, "deliveries were lost"},
		{"doubles", duplicates, func(t record.Totals) int64 { return t.Duplicated },
			"deliveries were duplicated"},
		{"swaps", swaps, func(t record.Totals) int64 { return t.Reordered }, "deliveries were out of order"},
		{"nothing", nil, nil, "passed: every client"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := startFaulty(t, addr, test.bend)
			r, text, err := runLoad(t, "-url", p.url, "-clients", "20", "-rate", "200", "-for", "1500ms",
				"-warmup", "0")
			if !strings.Contains(text, test.says) {
				t.Errorf("the output lacks %q", test.says)
			}
			wrong := r.Totals.Lost + r.Totals.Duplicated + r.Totals.Reordered
			if test.bend == nil {
				if err != nil || wrong != 0 {
					t.Errorf("%v and %d faults of a good server", err, wrong)
				}
				return
			}
			if !errors.Is(err, errFailed) {
				t.Errorf("exit: %v, want a failure", err)
			}
			if did := p.corrupted.Load(); did != corruptions || test.count(r.Totals) != did || wrong != did {
				t.Errorf("found %+v after %d faults", r.Totals, did)
			}
		})
	}
}

// The whole path as on the command line, through HAProxy to four servers.
func TestThroughHAProxy(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"redis-server", "haproxy"} {
		need.Program(t, name)
	}
	binary, err := server()
	if err != nil {
		t.Fatal(err)
	}
	c, err := localcluster.Start(within(t, time.Minute),
		localcluster.Options{Binary: binary,
			Env: map[string]string{"DRAIN_DELAY": "0s", "DRAIN_PERIOD": "200ms", "CHECK_TIMEOUT": "5s",
				"MESSAGE_BURST": "100"}}) // messages that come late come together
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("stop the cluster: %v", err)
		}
	})
	r, _, err := runLoad(t, "-url", c.RoomURL(), "-clients", "300", "-rate", "20", "-for", "3s", "-warmup",
		"1s")
	if err != nil {
		t.Error(err)
	}
	if got, want := r.Totals.Delivered, 300*r.Totals.Sent; got != want || want == 0 {
		t.Errorf("%d deliveries, want %d", got, want)
	}
	if len(r.Seconds) == 0 || len(r.Seconds[len(r.Seconds)-1].Servers) != 4 {
		t.Errorf("%d seconds, want some, the last one with four servers", len(r.Seconds))
	}
	if _, err := os.Stat("/proc/self"); err == nil && len(r.Parts) != 6 {
		t.Errorf("watched %q, want HAProxy, four servers and Redis", r.Parts)
	}
	about := r.Context
	if about.MessageRate == nil || *about.MessageRate != 5 || about.Insecure {
		t.Errorf("MESSAGE_RATE is %v, want 5", about.MessageRate)
	}
	for _, name := range []string{"haproxy", "redis-server"} {
		if !strings.Contains(about.Programs[name], ".") && len(r.Parts) == 6 {
			t.Errorf("the version of %s is %q", name, about.Programs[name])
		}
	}
	t.Run("a server dies", func(t *testing.T) {
		// One grep for all processes: one for each took longer than the run where
		// there are many.
		kill := fmt.Sprintf(`for p in $(grep -lsxz 'ADDR=%s' /proc/[0-9]*/environ); do
			p=${p#/proc/}; kill -9 ${p%%/environ}
		done`, c.Servers[1].Addr)
		r, _, err := runLoad(t, "-url", c.RoomURL(), "-clients", "100", "-rate", "20", "-for", "6s",
			"-warmup", "1s", "-scenario", "kill", "-kill-command", kill)
		if err != nil || r.Totals.Reconnects == 0 {
			t.Errorf("exit %v after %d reconnects, want none lost and some of them", err,
				r.Totals.Reconnects)
		}
	})
}

func TestConnectErrorNamesTheAddress(t *testing.T) {
	err := load(t.Context(), []string{"-url", "ws://127.0.0.1:1", "-for", "1s"}, t.Output(), t.Output())
	if err == nil || !strings.Contains(err.Error(), "connect to ws://127.0.0.1:1: ") {
		t.Errorf("%v, want an error that names the address", err)
	}
}
