package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"livechat/server/chat"
)

const (
	selectMessageNear = selectRooms + `AND id = $2 AND seq >= $3 AND seq <= $4 AND ` + inLog + `
		ORDER BY abs(seq - $5), at DESC LIMIT 1`
	selectMessagesBy = selectRooms + `AND at >= $2 AND author = $3 AND (author <> '' OR session = $4)
		AND NOT deleted AND ` + inLog + ` ORDER BY at DESC, seq DESC LIMIT $5`
	addRoomDelete = `INSERT INTO room_deletes (id, room, seq, target, author, session, name, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	selectRoomDeletes = `SELECT id, room, seq, target, author, session, name FROM room_deletes
		WHERE at < $1 ORDER BY at, id LIMIT $2`
	dropRoomDelete = `DELETE FROM room_deletes WHERE id = $1`
)

// FindRoomMessage returns the archived message of a room with an id, at a seq or
// near it: a repair of the log may have moved it. ErrNotFound: there is none.
func (s *Store) FindRoomMessage(ctx context.Context, room, id string, seq int64) (RoomMessage, error) {
	for _, reach := range [...]int64{0, editReach} {
		found, err := list(ctx, s.read, scanRoomMessage, selectMessageNear, room, id, seq-reach, seq+reach, seq)
		if err != nil {
			return RoomMessage{}, fmt.Errorf("find a message of a room: %w", s.seen(err))
		}
		if len(found) > 0 {
			return found[0], nil
		}
	}
	return RoomMessage{}, ErrNotFound
}

// RoomMessagesBy returns the newest archived messages of a room by one author,
// or of one session if the author is empty, since a time, without deleted ones;
// the newest first.
func (s *Store) RoomMessagesBy(ctx context.Context, room, author, session string, since time.Time,
	limit int) ([]RoomMessage, error) {
	all, err := list(ctx, s.read, scanRoomMessage, selectMessagesBy, room, since.UnixMilli(), author, session,
		limit)
	if err != nil {
		return nil, fmt.Errorf("list the messages of an author: %w", s.seen(err))
	}
	return all, nil
}

// RoomDelete is the delete of a message by somebody else than its author, until
// it is in the log of the room.
type RoomDelete struct {
	ID      string // of the delete, a UUID
	Room    string
	Target  chat.Target // the message
	Author  string      // of the message, as is Session
	Session string
	Name    string // of who deletes it
}

// AddRoomDeletes notes what is to be deleted.
func (s *Store) AddRoomDeletes(ctx context.Context, deletes []RoomDelete, now time.Time, also Also) error {
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		for _, d := range deletes {
			if _, err := tx.ExecContext(ctx, addRoomDelete, d.ID, d.Room, int64(d.Target.Seq), d.Target.ID,
				storable(d.Author), storable(d.Session), storable(d.Name), now.UnixMilli()); err != nil {
				return err
			}
		}
		if also == nil {
			return nil
		}
		return also(ctx, &Tx{tx})
	})
	if err != nil {
		return fmt.Errorf("note messages to be deleted: %w", err)
	}
	return nil
}

// RoomDeletes returns up to limit deletes that were noted before a time, the
// oldest first.
func (s *Store) RoomDeletes(ctx context.Context, before time.Time, limit int) ([]RoomDelete, error) {
	all, err := list(ctx, s.read, func(row scanner) (d RoomDelete, err error) {
		var seq int64
		err = row.Scan(&d.ID, &d.Room, &seq, &d.Target.ID, &d.Author, &d.Session, &d.Name)
		d.Target.Seq = uint64(seq)
		return d, err
	}, selectRoomDeletes, before.UnixMilli(), limit)
	if err != nil {
		return nil, fmt.Errorf("list messages to be deleted: %w", s.seen(err))
	}
	return all, nil
}

// RoomDeleted forgets a delete that is in the log of its room.
func (s *Store) RoomDeleted(ctx context.Context, id string) error {
	if _, err := s.write.ExecContext(ctx, dropRoomDelete, id); err != nil {
		return fmt.Errorf("forget a delete: %w", s.seen(err))
	}
	return nil
}

// Record adds an entry to the audit log by itself, for what is not done in the
// database.
func (s *Store) Record(ctx context.Context, e AuditEntry) error {
	return s.inTx(ctx, func(tx *sql.Tx) error { return record(ctx, tx, e) })
}
