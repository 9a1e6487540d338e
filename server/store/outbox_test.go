package store_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/server/store"
)

func testOutbox(t *testing.T, w *world) {
	ctx := t.Context()
	before := "" // the epoch of earlier events
	if len(w.events()) > 0 {
		before = "e1"
	}
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
		u := w.members()[i%2]
		want := store.Event{Seq: e.Seq, ID: e.ID, User: u.ID, Kind: store.EventMessage, Chat: w.chat,
			Message: m.ID, Author: m.AuthorName, Text: m.Text, N: m.N, At: m.At, Epoch: before}
		same(t, "event", e, want)
		if i > 0 && e.Seq <= all[i-1].Seq {
			t.Errorf("seq %d after %d", e.Seq, all[i-1].Seq)
		}
	}
	w.must(w.Published(ctx, map[int64]string{all[0].Seq: "e1", all[2].Seq: "e1"}))
	w.must(w.Published(ctx, map[int64]string{all[0].Seq: "e1"})) // another server has published it, too
	w.must(w.Published(ctx, nil))
	rest, err := w.Outbox(ctx, 100)
	w.must(err)
	same(t, "left", len(rest), 2)
	same(t, "left", rest[0], all[1])
	same(t, "left", rest[1], all[3])
}

// Published events can be published again until they are forgotten.
func testResend(t *testing.T, w *world) {
	ctx := t.Context()
	w.must(w.Exec(ctx, `DELETE FROM outbox`))
	w.say(w.ann, w.chat, "one")
	all, err := w.Outbox(ctx, 100)
	w.must(err)
	mine, other := all[0], all[1]
	wantOutbox := func(what string, want ...store.Event) {
		t.Helper()
		got, err := w.Outbox(ctx, 100)
		w.must(err)
		same(t, what, len(got), len(want))
		for i := range want {
			same(t, what, got[i], want[i])
		}
	}
	w.must(w.ResendAll(ctx))
	wantOutbox("none was published", mine, other)
	w.must(w.Published(ctx, map[int64]string{mine.Seq: "e1", other.Seq: "e1"}))
	wantOutbox("published")
	mine.Resent, other.Resent = true, true
	w.must(w.Resend(ctx, nil))
	w.must(w.Resend(ctx, []int64{w.eve.ID}))
	wantOutbox("another user's are resent")
	w.must(w.Resend(ctx, []int64{w.eve.ID, mine.User}))
	wantOutbox("one user's are resent", mine)
	waiting, oldest, err := w.OutboxLag(ctx)
	w.must(err)
	same(t, "waiting, but not for the first time", waiting, 0)
	same(t, "oldest", oldest.IsZero(), true)
	n, err := w.ForgetPublished(ctx, -time.Hour, 100)
	w.must(err)
	same(t, "forgotten", n, 1)
	wantOutbox("what is resent is not forgotten", mine)
	w.must(w.Published(ctx, map[int64]string{mine.Seq: "e1"}))
	n, err = w.ForgetPublished(ctx, time.Hour, 100)
	w.must(err)
	same(t, "forgotten too early", n, 0)
	w.must(w.ResendAll(ctx))
	wantOutbox("all are resent", mine)

	// The age is that of the first time.
	w.must(w.Exec(ctx, `UPDATE outbox SET sent = -1000`))
	w.must(w.Published(ctx, map[int64]string{mine.Seq: "e1"}))
	n, err = w.ForgetPublished(ctx, time.Hour, 100)
	w.must(err)
	same(t, "forgotten in time", n, 1)
	for range 3 {
		w.say(w.ann, w.chat, "more")
	}
	all, err = w.Outbox(ctx, 100)
	w.must(err)
	for _, e := range all {
		w.must(w.Published(ctx, map[int64]string{e.Seq: "e1"}))
	}
	n, err = w.ForgetPublished(ctx, -time.Hour, 4)
	w.must(err)
	same(t, "forgotten up to the limit", n, 4)
}

// testOutboxEpoch: an event comes with the epoch in which the last one of the same
// user before it was published, whichever server did that.
func testOutboxEpoch(t *testing.T, w *world) {
	ctx := t.Context()
	w.must(w.Exec(ctx, `DELETE FROM outbox`))
	for range 3 {
		w.say(w.ann, w.chat, "x")
	}
	all, err := w.Outbox(ctx, 100)
	w.must(err)
	var mine []store.Event
	for _, e := range all {
		same(t, "epoch before the first", e.Epoch, "")
		if e.User == w.ann.ID {
			mine = append(mine, e)
		}
	}
	epochs := func(want ...string) {
		t.Helper()
		all, err := w.Outbox(ctx, 100)
		w.must(err)
		var got []string
		for _, e := range all {
			if e.User == w.ann.ID {
				got = append(got, e.Epoch)
			} else {
				same(t, "epoch of the other user's", e.Epoch, "")
			}
		}
		same(t, "epochs", strings.Join(got, " "), strings.Join(want, " "))
	}
	w.must(w.Published(ctx, map[int64]string{mine[0].Seq: "e1"}))
	epochs("e1", "e1")
	w.must(w.Published(ctx, map[int64]string{mine[0].Seq: "e0"})) // too late
	epochs("e1", "e1")
	w.must(w.Published(ctx, map[int64]string{mine[1].Seq: "e2"}))
	epochs("e2")
	w.must(w.Resend(ctx, []int64{w.ann.ID}))
	epochs("", "", "")
	w.must(w.Published(ctx, map[int64]string{mine[0].Seq: "e3", mine[1].Seq: "e3"}))
	epochs("e3")
}

// testOutboxBroken: a message whose events cannot be written is not stored and
// takes no number.
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

// testCancelled: callers that give up at any moment leave no message without
// its events, no hole, and a store that works.
func testCancelled(t *testing.T, w *world) {
	w.events()
	var wg sync.WaitGroup
	for range 60 {
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() {
			_, _, _ = w.AddMessage(ctx, store.Message{
				ID: id(), Chat: w.chat, Author: w.ann.ID, Text: "x", At: w.at})
		})
		wg.Go(cancel)
	}
	wg.Wait()
	w.say(w.bob, w.chat, "the end")
	events := 0
	// work that had begun when its caller gave up may still finish
	poll.Until(t, "there are two events for each message", func() bool {
		events += len(w.events())
		all, err := w.Messages(t.Context(), w.chat, w.bob.ID, 0, 0, 1000)
		w.must(err)
		for i, m := range all {
			same(t, "n", m.N, int64(i+1))
		}
		return events == 2*len(all)
	})
}
