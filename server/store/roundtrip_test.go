package store_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"livechat/server/store"
)

func testExportMoment(t *testing.T, w *world) {
	if strings.HasSuffix(w.url, ":memory:") {
		t.Skip("one connection: no other can write meanwhile")
	}
	w.say(w.ann, w.chat, strings.Repeat("more than a buffer ", 10_000))
	before := export(t, w.Store)
	var out bytes.Buffer
	writes := 0
	_, err := w.Export(t.Context(), writerFunc(func(b []byte) (int, error) {
		if writes++; writes == 1 {
			w.say(w.bob, w.chat, "meanwhile")
			w.archive(w.roomMessages("livechat", epochA, 1, 3))
		}
		return out.Write(b)
	}))
	w.must(err)
	same(t, "export while others write", out.String(), before)
	if writes < 2 {
		t.Error("the writer did not wait")
	}
	full := errors.New("disk full")
	_, err = w.Export(t.Context(), writerFunc(func([]byte) (int, error) { return 0, full }))
	wantErr(t, "Export", err, full)
}

func testTransfer(t *testing.T, w *world) {
	ctx := t.Context()
	w.live()
	first := export(t, w.Store)
	chats, err := w.Chats(ctx, w.ann.ID, nil, 10)
	w.must(err)
	for _, secret := range []string{"token", "outbox"} {
		if strings.Contains(first, secret) {
			t.Errorf("the export has a %s", secret)
		}
	}
	for _, key := range []string{`"type":"chat","id"`, `"type":"room_message","room"`} {
		if all := values(first, key); len(all) < 3 || !slices.IsSorted(all) {
			t.Errorf("%s is not in its order: %q", key, all)
		}
	}
	// As a server from before roles leaves it.
	w.must(w.Exec(ctx, "UPDATE users SET role = 'admin' WHERE deleted IS NOT NULL"))
	same(t, "the export with a role of a deleted account", export(t, w.Store), first)
	w.clear()
	counts, err := w.Import(ctx, strings.NewReader(first))
	w.must(err)
	same(t, "counts", counts, store.Counts{Accounts: 4, Chats: 3, Messages: 7, RoomMessages: 13,
		Reactions: 5, Rooms: 3, Rules: 6, Audit: 3, Blocks: 1})
	same(t, "in words", counts.String(),
		"4 accounts, 3 chats, 7 private messages, 13 room messages, 5 reactions, "+
			"1 block, 3 rows of made rooms, 6 rules of rooms, 0 files, 3 audit records")
	same(t, "one of each",
		store.Counts{Accounts: 1, Chats: 1, Messages: 1, RoomMessages: 1, Reactions: 1,
			Files: 1}.String(),
		"1 account, 1 chat, 1 private message, 1 room message, 1 reaction, 1 file")
	same(t, "the export of the import", export(t, w.Store), first)
	same(t, "what Redis has to be told", w.rules("go").Any(), true)
	pending, err := w.UnappliedRules(ctx, 10)
	w.must(err)
	same(t, "rooms that Redis has to be told of", len(pending), 3)

	// The imported store can be used as before.
	again, err := w.Chats(ctx, w.ann.ID, nil, 10)
	w.must(err)
	same(t, "chats", len(again), 1)
	same(t, "last", *again[0].Last, *chats[0].Last)
	again[0].Last, chats[0].Last = nil, nil
	same(t, "chat", again[0], chats[0])
	same(t, "unread", again[0].Unread, 2) // one of three is deleted
	of, err := w.Chats(ctx, w.bob.ID, nil, 10)
	w.must(err)
	same(t, "chats of bob", len(of), 2)
	same(t, "whose account is gone", of[0].Other.Name, store.DeletedName)
	same(t, "unread of bob", of[1].Unread, 2)
	same(t, "next message", w.say(w.bob, w.chat, "on").N, 7)
	found, _, err := w.Search(ctx, store.SearchQuery{User: w.ann.ID, Words: "привет", Limit: 10})
	w.must(err)
	same(t, "found", len(found), 1)
	_, hash, err := w.UserByName(ctx, "ann")
	w.must(err)
	same(t, "hash", hash, "hash of ann")
	bob, err := w.UserByID(ctx, w.bob.ID)
	w.must(err)
	same(t, "role", bob.Role, store.RoleAdmin)
	log, err := w.Audit(ctx, store.AuditEntry{}, 10)
	w.must(err)
	same(t, "audit log", len(log), 3)
	same(t, "reason", log[1].By.Reason, "a\uFFFD\uFFFD")
	reserved, err := w.NameReserved(ctx, "~zoë")
	w.must(err)
	same(t, "the deleted account's name is reserved", reserved, true)
}

func testTransferEmpty(t *testing.T, w *world) {
	w.clear()
	const nothing = `{"type":"livechat","version":1}` + "\n" + `{"type":"end","lines":0}` + "\n"
	same(t, "export of nothing", export(t, w.Store), nothing)
	_, err := w.Import(t.Context(), strings.NewReader(nothing))
	w.must(err)
	same(t, "export of nothing imported", export(t, w.Store), nothing)
	w.user("first")
}
