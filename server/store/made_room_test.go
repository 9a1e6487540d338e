package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

// change changes a room.
func (w *world) change(room string, do func(ctx context.Context, t *store.RoomTx) error) {
	w.t.Helper()
	w.must(w.ChangeRoom(w.t.Context(), room, w.now(), do))
}

// make makes a room with an owner.
func (w *world) make(r store.Room, owner store.User) {
	w.t.Helper()
	w.change(r.Name, func(ctx context.Context, t *store.RoomTx) error {
		r.Creator, r.Created = owner.ID, w.at
		if err := t.Save(ctx, r); err != nil {
			return err
		}
		return t.SetRole(ctx, owner.ID, chat.RoleOwner)
	})
}

// role gives an account a role in a room.
func (w *world) role(room string, u store.User, role chat.RoomRole) {
	w.t.Helper()
	w.change(room, func(ctx context.Context, t *store.RoomTx) error { return t.SetRole(ctx, u.ID, role) })
}

// den is a room by invitation of ann's, in which bob is a moderator.
func (w *world) den() {
	w.t.Helper()
	w.make(store.Room{Name: "den", Title: "Dén\x00", Topic: "quiet", Access: chat.AccessInvite, Listed: true},
		w.ann)
	w.role("den", w.bob, chat.RoleModerator)
}

func (w *world) names(q store.RoomsQuery) (names []string) {
	w.t.Helper()
	q.Limit = max(q.Limit, 2)
	for {
		page, err := w.MadeRooms(w.t.Context(), q)
		w.must(err)
		for _, r := range page {
			names, q.After = append(names, r.Name), r.Name
		}
		if len(page) < q.Limit {
			return names
		}
	}
}

func testMadeRooms(t *testing.T, w *world) {
	ctx := t.Context()
	w.den()
	w.make(store.Room{Name: "attic", Access: chat.AccessOpen, Listed: true}, w.ann)
	w.make(store.Room{Name: "cellar", Access: chat.AccessRegistered, Listed: true}, w.bob)
	w.make(store.Room{Name: "backroom", Access: chat.AccessOpen}, w.bob)
	w.archive(w.roomMessages("attic", epochA, 1, 3))

	got, err := w.MadeRoom(ctx, "den", w.bob.ID)
	w.must(err)
	same(t, "the den", got, store.RoomView{
		Room: store.Room{Name: "den", Title: "Dén\uFFFD", Topic: "quiet", Access: chat.AccessInvite, Listed: true,
			Creator: w.ann.ID, Created: got.Created},
		Owner: "ann", Role: chat.RoleModerator, Members: 2,
	})
	attic, err := w.MadeRoom(ctx, "attic", 0)
	w.must(err)
	same(t, "the role of a guest", attic.Role, chat.RoomRole(""))
	same(t, "it has a last message", attic.Last.IsZero(), false)
	_, err = w.MadeRoom(ctx, "nowhere", w.ann.ID)
	wantErr(t, "MadeRoom", err, store.ErrNotFound)

	same(t, "for guests", w.names(store.RoomsQuery{}), []string{"attic", "cellar"})
	same(t, "for eve", w.names(store.RoomsQuery{User: w.eve.ID}), []string{"attic", "cellar"})
	same(t, "for ann", w.names(store.RoomsQuery{User: w.ann.ID}), []string{"attic", "cellar", "den"})
	same(t, "bob's", w.names(store.RoomsQuery{User: w.bob.ID, Mine: true}),
		[]string{"backroom", "cellar", "den"})
	same(t, "all", w.names(store.RoomsQuery{All: true}), []string{"attic", "backroom", "cellar", "den"})

	for u, want := range map[store.User]chat.RoomRole{
		w.ann: chat.RoleOwner, w.bob: chat.RoleModerator, w.eve: "",
	} {
		role, err := w.RoleIn(ctx, "den", u.ID)
		w.must(err)
		same(t, "role of "+u.Name, role, want)
	}
	members, err := w.RoomMembers(ctx, "den", "", 10)
	w.must(err)
	same(t, "members", len(members), 2)
	same(t, "the first", members[0].Name+" "+string(members[0].Role), "ann owner")
	members, err = w.RoomMembers(ctx, "den", "ann", 10)
	w.must(err)
	same(t, "after ann", len(members), 1)
}

// Every change of who may be in a room is a version that Redis has to get.
func testMadeRoomRules(t *testing.T, w *world) {
	w.make(store.Room{Name: "den", Access: chat.AccessOpen}, w.ann)
	w.role("den", w.bob, chat.RoleModerator)
	w.role("den", w.eve, chat.RoleMember)
	ann, bob, eve := chat.AccountSubject(w.ann.ID), chat.AccountSubject(w.bob.ID), chat.AccountSubject(w.eve.ID)
	open := w.rules("den")
	same(t, "access", open.Access, chat.AccessOpen)
	same(t, "roles in an open room", open.Roles,
		map[chat.Subject]chat.RoomRole{ann: chat.RoleOwner, bob: chat.RoleModerator})
	w.change("den", func(ctx context.Context, t *store.RoomTx) error {
		r := t.Room
		r.Access = chat.AccessInvite
		if err := t.Save(ctx, r); err != nil {
			return err
		}
		return t.SaveSettings(ctx, store.RoomSettings{Slow: time.Second, Paused: true})
	})
	closed := w.rules("den")
	same(t, "access", closed.Access, chat.AccessInvite)
	same(t, "slow mode", closed.Slow, time.Second)
	same(t, "everybody's role", closed.Roles, map[chat.Subject]chat.RoomRole{
		ann: chat.RoleOwner, bob: chat.RoleModerator, eve: chat.RoleMember,
	})
	if closed.Version <= open.Version {
		t.Errorf("version %d after %d", closed.Version, open.Version)
	}
	w.must(w.RulesApplied(t.Context(), "den", closed.Version))
	w.change("den", func(ctx context.Context, t *store.RoomTx) error { return t.Remove(ctx, w.eve.ID) })
	same(t, "without eve", len(w.rules("den").Roles), 2)
	pending, err := w.UnappliedRules(t.Context(), 10)
	w.must(err)
	same(t, "pending", pending, []string{"den"})

	broken := errors.New("changed my mind")
	before := w.rules("den")
	err = w.ChangeRoom(t.Context(), "den", w.now(), func(ctx context.Context, t *store.RoomTx) error {
		if err := t.Remove(ctx, w.bob.ID); err != nil {
			return err
		}
		return broken
	})
	wantErr(t, "ChangeRoom", err, broken)
	same(t, "nothing changed", w.rules("den"), before)
	same(t, "a room that nobody made", w.rules("hall"), chat.RoomRules{})
}

func testRoomRoles(t *testing.T, w *world) {
	w.den()
	w.change("den", func(ctx context.Context, tx *store.RoomTx) error {
		owner, err := tx.Owner(ctx)
		w.must(err)
		same(t, "owner", owner.Name, "ann")
		bob, err := tx.Member(ctx, "bob")
		w.must(err)
		same(t, "bob", bob.Role, chat.RoleModerator)
		_, err = tx.Member(ctx, "eve")
		wantErr(t, "Member", err, store.ErrNotFound)
		wantErr(t, "Remove", tx.Remove(ctx, w.eve.ID), store.ErrNotFound)
		wantErr(t, "LockUser", tx.LockUser(ctx, 77), store.ErrNotFound)
		w.must(tx.LockUser(ctx, w.ann.ID))
		owned, made, err := tx.RoomsOf(ctx, w.ann.ID, w.at.Add(-time.Hour))
		w.must(err)
		same(t, "owned, made", [2]int{owned, made}, [2]int{1, 1})
		_, made, err = tx.RoomsOf(ctx, w.ann.ID, w.at)
		w.must(err)
		same(t, "made since now", made, 0)
		return nil
	})
	err := w.ChangeRoom(t.Context(), "den", w.now(), func(ctx context.Context, t *store.RoomTx) error {
		return t.SetRole(ctx, w.bob.ID, chat.RoleOwner)
	})
	if err == nil {
		t.Error("a room has two owners")
	}
	w.bans("den", store.KindBan, chat.AccountSubject(w.eve.ID), w.at.Add(time.Hour))
	w.change("den", func(ctx context.Context, tx *store.RoomTx) error {
		for u, want := range map[store.User]bool{w.eve: true, w.bob: false} {
			banned, err := tx.IsBanned(ctx, u.ID)
			w.must(err)
			same(t, "banned", banned, want)
		}
		return nil
	})
}

func testTooManyMembers(t *testing.T, w *world) {
	w.den()
	w.must(w.Exec(t.Context(), fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
		WHERE i < %d) INSERT INTO users (id, name, skeleton, hash, created)
		SELECT i, 'u' || i, 'u' || i, 'h', 1 FROM n`, store.MaxRoomMembers-2)))
	w.must(w.Exec(t.Context(), fmt.Sprintf(`INSERT INTO room_members SELECT 'den', id, 'member', 1 FROM users
		WHERE id <= %d`, store.MaxRoomMembers)))
	w.role("den", w.bob, chat.RoleMember) // another role is fine
	err := w.ChangeRoom(t.Context(), "den", w.now(), func(ctx context.Context, t *store.RoomTx) error {
		return t.SetRole(ctx, w.eve.ID, chat.RoleMember)
	})
	wantErr(t, "SetRole", err, store.ErrTooManyMembers)
	same(t, "in the rules", len(w.rules("den").Roles), store.MaxRoomMembers)
}
