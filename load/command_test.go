package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
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
		{"-network loss=50%", "-network \"loss=50%\": want some of share=10%"},
		{"-network share=5%", "-network \"share=5%\": want delay, loss or rate as well"},
		{"-network loss=5%,loss=6%", "-network: loss is given twice"},
		{"-network loss=5% -scenario slow", "-network: not with -scenario slow"},
		{"-zipf 1.1", "-zipf 1.1: want more than 0, at most 5"},
		{"-zipf NaN -rooms 9", "-zipf NaN: want more than 0, at most 5"},
		{"-rate NaN", "-rate NaN: want more than 0"},
		{"-scenario slow -slow NaN", "-slow NaN: want more than 0, at most 100"},
		{"-scenario slow -slow 101", "-slow 101: want more than 0, at most 100"},
		{"-worse NaN% -baseline missing.json", "-worse \"NaN%\": want a percentage"},
		{"-fail-if rate<NaN", "want deliveries a second"},
		{"-source 198.51.100.7", "-source \"198.51.100.7\": want IP addresses of this machine"},
		{"-compare a.json b.json -html c.html", "flags come before files"},
		{"-zipf 6 -rooms 9", "-zipf 6: want more than 0, at most 5"},
		{"-mix edits=101%", "-mix \"edits=101%\": want percentages such as edits=5%"},
		{"-mix edits=60%,deletes=31%,reactions=10%", "together at most 100 %"},
		{"-mix edits=60%,uploads=41%", "together at most 100 %"},
		{"-mix history=1001%", "at most 1000 % each"},
		{"-mix shouts=1%", "there are edits, deletes"},
		{"-mix messages=1%", "there are edits, deletes"},
		{"-mix edits=-1%", "want percentages"},
		{"-mix edits=NaN", "want percentages"},
		{"-mix edits", "want percentages"},
		{"-mix edits=1,edits=2", "edits is given twice"},
		{"-mix uploads=1% -file-size 0", "want 1 to"},
		{"-target gorilla -mix edits=1%", "-mix: not available with -target gorilla"},
		{"-scenario war", "want one of steady, ramp"},
		{"-scenario kill", "want -kill-pid"},
		{"-pids x", "not a number"},
		{"-pids 999999999", "-pids: no process 999999999"},
		{"-metrics foo", "-metrics \"foo\": want http://host:port/metrics"},
		{"-metrics http://127.0.0.1:1/metrics", "-metrics: read metrics"},
		{"-listen foo", "-listen foo: "},
		{"-listen 127.0.0.1:99999", "-listen 127.0.0.1:99999: "},
		{"worker -listen 127.0.0.1:99999", "-listen 127.0.0.1:99999: "},
		{"-scale 1,x", "not a number"},
		{"-scenario scale -scale-command up", "want {n}"},
		{"-scenario scale -scale-command {n} -scale 0,-1", "want 0 or more"},
		{"-source here", "IP addresses of this machine"},
		{"-compare a.json", "want two files or more"},
		{"-fail-if p98>1ms", "want one of p50, p90"},
		{"-fail-if p99>200", "want a time with one of the units us, ms, s"},
		{"-worse much", "want a percentage"},
		{"-baseline missing.json", "does not exist"},
		{"-grafana localhost:3000", "-grafana \"localhost:3000\": want http://host:port"},
		{"-insecure", "no address begins with wss://"},
		{"more", "is not a flag"},
		{"-url ws://h/?room=a -room b", "names a room"},
		{"-url ws://h/?room=a -rooms 2", "names a room"},
		{"-url ws://h/?room=a,ws://i", "in every address"},
		{"-nonsense", "not defined"},
	} {
		var out bytes.Buffer
		if err := load(t.Context(), strings.Fields(test.args), &out, &out); !errors.Is(err, errUsage) ||
			!strings.Contains(out.String(), test.want) {
			t.Errorf("%s: %v and %q, want %q", test.args, err, out.String(), test.want)
		}
		if n := strings.Count(out.String(), "\n"); n > 3 {
			t.Errorf("%s: %d lines, the error is off the screen", test.args, n)
		}
	}
}

// The help has every flag once, below a heading.
func TestHelpHasEveryFlagOnce(t *testing.T) {
	var out bytes.Buffer
	err := load(t.Context(), []string{"-clients", "7", "-help"}, &out, &out)
	if !errors.Is(err, flag.ErrHelp) {
		t.Errorf("%v, want the help", err)
	}
	for _, want := range []string{"\n  -url ", "\n  -clients ", "\n  -scenario ", "\n  -html "} {
		if n := strings.Count(out.String(), want); n != 1 {
			t.Errorf("%q is there %d times, want once", want, n)
		}
	}
	if !strings.Contains(out.String(), "(default 1000)") {
		t.Error("the default of -clients is not there")
	}
	if strings.Index(out.String(), "\n  -url ") > strings.Index(out.String(), "\n  -handshakes ") {
		t.Error("what matters least comes first")
	}
}

// The help names all that makes a run end with status 1.
func TestHelpNamesFaults(t *testing.T) {
	var out bytes.Buffer
	if err := load(t.Context(), []string{"-help"}, &out, &out); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("%v, want the help", err)
	}
	_, status, _ := strings.Cut(out.String(), "\nExit status: 1 if ")
	one, _, _ := strings.Cut(status, "\n2 for ")
	for _, fault := range []string{
		"lost", "duplicated", "out of order", "refused", "not answered", "the log was replaced",
		"not connected at the end", "scenario", "mix",
	} {
		if !strings.Contains(one, fault) {
			t.Errorf("status 1 does not name %q:\n%s", fault, one)
		}
	}
}

// Where a report cannot be written, nothing is run.
func TestMissingFolderIsFoundFirst(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing", "x")
	for _, flag := range []string{"-html", "-json", "-csv", "-hdr"} {
		var out bytes.Buffer
		err := load(t.Context(), []string{"-url", "ws://127.0.0.1:1", flag, missing}, &out, &out)
		want := flag + " " + missing + " cannot be written"
		if !errors.Is(err, errUsage) || !strings.Contains(out.String(), want) {
			t.Errorf("%v and %q, want the flag and the file", err, out.String())
		}
	}
}

// With -dir the files are there, and are named with it. The check before the run
// leaves none.
func TestFilesAreInTheFolder(t *testing.T) {
	dir := t.TempDir()
	o, err := parse([]string{"-dir", dir, "-json", "a.json", "-html", "/x/report.html"}, t.Output())
	if err != nil || o.json != filepath.Join(dir, "a.json") || o.html != "/x/report.html" {
		t.Fatalf("%+v, %v", o, err)
	}
	o, err = parse([]string{"-dir", dir, "-compare", "a.json", "b.json"}, t.Output())
	if err != nil || o.files[1] != filepath.Join(dir, "b.json") || o.html != filepath.Join(dir, compareFile) {
		t.Fatalf("%+v, %v", o, err)
	}
	if err := o.writable(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}

// A load goes into a room of its own, unless something else is asked for.
func TestRoom(t *testing.T) {
	for args, want := range map[string]string{
		"":                            "load",
		"-rooms 2":                    "load-1",
		"-room a -rooms 2":            "a-1",
		"-room a":                     "a",
		"-room=":                      "",
		"-url ws://h/?room=b":         "",
		"-url ws://h/,ws://i -room c": "c",
	} {
		if o, err := parse(strings.Fields(args), t.Output()); err != nil || o.settings.Room(0) != want {
			t.Errorf("%q: %v, room %q, want %q", args, err, o.settings.Room(0), want)
		}
	}
}

// Where rooms have to be made first, the tool says so.
func TestMissingRoomIsExplained(t *testing.T) {
	t.Parallel()
	addr := startServer(t, map[string]string{"ROOMS": "made", "LOG_LEVEL": "warn"})
	err := load(t.Context(), []string{"-url", "ws://" + addr, "-clients", "1", "-html", ""}, t.Output(),
		t.Output())
	if err == nil || !strings.Contains(err.Error(), "choose one with -room") {
		t.Errorf("%v, want advice", err)
	}
	if _, _, err := runLoad(t, "-url", "ws://"+addr, "-room", "", "-clients", "2", "-rate", "2", "-for", "1s",
		"-warmup", "0"); err != nil {
		t.Errorf("in the default room: %v", err)
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
	t.Parallel()
	addr := startServer(t, map[string]string{"MESSAGE_RATE": "0", "ROOM_RATE": "0", "LOG_LEVEL": "warn"})
	ctx, interrupt := context.WithCancel(within(t, time.Minute))
	var out bytes.Buffer
	err := load(ctx, []string{"-url", "ws://" + addr, "-clients", "10", "-for", "10m", "-html", ""}, &out,
		writerFunc(func(b []byte) (int, error) {
			if bytes.Contains(b, []byte("steady: 10 connected")) {
				interrupt()
			}
			return len(b), nil
		}))
	if !errors.Is(err, errInterrupted) || !strings.Contains(out.String(), "interrupted") ||
		!strings.Contains(out.String(), "passed") || strings.Contains(out.String(), "were sent in time") {
		t.Errorf("%v, output %s", err, out.String())
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// Errors name an address without its secrets: others may read what a terminal
// of CI shows.
func TestErrorsAreWithoutSecrets(t *testing.T) {
	for _, args := range []string{
		"-url ws://ann:walrus@127.0.0.1:1/?ticket=badger",
		"-metrics http://ann:walrus@127.0.0.1:1/metrics?token=badger",
	} {
		var out bytes.Buffer
		args = args + " -clients 1 -for 1s"
		if n := status(load(t.Context(), strings.Fields(args), &out, &out), &out); n == 0 {
			t.Errorf("%s: exit status 0", args)
		}
		said := out.String()
		isKnown := strings.Contains(said, "walrus") || strings.Contains(said, "badger")
		if isKnown || !strings.Contains(said, "127.0.0.1:1") {
			t.Errorf("%s: it says %q, want the address without secrets", args, said)
		}
	}
}
