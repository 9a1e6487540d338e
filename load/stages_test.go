package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"livechat/load/record"
)

// Clients join, leave and join again as the stages say, as far as the machine
// keeps up. Nothing is due to those that have left, and everything to those that
// are there.
func TestStages(t *testing.T) {
	t.Parallel()
	addr := startServer(t, map[string]string{"MESSAGE_RATE": "0", "ROOM_RATE": "0", "LOG_LEVEL": "warn",
		"BALANCE": "false"})
	var left, joined int64
	for _, test := range []struct {
		stages, more string
		first        int64 // clients at the beginning
		left, joined int64 // at most
	}{
		{"0s:0c/0r,1s:20c/20r,2s:20c/20r,3s:0c/0r,4s:0c/0r,5s:10c/10r,6s:10c/10r", "", 0, 20, 30},
		{"0s:10c/10r,1s:10c/10r,1s:40c/30r,2s:40c/30r,2s:10c/10r,3s:10c/10r", "-warmup 500ms", 10, 30, 30},
		{"0s:20r,1s:40r,2s:0r", "-clients 30", 30, 0, 0},
		{"0s:40c,1s:8c,2s:8c,3s:40c", "-rate 20 -rooms 5 -scenario storm", 40, 32, 32},
	} {
		t.Run(test.stages, func(t *testing.T) {
			r, text, err := runLoad(t, append(strings.Fields(test.more), "-url", "ws://"+addr,
				"-publishers", "5", "-stages", test.stages)...)
			n := &r.Totals
			if err != nil || n.Unanswered > 0 || n.Acked != n.Sent || n.Sent < 20 {
				t.Errorf("%v: %+v", err, n)
			}
			last := r.Seconds[len(r.Seconds)-1].Planned
			if n.Left > test.left || n.Joined > test.joined || test.first+n.Joined-n.Left != int64(last) {
				t.Errorf("%d left and %d joined, want at most %d and %d, and %d clients at the end", n.Left,
					n.Joined, test.left, test.joined, last)
			}
			left, joined = left+n.Left, joined+n.Joined
			stages := "stages " + strings.ReplaceAll(r.Settings.Stages, ",", ", ")
			if !strings.Contains(text, stages) || strings.Contains(text, "were sent in time") {
				t.Error("the output lacks the stages, or says that messages were not sent")
			}
			if most := mostPlanned(r); most > r.Settings.Clients {
				t.Errorf("%d clients, want at most %d", most, r.Settings.Clients)
			}
		})
	}
	if left == 0 || joined == 0 {
		t.Errorf("%d left and %d joined in all", left, joined)
	}
}

func mostPlanned(r *record.Run) (most int) {
	for _, s := range r.Seconds {
		most = max(most, s.Planned)
	}
	return most
}

func TestBadStages(t *testing.T) {
	for args, want := range map[string]string{
		"-stages 0s:1x":                                      "such as 30s:1000c/20r",
		"-stages 1s:1c/1r":                                   "the first is at 1s, want 0s",
		"-stages 0s:1c/1r -clients 2":                        "-clients: the stages say it",
		"-stages 0s:1c,1s:2c -rate 2 -think 1s":              "leave out -think",
		"-stages 0s:1c/1r,1s:1c/1r -scenario ramp":           "leave out -scenario ramp",
		"-stages 0s:1c/1r,1s:1c/1r -clients 5 -publishers 2": "-clients: the stages say it",
	} {
		var out bytes.Buffer
		if err := load(t.Context(), strings.Fields(args), &out, &out); !errors.Is(err, errUsage) ||
			!strings.Contains(out.String(), want) {
			t.Errorf("%s: %v and %q, want %q", args, err, out.String(), want)
		}
	}
}
