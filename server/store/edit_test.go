package store_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"livechat/server/store"
)

// edit returns an edit of m at seq.
func (w *world) edit(m store.RoomMessage, seq int64, text string) store.RoomMessage {
	return store.RoomMessage{
		Room: m.Room, Epoch: m.Epoch, Seq: seq, Type: "edit", ID: id(), App: "APP1", Session: m.Session,
		Author: m.Author, Name: m.Name, Text: text, At: m.At.Add(time.Duration(seq) * time.Second),
		Extra: fmt.Sprintf(`"target":{"seq":%d,"id":"%s"}`, m.Seq, m.ID),
	}
}

// wantTexts fails unless the messages of a room have these texts.
func (w *world) wantTexts(room string, want ...string) {
	w.t.Helper()
	page, err := w.RoomMessages(w.t.Context(), room, "", 0, 0, 100)
	w.must(err)
	var texts []string
	for _, m := range page {
		texts = append(texts, m.Text)
	}
	same(w.t, "texts", fmt.Sprintf("%q", texts), fmt.Sprintf("%q", want))
}

func (w *world) finds(words string, want ...int64) {
	w.t.Helper()
	found, _, err := w.Search(w.t.Context(), store.SearchQuery{Words: words, Room: "livechat", Limit: 10})
	w.must(err)
	var seqs []int64
	for _, f := range found {
		seqs = append(seqs, f.Seq)
	}
	same(w.t, "found by "+words, fmt.Sprint(seqs), fmt.Sprint(want))
}

// A message has its newest text, in pages, in the log, in searches and in an
// export.
func testEdits(t *testing.T, w *world) {
	m := w.roomMessages("livechat", epochA, 1, 3)
	m[1].Text = "the old walrus"
	w.archive(m)
	w.finds("walrus", 2)
	first, second := w.edit(m[1], 4, "a newer badger"), w.edit(m[1], 5, "the newest ferret")
	w.archive([]store.RoomMessage{first})
	w.finds("walrus")
	w.finds("badger", 2)
	w.archive([]store.RoomMessage{second, first})
	w.finds("badger")
	w.finds("ferret", 2)
	w.wantTexts("livechat", "text 1", "the newest ferret", "text 3")
	page, err := w.LogPage(t.Context(), "livechat", epochA, 0, 10, 10)
	w.must(err)
	want := m[1]
	want.Text, want.Edited = second.Text, second.At
	same(t, "edited message", page[1], want)
	first.Text = second.Text // what was taken back is shown to nobody
	same(t, "first edit", page[3], first)
	same(t, "second edit", page[4], second)
	if !page[0].Edited.IsZero() {
		t.Errorf("a message that nobody edited was edited at %v", page[0].Edited)
	}
	out := export(t, w.Store)
	if strings.Contains(out, "walrus") {
		t.Error("the export has the old text")
	}
	w.clear()
	_, err = w.Import(t.Context(), strings.NewReader(out))
	w.must(err)
	same(t, "the export of the import", export(t, w.Store), out)
	w.finds("ferret", 2)
	w.archive([]store.RoomMessage{first})
	w.wantTexts("livechat", "text 1", "the newest ferret", "text 3")
	w.archive([]store.RoomMessage{w.edit(m[1], 6, "an otter")})
	w.wantTexts("livechat", "text 1", "an otter", "text 3")
	w.finds("ferret")
	w.finds("otter", 2)
}

// Archivers may get entries in any order, and more than once.
func testEditsInAnyOrder(t *testing.T, w *world) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	for round := range 10 {
		room := fmt.Sprint("room-", round)
		m := w.roomMessages(room, epochA, 1, 4)
		all, texts := m, []string{m[0].Text, m[1].Text, m[2].Text, m[3].Text}
		for seq := int64(5); seq < 15; seq++ {
			i := rng.IntN(4)
			texts[i] = fmt.Sprint("edit ", seq)
			all = append(all, w.edit(m[i], seq, texts[i]))
		}
		w.archiveInAnyOrder(rng, all)
		w.wantTexts(room, texts...)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// archiveInAnyOrder archives entries in batches, and some of them twice.
func (w *world) archiveInAnyOrder(rng *rand.Rand, all []store.RoomMessage) {
	again := append(all[:len(all):len(all)], all[rng.IntN(len(all)):]...)
	rng.Shuffle(len(again), func(i, k int) { again[i], again[k] = again[k], again[i] })
	for len(again) > 0 {
		n := 1 + rng.IntN(len(again))
		w.archive(again[:n])
		again = again[n:]
	}
}

// An edit is about a message of its own author only, whatever it says.
func testEditsOfOnesOwn(t *testing.T, w *world) {
	m := w.roomMessages("livechat", epochA, 1, 3)
	m[2].Author = "" // known by its connection
	w.archive(m)
	evil := w.edit(m[0], 4, "evil")
	evil.Author = "@eve"
	wrong := w.edit(m[1], 5, "another id")
	wrong.Extra = fmt.Sprintf(`"target":{"seq":2,"id":"%s"}`, id())
	other := w.edit(m[2], 6, "another connection")
	other.Session = "s2"
	none := w.edit(m[1], 7, "no target")
	none.Extra = ""
	w.archive([]store.RoomMessage{evil, wrong, other, none})
	w.wantTexts("livechat", "text 1", "text 2", "text 3")
	w.archive([]store.RoomMessage{w.edit(m[2], 8, "mine")})
	w.wantTexts("livechat", "text 1", "text 2", "mine")
}

// A repair of the log may give messages and edits other numbers.
func testEditsOfMoved(t *testing.T, w *world) {
	m := w.roomMessages("livechat", epochA, 1, 3)
	w.archive(m)
	edit := w.edit(m[2], 4, "edited")
	w.archive([]store.RoomMessage{edit})
	w.must(w.EndEpochs(t.Context(), []store.EpochEnd{{Room: "livechat", Epoch: epochA, Seq: 2}}))
	moved, again := m[2], edit // published again after another message
	moved.Epoch, moved.Seq = epochB, 4
	again.Epoch, again.Seq = epochB, 5
	between := w.roomMessages("livechat", epochB, 3, 3)
	w.archive(append(between, moved, again))
	w.wantTexts("livechat", "text 1", "text 2", "text 3", "edited")
	late := w.edit(m[2], 6, "edited again") // still says that the message is at 3
	late.Epoch = epochB
	w.archive([]store.RoomMessage{late})
	w.wantTexts("livechat", "text 1", "text 2", "text 3", "edited again")
}

// Two archivers store a message and its edit at the same moment.
func testEditsAtOnce(t *testing.T, w *world) {
	const n = 20
	m := w.roomMessages("livechat", epochA, 1, n)
	var all sync.WaitGroup
	for i := range m {
		edit := w.edit(m[i], n+int64(i)+1, "edited")
		for _, e := range []store.RoomMessage{m[i], edit} {
			all.Go(func() {
				if _, err := w.AddRoomMessages(t.Context(), []store.RoomMessage{e}); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	want := make([]string, n)
	for i := range want {
		want[i] = "edited"
	}
	w.wantTexts("livechat", want...)
}
