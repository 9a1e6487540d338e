package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"livechat/server/chat"
)

// AddBan adds a mute or a ban, or replaces the one of the same kind for the
// same subject. It returns the new version of the room's rules. ErrTooManyBans:
// the room has no space for another one.
func (s *Store) AddBan(ctx context.Context, b Ban, also Also) (version int64, err error) {
	kind, id := b.Subject.Split()
	version, err = s.changeRules(ctx, b.Room, b.At, func(tx *sql.Tx) (Also, error) {
		var others int
		err := tx.QueryRowContext(ctx, countOthers, b.Room, b.Kind, kind, id).Scan(&others)
		switch {
		case err != nil:
			return nil, err
		case others >= maxBans:
			return nil, ErrTooManyBans
		}
		_, err = tx.ExecContext(ctx, addBan, b.Room, b.Kind, kind, id, storable(b.Name), storable(b.Reason),
			storable(b.By), b.At.UnixMilli(), msOf(b.Ends))
		return also, err
	})
	if err != nil {
		return 0, fmt.Errorf("add a %s: %w", b.Kind, err)
	}
	return version, nil
}

// RemoveBan removes a mute or a ban and returns the new version of the room's
// rules. also gets the name that the subject had, and may be nil. ErrNotFound:
// there is none.
func (s *Store) RemoveBan(ctx context.Context, room, kind string, of chat.Subject, now time.Time,
	also func(name string) Also) (version int64, err error) {
	subjectKind, id := of.Split()
	version, err = s.changeRules(ctx, room, now, func(tx *sql.Tx) (Also, error) {
		var name string
		err := tx.QueryRowContext(ctx, removeBan, room, kind, subjectKind, id).Scan(&name)
		if err != nil || also == nil {
			return nil, notFound(err)
		}
		return also(name), nil
	})
	if err != nil {
		return 0, fmt.Errorf("remove a %s: %w", kind, err)
	}
	return version, nil
}

// Bans returns the mutes and bans of a room that have not ended, newest first.
func (s *Store) Bans(ctx context.Context, room string, now time.Time) ([]Ban, error) {
	all, err := list(ctx, s.read, scanBan, selectBans, room, now.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("list the bans of a room: %w", s.seen(err))
	}
	return all, nil
}

// RoomsWithBans returns up to limit rooms that have mutes or bans which have not
// ended, in the order of their names, after a name.
func (s *Store) RoomsWithBans(ctx context.Context, after string, now time.Time, limit int) ([]string, error) {
	rooms, err := list(ctx, s.read, scanText, selectBanRooms, after, now.UnixMilli(), limit)
	if err != nil {
		return nil, fmt.Errorf("list the rooms with bans: %w", s.seen(err))
	}
	return rooms, nil
}

// ExpireBans deletes mutes and bans that have ended, at most expireBatch in a
// transaction, and returns how many. They are no longer in force, so no version
// rises.
func (s *Store) ExpireBans(ctx context.Context, now time.Time) (deleted int64, err error) {
	for {
		n, err := exec(ctx, s.write, expireBans, now.Add(-clockSkew).UnixMilli(), expireBatch)
		if deleted += n; err != nil {
			return deleted, fmt.Errorf("expire bans: %w", s.seen(err))
		}
		if n < expireBatch {
			return deleted, nil
		}
	}
}

// deleteBansOfUser deletes what is about an account that is being deleted: who
// cannot log in cannot write. Its reports stay, without its name.
func deleteBansOfUser(ctx context.Context, tx *sql.Tx, user int64) error {
	if _, err := tx.ExecContext(ctx, deleteUserBans, strconv.FormatInt(user, 10)); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, forgetReporter, string(chat.AccountSubject(user)))
	return err
}

func scanBan(row scanner) (b Ban, err error) {
	var subjectKind, id string
	var at, ends int64
	if err := row.Scan(&b.Room, &b.Kind, &subjectKind, &id, &b.Name, &b.Reason, &b.By, &at,
		&ends); err != nil {
		return b, err
	}
	b.Subject, _ = chat.NewSubject(subjectKind, id) // as AddBan and imports have checked
	b.At, b.Ends = fromMS(at), editedAt(ends)
	return b, nil
}
