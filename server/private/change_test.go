package private

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/server/chat"
)

func TestEditMessage(t *testing.T) {
	h := newHouse(t)
	id := h.chat()
	m := h.post(h.ann, id, "hi")
	h.woken = 0
	edit := uuid.NewString()
	for range 2 {
		got, err := h.EditMessage(t.Context(), h.ann, strings.ToUpper(id), strings.ToUpper(m.ID), edit, "hi\r\nbob")
		if err != nil || got.ID != m.ID || got.N != 1 || got.Text != "hi\nbob" || got.Edited.IsZero() ||
			h.woken != 1 {
			t.Errorf("edited: %+v, %v; woken %d times", got, err, h.woken)
		}
	}
	for text, want := range map[string]chat.Code{"": chat.CodeBadText, "a\x00": chat.CodeBadText,
		strings.Repeat("ä", 21): chat.CodeTooLong} {
		_, err := h.EditMessage(t.Context(), h.ann, id, m.ID, "", text)
		h.refuses(fmt.Sprintf("text %q", text), err, want)
	}
	refused := func(what string, me int64, id, message, edit string, want chat.Code) {
		t.Helper()
		_, err := h.EditMessage(t.Context(), me, id, message, edit, "x")
		h.refuses(what, err, want)
	}
	refused("no UUID", h.ann, id, m.ID, "17", chat.CodeBadRequest)
	refused("the id of another edit", h.ann, id, m.ID, edit, chat.CodeIDConflict)
	refused("no message", h.ann, id, "17", "", chat.CodeUnknownMessage)
	refused("no chat", h.ann, "17", m.ID, "", chat.CodeNotFound)
	refused("the other member", h.bob, id, m.ID, "", chat.CodeNotYours)
	refused("an outsider", h.eve, id, m.ID, "", chat.CodeNotFound)
	h.opts.EditWindow = time.Hour
	h.clock = m.At.Add(time.Hour - time.Minute)
	if _, err := h.EditMessage(t.Context(), h.ann, id, m.ID, "", "in time"); err != nil {
		t.Error(err)
	}
	h.clock = h.clock.Add(2 * time.Minute)
	refused("too late", h.ann, id, m.ID, "", chat.CodeTooOld)
	h.opts.NoEdits = true
	refused("editing is off", h.ann, id, m.ID, "", chat.CodeForbidden)
}

func TestDeleteMessage(t *testing.T) {
	h := newHouse(t)
	id := h.chat()
	m := h.post(h.ann, id, "hi")
	h.woken = 0
	h.opts.EditWindow, h.opts.NoEdits = time.Nanosecond, true // deletes have no window
	h.refuses("the other member", h.DeleteMessage(t.Context(), h.bob, id, m.ID), chat.CodeNotYours)
	h.refuses("an outsider", h.DeleteMessage(t.Context(), h.eve, id, m.ID), chat.CodeNotFound)
	h.refuses("no message", h.DeleteMessage(t.Context(), h.ann, id, "17"), chat.CodeUnknownMessage)
	for range 2 {
		if err := h.DeleteMessage(t.Context(), h.ann, strings.ToUpper(id), strings.ToUpper(m.ID)); err != nil ||
			h.woken != 1 {
			t.Errorf("%v; woken %d times", err, h.woken)
		}
	}
	if c, err := h.Get(t.Context(), h.bob, id); err != nil || c.Last.Text != "" || !c.Last.Deleted ||
		c.Last.N != 1 || c.Unread != 0 {
		t.Errorf("the chat is %+v, %v", c, err)
	}
	h.opts.NoEdits = false
	_, err := h.EditMessage(t.Context(), h.ann, id, m.ID, "", "x")
	h.refuses("an edit of what is deleted", err, chat.CodeUnknownMessage)
}

// Edits and deletes count to the rate of messages.
func TestChangesCountToTheRate(t *testing.T) {
	h := newHouse(t)
	id := h.chat()
	m := h.post(h.ann, id, "hi")
	h.opts.Allow = func(int64) error { return chat.Errorf(chat.CodeRateLimited, "slow down") }
	_, err := h.EditMessage(t.Context(), h.ann, id, m.ID, "", "x")
	h.refuses("an edit", err, chat.CodeRateLimited)
	h.refuses("a delete", h.DeleteMessage(t.Context(), h.ann, id, m.ID), chat.CodeRateLimited)
}
