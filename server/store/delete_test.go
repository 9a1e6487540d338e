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

// remove returns the delete of m at seq.
func (w *world) remove(m store.RoomMessage, seq int64) store.RoomMessage {
	d := w.edit(m, seq, "")
	d.Type, d.Extra = "delete", d.Extra+`,"by":"author"`
	return d
}

// reply returns a message at seq that quotes m.
func (w *world) reply(m store.RoomMessage, seq int64) store.RoomMessage {
	r := w.roomMessages(m.Room, m.Epoch, seq, seq)[0]
	r.Extra = chat.Members{
		Reply: &chat.Reply{Target: chat.Target{Seq: uint64(m.Seq), ID: m.ID}, Name: m.Name, Text: m.Text},
		Data:  []byte(`{"kept":1}`),
	}.Extra()
	return r
}

// wantNowhere fails if an archived entry has a word, also one that no page shows.
func (w *world) wantNowhere(word string) {
	w.t.Helper()
	n, err := w.Holding(w.t.Context(), word)
	w.must(err)
	same(w.t, "entries with "+word, n, 0)
}

// A deleted message has no text, no edits and no quotes, but a number.
func testDeletes(t *testing.T, w *world) {
	m := w.roomMessages("livechat", epochA, 1, 3)
	m[1].Text, m[1].Extra = "the walrus", `"data":{"x":"walrus"}`
	edit := w.edit(m[1], 4, "a second walrus")
	edit.Extra += `,"mentions":["walrus"]`
	reply, d := w.reply(m[1], 5), w.remove(m[1], 6)
	w.archive(append(m, edit, reply))
	w.finds("walrus", 2)
	w.archive([]store.RoomMessage{d})
	w.finds("walrus")
	w.wantNowhere("walrus")
	w.wantTexts("livechat", "text 1", "", "text 3", "text 5")
	page, err := w.LogPage(t.Context(), "livechat", epochA, 0, 10, 10)
	w.must(err)
	message := m[1]
	message.Text, message.Extra, message.Deleted = "", "", true
	same(t, "message", page[1], message)
	emptied := edit
	emptied.Text, emptied.Deleted = "", true
	emptied.Extra = fmt.Sprintf(`"target":{"seq":2,"id":"%s"}`, m[1].ID)
	same(t, "edit", page[3], emptied)
	quoting := reply
	quoting.Extra = strings.Replace(reply.Extra, `"text":"the walrus"`, `"text":""`, 1)
	same(t, "reply", page[4], quoting)
	same(t, "delete", page[5], d)

	w.archive([]store.RoomMessage{m[1], edit, reply, d}) // handed out again
	w.wantNowhere("walrus")
	late, stale := w.edit(m[1], 7, "a late walrus"), w.reply(m[1], 8)
	w.archive([]store.RoomMessage{late, stale})
	w.wantNowhere("walrus")
	w.finds("walrus")
	out := export(t, w.Store)
	w.clear()
	_, err = w.Import(t.Context(), strings.NewReader(out))
	w.must(err)
	same(t, "the export of the import", export(t, w.Store), out)
	w.archive([]store.RoomMessage{w.edit(m[1], 9, "walrus"), w.edit(m[0], 10, "walrus one")})
	w.wantTexts("livechat", "walrus one", "", "text 3", "text 5", "text 8")
	w.finds("walrus", 1)
}

// Archivers may get entries in any order, and more than once.
func testDeletesInAnyOrder(t *testing.T, w *world) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	for round := range 10 {
		room := fmt.Sprint("room-", round)
		m := w.roomMessages(room, epochA, 1, 4)
		all := m
		for i := range m {
			m[i].Text = "walrus"
			all = append(all, w.edit(m[i], int64(10+i), "walrus 2"), w.reply(m[i], int64(20+i)),
				w.remove(m[i], int64(30+i)), w.edit(m[i], int64(40+i), "walrus 3"))
		}
		again := append(all[:len(all):len(all)], all[rng.IntN(len(all)):]...)
		rng.Shuffle(len(again), func(i, k int) { again[i], again[k] = again[k], again[i] })
		for len(again) > 0 {
			n := 1 + rng.IntN(len(again))
			w.archive(again[:n])
			again = again[n:]
		}
		w.wantTexts(room, "", "", "", "", "text 20", "text 21", "text 22", "text 23")
		if w.wantNowhere("walrus"); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// A delete is about a message of its own author only, whatever it says.
func testDeletesOfOnesOwn(t *testing.T, w *world) {
	m := w.roomMessages("livechat", epochA, 1, 3)
	m[2].Author = "" // known by its connection
	w.archive(append(m, w.edit(m[0], 4, "edited")))
	evil, wrong, other, none := w.remove(m[0], 5), w.remove(m[1], 6), w.remove(m[2], 7), w.remove(m[1], 8)
	evil.Author = "@eve"
	wrong.Extra = fmt.Sprintf(`"target":{"seq":2,"id":"%s"}`, id())
	other.Session = "s2"
	none.Extra = ""
	w.archive([]store.RoomMessage{evil, wrong, other, none})
	w.wantTexts("livechat", "edited", "text 2", "text 3")
	w.archive([]store.RoomMessage{w.remove(m[2], 9)})
	w.wantTexts("livechat", "edited", "text 2", "")
}

// A repair of the log may give messages and deletes other numbers. The rows
// that it leaves behind are emptied, too.
func testDeletesOfMoved(t *testing.T, w *world) {
	for _, first := range []string{"message", "delete"} {
		room := first + "-first"
		m := w.roomMessages(room, epochA, 1, 3)
		m[2].Text = "walrus"
		w.archive(m)
		w.must(w.EndEpochs(t.Context(), []store.EpochEnd{{Room: room, Epoch: epochA, Seq: 2}}))
		moved, d := m[2], w.remove(m[2], 5) // still says that the message is at 3
		moved.Epoch, moved.Seq, d.Epoch = epochB, 4, epochB
		w.archive(w.roomMessages(room, epochB, 3, 3))
		order := []store.RoomMessage{moved, d}
		if first == "delete" {
			order = []store.RoomMessage{d, moved}
		}
		for _, m := range order {
			w.archive([]store.RoomMessage{m})
		}
		w.wantNowhere("walrus")
		w.wantTexts(room, "text 1", "text 2", "text 3", "")
	}
}

// Two archivers store a message and its delete at the same moment.
func testDeletesAtOnce(t *testing.T, w *world) {
	const n = 20
	m := w.roomMessages("livechat", epochA, 1, n)
	var all sync.WaitGroup
	for i := range m {
		for _, e := range []store.RoomMessage{m[i], w.remove(m[i], n+int64(i)+1)} {
			all.Go(func() {
				if _, err := w.AddRoomMessages(t.Context(), []store.RoomMessage{e}); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	w.wantNowhere("text")
	w.wantTexts("livechat", make([]string, n)...)
}
