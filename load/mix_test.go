package main

import (
	"errors"
	"strings"
	"testing"

	"livechat/load/plan"
)

const allOfIt = "edits=10%,deletes=5%,reactions=10%,uploads=5%,typing=100%,history=150%," +
	"search=20%,private=50%"

// Everything that people do is done, answered and counted, and nothing is lost.
func TestMix(t *testing.T) {
	t.Parallel()
	addr := startForFiles(t, nil)
	r, text, err := runLoad(t, "-url", "ws://"+addr, "-clients", "20", "-rooms", "2", "-rate", "30", "-for",
		"3s", "-warmup", "0", "-file-size", "1000", "-mix", allOfIt)
	if err != nil || r.Totals.Acked != r.Totals.Sent {
		t.Errorf("exit %v with %+v", err, r.Totals)
	}
	for a := plan.Send; a < plan.Acts; a++ {
		one := r.ActOf(a.String())
		if one.Tried == 0 || one.Failures() > 0 || a != plan.Type && (one.Answered != one.Tried || one.P50 <= 0) {
			t.Errorf("%s: %+v", a, one)
		}
	}
	if n := r.ActOf("typing").Received; n == 0 {
		t.Error("nobody saw anybody typing")
	}
	if one := r.ActOf("private"); one.Received != 2*one.Answered || one.Lost != 0 {
		t.Errorf("private messages: %+v, want each in two feeds", one)
	}
	if edits := r.ActOf("edits"); edits.Tried != r.Totals.Edits {
		t.Errorf("%+v, want %d", edits, r.Totals.Edits)
	}
	for _, want := range []string{"people ", "150 % history", "private: "} {
		if !strings.Contains(text, want) {
			t.Errorf("the output lacks %q", want)
		}
	}
	if r.Settings.Mix["typing"] != 100 {
		t.Errorf("recorded the mix %v", r.Settings.Mix)
	}
	for _, m := range r.Marks {
		if strings.Contains(m.Text, "accounts") {
			t.Error(m.Text)
		}
	}
}

// The counts of workers are added up.
func TestMixWithWorkers(t *testing.T) {
	t.Parallel()
	addr := startForFiles(t, map[string]string{"BALANCE": "false"})
	r, _, err := runLoad(t, "-workers", startWorkers(t, 2), "-url", "ws://"+addr, "-clients", "20",
		"-publishers", "4", "-rate", "30", "-for", "2s", "-warmup", "0", "-mix",
		"edits=10%,history=100%,search=20%,private=50%")
	if err != nil {
		t.Errorf("exit %v with %+v", err, r.Totals)
	}
	for _, kind := range []string{"messages", "edits", "history", "search", "private"} {
		if one := r.ActOf(kind); one.Tried == 0 || one.Answered != one.Tried || one.P50 <= 0 {
			t.Errorf("%s: %+v", kind, one)
		}
	}
	if one := r.ActOf("private"); one.Received != 2*one.Answered {
		t.Errorf("private messages: %+v, want each in two feeds", one)
	}
}

// A target without the API is refused before anything begins.
func TestMixNeedsTheAPI(t *testing.T) {
	addr := startServer(t, map[string]string{"LOG_LEVEL": "warn"})
	p := startFaulty(t, addr, nil) // passes the room alone
	for _, kind := range []string{"history", "search", "private", "uploads"} {
		err := load(t.Context(), []string{"-url", p.url, "-clients", "2", "-for", "1s", "-html", "", "-mix",
			kind + "=10%"}, t.Output(), t.Output())
		if err == nil || errors.Is(err, errFailed) || !strings.Contains(err.Error(), "has no HTTP API") {
			t.Errorf("%s: %v, want that there is no API", kind, err)
		}
	}
}

// A mix in an experiment is a mapping.
func TestMixOfAnExperiment(t *testing.T) {
	file := experimentWith(t, "settings:\n  mix: {edits: 5%, typing: 20}\n")
	o, err := parse([]string{"-experiment", file}, t.Output())
	if err != nil || o.settings.Mix.String() != "edits=5%,typing=20%" {
		t.Errorf("%v: %v", err, o)
	}
}

// Rooms of different sizes: everybody receives what is said in their own.
func TestZipf(t *testing.T) {
	t.Parallel()
	addr := startForWorkers(t)
	for _, more := range [][]string{nil, {"-workers", startWorkers(t, 2)}} {
		r, text, err := runLoad(t, append([]string{"-url", "ws://" + addr, "-clients", "40", "-rooms", "10",
			"-zipf", "1.1", "-rate", "30", "-for", "2s", "-warmup", "0"}, more...)...)
		s := &r.Settings
		if err != nil || r.Totals.Acked != r.Totals.Sent || r.Totals.Delivered <= 4*r.Totals.Sent {
			t.Errorf("exit %v with %+v, want more deliveries than in rooms of the same size", err, r.Totals)
		}
		if s.Zipf != 1.1 || s.BiggestRoom < 8 || s.MedianRoom < 1 || s.MedianRoom > 4 || s.Publishers != 20 {
			t.Errorf("settings: %+v", s)
		}
		if !strings.Contains(text, "10 rooms by Zipf's law with exponent 1.1: ") {
			t.Error("the output lacks the rooms")
		}
	}
}
