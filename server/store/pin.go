package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"livechat/server/chat"
)

// The pinned message of a room is one of its rules: servers know it from their
// working copy.

const (
	selectPin = `SELECT pinned FROM rooms_rules WHERE room = $1`
	setPin    = `UPDATE rooms_rules SET pinned = $2 WHERE room = $1`
	// The pin may be another one by now.
	dropPin = `UPDATE rooms_rules SET pinned = '', version = CASE WHEN version < $3 THEN $3 ELSE version + 1 END
		WHERE room = $1 AND pinned = $2`
)

// SetPin pins a message in a room, in the place of the one before, or with nil
// none, and returns the new version of its rules. also gets what was pinned
// before, and may be nil. ErrNotFound: the message is deleted, or nothing was
// pinned.
func (s *Store) SetPin(ctx context.Context, room string, pin *chat.Pin, now time.Time,
	also func(before *chat.Pin) Also) (version int64, err error) {
	version, err = s.changeRules(ctx, room, now, func(tx *sql.Tx) (Also, error) {
		var before string
		if err := tx.QueryRowContext(ctx, selectPin, room).Scan(&before); err != nil {
			return nil, err
		}
		if pin == nil && before == "" {
			return nil, ErrNotFound
		}
		if pin != nil {
			// A delete that is archived at this moment finds this pin, or is found.
			if err := s.lockEdits(ctx, tx, nil); err != nil {
				return nil, err
			}
			deleted := false
			if err := tx.QueryRowContext(ctx, isDeleted, room, pin.Target.ID, pin.Author, pin.Session).Scan(
				&deleted); err != nil {
				return nil, err
			}
			if deleted {
				return nil, ErrNotFound
			}
		}
		_, err := tx.ExecContext(ctx, setPin, room, storable(pin.Text()))
		if also == nil {
			return nil, err
		}
		return also(chat.PinOf(before)), err
	})
	if err != nil {
		return 0, fmt.Errorf("pin a message: %w", err)
	}
	return version, nil
}

// unpin ends the pin of a message that a delete is about.
func unpin(ctx context.Context, tx *sql.Tx, d RoomMessage) error {
	var text string
	err := tx.QueryRowContext(ctx, selectPin, d.Room).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	p := chat.PinOf(text)
	if p == nil || p.Target.ID != d.target().ID || p.Author != d.Author ||
		p.Author == "" && p.Session != d.Session {
		return nil
	}
	_, err = tx.ExecContext(ctx, dropPin, d.Room, text, time.Now().UnixMilli())
	return err
}
