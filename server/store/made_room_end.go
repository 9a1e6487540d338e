package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"livechat/server/chat"
)

const (
	selectRoomsOf = `SELECT room FROM room_members WHERE user_id = $1 ORDER BY room`
	// Moderators first, then members, of each those who are there longest.
	selectSuccessor = `SELECT u.id, u.name, m.role, m.since
		FROM room_members m JOIN users u ON u.id = m.user_id
		WHERE m.room = $1 AND m.role = 'moderator' ORDER BY m.since, m.user_id LIMIT 1`
	selectOldest = `SELECT u.id, u.name, m.role, m.since FROM room_members m JOIN users u ON u.id = m.user_id
		WHERE m.room = $1 ORDER BY m.since, m.user_id LIMIT 1`

	selectExpiring = `SELECT ` + roomFields + ` FROM rooms WHERE retention > 0 AND name > $1
		ORDER BY name LIMIT $2`
	// By then Redis has handed the last messages of the room to the archive.
	endRetention = `UPDATE rooms SET retention = 0 WHERE name = $1 AND deleted > 0 AND deleted < $2`
)

// leaveRooms takes an account that is being deleted out of all rooms. Those
// that it owns go to the moderator, or else the member, who is there longest;
// if there is none, to the operator. It locks the rooms. All who change a room
// lock it before accounts; where an account is locked already, as by RemoveUser,
// a deadlock is possible, and inTx tries again.
func (s *Store) leaveRooms(ctx context.Context, tx *sql.Tx, user int64) error {
	rooms, err := list(ctx, tx, scanText, selectRoomsOf, user)
	if err != nil {
		return err
	}
	now := time.Now()
	for _, room := range rooms {
		var version int64
		if err := tx.QueryRowContext(ctx, raiseRules, room, now.UnixMilli()).Scan(&version); err != nil {
			return err
		}
		t := &RoomTx{Tx: &Tx{tx}, s: s, Name: room, now: now}
		role, err := t.Role(ctx, user)
		if err != nil {
			return err
		}
		if _, err := exec(ctx, tx, removeRoomMember, room, user); err != nil {
			return err
		}
		if role != chat.RoleOwner {
			continue
		}
		if err := t.passOn(ctx, user); err != nil {
			return err
		}
	}
	return nil
}

// passOn gives the room of an owner whose account is being deleted to somebody
// else.
func (t *RoomTx) passOn(ctx context.Context, from int64) error {
	entry := AuditEntry{
		By:   By{User: from, Name: DeletedName, Reason: "the account of the owner was deleted"},
		Room: t.Name, Action: ActionRoomOwner,
	}
	successor, err := scanRoomMember(t.tx.QueryRowContext(ctx, selectSuccessor, t.Name))
	if errors.Is(err, sql.ErrNoRows) {
		successor, err = scanRoomMember(t.tx.QueryRowContext(ctx, selectOldest, t.Name))
	}
	if errors.Is(err, sql.ErrNoRows) {
		return t.Record(ctx, entry)
	}
	if err != nil {
		return err
	}
	if err := t.SetRole(ctx, successor.User, chat.RoleOwner); err != nil {
		return err
	}
	entry.Target = TargetOf(successor.User, successor.Name)
	return t.Record(ctx, entry)
}

// lateArchive is how long after a room was deleted its messages may still reach
// the archive.
const lateArchive = 7 * 24 * time.Hour

// ExpireMadeRooms deletes the messages of made rooms that are older than the
// room keeps them, and all of deleted rooms, as ExpireRooms does.
func (s *Store) ExpireMadeRooms(ctx context.Context, now time.Time) (deleted int64, err error) {
	for after := ""; ; {
		rooms, err := list(ctx, s.read, func(row scanner) (Room, error) { return scanRoom(row) },
			selectExpiring, after, expireBatch)
		if err != nil {
			return deleted, fmt.Errorf("list rooms that expire: %w", s.seen(err))
		}
		for _, r := range rooms {
			after = r.Name
			n, err := s.expireMade(ctx, r, now)
			if deleted += n; err != nil {
				return deleted, fmt.Errorf("expire the messages of a room: %w", err)
			}
		}
		if len(rooms) < expireBatch {
			return deleted, nil
		}
	}
}

func (s *Store) expireMade(ctx context.Context, r Room, now time.Time) (deleted int64, err error) {
	var logs []roomLog
	for next := (roomLog{room: r.Name}); ; {
		next, err = s.nextLog(ctx, next)
		if errors.Is(err, sql.ErrNoRows) || err == nil && next.room != r.Name {
			break
		}
		if err != nil {
			return 0, err
		}
		logs = append(logs, next)
	}
	deleted, err = s.expireRoom(ctx, logs, now.Add(-r.Retention).UnixMilli(), 0)
	if err == nil && len(logs) == 0 && !r.Deleted.IsZero() {
		_, err = exec(ctx, s.write, endRetention, r.Name, now.Add(-lateArchive).UnixMilli())
	}
	return deleted, s.seen(err)
}
