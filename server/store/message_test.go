package store_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"livechat/server/store"
)

func testMessages(t *testing.T, w *world) {
	ctx := t.Context()
	given := store.Message{ID: id(), Chat: w.chat, Author: w.bob.ID, Text: "' \"; -- \n🙂",
		At: w.at.Add(123456 * time.Nanosecond).In(time.FixedZone("", 3600))}
	m, created, err := w.AddMessage(ctx, given)
	w.must(err)
	same(t, "created", created, true)
	want := given
	want.N, want.AuthorName, want.At = 1, "bob", w.at
	same(t, "stored", m, want)
	for _, user := range []int64{w.ann.ID, w.bob.ID} {
		all, err := w.Messages(ctx, w.chat, user, 0, 0, 10)
		w.must(err)
		same(t, "how many", len(all), 1)
		same(t, "read", all[0], want)
	}
	if _, _, err := w.AddMessage(ctx, store.Message{
		ID: "x", Chat: w.chat, Author: w.bob.ID, Text: "x", At: w.at}); err == nil {
		t.Error("added a message with a malformed id")
	}
	same(t, "next", w.say(w.ann, w.chat, "next").N, 2)
	other := w.newChat(w.ann, w.eve)
	same(t, "first in another chat", w.say(w.ann, other, "first").N, 1)
}

func testMessagePages(t *testing.T, w *world) {
	w.sayMany(10)
	for _, c := range []struct {
		before, after int64
		limit         int
		want          string
	}{
		{0, 0, 3, "[8 9 10]"},
		{0, 0, 100, "[1 2 3 4 5 6 7 8 9 10]"},
		{8, 0, 3, "[5 6 7]"},
		{2, 0, 3, "[1]"},
		{1, 0, 3, "[]"},
		{0, store.FromStart, 2, "[1 2]"},
		{0, 7, 2, "[8 9]"},
		{0, 10, 2, "[]"},
		{9, 3, 100, "[4 5 6 7 8]"},
		{9, 3, 2, "[7 8]"},
		{99, 0, 1, "[10]"},
	} {
		all, err := w.Messages(t.Context(), w.chat, w.bob.ID, c.before, c.after, c.limit)
		w.must(err)
		got := make([]string, len(all))
		for i, m := range all {
			got[i] = m.Text
			same(t, "text of n", m.Text, fmt.Sprint(m.N))
		}
		same(t, fmt.Sprintf("before %d, after %d, limit %d", c.before, c.after, c.limit), fmt.Sprint(got),
			c.want)
	}
}

func testMessageAgain(t *testing.T, w *world) {
	ctx := t.Context()
	first := w.say(w.ann, w.chat, "once")
	other := w.newChat(w.ann, w.eve)
	w.events()
	again := store.Message{ID: first.ID, Chat: w.chat, Author: w.ann.ID, Text: "once", At: w.now()}
	m, created, err := w.AddMessage(ctx, again)
	w.must(err)
	same(t, "again", m, first)
	same(t, "created", created, false)
	for what, change := range map[string]func(*store.Message){
		"text":   func(m *store.Message) { m.Text = "twice" },
		"author": func(m *store.Message) { m.Author = w.bob.ID },
		"chat":   func(m *store.Message) { m.Chat = other },
	} {
		m := again
		change(&m)
		_, _, err := w.AddMessage(ctx, m)
		wantErr(t, "another "+what, err, store.ErrConflict)
	}
	same(t, "events", len(w.events()), 0)
	same(t, "the next n", w.say(w.bob, w.chat, "next").N, 2)
	same(t, "the next n there", w.say(w.eve, other, "next").N, 1)
}

// testMessagesAtOnce: many writers each send every message twice at once. The
// numbers have no holes and no duplicates, and each user's events have the
// order of the numbers.
func testMessagesAtOnce(t *testing.T, w *world) {
	const writers, each = 6, 20
	w.events()
	var wg sync.WaitGroup
	for i := range writers {
		author := []store.User{w.ann, w.bob}[i%2]
		for _, repeat := range []int{0, 1} {
			wg.Go(func() {
				for k := range each {
					id := fmt.Sprintf("00000000-0000-4000-8000-%06d%06d", i, k)
					m, _, err := w.AddMessage(
						t.Context(), store.Message{
							ID: id, Chat: w.chat, Author: author.ID, Text: id, At: w.at})
					if err != nil || m.ID != id {
						t.Errorf("writer %d/%d: %v", i, repeat, err)
						return
					}
				}
			})
		}
	}
	wg.Wait()
	all, err := w.Messages(t.Context(), w.chat, w.ann.ID, 0, 0, 1000)
	w.must(err)
	same(t, "messages", len(all), writers*each)
	for i, m := range all {
		same(t, "n", m.N, int64(i+1))
	}
	got := map[int64][]int64{}
	events := map[string]bool{}
	for _, e := range w.events() {
		got[e.User] = append(got[e.User], e.N)
		events[e.ID] = true
	}
	same(t, "ids of events", len(events), 2*writers*each)
	for _, u := range []store.User{w.ann, w.bob} {
		same(t, "events of "+u.Name, len(got[u.ID]), writers*each)
		if !slices.IsSorted(got[u.ID]) {
			t.Errorf("%s: events out of order: %v", u.Name, got[u.ID])
		}
	}
	c, err := w.Chat(t.Context(), w.chat, w.ann.ID)
	w.must(err)
	same(t, "unread", c.Unread, writers*each/2)
}

func (w *world) read(u store.User, n int64) string {
	w.t.Helper()
	moved, read, err := w.MarkRead(w.t.Context(), w.chat, u.ID, n)
	w.must(err)
	return fmt.Sprint(moved, " ", read)
}

func testRead(t *testing.T, w *world) {
	w.sayMany(3)
	w.say(w.bob, w.chat, "4")
	w.say(w.ann, w.chat, "5")
	w.events()
	see := func(u store.User) string {
		c, err := w.Chat(t.Context(), w.chat, u.ID)
		w.must(err)
		return fmt.Sprint(c.Unread, " unread, read ", c.Read, ", other ", c.OtherRead)
	}
	same(t, "bob before", see(w.bob), "4 unread, read 0, other 0")
	same(t, "to 2", w.read(w.bob, 2), "true 2")
	same(t, "bob at 2", see(w.bob), "2 unread, read 2, other 0")
	same(t, "ann sees it", see(w.ann), "1 unread, read 0, other 2")
	same(t, "back", w.read(w.bob, 1), "false 2")
	same(t, "same", w.read(w.bob, 2), "false 2")
	same(t, "negative", w.read(w.bob, -1), "false 2")
	same(t, "beyond", w.read(w.bob, 99), "true 5")
	same(t, "bob at the end", see(w.bob), "0 unread, read 5, other 0")
	same(t, "beyond again", w.read(w.bob, 99), "false 5")

	events := w.events()
	same(t, "events", len(events), 4)
	for i, e := range events {
		want := []int64{2, 2, 5, 5}[i]
		if e.Kind != store.EventRead || e.N != want || e.Author != "bob" || e.Chat != w.chat ||
			e.Text != "" || e.Message != "" {
			t.Errorf("event %d: %+v", i, e)
		}
	}
	same(t, "for both", events[0].User+events[1].User, w.ann.ID+w.bob.ID)
}

// testReadWhileWriting: however reads and writes interleave, unread equals a
// count.
func testReadWhileWriting(t *testing.T, w *world) {
	const writers, each = 3, 25
	var writing, reading sync.WaitGroup
	for range writers {
		writing.Go(func() {
			for range each {
				if _, _, err := w.AddMessage(
					t.Context(), store.Message{
						ID: id(), Chat: w.chat, Author: w.ann.ID, Text: "x", At: w.at}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	for range 2 {
		reading.Go(func() {
			for {
				if _, _, err := w.MarkRead(t.Context(), w.chat, w.bob.ID, writers*each); err != nil {
					t.Error(err)
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	writing.Wait()
	close(done)
	reading.Wait()
	c, err := w.Chat(t.Context(), w.chat, w.bob.ID)
	w.must(err)
	same(t, "unread", c.Unread, writers*each-c.Read)
}
