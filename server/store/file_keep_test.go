package store_test

import (
	"context"
	"testing"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

// sayWith claims a file for a message of a room, and returns the message.
func (w *world) sayWith(seq int64, f store.StoredFile) store.RoomMessage {
	w.t.Helper()
	m := w.roomMessages("h", epochA, seq, seq)[0]
	m.Author = f.Owner
	files, err := w.ClaimFiles(w.t.Context(),
		chat.Claim{Room: m.Room, Message: m.ID, Author: m.Author, Files: refs(f)}, w.now())
	w.must(err)
	m.Extra = chat.Members{Files: files}.Extra()
	return m
}

// has fails the test unless a file is there, or is not.
func (w *world) has(what string, f store.StoredFile, want bool) {
	w.t.Helper()
	_, err := w.File(w.t.Context(), f.ID, w.ann.ID)
	if err != nil {
		wantErr(w.t, what, err, store.ErrNoFile)
	}
	same(w.t, what, err == nil, want)
}

func testFilesExpire(t *testing.T, w *world) {
	old, young, moved := w.upload(w.ann, 1), w.upload(w.ann, 1), w.upload(w.ann, 1)
	messages := []store.RoomMessage{w.sayWith(1, old), w.sayWith(2, moved), w.sayWith(5, young)}
	messages[2].Epoch = epochB
	w.archive(messages)
	// A repair of the log has given one of them another number.
	again := messages[1]
	again.Epoch, again.Seq = epochB, 4
	w.archive([]store.RoomMessage{again})
	w.archive(messages[1:2]) // delivered again
	deleted, err := w.ExpireRooms(t.Context(), messages[2].At, time.Hour, 2)
	w.must(err)
	same(t, "deleted", deleted, 2)
	w.has("of an expired message", old, false)
	w.has("of a message whose newest copy is there", moved, true)
	w.has("of a young message", young, true)
}

// Uploads and files that no message has go with the account; the others stay
// with their messages.
func testFilesOfDeletedAccount(t *testing.T, w *world) {
	ctx := t.Context()
	unclaimed, inRoom, private := w.upload(w.ann, 1), w.upload(w.ann, 1), w.upload(w.ann, 1)
	bobs := w.upload(w.bob, 1)
	w.archive([]store.RoomMessage{w.sayWith(1, inRoom)})
	_, err := w.AttachFiles(ctx, w.say(w.ann, w.chat, "files"), refs(private))
	w.must(err)
	u := store.FileUpload{ID: id(), Owner: "@ann", User: w.ann.ID, Name: "a", Size: 5}
	_, err = w.BeginUpload(ctx, u, store.FileLimits{}, time.Now())
	w.must(err)
	w.must(w.DeleteUser(ctx, w.ann.ID))
	w.has("that no message has", unclaimed, false)
	w.has("in a room", inRoom, true)
	w.has("another account's", bobs, true)
	f, err := w.File(ctx, private.ID, w.bob.ID)
	w.must(err)
	same(t, "the owner of a file in a chat", f.Owner, "")
	dead, err := w.DeadUploads(ctx, time.Now().Add(-time.Hour), time.Now().Add(-time.Hour), 10)
	w.must(err)
	same(t, "dead uploads", len(dead), 1)
	same(t, "upload", dead[0].ID, u.ID)
}

func testUnarchivedFiles(t *testing.T, w *world) {
	ctx := t.Context()
	waits, archived := w.upload(w.ann, 1), w.upload(w.ann, 1)
	w.sayWith(1, waits)
	w.archive([]store.RoomMessage{w.sayWith(2, archived)})
	rooms, err := w.UnarchivedRooms(ctx, w.now(), 10)
	w.must(err)
	same(t, "rooms", len(rooms), 1)
	same(t, "room", rooms[0], "h")
	n, err := w.DeleteUnarchived(ctx, "h", w.now())
	w.must(err)
	same(t, "deleted", n, 1)
	w.has("unarchived", waits, false)
	w.has("archived", archived, true)
	rooms, err = w.UnarchivedRooms(ctx, w.now(), 10)
	w.must(err)
	same(t, "rooms left", len(rooms), 0)
}

// Two processes that begin uploads at once exceed no limit.
func testReservations(t *testing.T, w *world) {
	ctx := t.Context()
	began := make(chan error, 20)
	for range cap(began) {
		go func() {
			_, err := w.BeginUpload(context.WithoutCancel(ctx),
				store.FileUpload{ID: id(), Owner: "@ann", User: w.ann.ID, Name: "a", Size: 10},
				store.FileLimits{User: 55, All: 1000}, time.Now())
			began <- err
		}()
	}
	fit := 0
	for range cap(began) {
		if err := <-began; err == nil {
			fit++
		}
	}
	same(t, "uploads that fit", fit, 5)
	u, err := w.FileUsage(ctx)
	w.must(err)
	same(t, "reserved", u, store.FileUsage{Bytes: 50})
	w.must(w.RecountFiles(ctx))
	u, err = w.FileUsage(ctx)
	w.must(err)
	same(t, "counted again", u, store.FileUsage{Bytes: 50})
}
