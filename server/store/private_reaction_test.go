package store_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"livechat/server/chat"
	"livechat/server/store"
)

// puts returns the reaction of a user to m.
func (w *world) puts(user store.User, m store.Message, emoji string, on bool) store.PrivateReaction {
	return store.PrivateReaction{Chat: m.Chat, Message: m.ID, User: user.ID, Emoji: emoji, On: on, At: w.now()}
}

// reacts fails unless that changes something, or nothing.
func (w *world) reacts(r store.PrivateReaction, want bool) {
	w.t.Helper()
	changed, err := w.ReactPrivately(w.t.Context(), r)
	w.must(err)
	same(w.t, "changed", changed, want)
}

// wantReactedPrivately fails unless these people reacted to m: "👍 2 bob ann".
func (w *world) wantReactedPrivately(m store.Message, want string) {
	w.t.Helper()
	all, err := w.ReactedPrivately(w.t.Context(), m.Chat, m.ID, w.bob.ID)
	w.must(err)
	same(w.t, "who reacted", reactedWords(all), want)
}

// testPrivateReactions: both members react to any message, and are told the
// counts as they are when they are told.
func testPrivateReactions(t *testing.T, w *world) {
	m, other := w.say(w.ann, w.chat, "a walrus"), w.say(w.bob, w.chat, "hi")
	before, err := w.Chat(t.Context(), w.chat, w.bob.ID)
	w.must(err)
	w.events()
	w.reacts(w.puts(w.ann, m, "👍", true), true)
	w.reacts(w.puts(w.bob, m, "👍", true), true)
	w.reacts(w.puts(w.bob, m, "👍", true), false)
	w.reacts(w.puts(w.ann, m, "❤️", false), false)
	w.reacts(w.puts(w.ann, m, "❤️", true), true)
	w.reacts(w.puts(w.ann, other, "🎉", true), true)
	m.Reactions, other.Reactions = `{"❤️":1,"👍":2}`, `{"🎉":1}`
	w.wantMessage(m)
	w.wantMessage(other)
	w.wantReactedPrivately(m, "👍 2 bob ann, ❤️ 1 ann")
	found, _, err := w.Search(t.Context(), store.SearchQuery{Words: "walrus", User: w.bob.ID, Limit: 10})
	w.must(err)
	same(t, "counts of what was found", found[0].Reactions, m.Reactions)
	wantEvents := func(want ...string) {
		t.Helper()
		var got []string
		for _, e := range w.events() {
			if e.User != w.bob.ID {
				continue
			}
			got = append(got, fmt.Sprint(e.Kind, e.N, e.Author, e.Reactions))
			if e.Text != "" || e.Deleted || e.Message != m.ID && e.Message != other.ID {
				t.Errorf("told %+v", e)
			}
		}
		same(t, "events", fmt.Sprint(got), fmt.Sprint(want))
	}
	now := "1ann" + m.Reactions
	wantEvents("reactions"+now, "reactions1bob"+m.Reactions, "reactions"+now, "reactions2ann"+other.Reactions)
	after, err := w.Chat(t.Context(), w.chat, w.bob.ID)
	w.must(err)
	same(t, "updated", after.Updated, before.Updated)
	same(t, "unread", after.Unread, before.Unread)

	m = w.amend(m, "a badger")
	w.events()
	same(t, "counts of what was edited", m.Reactions, `{"❤️":1,"👍":2}`)
	w.wantMessage(m)
	for i, r := range []store.PrivateReaction{w.puts(w.ann, m, "👍", false), w.puts(w.bob, m, "👍", false),
		w.puts(w.ann, m, "❤️", false)} {
		w.reacts(r, true)
		w.reacts(r, false)
		m.Reactions = []string{`{"❤️":1,"👍":1}`, `{"❤️":1}`, ""}[i]
		w.wantMessage(m)
	}
	w.wantReactedPrivately(m, "")
	wantEvents("reactions1ann", "reactions1bob", "reactions1ann")
}

func testPrivateReactionsRefused(t *testing.T, w *world) {
	ctx := t.Context()
	m, other := w.say(w.ann, w.chat, "mine"), w.newChat(w.ann, w.eve)
	w.events()
	for what, c := range map[string]struct {
		change func(*store.PrivateReaction)
		want   error
	}{
		"an outsider":        {func(r *store.PrivateReaction) { r.User = w.eve.ID }, store.ErrNotFound},
		"another chat":       {func(r *store.PrivateReaction) { r.Chat = id() }, store.ErrNotFound},
		"a malformed chat":   {func(r *store.PrivateReaction) { r.Chat = "x" }, store.ErrNotFound},
		"in another chat":    {func(r *store.PrivateReaction) { r.Chat = other }, store.ErrNoMessage},
		"an unknown message": {func(r *store.PrivateReaction) { r.Message = id() }, store.ErrNoMessage},
		"malformed":          {func(r *store.PrivateReaction) { r.Message = "x" }, store.ErrNoMessage},
	} {
		r := w.puts(w.ann, m, "👍", true)
		c.change(&r)
		_, err := w.ReactPrivately(ctx, r)
		wantErr(t, what, err, c.want)
	}
	_, err := w.ReactedPrivately(ctx, w.chat, m.ID, w.eve.ID)
	wantErr(t, "who reacted, for an outsider", err, store.ErrNotFound)
	same(t, "events", len(w.events()), 0)

	for i := range chat.MaxReactionKinds {
		w.reacts(w.puts(w.ann, m, fmt.Sprint("kind ", i), true), true)
	}
	for _, c := range [][2]string{{w.chat, "x"}, {w.chat, id()}, {other, m.ID}} {
		all, err := w.ReactedPrivately(ctx, c[0], c[1], w.ann.ID)
		w.must(err)
		same(t, "who reacted to another one", len(all), 0)
	}
	_, err = w.ReactPrivately(ctx, w.puts(w.bob, m, "👍", true))
	wantErr(t, "one too many", err, store.ErrTooMany)
	w.reacts(w.puts(w.bob, m, "kind 7", true), true)
	w.reacts(w.puts(w.ann, m, "kind 8", false), true)
	w.reacts(w.puts(w.bob, m, "👍", true), true)

	w.must(w.DeleteUser(ctx, w.ann.ID))
	_, err = w.ReactPrivately(ctx, w.puts(w.bob, m, "kind 9", true))
	wantErr(t, "nobody sees it", err, store.ErrGone)
	w.reacts(w.puts(w.bob, m, "👍", false), true)
	all, err := w.ReactedPrivately(ctx, w.chat, m.ID, w.bob.ID)
	w.must(err)
	same(t, "the most", reactedWords(all[:1]), "kind 7 2 bob "+store.DeletedName)
}

// testPrivateReactionsDeleted: a deleted message has no reactions, whoever asks.
func testPrivateReactionsDeleted(t *testing.T, w *world) {
	m, other := w.say(w.ann, w.chat, "mine"), w.say(w.ann, w.chat, "another")
	for _, of := range []store.Message{m, other} {
		w.reacts(w.puts(w.bob, of, "👍", true), true)
	}
	w.withdraw(m)
	for _, e := range w.events() {
		if e.Message == m.ID && e.Reactions != "" {
			t.Errorf("told %+v", e)
		}
	}
	_, err := w.ReactPrivately(t.Context(), w.puts(w.bob, m, "👍", true))
	wantErr(t, "a deleted message", err, store.ErrNoMessage)
	m.Text, m.Deleted, other.Reactions = "", true, `{"👍":1}`
	w.wantMessage(m)
	w.wantMessage(other)
	w.wantReactedPrivately(m, "")
	w.wantReactedPrivately(other, "👍 1 bob")
}

// testPrivateReactionsAtOnce: counts are those of all who reacted.
func testPrivateReactionsAtOnce(t *testing.T, w *world) {
	m := w.say(w.ann, w.chat, "first")
	w.events()
	var wg sync.WaitGroup
	for _, user := range []store.User{w.ann, w.bob} {
		for _, emoji := range strings.Fields("👍 ❤️ 🎉 😀") {
			r := w.puts(user, m, emoji, true)
			for range 2 {
				wg.Go(func() {
					if _, err := w.ReactPrivately(t.Context(), r); err != nil {
						t.Error(err)
					}
				})
			}
		}
	}
	wg.Wait()
	m.Reactions = `{"❤️":2,"🎉":2,"👍":2,"😀":2}`
	w.wantMessage(m)
	same(t, "events", len(w.events()), 16)
}
