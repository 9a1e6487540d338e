package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"livechat/server/store"
)

// kept lists the archive of these rooms, as room/epoch's last letter/seq.
func (w *world) kept(rooms ...string) string {
	w.t.Helper()
	var all []string
	for _, room := range rooms {
		for _, epoch := range []string{epochA, epochB} {
			messages, err := w.RoomMessages(w.t.Context(), room, epoch, 0, 0, 10_000)
			w.must(err)
			for _, m := range messages {
				all = append(all, fmt.Sprint(m.Room, epoch[15:], m.Seq))
			}
		}
	}
	return strings.Join(all, " ")
}

func testExpire(t *testing.T, w *world) {
	now := time.UnixMilli(1_900_000_000_000)
	seconds := func(room, epoch string, seq int64, old time.Duration) store.RoomMessage {
		return store.RoomMessage{Room: room, Epoch: epoch, Seq: seq, ID: id(), Name: "n", Text: "expired",
			At: now.Add(-old * time.Second)}
	}
	for _, c := range []struct {
		name  string
		age   time.Duration
		count int64
		want  string
	}{
		{"for ever", 0, 0, "ha1 ha2 ha3 hb1 hb2 xa1 xa2"},
		{"by age", 30 * time.Second, 0, "ha3 hb1 hb2 xa2"},
		{"by age, all", time.Second, 0, ""},
		{"by age, none", time.Hour, 0, "ha1 ha2 ha3 hb1 hb2 xa1 xa2"},
		{"by count, one of each room", 0, 1, "hb2 xa2"},
		{"by count, up to an epoch", 0, 2, "hb1 hb2 xa1 xa2"},
		{"by count, across epochs", 0, 3, "ha3 hb1 hb2 xa1 xa2"},
		{"by count, none", 0, 5, "ha1 ha2 ha3 hb1 hb2 xa1 xa2"},
		{"by both", 30 * time.Second, 2, "hb1 hb2 xa2"},
		{"by both, the other way", 15 * time.Second, 4, "hb2"},
	} {
		w.clear()
		// The log of epoch A was lost and its numbers began again, so the
		// newest messages have the lowest numbers.
		before := w.archive([]store.RoomMessage{
			seconds("h", epochA, 1, 50), seconds("h", epochA, 2, 40), seconds("h", epochA, 3, 30),
			seconds("h", epochB, 1, 20), seconds("h", epochB, 2, 10), seconds("x", epochA, 1, 60),
			seconds("x", epochA, 2, 25),
		})
		deleted, err := w.ExpireRooms(t.Context(), now, c.age, c.count)
		w.must(err)
		same(t, c.name, w.kept("h", "x"), c.want)
		same(t, c.name+": deleted", deleted, before-int64(len(strings.Fields(c.want))))
	}
	found, _, err := w.Search(t.Context(), store.SearchQuery{User: w.ann.ID, Words: "expired", Limit: 10})
	w.must(err)
	same(t, "found of what is left", len(found), 1)
}

// More than one batch is deleted, also after a message whose time comes from a
// wrong clock. Private messages stay.
func testExpireMany(t *testing.T, w *world) {
	w.say(w.ann, w.chat, "stays")
	messages := w.roomMessages("h", epochA, 1, 1300)
	now := w.now()
	messages[3].At = now.Add(24 * time.Hour)
	w.archive(messages)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	deleted, err := w.ExpireRooms(cancelled, now, time.Second, 0)
	wantErr(t, "ExpireRooms", err, context.Canceled)
	same(t, "deleted by a cancelled call", deleted, 0)

	deleted, err = w.ExpireRooms(t.Context(), now, 10*time.Second, 0)
	w.must(err)
	same(t, "deleted by age", deleted, 1300-1-10)
	same(t, "kept", w.kept("h"), "ha4 ha1291 ha1292 ha1293 ha1294 ha1295 ha1296 ha1297 ha1298 ha1299 ha1300")
	w.archive(messages)
	deleted, err = w.ExpireRooms(t.Context(), now, 0, 2)
	w.must(err)
	same(t, "deleted by count", deleted, 1298)
	same(t, "kept", w.kept("h"), "ha1299 ha1300")
	all, err := w.Messages(t.Context(), w.chat, w.bob.ID, 0, 0, 10)
	w.must(err)
	same(t, "private messages", len(all), 1)
}
