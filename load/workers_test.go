package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"livechat/load/plan"
	"livechat/load/record"
	"livechat/load/watch"
	"livechat/load/worker"
)

// startWorkers starts workers in this process and returns the value of
// -workers.
func startWorkers(t *testing.T, n int) string {
	t.Helper()
	var all []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		watcher, err := watch.New(nil, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		own, err := revision()
		if err != nil {
			t.Fatal(err)
		}
		w := worker.Worker{Version: own, Secret: os.Getenv(secretVariable), Watcher: watcher, Check: limits,
			Logger: slog.New(slog.NewTextHandler(t.Output(), nil))}
		ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
		served := make(chan error, 1)
		go func() { served <- w.Serve(ctx, l) }()
		t.Cleanup(func() {
			stop()
			if err := <-served; err != nil {
				t.Error(err)
			}
		})
		all = append(all, l.Addr().String())
	}
	return strings.Join(all, ",")
}

func startForWorkers(t *testing.T) string {
	return startServer(t, map[string]string{"MESSAGE_RATE": "0", "ROOM_RATE": "0", "LOG_LEVEL": "warn",
		"BALANCE": "false"})
}

// Of all messages to the clients of both workers, some are dropped.
// The run has lost just these, wherever they were sent.
func TestWorkersLoseWhatIsDropped(t *testing.T) {
	t.Setenv(secretVariable, "a secret of the test")
	p := startFaulty(t, startForWorkers(t), drops)
	r, text, err := runLoad(t, "-workers", startWorkers(t, 2), "-url", p.url, "-clients", "21", "-rooms", "3",
		"-publishers", "6", "-rate", "600", "-for", "2s", "-warmup", "0")
	did := p.corrupted.Load()
	if !errors.Is(err, errFailed) || did != corruptions || r.Totals.Lost != did ||
		r.Totals.Duplicated+r.Totals.Reordered != 0 {
		t.Errorf("exit %v, found %+v after %d drops", err, r.Totals, did)
	}
	if want := 7*r.Totals.Acked - did; r.Totals.Delivered != want {
		t.Errorf("%d deliveries, want %d", r.Totals.Delivered, want)
	}
	var lost, delivered int64
	clients := 0
	for _, w := range r.Workers {
		lost, delivered, clients = lost+w.Lost, delivered+w.Delivered, clients+w.Clients
	}
	if len(r.Workers) != 2 || lost != did || delivered != r.Totals.Delivered || clients != 21 {
		t.Errorf("workers: %+v", r.Workers)
	}
	if !strings.Contains(text, "latencies between workers are wrong by at most") {
		t.Error("the output lacks the error of the clocks")
	}
}

// A message that no client of a worker receives is lost there, also at the very
// beginning and at the very end, where nothing follows that could show it. All
// of it is sent by the other worker.
func TestWorkersLoseTheFirstAndTheLast(t *testing.T) {
	t.Parallel()
	const clients, dropped = 6, 10
	p := startFaulty(t, startForWorkers(t), nil)
	var late atomic.Int64
	p.drop = func(name string, n int64) bool {
		number, err := strconv.Atoi(strings.TrimPrefix(name, "load-"))
		if err != nil || number <= clients/2 { // of the first worker
			return false
		}
		if n > dropped {
			late.Add(1)
		}
		return n == 1 || n > dropped
	}
	r, _, err := runLoad(t, "-workers", startWorkers(t, 2), "-url", p.url, "-clients", strconv.Itoa(clients),
		"-publishers", "1", "-rate", "50", "-for", "1s", "-warmup", "0", "-settle", "6s")
	did := p.corrupted.Load()
	if !errors.Is(err, errFailed) || late.Load() == 0 || did != late.Load()+clients/2 ||
		r.Totals.Lost != did ||
		r.Workers[0].Lost != 0 || r.Totals.Delivered != clients*r.Totals.Acked-did {
		t.Errorf("exit %v, found %+v and %+v after %d drops, %d of them late", err, r.Totals, r.Workers, did,
			late.Load())
	}
}

// Each scenario works with workers, and every client of each receives
// everything once.
func TestScenariosPassWithWorkers(t *testing.T) {
	t.Parallel()
	addr, workers := startForWorkers(t), startWorkers(t, 3)
	for _, test := range []struct {
		args  string
		check func(*record.Run) bool
	}{
		{"", func(r *record.Run) bool {
			return r.Totals.Delivered == 40*r.Totals.Sent && r.Totals.Measured > 0 && len(r.Marks) == 2 &&
				len(r.Curve) > 0
		}},
		{"-scenario storm", func(r *record.Run) bool {
			return r.Totals.Reconnects == 40 && stormy(r)
		}},
		{"-scenario churn -stay 500ms", func(r *record.Run) bool { return r.Totals.Delivered > 0 }},
		{"-scenario slow -slow 25", func(r *record.Run) bool {
			return r.Totals.Delivered == 40*r.Totals.Sent && r.Totals.Measured < r.Totals.Delivered
		}},
		{"-scenario kill -kill-command true", func(r *record.Run) bool { return len(r.Marks) > 2 }},
		{"-scenario rolling -rolling-command true -rolling-times 2", func(r *record.Run) bool {
			return len(r.Did) == 3 && r.Totals.Delivered == 40*r.Totals.Sent
		}},
		{"-scenario ramp -step 500ms -bound 1m", func(r *record.Run) bool {
			return r.Knee != nil && r.Knee.Why != "" && len(r.Marks) > 2
		}},
		{"-rooms 4", func(r *record.Run) bool {
			return r.Totals.Delivered == 10*r.Totals.Sent && r.Settings.Publishers == 4
		}},
		{"-mix edits=20%,deletes=20% -publishers 3", func(r *record.Run) bool {
			return r.Totals.Delivered == 40*r.Totals.Sent && r.Totals.Edits+r.Totals.Deletes > 0
		}},
		{"-mix reactions=40%,deletes=10% -publishers 6 -rooms 2", func(r *record.Run) bool {
			return r.Totals.Reactions > 0 && r.Totals.Miscounted == 0 && r.ActOf("reactions").Answered ==
				r.Totals.Reactions
		}},
		{"-scenario scale -scale-command n={n} -scale 0,0 -clients 7 -for 8s", func(r *record.Run) bool {
			return r.Scale != nil && len(r.Scale.Steps) == 2 && r.Scale.Steps[1].Servers == 1 &&
				r.Totals.Delivered == 7*r.Totals.Sent
		}},
		{"-think 1s", func(r *record.Run) bool { return r.Settings.Publishers == 40 && r.Totals.Sent > 20 }},
	} {
		t.Run(test.args, func(t *testing.T) {
			r, _, err := runLoad(t, append([]string{"-url", "ws://" + addr, "-clients", "40", "-rate", "30",
				"-for", "2s", "-warmup", "200ms", "-workers", workers}, strings.Fields(test.args)...)...)
			if err != nil || !test.check(r) || r.Totals.Sent != r.Totals.Acked {
				t.Errorf("exit %v with %+v, %+v and %+v", err, r.Totals, r.Knee, r.Marks)
			}
			var sent, delivered int64
			for _, s := range r.Seconds {
				sent, delivered = sent+s.Sent, delivered+s.Delivered
			}
			if last := r.Seconds[len(r.Seconds)-1]; sent != r.Totals.Sent || delivered > r.Totals.Delivered ||
				last.Lost != 0 {
				t.Errorf("seconds: %d sent and %d delivered, want %+v", sent, delivered, r.Totals)
			}
		})
	}
}

// Stages work with workers, whose clients are there at different times. How near
// they come to the stages is up to the machine.
func TestStagesWithWorkers(t *testing.T) {
	t.Parallel()
	r, _, err := runLoad(t, "-workers", startWorkers(t, 3), "-url", "ws://"+startForWorkers(t), "-stages",
		"0s:10c/10r,1s:40c/30r,2s:4c/10r", "-warmup", "0")
	n := &r.Totals
	if err != nil || n.Sent != n.Acked || n.Sent == 0 {
		t.Errorf("exit %v with %+v", err, n)
	}
	if last := 10 + n.Joined - n.Left; n.Joined > 30 || n.Left > 36 || last < 4 || last > 40 ||
		n.Joined+n.Left == 0 {
		t.Errorf("%d joined and %d left", n.Joined, n.Left)
	}
}

// Commands of an experiment are run once, by the coordinator, also what undoes
// them.
func TestCommandsWithWorkers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, ran := filepath.Join(dir, "experiment.yaml"), filepath.Join(dir, "ran")
	text := "commands:\n- at: 0s\n  run: echo done >> " + ran + "\n  then: echo undone >> " + ran + "\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r, _, err := runLoad(t, "-workers", startWorkers(t, 2), "-url", "ws://"+startForWorkers(t), "-clients",
		"4", "-for", "3s", "-warmup", "0", "-experiment", file)
	got, _ := os.ReadFile(ran) // no file: nothing was run
	if err != nil || string(got) != "done\nundone\n" || r.Totals.Delivered != 4*r.Totals.Sent {
		t.Errorf("exit %v, ran %q", err, got)
	}
}

// Flags that do not work with workers are refused before anything begins.
func TestWorkersRefuseFlags(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"-workers here", "want host:port"},
		{"-workers a:1,a:1", "twice"},
		{"-workers a:1,b:1 -clients 1", "cannot share"},
		{"-workers a:1 -source 127.0.0.1", "to each worker"},
		{"worker -listen :7100", "set LOAD_SECRET"},
		{"worker -listen 7100", "want host:port"},
		{"worker -source here", "IP addresses of this machine"},
		{"worker more", "is not a flag"},
		{"worker -nonsense", "not defined"},
	} {
		var out bytes.Buffer
		if err := load(t.Context(), strings.Fields(test.args), &out, &out); !errors.Is(err, errUsage) ||
			!strings.Contains(out.String(), test.want) {
			t.Errorf("%s: %v and %q, want %q", test.args, err, out.String(), test.want)
		}
	}
	t.Setenv(secretVariable, "short")
	var out bytes.Buffer
	if err := load(t.Context(), []string{"worker", "-listen", ":0"}, &out, &out); !errors.Is(err, errUsage) ||
		!strings.Contains(out.String(), "at least 16") {
		t.Errorf("%v and %q, want a longer secret", err, out.String())
	}
}

// The revision says whether two builds are of the same sources.
func TestRevision(t *testing.T) {
	own, err := revision()
	again, _ := revision()
	if err != nil || len(own) != 12 || own != again {
		t.Errorf("%q and %q, %v", own, again, err)
	}
	for _, s := range plan.Scenarios() {
		if _, err := plan.ScenarioByName(s.Name); err != nil {
			t.Error(err) // a worker could not take it
		}
	}
	text, err := sources.ReadFile("run/run.go")
	if err != nil || !bytes.HasPrefix(text, []byte("// Package")) {
		t.Errorf("%.20q, %v", text, err)
	}
}
