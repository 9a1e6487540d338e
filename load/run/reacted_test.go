package run

import (
	"testing"

	"livechat/client"
	"livechat/load/plan"
)

// Reactions of several processes to one message add up, and each process knows
// all of them then.
func TestReactionsOfSeveralProcesses(t *testing.T) {
	newRun := func() *run {
		r := build(plan.Settings{URLs: []string{"ws://127.0.0.1:1"}, Clients: 1, Rooms: 1, Handshakes: 1}, nil,
			nil, 0)
		r.led = true
		return r
	}
	react := func(r *run, message, emoji string, off bool) {
		r.rooms[0].reactions.acked(change{target: client.Target{ID: message}, emoji: emoji, off: off})
	}
	tell := func(r *run, message string, counts map[string]int) {
		r.rooms[0].reactions.summary(&client.Reactions{Seq: 5, ID: "s", Target: client.Target{ID: message},
			Counts: counts})
	}
	one, other := newRun(), newRun()
	react(one, "a", "+", false)
	react(other, "a", "+", false)
	react(other, "a", "-", false)
	react(one, "b", "+", false)
	react(other, "b", "+", true) // in either order
	one.rooms[0].reactions.deleted("c")
	late := &client.Error{Code: codeUnknownMessage}
	if !other.rooms[0].reactions.later(change{target: client.Target{ID: "c"}}, late) ||
		!other.rooms[0].reactions.later(change{target: client.Target{ID: "d"}}, late) {
		t.Error("it is not known whether they are too late")
	}
	all := MergeReacted(append(one.reacted(), other.reacted()...))
	for _, r := range []*run{one, other} {
		tell(r, "a", map[string]int{"+": 2, "-": 1})
		r.adopt(all)
		if n := r.wrongReactions(); n != 0 {
			t.Errorf("%d are wrong, want none", n)
		}
	}
	if other.acked.Load() != 1 || other.refusedBy[codeUnknownMessage] != 1 || len(one.refusedBy) != 0 {
		t.Errorf("%d acked and %v refused, want the one that was deleted elsewhere and the other one",
			other.acked.Load(), other.refusedBy)
	}
	tell(one, "a", map[string]int{"+": 2})
	if n := one.wrongReactions(); n != 0 { // an old one
		t.Errorf("%d are wrong, want none", n)
	}
}
