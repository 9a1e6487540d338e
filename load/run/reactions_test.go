package run

import (
	"testing"

	"livechat/client"
	"livechat/load/plan"
)

// The last summary is compared with the acked reactions, except for messages
// that are deleted.
func TestReactionsAreCompared(t *testing.T) {
	var r reactions
	react := func(id, emoji string, off bool) {
		r.acked(change{what: plan.React, target: client.Target{ID: id}, emoji: emoji, off: off})
	}
	summary := func(seq uint64, id string, counts map[string]int) string {
		return r.summary(&client.Reactions{Seq: seq, ID: "s", Target: client.Target{ID: id}, Counts: counts})
	}
	wrong := func(when string, want int64) {
		t.Helper()
		if n := r.wrong(); n != want {
			t.Errorf("%s: %d messages are wrong, want %d", when, n, want)
		}
	}
	wrong("nothing", 0)
	react("a", "+", false)
	react("a", "-", false)
	react("a", "-", true)
	wrong("no summary yet", 1)
	first := summary(5, "a", map[string]int{"+": 1, "-": 1})
	wrong("an early summary", 1)
	if summary(6, "a", map[string]int{"+": 1}) == first {
		t.Error("two summaries look the same")
	}
	wrong("the last one", 0)
	summary(5, "a", map[string]int{"+": 1, "-": 1})
	wrong("the early one at another client", 0)
	react("a", "+", true)
	summary(7, "a", map[string]int{})
	wrong("all taken back", 0)

	react("b", "+", false)
	late := &client.Error{Code: "unknown_message"}
	does := change{what: plan.React, target: client.Target{ID: "b"}}
	if r.isLate(does, late) {
		t.Error("too late for a message that is there")
	}
	r.deleted("b")
	if !r.isLate(does, late) || r.isLate(does, &client.Error{Code: "rate_limited"}) {
		t.Error("only unknown_message is too late for a deleted message")
	}
	wrong("deleted", 0)
}
