package history

import (
	"livechat/client"
	"runtime"
	"strings"
	"testing"
)

func TestViolationsAreLimited(t *testing.T) {
	h, a, _ := sentHistory(100)
	saw(a, 100)
	if err := h.Check(NoGaps); err == nil || strings.Count(err.Error(), "\n") != maxViolations ||
		!strings.HasSuffix(err.Error(), " more") {
		t.Errorf("check says %v", err)
	}
}

func TestLagging(t *testing.T) {
	h, a, b := sentHistory(3)
	saw(a, 1, 2, 3)
	saw(b, 1)
	if err := h.Lagging(); err == nil || err.Error() != "b lacks m2, which was acked at e:2" {
		t.Errorf("lagging: %v", err)
	}
	gap(b, 2, 2)
	saw(b, 3)
	if err := h.Lagging(); err != nil {
		t.Errorf("lagging: %v", err)
	}
}

func TestTake(t *testing.T) {
	h, _, _ := sentHistory(0)
	h.Sending("m2", second(1))
	h.Sending("m5", second(2))
	h.Sending("n8", second(3))
	r := h.Reader("session")
	for _, e := range []client.Event{
		&client.Welcome{Epoch: "e", Seq: 1}, &client.Presence{}, &client.Message{Seq: 2, ID: "m2"},
		&client.Disconnected{},
		&client.Gap{From: 3, To: 4}, &client.Welcome{Epoch: "e", Seq: 5}, &client.Message{Seq: 5, ID: "m5"},
		&client.Reset{Epoch: "f", Seq: 7}, &client.Message{Seq: 8, ID: "n8"},
	} {
		r.Take(e)
	}
	if err := h.Check(GapsAsked); err != nil {
		t.Errorf("check says %v", err)
	}
	if got, want := h.Summary(), (Summary{Sent: 3, Delivered: 3, Gaps: 1, Resets: 1,
		Disconnects: 1}); got != want {
		t.Errorf("summary %+v, want %+v", got, want)
	}
	if err := h.Check(NoGaps); err == nil || err.Error() != "session was told that it will not get 3 to 4" {
		t.Errorf("check says %v, want the gap", err)
	}
	h.Acked("n8", Position{"f", 9}, second(4))
	if err := h.Check(GapsAsked); err == nil ||
		!strings.Contains(err.Error(), "at f:9 says its ack, at f:8 says session") {
		t.Errorf("check says %v, want the session's position against the ack's", err)
	}
}

// Entries of other types take a number, and nothing needs to be shown.
func TestTakeEntries(t *testing.T) {
	for _, raw := range []bool{false, true} {
		h, _, _ := sentHistory(0)
		h.Sending("m2", second(1))
		h.Sending("m4", second(2))
		r := h.Reader("session")
		if raw {
			r = h.RawReader("raw")
		}
		for _, e := range []client.Event{
			&client.Welcome{Epoch: "e", Seq: 1}, &client.Message{Seq: 2, ID: "m2"},
			&client.Entry{Type: "later", Seq: 3, ID: "x"}, &client.Message{Seq: 4, ID: "m4"},
			&client.Entry{Type: "later", Seq: 5, ID: "y"},
		} {
			r.Take(e)
		}
		if err := h.Check(NoGaps); err != nil {
			t.Errorf("check says %v", err)
		}
		r.Take(&client.Entry{Type: "later", Seq: 7, ID: "z"})
		if err := h.Check(NoGaps); err == nil || !strings.Contains(err.Error(), "a hole of 1") {
			t.Errorf("check says %v, want the hole", err)
		}
	}
}

// A reader may be added while others are checked. This is for the race
// detector.
func TestReadersAreAddedConcurrently(t *testing.T) {
	for range 100 {
		h, _, _ := sentHistory(3)
		come := make(chan struct{})
		go func() {
			defer close(come)
			for range 20 {
				h.LateReader("late")
				runtime.Gosched()
			}
			h.Newcomer("new", Position{"e", 3})
		}()
		for over := false; !over; {
			select {
			case <-come:
				over = true
			default:
				_ = h.Lagging()
			}
		}
	}
}
