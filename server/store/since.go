package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

const (
	selectRoomSince = `SELECT m.seq FROM room_messages m WHERE m.room = $1 AND m.type = ''
		AND m.at >= $2 AND ` + inLog + `
		ORDER BY m.at, m.seq LIMIT 1`
	selectMessageSince = `SELECT n FROM messages WHERE chat = $1 AND at >= $2 ORDER BY at, n LIMIT 1`
)

// RoomSince returns the seq of the first message of a room at or after a time;
// 0 if there is none. As in RoomMessages, messages past the end of their epoch
// do not count.
func (s *Store) RoomSince(ctx context.Context, room string, at time.Time) (int64, error) {
	return s.since(ctx, selectRoomSince, room, at)
}

// MessageSince returns the number of the first message of a chat at or after a
// time; 0 if there is none. ErrNotFound: there is no such chat, or the user is
// not a member.
func (s *Store) MessageSince(ctx context.Context, chat string, user int64, at time.Time) (int64, error) {
	if err := s.checkMember(ctx, chat, user); err != nil {
		return 0, fmt.Errorf("find the first message since a time: %w", err)
	}
	return s.since(ctx, selectMessageSince, chat, at)
}

func (s *Store) since(ctx context.Context, query, of string, at time.Time) (n int64, err error) {
	err = s.read.QueryRowContext(ctx, query, of, at.UnixMilli()).Scan(&n)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("find the first message since a time: %w", err)
	}
	return n, nil
}
