package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"livechat/server/chat"
)

// Room is a room that somebody made. All others spring up by their name and
// have no row.
type Room struct {
	Name         string
	Title, Topic string
	Access       chat.Access
	Listed       bool
	Retention    time.Duration // of its messages, to the millisecond; 0: as all rooms
	Creator      int64         // the account; 0: the operator
	Created      time.Time
	Deleted      time.Time // zero: it is not; nobody gets in, and its name stays taken
}

// RoomView is a room as somebody sees it.
type RoomView struct {
	Room
	RoomSettings
	Owner   string        // the name of the account; empty: the operator
	Role    chat.RoomRole // of whoever looks; empty: none
	Members int64         // not in a page of Rooms
	Last    time.Time     // of the newest archived message; zero: there is none
}

// RoomsQuery selects made rooms, in the order of their names.
type RoomsQuery struct {
	User  int64  // who looks; 0: a guest
	Mine  bool   // only those that the user is a member of
	All   bool   // what nobody lists as well
	After string // the name before the page; empty: the first page
	Limit int
}

// RoomMember is an account with a role in a room.
type RoomMember struct {
	User  int64
	Name  string
	Role  chat.RoomRole
	Since time.Time
}

const (
	roomFields = `name, title, topic, access, listed, retention, creator, created, deleted`
	oneRoom    = `SELECT ` + roomFields + ` FROM rooms WHERE name = $1`

	// The rest of a view is looked up for each room of the page; $1 is the
	// account that looks.
	selectViews = `
SELECT name, title, topic, access, listed, retention, creator, created, deleted,
	coalesce((SELECT slow_ms FROM rooms_rules s WHERE s.room = r.name), 0),
	coalesce((SELECT registered FROM rooms_rules s WHERE s.room = r.name), FALSE),
	coalesce((SELECT paused FROM rooms_rules s WHERE s.room = r.name), FALSE),
	coalesce((SELECT u.name FROM room_members o JOIN users u ON u.id = o.user_id
		WHERE o.room = r.name AND o.role = 'owner'), ''),
	coalesce((SELECT role FROM room_members m WHERE m.room = r.name AND m.user_id = $1), ''),
	coalesce((SELECT at FROM room_messages l WHERE l.room = r.name AND type = ''
		ORDER BY seq DESC LIMIT 1), 0)
FROM rooms r WHERE deleted = 0 AND `
	pageOfViews  = ` AND name > $2 ORDER BY name LIMIT $3`
	selectView   = selectViews + `name = $2`
	isListed     = `listed AND access <> 'invite'`
	selectListed = selectViews + isListed + pageOfViews
	// A page of each, by an index. Deleted rooms have no members.
	pageOfMine = `SELECT room FROM (SELECT room FROM room_members WHERE user_id = $1 AND room > $2
		ORDER BY room LIMIT $3) mine`
	selectVisible = selectViews + `name IN (SELECT name FROM (SELECT name FROM (SELECT name FROM rooms
		WHERE ` + isListed + ` AND deleted = 0` + pageOfViews + `) known UNION ` + pageOfMine + `) all_known
		ORDER BY name LIMIT $3)` + pageOfViews
	selectMine     = selectViews + `name IN (` + pageOfMine + `)` + pageOfViews
	selectAllRooms = selectViews + `TRUE` + pageOfViews

	selectAccess = `SELECT access FROM rooms WHERE name = $1`
	// A member is nothing special where everybody may be.
	selectRoles = `SELECT m.user_id, m.role FROM room_members m JOIN rooms r ON r.name = m.room
		WHERE m.room = $1 AND (m.role <> 'member' OR r.access = 'invite')`
	countMembers = `SELECT count(*) FROM room_members WHERE room = $1`
	memberFields = `SELECT u.id, u.name, m.role, m.since FROM room_members m JOIN users u ON u.id = m.user_id
		WHERE m.room = $1 `
	selectMembers = memberFields + `AND u.name > $2 ORDER BY u.name LIMIT $3`
)

// MadeRoom returns a made room that is not deleted, as a user sees it; 0: a
// guest. ErrNotFound: there is none.
func (s *Store) MadeRoom(ctx context.Context, name string, user int64) (RoomView, error) {
	v, err := scanRoomView(s.read.QueryRowContext(ctx, selectView, user, name))
	if err == nil {
		err = s.read.QueryRowContext(ctx, countMembers, name).Scan(&v.Members)
	}
	if err != nil {
		return RoomView{}, fmt.Errorf("read a room: %w", s.seen(notFound(err)))
	}
	return v, nil
}

// MadeRooms returns a page of made rooms that are not deleted.
func (s *Store) MadeRooms(ctx context.Context, q RoomsQuery) ([]RoomView, error) {
	query := selectListed
	switch {
	case q.Mine:
		query = selectMine
	case q.All:
		query = selectAllRooms
	case q.User != 0:
		query = selectVisible
	}
	all, err := list(ctx, s.read, scanRoomView, query, q.User, q.After, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("list rooms: %w", s.seen(err))
	}
	return all, nil
}

// RoleIn returns the role of an account in a room; empty: none.
func (s *Store) RoleIn(ctx context.Context, room string, user int64) (role chat.RoomRole, err error) {
	err = s.read.QueryRowContext(ctx, selectRole, room, user).Scan(&role)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read a role in a room: %w", s.seen(err))
	}
	return role, nil
}

// RoomMembers returns up to limit members of a room in the order of their
// names, after a name.
func (s *Store) RoomMembers(ctx context.Context, room, after string, limit int) ([]RoomMember, error) {
	all, err := list(ctx, s.read, scanRoomMember, selectMembers, room, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list the members of a room: %w", s.seen(err))
	}
	return all, nil
}

// readAccess adds to rules who may be in a room. It is called after the version
// was read.
func (s *Store) readAccess(ctx context.Context, room string, r *chat.RoomRules) error {
	err := s.read.QueryRowContext(ctx, selectAccess, room).Scan(&r.Access)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil // nobody has made it
	case err != nil:
		return err
	}
	r.Roles = make(map[chat.Subject]chat.RoomRole)
	_, err = list(ctx, s.read, func(row scanner) (none struct{}, err error) {
		var user int64
		var role chat.RoomRole
		err = row.Scan(&user, &role)
		r.Roles[chat.AccountSubject(user)] = role
		return none, err
	}, selectRoles, room)
	return err
}

func scanRoom(row scanner, more ...any) (r Room, err error) {
	var retention, created, deleted int64
	err = row.Scan(append([]any{&r.Name, &r.Title, &r.Topic, &r.Access, &r.Listed, &retention, &r.Creator,
		&created, &deleted}, more...)...)
	r.Retention = time.Duration(retention) * time.Millisecond
	r.Created, r.Deleted = fromMS(created), editedAt(deleted)
	return r, err
}

func scanRoomView(row scanner) (v RoomView, err error) {
	var slow, last int64
	v.Room, err = scanRoom(row, &slow, &v.Registered, &v.Paused, &v.Owner, &v.Role, &last)
	v.Slow, v.Last = time.Duration(slow)*time.Millisecond, editedAt(last)
	return v, err
}

func scanRoomMember(row scanner) (m RoomMember, err error) {
	var since int64
	err = row.Scan(&m.User, &m.Name, &m.Role, &since)
	m.Since = fromMS(since)
	return m, err
}
