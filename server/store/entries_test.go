package store_test

import (
	"fmt"
	"slices"
	"testing"

	"livechat/server/store"
)

// mixed archives a room of which every third entry is not a message, and
// returns its entries.
func (w *world) mixed(room string, n int64) []store.RoomMessage {
	all := w.roomMessages(room, epochA, 1, n)
	for i := range all {
		if i%3 == 1 {
			all[i].Type, all[i].Extra = "later", `"what":1`
		}
	}
	w.archive(all)
	return all
}

// Entries that are not messages keep their numbers in the log, and are in no
// page, search or date.
func testEntries(t *testing.T, w *world) {
	ctx := t.Context()
	all := w.mixed("livechat", 10) // 2, 5 and 8 are not messages
	page, err := w.LogPage(ctx, "livechat", epochA, 0, 11, 100)
	w.must(err)
	if !slices.Equal(page, all) {
		t.Errorf("the log is %v\nwant %v", page, all)
	}
	n, err := w.CountLog(ctx, "livechat", epochA, 0, 11)
	w.must(err)
	same(t, "count", n, 10)
	for _, epoch := range []string{"", epochA} {
		for _, c := range []struct {
			before, after int64
			limit         int
			want          string
		}{
			{0, 0, 3, "[7 9 10]"}, {9, 0, 3, "[4 6 7]"}, {0, 1, 2, "[3 4]"},
			{0, store.FromStart, 100, "[1 3 4 6 7 9 10]"},
		} {
			page, err := w.RoomMessages(ctx, "livechat", epoch, c.before, c.after, c.limit)
			w.must(err)
			var seqs []int64
			for _, m := range page {
				seqs = append(seqs, m.Seq)
			}
			same(t, fmt.Sprintf("page of %q before %d after %d", epoch, c.before, c.after), fmt.Sprint(seqs), c.want)
		}
	}
	found, _, err := w.Search(ctx, store.SearchQuery{Words: "text", Room: "livechat", Limit: 100})
	w.must(err)
	same(t, "found", len(found), 7)
	for _, m := range found {
		if m.Seq%3 == 2 {
			t.Errorf("entry %d was found", m.Seq)
		}
	}
	seq, err := w.RoomSince(ctx, "livechat", all[1].At)
	w.must(err)
	same(t, "first message since the second entry", seq, 3)
	indexed, err := w.IndexWords(ctx, 100)
	w.must(err)
	same(t, "left to index", indexed, 0)
}

func testOthers(t *testing.T, w *world) {
	ctx := t.Context()
	last := func(room, epoch string, seq int64) {
		t.Helper()
		e, n, err := w.LastEntry(ctx, room)
		w.must(err)
		same(t, "last entry", fmt.Sprint(e, n), fmt.Sprint(epoch, seq))
	}
	last("livechat", "", 0)
	all := w.roomMessages("livechat", epochA, 1, 9)
	for _, i := range []int{2, 3, 5, 8} {
		all[i].Type = "later"
	}
	w.archive(all)
	w.mixed("go", 9)
	again := w.roomMessages("livechat", epochB, 4, 12)
	for i := range again[:2] { // 4 and 5
		again[i].Type = "later"
	}
	w.archive(again[:2])
	last("livechat", epochA, 9)
	for _, c := range []struct {
		epoch         string
		after, before int64
		want          string
	}{
		{"", 0, 100, "[{3 6} {9 9}]"}, {epochA, 0, 100, "[{3 4} {6 6} {9 9}]"}, {epochA, 3, 9, "[{4 4} {6 6}]"},
		{epochB, 0, 100, "[{4 5}]"}, {epochA, 6, 9, "[]"},
	} {
		got, err := w.RoomOthers(ctx, "livechat", c.epoch, c.after, c.before)
		w.must(err)
		same(t, "others of "+c.epoch, fmt.Sprint(got), c.want)
	}
	w.must(w.EndEpochs(ctx, []store.EpochEnd{{Room: "livechat", Epoch: epochA, Seq: 5}}))
	got, err := w.RoomOthers(ctx, "livechat", "", 0, 100)
	w.must(err)
	same(t, "others within the ends", fmt.Sprint(got), "[{3 5}]")
	last("livechat", epochB, 5)
}
