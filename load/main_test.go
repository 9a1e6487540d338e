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

// buildDir is where the first test that needs the server builds it.
var buildDir string

func TestMain(m *testing.M) {
	if os.Getenv(workerVariable) != "" {
		log.Fatal(beWorker())
	}
	var err error
	if buildDir, err = os.MkdirTemp("", "livechat-load-"); err != nil {
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
				"-warmup", "0", "-settle", "2s")
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
			if did := p.corrupted.Load(); did < 3 || test.count(r.Totals) != did || wrong != did {
				t.Errorf("found %+v after %d faults", r.Totals, did)
			}
		})
	}
}

// The whole path as on the command line, through HAProxy to four servers.
func TestThroughHAProxy(t *testing.T) {
	for _, name := range []string{"redis-server", "haproxy"} {
		need.Program(t, name)
	}
	binary, err := server()
	if err != nil {
		t.Fatal(err)
	}
	c, err := localcluster.Start(within(t, time.Minute),
		localcluster.Options{Binary: binary,
			Env: map[string]string{"DRAIN_DELAY": "0s", "DRAIN_PERIOD": "200ms", "CHECK_TIMEOUT": "5s"}})
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
	if len(r.Seconds) < 3 || len(r.Seconds[len(r.Seconds)-1].Servers) != 4 {
		t.Errorf("%d seconds, want one each with four servers", len(r.Seconds))
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
		r, _, err := runLoad(t, "-url", c.RoomURL(), "-clients", "100", "-rate", "20", "-for", "3s",
			"-warmup", "1s", "-scenario", "kill", "-kill-command", kill)
		if err != nil || r.Totals.Reconnects < 20 {
			t.Errorf("exit %v after %d reconnects, want none lost and a quarter moved", err,
				r.Totals.Reconnects)
		}
	})
}

// Runs every scenario that needs no outside action against a good server.
func TestScenariosPass(t *testing.T) {
	addr := startServer(t, map[string]string{"MESSAGE_RATE": "0", "ROOM_RATE": "0", "LOG_LEVEL": "warn",
		"BALANCE": "false"})
	for _, test := range []struct {
		args  []string
		check func(*record.Run) bool
	}{
		{
			[]string{"-scenario", "storm"},
			func(r *record.Run) bool {
				return r.Totals.Reconnects == 40 && len(r.Marks) == 4 && len(r.Did) == 1 &&
					strings.HasPrefix(r.Did[0], "40 clients disconnected at ")
			},
		},
		{
			[]string{"-scenario", "churn", "-stay", "500ms"},
			func(r *record.Run) bool {
				// one that has left may be on its way back at the end
				gap := r.Totals.Left - r.Totals.Joined
				return r.Totals.Delivered > 0 && r.Totals.Reconnects == 0 && r.Totals.Left > 0 &&
					gap >= 0 && gap <= 40
			},
		},
		{[]string{"-scenario", "slow", "-slow", "25"}, func(r *record.Run) bool {
			return r.Totals.Delivered == 40*r.Totals.Sent && r.Totals.Measured < r.Totals.Delivered &&
				r.Totals.Slow == 10
		}},
		{
			[]string{"-scenario", "rolling"},
			func(r *record.Run) bool {
				return r.Totals.Delivered == 40*r.Totals.Sent && len(r.Did) == 1 &&
					strings.HasPrefix(r.Did[0], "0 restarts were seen")
			},
		},
		{
			// longer than -for: the run goes on until all commands have run
			[]string{"-scenario", "rolling", "-rolling-command", "sleep 1; true {n}", "-rolling-times", "2",
				"-for", "500ms"},
			func(r *record.Run) bool {
				last := r.Marks[len(r.Marks)-1]
				return r.Totals.Delivered == 40*r.Totals.Sent && last.Text == "messages end" &&
					last.At > 2 && r.Did[len(r.Did)-1] == "2 of 2 restarts were run"
			},
		},
		{
			// how far it gets is up to the machine
			[]string{"-scenario", "ramp", "-step", "500ms", "-bound", "1m"},
			func(r *record.Run) bool { return r.Knee != nil && r.Knee.Why != "" && len(r.Marks) > 0 },
		},
		{
			[]string{"-rooms", "4"},
			func(r *record.Run) bool {
				return r.Totals.Delivered == 10*r.Totals.Sent && r.Settings.Publishers == 4
			},
		},
		{
			[]string{"-mix", "edits=50%"},
			func(r *record.Run) bool {
				return r.Totals.Delivered == 40*r.Totals.Sent && r.Totals.Measured > 0 &&
					r.Totals.Edits > 0 && r.Totals.Edits < r.Totals.Sent
			},
		},
		{
			[]string{"-mix", "edits=20%,deletes=20%"},
			func(r *record.Run) bool {
				return r.Totals.Delivered == 40*r.Totals.Sent && r.Totals.Edits > 0 &&
					r.Totals.Deletes > 0 && r.Totals.Edits+r.Totals.Deletes < r.Totals.Sent
			},
		},
		{
			[]string{"-mix", "reactions=40%,deletes=10%"},
			func(r *record.Run) bool {
				// a delivery of each summary as well, at most one a second and message
				return r.Totals.Reactions > 0 && r.Totals.Miscounted == 0 &&
					r.Totals.Delivered > 40*(r.Totals.Sent-r.Totals.Reactions)
			},
		},
		{
			[]string{"-think", "1s"},
			func(r *record.Run) bool { return r.Settings.Publishers == 40 && r.Totals.Sent > 20 },
		},
		{
			[]string{"-ramp", "400ms", "-source", "127.0.0.1,127.0.0.9"},
			func(r *record.Run) bool { return r.Totals.Delivered == 40*r.Totals.Sent },
		},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			r, _, err := runLoad(t, append([]string{"-url", "ws://" + addr, "-clients", "40", "-rate", "30",
				"-for", "2s", "-warmup", "200ms"}, test.args...)...)
			if err != nil || !test.check(r) {
				t.Errorf("exit %v with %+v and %+v", err, r.Totals, r.Knee)
			}
		})
	}
}

// A rolling restart that is not finished has failed, whatever was delivered, and
// the run ends.
func TestUnfinishedRollingRestartFails(t *testing.T) {
	addr := startServer(t, map[string]string{"LOG_LEVEL": "warn"})
	r, text, err := runLoad(t, "-url", "ws://"+addr, "-clients", "4", "-rate", "4", "-for", "40s", "-warmup",
		"0", "-scenario", "rolling", "-rolling-command", "test {n} = 1", "-rolling-times", "39")
	if !errors.Is(err, errFailed) || len(r.Verdict) != 1 || len(r.Advice) > 0 ||
		r.Marks[len(r.Marks)-1].At >= 40 || !strings.Contains(text, "1 of 39 restarts were run") {
		t.Errorf("exit %v with %q", err, r.Verdict)
	}
}

// Edits are sent as edits: a server without them refuses them.
func TestRefusedEditsAreCounted(t *testing.T) {
	addr := startServer(t, map[string]string{"MESSAGE_RATE": "0", "ROOM_RATE": "0", "LOG_LEVEL": "warn",
		"EDIT_WINDOW": "off"})
	r, _, err := runLoad(t, "-url", "ws://"+addr, "-clients", "4", "-rate", "30", "-for", "2s", "-mix",
		"edits=50%")
	if n := r.Totals.Refused["forbidden"]; err == nil || n == 0 || n != r.Totals.Edits ||
		r.Totals.Acked+n != r.Totals.Sent {
		t.Errorf("exit %v with %+v", err, r.Totals)
	}
}

// Messages refused because of the server's limit cause advice.
func TestRateLimitOfServerIsExplained(t *testing.T) {
	addr := startServer(t, map[string]string{"MESSAGE_RATE": "2", "MESSAGE_BURST": "2", "LOG_LEVEL": "warn"})
	_, text, err := runLoad(t, "-url", "ws://"+addr, "-clients", "5", "-publishers", "2", "-rate", "40",
		"-for", "1s", "-warmup", "0")
	if !errors.Is(err, errFailed) || !strings.Contains(text, "rate_limited") ||
		!strings.Contains(text, "MESSAGE_RATE=0") || !strings.Contains(text, "at least 25 publishers") {
		t.Errorf("exit %v, want a failure and advice", err)
	}
	_, _, err = runLoad(t, "-url", "ws://"+addr, "-clients", "20", "-rate", "20", "-for", "1s", "-warmup",
		"0")
	if err != nil {
		t.Errorf("with enough publishers: %v", err)
	}
}

func TestConnectErrorNamesTheAddress(t *testing.T) {
	err := load(t.Context(), []string{"-url", "ws://127.0.0.1:1", "-for", "1s"}, t.Output(), t.Output())
	if err == nil || !strings.Contains(err.Error(), "connect to ws://127.0.0.1:1: ") {
		t.Errorf("%v, want an error that names the address", err)
	}
}
