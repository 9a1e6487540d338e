package store_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"livechat/server/chat"
	"livechat/server/store"
)

// summary returns the summary of the reactions to m at seq.
func (w *world) summary(m store.RoomMessage, seq int64, counts string) store.RoomMessage {
	s := w.edit(m, seq, "")
	s.Type, s.Session, s.Author, s.Name, s.Extra = "reactions", "", "", "", s.Extra+`,"counts":`+counts
	return s
}

// wantCounts fails unless the messages of a room have these counts.
func (w *world) wantCounts(room string, want ...string) {
	w.t.Helper()
	page, err := w.RoomMessages(w.t.Context(), room, "", 0, 0, 100)
	w.must(err)
	var counts []string
	for _, m := range page {
		counts = append(counts, m.Reactions)
	}
	same(w.t, "counts", fmt.Sprintf("%q", counts), fmt.Sprintf("%q", want))
}

// A message has the counts of its newest summary, in pages, in the log, in
// searches and in an export. Summaries are entries of the log and nothing else.
func testReactions(t *testing.T, w *world) {
	m := w.roomMessages("livechat", epochA, 1, 3)
	m[1].Text = "the walrus"
	w.archive(m)
	first, second := w.summary(m[1], 4, `{"👍":1}`), w.summary(m[1], 5, `{"👍":2,"❤️":1}`)
	w.archive([]store.RoomMessage{first})
	w.wantCounts("livechat", "", `{"👍":1}`, "")
	w.archive([]store.RoomMessage{second, first})
	const counts = `{"❤️":1,"👍":2}`
	w.wantCounts("livechat", "", counts, "")
	page, err := w.LogPage(t.Context(), "livechat", epochA, 0, 10, 10)
	w.must(err)
	want := m[1]
	want.Reactions = counts
	same(t, "message", page[1], want)
	same(t, "first summary", page[3], first)
	same(t, "second summary", page[4], second)
	others, err := w.RoomOthers(t.Context(), "livechat", "", 0, 10)
	w.must(err)
	same(t, "others", fmt.Sprint(others), "[{4 5}]")
	found, _, err := w.Search(t.Context(), store.SearchQuery{Words: "walrus", Room: "livechat", Limit: 10})
	w.must(err)
	same(t, "found", len(found), 1)
	same(t, "counts of what was found", found[0].Reactions, counts)
	w.archive([]store.RoomMessage{w.edit(m[1], 6, "a badger")})
	w.wantCounts("livechat", "", counts, "")

	out := export(t, w.Store)
	w.clear()
	_, err = w.Import(t.Context(), strings.NewReader(out))
	w.must(err)
	same(t, "the export of the import", export(t, w.Store), out)
	w.archive([]store.RoomMessage{first})
	w.wantCounts("livechat", "", counts, "")
	for seq, none := range []string{`{}`, `{"👍":0}`, `{"👍":"x"}`, `[1]`} {
		w.archive([]store.RoomMessage{w.summary(m[1], 10+int64(seq), none)})
		w.wantCounts("livechat", "", "", "")
	}
}

// Archivers may get entries in any order, and more than once.
func testReactionsInAnyOrder(t *testing.T, w *world) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	for round := range 10 {
		room := fmt.Sprint("room-", round)
		m := w.roomMessages(room, epochA, 1, 4)
		all, counts := m, make([]string, 4)
		for seq := int64(5); seq < 15; seq++ {
			i := rng.IntN(4)
			counts[i] = fmt.Sprintf(`{"👍":%d}`, seq)
			all = append(all, w.summary(m[i], seq, counts[i]))
		}
		w.archiveInAnyOrder(rng, all)
		w.wantCounts(room, counts...)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// A repair of the log may move a message, or take back the newest summary,
// whose number another one then gets.
func testReactionsOfMoved(t *testing.T, w *world) {
	m := w.roomMessages("livechat", epochA, 1, 3)
	w.archive(append(m, w.summary(m[0], 4, `{"👍":1}`), w.summary(m[0], 6, `{"👍":9}`),
		w.summary(m[2], 5, `{"🎉":1}`)))
	w.wantCounts("livechat", `{"👍":9}`, "", `{"🎉":1}`)
	w.must(w.EndEpochs(t.Context(), []store.EpochEnd{{Room: "livechat", Epoch: epochA, Seq: 2}}))
	moved, of := m[2], w.summary(m[2], 5, `{"🎉":2}`) // still says that it is at 3
	moved.Epoch, moved.Seq, of.Epoch = epochB, 4, epochB
	lower := w.summary(m[0], 3, `{"👍":2}`)
	lower.Epoch = epochB
	w.archive([]store.RoomMessage{of, lower})
	w.archive([]store.RoomMessage{moved})
	w.wantCounts("livechat", `{"👍":2}`, "", `{"🎉":2}`)
}

// A message that was deleted has no counts, whatever comes later.
func testReactionsOfDeleted(t *testing.T, w *world) {
	m := w.roomMessages("livechat", epochA, 1, 2)
	w.archive(append(m, w.summary(m[0], 3, `{"👍":1}`), w.summary(m[1], 4, `{"👍":1}`)))
	w.archive([]store.RoomMessage{w.remove(m[0], 5)})
	w.wantCounts("livechat", "", `{"👍":1}`)
	w.archive([]store.RoomMessage{m[0], w.summary(m[0], 6, `{"👍":2}`)})
	w.wantCounts("livechat", "", `{"👍":1}`)
}

// Two archivers store a message and its summary at the same moment.
func testReactionsAtOnce(t *testing.T, w *world) {
	const n = 20
	m := w.roomMessages("livechat", epochA, 1, n)
	var all sync.WaitGroup
	want := make([]string, n)
	for i := range m {
		want[i] = fmt.Sprintf(`{"👍":%d}`, i+1)
		for _, e := range []store.RoomMessage{m[i], w.summary(m[i], n+int64(i)+1, want[i])} {
			all.Go(func() {
				if _, err := w.AddRoomMessages(t.Context(), []store.RoomMessage{e}); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	w.wantCounts("livechat", want...)
}

// person returns the reaction of a guest with a key.
func person(name, emoji string, at int64) chat.Reaction {
	return chat.Reaction{Person: "key of " + name, Author: "key of " + name, Name: name, Emoji: emoji, At: at,
		On: true}
}
