package store_test

import (
	"context"
	"sync"
	"testing"

	"livechat/internal/poll"
	"livechat/server/store"
)

func testOutbox(t *testing.T, w *world) {
	ctx := t.Context()
	w.events()
	none, since, err := w.OutboxLag(ctx)
	w.must(err)
	same(t, "waiting when it is empty", none, 0)
	same(t, "oldest when it is empty", since.IsZero(), true)
	first, second := w.say(w.ann, w.chat, "one"), w.say(w.bob, w.chat, "two")
	waiting, oldest, err := w.OutboxLag(ctx)
	w.must(err)
	same(t, "waiting", waiting, 4)
	same(t, "oldest", oldest, first.At)
	events, err := w.Outbox(ctx, 3)
	w.must(err)
	same(t, "limit", len(events), 3)
	all, err := w.Outbox(ctx, 100)
	w.must(err)
	same(t, "events", len(all), 4)
	for i, e := range all {
		m := []store.Message{first, first, second, second}[i]
		u := []store.User{w.ann, w.bob}[i%2]
		want := store.Event{Seq: e.Seq, ID: e.ID, User: u.ID, Kind: store.EventMessage, Chat: w.chat, Message: m.ID, Author: m.AuthorName, Text: m.Text, N: m.N, At: m.At}
		same(t, "event", e, want)
		if i > 0 && e.Seq <= all[i-1].Seq {
			t.Errorf("seq %d after %d", e.Seq, all[i-1].Seq)
		}
	}
	w.must(w.Published(ctx, []int64{all[0].Seq, all[2].Seq}))
	w.must(w.Published(ctx, []int64{all[0].Seq})) // another server published it too
	w.must(w.Published(ctx, nil))
	rest, err := w.Outbox(ctx, 100)
	w.must(err)
	same(t, "left", len(rest), 2)
	same(t, "left", rest[0], all[1])
	same(t, "left", rest[1], all[3])
}

// testOutboxBroken: what cannot be told is not stored, and takes no number.
func testOutboxBroken(t *testing.T, w *world) {
	ctx := t.Context()
	w.must(w.Exec(ctx, `ALTER TABLE outbox RENAME TO away`))
	m := store.Message{ID: id(), Chat: w.chat, Author: w.ann.ID, Text: "x", At: w.now()}
	if _, _, err := w.AddMessage(ctx, m); err == nil {
		t.Error("a message was stored without its events")
	}
	if _, _, err := w.CreateChat(ctx, id(), w.ann.ID, w.eve.ID, w.now()); err == nil {
		t.Error("a chat was stored without its events")
	}
	w.must(w.Exec(ctx, `ALTER TABLE away RENAME TO outbox`))
	chats, err := w.Chats(ctx, w.ann.ID, nil, 10)
	w.must(err)
	same(t, "chats", len(chats), 1)
	all, err := w.Messages(ctx, w.chat, w.ann.ID, 0, 0, 10)
	w.must(err)
	same(t, "messages", len(all), 0)
	same(t, "unread", chats[0].Unread, 0)
	stored, created, err := w.AddMessage(ctx, m)
	w.must(err)
	same(t, "created", created, true)
	same(t, "n", stored.N, 1)
}

// testCancelled: callers who give up at any moment leave no message without its events, no hole, and a store that works.
func testCancelled(t *testing.T, w *world) {
	w.events()
	var wg sync.WaitGroup
	for range 60 {
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() {
			_, _, _ = w.AddMessage(ctx, store.Message{ID: id(), Chat: w.chat, Author: w.ann.ID, Text: "x", At: w.at})
		})
		wg.Go(cancel)
	}
	wg.Wait()
	w.say(w.bob, w.chat, "the end")
	events := 0
	poll.Until(t, "there are two events for each message", func() bool { // what had begun when its caller gave up may still be done
		events += len(w.events())
		all, err := w.Messages(t.Context(), w.chat, w.bob.ID, 0, 0, 1000)
		w.must(err)
		for i, m := range all {
			same(t, "n", m.N, int64(i+1))
		}
		return events == 2*len(all)
	})
}
