package main

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"livechat/e2e/chaos"
	"livechat/e2e/history"
)

func TestSeeds(t *testing.T) {
	for text, want := range map[string][]uint64{"7": {7}, "1..3": {1, 2, 3}, "3,5..6,8": {3, 5, 6, 8}} {
		if got, err := (settings{seeds: text}).list(); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"x", "1..", "3..1", "-1", "1,,2"} {
		if got, err := (settings{seed: text}).list(); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
	if got, err := (settings{}).list(); err != nil || len(got) != 1 {
		t.Errorf("no seed: %v, %v, want a random one", got, err)
	}
}

func TestBadFlagsFailBeforeBuild(t *testing.T) {
	if err := run(t.Context(), []string{"-seeds", "x"}, io.Discard); err == nil ||
		!strings.Contains(err.Error(), "want numbers") {
		t.Errorf("run: %v", err)
	}
	if err := run(t.Context(), []string{"-edits", "101"}, io.Discard); err == nil ||
		!strings.Contains(err.Error(), "want percentages") {
		t.Errorf("run: %v", err)
	}
	var out strings.Builder
	s := settings{only: "earthquake", length: time.Minute}
	if _, err := s.one(t.Context(), &out, "", 1); err == nil {
		t.Error("an unknown fault was planned")
	}
}

func TestRepeatArguments(t *testing.T) {
	s := settings{length: 2 * time.Minute, only: "redis-kill", persist: "rdb", soak: true, edits: 10,
		deletes: 5, reactions: 3, files: 2, s3: true, moderated: true}
	want := "-seed 7 -for 2m0s -only redis-kill -persist rdb -soak -edits 10 -deletes 5 -reactions 3 " +
		"-files 2 -s3 -moderated"
	if got := s.repeatArgs(7); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestReport(t *testing.T) {
	var out strings.Builder
	r := chaos.Result{
		Done:    map[string]int{"redis-kill": 3},
		Skipped: 1,
		Rules:   9,
		Summary: history.Summary{Sent: 5, Acked: 4, Delivered: 40, Disconnects: 2, Resets: 6, Edits: 3,
			Deletes: 1, Reactions: 7},
	}
	report(&out, r)
	for _, want := range []string{"redis-kill 3, 1 skipped",
		"5 messages sent, 4 acked, 40 deliveries, 2 forced reconnects, 6 resets, 0 gaps",
		"3 of the acked were edits, 1 deletes; 7 reactions", "9 rules set and taken back", "clean: 0 lost"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in %s", want, out.String())
		}
	}
	out.Reset()
	r.Err = errors.Join(errors.New("one"), errors.New("two"))
	report(&out, r)
	if !strings.Contains(out.String(), "FAILED\n  one\n  two\n") ||
		strings.Contains(out.String(), "clean") {
		t.Errorf("reported %s", out.String())
	}
}

func TestSaveWritesLogAndHistories(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	h := history.New()
	begin := time.Now()
	h.Sending("a", begin)
	h.Acked("a", history.Position{Seq: 1}, begin.Add(time.Second))
	h.Sending("b", begin.Add(2*time.Second))
	r := h.Reader("ann")
	for _, e := range []history.Event{
		{Kind: history.Joined, At: history.Position{Epoch: "e"}, When: begin},
		{
			Kind: history.Message, At: history.Position{Epoch: "e", Seq: 1}, ID: "a",
			When: begin.Add(time.Second),
		},
		{
			Kind: history.Message, At: history.Position{Epoch: "e", Seq: 2}, ID: "b",
			When: begin.Add(3 * time.Second),
		},
		{Kind: history.Reset, At: history.Position{Epoch: "f", Seq: 4}, When: begin.Add(4 * time.Second)},
	} {
		r.Add(e)
	}
	k := &recorder{begin: begin}
	k.line("1000", "it began")
	var out strings.Builder
	k.save(&out, "test", []chaos.Part{{Name: "room livechat", History: h}})
	_, path, _ := strings.Cut(strings.TrimSpace(out.String()), "details  ")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v, printed %q", err, out.String())
	}
	for _, want := range []string{"1000     it began", "0.000s sent a, acked     1.000s at :1",
		"2.000s sent b, never acked", "ann\n", "0.000s joined e:0",
		"1.000s messages e:1 to 2, a to b, until     3.000s", "4.000s reset f:4"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
