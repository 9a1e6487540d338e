package bus

import (
	"errors"
	"slices"
	"testing"

	"livechat/internal/poll"
	"livechat/server/chat"
)

// These tests say what a closed log allows, and to whom.

// A server that knows another log has nothing to stage.
func TestRepairLeavesOutMessagesOfAnotherLog(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, h, _ := pair(t, r)
		foreign := chat.Position{Epoch: newEpoch(), Seq: 7}
		h[0].mu.Lock()
		h[0].known[room] = chat.Log{Head: foreign}
		h[0].kept[room] = []Restored{{Position: foreign, Payload: []byte("x"), ID: "foreign"}}
		h[0].mu.Unlock()
		r.raw.HSet(t.Context(), "{livechat}:head", "run", "another")
		if six := mustSay(t, b[0], room, "6", "hello"); six.Position.Seq != 6 {
			t.Errorf("the next message is %v", six)
		}
	})
}

// A log may be unsealed in the middle of a pipeline that found it closed. Later
// messages of the pipeline must not get in before earlier ones.
func TestRepairInTheMiddleOfAPipeline(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _, _ := pair(t, r)
		doClose := func() { r.raw.HSet(t.Context(), "{livechat}:head", "run", "another") }
		reopen := func() {
			if n := r.raw.XLen(t.Context(), "{livechat}:log").Val(); n != 5 {
				t.Errorf("a closed log took messages: it has %d", n)
			}
			mended := r.raw.HGet(t.Context(), "{livechat}:head", "epoch").Val()
			b[0].repairs.want(room, mended, false)
			poll.Until(t, "the log is repaired", func() bool {
				return r.raw.HGet(t.Context(), "{livechat}:head", "epoch").Val() != mended
			})
		}
		wantDense(t, "receipts", sayBroken(t, r, 90, doClose, reopen), 6, 90)
	})
}

// A log that another server has unsealed refuses staged messages.
func TestStageRefusedWhenLogIsOpen(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, h, _ := pair(t, r)
		if err := b[0].stage(t.Context(), h[0], room, state{lack: "all"}, h[0].Known(room)); err == nil {
			t.Error("it was taken")
		}
		if n := r.raw.Exists(t.Context(), "{livechat}:mend:stage").Val(); n != 0 {
			t.Error("something was left")
		}
	})
}

// Notices about logs on the gossip channel are for the bus alone, and for rooms
// that are wanted here.
func TestRepairNoticesDoNotReachPresence(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, h := start(t, r.url, Options{}, room)
		opened(t, b, room)
		for _, p := range []string{
			`{"type":"mend","room":"livechat"}`, `{"type":"mended","room":"livechat"}`,
			`{"type":"mend","room":"nowhere"}`, `{"type":"presence"}`,
		} {
			if err := b.PublishGossip(t.Context(), []byte(p)); err != nil {
				t.Fatal(err)
			}
		}
		poll.Until(t, "presence receives its own", func() bool { return h.count("side", "") == 1 })
		if n := h.count("subscribed", room); n != 2 {
			t.Errorf("the room was told %d times, want twice", n)
		}
		if n := r.raw.Exists(t.Context(), "{livechat:room:nowhere}:mend",
			"{livechat:room:nowhere}:head").Val(); n != 0 {
			t.Error("a room without users was repaired")
		}
	})
}

// A log begun by a server that knew nothing learns the epochs that others know,
// once each.
func TestAdoptEpochs(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		a, _ := start(t, r.url, Options{}, room)
		now := opened(t, a, room)
		b, _ := start(t, r.url, Options{}, room)
		old, older := newEpoch(), newEpoch()
		for range 2 {
			log, err := b.Adopt(t.Context(), room, now.Epoch, []string{old, older})
			if want := (chat.EpochHistory{{Epoch: older}, {Epoch: old}}); err != nil || log.Head != now ||
				!slices.Equal(log.Epochs, want) {
				t.Fatalf("the log is %+v, %v, and should come from %v", log, err, want)
			}
		}
		if _, err := b.Adopt(t.Context(), room, old, []string{older}); !errors.Is(err, chat.ErrLogClosed) {
			t.Errorf("a log that is not there: %v", err)
		}
		if said := mustSay(t, a, room, "x", "hello").Position; said != (chat.Position{Epoch: now.Epoch, Seq: 1}) {
			t.Errorf("the next message is %v", said)
		}
	})
}
