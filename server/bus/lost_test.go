package bus

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/server/chat"
)

// pair is two servers in one room that have both received five messages.
func pair(t *testing.T, r *backend) (b [2]*Bus, h [2]*recorder, epoch string) {
	t.Helper()
	for i := range b {
		b[i] = open(t, r.url, Options{PublishTimeout: patient, Name: fmt.Sprint("server", i)})
		h[i] = &recorder{}
		h[i].meet("server0", "server1")
		h[i].onSubscribed = func(room string) { openAsARoomDoes(t, b[i], h[i], room) }
		subscribe(t, b[i], h[i], room)
	}
	epoch = opens(t, b[0], room).Head.Epoch
	for i := range 5 {
		mustSay(t, b[i%2], room, fmt.Sprint(i+1), "hello")
	}
	for i, h := range h {
		poll.Until(t, "all messages are received", func() bool { return h.count("payload", room) == 5 })
		h.learn(t, b[i], room)
	}
	return b, h, epoch
}

// openAsARoomDoes opens a log, and retries until that succeeds or the log turns
// out to be closed.
func openAsARoomDoes(t *testing.T, b *Bus, h *recorder, room string) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for t.Context().Err() == nil {
			_, err := b.OpenLog(t.Context(), room, h.Known(room).Head)
			if err == nil || errors.Is(err, chat.ErrLogClosed) {
				return
			}
			select {
			case <-time.After(10 * time.Millisecond):
			case <-t.Context().Done():
			}
		}
	}()
	t.Cleanup(func() { <-done })
}

// wantLog fails unless the log has messages 1 to n under these ids, each in its
// epoch.
func wantLog(t *testing.T, b *Bus, ids []string, epochs func(seq uint64) string) {
	t.Helper()
	list, err := b.After(t.Context(), room, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, p := range list {
		m := parse(t, string(p))
		got = append(got, fmt.Sprint(m.position(), " ", m.ID))
	}
	for i, id := range ids {
		seq := uint64(i + 1)
		want = append(want, fmt.Sprint(chat.Position{Epoch: epochs(seq), Seq: seq}, " ", id))
	}
	if !slices.Equal(got, want) {
		t.Errorf("log  %v\nwant %v", got, want)
	}
}

// Whatever is deleted from Redis while its servers run, they restore, and no
// number is used twice.
func TestRepairAfterKeysAreDeleted(t *testing.T) {
	t.Parallel()
	for what, lose := range map[string][]any{
		"everything":  {"FLUSHALL"},
		"the head":    {"DEL", "{livechat}:head"},
		"the stream":  {"DEL", "{livechat}:log"},
		"both":        {"DEL", "{livechat}:head", "{livechat}:log"},
		"the entries": {"XTRIM", "{livechat}:log", "MAXLEN", "0"},
	} {
		t.Run(what, func(t *testing.T) {
			onEach(t, func(t *testing.T, r *backend) {
				b, h, old := pair(t, r)
				if err := r.raw.Do(t.Context(), lose...).Err(); err != nil {
					t.Fatal(err)
				}
				six := mustSay(t, b[0], room, "6", "hello")
				if six.Position.Seq != 6 || six.Position.Epoch == old || six.Duplicate {
					t.Errorf("the next message is %+v", six)
				}
				for _, h := range h {
					poll.Until(t, "every server learns that the log was repaired", func() bool {
						return h.count("subscribed", room) >= 2
					})
					poll.Until(t, "every server receives the next message", func() bool {
						return h.count("payload", room) == 6
					})
				}
				log, err := b[1].OpenLog(t.Context(), room, chat.Position{Epoch: old, Seq: 5})
				if want := (chat.EpochHistory{{Epoch: old, Seq: 5}}); err != nil ||
					!slices.Equal(log.Epochs, want) || log.Head != six.Position {
					t.Errorf("the log is %+v, %v, and should come from %v", log, err, want)
				}
				if again := mustSay(t, b[1], room, "3", "hello"); !again.Duplicate ||
					again.Position != (chat.Position{Epoch: old, Seq: 3}) {
					t.Errorf("a resend of 3 is %+v", again)
				}
				wantLog(t, b[0], []string{"1", "2", "3", "4", "5", "6"}, func(seq uint64) string {
					if seq <= 5 {
						return old
					}
					return log.Head.Epoch
				})
			})
		})
	}
}

// A Redis that restarts from an old snapshot gets back what the servers have
// received since, from the one that received most.
func TestRepairAfterAnOldSnapshot(t *testing.T) {
	t.Parallel()
	r := realRedis(t, "--appendonly", "no")
	b, h, old := pair(t, r)
	if err := r.raw.Save(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	ids := []string{"1", "2", "3", "4", "5"}
	for round := range 3 {
		for range 4 {
			id := fmt.Sprint(len(ids) + 1)
			ids = append(ids, id)
			mustSay(t, b[round%2], room, id, "hello")
		}
		for i, h := range h {
			h.learn(t, b[i], room)
		}
		h[0].forgetLast(room, 2) // one server has not received all
		r.stop(t)
		r.start(t)
	}
	last := mustSay(t, b[1], room, "last", "hello")
	log, err := b[0].OpenLog(t.Context(), room, chat.Position{})
	if err != nil || last.Position.Seq != uint64(len(ids)+1) || log.Head != last.Position {
		t.Errorf("the next message is %v, the log %+v, %v", last, log, err)
	}
	wantLog(t, b[0], append(ids, "last"), log.EpochOf)
	if log.EpochOf(1) != old || len(log.Epochs) != 3 {
		t.Errorf("the log comes from %v", log.Epochs)
	}
}

// forgetLast removes the newest n messages of a room from what the recorder
// remembers.
func (r *recorder) forgetLast(room string, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept[room] = r.kept[room][:len(r.kept[room])-n]
	log := r.known[room]
	log.Head = r.kept[room][len(r.kept[room])-1].Position
	r.known[room] = log
}

// A message that Redis acknowledged and no server received is remembered by the
// server that published it.
func TestRepairRestoresUnreceivedMessages(t *testing.T) {
	t.Parallel()
	r := realRedis(t, "--appendonly", "no")
	b, h, old := pair(t, r)
	for _, h := range h {
		h.forgetLast(room, 2)
	}
	r.stop(t)
	r.start(t)
	if six := mustSay(t, b[0], room, "6", "hello"); six.Position.Seq != 6 || six.Position.Epoch == old {
		t.Errorf("the next message is %+v", six)
	}
	list, err := b[0].After(t.Context(), room, 3, 9)
	if err != nil || len(list) != 3 || parse(t, string(list[0])).ID != "4" ||
		parse(t, string(list[1])).ID != "5" {
		t.Errorf("after 3 the log has %q, %v", list, err)
	}
}

// A Redis that restarts empty knows neither subscribed servers nor listeners of a
// log: it waits for servers that have not reconnected yet.
func TestRepairWaitsForReconnectingServers(t *testing.T) {
	r := realRedis(t, "--appendonly", "no")
	p := newProxy(t, r)
	a, b := open(t, r.url, Options{PublishTimeout: patient}), open(t, p.url, Options{PublishTimeout: patient})
	ha, hb := &recorder{}, &recorder{}
	for bus, h := range map[*Bus]*recorder{a: ha, b: hb} {
		h.meet(a.name, b.name)
		h.onSubscribed = func(room string) { openAsARoomDoes(t, bus, h, room) }
		subscribe(t, bus, h, room)
	}
	opens(t, a, room)
	sayMany(t, b, hb, "", 5)
	ha.learn(t, a, room)
	ha.forgetLast(room, 2) // it has not received all
	poll.Until(t, "they know who is alive", func() bool {
		_, ever := b.repairs.connectedFor("")
		return ever > repairPatience
	})
	p.shut.Store(true)
	r.stop(t)
	r.start(t)
	answers := make(chan answer, 1)
	if err := a.PublishBody(t.Context(), publication(room, "6", "hello", answers)); err != nil {
		t.Fatal(err)
	}
	var since time.Time
	poll.Until(t, "the one that is back has staged, and could have unsealed the log", func() bool {
		if since.IsZero() && r.raw.HExists(t.Context(), "{livechat}:mend", "by:"+a.name).Val() {
			since = time.Now()
		}
		return !since.IsZero() && time.Since(since) > 4*minSealed
	})
	p.shut.Store(false)
	if six := <-answers; six.err != nil || six.Position.Seq != 6 {
		t.Errorf("the next message is %+v", six)
	}
	wantWhole(t, r, 6)
}

// A server that was cut off during a repair has received messages that the log
// does not have. It finds that out, and republishes them.
func TestRepairWithoutOneServer(t *testing.T) {
	t.Parallel()
	r := realRedis(t, "--appendonly", "no")
	a, ha := start(t, r.url, Options{PublishTimeout: patient}, room)
	b, hb := open(t, r.url, Options{}), &recorder{}
	cutOff := run(t, b, hb)
	old := opened(t, a, room).Epoch
	for i := range 5 {
		mustSay(t, b, room, fmt.Sprint(i+1), "hello")
	}
	ha.learn(t, a, room)
	hb.learn(t, b, room)
	ha.forgetLast(room, 2)
	cutOff()
	r.stop(t)
	r.start(t)
	six := mustSay(t, a, room, "6", "hello")
	if six.Position.Seq != 4 || six.Position.Epoch == old {
		t.Fatalf("without 4 and 5 the next message is %+v", six)
	}
	b, _ = start(t, r.url, Options{}, room)
	var log chat.Log
	poll.Until(t, "the other server finds the log open", func() (ok bool) {
		var err error
		log, err = b.OpenLog(t.Context(), room, chat.Position{Epoch: old, Seq: 5})
		return err == nil
	})
	if end, ok := log.Epochs.End(old); !ok || end != 3 {
		t.Fatalf("it sees %+v", log)
	}
	b.queueRepublish(room, hb.Remember(room, 3, 99))
	poll.Until(t, "4 and 5 are in the log again", func() bool { return opened(t, a, room).Seq == 6 })
	wantLog(t, a, []string{"1", "2", "3", "6", "4", "5"}, log.EpochOf)
}

// A server that knows nothing leaves time to the others. If there are none it
// continues the log where it is.
func TestRepairByServerThatDoesNotKnowTheLog(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _, old := pair(t, r)
		mustSay(t, b[0], room, "6", "hello")
		r.raw.HSet(t.Context(), "{livechat}:head", "run", "another")
		c, h := start(t, r.url, Options{}, room)
		if _, err := c.OpenLog(t.Context(), room, chat.Position{}); !errors.Is(err, chat.ErrLogClosed) {
			t.Errorf("OpenLog: %v", err)
		}
		poll.Until(t, "the log is repaired", func() bool { return h.count("subscribed", room) == 2 })
		if head := opened(t, c, room); head.Seq != 6 || head.Epoch == old {
			t.Errorf("the log is at %v", head)
		}
	})
}
