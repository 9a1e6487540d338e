package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"livechat/server/store"
)

// pages returns the texts of all pages of a search, and calls between after
// each but the last.
func (w *world) pages(q store.SearchQuery, between func()) string {
	w.t.Helper()
	var all []string
	for {
		found, next, err := w.Search(w.t.Context(), q)
		w.must(err)
		texts := make([]string, len(found))
		for i, f := range found {
			texts[i] = f.Text
		}
		all = append(all, strings.Join(texts, " "))
		if next == "" {
			return strings.Join(all, " | ")
		}
		q.Before = next
		between()
	}
}

// testSearchPages: pages of chats and rooms together have each result once,
// also where several have the same time, and whatever comes in between.
func testSearchPages(t *testing.T, w *world) {
	for i := range 3 {
		room := w.roomMessages("hall", epochA, int64(2*i+1), int64(2*i+2))
		room[0].Text, room[1].Text = fmt.Sprintf("r%d-fox", 2*i+1), fmt.Sprintf("r%d-fox", 2*i+2)
		room[1].At = room[0].At
		w.archive(room)
		w.say(w.ann, w.chat, fmt.Sprintf("c%d-fox", i+1))
	}
	more := 0
	between := func() {
		more++
		w.archive(w.say2(more))
		w.say(w.bob, w.chat, "new-fox")
	}
	q := store.SearchQuery{User: w.ann.ID, Words: "fox", Limit: 4}
	want := "c3-fox r6-fox r5-fox c2-fox | r4-fox r3-fox c1-fox r2-fox | r1-fox"
	same(t, "pages", w.pages(q, between), want)
	q.User, q.Limit, q.Room = 0, 5, "hall"
	same(t, "a guest's, of one room", w.pages(q, func() {}), "r6-fox r5-fox r4-fox r3-fox r2-fox | r1-fox")
	q.Room = "den"
	same(t, "of another room", w.pages(q, between), "new2-fox new1-fox")
	_, next, err := w.Search(t.Context(), store.SearchQuery{User: w.eve.ID, Words: "fox", Limit: 8})
	w.must(err)
	same(t, "exactly one page", next, "")
	for _, bad := range []string{"x", "e30=", "eyJjIjp7ImkiOiJ4In19", "eyJyIjp7ImkiOiJcdTAwMDAifX0"} {
		_, _, err := w.Search(t.Context(), store.SearchQuery{Words: "fox", Before: bad, Limit: 1})
		same(t, "cursor "+bad, errors.Is(err, store.ErrBadCursor), true)
	}
}

func (w *world) say2(seq int) []store.RoomMessage {
	m := w.roomMessages("den", epochA, int64(seq), int64(seq))
	m[0].Text = fmt.Sprintf("new%d-fox", seq)
	return m
}

// testSearchNarrow: only what one person wrote, or what is in one room.
func testSearchNarrow(t *testing.T, w *world) {
	room := w.roomMessages("hall", epochA, 1, 2)
	room[0].Text, room[1].Text = "by-Zoë fox", "by-ANN fox"
	room[1].Name = "ANN"
	w.archive(room)
	w.archive(w.say2(1))
	w.say(w.ann, w.chat, "ann's fox")
	w.say(w.bob, w.chat, "bob's fox")
	for _, c := range []struct{ room, from, want string }{
		{"", "", "bob's fox ann's fox new1-fox by-ANN fox by-Zoë fox"},
		{"", "Ann", "ann's fox by-ANN fox"},
		{"", "bob", "bob's fox"},
		{"", "eve", ""},
		{"hall", "", "by-ANN fox by-Zoë fox"},
		{"hall", "Zoë", "by-Zoë fox"},
		{"hall", "bob", ""},
		{"cellar", "", ""},
		{"", "' OR '1'='1", ""},
	} {
		q := store.SearchQuery{User: w.ann.ID, Words: "fox", Room: c.room, From: c.from, Limit: 10}
		same(t, fmt.Sprintf("in %q from %q", c.room, c.from), w.pages(q, func() {}), c.want)
	}
}

// testSince: the first message of a room, or of a chat, at or after a time.
func testSince(t *testing.T, w *world) {
	room := w.roomMessages("hall", epochA, 1, 4)
	room[2].At = room[1].At
	w.archive(append(room, w.say2(1)...))
	for at, want := range map[time.Time]int64{
		{}:                          1,
		room[0].At:                  1,
		room[0].At.Add(1e6):         2,
		room[1].At:                  2,
		room[2].At.Add(1e6):         4,
		room[3].At.Add(1e6):         0,
		room[3].At.Add(1e6 - 1):     4, // no finer than the archive
		room[3].At.AddDate(9, 0, 0): 0,
	} {
		n, err := w.RoomSince(t.Context(), "hall", at)
		w.must(err)
		same(t, "room at "+at.String(), n, want)
	}
	w.end("hall", epochA, 3)
	n, err := w.RoomSince(t.Context(), "hall", room[3].At)
	w.must(err)
	same(t, "past the end of its epoch", n, 0)

	first := w.say(w.ann, w.chat, "first")
	second := w.say(w.bob, w.chat, "second")
	for at, want := range map[time.Time]int64{
		first.At: 1, first.At.Add(1e6): 2, second.At: 2, second.At.Add(1e6): 0,
	} {
		n, err := w.MessageSince(t.Context(), w.chat, w.bob.ID, at)
		w.must(err)
		same(t, "chat at "+at.String(), n, want)
	}
	_, err = w.MessageSince(t.Context(), w.chat, w.eve.ID, first.At)
	same(t, "an outsider", errors.Is(err, store.ErrNotFound), true)
}
