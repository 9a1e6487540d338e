package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

// The messages of a closed room are read, found and fetched only by those who
// may be in it.
func testClosedRooms(t *testing.T, w *world) {
	ctx := t.Context()
	for _, r := range []store.Room{
		{Name: "attic", Access: chat.AccessOpen}, {Name: "cellar", Access: chat.AccessRegistered},
		{Name: "den", Access: chat.AccessInvite},
	} {
		w.make(r, w.ann)
	}
	w.role("den", w.bob, chat.RoleMember)
	rooms, files := []string{"street", "attic", "cellar", "den"}, map[string]store.StoredFile{}
	for _, room := range rooms {
		m := w.roomMessages(room, epochA, 1, 1)
		m[0].Text = "walrus"
		w.archive(m)
		f := w.upload(w.ann, 10)
		_, err := w.ClaimFiles(ctx, chat.Claim{Room: room, Message: m[0].ID, Author: f.Owner,
			Files: refs(f)}, w.now())
		w.must(err)
		files[room] = f
	}
	reads := func(what string, user int64, want ...string) {
		t.Helper()
		var may, finds, found, fetches []string
		for _, room := range rooms {
			ok, err := w.MayRead(ctx, room, user)
			w.must(err)
			if ok {
				may = append(may, room)
			}
			in, _, err := w.Search(ctx, store.SearchQuery{User: user, Words: "walrus", Room: room, Limit: 5})
			w.must(err)
			for _, f := range in {
				finds = append(finds, f.Room)
			}
			if _, err := w.File(ctx, files[room].ID, user); err == nil {
				fetches = append(fetches, room)
			}
		}
		all, _, err := w.Search(ctx, store.SearchQuery{User: user, Words: "walrus", Limit: 5})
		w.must(err)
		for _, room := range rooms {
			for _, f := range all {
				if f.Room == room {
					found = append(found, room)
				}
			}
		}
		for how, got := range map[string][]string{
			"reads": may, "finds in": finds, "finds": found, "fetches from": fetches,
		} {
			same(t, what+" "+how, fmt.Sprint(got), fmt.Sprint(want))
		}
	}
	reads("a guest", 0, "street", "attic")
	reads("an account", w.eve.ID, "street", "attic", "cellar")
	reads("a member", w.bob.ID, rooms...)
	reads("the owner", w.ann.ID, rooms...)
	w.bans("den", store.KindBan, chat.AccountSubject(w.bob.ID), time.Time{})
	w.bans("den", store.KindBan, chat.AccountSubject(w.ann.ID), time.Now().Add(-time.Hour))
	w.bans("attic", store.KindBan, chat.AccountSubject(w.bob.ID), time.Time{}) // which guests can read
	reads("a banned member", w.bob.ID, "street", "attic", "cellar")
	reads("a member whose ban has ended", w.ann.ID, rooms...)
	w.change("attic", func(ctx context.Context, t *store.RoomTx) error {
		r := t.Room
		r.Access = chat.AccessInvite
		return t.Save(ctx, r)
	})
	reads("a guest, once it is closed", 0, "street")
}
