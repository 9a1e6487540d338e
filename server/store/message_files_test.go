package store_test

import (
	"fmt"
	"testing"

	"livechat/server/chat"
	"livechat/server/store"
)

// with returns a private message of ann with files.
func (w *world) with(text string, files ...store.StoredFile) store.Message {
	m := store.Message{ID: id(), Chat: w.chat, Author: w.ann.ID, Text: text, At: w.now()}
	for _, ref := range refs(files...) {
		m.Files = append(m.Files, chat.File{ID: ref.ID, Alt: ref.Alt})
	}
	return m
}

// wantFile fails if a file is deleted or not, other than wanted.
func (w *world) wantFile(what string, f store.StoredFile, deleted bool) {
	w.t.Helper()
	got, err := w.AnyFile(w.t.Context(), f.ID)
	w.must(err)
	same(w.t, what, got.Deleted, deleted)
}

// A private message has its files from the moment it is there, wherever it is
// read, until it is deleted.
func testMessagesWithFiles(t *testing.T, w *world) {
	ctx := t.Context()
	a, b, bobs := w.upload(w.ann, 10), w.upload(w.ann, 20), w.upload(w.bob, 1)
	for name, refused := range map[string]store.StoredFile{
		"another's": bobs, "unknown": {File: chat.File{ID: id()}},
	} {
		_, _, err := w.AddMessage(ctx, w.with("refused", a, refused))
		wantErr(t, name, err, store.ErrNoFile)
	}
	m := w.with("", b, a)
	stored, created, err := w.AddMessage(ctx, m)
	w.must(err)
	want := fmt.Sprint([]string{b.ID + " alt of " + b.ID[:4], a.ID + " alt of " + a.ID[:4]})
	if !created || stored.N != 1 || stored.Files[0].Type != "image/png" {
		t.Errorf("stored %+v, %t", stored, created)
	}
	same(t, "stored", fmt.Sprint(ids(stored.Files)), want)

	read := func(what string) store.Message {
		t.Helper()
		page, err := w.Messages(ctx, w.chat, w.bob.ID, 0, 0, 10)
		w.must(err)
		c, err := w.Chat(ctx, w.chat, w.bob.ID)
		w.must(err)
		same(t, what+": the last of the chat", fmt.Sprint(*c.Last), fmt.Sprint(page[len(page)-1]))
		return page[0]
	}
	told := func() (kinds string) {
		events, err := w.Outbox(ctx, 100)
		w.must(err)
		for _, e := range events {
			if e.User == w.bob.ID && e.N > 0 {
				kinds += fmt.Sprint(e.Kind, len(e.Files), " ")
			}
		}
		return kinds
	}
	same(t, "read", fmt.Sprint(ids(read("added").Files)), want)
	same(t, "told", told(), "message2 ")

	again, created, err := w.AddMessage(ctx, m)
	w.must(err)
	same(t, "sent again", fmt.Sprint(created, again), fmt.Sprint(false, stored))
	for name, files := range map[string][]chat.File{"less": m.Files[:1], "none": nil} {
		other := m
		other.Files = files
		_, _, err := w.AddMessage(ctx, other)
		wantErr(t, name, err, store.ErrConflict)
	}
	_, _, err = w.AddMessage(ctx, w.with("taken", a))
	wantErr(t, "a file of another message", err, store.ErrNoFile)
	w.say(w.ann, w.chat, "without")

	edit := store.Edit{Chat: w.chat, Message: m.ID, Author: w.ann.ID, Text: "walrus", At: w.now()}
	edited, _, err := w.EditMessage(ctx, edit)
	w.must(err)
	same(t, "edited", fmt.Sprint(edited.Text, " ", ids(edited.Files)), "walrus "+want)
	found, _, err := w.Search(ctx, store.SearchQuery{User: w.bob.ID, Words: "walrus", Limit: 5})
	w.must(err)
	same(t, "found", fmt.Sprint(ids(chat.MembersOf(found[0].Extra).Files)), want)
	edit.Text = ""
	edited, _, err = w.EditMessage(ctx, edit)
	w.must(err)
	same(t, "edited away", fmt.Sprint(edited.Text, " ", ids(edited.Files)), " "+want)

	_, err = w.DeleteMessage(ctx, w.chat, m.ID, w.ann.ID, w.now())
	w.must(err)
	w.wantFile("deleted with its message", a, true)
	if m := read("deleted"); m.Files != nil || !m.Deleted {
		t.Errorf("after the delete: %+v", m)
	}
	same(t, "told then", told(), "message0 message0 edit0 edit0 delete0 ")
	again, _, err = w.AddMessage(ctx, m)
	w.must(err)
	same(t, "sent again once it is deleted", again.Deleted, true)
}

func testEmptyEdits(t *testing.T, w *world) {
	m := w.say(w.ann, w.chat, "text")
	_, _, err := w.EditMessage(t.Context(),
		store.Edit{Chat: w.chat, Message: m.ID, Author: w.ann.ID, At: w.now()})
	wantErr(t, "a message without files", err, store.ErrNoText)
}

// An archived message's files are archived with it, and deleted with its delete,
// whichever is archived first.
func testArchivedFiles(t *testing.T, w *world) {
	ctx := t.Context()
	for i, order := range []string{"message first", "delete first", "together", "tombstone"} {
		room := fmt.Sprint("room-", i)
		ms := w.roomMessages(room, epochA, 1, 2)
		var files []store.StoredFile
		for k := range ms {
			f := w.uploadAs(ms[k].Author, 0, 5)
			claimed, err := w.ClaimFiles(ctx,
				chat.Claim{Room: room, Message: ms[k].ID, Author: ms[k].Author, Session: ms[k].Session,
					Files: refs(f)}, w.now())
			w.must(err)
			ms[k].Text, ms[k].Extra = "", chat.Members{Files: claimed}.Extra()
			files = append(files, f)
		}
		m, d := ms[0], w.remove(ms[0], 3)
		switch order {
		case "message first":
			w.archive(ms)
			w.wantFile("before", files[0], false)
			w.archive([]store.RoomMessage{d})
		case "delete first":
			w.archive([]store.RoomMessage{d})
			w.archive(ms)
		case "together":
			w.archive([]store.RoomMessage{m, ms[1], d})
		case "tombstone":
			ms[0].Extra, ms[0].Deleted = "", true
			w.archive([]store.RoomMessage{ms[0], ms[1], d})
		}
		w.wantFile(order, files[0], true)
		w.wantFile(order+", another message", files[1], false)
		archived, err := w.FileArchived(ctx, files[1].ID)
		w.must(err)
		same(t, order+": its file is archived", archived, true)
		page, err := w.RoomMessages(ctx, room, "", 0, 0, 10)
		w.must(err)
		same(t, order+": the archive", fmt.Sprint(page[0].Extra, "; ", page[1].Extra), "; "+ms[1].Extra)
	}
}

// Without an author an id may be that of messages of several connections, and
// each deletes its own, even if the archive gets a tombstone in its place.
func testFilesWithoutAuthor(t *testing.T, w *world) {
	ctx := t.Context()
	for _, tombstone := range []bool{false, true} {
		ms := w.roomMessages(fmt.Sprint("room-", tombstone), epochA, 1, 2)
		f := w.uploadAs("", 0, 5)
		ms[0].Author, ms[1].Author, ms[1].Session, ms[1].ID = "", "", "s2", ms[0].ID
		claim := chat.Claim{Room: ms[0].Room, Message: ms[0].ID, Session: ms[0].Session, Files: refs(f)}
		claimed, err := w.ClaimFiles(ctx, claim, w.now())
		w.must(err)
		ms[0].Extra = chat.Members{Files: claimed}.Extra()
		_, err = w.ClaimFiles(ctx, claim, w.now())
		w.must(err)
		claim.Session = "s2"
		_, err = w.ClaimFiles(ctx, claim, w.now())
		wantErr(t, "claimed by another connection", err, store.ErrNoFile)
		d := w.remove(ms[0], 4)
		if tombstone {
			ms[0].Text, ms[0].Extra, ms[0].Deleted = "", "", true
		}
		w.archive(append(ms, w.remove(ms[1], 3)))
		w.wantFile("the delete of another", f, false)
		w.archive([]store.RoomMessage{d})
		w.wantFile(fmt.Sprint("its delete; tombstone: ", tombstone), f, true)
	}
}
