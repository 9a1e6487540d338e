package store_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/server/store"
)

func id() string { return uuid.NewString() }

func testCreateChat(t *testing.T, w *world) {
	ctx := t.Context()
	for _, pair := range [][2]int64{{w.ann.ID, w.bob.ID}, {w.bob.ID, w.ann.ID}} {
		got, created, err := w.CreateChat(ctx, id(), pair[0], pair[1], w.now())
		w.must(err)
		same(t, "the pair's chat", got, w.chat)
		same(t, "created", created, false)
	}
	_, _, err := w.CreateChat(ctx, id(), w.ann.ID, 999, w.now())
	wantErr(t, "with nobody", err, store.ErrNotFound)
	_, _, err = w.CreateChat(ctx, w.chat, w.ann.ID, w.eve.ID, w.now())
	wantErr(t, "an id that is in use", err, store.ErrConflict)
	if _, _, err := w.CreateChat(ctx, id(), w.ann.ID, w.ann.ID, w.now()); err == nil {
		t.Error("created a chat with oneself")
	}
	if _, _, err := w.CreateChat(ctx, "1", w.ann.ID, w.eve.ID, w.now()); err == nil {
		t.Error("created a chat with a malformed id")
	}

	c, err := w.Chat(ctx, w.chat, w.bob.ID)
	w.must(err)
	if c.ID != w.chat || c.Other != w.ann || c.Last != nil || c.Unread != 0 || c.Read != 0 ||
		c.OtherRead != 0 || c.Created.IsZero() || !c.Updated.Equal(c.Created) {
		t.Errorf("a new chat is %+v", c)
	}
	events := w.events()
	same(t, "events", len(events), 2)
	for i, user := range w.members() {
		e := events[i]
		if e.User != user.ID || e.Kind != store.EventChat || e.Chat != w.chat || e.Author != "ann" ||
			e.N != 0 || e.Text != "" || !e.At.Equal(c.Created) {
			t.Errorf("event %+v", e)
		}
	}
}

func testCreateChatAtOnce(t *testing.T, w *world) {
	var wg sync.WaitGroup
	got, news := make([]string, 8), make([]bool, 8)
	for i := range got {
		wg.Go(func() {
			a, b := w.ann.ID, w.eve.ID
			if i%2 == 0 {
				a, b = b, a
			}
			var err error
			if got[i], news[i], err = w.CreateChat(t.Context(), id(), a, b, w.at); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	count := 0
	for i := range got {
		same(t, "chat", got[i], got[0])
		if news[i] {
			count++
		}
	}
	same(t, "how many made it", count, 1)
	same(t, "events", len(w.events()), 4) // two of them are of ann's and bob's chat
}

func testChats(t *testing.T, w *world) {
	ctx := t.Context()
	chats := []string{w.chat}
	for i := range 6 {
		if i == 1 || i == 2 {
			// in the same millisecond as the one before: the ids decide
			w.at = w.at.Add(-time.Second)
		}
		chats = append(chats, w.newChat(w.ann, w.user(fmt.Sprint("user", i))))
	}
	slices.Sort(chats[1:4])
	w.newChat(w.bob, w.eve)
	// The first chat gets the last message and so comes first. A message with
	// an old time does not move its chat back.
	w.say(w.bob, w.chat, "one")
	last := w.say(w.bob, w.chat, "two")
	_, _, err := w.AddMessage(ctx, store.Message{
		ID: id(), Chat: w.chat, Author: w.ann.ID, Text: "three", At: w.at.AddDate(-1, 0, 0)})
	w.must(err)
	want := []string{chats[0], chats[6], chats[5], chats[4], chats[3], chats[2], chats[1]}

	for _, limit := range []int{1, 2, 3, 7, 10} {
		var got []string
		var cursor *store.ChatCursor
		for {
			page, err := w.Chats(ctx, w.ann.ID, cursor, limit)
			w.must(err)
			if len(page) == 0 {
				break
			}
			for _, c := range page {
				got = append(got, c.ID)
			}
			end := page[len(page)-1]
			cursor = &store.ChatCursor{Updated: end.Updated, ID: end.ID}
		}
		same(t, fmt.Sprintf("chats by %d", limit), fmt.Sprint(got), fmt.Sprint(want))
	}
	page, err := w.Chats(ctx, w.ann.ID, nil, 1)
	w.must(err)
	c := page[0]
	same(t, "last", c.Last.Text+" by "+c.Last.AuthorName, "three by ann")
	same(t, "unread", c.Unread, 2)
	same(t, "other", c.Other, w.bob)
	if !c.Updated.Equal(last.At) {
		t.Errorf("updated %v, want %v", c.Updated, last.At)
	}
}

func testOutsiders(t *testing.T, w *world) {
	ctx := t.Context()
	m := w.say(w.ann, w.chat, "for bob alone")
	w.events()
	for _, chat := range []string{w.chat, id(), "no uuid", ""} {
		user := w.eve.ID // eve is not a member of w.chat; in the other chats anybody will do
		_, err := w.Chat(ctx, chat, user)
		wantErr(t, "Chat", err, store.ErrNotFound)
		_, err = w.Messages(ctx, chat, user, 0, 0, 10)
		wantErr(t, "Messages", err, store.ErrNotFound)
		_, _, err = w.AddMessage(ctx, store.Message{
			ID: id(), Chat: chat, Author: user, Text: "hi", At: w.now()})
		wantErr(t, "AddMessage", err, store.ErrNotFound)
		// The id of an existing message must not reveal that it exists, nor
		// return it.
		_, _, err = w.AddMessage(ctx, store.Message{
			ID: m.ID, Chat: chat, Author: user, Text: m.Text, At: w.now()})
		wantErr(t, "AddMessage with a known id", err, store.ErrNotFound)
		_, _, err = w.MarkRead(ctx, chat, user, 1)
		wantErr(t, "MarkRead", err, store.ErrNotFound)
	}
	chats, err := w.Chats(ctx, w.eve.ID, nil, 10)
	w.must(err)
	same(t, "chats", len(chats), 0)
	same(t, "events", len(w.events()), 0)
	all, err := w.Messages(ctx, w.chat, w.bob.ID, 0, 0, 10)
	w.must(err)
	same(t, "messages", len(all), 1)
}
