package private

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/server/chat"
	"livechat/server/store"
)

// The blocked one is told that it cannot write, and no more; the other one that
// it has to unblock first.
func TestBlockedAccountsCannotWrite(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	id := h.chat()
	var told []string
	h.opts.TellTyping = func(_ context.Context, to int64, _, name string) {
		told = append(told, fmt.Sprint(name, " to ", to))
	}
	for range 2 { // again is no error
		if err := h.Block(ctx, h.ann, "BOB"); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err := h.Post(ctx, h.bob, id, "", "hello?")
	h.refuses("the blocked one", err, chat.CodeCannotWrite)
	_, _, err = h.Post(ctx, h.ann, id, "", "hello?")
	h.refuses("the other one", err, chat.CodeBlocking)
	for me, name := range map[int64]string{h.ann: "ann", h.bob: "bob"} {
		if err := h.Typing(ctx, store.User{ID: me, Name: name}, id); err != nil {
			t.Error(err)
		}
		if _, created, err := h.Create(ctx, me, map[string]string{"ann": "bob",
			"bob": "ann"}[name]); err != nil ||
			created {
			t.Errorf("%s opens the chat that is there: %t, %v", name, created, err)
		}
	}
	if len(told) > 0 {
		t.Errorf("typing is told: %q", told)
	}
	if err := h.Block(ctx, h.eve, "bob"); err != nil {
		t.Fatal(err)
	}
	_, _, err = h.Create(ctx, h.bob, "eve")
	h.refuses("a new chat by the blocked one", err, chat.CodeCannotWrite)
	_, _, err = h.Create(ctx, h.eve, "bob")
	h.refuses("a new chat by the other one", err, chat.CodeBlocking)
	h.refuses("oneself", h.Block(ctx, h.ann, "ann"), chat.CodeBadRequest)
	h.refuses("nobody", h.Block(ctx, h.ann, "nobody"), chat.CodeUnknownUser)
	h.refuses("nobody", h.Unblock(ctx, h.ann, "no such name"), chat.CodeUnknownUser)
	page, more, err := h.Blocks(ctx, h.ann, "", 1)
	if err != nil || more || len(page) != 1 || page[0].Name != "bob" {
		t.Errorf("blocks: %v, %t, %v", page, more, err)
	}
	for range 2 {
		if err := h.Unblock(ctx, h.ann, "bob"); err != nil {
			t.Fatal(err)
		}
	}
	h.post(h.bob, id, "again")
}

// Opening many chats is refused; the chats that are there can be opened.
func TestNewChatsAreLimited(t *testing.T) {
	h := newHouse(t)
	h.chat()
	h.opts.AllowChat = func(int64) (func(), error) {
		return nil, chat.Errorf(chat.CodeRateLimited, "slow down")
	}
	if _, created, err := h.Create(t.Context(), h.ann, "bob"); err != nil || created {
		t.Errorf("the chat that is there: %t, %v", created, err)
	}
	_, _, err := h.Create(t.Context(), h.ann, "eve")
	h.refuses("a new chat", err, chat.CodeRateLimited)
	_, _, err = h.Create(t.Context(), h.ann, "nobody")
	h.refuses("nobody", err, chat.CodeUnknownUser)
}

// racingStore has another request make the chat as soon as one has not found it.
type racingStore struct{ *store.Store }

func (r racingStore) ChatOf(ctx context.Context, a, b int64) (string, error) {
	id, err := r.Store.ChatOf(ctx, a, b)
	if err != nil {
		_, _, made := r.CreateChat(ctx, uuid.NewString(), a, b, time.Now())
		err = errors.Join(err, made)
	}
	return id, err
}

// A chat that another request makes at the same time does not count, and is not
// refused; nor does one count that cannot be made.
func TestOnlyNewChatsCount(t *testing.T) {
	h := newHouse(t)
	left := 1
	allow := func(int64) (func(), error) {
		if left == 0 {
			return nil, chat.Errorf(chat.CodeRateLimited, "slow down")
		}
		left--
		return func() { left++ }, nil
	}
	s := New(Options{Store: racingStore{h.store}, MaxText: 20, AllowChat: allow})
	if _, created, err := s.Create(t.Context(), h.ann, "bob"); err != nil || created || left != 1 {
		t.Errorf("made meanwhile: %t, %v, %d left", created, err, left)
	}
	left = 0
	if _, created, err := s.Create(t.Context(), h.ann, "eve"); err != nil || created {
		t.Errorf("made meanwhile, with none left: %t, %v", created, err)
	}
	left, h.opts.AllowChat = 1, allow
	if err := h.Block(t.Context(), h.eve, "bob"); err != nil {
		t.Fatal(err)
	}
	_, _, err := h.Create(t.Context(), h.bob, "eve")
	if h.refuses("a blocked one", err, chat.CodeCannotWrite); left != 1 {
		t.Errorf("%d left", left)
	}
}
