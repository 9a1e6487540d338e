package private

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"livechat/server/chat"
	"livechat/server/store"
)

// Typing reaches the other member, and says nothing about chats of others.
func TestTyping(t *testing.T) {
	h := newHouse(t)
	id := h.chat()
	var told []string
	h.opts.TellTyping = func(_ context.Context, to int64, chatID, name string) {
		told = append(told, fmt.Sprintln(to == h.ann, to == h.bob, chatID == id, name))
	}
	typing := func(me int64, name, chatID string) error {
		return h.Typing(t.Context(), store.User{ID: me, Name: name}, chatID)
	}
	for me, name := range map[int64]string{h.ann: "ann", h.bob: "bob"} {
		if err := typing(me, name, id); err != nil {
			t.Error(err)
		}
	}
	slices.Sort(told)
	if want := []string{"false true true ann\n", "true false true bob\n"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}

	told = nil
	for _, bad := range []string{"123e4567-e89b-42d3-a456-426614174000", "x", ""} {
		if err := typing(h.ann, "ann", bad); chat.AsError(err).Code != chat.CodeNotFound {
			t.Errorf("chat %q: %v", bad, err)
		}
	}
	if err := typing(h.eve, "eve", id); chat.AsError(err).Code != chat.CodeNotFound {
		t.Errorf("an outsider: %v", err)
	}
	tooOften := errors.New("too often")
	h.opts.AllowTyping = func(me int64) error {
		if me == h.ann {
			return tooOften
		}
		return nil
	}
	if err := typing(h.ann, "ann", id); !errors.Is(err, tooOften) {
		t.Errorf("too often: %v", err)
	}
	if err := h.store.DeleteUser(t.Context(), h.ann); err != nil {
		t.Fatal(err)
	}
	if err := typing(h.bob, "bob", id); chat.AsError(err).Code != chat.CodeAccountDeleted {
		t.Errorf("to a deleted account: %v", err)
	}
	if len(told) > 0 {
		t.Errorf("told %q, want nothing", told)
	}
}
