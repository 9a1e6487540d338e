package moderation

import (
	"context"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

// truthTime bounds how long the database may take to tell the rules of a room.
// After that a server uses what it remembers, if it has the room open.
const truthTime = time.Second

// TruthOf returns WatchOptions.Truth: the rules of rooms as a database has them.
// A database without the tables is older than rules.
func TruthOf(s *store.Store) func(ctx context.Context, room string) (chat.RoomRules, error) {
	return func(ctx context.Context, room string) (chat.RoomRules, error) {
		ctx, cancel := context.WithTimeout(ctx, truthTime)
		defer cancel()
		r, err := s.RoomRules(ctx, room, time.Now())
		if store.Missing(err) {
			return chat.RoomRules{}, nil
		}
		return r, err
	}
}

// Load returns the rules of a room to those who put them beside its log. A
// server without a database asks those with the API, once it has seen any, and
// returns an error that says so; before that nobody needs rules. So in a
// cluster with the API no server takes a message in a room whose rules it does
// not know, nor lets anybody in, and a cluster without it is not slowed down.
func (w *Watch) Load(ctx context.Context, room string) (chat.RoomRules, error) {
	if w.o.Truth == nil {
		return chat.RoomRules{}, w.ask(ctx, room)
	}
	r, err := w.o.Truth(ctx, room)
	if err == nil {
		return r, nil
	}
	if r, ok := w.Remembered(room); ok {
		return r, nil
	}
	return r, err
}
