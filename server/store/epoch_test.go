package store_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"livechat/server/store"
)

// testEpochEnds: archived messages past the end of their epoch are in no page
// and no search result, and take no place in them. Each message of the log
// appears once.
func testEpochEnds(t *testing.T, w *world) {
	old := w.roomMessages("hall", epochA, 1, 10)
	now := w.roomMessages("hall", epochB, 7, 9)
	now[2].ID, now[2].Text = old[7].ID, old[7].Text // it was republished under another number
	w.archive(old)
	w.archive(now)
	w.archive(w.roomMessages("den", epochA, 1, 8)) // another log, without a known end
	same(t, "found before", len(w.search("text")), 21)
	w.end("hall", epochA, 8)
	w.end("hall", epochA, 6) // it was repaired once more
	w.end("hall", epochA, 6)
	late := w.roomMessages("hall", epochA, 11, 11)
	same(t, "stored all the same", w.archive(late), 1)

	for _, c := range []struct {
		epoch         string
		before, after int64
		limit         int
		want          string
	}{
		{"", 0, 0, 20, "a1 a2 a3 a4 a5 a6 b7 b8 b9"},
		{"", 0, 0, 5, "a5 a6 b7 b8 b9"},
		{"", 9, 0, 3, "a6 b7 b8"},
		{"", 0, 4, 4, "a5 a6 b7 b8"},
		{"", 0, 6, 9, "b7 b8 b9"},
		{"", 0, store.FromStart, 3, "a1 a2 a3"},
		{epochA, 0, 0, 3, "a4 a5 a6"},
		{epochA, 9, 0, 3, "a4 a5 a6"},
		{epochA, 0, 5, 3, "a6"},
		{epochA, 0, 6, 3, ""},
		{epochB, 0, 0, 20, "b7 b8 b9"},
	} {
		page, err := w.RoomMessages(t.Context(), "hall", c.epoch, c.before, c.after, c.limit)
		w.must(err)
		same(t, fmt.Sprintf("epoch %q, before %d, after %d, limit %d", c.epoch, c.before, c.after, c.limit),
			places(page), c.want)
	}
	den, err := w.RoomMessages(t.Context(), "den", epochA, 0, 0, 20)
	w.must(err)
	same(t, "another log", len(den), 8)

	ids := make(map[string]bool)
	for _, f := range w.search("text") {
		if f.Room == "hall" && f.Epoch == epochA && f.Seq > 6 {
			t.Errorf("found %+v", f)
		}
		ids[f.ID] = true
	}
	same(t, "found", len(w.search("text")), 9+8)
	same(t, "each once", len(ids), 9+8)
	newest, _, err := w.Search(t.Context(), store.SearchQuery{User: w.ann.ID, Words: "text", Limit: 1})
	w.must(err)
	same(t, "the newest", newest[0].ID, den[7].ID)

	var file bytes.Buffer
	_, err = w.Export(t.Context(), &file)
	w.must(err)
	same(t, "exported", strings.Count(file.String(), `"type":"room_message"`), 9+8)
}

func (w *world) end(room, epoch string, seq int64) {
	w.t.Helper()
	w.must(w.EndEpochs(w.t.Context(), []store.EpochEnd{{Room: room, Epoch: epoch, Seq: seq}}))
}

func (w *world) search(words string) []store.Found {
	w.t.Helper()
	all, _, err := w.Search(w.t.Context(), store.SearchQuery{User: w.ann.ID, Words: words, Limit: 100})
	w.must(err)
	return all
}

// places returns where messages are: the last digit of each epoch, and the
// number.
func places(messages []store.RoomMessage) string {
	list := make([]string, len(messages))
	for i, m := range messages {
		list[i] = fmt.Sprint(m.Epoch[len(m.Epoch)-1:], m.Seq)
	}
	return strings.Join(list, " ")
}
