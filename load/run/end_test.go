package run

import (
	"testing"
	"time"

	"livechat/load/plan"
)

// A schedule that is ended late ended when it was due: nothing more is sent. One
// that is ended early ends there.
func TestScheduleEndsWhenItIsDue(t *testing.T) {
	for _, due := range []time.Duration{-time.Minute, time.Hour} {
		r := build(plan.Settings{URLs: []string{"ws://127.0.0.1:1"}, Rooms: 1, Handshakes: 1}, nil, nil, 0)
		at := time.Now().Add(due)
		r.endAt.Store(at.UnixNano())
		r.end()
		if late := due < 0; late != r.ends().Equal(at.Round(0)) || r.ends().After(time.Now()) {
			t.Errorf("due after %s, it ended at %s", due, r.ends())
		}
	}
}
