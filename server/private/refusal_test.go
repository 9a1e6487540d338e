package private

import (
	"context"
	"errors"
	"strings"
	"testing"

	"livechat/server/chat"
	"livechat/server/store"
)

// Only the two accounts of a chat can tell that it exists.
func TestOthersCannotSeeAChat(t *testing.T) {
	h := newHouse(t)
	id := h.chat()
	h.post(h.ann, id, "a secret")
	h.woken = 0
	for _, other := range []string{id, "6b2e31c5-2f8e-4a51-9d7e-3f1f4f1b6aff", "17", "", "' OR 1=1 --"} {
		if c, err := h.Get(t.Context(), h.eve, other); err == nil || err.Error() != errNoChat.Error() ||
			c != (store.Chat{}) {
			t.Errorf("Get(%q) = %v, %v", other, c, err)
		}
		m, _, err := h.Post(t.Context(), h.eve, other, "", "hello?")
		h.refuses("Post", err, chat.CodeNotFound)
		list, err2 := h.History(t.Context(), h.eve, other, 0, 0, 10)
		h.refuses("History", err2, chat.CodeNotFound)
		moved, read, err3 := h.Read(t.Context(), h.eve, other, 1)
		h.refuses("Read", err3, chat.CodeNotFound)
		if m.ID != "" || list != nil || moved || read != 0 {
			t.Errorf("eve got %v, %v, %t, %d", m, list, moved, read)
		}
	}
	if chats, next, err := h.List(t.Context(), h.eve, "", 0); len(chats) > 0 || next != "" || err != nil ||
		h.woken > 0 {
		t.Errorf("List = %v, %q, %v; woken %d times", chats, next, err, h.woken)
	}
}

// A rate-limited user learns nothing about names.
func TestRefusedCreateRevealsNoName(t *testing.T) {
	h := newHouse(t)
	s := New(Options{Store: h.store, MaxText: 20,
		Allow: func(int64) error { return chat.Errorf(chat.CodeRateLimited, "slow down") }})
	for _, name := range []string{"bob", "nobody-of-that-name", "no name at all"} {
		_, _, err := s.Create(t.Context(), h.ann, name)
		h.refuses("a chat with "+name, err, chat.CodeRateLimited)
	}
}

// An error of the database is not shown to clients and does not contain the
// message.
func TestDatabaseErrorsStayInternal(t *testing.T) {
	h := newHouse(t)
	id := h.chat()
	if err := h.store.Close(); err != nil {
		t.Fatal(err)
	}
	_, _, err := h.Post(t.Context(), h.ann, id, "", "hunter2")
	h.refuses("Post", err, chat.CodeInternal)
	if err != nil && strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the text is in the error: %v", err)
	}
	_, _, err = h.Create(t.Context(), h.ann, "bob")
	h.refuses("Create", err, chat.CodeInternal)
	_, _, err = h.List(t.Context(), h.ann, "", 0)
	h.refuses("List", err, chat.CodeInternal)
}

// deletingStore deletes an account as soon as it has been looked up.
type deletingStore struct{ *store.Store }

func (h deletingStore) UserByName(ctx context.Context, name string) (store.User, string, error) {
	u, hash, err := h.Store.UserByName(ctx, name)
	return u, hash, errors.Join(err, h.DeleteUser(ctx, u.ID))
}

func TestCreateWithAccountDeletedMeanwhile(t *testing.T) {
	h := newHouse(t)
	_, _, err := New(Options{Store: deletingStore{h.store}, MaxText: 20}).Create(t.Context(), h.ann, "bob")
	h.refuses("a chat with an account that was just deleted", err, chat.CodeUnknownUser)
}
