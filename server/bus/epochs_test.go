package bus

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"livechat/internal/poll"
	"livechat/server/chat"
)

// These tests say what a new server finds in a log after something was done to
// it.

// wantWhole fails unless a server that knows nothing gets n messages from the
// log, each as part of it.
func wantWhole(t *testing.T, r *backend, n int) chat.Log {
	t.Helper()
	fresh, _ := start(t, r.url, Options{})
	log := opens(t, fresh, room)
	list, err := fresh.After(t.Context(), room, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	has := 0
	for _, p := range list {
		if log.Has(parse(t, string(p)).position()) {
			has++
		}
	}
	if len(list) != n || has != n {
		t.Errorf("the log has %d messages, of which %d are part of it, want %d", len(list), has, n)
	}
	return log
}

func sayMany(t *testing.T, b *Bus, h *recorder, what string, n int) {
	t.Helper()
	for i := range n {
		mustSay(t, b, room, fmt.Sprint(what, i), "hello")
	}
	h.learn(t, b, room)
}

// Messages stay part of the log as long as the stream has them, however often
// Redis restarts.
func TestLogRemembersTheEpochsOfItsMessages(t *testing.T) {
	r := realRedis(t)
	b, h := start(t, r.url, Options{PublishTimeout: patient}, room)
	sayMany(t, b, h, "a", 5)
	for i := range 20 {
		shut(t, r, room)
		sayMany(t, b, h, fmt.Sprint("b", i, "-"), 1)
	}
	wantWhole(t, r, 25)
}

// A head that was deleted gets its history back from the servers that know it.
func TestLogRecoversItsEpochHistory(t *testing.T) {
	t.Parallel()
	r := realRedis(t)
	b, h := start(t, r.url, Options{PublishTimeout: patient}, room)
	sayMany(t, b, h, "a", 5)
	first := opened(t, b, room)
	for range 2 { // the second time without a message in between
		shut(t, r, room)
		sayMany(t, b, h, "b", 3)
	}
	second := h.Known(room).Epochs
	r.raw.Del(t.Context(), "{livechat}:head")
	sayMany(t, b, h, "c", 1)
	log := wantWhole(t, r, 9)
	for _, end := range append(second, first) {
		if !log.Has(end) {
			t.Errorf("the log does not know %v any more: %v", end, log)
		}
	}
}

// The stream of a log that had no message since it was repaired is missed like
// any other.
func TestQuietLogNoticesItsLostStream(t *testing.T) {
	t.Parallel()
	r := realRedis(t)
	b, h := start(t, r.url, Options{PublishTimeout: patient}, room)
	sayMany(t, b, h, "a", 5)
	shut(t, r, room)
	mustSay(t, b, room, "a0", "hello") // it is in the log already: the log is repaired, and quiet
	h.learn(t, b, room)
	r.raw.Del(t.Context(), "{livechat}:log")
	if _, err := b.OpenLog(t.Context(), room, h.Known(room).Head); !errors.Is(err, chat.ErrLogClosed) {
		t.Errorf("OpenLog: %v, want that it is closed", err)
	}
	poll.Until(t, "the stream is back", func() bool {
		return r.raw.XLen(t.Context(), "{livechat}:log").Val() == 5
	})
	wantWhole(t, r, 5)
}

// Where there are listeners, a log that a new server begins after FLUSHALL gets
// its earlier messages back, under their own numbers, before new ones.
func TestNewLogWaitsForListeners(t *testing.T) {
	t.Parallel()
	for who, rooms := range map[string][]string{"a server with sockets": {room},
		"one that only publishes": nil} {
		t.Run(who, func(t *testing.T) {
			onEach(t, func(t *testing.T, r *backend) {
				b, h := start(t, r.url, Options{PublishTimeout: patient}, room)
				sayMany(t, b, h, "a", 5)
				known := h.Known(room)
				r.raw.FlushAll(t.Context())
				fresh, _ := start(t, r.url, Options{PublishTimeout: patient}, rooms...)
				if six := mustSay(t, fresh, room, "new", "hello"); six.Position.Seq != 6 {
					t.Errorf("the next message is %+v", six)
				}
				if log := wantWhole(t, r, 6); !log.Has(known.Head) {
					t.Errorf("the log is %+v, and was at %v", log, known.Head)
				}
			})
		})
	}
}

// Messages that servers have put into a log without subscribed servers are
// restored, under their own numbers, each time one of the servers finds that
// Redis has lost them.
func TestNewLogGetsUnreceivedMessages(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		a, _ := start(t, r.url, Options{PublishTimeout: patient})
		b, _ := start(t, r.url, Options{PublishTimeout: patient})
		mustSay(t, a, room, "1", "hello")
		before := mustSay(t, b, room, "2", "hello").Position
		for n := range 2 {
			r.raw.FlushAll(t.Context())
			if got := mustSay(t, a, room, fmt.Sprint(3+n), "hello").Position.Seq; got != uint64(3+n) {
				t.Errorf("the next message is %d", got)
			}
			if log := wantWhole(t, r, 3+n); !log.Has(before) {
				t.Errorf("the log is %+v, and was at %v", log, before)
			}
		}
	})
}

// The same where the log was begun by a server that knows nothing of it: then
// they are republished.
func TestNewLogOfAnotherServerGetsUnreceivedMessages(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		a, _ := start(t, r.url, Options{PublishTimeout: patient})
		for n := range 2 {
			if n == 0 {
				mustSay(t, a, room, "1", "hello")
			}
			r.raw.FlushAll(t.Context())
			other := open(t, r.url, Options{PublishTimeout: patient})
			stop := run(t, other, &recorder{})
			mustSay(t, other, room, fmt.Sprint(2+n), "hello")
			stop()
			poll.Until(t, "it is republished", func() bool {
				list, err := a.After(t.Context(), room, 0, 9)
				return err == nil && slices.ContainsFunc(list, func(p []byte) bool {
					return parse(t, string(p)).ID == "1"
				})
			})
		}
	})
}

// A log that a new server has begun while no one listened gets its earlier
// messages back, under their own numbers, as long as it had no message.
func TestNewLogGetsEarlierMessagesBack(t *testing.T) {
	t.Parallel()
	r := realRedis(t)
	b, h := start(t, r.url, Options{PublishTimeout: patient}, room)
	sayMany(t, b, h, "a", 5)
	known := h.Known(room)
	b.Unsubscribe(room)
	poll.Until(t, "it does not listen", func() bool {
		return r.raw.PubSubNumSub(t.Context(), "livechat").Val()["livechat"] == 0
	})
	r.raw.FlushAll(t.Context())
	fresh, _ := start(t, r.url, Options{}, room)
	begun := opened(t, fresh, room)
	b.Subscribe(room)
	h.meet(b.name, fresh.name)
	if begun.Epoch == known.Head.Epoch || begun.Seq != 0 {
		t.Fatalf("it was not begun: %v", begun)
	}
	if _, err := b.OpenLog(t.Context(), room, known.Head); !errors.Is(err, chat.ErrLogClosed) {
		t.Errorf("OpenLog: %v, want that it is closed", err)
	}
	poll.Until(t, "the messages are back", func() bool {
		return r.raw.XLen(t.Context(), "{livechat}:log").Val() == 5
	})
	log := wantWhole(t, r, 5)
	if !log.Has(begun) || !log.Has(known.Head) || log.Head.Seq != 5 {
		t.Errorf("the log is %+v, and was at %v and %v", log, known.Head, begun)
	}
}

// The server with the newest messages comes first, and does not prevent the one
// with all messages from restoring them.
func TestRepairRestoresTheLongestRing(t *testing.T) {
	t.Parallel()
	r := realRedis(t)
	b, h := start(t, r.url, Options{PublishTimeout: patient}, room)
	sayMany(t, b, h, "a", 20)
	late, lateH := start(t, r.url, Options{PublishTimeout: patient}, room)
	lateH.learn(t, late, room)
	lateH.mu.Lock()
	lateH.kept[room] = lateH.kept[room][12:]
	lateH.mu.Unlock()
	for _, h := range []*recorder{h, lateH} {
		h.meet(b.name, late.name)
	}
	r.raw.FlushAll(t.Context())
	mustSay(t, late, room, "b", "hello")
	wantWhole(t, r, 21)
}
