package private

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"livechat/server/chat"
)

// withLongTick makes a relay read the outbox by itself so rarely that a test
// never sees it.
func withLongTick(o *RelayOptions) { o.Tick, o.Lease = time.Hour, 3*time.Hour }

func TestWokenRelayPublishesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.post(1, 2) // before the start
		p := w.start(withLongTick)
		defer p.stop()
		synctest.Wait()
		w.mustBeDone(t)
		w.post(1, 2, 1, 1, 2, 3)
		p.Wake()
		p.Wake()
		synctest.Wait()
		w.mustBeDone(t)
		if reads, publications, marks := p.counts(); publications != 8 || marks != 2 || reads > 4 {
			t.Errorf("%d reads, %d publications, %d removals", reads, publications, marks)
		}
	})
}

func TestRelayReadsAtEveryTick(t *testing.T) {
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

func TestRelayPublishesInBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		for i := range 450 {
			w.post(int64(i % 40))
		}
		p := w.start(withLongTick)
		defer p.stop()
		synctest.Wait()
		w.mustBeDone(t)
		if _, _, marks := p.counts(); marks != 3 {
			t.Errorf("450 events were removed in %d steps", marks)
		}
	})
}

// Events committed while the relay works are published without waiting for a
// tick.
func TestWakeDuringAPassIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, at := range []string{"read", "publish", "note"} {
			w := newWorld()
			p := w.start(withLongTick)
			synctest.Wait()
			done := false
			p.disturb(func(what string, _ int64) fault {
				// Called under w.mu. The wake-up comes later, while the call is
				// slow.
				if what == at && !done {
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

func TestFailedEventBlocksOnlyItsUser(t *testing.T) {
	for name, f := range map[string]fault{"not done": before, "done, but nobody knows": after} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				p := w.start(withLongTick)
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
				left := w.waiting()
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

// A process dies when its events are in the logs but still in the outbox. The
// next one publishes them again with the same ids.
func TestRelayKilledBetweenPublishAndNote(t *testing.T) {
	for _, at := range []string{"publish", "note"} {
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
					case at == "note":
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
				if _, publications, _ := second.counts(); publications < 5 {
					t.Errorf("the second process has published %d events, want all 5", publications)
				}
			})
		})
	}
}

func TestRelayBacksOff(t *testing.T) {
	for _, at := range []string{"read", "publish", "note"} {
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
				for range 60 * 100 { // constant writing
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

// Events of a feed that cannot be published, however many, do not delay other
// users' events.
func TestBlockedEventsDoNotDelayOthers(t *testing.T) {
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

// An outage is two lines in the log, however long it lasts. Neither contains a
// message.
func TestOutageIsLoggedOnce(t *testing.T) {
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
		if lines := log.String(); strings.Count(lines, "\n") != 2 ||
			strings.Count(lines, "level=WARN") != 1 || strings.Contains(lines, "secret") {
			t.Errorf("logged:\n%s", lines)
		}
	})
}

func TestRelayRunsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newWorld().start()
		defer p.stop()
		synctest.Wait()
		if err := p.Run(t.Context()); err == nil {
			t.Error("Run ran twice")
		}
	})
}
