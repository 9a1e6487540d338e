package private

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestIdleRelayReadsRarely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		p, other := w.start(), w.start()
		defer p.stop()
		defer other.stop()
		pass(time.Minute)
		a, _, _ := p.counts()
		b, _, _ := other.counts()
		if a+b < 60 || a+b > 65 {
			t.Errorf("the outbox was read %d times in a minute", a+b)
		}
	})
}

// The number of requests for the lease does not depend on the load.
func TestLeaseIsRenewedRarelyUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		p, other := w.start(), w.start()
		for range 60 * 100 {
			p.Wake()
			other.Wake()
			pass(10 * time.Millisecond)
		}
		p.stop()
		other.stop()
		if p.locks < 12 || p.locks > 121 || other.locks < 12 || other.locks > 121 {
			t.Errorf("%d and %d lease requests in a minute", p.locks, other.locks)
		}
	})
}

func TestOnlyTheLeaderPublishes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		leader := w.start()
		synctest.Wait()
		other := w.start()
		pass(time.Second)
		for range 20 {
			w.post(1, 2, 3)
			leader.Wake()
			other.Wake()
			pass(time.Second)
		}
		w.mustBeDone(t)
		if _, publications, _ := other.counts(); publications > 0 {
			t.Errorf("the follower published %d events", publications)
		}

		w.post(1, 2)
		other.Wake() // the leader does not know of it
		pass(100 * time.Millisecond)
		w.mustBeDone(t)

		leader.kill()
		w.post(1, 2, 3) // by the process that has died
		pass(7 * time.Second)
		w.mustBeDone(t)

		third := w.start()
		defer third.stop()
		pass(time.Second)
		other.stop() // releases the lease
		w.post(2)
		pass(2 * time.Second)
		w.mustBeDone(t)
	})
}

// The leader publishes at once what was written by a process whose relay does
// not lead.
func TestFollowersNudgeTheLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		var mu sync.Mutex
		var all []*process // guarded by mu
		nudges := 0        // guarded by mu
		nudge := func(o *RelayOptions) {
			o.Nudge = func(context.Context) {
				mu.Lock()
				defer mu.Unlock()
				nudges++
				for _, p := range all {
					p.Nudged()
				}
			}
		}
		counted := func() int {
			mu.Lock()
			defer mu.Unlock()
			n := nudges
			nudges = 0
			return n
		}
		leader := w.start(nudge)
		synctest.Wait()
		second, third := w.start(nudge), w.start(nudge)
		mu.Lock()
		all = []*process{leader, second, third}
		mu.Unlock()
		pass(time.Second)
		counted()
		w.post(1, 2)
		second.Wake()
		synctest.Wait()
		w.mustBeDone(t)
		pass(10 * time.Millisecond)
		w.post(1, 2)
		second.Wake() // while it yields
		synctest.Wait()
		w.mustBeDone(t)
		pass(time.Second)
		if n := counted(); n != 2 {
			t.Errorf("%d nudges for two messages", n)
		}
		for range 1000 { // one second of constant writing
			w.post(1)
			third.Wake()
			pass(time.Millisecond)
		}
		pass(time.Second)
		w.mustBeDone(t)
		if n := counted(); n > 250 {
			t.Errorf("%d nudges in a second", n)
		}
		if _, publications, _ := third.counts(); publications > 100 {
			t.Errorf("the follower published %d events", publications)
		}
		leader.stop()
		second.stop()
		third.stop()
	})
}

// A follower does not publish while the leader makes progress, however much
// there is to do.
func TestFollowersLeaveABusyLeaderAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		small := func(o *RelayOptions) { o.Batch, o.Grace = 3, time.Second }
		leader := w.start(small)
		synctest.Wait()
		other := w.start(small)
		leader.disturb(func(what string, _ int64) fault {
			if what == "publish" {
				return slow
			}
			return none
		})
		for range 20 {
			w.post(1, 2, 3)
			leader.Wake()
			other.Wake()
			pass(100 * time.Millisecond)
		}
		pass(10 * time.Second)
		w.mustBeDone(t)
		if _, publications, _ := other.counts(); publications > 0 {
			t.Errorf("the follower published %d events", publications)
		}
		leader.stop()
		other.stop()
	})
}

func TestStoppingRelayForgetsWhatItPublished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		p := w.start(withLongTick)
		synctest.Wait()
		calls := 0
		p.disturb(func(what string, _ int64) fault {
			if calls++; what == "publish" && calls > 2 {
				return slow
			}
			return none
		})
		w.post(1, 1, 1)
		p.Wake()
		synctest.Wait()
		p.stop()
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, e := range w.waiting() {
			if w.ids[e.ID] {
				t.Errorf("event %d is in the log and still in the outbox", e.Seq)
			}
		}
		if w.holder != nil {
			t.Error("the lease was not released")
		}
	})
}
