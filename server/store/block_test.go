package store_test

import (
	"fmt"
	"testing"

	"livechat/server/chat"
	"livechat/server/store"
)

// blocks has a user block others.
func (w *world) blocks(u store.User, others ...store.User) {
	w.t.Helper()
	for _, o := range others {
		changed, err := w.Block(w.t.Context(), u.ID, o.ID, w.now())
		w.must(err)
		same(w.t, "changed", changed, true)
	}
}

func (w *world) unblocks(u, other store.User) {
	w.t.Helper()
	changed, err := w.Unblock(w.t.Context(), u.ID, other.ID)
	w.must(err)
	same(w.t, "changed", changed, true)
}

func testBlocks(t *testing.T, w *world) {
	ctx := t.Context()
	see := func(u store.User, after string, limit int) (names string) {
		all, err := w.Blocks(ctx, u.ID, after, limit)
		w.must(err)
		for _, b := range all {
			names += b.Name + " "
			if b.Since.Year() < 2020 {
				t.Errorf("%s is blocked since %v", b.Name, b.Since)
			}
		}
		return names
	}
	same(t, "at first", see(w.ann, "", 10), "")
	w.blocks(w.ann, w.eve, w.bob)
	changed, err := w.Block(ctx, w.ann.ID, w.bob.ID, w.now())
	w.must(err)
	same(t, "again", changed, false)
	same(t, "all", see(w.ann, "", 10), "bob eve ")
	same(t, "first page", see(w.ann, "", 1), "bob ")
	same(t, "second page", see(w.ann, "bob", 1), "eve ")
	same(t, "of another account", see(w.bob, "", 10), "")
	w.unblocks(w.ann, w.bob)
	changed, err = w.Unblock(ctx, w.ann.ID, w.bob.ID)
	w.must(err)
	same(t, "unblocked again", changed, false)
	_, err = w.Block(ctx, w.ann.ID, 1, w.now())
	wantErr(t, "Block", err, store.ErrNotFound)
	w.blocks(w.eve, w.ann)
	w.must(w.DeleteUser(ctx, w.eve.ID))
	same(t, "after the other one was deleted", see(w.ann, "", 10), "")
	same(t, "of the one who was deleted", see(w.eve, "", 10), "")
	_, err = w.Block(ctx, w.ann.ID, w.eve.ID, w.now())
	wantErr(t, "Block", err, store.ErrNotFound)
}

// Neither of the two writes to the other, or opens a chat; what was there stays,
// and messages and reactions that were sent again keep their answer.
func testBlockedWrites(t *testing.T, w *world) {
	ctx := t.Context()
	mine, theirs := w.say(w.ann, w.chat, "from ann"), w.say(w.bob, w.chat, "from bob")
	w.reacts(w.puts(w.bob, mine, "👍", true), true)
	w.reacts(w.puts(w.ann, mine, "👍", true), true)
	w.blocks(w.ann, w.bob)
	w.blocks(w.eve, w.bob)
	w.events()
	for _, c := range []struct {
		who  store.User
		own  store.Message
		want error
	}{{w.bob, theirs, store.ErrBlocked}, {w.ann, mine, store.ErrBlocking}} {
		m := store.Message{ID: id(), Chat: w.chat, Author: c.who.ID, Text: "x", At: w.now()}
		_, _, err := w.AddMessage(ctx, m)
		wantErr(t, "AddMessage", err, c.want)
		m.ID, m.Files = id(), []chat.File{{ID: w.upload(c.who, 10).ID}}
		_, _, err = w.AddMessage(ctx, m)
		wantErr(t, "AddMessage with a file", err, c.want)
		_, _, err = w.EditMessage(ctx, w.edited(c.own, "y"))
		wantErr(t, "EditMessage", err, c.want)
		_, err = w.ReactPrivately(ctx, w.puts(c.who, theirs, "❤️", true))
		wantErr(t, "ReactPrivately", err, c.want)
		w.reacts(w.puts(c.who, mine, "👍", true), false) // its answer was lost
		again, created, err := w.AddMessage(ctx, store.Message{
			ID: c.own.ID, Chat: w.chat, Author: c.who.ID, Text: c.own.Text, At: w.now()})
		w.must(err)
		same(t, "sent again", fmt.Sprint(again.N, created), fmt.Sprint(c.own.N, false))
	}
	same(t, "events", len(w.events()), 0)
	w.reacts(w.puts(w.bob, mine, "👍", false), true)
	w.withdraw(theirs)
	for _, c := range []struct {
		a, b store.User
		want error
	}{{w.bob, w.eve, store.ErrBlocked}, {w.eve, w.bob, store.ErrBlocking}} {
		_, _, err := w.CreateChat(ctx, id(), c.a.ID, c.b.ID, w.now())
		wantErr(t, "CreateChat", err, c.want)
		_, err = w.ChatOf(ctx, c.a.ID, c.b.ID)
		wantErr(t, "ChatOf", err, store.ErrNotFound)
	}
	existing, created, err := w.CreateChat(ctx, id(), w.bob.ID, w.ann.ID, w.now())
	w.must(err)
	same(t, "the chat that they have", fmt.Sprint(existing, " ", created), w.chat+" false")
	w.say(w.ann, w.newChat(w.ann, w.eve), "others are not affected")
	w.unblocks(w.ann, w.bob)
	same(t, "the next message", w.say(w.bob, w.chat, "again").N, int64(3))
}

// How far one member has read is not told to the other.
func testBlockedMarks(t *testing.T, w *world) {
	see := func(u store.User) string {
		c, err := w.Chat(t.Context(), w.chat, u.ID)
		w.must(err)
		all, err := w.Chats(t.Context(), u.ID, nil, 10)
		w.must(err)
		same(t, "in the list", fmt.Sprint(all[0].OtherRead, all[0].Blocking, all[0].Blocked),
			fmt.Sprint(c.OtherRead, c.Blocking, c.Blocked))
		return fmt.Sprintf("read %d, other %d, blocking %t, blocked %t", c.Read, c.OtherRead, c.Blocking,
			c.Blocked)
	}
	w.sayMany(4)
	w.read(w.ann, 1)
	w.read(w.bob, 2)
	w.blocks(w.ann, w.bob)
	w.events()
	same(t, "bob reads", w.read(w.bob, 4), "true 4")
	for _, e := range w.events() {
		if e.User != w.bob.ID {
			t.Errorf("ann is told of %s", e.Kind)
		}
	}
	same(t, "ann reads", w.read(w.ann, 3), "true 3")
	for _, e := range w.events() {
		if e.User != w.ann.ID {
			t.Errorf("bob is told of %s", e.Kind)
		}
	}
	same(t, "to ann", see(w.ann), "read 3, other 0, blocking true, blocked false")
	same(t, "to bob", see(w.bob), "read 4, other 0, blocking false, blocked true")
	w.unblocks(w.ann, w.bob)
	same(t, "to bob later", see(w.bob), "read 4, other 3, blocking false, blocked false")
}

func testBlocksBounded(t *testing.T, w *world) {
	w.must(w.Exec(t.Context(), fmt.Sprintf(`INSERT INTO users (id, name, skeleton, hash, created)
		WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < %d)
		SELECT 1000000 + n, 'user' || n, '~user' || n, '', 0 FROM s`, store.MaxBlocks)))
	w.must(w.Exec(t.Context(), fmt.Sprintf(`INSERT INTO blocks (user_id, blocked, since)
		SELECT %d, id, 0 FROM users WHERE name LIKE 'user%%'`, w.ann.ID)))
	_, err := w.Block(t.Context(), w.ann.ID, w.bob.ID, w.now())
	wantErr(t, "Block", err, store.ErrTooManyBlocks)
	all, err := w.Blocks(t.Context(), w.ann.ID, "", 2*store.MaxBlocks)
	w.must(err)
	same(t, "blocked", len(all), store.MaxBlocks)
}
