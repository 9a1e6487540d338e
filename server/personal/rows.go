package personal

import (
	"iter"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"livechat/server/chat"
	"livechat/server/store"
)

// Values in the lines of an export. docs/api.md describes them. Times are Unix
// milliseconds.

func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func (e *export) account() iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		yield(struct {
			Name    string `json:"name"`
			Created int64  `json:"created_at"`
			Role    string `json:"role,omitzero"`
		}{e.me.Name, ms(e.me.Created), e.me.Role}, nil)
	}
}

func (e *export) sessions() iter.Seq2[any, error] {
	now := time.Now()
	rows := pages(func(after *store.UserSession) ([]store.UserSession, error) {
		var from store.UserSession
		if after != nil {
			from = *after
		}
		return e.Store.UserSessions(e.ctx, e.me.ID, now, from, exportPage)
	})
	return view(rows, func(s store.UserSession) any {
		return struct {
			Ends int64 `json:"ends_at"`
		}{ms(s.Ends)}
	})
}

func (e *export) chats() iter.Seq2[any, error] {
	return view(e.chatRows(), func(c store.Chat) any {
		return struct {
			ID      string `json:"id"`
			With    string `json:"with"`
			Created int64  `json:"created_at"`
			Updated int64  `json:"updated_at"`
			Read    int64  `json:"read"`
			Unread  int64  `json:"unread"`
		}{c.ID, c.Other.Name, ms(c.Created), ms(c.Updated), c.Read, c.Unread}
	})
}

func (e *export) blocks() iter.Seq2[any, error] {
	rows := pages(func(after *store.Block) ([]store.Block, error) {
		var from string
		if after != nil {
			from = after.Name
		}
		return e.Store.Blocks(e.ctx, e.me.ID, from, exportPage)
	})
	return view(rows, func(b store.Block) any {
		return struct {
			Name  string `json:"name"`
			Since int64  `json:"since"`
		}{b.Name, ms(b.Since)}
	})
}

// rooms are those that the account is a member of.
func (e *export) rooms() iter.Seq2[any, error] {
	rows := pages(func(after *store.RoomView) ([]store.RoomView, error) {
		q := store.RoomsQuery{User: e.me.ID, Mine: true, Limit: exportPage}
		if after != nil {
			q.After = after.Name
		}
		return e.Store.MadeRooms(e.ctx, q)
	})
	return view(rows, func(r store.RoomView) any {
		return struct {
			Room  string        `json:"room"`
			Title string        `json:"title"`
			Role  chat.RoomRole `json:"role"`
		}{r.Name, r.Title, r.Role}
	})
}

func (e *export) chatMessages() iter.Seq2[any, error] {
	return view(e.messageRows(), func(m store.Message) any {
		return struct {
			Chat      string         `json:"chat"`
			N         int64          `json:"n"`
			ID        string         `json:"id"`
			Name      string         `json:"name"`
			Text      string         `json:"text"`
			At        int64          `json:"at"`
			Edited    int64          `json:"edited,omitzero"`
			Deleted   bool           `json:"deleted,omitzero"`
			Reactions jsontext.Value `json:"reactions,omitzero"`
			Files     []chat.File    `json:"files,omitzero"`
		}{m.Chat, m.N, m.ID, m.AuthorName, m.Text, ms(m.At), ms(m.Edited), m.Deleted, value(m.Reactions),
			m.Files}
	})
}

// value returns JSON from the database; nil if there is none.
func value(text string) jsontext.Value {
	if text == "" {
		return nil
	}
	return jsontext.Value(text)
}

// reaction is a reaction of the person.
type reaction struct {
	Room    string `json:"room,omitzero"`
	Chat    string `json:"chat,omitzero"`
	Message string `json:"message"`
	Emoji   string `json:"emoji"`
	Name    string `json:"name,omitzero"`
	At      int64  `json:"at"`
	Removed bool   `json:"removed,omitzero"`
}

func viewLike(l store.Like) any {
	return reaction{l.Room, l.Chat, l.Message, l.Emoji, l.Name, ms(l.At), !l.On}
}

func (e *export) chatReactions() iter.Seq2[any, error] {
	return view(pages(func(after *store.Like) ([]store.Like, error) {
		var from store.ErasePlace
		if after != nil {
			from = store.ErasePlace{Room: after.Chat, Seq: after.N, Epoch: after.Emoji}
		}
		return e.Store.PrivateLikes(e.ctx, e.me.ID, from, exportPage)
	}), viewLike)
}

func (e *export) roomReactions() iter.Seq2[any, error] {
	return view(pages(func(after *store.Like) ([]store.Like, error) {
		var from store.Like
		if after != nil {
			from = *after
		}
		return e.Store.Likes(e.ctx, e.author, forever, from, exportPage)
	}), viewLike)
}

func (e *export) roomMessages() iter.Seq2[any, error] {
	rows := pages(func(after *store.RoomMessage) ([]store.RoomMessage, error) {
		var from store.ErasePlace
		if after != nil {
			from = after.Place()
		}
		return e.Store.Written(e.ctx, e.author, forever, from, exportPage)
	})
	return view(rows, func(m store.RoomMessage) any {
		kind := m.Type
		if kind == "" {
			kind = chat.TypeMessage
		}
		return struct {
			Type      string         `json:"type"`
			Room      string         `json:"room"`
			Epoch     string         `json:"epoch"`
			Seq       int64          `json:"seq"`
			ID        string         `json:"id"`
			Name      string         `json:"name"`
			Text      string         `json:"text"`
			At        int64          `json:"at"`
			Edited    int64          `json:"edited,omitzero"`
			Deleted   bool           `json:"deleted,omitzero"`
			Reactions jsontext.Value `json:"reactions,omitzero"`
			More      jsontext.Value `json:"more,omitzero"`
		}{
			kind, m.Room, m.Epoch, m.Seq, m.ID, m.Name, m.Text, ms(m.At), ms(m.Edited), m.Deleted,
			value(m.Reactions), more(m.Extra),
		}
	})
}

// more returns the members that a message has besides, such as its files and what
// it answers; nil if there are none.
func more(extra string) jsontext.Value {
	if extra == "" {
		return nil
	}
	if v := jsontext.Value("{" + extra + "}"); v.IsValid() {
		return v
	}
	return nil
}

func (e *export) files() iter.Seq2[any, error] {
	return view(e.fileRows(), func(f store.StoredFile) any {
		return struct {
			chat.File
			Created int64  `json:"created_at"`
			Room    string `json:"room,omitzero"`
			Chat    string `json:"chat,omitzero"`
			Message string `json:"message,omitzero"`
			Path    string `json:"path"`
		}{f.File, ms(f.Created), f.Room, f.Chat, f.Message, pathOf(f)}
	})
}
