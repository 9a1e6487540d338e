package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"livechat/load/run"
	"livechat/load/watch"
	"livechat/load/worker"
)

// workerVariable makes this test's program a worker instead.
const workerVariable = "LOAD_TEST_WORKER"

// startProcess starts a worker as a process of its own. It returns its address.
func startProcess(t *testing.T) (*os.Process, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	file, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0])
	cmd.Env = append(os.Environ(), workerVariable+"=1")
	cmd.ExtraFiles = []*os.File{file}
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := errors.Join(cmd.Start(), l.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd.Process, l.Addr().String()
}

// beWorker serves the listener that the test has passed on.
func beWorker() error {
	l, err := net.FileListener(os.NewFile(3, "listener"))
	if err != nil {
		return err
	}
	watcher, err := watch.New(nil, nil, nil)
	if err != nil {
		return err
	}
	w := worker.Worker{Watcher: watcher, Check: limits, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	if w.Version, err = revision(); err != nil {
		return err
	}
	return w.Serve(context.Background(), l)
}

// A worker that dies or stands still ends the run with an error that names it,
// and the other one is ready for the next run.
func TestDeadWorkerEndsTheRun(t *testing.T) {
	t.Parallel()
	addr, other := startForWorkers(t), startWorkers(t, 1)
	for _, test := range []struct {
		signal syscall.Signal
		want   string
	}{{syscall.SIGKILL, "has it died?"}, {syscall.SIGSTOP, "no sign of life for 10s"}} {
		t.Run(test.signal.String(), func(t *testing.T) {
			process, mortal := startProcess(t)
			err := runSpread(t, addr, []string{other, mortal}, func(l run.Live) {
				if l.Phase == "steady" {
					_ = process.Signal(test.signal)
				}
			})
			if err == nil || !strings.Contains(err.Error(), "worker "+mortal+": ") ||
				!strings.Contains(err.Error(), test.want) && test.signal == syscall.SIGSTOP {
				t.Errorf("%v, want an error that names %s: %s", err, mortal, test.want)
			}
			if r, _, err := runLoad(t, "-workers", other, "-url", "ws://"+addr, "-clients", "4", "-for", "1s",
				"-warmup", "0"); err != nil || r.Totals.Delivered != 4*r.Totals.Sent {
				t.Errorf("the next run: %v", err)
			}
		})
	}
}

// runSpread performs a long run on workers.
func runSpread(t *testing.T, addr string, workers []string, tell func(run.Live)) error {
	t.Helper()
	own, err := revision()
	if err != nil {
		t.Fatal(err)
	}
	o, err := parse([]string{"-url", "ws://" + addr, "-clients", "10", "-for", "10m", "-warmup", "0"},
		t.Output())
	if err != nil {
		t.Fatal(err)
	}
	watcher, err := watch.New(nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := worker.Coordinator{Workers: workers, Version: own, Watcher: watcher, Tell: tell,
		Mute: 10 * time.Second}
	_, err = c.Do(within(t, time.Minute), o.settings)
	return err
}

// An interruption ends the run on all workers and reports what was measured.
func TestInterruptedWorkersReportWhatTheyMeasured(t *testing.T) {
	t.Parallel()
	addr, workers := startForWorkers(t), startWorkers(t, 2)
	for range 2 { // they are ready for the next one
		ctx, interrupt := context.WithCancel(within(t, time.Minute))
		var out bytes.Buffer
		err := load(ctx, []string{"-workers", workers, "-url", "ws://" + addr, "-clients", "10", "-for",
			"10m", "-html", ""}, &out, writerFunc(func(b []byte) (int, error) {
			if bytes.Contains(b, []byte("steady: 10 connected")) {
				interrupt()
			}
			return len(b), nil
		}))
		if !errors.Is(err, errInterrupted) || !strings.Contains(out.String(), "interrupted") ||
			!strings.Contains(out.String(), "passed") {
			t.Errorf("%v, output %s", err, out.String())
		}
		interrupt()
	}
}

// A worker that cannot do its share says why, and a run that is interrupted
// while clients join ends at once.
func TestWorkersThatCannotBegin(t *testing.T) {
	dir := t.TempDir()
	do := func(ctx context.Context, args ...string) error {
		return load(ctx, append([]string{"-html", filepath.Join(dir, "report.html"), "-for", "1s"}, args...),
			t.Output(), t.Output())
	}
	workers := startWorkers(t, 2)
	first, _, _ := strings.Cut(workers, ",")
	err := do(t.Context(), "-workers", workers, "-url", "ws://127.0.0.1:1")
	if err == nil || !strings.Contains(err.Error(), "worker 127.0.0.1:") ||
		!strings.Contains(err.Error(), "connect to ws://127.0.0.1:1: ") {
		t.Errorf("no server: %v", err)
	}
	err = do(t.Context(), "-workers", workers, "-url", "ws://127.0.0.1:1", "-clients", "100000000")
	if err == nil || !strings.Contains(err.Error(), "ulimit -n") {
		t.Errorf("too many clients: %v", err)
	}
	err = do(t.Context(), "-workers", first+",127.0.0.1:1", "-url", "ws://127.0.0.1:1")
	if err == nil || !strings.Contains(err.Error(), "worker 127.0.0.1:1: ") {
		t.Errorf("no worker: %v", err)
	}
	ctx, interrupt := context.WithCancel(within(t, time.Minute))
	err = load(ctx, []string{"-workers", workers, "-url", "ws://" + startForWorkers(t), "-clients", "100",
		"-ramp", "10m", "-html", "", "-for", "1s"}, t.Output(), writerFunc(func(b []byte) (int, error) {
		if bytes.Contains(b, []byte("joining: ")) {
			interrupt()
		}
		return len(b), nil
	}))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}
