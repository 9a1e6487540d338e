package private

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
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

// An outage is two lines in the log, however long it is, and what was said is in neither.
func TestRelayLogsAnOutageOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		w := newWorld()
		p := w.start(func(o *RelayOptions) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		synctest.Wait()
		p.disturb(func(what string, _ int64) fault {
			if what == "publish" {
				return before
			}
			return none
		})
		w.post(1, 2)
		pass(time.Minute)
		p.disturb(nil)
		pass(10 * time.Second)
		p.stop()
		w.mustBeDone(t)
		if lines := log.String(); strings.Count(lines, "\n") != 2 || strings.Count(lines, "level=WARN") != 1 || strings.Contains(lines, "secret") {
			t.Errorf("the log has:\n%s", lines)
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
