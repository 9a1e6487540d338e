package private

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"livechat/server/chat"
)

// rare makes a relay that looks at the outbox by itself so rarely that a test never sees it.
func rare(o *RelayOptions) { o.Tick, o.Lease = time.Hour, 3*time.Hour }

func TestRelayPublishesWhatItIsWokenFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.post(1, 2) // from before the start
		p := w.start(rare)
		defer p.stop()
		synctest.Wait()
		w.mustBeDone(t)
		w.post(1, 2, 1, 1, 2, 3)
		p.Wake()
		p.Wake()
		synctest.Wait()
		w.mustBeDone(t)
		if reads, publications, marks := p.counts(); publications != 8 || marks != 2 || reads > 4 {
			t.Errorf("%d reads, %d publications, %d marks", reads, publications, marks)
		}
	})
}

func TestRelayLooksByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		p := w.start()
		defer p.stop()
		synctest.Wait()
		w.post(1, 2)
		pass(time.Second)
		w.mustBeDone(t)
	})
}

func TestRelayTakesBatchAfterBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		for i := range 450 {
			w.post(int64(i % 40))
		}
		p := w.start(rare)
		defer p.stop()
		synctest.Wait()
		w.mustBeDone(t)
		if _, _, marks := p.counts(); marks != 3 {
			t.Errorf("450 events were marked in %d steps", marks)
		}
	})
}

// What is committed while the relay is at work is published without waiting for a tick.
func TestRelayLosesNoWakeup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, at := range []string{"read", "publish", "forget"} {
			w := newWorld()
			p := w.start(rare)
			synctest.Wait()
			done := false
			p.disturb(func(what string, _ int64) fault {
				if what == at && !done { // under w.mu: the wake-up comes later, while the call is slow
					done = true
					return slow
				}
				return none
			})
			w.post(1)
			p.Wake()
			synctest.Wait()
			w.post(1, 2)
			p.Wake()
			pass(time.Second)
			w.mustBeDone(t)
			p.stop()
		}
	})
}

func TestRelayStopsAUserAtAFailure(t *testing.T) {
	for name, f := range map[string]fault{"not done": before, "done, but nobody knows": after} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				p := w.start(rare)
				defer p.stop()
				synctest.Wait()
				calls := 0
				p.disturb(func(what string, user int64) fault {
					if what == "publish" && user == 1 {
						if calls++; calls > 1 {
							return f
						}
					}
					return none
				})
				w.post(1, 2, 1, 2, 1, 2)
				p.Wake()
				synctest.Wait()
				w.mu.Lock()
				left := slices.Clone(w.box)
				w.mu.Unlock()
				if len(left) != 2 || left[0].User != 1 || left[1].User != 1 {
					t.Errorf("the outbox has %v, want the last two events of user 1", left)
				}
				p.disturb(nil)
				w.post(1, 2)
				p.Wake()
				synctest.Wait()
				w.mustBeDone(t)
			})
		})
	}
}

// A process that dies when events are in the logs but not yet forgotten leaves them to the next one, which publishes them again by the same ids.
func TestRelayDiesBetweenPublishAndForget(t *testing.T) {
	for _, at := range []string{"publish", "forget"} {
		t.Run(at, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				first := w.start()
				synctest.Wait()
				calls := 0
				first.disturb(func(what string, _ int64) fault {
					if what != at {
						return none
					}
					switch calls++; {
					case at == "publish" && calls == 3:
						return death
					case at == "forget":
						return before
					}
					return none
				})
				w.post(1, 1, 1, 1, 2)
				first.Wake()
				synctest.Wait()
				first.kill()
				second := w.start()
				defer second.stop()
				pass(10 * time.Second)
				w.mustBeDone(t)
				if _, publications, _ := second.counts(); publications != 5 {
					t.Errorf("the second process has published %d events, want all 5", publications)
				}
			})
		})
	}
}

func TestRelayWaitsLongerAndLonger(t *testing.T) {
	for _, at := range []string{"read", "publish", "forget"} {
		t.Run(at, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				p := w.start()
				defer p.stop()
				synctest.Wait()
				tries := 0
				p.disturb(func(what string, _ int64) fault {
					if what == at {
						tries++
						return before
					}
					return none
				})
				w.post(1)
				for range 60 * 100 { // somebody writes all the time
					p.Wake()
					pass(10 * time.Millisecond)
				}
				if tries < 15 || tries > 60 {
					t.Errorf("tried %d times in a minute", tries)
				}
				p.disturb(nil)
				pass(5 * time.Second)
				w.mustBeDone(t)
			})
		})
	}
}

func TestRelayIsQuietWithoutWork(t *testing.T) {
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

func TestOneRelayWorks(t *testing.T) {
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
			t.Errorf("the relay without the lease has published %d events", publications)
		}

		w.post(1, 2)
		other.Wake() // the leader does not hear of it
		pass(100 * time.Millisecond)
		w.mustBeDone(t)

		leader.kill()
		w.post(1, 2, 3) // by the process that has died
		pass(7 * time.Second)
		w.mustBeDone(t)

		third := w.start()
		defer third.stop()
		pass(time.Second)
		other.stop() // gives the lease back
		w.post(2)
		pass(2 * time.Second)
		w.mustBeDone(t)
	})
}

// What comes through a process whose relay does not have the lease is published at once by the one that has.
func TestRelaysNudge(t *testing.T) {
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
		second.Wake() // while it stands aside
		synctest.Wait()
		w.mustBeDone(t)
		pass(time.Second)
		if n := counted(); n != 2 {
			t.Errorf("%d nudges for two messages", n)
		}
		for range 1000 { // a second of somebody who writes all the time
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
			t.Errorf("the relay without the lease has published %d events", publications)
		}
		leader.stop()
		second.stop()
		third.stop()
	})
}

// Events of a feed that cannot be published, however many, hold up nobody else's.
func TestHeldEventsAreReadBeyond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		p := w.start()
		defer p.stop()
		synctest.Wait()
		p.disturb(func(what string, user int64) fault {
			if what == "publish" && user == 1 {
				return before
			}
			return none
		})
		for range 450 {
			w.post(1)
		}
		w.post(2)
		p.Wake()
		pass(5 * time.Second)
		w.mu.Lock()
		if n := len(w.feeds[chat.FeedRoom(2)]); n != 1 {
			t.Errorf("the feed of user 2 has %d events, want 1", n)
		}
		w.mu.Unlock()
		p.disturb(nil)
		pass(5 * time.Second)
		w.mustBeDone(t)
	})
}

func TestConflictingEventIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.post(1, 1)
		w.digest[w.box[0].ID] = "of something else"
		p := w.start(rare)
		synctest.Wait()
		p.stop()
		if len(w.box) != 0 || !slices.Equal(w.feeds[chat.FeedRoom(1)], w.said[1][1:]) {
			t.Errorf("outbox %v, feed %v; want the second event alone in the feed", w.box, w.feeds)
		}
	})
}

func TestRelayForgetsOnTheWayOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		p := w.start(rare)
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
		for _, e := range w.box {
			if w.digest[e.ID] != "" {
				t.Errorf("event %d is in the log and not forgotten", e.Seq)
			}
		}
		if w.holder != nil {
			t.Error("the lease was not given back")
		}
	})
}

func TestRelayRunsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newWorld().start()
		defer p.stop()
		synctest.Wait()
		if err := p.Run(t.Context()); err == nil {
			t.Error("it ran twice")
		}
	})
}
