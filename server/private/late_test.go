package private

import (
	"testing"
	"testing/synctest"
	"time"
)

// slowly makes one call of a process slow and returns a channel that is closed
// when it begins.
func (p *process) slowly(call string) <-chan struct{} {
	begun, done := make(chan struct{}), false
	p.disturb(func(what string, _ int64) fault {
		if what != call || done {
			return none
		}
		done = true
		close(begun)
		return slow
	})
	return begun
}

// A relay publishes an event and Redis loses it. The relay notes it only after
// the next leader had everything resent, and before that reads the outbox.
func TestEventNotedAfterTheResendComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		first := w.start(withLongTick)
		defer first.stop()
		synctest.Wait()
		noting := first.slowly("note")
		w.post(1)
		first.Wake()
		<-noting
		time.Sleep(100 * time.Millisecond)
		w.lose(1, 0)
		w.mu.Lock()
		w.holder = nil // the lease has ended, and the first does not know
		w.mu.Unlock()
		w.post(1)
		second := w.start(withLongTick)
		defer second.stop()
		second.slowly("read")
		pass(10 * time.Second)
		w.mustBeDone(t)
	})
}

// startTwo starts a leader and then a follower.
func (w *world) startTwo() (leader, follower *process) {
	leader = w.start(withLongTick)
	synctest.Wait()
	follower = w.start(withLongTick)
	synctest.Wait()
	return leader, follower
}

// A follower that publishes for the leader is told of a loss while it notes what
// it has published.
func TestFollowerResendsWhatItNotedTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		leader, follower := w.startTwo()
		defer leader.stop()
		defer follower.stop()
		noting := follower.slowly("note")
		w.post(1)
		follower.Wake()
		<-noting
		time.Sleep(100 * time.Millisecond)
		w.lose(1, 0)
		leader.slowly("read") // until the event is noted
		leader.DoubtAll()     // as the gossip channel does
		follower.DoubtAll()
		pass(10 * time.Second)
		w.mustBeDone(t)
	})
}

// Redis loses what a follower has published while the leader, which does not
// know, is about to publish the next event.
func TestLeaderNoticesThatAFollowersEventIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		leader, follower := w.startTwo()
		defer leader.stop()
		defer follower.stop()
		w.post(1)
		follower.Wake()
		pass(time.Second)
		w.mustBeDone(t)
		publishing := leader.slowly("publish")
		w.post(1)
		leader.Wake()
		<-publishing
		w.lose(1, 0)
		pass(10 * time.Second)
		w.mustBeDone(t)
	})
}
