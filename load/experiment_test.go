package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"livechat/internal/localcluster"
	"livechat/internal/need"
	"livechat/internal/testpg"
	"livechat/load/record"
)

// experimentWith writes an experiment and returns its file.
func experimentWith(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "experiment.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestBadExperiments(t *testing.T) {
	const twice = "commands: [{at: 1s, run: a}, {at: 1s, do: b}]"
	for text, want := range map[string]string{
		"settings: {clients: many}":     "experiment.yaml:1: clients: ",
		"settings: {clinets: 5}":        `"clinets" in settings; want one of baseline, bound`,
		"settings: {stages: 0s:1c}":     `unknown key "stages" in settings`,
		"limits: [p98 > 1ms]":           "want one of p50, p90",
		"commands: [{at: 40s, run: a}]": "yaml:1: the command is at 40s, the run ends after 30s",
		twice:                           `unknown key "do" in a command`,

		"settings: {clients: 5}\nstages: 0s:1c,1s:2c": "-clients: the stages say it",
	} {
		var out bytes.Buffer
		args := []string{"-experiment", experimentWith(t, text)}
		if err := load(t.Context(), args, &out, &out); !errors.Is(err, errUsage) ||
			!strings.Contains(out.String(), want) {
			t.Errorf("%s: %v and %q, want %q", text, err, out.String(), want)
		}
	}
}

// The command line has the last word.
func TestCommandLineOverridesTheExperiment(t *testing.T) {
	file := experimentWith(t,
		"settings: {clients: 7, rate: 3, for: 9s}\nstages: 0s:5c,2s:6c\nlimits: lost>5")
	o, err := parse([]string{"-experiment", file, "-stages", "0s:8c/2r,4s:9c/2r", "-for", "3s", "-fail-if",
		"p99>1s"}, t.Output())
	if err != nil || o.settings.Stages.String() != "0s:8c/2r,4s:9c/2r" || o.settings.For != 3*time.Second ||
		o.judge.failIf != "p99>1s" {
		t.Errorf("%v: %+v", err, o)
	}
	file = experimentWith(t, "settings: {clients: 7, rate: 3}\nlimits: lost>5")
	o, err = parse([]string{"-experiment", file, "-rate", "4"}, t.Output())
	if err != nil || o.settings.Clients != 7 || o.settings.Rate != 4 || o.judge.failIf != "lost>5" {
		t.Errorf("%v: %+v", err, o)
	}
}

// A run that is interrupted undoes what a command did, and one whose command
// fails has failed.
func TestCommandsOfAnExperiment(t *testing.T) {
	t.Parallel()
	addr := startServer(t, map[string]string{"MESSAGE_RATE": "0", "ROOM_RATE": "0", "LOG_LEVEL": "warn"})
	dir := t.TempDir()
	undone := filepath.Join(dir, "undone")
	file := experimentWith(t, fmt.Sprintf("about: <it> stops\n"+
		"settings: {clients: 5, rate: 5, warmup: 0s, for: 1m}\n"+
		"commands:\n  - {at: 0s, run: 'touch %s/done', for: 30s, then: 'sleep 0.2; touch %s'}", dir, undone))
	ctx, interrupt := context.WithCancel(within(t, time.Minute))
	var out bytes.Buffer
	err := load(ctx, []string{"-url", "ws://" + addr, "-experiment", file, "-html", "",
		"-json", filepath.Join(dir, "run.json")}, &out, writerFunc(func(b []byte) (int, error) {
		if _, err := os.Stat(filepath.Join(dir, "done")); err == nil {
			interrupt()
		}
		return len(b), nil
	}))
	if _, missing := os.Stat(undone); !errors.Is(err, errInterrupted) || missing != nil {
		t.Errorf("%v and %v after\n%s", err, missing, out.String())
	}
	r, err := record.Read(filepath.Join(dir, "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	if e := r.Settings.Experiment; e == nil || e.About != "<it> stops" || e.Commands[0].For != 30 {
		t.Errorf("recorded %+v", e)
	}
	for _, want := range []string{"touch ", "sleep "} {
		marked := func(m record.Mark) bool { return strings.HasPrefix(m.Text, want) }
		if !slices.ContainsFunc(r.Marks, marked) {
			t.Errorf("no mark of %s: %v", want, r.Marks)
		}
	}

	file = experimentWith(t,
		"settings: {clients: 5, rate: 5, for: 3s}\ncommands: [{at: 0s, run: 'echo why; exit 7'}]")
	_, text, err := runLoad(t, "-url", "ws://"+addr, "-experiment", file)
	if !errors.Is(err, errFailed) || !strings.Contains(text, "exit status 7") ||
		!strings.Contains(text, "why") {
		t.Errorf("%v, want the failure of the command", err)
	}
}

// fakeDocker is what docker is for all tests of this package: it passes its
// command on to the test that answers.
const fakeDocker = `#!/bin/sh
cd "${0%/*}" && [ -e answers ] || { echo "no test answers docker $*" >&2; exit 127; }
echo "$*" > new.$$ && mv new.$$ request.$$
while [ -e answers ] && [ ! -e answer.$$ ]; do sleep 0.05; done
exit "$(cat answer.$$)"
`

// answerDocker lets do perform the commands of docker. One test at a time can.
func answerDocker(t *testing.T, do func(command string) error) {
	t.Helper()
	dir := buildDir
	if err := os.WriteFile(filepath.Join(dir, "answers"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			requests, _ := filepath.Glob(dir + "/request.*") // the pattern is valid
			for _, request := range requests {
				answer := "0"
				command, err := os.ReadFile(request)
				err = errors.Join(err, os.Remove(request), do(strings.TrimSpace(string(command))))
				if err != nil {
					t.Errorf("docker %s: %v", command, err)
					answer = "1"
				}
				id := strings.TrimPrefix(filepath.Ext(request), ".")
				part := filepath.Join(dir, "part."+id)
				if err := errors.Join(os.WriteFile(part, []byte(answer), 0o600),
					os.Rename(part, filepath.Join(dir, "answer."+id))); err != nil {
					t.Error(err)
				}
			}
			select {
			case <-time.After(20 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}()
	t.Cleanup(func() { stop(); <-done; _ = os.Remove(filepath.Join(dir, "answers")) })
}

// The experiments of the repository do what they say, against a cluster whose
// parts are processes instead of containers.
func TestExperimentsOfTheRepository(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"redis-server", "haproxy"} {
		need.Program(t, name)
	}
	binary, err := server()
	if err != nil {
		t.Fatal(err)
	}
	// Rooms take files of guests only with PostgreSQL, as in compose.
	c, err := localcluster.Start(within(t, time.Minute), localcluster.Options{Binary: binary, API: 1,
		DB: testpg.New(t).Database(),
		Env: map[string]string{"DRAIN_DELAY": "0s", "DRAIN_PERIOD": "200ms", "CHECK_TIMEOUT": "10s",
			"ROOM_RATE": "0", "GUEST_FILES_DAY": "0"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("stop the cluster: %v", err)
		}
	})
	var did []string
	answerDocker(t, func(command string) error {
		did = append(did, command)
		switch command {
		case "compose pause rds":
			return c.Redis.Pause()
		case "compose unpause rds":
			return c.Redis.Resume()
		case "compose kill ws2":
			return c.Servers[1].Kill()
		case "compose up -d ws2":
			return c.Servers[1].Start(context.Background())
		}
		return errors.New("the test does not know this command")
	})
	files, err := filepath.Glob("experiments/*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("%v and %q", err, files)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			did = nil
			r, _, _ := runLoad(t, "-experiment", file, "-url", c.RoomURL())
			// On a slow machine limits are exceeded, and a server refuses messages
			// sooner.
			if n := r.Totals; n.Lost+n.Duplicated+n.Reordered+n.Unanswered > 0 || n.Acked == 0 {
				t.Errorf("%q: %+v", r.Verdict, n)
			}
			for _, a := range r.Acts {
				if a.Lost > 0 || a.Tried == 0 {
					t.Errorf("%+v", a)
				}
			}
			if len(r.Limits) == 0 || len(r.Settings.Experiment.About) == 0 {
				t.Error("no limits, or no sentence about it")
			}
			var want []string
			for _, c := range r.Settings.Experiment.Commands {
				want = append(want, strings.TrimPrefix(c.Run, "docker "),
					strings.TrimPrefix(c.Then, "docker "))
			}
			if !slices.Equal(did, want) {
				t.Errorf("did %q, want %q", did, want)
			}
			if err := c.WaitReady(within(t, time.Minute), 4); err != nil {
				t.Error(err)
			}
		})
	}
}
