package api

import (
	"context"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

func (f *fakes) Post(ctx context.Context, me int64, inChat, id, text string, files ...chat.FileRef) (
	store.Message, bool, error) {
	leave, err := f.enter(ctx, "post", me, inChat, id)
	defer leave()
	if err != nil {
		return store.Message{}, false, err
	}
	c, err := f.mineLocked(me, inChat)
	if err != nil {
		return store.Message{}, false, err
	}
	if text != "" || len(files) == 0 {
		if text, err = chat.CleanText(text, 4000); err != nil {
			return store.Message{}, false, err
		}
	}
	for _, other := range f.chats {
		for _, m := range other.messages {
			if m.ID == id && other == c && m.Text == text && m.Author == me {
				return m, false, nil
			}
			if m.ID == id {
				return store.Message{}, false, chat.Errorf(chat.CodeIDConflict, "another message")
			}
		}
	}
	m := store.Message{ID: id, Chat: c.id, N: int64(len(c.messages) + 1), Author: me,
		AuthorName: f.userLocked(me).Name, Text: text, At: startTime}
	for _, f := range files {
		m.Files = append(m.Files, chat.File{ID: f.ID, Name: "cat.png", Type: "image/png", Size: 5, Alt: f.Alt})
	}
	c.messages = append(c.messages, m)
	return m, true, nil
}

// messageLocked returns one of my messages in one of my chats.
func (f *fakes) messageLocked(me int64, inChat, message string) (*store.Message, error) {
	c, err := f.mineLocked(me, inChat)
	if err != nil {
		return nil, err
	}
	for i := range c.messages {
		switch m := &c.messages[i]; {
		case m.ID != message:
		case m.Author != me:
			return nil, chat.Errorf(chat.CodeNotYours, "not yours")
		default:
			return m, nil
		}
	}
	return nil, chat.Errorf(chat.CodeUnknownMessage, "no such message")
}

func (f *fakes) EditMessage(ctx context.Context, me int64, inChat, message, id, text string) (
	store.Message, error) {
	leave, err := f.enter(ctx, "edit", me, inChat, message, id)
	defer leave()
	if err != nil {
		return store.Message{}, err
	}
	m, err := f.messageLocked(me, inChat, message)
	if err != nil {
		return store.Message{}, err
	}
	if text, err = chat.CleanText(text, 4000); err != nil {
		return store.Message{}, err
	}
	m.Text, m.Edited = text, startTime.Add(time.Minute)
	return *m, nil
}

func (f *fakes) DeleteMessage(ctx context.Context, me int64, inChat, message string) error {
	leave, err := f.enter(ctx, "delete message", me, inChat, message)
	defer leave()
	if err != nil {
		return err
	}
	m, err := f.messageLocked(me, inChat, message)
	if err == nil {
		m.Text, m.Edited, m.Deleted = "", time.Time{}, true
	}
	return err
}

func (f *fakes) React(ctx context.Context, me int64, inChat, message, emoji string, on bool) error {
	leave, err := f.enter(ctx, "react", me, inChat, message, emoji, on)
	defer leave()
	if err != nil {
		return err
	}
	_, err = f.messageLocked(me, inChat, message)
	return err
}

func (f *fakes) WhoReacted(ctx context.Context, me int64, inChat, message string) ([]store.Reacted, error) {
	leave, err := f.enter(ctx, "who reacted", me, inChat, message)
	defer leave()
	if err != nil {
		return nil, err
	}
	_, err = f.messageLocked(me, inChat, message)
	return f.reacted, err
}

func (f *fakes) History(ctx context.Context, me int64, id string, before, after int64,
	limit int) ([]store.Message, error) {
	leave, err := f.enter(ctx, "history", me, before, after, limit)
	defer leave()
	if err != nil {
		return nil, err
	}
	c, err := f.mineLocked(me, id)
	if err != nil {
		return nil, err
	}
	from, to := 0, len(c.messages)
	switch {
	case after != 0:
		from = min(max(int(after), 0), to)
		to = min(from+limit, to)
	case before > 0:
		to = min(int(before)-1, to)
		fallthrough
	default:
		from = max(0, to-limit)
	}
	return c.messages[from:to], nil
}
