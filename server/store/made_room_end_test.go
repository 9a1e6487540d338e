package store_test

import (
	"context"
	"testing"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

// A room stays without its owner, and goes to whoever is there longest.
func testOwnerLeaves(t *testing.T, w *world) {
	dan := w.user("dan")
	w.make(store.Room{Name: "den", Access: chat.AccessInvite}, w.ann)
	w.role("den", w.eve, chat.RoleMember)
	w.role("den", w.bob, chat.RoleModerator)
	w.role("den", dan, chat.RoleModerator)
	w.make(store.Room{Name: "attic", Access: chat.AccessOpen}, w.ann)
	before := w.rules("den")
	w.must(w.RulesApplied(t.Context(), "den", before.Version))
	owner := func(room string) string {
		v, err := w.MadeRoom(t.Context(), room, 0)
		w.must(err)
		return v.Owner
	}
	for _, c := range []struct {
		gone store.User
		want string
	}{{w.ann, "bob"}, {w.bob, "dan"}, {dan, "eve"}, {w.eve, ""}} {
		w.must(w.DeleteUser(t.Context(), c.gone.ID))
		same(t, "owner without "+c.gone.Name, owner("den"), c.want)
	}
	same(t, "owner of the attic", owner("attic"), "")
	after := w.rules("den")
	same(t, "roles", len(after.Roles), 0)
	if after.Version <= before.Version {
		t.Errorf("version %d after %d", after.Version, before.Version)
	}
	log, err := w.Audit(t.Context(), store.AuditEntry{}, 10)
	w.must(err)
	same(t, "audit log", len(log), 5)
	for _, e := range log {
		same(t, "action", e.Action, store.ActionRoomOwner)
		same(t, "by", e.By.Name, store.DeletedName)
	}
}

func testDeletedRoom(t *testing.T, w *world) {
	ctx := t.Context()
	w.den()
	w.invites("one", 1, time.Hour)
	w.bans("den", store.KindBan, "g:x", time.Time{})
	w.archive(w.roomMessages("den", epochA, 1, 3))
	w.archive(w.roomMessages("denmark", epochA, 1, 1))
	has := func(want bool) {
		w.change("den", func(ctx context.Context, tx *store.RoomTx) error {
			has, err := tx.HasEntries(ctx)
			w.must(err)
			same(t, "it has entries", has, want)
			return nil
		})
	}
	has(true)
	w.change("den", func(ctx context.Context, t *store.RoomTx) error { return t.Delete(ctx) })
	_, err := w.MadeRoom(ctx, "den", w.ann.ID)
	wantErr(t, "MadeRoom", err, store.ErrNotFound)
	_, err = w.Invite(ctx, hashed("one"), w.at)
	wantErr(t, "Invite", err, store.ErrNotFound)
	same(t, "rooms", len(w.names(store.RoomsQuery{All: true})), 0)
	r := w.rules("den")
	same(t, "access", r.Access, chat.AccessInvite)
	same(t, "roles and bans", len(r.Roles)+len(r.Banned), 0)
	deleted, err := w.ExpireMadeRooms(ctx, w.at.Add(time.Hour))
	w.must(err)
	same(t, "messages deleted", deleted, 3)
	has(false)
	same(t, "the others", w.kept("denmark"), "denmarka1")
	// A message that Redis had not handed to the archive yet.
	late := w.at.Add(8 * 24 * time.Hour)
	w.archive(w.roomMessages("den", epochA, 4, 4))
	deleted, err = w.ExpireMadeRooms(ctx, late)
	w.must(err)
	same(t, "messages deleted later", deleted, 1)
	w.change("den", func(_ context.Context, tx *store.RoomTx) error {
		same(t, "the row stays", tx.Room.Deleted.IsZero(), false)
		return nil
	})
	// A room that nobody made can be closed as well.
	w.change("denmark", func(ctx context.Context, t *store.RoomTx) error { return t.Delete(ctx) })
	same(t, "access", w.rules("denmark").Access, chat.AccessInvite)
}

func testRetention(t *testing.T, w *world) {
	now := time.UnixMilli(1_900_000_000_000)
	for room, retention := range map[string]time.Duration{"a": time.Minute, "b": 0, "c": time.Hour} {
		w.make(store.Room{Name: room, Access: chat.AccessOpen, Retention: retention}, w.ann)
		for i, old := range []time.Duration{2 * time.Hour, 2 * time.Minute, 2 * time.Second} {
			m := w.roomMessages(room, epochA, int64(i)+1, int64(i)+1)
			m[0].At = now.Add(-old)
			w.archive(m)
		}
	}
	deleted, err := w.ExpireMadeRooms(t.Context(), now)
	w.must(err)
	same(t, "deleted", deleted, 3)
	same(t, "kept", w.kept("a", "b", "c"), "aa3 ba1 ba2 ba3 ca2 ca3")
}
