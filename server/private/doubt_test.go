package private

import (
	"testing"
	"testing/synctest"
	"time"

	"livechat/server/chat"
)

// A feed loses its newest events. The next event does not get into it before
// them.
func TestLostEventsComeBeforeTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		p := w.start()
		defer p.stop()
		w.post(1, 1, 2, 1, 2, 1)
		pass(2 * time.Second)
		w.mustBeDone(t)
		w.lose(1, 2)
		w.post(2)
		pass(2 * time.Second)
		if n := w.inFeed(1); n != 2 {
			t.Errorf("%d events are in the feed, and nobody has said that it lost any", n)
		}
		w.post(1, 2)
		p.Wake()
		synctest.Wait()
		w.mustBeDone(t)
	})
}

// Feeds get back what they lost without another event, once somebody says so.
func TestDoubtedFeedsGetBackWhatTheyLost(t *testing.T) {
	for name, doubt := range map[string]func(*process){
		"one": func(p *process) { p.Doubt(1) },
		"all": func(p *process) { p.DoubtAll() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				p := w.start(withLongTick)
				defer p.stop()
				w.post(1, 1, 2, 1)
				p.Wake()
				synctest.Wait()
				w.lose(1, 1)
				resends := 0
				p.disturb(func(what string, _ int64) fault {
					if resends++; what == "resend" && resends < 4 {
						return before
					}
					return none
				})
				doubt(p)
				pass(10 * time.Second)
				w.mustBeDone(t)
			})
		})
	}
}

// The process that published events dies with Redis. The one that takes over
// does not know which they were.
func TestEventsOfADeadProcessComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		first := w.start()
		w.post(1, 2, 1, 1)
		pass(2 * time.Second)
		w.mustBeDone(t)
		first.kill()
		w.lose(1, 0)
		second := w.start()
		defer second.stop()
		pass(10 * time.Second)
		w.mustBeDone(t)
	})
}

// Events leave the outbox, however often they are resent, before logs forget
// their ids.
func TestPublishedEventsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		p := w.start()
		defer p.stop()
		w.post(1, 2, 1)
		pass(keepPublished - 10*time.Second)
		if n := w.kept(); n != 3 {
			t.Errorf("%d of 3 events are in the outbox", n)
		}
		p.DoubtAll()
		pass(20*time.Second + 2*forgetEvery)
		if n := w.kept(); n != 0 {
			t.Errorf("%d events are still in the outbox", n)
		}
		w.mustBeDone(t)
	})
}

func (w *world) kept() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.box)
}

func (w *world) inFeed(user int64) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.feeds[chat.FeedRoom(user)])
}
