package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"livechat/server/store"
)

// edited returns an edit of m by its author.
func (w *world) edited(m store.Message, text string) store.Edit {
	return store.Edit{ID: id(), Chat: m.Chat, Message: m.ID, Author: m.Author, Text: text, At: w.now()}
}

// amend gives m another text.
func (w *world) amend(m store.Message, text string) store.Message {
	w.t.Helper()
	m, changed, err := w.EditMessage(w.t.Context(), w.edited(m, text))
	w.must(err)
	same(w.t, "changed", changed, true)
	return m
}

// withdraw deletes m.
func (w *world) withdraw(m store.Message) {
	w.t.Helper()
	changed, err := w.DeleteMessage(w.t.Context(), m.Chat, m.ID, m.Author, w.now())
	w.must(err)
	same(w.t, "changed", changed, true)
}

// wantMessage fails unless m is what both members read, and what the chat says
// of its last message.
func (w *world) wantMessage(m store.Message) {
	w.t.Helper()
	for _, user := range []int64{w.ann.ID, w.bob.ID} {
		all, err := w.Messages(w.t.Context(), w.chat, user, m.N+1, m.N-1, 1)
		w.must(err)
		same(w.t, "how many", len(all), 1)
		same(w.t, "read", all[0], m)
		c, err := w.Chat(w.t.Context(), w.chat, user)
		w.must(err)
		if c.Last.N == m.N {
			same(w.t, "last", *c.Last, m)
		}
	}
}

func (w *world) findsPrivate(words string, want ...string) {
	w.t.Helper()
	found, _, err := w.Search(w.t.Context(), store.SearchQuery{Words: words, User: w.bob.ID, Limit: 10})
	w.must(err)
	var texts []string
	for _, f := range found {
		texts = append(texts, f.Text)
	}
	same(w.t, "found by "+words, fmt.Sprintf("%q", texts), fmt.Sprintf("%q", want))
}

// told returns a word for each event of a user since the last call.
func (w *world) told(user store.User) (list string) {
	for _, e := range w.events() {
		if e.User == user.ID {
			list += fmt.Sprintf("%s %d %s %s %q %t %d; ", e.Kind, e.N, e.Author, e.Message, e.Text, e.Deleted,
				e.At.UnixMilli())
		}
	}
	return list
}

// testPrivateEdits: the last edit counts, everywhere; one that is sent again
// does not.
func testPrivateEdits(t *testing.T, w *world) {
	m := w.say(w.ann, w.chat, "a walrus")
	before, err := w.Chat(t.Context(), w.chat, w.bob.ID)
	w.must(err)
	w.events()
	first, second := w.edited(m, "a badger"), w.edited(m, "a ferret")
	second.ID = ""
	for _, e := range []store.Edit{first, second, first} {
		got, changed, err := w.EditMessage(t.Context(), e)
		w.must(err)
		if changed {
			m.Text, m.Edited = e.Text, e.At
		}
		same(t, "the message", got, m)
		w.wantMessage(m)
	}
	same(t, "the last text", m.Text, "a ferret")
	w.findsPrivate("walrus")
	w.findsPrivate("badger")
	w.findsPrivate("ferret", "a ferret")
	of := func(e store.Edit) string {
		return fmt.Sprintf("edit 1 ann %s %q false %d; ", m.ID, "a ferret", e.At.UnixMilli())
	}
	same(t, "events of bob", w.told(w.bob), of(first)+of(second))
	c, err := w.Chat(t.Context(), w.chat, w.bob.ID)
	w.must(err)
	same(t, "unread", c.Unread, 1)
	same(t, "updated", c.Updated, before.Updated)

	late := w.edited(m, "by a clock that is behind")
	late.At = m.At.Add(-time.Hour)
	got, _, err := w.EditMessage(t.Context(), late)
	w.must(err)
	if !got.Edited.After(second.At) {
		t.Errorf("a later edit is of %v, one before it of %v", got.Edited, second.At)
	}
	_, created, err := w.AddMessage(t.Context(), store.Message{
		ID: m.ID, Chat: w.chat, Author: w.ann.ID, Text: "a walrus", At: w.now()})
	w.must(err)
	same(t, "created again", created, false)
}

func testPrivateEditsRefused(t *testing.T, w *world) {
	m, other := w.say(w.ann, w.chat, "mine"), w.newChat(w.ann, w.eve)
	next := w.say(w.ann, w.chat, "next")
	made := w.edited(m, "made")
	_, _, err := w.EditMessage(t.Context(), made)
	w.must(err)
	w.events()
	for what, c := range map[string]struct {
		change func(*store.Edit)
		want   error
	}{
		"an outsider":        {func(e *store.Edit) { e.Author = w.eve.ID }, store.ErrNotFound},
		"another chat":       {func(e *store.Edit) { e.Chat = id() }, store.ErrNotFound},
		"a malformed chat":   {func(e *store.Edit) { e.Chat = "x" }, store.ErrNotFound},
		"in another chat":    {func(e *store.Edit) { e.Chat = other }, store.ErrNoMessage},
		"an unknown message": {func(e *store.Edit) { e.Message = id() }, store.ErrNoMessage},
		"malformed":          {func(e *store.Edit) { e.Message = "x" }, store.ErrNoMessage},
		"the other member":   {func(e *store.Edit) { e.Author = w.bob.ID }, store.ErrNotYours},
		"too old":            {func(e *store.Edit) { e.Since = m.At.Add(time.Millisecond) }, store.ErrTooOld},
		"another text":       {func(e *store.Edit) { e.ID = made.ID }, store.ErrConflict},
		"of another": {func(e *store.Edit) { e.ID, e.Text, e.Message = made.ID, "made", next.ID },
			store.ErrConflict},
	} {
		e := w.edited(m, "x")
		c.change(&e)
		_, _, err := w.EditMessage(t.Context(), e)
		wantErr(t, what, err, c.want)
	}
	exact := made
	exact.Since = m.At.Add(time.Hour)
	if _, changed, err := w.EditMessage(t.Context(), exact); changed || err != nil {
		t.Errorf("made before, and too old now: %t, %v", changed, err)
	}
	exact.ID, exact.Since = id(), m.At
	if _, changed, err := w.EditMessage(t.Context(), exact); !changed || err != nil {
		t.Errorf("just young enough: %t, %v", changed, err)
	}
	w.events()
	w.must(w.DeleteUser(t.Context(), w.bob.ID))
	_, _, err = w.EditMessage(t.Context(), w.edited(m, "x"))
	wantErr(t, "nobody reads it", err, store.ErrGone)
	same(t, "events", len(w.events()), 0)
	w.withdraw(m)
}

// testPrivateEditsAtOnce: the events of both members end with the text that
// stays, and times rise with them.
func testPrivateEditsAtOnce(t *testing.T, w *world) {
	m := w.say(w.ann, w.chat, "first")
	w.events()
	var wg sync.WaitGroup
	for i := range 8 {
		e := w.edited(m, fmt.Sprint("text ", i))
		for range 2 {
			wg.Go(func() {
				if _, _, err := w.EditMessage(t.Context(), e); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	last, err := w.Messages(t.Context(), w.chat, w.bob.ID, 0, 0, 1)
	w.must(err)
	times := map[int64]int64{}
	events := w.events()
	same(t, "events", len(events), 16)
	for _, e := range events {
		if e.At.UnixMilli() <= times[e.User] || e.Text != last[0].Text {
			t.Errorf("%+v after %d; the text is %q", e, times[e.User], last[0].Text)
		}
		times[e.User] = e.At.UnixMilli()
	}
	same(t, "edited", last[0].Edited.UnixMilli(), times[w.ann.ID])
}

// testPrivateDeletes: the text is nowhere, and the number stays taken.
func testPrivateDeletes(t *testing.T, w *world) {
	ctx := t.Context()
	read := w.say(w.ann, w.chat, "read")
	_, _, err := w.MarkRead(ctx, w.chat, w.bob.ID, read.N)
	w.must(err)
	m, next := w.say(w.ann, w.chat, "a walrus"), w.say(w.ann, w.chat, "next")
	waiting := w.edited(m, "the second walrus")
	_, _, err = w.EditMessage(ctx, waiting)
	w.must(err)
	_, err = w.DeleteMessage(ctx, w.chat, m.ID, w.bob.ID, w.now())
	wantErr(t, "by the other member", err, store.ErrNotYours)
	_, err = w.DeleteMessage(ctx, w.chat, m.ID, w.eve.ID, w.now())
	wantErr(t, "by an outsider", err, store.ErrNotFound)
	_, err = w.DeleteMessage(ctx, w.chat, id(), w.ann.ID, w.now())
	wantErr(t, "an unknown one", err, store.ErrNoMessage)

	w.withdraw(m)
	deleted := w.at
	m.Text, m.Deleted = "", true
	w.wantMessage(m)
	w.wantMessage(next)
	w.findsPrivate("walrus")
	if n, err := w.HoldingPrivate(ctx, "walrus"); err != nil || n != 0 {
		t.Errorf("%d rows have the text, %v", n, err)
	}
	unread := func(want int64) {
		t.Helper()
		c, err := w.Chat(ctx, w.chat, w.bob.ID)
		w.must(err)
		same(t, "unread", c.Unread, want)
	}
	unread(1)
	last := ""
	for _, e := range w.events() {
		if e.Text == "a walrus" || e.Text == "the second walrus" {
			t.Errorf("told %+v", e)
		}
		if e.User == w.bob.ID && e.Message == m.ID {
			last += fmt.Sprint(e.Kind, " ", e.N, " ", e.Deleted, " ", e.At.Equal(deleted), "; ")
		}
	}
	same(t, "told of it", last, "message 2 true false; edit 2 true false; delete 2 true true; ")

	changed, err := w.DeleteMessage(ctx, w.chat, m.ID, w.ann.ID, w.now())
	w.must(err)
	same(t, "changed again", changed, false)
	for _, e := range []store.Edit{waiting, w.edited(m, "x")} {
		_, _, err := w.EditMessage(ctx, e)
		wantErr(t, "an edit of what is deleted", err, store.ErrNoMessage)
	}
	again, created, err := w.AddMessage(ctx, store.Message{
		ID: m.ID, Chat: w.chat, Author: w.ann.ID, Text: "a walrus", At: w.now()})
	w.must(err)
	same(t, "created again", created, false)
	same(t, "posted again", again, m)
	same(t, "events", len(w.events()), 0)
	w.withdraw(read) // read before
	unread(1)
	w.withdraw(w.say(w.bob, w.chat, "one's own"))
	unread(1)
	moved, _, err := w.MarkRead(ctx, w.chat, w.bob.ID, 2)
	w.must(err)
	same(t, "moved", moved, true)
	unread(1)
}
