package store_test

import (
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"livechat/server/store"
)

func wantErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%s: got %v, want %v", what, err, want)
	}
}

func testAccounts(t *testing.T, w *world) {
	if u, err := w.UserByID(t.Context(), w.ann.ID); err != nil || u != w.ann {
		t.Errorf("UserByID: %+v, %v; want %+v", u, err, w.ann)
	}
	if _, err := w.UserByID(t.Context(), 1<<40); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("UserByID of nobody: %v", err)
	}

	ctx := t.Context()
	u, hash, err := w.UserByName(ctx, "ann")
	w.must(err)
	same(t, "user", u, w.ann)
	same(t, "hash", hash, "hash of ann")
	if time.Since(u.Created) > time.Hour || u.Created.Location() != time.UTC {
		t.Errorf("created at %v", u.Created)
	}
	_, _, err = w.UserByName(ctx, "Ann")
	wantErr(t, "another name", err, store.ErrNotFound)

	_, err = w.CreateUser(ctx, "ann", "~other", "x")
	wantErr(t, "the same name", err, store.ErrTaken)
	_, err = w.CreateUser(ctx, "other", "~ann", "x")
	wantErr(t, "the same look", err, store.ErrTaken)

	// Not counted: an older copy of the database gives no number again. Exact
	// in JSON, and none that earlier versions have counted.
	for _, u := range []store.User{w.ann, w.bob, w.eve} {
		if u.ID < 1<<32 || u.ID >= 1<<53 {
			t.Errorf("%s has the number %d", u.Name, u.ID)
		}
	}

	for skeleton, want := range map[string]bool{"~ann": true, "ann": false} {
		got, err := w.NameReserved(ctx, skeleton)
		w.must(err)
		same(t, "reserved "+skeleton, got, want)
	}

	w.session("stays", w.ann, w.at.Add(time.Hour))
	w.must(w.RenewHash(ctx, w.ann.ID, "not hash of ann", "other"))
	hash, err = w.PasswordHash(ctx, w.ann.ID)
	w.must(err)
	same(t, "renewed from another hash", hash, "hash of ann")
	w.must(w.RenewHash(ctx, w.ann.ID, "hash of ann", "renewed"))
	hash, err = w.PasswordHash(ctx, w.ann.ID)
	w.must(err)
	same(t, "renewed", hash, "renewed")
	same(t, "session after renewing", w.sessionOf("stays"), "ann")
	w.must(w.SetPassword(ctx, w.ann.ID, "new"))
	hash, err = w.PasswordHash(ctx, w.ann.ID)
	w.must(err)
	same(t, "new hash", hash, "new")
	hash, err = w.PasswordHash(ctx, w.bob.ID)
	w.must(err)
	same(t, "another's hash", hash, "hash of bob")
	wantErr(t, "password of nobody", w.SetPassword(ctx, 999, "x"), store.ErrNotFound)
	_, err = w.PasswordHash(ctx, 999)
	wantErr(t, "hash of nobody", err, store.ErrNotFound)
}

// token returns the key under which a session is stored.
func token(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}

func (w *world) session(name string, u store.User, expires time.Time) {
	w.t.Helper()
	w.must(w.CreateSession(w.t.Context(), token(name), u.ID, "hash of "+u.Name, expires))
}

// sessionOf returns the name of the session's user, or "".
func (w *world) sessionOf(name string) string {
	w.t.Helper()
	u, err := w.SessionUser(w.t.Context(), token(name), w.at)
	if errors.Is(err, store.ErrNotFound) {
		return ""
	}
	w.must(err)
	return u.Name
}

func testSessions(t *testing.T, w *world) {
	ctx := t.Context()
	later := w.at.Add(time.Minute)
	w.session("a1", w.ann, later)
	w.session("a2", w.ann, later)
	w.session("b1", w.bob, later)
	w.session("b0", w.bob, w.at) // expires now, so it has expired
	for name, want := range map[string]string{"a1": "ann", "a2": "ann", "b1": "bob", "b0": "", "c": ""} {
		same(t, name, w.sessionOf(name), want)
	}
	u, err := w.SessionUser(ctx, token("a1"), w.at)
	w.must(err)
	same(t, "user", u, w.ann)

	n, err := w.DeleteExpired(ctx, w.at)
	w.must(err)
	same(t, "expired", n, 1)

	w.must(w.DeleteSession(ctx, token("a1")))
	w.must(w.DeleteSession(ctx, token("a1")))
	same(t, "after DeleteSession", w.sessionOf("a1")+w.sessionOf("a2"), "ann")
	w.must(w.DeleteSessions(ctx, w.ann.ID))
	same(t, "after DeleteSessions", w.sessionOf("a2")+w.sessionOf("b1"), "bob")
	w.must(w.SetPassword(ctx, w.bob.ID, "new"))
	same(t, "after SetPassword", w.sessionOf("b1"), "")
	wantErr(t, "session by the password before",
		w.CreateSession(ctx, token("b2"), w.bob.ID, "hash of bob", later), store.ErrNotFound)
	wantErr(t, "session of nobody", w.CreateSession(ctx, token("x"), 999, "x", later), store.ErrNotFound)
}

func testDeletedAccount(t *testing.T, w *world) {
	ctx := t.Context()
	first := w.say(w.ann, w.chat, "from ann")
	w.say(w.bob, w.chat, "from bob")
	w.session("b", w.bob, w.at.Add(time.Hour))
	w.must(w.DeleteUser(ctx, w.bob.ID))
	wantErr(t, "again", w.DeleteUser(ctx, w.bob.ID), store.ErrNotFound)

	same(t, "session", w.sessionOf("b"), "")
	_, _, err := w.UserByName(ctx, "bob")
	wantErr(t, "by name", err, store.ErrNotFound)
	_, err = w.PasswordHash(ctx, w.bob.ID)
	wantErr(t, "hash", err, store.ErrNotFound)
	wantErr(t, "new session", w.CreateSession(ctx, token("b2"), w.bob.ID, "", w.at.Add(time.Hour)),
		store.ErrNotFound)
	wantErr(t, "new password", w.SetPassword(ctx, w.bob.ID, "x"), store.ErrNotFound)
	_, err = w.CreateUser(ctx, "bob", "~bob", "x")
	wantErr(t, "the name again", err, store.ErrTaken)
	_, _, err = w.AddMessage(ctx, store.Message{
		ID: id(), Chat: w.chat, Author: w.bob.ID, Text: "x", At: w.now()})
	wantErr(t, "a message of the deleted", err, store.ErrNotFound)
	_, _, err = w.CreateChat(ctx, id(), w.eve.ID, w.bob.ID, w.now())
	wantErr(t, "a chat with the deleted", err, store.ErrNotFound)

	chats, err := w.Chats(ctx, w.ann.ID, nil, 10)
	w.must(err)
	same(t, "chats", len(chats), 1)
	same(t, "other's name", chats[0].Other.Name, store.DeletedName)
	same(t, "last author", chats[0].Last.AuthorName, store.DeletedName)
	messages, err := w.Messages(ctx, w.chat, w.ann.ID, 0, 0, 10)
	w.must(err)
	same(t, "messages", len(messages), 2)
	same(t, "authors", messages[0].AuthorName+" "+messages[1].AuthorName, "ann "+store.DeletedName)
	same(t, "text", messages[1].Text, "from bob")
	alone := store.Message{ID: id(), Chat: w.chat, Author: w.ann.ID, Text: "alone", At: w.now()}
	for range 2 { // also when it is sent again
		_, _, err = w.AddMessage(ctx, alone)
		wantErr(t, "a message to the deleted", err, store.ErrGone)
	}
	alone.Author = w.eve.ID
	_, _, err = w.AddMessage(ctx, alone)
	wantErr(t, "another user's message to the deleted", err, store.ErrNotFound)
	again, created, err := w.AddMessage(ctx, store.Message{
		ID: first.ID, Chat: w.chat, Author: w.ann.ID, Text: first.Text, At: w.now()})
	w.must(err)
	same(t, "what was said before, again", again, first)
	same(t, "created", created, false)
	_, _, err = w.AddMessage(ctx, store.Message{
		ID: first.ID, Chat: w.chat, Author: w.ann.ID, Text: "something else", At: w.now()})
	wantErr(t, "another text under its id", err, store.ErrConflict)
	after, err := w.Chat(ctx, w.chat, w.ann.ID)
	w.must(err)
	same(t, "the last one", after.Last.Text, "from bob")
	same(t, "activity", after.Updated, chats[0].Updated)
	for _, e := range w.events() {
		if e.Author == "bob" {
			t.Errorf("an event still has the deleted name: %+v", e)
		}
	}
}
