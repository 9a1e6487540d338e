package api

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"livechat/server/chat"
	"livechat/server/store"
)

func (f *fakes) Create(ctx context.Context, me int64, otherName string) (store.Chat, bool, error) {
	leave, err := f.enter(ctx, "create chat", me, otherName)
	defer leave()
	if err != nil {
		return store.Chat{}, false, err
	}
	other, ok := f.byNameLocked(otherName)
	switch {
	case !ok:
		return store.Chat{}, false, chat.Errorf(chat.CodeUnknownUser, "nobody")
	case other.ID == me:
		return store.Chat{}, false, chat.Errorf(chat.CodeBadChat, "oneself")
	}
	for _, c := range f.chats {
		if slices.Contains(c.members[:], me) && slices.Contains(c.members[:], other.ID) {
			return f.viewLocked(c, me), false, nil
		}
	}
	c := &fakeChat{id: uuid.NewString(), members: [2]int64{me, other.ID}, read: map[int64]int64{}}
	f.chats = append(f.chats, c)
	return f.viewLocked(c, me), true, nil
}

// viewLocked returns a chat as its member me sees it.
func (f *fakes) viewLocked(c *fakeChat, me int64) store.Chat {
	other := c.members[0]
	if other == me {
		other = c.members[1]
	}
	v := store.Chat{ID: c.id, Other: f.userLocked(other), Created: startTime, Updated: startTime,
		Read: c.read[me], OtherRead: c.read[other]}
	for _, m := range c.messages {
		v.Last = &m
		if m.N > v.Read && m.Author != me {
			v.Unread++
		}
	}
	return v
}

// mineLocked returns a chat of me.
func (f *fakes) mineLocked(me int64, id string) (*fakeChat, error) {
	for _, c := range f.chats {
		if c.id == id && slices.Contains(c.members[:], me) {
			return c, nil
		}
	}
	return nil, chat.Errorf(chat.CodeNotFound, "no such chat")
}

func (f *fakes) List(ctx context.Context, me int64, cursor string, limit int) (chats []store.Chat,
	next string, err error) {
	leave, err := f.enter(ctx, "list chats", me, cursor, limit)
	defer leave()
	if err != nil {
		return nil, "", err
	}
	from := 0
	if cursor != "" {
		if from, err = strconv.Atoi(cursor); err != nil {
			return nil, "", chat.Errorf(chat.CodeBadRequest, "not a cursor")
		}
	}
	for _, c := range f.chats {
		if slices.Contains(c.members[:], me) {
			chats = append(chats, f.viewLocked(c, me))
		}
	}
	chats = chats[min(from, len(chats)):]
	if len(chats) > limit {
		return chats[:limit], strconv.Itoa(from + limit), nil
	}
	return chats, "", nil
}

func (f *fakes) Get(ctx context.Context, me int64, id string) (store.Chat, error) {
	leave, err := f.enter(ctx, "get chat", me, id)
	defer leave()
	if err != nil {
		return store.Chat{}, err
	}
	c, err := f.mineLocked(me, id)
	if err != nil {
		return store.Chat{}, err
	}
	return f.viewLocked(c, me), nil
}

func (f *fakes) Read(ctx context.Context, me int64, id string, n int64) (bool, int64, error) {
	leave, err := f.enter(ctx, "read", me, n)
	defer leave()
	if err != nil {
		return false, 0, err
	}
	c, err := f.mineLocked(me, id)
	if err != nil {
		return false, 0, err
	}
	was := c.read[me]
	c.read[me] = max(was, min(n, int64(len(c.messages))))
	return c.read[me] > was, c.read[me], nil
}

func (f *fakes) Typing(ctx context.Context, me store.User, id string) error {
	leave, err := f.enter(ctx, "typing", me.ID, me.Name, id)
	defer leave()
	if err != nil {
		return err
	}
	_, err = f.mineLocked(me.ID, id)
	return err
}

func (f *fakes) RoomMessages(ctx context.Context, room, epoch string, before, after int64,
	limit int) ([]store.RoomMessage, error) {
	leave, err := f.enter(ctx, "room", room, cmp.Or(epoch, "-"), before, after, limit)
	defer leave()
	if err != nil {
		return nil, err
	}
	return f.room, nil
}

func (f *fakes) MayRead(_ context.Context, room string, user int64) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	reader, closed := f.closed[room]
	return !closed || user != 0 && user == reader, nil
}

func (f *fakes) RoomOthers(_ context.Context, _, _ string, after, before int64) (
	list []store.Range, err error) {
	for _, r := range f.others {
		if r.First > after && r.Last < before {
			list = append(list, r)
		}
	}
	return list, nil
}

func (f *fakes) Since(ctx context.Context, me int64, id string, at time.Time) (int64, error) {
	leave, err := f.enter(ctx, "since", me, at.UnixMilli())
	defer leave()
	if err != nil {
		return 0, err
	}
	_, err = f.mineLocked(me, id)
	return 2, err
}

func (f *fakes) RoomSince(ctx context.Context, room string, at time.Time) (int64, error) {
	leave, err := f.enter(ctx, "room since", room, at.UnixMilli())
	defer leave()
	return f.since, err
}

func (f *fakes) Reacted(ctx context.Context, room, target string, most int) ([]store.Reacted, error) {
	leave, err := f.enter(ctx, "reacted", room, target, most)
	defer leave()
	return f.reacted, err
}

func (f *fakes) Search(ctx context.Context, q store.SearchQuery) (all []store.Found, next string, err error) {
	leave, err := f.enter(ctx, "search", q.User, cmp.Or(q.Room, "-"), cmp.Or(q.From, "-"), cmp.Or(q.Before, "-"),
		q.Limit)
	defer leave()
	if err != nil {
		return nil, "", err
	}
	if q.Before == "bad" {
		return nil, "", store.ErrBadCursor
	}
	for _, c := range f.chats {
		for _, m := range c.messages {
			if slices.Contains(c.members[:], q.User) && strings.Contains(m.Text, q.Words) {
				all = append(all, store.Found{Chat: c.id, N: m.N, ID: m.ID, Author: m.AuthorName,
					Text: m.Text, At: m.At})
			}
		}
	}
	for _, m := range f.room {
		if strings.Contains(m.Text, q.Words) {
			all = append(all, store.Found{Room: m.Room, Epoch: m.Epoch, Seq: m.Seq, ID: m.ID,
				Author: m.Name, Text: m.Text, At: m.At, Reactions: m.Reactions})
		}
	}
	if len(all) > q.Limit {
		return all[:q.Limit], "more", nil
	}
	return all, "", nil
}
