package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"livechat/server/store"
)

const epochA, epochB = "00000000000000aa", "00000000000000bb"

func (w *world) roomMessages(room, epoch string, from, to int64) []store.RoomMessage {
	var all []store.RoomMessage
	for seq := from; seq <= to; seq++ {
		all = append(all, store.RoomMessage{
			Room: room, Epoch: epoch, Seq: seq, ID: id(), App: "APP1", Session: "s1", Author: "@zoe",
			Name: "Zoë", Text: fmt.Sprint("text ", seq), At: w.now(),
		})
	}
	return all
}

func (w *world) archive(messages []store.RoomMessage) int64 {
	w.t.Helper()
	n, err := w.AddRoomMessages(w.t.Context(), messages)
	w.must(err)
	return n
}

func testRooms(t *testing.T, w *world) {
	ctx := t.Context()
	same(t, "nothing", w.archive(nil), 0)
	a := w.roomMessages("livechat", epochA, 1, 10)
	same(t, "new", w.archive(a[:6]), 6)
	same(t, "overlapping", w.archive(a[4:]), 4)
	same(t, "again", w.archive(a), 0)
	same(t, "another epoch", w.archive(w.roomMessages("livechat", epochB, 1, 3)), 3)
	same(t, "another room", w.archive(w.roomMessages("go", epochA, 1, 3)), 3)
	same(t, "twice in one batch", w.archive(append(
		w.roomMessages("twice", epochA, 1, 1), w.roomMessages("twice", epochA, 1, 1)...)), 1)

	all, err := w.RoomMessages(ctx, "livechat", epochA, 0, 0, 100)
	w.must(err)
	if !slices.Equal(all, a) {
		t.Errorf("got %v\nwant %v", all, a)
	}
	for _, c := range []struct {
		before, after int64
		limit         int
		want          []store.RoomMessage
	}{
		{0, 0, 3, a[7:]}, {8, 0, 3, a[4:7]}, {0, 7, 2, a[7:9]}, {0, store.FromStart, 2, a[:2]},
		{9, 3, 100, a[3:8]}, {1, 0, 5, nil}, {0, 10, 5, nil},
	} {
		got, err := w.RoomMessages(ctx, "livechat", epochA, c.before, c.after, c.limit)
		w.must(err)
		if !slices.Equal(got, c.want) {
			t.Errorf("before %d, after %d, limit %d: %v", c.before, c.after, c.limit, got)
		}
	}
	none, err := w.RoomMessages(ctx, "nowhere", epochA, 0, 0, 10)
	w.must(err)
	same(t, "another room's", len(none), 0)
}

func testStrangeText(t *testing.T, w *world) {
	m := w.roomMessages("livechat", epochA, 1, 3)
	m[1].Text, m[1].Name = "a\x00b\xffc", "\xff"
	m[2].Text = strings.Repeat("long", 5000) // one word, longer than an index allows
	same(t, "stored", w.archive(m), 3)
	all, err := w.RoomMessages(t.Context(), "livechat", epochA, 0, 0, 10)
	w.must(err)
	same(t, "text", all[1].Text, "a\uFFFDb\uFFFDc")
	same(t, "name", all[1].Name, "\uFFFD")
	same(t, "again", w.archive(m), 0)
}

// Over all epochs, a message that was restored under another epoch, or
// republished under another number, appears once.
func testRoomsOfAllEpochs(t *testing.T, w *world) {
	message := func(epoch string, seq int64, id string) store.RoomMessage {
		return store.RoomMessage{Room: "hall", Epoch: epoch, Seq: seq, ID: id, Name: "ann",
			Text: "text " + id, At: w.now()}
	}
	// the log continues after 3
	lost := []store.RoomMessage{message("cccc", 4, "five"), message("cccc", 5, "six")}
	again := message("dddd", 9, "one")
	again.Text = "something else"
	other := message("dddd", 10, "one") // sends the id and the text of another author's message
	other.Author = "@other"
	_, err := w.AddRoomMessages(t.Context(), append(lost,
		message("aaaa", 1, "one"), message("aaaa", 2, "two"), message("bbbb", 2, "two"),
		message("bbbb", 3, "three"),
		message("dddd", 4, "four"), message("dddd", 5, "five"), message("dddd", 8, "six"), again, other))
	w.must(err)
	for name, test := range map[string]struct {
		before, after int64
		limit         int
		want          string
	}{
		"all":    {0, 0, 20, "a1 b2 b3 d4 d5 d8 d9 d10"},
		"before": {3, 0, 10, "a1 b2"},
		"after":  {0, 1, 10, "b2 b3 d4 d5 d8 d9 d10"},
	} {
		list, err := w.RoomMessages(t.Context(), "hall", "", test.before, test.after, test.limit)
		w.must(err)
		var places []string
		for _, m := range list {
			places = append(places, fmt.Sprint(m.Epoch[:1], m.Seq))
		}
		if got := strings.Join(places, " "); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// Where two epochs have the same numbers, as when a log began while the archive
// was unavailable, paging in either direction returns each message once.
func testRoomsOfSameNumbers(t *testing.T, w *world) {
	first, second := w.roomMessages("hall", epochB, 1, 7), w.roomMessages("hall", epochA, 1, 5)
	w.archive(append(slices.Clone(first), second...))
	var want []store.RoomMessage
	for i := range first {
		want = append(want, first[i])
		if i < len(second) {
			want = append(want, second[i])
		}
	}
	read := func(before, after int64, limit int) []store.RoomMessage {
		t.Helper()
		list, err := w.RoomMessages(t.Context(), "hall", "", before, after, limit)
		w.must(err)
		return list
	}
	for limit := 1; limit <= 6; limit++ {
		var down, up []store.RoomMessage
		for p := read(0, 0, limit); len(p) > 0; p = read(p[0].Seq, 0, limit) {
			down = append(slices.Clone(p), down...)
		}
		for p := read(0, store.FromStart, limit); len(p) > 0; p = read(0, p[len(p)-1].Seq, limit) {
			up = append(up, p...)
		}
		if !slices.Equal(down, want) {
			t.Errorf("pages of %d backwards: %v", limit, down)
		}
		if !slices.Equal(up, want) {
			t.Errorf("pages of %d forwards: %v", limit, up)
		}
	}
}
