package store_test

import (
	"os"
	"strings"
	"testing"

	"livechat/server/chat"
	"livechat/server/store"
)

// talk writes a word in every place of the database that has what was said in a
// room.
func (w *world) talk(room, word string) (f store.StoredFile) {
	w.t.Helper()
	ctx := w.t.Context()
	m := w.roomMessages(room, epochA, 1, 2)
	f = w.uploadAs(m[0].Author, 0, 10)
	files, err := w.ClaimFiles(ctx, chat.Claim{Room: room, Message: m[0].ID, Author: m[0].Author,
		Files: []chat.FileRef{{ID: f.ID, Alt: word}}}, w.now())
	w.must(err)
	m[0].Text, m[0].Extra = "a "+word, chat.Members{Files: files}.Extra()
	w.archive(append(m, w.edit(m[1], 3, "another "+word)))
	w.react(room, m[0].ID, chat.Reaction{Person: "s", Name: word, Emoji: "👍", At: 1, On: true})
	w.reports(m[0], "a:7")
	target := chat.Target{Seq: 2, ID: m[1].ID}
	w.must(w.AddRoomDeletes(ctx, []store.RoomDelete{{ID: id(), Room: room, Target: target, Author: "@zoe",
		Name: word}}, w.now(), nil))
	_, err = w.SetPin(ctx, room, &chat.Pin{Target: target, Name: word, By: word}, w.now(), nil)
	w.must(err)
	return f
}

func (w *world) mentions(word string) []string {
	w.t.Helper()
	tables, err := w.Mentions(w.t.Context(), word)
	w.must(err)
	return tables
}

// testEmptiedRoom: what docs/operations.md tells operators to do to a room
// leaves nothing that was said in it, in no table, and nothing else changes.
func testEmptiedRoom(t *testing.T, w *world) {
	file, other := w.talk("den", "walrus"), w.talk("hall", "penguin")
	before := w.mentions("penguin")
	same(t, "places", w.mentions("walrus"), before)
	same(t, "found places", before, []string{"files", "reports", "room_deletes", "room_messages",
		"room_messages", "room_messages", "room_reactions", "rooms_rules"})

	document, err := os.ReadFile("../../docs/operations.md")
	w.must(err)
	_, recipe, _ := strings.Cut(string(document), "\n### Empty a room\n")
	_, recipe, _ = strings.Cut(recipe, " <<'END'\n")
	recipe, _, found := strings.Cut(recipe, "\nEND\n")
	if !found || !strings.Contains(recipe, "'den'") {
		t.Fatalf("docs/operations.md empties no room den: %q", recipe)
	}
	for statement := range strings.Lines(recipe) {
		w.must(w.Exec(t.Context(), statement))
	}
	same(t, "left but the file", w.mentions("walrus"), []string{"files"})
	deleted, err := w.DeletedFiles(t.Context(), 10)
	w.must(err)
	if len(deleted) != 1 || deleted[0].ID != file.ID {
		t.Errorf("deleted files: %v, want %s", deleted, file.ID)
	}
	w.must(w.FilesRemoved(t.Context(), []string{file.ID}, w.now()))
	same(t, "left", w.mentions("walrus"), nil)
	same(t, "another room", w.mentions("penguin"), before)
	w.has("file of another room", other, true)
}
