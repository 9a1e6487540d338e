package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

// wantReacted fails unless these people reacted to a message:
// "👍 2 bob ann, ❤️ 1 ann".
func (w *world) wantReacted(room, target, want string) {
	w.t.Helper()
	all, err := w.Reacted(w.t.Context(), room, target, 3)
	w.must(err)
	same(w.t, "who reacted", reactedWords(all), want)
}

func reactedWords(all []store.Reacted) string {
	var words []string
	for _, r := range all {
		of := []string{r.Emoji, fmt.Sprint(r.Count)}
		for _, p := range r.People {
			of = append(of, p.Name)
		}
		words = append(words, strings.Join(of, " "))
	}
	return strings.Join(words, ", ")
}

func (w *world) react(room, target string, list ...chat.Reaction) {
	w.t.Helper()
	w.must(w.AddReactions(w.t.Context(), room, target, list))
}

// The newest change of each person and emoji counts, whenever it is recorded.
func testReacted(t *testing.T, w *world) {
	m := w.roomMessages("livechat", epochA, 1, 2)
	w.archive(m)
	one, two := m[0].ID, m[1].ID
	w.wantReacted("livechat", one, "")
	w.react("livechat", one)
	off := func(r chat.Reaction) chat.Reaction { r.On = false; return r }
	w.react("livechat", one, person("ann", "👍", 10), person("bob", "👍", 20), person("ann", "❤️", 30))
	w.react("livechat", two, person("eve", "👍", 1))
	w.react("hall", one, person("zoë", "👍", 1))
	w.wantReacted("livechat", one, "👍 2 bob ann, ❤️ 1 ann")
	w.wantReacted("livechat", two, "👍 1 eve")
	w.react("livechat", one, off(person("ann", "👍", 9))) // late
	w.wantReacted("livechat", one, "👍 2 bob ann, ❤️ 1 ann")
	w.react("livechat", one, off(person("ann", "👍", 11)))
	w.react("livechat", one, person("ann", "👍", 10))
	w.wantReacted("livechat", one, "❤️ 1 ann, 👍 1 bob")
	w.react("livechat", one, off(person("ann", "❤️", 40)), person("ann", "👍", 50))
	w.wantReacted("livechat", one, "👍 2 ann bob")
	w.react("livechat", one, off(person("ann", "👍", 50)))
	w.wantReacted("livechat", one, "👍 1 bob")
	w.react("livechat", one, person("ann", "👍", 61), off(person("ann", "👍", 60)))
	renamed := person("bob", "👍", 70)
	renamed.Name = "robert\x00\xff"
	w.react("livechat", one, renamed)
	w.wantReacted("livechat", one, "👍 2 robert\uFFFD\uFFFD ann")
	all, err := w.Reactions(t.Context(), "livechat", one)
	w.must(err)
	renamed.Name = "robert\uFFFD\uFFFD"
	if want := []chat.Reaction{off(person("ann", "❤️", 40)), person("ann", "👍", 61),
		renamed}; !slices.Equal(all, want) {
		t.Errorf("all changes are %v\nwant %v", all, want)
	}
	for i := range 5 {
		w.react("livechat", one, chat.Reaction{Person: fmt.Sprint("s", i), Name: fmt.Sprint("guest-", i),
			Emoji: "🎉", At: int64(i), On: true})
	}
	w.wantReacted("livechat", one, "🎉 5 guest-4 guest-3 guest-2, 👍 2 robert\uFFFD\uFFFD ann")
}

// Also what an archiver reads late.
func testReactedDeleted(t *testing.T, w *world) {
	m := w.roomMessages("livechat", epochA, 1, 3)
	w.archive(m)
	const far = 10_000
	for i, of := range m {
		w.archive([]store.RoomMessage{w.summary(of, far+int64(i), `{"👍":1}`)})
		w.react("livechat", of.ID, person("ann", "👍", 10))
	}
	w.archive([]store.RoomMessage{w.remove(m[0], far+10)})
	w.wantReacted("livechat", m[0].ID, "")
	w.react("livechat", m[0].ID, person("bob", "👍", 10))
	w.wantReacted("livechat", m[0].ID, "")
	w.wantReacted("livechat", m[1].ID, "👍 1 ann")

	// somebody else sends messages with the ids of the others, and deletes them
	for i, seq := range []int64{11, far + 11} {
		evil := m[1+i]
		evil.Seq, evil.Author, evil.Name = seq, "@eve", "eve"
		w.archive([]store.RoomMessage{evil, w.remove(evil, seq+10)})
		w.wantReacted("livechat", evil.ID, "👍 1 ann")
		w.react("livechat", evil.ID, person("bob", "👍", 11))
		w.wantReacted("livechat", evil.ID, "👍 2 bob ann")
	}
	w.wantCounts("livechat", "", `{"👍":1}`, `{"👍":1}`, "", "")
}

// As for messages in rooms, the name stays.
func testReactedAccount(t *testing.T, w *world) {
	m := w.roomMessages("livechat", epochA, 1, 1)
	w.archive(m)
	w.react("livechat", m[0].ID, chat.Reaction{Person: "@eve", Author: "@eve", Name: "eve", Emoji: "👍", At: 1,
		On: true})
	w.must(w.DeleteUser(t.Context(), w.eve.ID))
	w.wantReacted("livechat", m[0].ID, "👍 1 eve")
}

// Reactions expire with the message, or else with the last summary.
func testExpireReactions(t *testing.T, w *world) {
	m := w.roomMessages("h", epochA, 1, 4)
	w.archive(append(m, w.summary(m[0], 5, `{"👍":1}`), w.summary(m[2], 6, `{"👍":1}`)))
	w.archive(w.roomMessages("h", epochA, 7, 8))
	for _, of := range m[:3] {
		w.react("h", of.ID, person("ann", "👍", 10))
	}
	w.react("x", m[0].ID, person("ann", "👍", 10))
	expire := func(keep, deleted int64) {
		t.Helper()
		n, err := w.ExpireRooms(t.Context(), time.Now(), 0, keep)
		w.must(err)
		same(t, "deleted", n, deleted)
	}
	expire(6, 2)
	w.wantReacted("h", m[0].ID, "")
	w.wantReacted("h", m[1].ID, "")
	w.wantReacted("h", m[2].ID, "👍 1 ann")
	w.react("h", m[0].ID, person("bob", "👍", 10)) // Redis still has the message
	expire(3, 3)
	w.wantReacted("h", m[0].ID, "")
	w.wantReacted("h", m[2].ID, "")
	w.wantReacted("x", m[0].ID, "👍 1 ann")
	// a message that has been moved is not yet gone
	w.archive(w.roomMessages("y", epochA, 1, 1))
	lost := w.roomMessages("y", epochA, 2, 2)
	again := lost[0]
	again.Epoch, again.Seq = epochB, 3
	w.archive(append(lost, again))
	w.must(w.EndEpochs(t.Context(), []store.EpochEnd{{Room: "y", Epoch: epochA, Seq: 1}}))
	w.react("y", again.ID, person("ann", "👍", 10))
	_, err := w.ExpireRooms(t.Context(), time.Now(), 0, 1)
	w.must(err)
	w.wantReacted("y", again.ID, "👍 1 ann")
}
