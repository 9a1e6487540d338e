package bus

import (
	"errors"
	"fmt"
	"testing"

	"livechat/internal/poll"
	"livechat/server/chat"
)

// What is still in a log after something was done to it, as a server has it that comes then.

// wantWhole fails unless a server that knows nothing takes n messages from the log, each as part of it.
func wantWhole(t *testing.T, r *backend, n int) chat.Log {
	t.Helper()
	var log chat.Log
	fresh, _ := start(t, r.url, Options{})
	poll.Until(t, "the log is open", func() bool {
		var err error
		log, err = fresh.OpenLog(t.Context(), room, chat.Position{})
		return err == nil
	})
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

// Messages stay part of the log as long as the stream has them, however often Redis restarts.
func TestLogKeepsTheEpochsOfItsMessages(t *testing.T) {
	r := realRedis(t)
	b, h := start(t, r.url, Options{PublishTimeout: patient}, room)
	sayMany(t, b, h, "a", 5)
	for i := range 20 {
		shut(t, r, room)
		sayMany(t, b, h, fmt.Sprint("b", i, "-"), 1)
	}
	wantWhole(t, r, 25)
}

// A head that was deleted has its history back from who knows it.
func TestLogGetsItsHistoryBack(t *testing.T) {
	r := realRedis(t)
	b, h := start(t, r.url, Options{PublishTimeout: patient}, room)
	sayMany(t, b, h, "a", 5)
	first := opened(t, b, room)
	for range 2 { // the second time nothing is said in between
		shut(t, r, room)
		sayMany(t, b, h, "b", 3)
	}
	second := h.Known(room).Past
	r.raw.Del(t.Context(), "{livechat}:head")
	sayMany(t, b, h, "c", 1)
	log := wantWhole(t, r, 9)
	for _, end := range append(second, first) {
		if !log.Has(end) {
			t.Errorf("the log does not know %v any more: %v", end, log)
		}
	}
}

// The stream of a log in which nothing was said since it was repaired is missed like any other.
func TestLogMissesItsStreamWhereItIsQuiet(t *testing.T) {
	r := realRedis(t)
	b, h := start(t, r.url, Options{PublishTimeout: patient}, room)
	sayMany(t, b, h, "a", 5)
	shut(t, r, room)
	mustSay(t, b, room, "a0", "hello") // it is there already: the log is repaired, and quiet
	h.learn(t, b, room)
	r.raw.Del(t.Context(), "{livechat}:log")
	if _, err := b.OpenLog(t.Context(), room, h.Known(room).Head); !errors.Is(err, chat.ErrLogClosed) {
		t.Errorf("OpenLog: %v, want that it is closed", err)
	}
	poll.Until(t, "the stream is back", func() bool { return r.raw.XLen(t.Context(), "{livechat}:log").Val() == 5 })
	wantWhole(t, r, 5)
}

// A log that a new server has begun after FLUSHALL gets back what was before, under its own numbers, as long as nothing was said in it.
func TestLogBegunAnewGetsBackWhatWasBefore(t *testing.T) {
	r := realRedis(t)
	b, h := start(t, r.url, Options{PublishTimeout: patient}, room)
	sayMany(t, b, h, "a", 5)
	known := h.Known(room)
	r.raw.FlushAll(t.Context())
	fresh, _ := start(t, r.url, Options{}, room)
	begun := opened(t, fresh, room)
	h.meet(b.name, fresh.name)
	if begun.Epoch == known.Head.Epoch || begun.Seq != 0 {
		t.Fatalf("it was not begun: %v", begun)
	}
	if _, err := b.OpenLog(t.Context(), room, known.Head); !errors.Is(err, chat.ErrLogClosed) {
		t.Errorf("OpenLog: %v, want that it is closed", err)
	}
	poll.Until(t, "the messages are back", func() bool { return r.raw.XLen(t.Context(), "{livechat}:log").Val() == 5 })
	log := wantWhole(t, r, 5)
	if !log.Has(begun) || !log.Has(known.Head) || log.Head.Seq != 5 {
		t.Errorf("the log is %+v, and was at %v and %v", log, known.Head, begun)
	}
}

// Who has the newest messages comes first, and does not keep out who has all.
func TestLogTakesTheLongestRing(t *testing.T) {
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
