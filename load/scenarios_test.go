package main

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"livechat/load/record"
)

// Runs every scenario that needs no outside action against a good server.
func TestScenariosPass(t *testing.T) {
	t.Parallel()
	addr := startServer(t, map[string]string{"MESSAGE_RATE": "0", "ROOM_RATE": "0", "LOG_LEVEL": "warn",
		"BALANCE": "false"})
	for _, test := range []struct {
		args  []string
		check func(*record.Run) bool
	}{
		{
			[]string{"-scenario", "storm"},
			func(r *record.Run) bool {
				return r.Totals.Reconnects == 40 && stormy(r) && len(r.Did) == 1 &&
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
	t.Parallel()
	addr := startServer(t, map[string]string{"LOG_LEVEL": "warn"})
	r, text, err := runLoad(t, "-url", "ws://"+addr, "-clients", "4", "-rate", "4", "-for", "40s", "-warmup",
		"0", "-scenario", "rolling", "-rolling-command", "test {n} = 1", "-rolling-times", "39")
	if !errors.Is(err, errFailed) || len(r.Verdict) != 1 || len(r.Advice) > 0 ||
		r.Marks[len(r.Marks)-1].At >= 40 || !strings.Contains(text, "1 of 39 restarts were run") {
		t.Errorf("exit %v with %q", err, r.Verdict)
	}
}

// stormy reports whether the marks say that all clients were disconnected. They
// may be connected again only after the last message.
func stormy(r *record.Run) bool {
	return slices.ContainsFunc(r.Marks, func(m record.Mark) bool { return m.Text == "all clients disconnected" })
}
