package private

import (
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// step is one event of a plan.
type step struct {
	kind    string
	process int
	users   []int64
	wait    time.Duration
}

// plan is what happens in a world: the steps, and the faults of each process'
// calls, repeated.
type plan struct {
	steps  []step
	faults [][]fault
}

func drawPlan(t *rapid.T) plan {
	kinds := []string{"post", "post", "post", "post", "kill", "stop", "start", "lose"}
	faults := []fault{none, none, none, none, none, none, before, after, slow, slow, death}
	waits := []time.Duration{0, 0, time.Millisecond, 70 * time.Millisecond, 500 * time.Millisecond,
		2 * time.Second, 8 * time.Second}
	steps := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		return step{
			kind: rapid.SampledFrom(kinds).Draw(t, "kind"), process: rapid.IntRange(0, 2).Draw(t, "process"),
			users: rapid.SliceOfN(rapid.Int64Range(1, 4), 1, 12).Draw(t, "users"),
			wait:  rapid.SampledFrom(waits).Draw(t, "wait"),
		}
	}), 1, 40)
	return plan{
		steps:  steps.Draw(t, "steps"),
		faults: rapid.SliceOfN(rapid.SliceOfN(rapid.SampledFrom(faults), 1, 20), 3, 3).Draw(t, "faults"),
	}
}

// Whatever fails and whichever process dies, every event is in its user's feed,
// once and in order.
func TestEveryEventIsPublishedInOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		plan := drawPlan(rt)
		var err error
		synctest.Test(t, func(*testing.T) { err = live(plan) })
		if err != nil {
			rt.Fatal(err)
		}
	})
}

// live runs a plan and then waits until everything has recovered.
func live(plan plan) error {
	w := newWorld()
	processes := make([]*process, 3)
	small := func(o *RelayOptions) { o.Batch, o.Lanes = 5, 2 }
	for _, s := range plan.steps {
		p := processes[s.process]
		switch {
		case s.kind == "post":
			w.post(s.users...)
			if p != nil {
				p.Wake()
			}
		case s.kind == "lose":
			for _, user := range s.users {
				w.lose(user, w.inFeed(user)*s.process/3)
			}
			for _, p := range processes { // as the gossip channel does
				if p != nil {
					p.Doubt(s.users[0])
					p.DoubtAll()
				}
			}
		case s.kind == "start" && p == nil:
			p = w.start(small)
			faults, calls := plan.faults[s.process], 0
			p.disturb(func(string, int64) fault {
				calls++
				return faults[calls%len(faults)]
			})
			processes[s.process] = p
		case s.kind == "kill" && p != nil:
			p.kill()
			processes[s.process] = nil
		case s.kind == "stop" && p != nil:
			p.stop()
			processes[s.process] = nil
		}
		pass(s.wait)
	}
	for _, p := range processes {
		if p != nil {
			p.kill()
		}
	}
	last := w.start(small)
	pass(time.Minute)
	last.stop()
	return w.check()
}
