package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"livechat/server/chat"
)

// Limits of rooms.
const (
	MaxRoomMembers = 5000 // of a room; those of a closed one are part of its rules
	MaxRoomInvites = 100  // of a room, that are in force
)

// Errors of a RoomTx.
var (
	ErrTooManyMembers = errors.New("too many members in this room")
	ErrTooManyInvites = errors.New("too many invites to this room")
)

// RoomTx is a change of a made room under way. Nobody else changes the room
// until it is done. All that its rules depend on gets a new version.
type RoomTx struct {
	*Tx
	Name     string
	Room     Room // its row; the zero value if there is none
	Settings RoomSettings

	s   *Store
	now time.Time
}

const (
	saveRoom = `INSERT INTO rooms (` + roomFields + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (name) DO UPDATE SET title = excluded.title, topic = excluded.topic,
		access = excluded.access, listed = excluded.listed, retention = excluded.retention,
		deleted = excluded.deleted`
	selectSettings = `SELECT slow_ms, registered, paused, words FROM rooms_rules WHERE room = $1`

	hasEntries   = `SELECT EXISTS (SELECT 1 FROM room_messages WHERE room = $1)`
	countRooms   = `SELECT count(*) FROM room_members WHERE user_id = $1 AND role = 'owner'`
	countCreated = `SELECT count(*) FROM rooms WHERE creator = $1 AND created > $2`
	selectLiving = `SELECT 1 FROM users WHERE id = $1 AND deleted IS NULL`
	isBanned     = `SELECT EXISTS (SELECT 1 FROM bans WHERE room = $1 AND kind = 'ban'
		AND subject_kind = 'account' AND subject = $2 AND (ends = 0 OR ends > $3))`

	selectRole     = `SELECT role FROM room_members WHERE room = $1 AND user_id = $2`
	selectOwner    = memberFields + `AND m.role = 'owner'`
	selectNamed    = memberFields + `AND u.name = $2`
	saveRoomMember = `INSERT INTO room_members (room, user_id, role, since) VALUES ($1, $2, $3, $4)
		ON CONFLICT (room, user_id) DO UPDATE SET role = excluded.role`
	removeRoomMember  = `DELETE FROM room_members WHERE room = $1 AND user_id = $2`
	removeRoomMembers = `DELETE FROM room_members WHERE room = $1`
	removeRoomInvites = `DELETE FROM room_invites WHERE room = $1`
	removeRoomBans    = `DELETE FROM bans WHERE room = $1`
	removeRoomReports = `DELETE FROM reports WHERE room = $1`
)

// ChangeRoom changes a made room, or makes it. do gets it as it is, and nobody
// else changes it meanwhile; it may be called again. After an error of it
// nothing is changed.
func (s *Store) ChangeRoom(ctx context.Context, room string, now time.Time,
	do func(ctx context.Context, t *RoomTx) error) error {
	_, err := s.changeRules(ctx, room, now, func(tx *sql.Tx) (Also, error) {
		t := &RoomTx{Tx: &Tx{tx}, s: s, Name: room, now: now}
		var err error
		if t.Room, err = scanRoom(tx.QueryRowContext(ctx, oneRoom, room)); errors.Is(err, sql.ErrNoRows) {
			t.Room, err = Room{}, nil
		}
		if err != nil {
			return nil, err
		}
		var slow int64
		if err := tx.QueryRowContext(ctx, selectSettings, room).Scan(&slow, &t.Settings.Registered,
			&t.Settings.Paused, &t.Settings.Words); err != nil {
			return nil, err
		}
		t.Settings.Slow = time.Duration(slow) * time.Millisecond
		return nil, do(ctx, t)
	})
	if err != nil {
		return fmt.Errorf("change a room: %w", err)
	}
	return nil
}

// Save writes the row of the room. Its name is that of the change.
func (t *RoomTx) Save(ctx context.Context, r Room) error {
	r.Name, r.Title, r.Topic = t.Name, storable(r.Title), storable(r.Topic)
	_, err := t.tx.ExecContext(ctx, saveRoom, r.Name, r.Title, r.Topic, r.Access, r.Listed,
		r.Retention.Milliseconds(), r.Creator, r.Created.UnixMilli(), msOf(r.Deleted))
	if err == nil {
		t.Room = r
	}
	return err
}

// SaveSettings writes the other rules of the room.
func (t *RoomTx) SaveSettings(ctx context.Context, r RoomSettings) error {
	_, err := t.tx.ExecContext(ctx, setSettings, t.Name, r.Slow.Milliseconds(), r.Registered, r.Paused,
		storable(r.Words))
	if err == nil {
		t.Settings = r
	}
	return err
}

// Delete deletes the room but its row, by which it is closed and keeps no
// messages: ExpireMadeRooms deletes them.
func (t *RoomTx) Delete(ctx context.Context) error {
	r := t.Room
	r.Title, r.Topic, r.Access, r.Listed, r.Deleted = "", "", chat.AccessInvite, false, t.now
	r.Retention = time.Millisecond
	if r.Created.IsZero() {
		r.Created = t.now
	}
	if err := t.Save(ctx, r); err != nil {
		return err
	}
	for _, remove := range []string{removeRoomMembers, removeRoomInvites, removeRoomBans,
		removeRoomReports} {
		if _, err := t.tx.ExecContext(ctx, remove, t.Name); err != nil {
			return err
		}
	}
	if _, err := t.tx.ExecContext(ctx, setPin, t.Name, ""); err != nil {
		return err
	}
	return t.SaveSettings(ctx, RoomSettings{})
}

// HasEntries reports whether anything of the room is archived.
func (t *RoomTx) HasEntries(ctx context.Context) (has bool, err error) {
	return has, t.tx.QueryRowContext(ctx, hasEntries, t.Name).Scan(&has)
}

// LockUser keeps an account from being deleted and from getting another room
// until the change is done. ErrNotFound: no such account, or deleted.
func (t *RoomTx) LockUser(ctx context.Context, user int64) error {
	var one int
	return notFound(t.tx.QueryRowContext(ctx, selectLiving+t.s.queries.forChange, user).Scan(&one))
}

// RoomsOf returns how many rooms an account owns, and how many it has made
// since a time, deleted ones included. Call LockUser first.
func (t *RoomTx) RoomsOf(ctx context.Context, user int64, since time.Time) (owned, made int, err error) {
	if err := t.tx.QueryRowContext(ctx, countRooms, user).Scan(&owned); err != nil {
		return 0, 0, err
	}
	return owned, made, t.tx.QueryRowContext(ctx, countCreated, user, since.UnixMilli()).Scan(&made)
}

// Role returns the role of an account; empty: none.
func (t *RoomTx) Role(ctx context.Context, user int64) (role chat.RoomRole, err error) {
	err = t.tx.QueryRowContext(ctx, selectRole, t.Name, user).Scan(&role)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return role, err
}

// Owner returns the owner. ErrNotFound: there is none.
func (t *RoomTx) Owner(ctx context.Context) (RoomMember, error) {
	m, err := scanRoomMember(t.tx.QueryRowContext(ctx, selectOwner, t.Name))
	return m, notFound(err)
}

// Member returns a member by the name of the account. ErrNotFound: it is none.
func (t *RoomTx) Member(ctx context.Context, name string) (RoomMember, error) {
	m, err := scanRoomMember(t.tx.QueryRowContext(ctx, selectNamed, t.Name, name))
	return m, notFound(err)
}

// IsBanned reports whether an account is banned from the room.
func (t *RoomTx) IsBanned(ctx context.Context, user int64) (banned bool, err error) {
	return banned, t.tx.QueryRowContext(ctx, isBanned, t.Name, strconv.FormatInt(user, 10),
		t.now.UnixMilli()).Scan(&banned)
}

// SetRole gives an account a role, or another one. A room has at most one
// owner, so that of whoever has it is changed first. Call LockUser first.
// ErrTooManyMembers.
func (t *RoomTx) SetRole(ctx context.Context, user int64, role chat.RoomRole) error {
	before, err := t.Role(ctx, user)
	if err != nil {
		return err
	}
	if before == "" {
		var members int
		err := t.tx.QueryRowContext(ctx, countMembers, t.Name).Scan(&members)
		switch {
		case err != nil:
			return err
		case members >= MaxRoomMembers:
			return ErrTooManyMembers
		}
	}
	_, err = t.tx.ExecContext(ctx, saveRoomMember, t.Name, user, role, t.now.UnixMilli())
	return err
}

// UserByName returns an account. ErrNotFound: there is none, or it is deleted.
func (t *RoomTx) UserByName(ctx context.Context, name string) (u User, err error) {
	var created int64
	var hash string
	err = t.tx.QueryRowContext(ctx, selectUser, name).Scan(&u.ID, &u.Name, &created, &u.Role, &hash)
	u.Created = fromMS(created)
	return u, notFound(err)
}

// Remove takes away the role of an account. ErrNotFound: it has none.
func (t *RoomTx) Remove(ctx context.Context, user int64) error {
	n, err := exec(ctx, t.tx, removeRoomMember, t.Name, user)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}
