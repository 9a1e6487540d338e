package private

import (
	"strings"
	"testing"

	"livechat/server/chat"
)

func TestReact(t *testing.T) {
	h := newHouse(t)
	id := h.chat()
	m := h.post(h.ann, id, "hi")
	h.woken = 0
	for _, on := range []bool{true, false} {
		h.woken = 0
		for range 2 {
			err := h.React(t.Context(), h.bob, strings.ToUpper(id), strings.ToUpper(m.ID), "👍", on)
			if err != nil || h.woken != 1 {
				t.Errorf("on %t: %v; woken %d times", on, err, h.woken)
			}
			all, err := h.WhoReacted(t.Context(), h.ann, id, m.ID)
			if err != nil || (len(all) == 1) != on || on && all[0].People[0].Name != "bob" {
				t.Errorf("on %t: %+v, %v", on, all, err)
			}
		}
	}
	refused := func(what string, me int64, id, message, emoji string, want chat.Code) {
		t.Helper()
		h.refuses(what, h.React(t.Context(), me, id, message, emoji, true), want)
	}
	for _, emoji := range []string{"", "a", "👍👍", "👍 ", "❤"} {
		refused(emoji, h.ann, id, m.ID, emoji, chat.CodeBadRequest)
	}
	refused("no message", h.ann, id, "17", "👍", chat.CodeUnknownMessage)
	refused("no chat", h.ann, "17", m.ID, "👍", chat.CodeNotFound)
	refused("an outsider", h.eve, id, m.ID, "👍", chat.CodeNotFound)
	_, err := h.WhoReacted(t.Context(), h.eve, id, m.ID)
	h.refuses("who reacted, for an outsider", err, chat.CodeNotFound)
	_, err = h.WhoReacted(t.Context(), h.ann, id, "17")
	h.refuses("who reacted to no message", err, chat.CodeUnknownMessage)

	for i := range chat.MaxReactionKinds {
		if err := h.React(t.Context(), h.ann, id, m.ID, string('😀'+rune(i)), true); err != nil {
			t.Fatal(err)
		}
	}
	refused("too many kinds", h.bob, id, m.ID, "👍", chat.CodeTooManyReactions)
	if err := h.DeleteMessage(t.Context(), h.ann, id, m.ID); err != nil {
		t.Fatal(err)
	}
	refused("a deleted message", h.bob, id, m.ID, "😀", chat.CodeUnknownMessage)
	h.opts.Allow = func(int64) error { return chat.Errorf(chat.CodeRateLimited, "slow down") }
	refused("too often", h.bob, id, m.ID, "😀", chat.CodeRateLimited)
}
