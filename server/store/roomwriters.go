package store

import (
	"context"
	"fmt"
	"time"
)

// RoomWriter is someone who has written in a room, under one name.
type RoomWriter struct {
	Author  string // as in chat.Message; empty: a guest without a key
	Session string // the connection, of a guest without a key; else empty
	Name    string
	Last    time.Time // of the newest message under this name
}

// The place of a message in time, not its number: numbers may have come twice.
const selectWriters = `SELECT author, CASE author WHEN '' THEN session ELSE '' END, name, max(at)
	FROM (SELECT author, session, name, at FROM room_messages WHERE room = $1 AND type = ''
		ORDER BY at DESC LIMIT $2) newest
	GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3`

// RoomWriters returns who has written the newest archived messages of a room,
// deleted ones included, whoever wrote last first. It looks at no more than a
// number of messages.
func (s *Store) RoomWriters(ctx context.Context, room string, messages int) ([]RoomWriter, error) {
	all, err := list(ctx, s.read, func(row scanner) (w RoomWriter, err error) {
		var last int64
		err = row.Scan(&w.Author, &w.Session, &w.Name, &last)
		w.Last = fromMS(last)
		return w, err
	}, selectWriters, room, messages)
	if err != nil {
		return nil, fmt.Errorf("list who wrote in a room: %w", s.seen(err))
	}
	return all, nil
}
