package store

import (
	"errors"
	"slices"

	"livechat/server/chat"
)

// Made rooms in an export: a line for each, then one for each member. Invites
// are left out: moderators make new ones.
type (
	exportMadeRoom struct {
		Type      string `json:"type"` // "room"
		Name      string `json:"name"`
		Title     string `json:"title"`
		Topic     string `json:"topic"`
		Access    string `json:"access"` // "open", "registered" or "invite"
		Listed    bool   `json:"listed"`
		Retention int64  `json:"retention"` // ms; 0: as all rooms
		Creator   int64  `json:"creator"`   // 0: the operator
		Created   int64  `json:"created"`
		Deleted   int64  `json:"deleted,omitzero"`
	}
	exportRoomMember struct {
		Type  string `json:"type"` // "room_member"
		Room  string `json:"room"`
		User  int64  `json:"user"`
		Role  string `json:"role"` // "owner", "moderator" or "member"
		Since int64  `json:"since"`
	}
)

const (
	typeMadeRoom   = "room"
	typeRoomMember = "room_member"

	exportMadeRooms   = `SELECT ` + roomFields + ` FROM rooms ORDER BY name`
	exportRoomMembers = `SELECT room, user_id, role, since FROM room_members ORDER BY room`

	importMadeRoom = `INSERT INTO rooms (` + roomFields + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (name) DO NOTHING`
	// Of an account and a room that are not deleted.
	importRoomMember = `INSERT INTO room_members (room, user_id, role, since)
		SELECT r.name, u.id, $3, $4 FROM rooms r JOIN users u ON u.id = $2 AND u.deleted IS NULL
		WHERE r.name = $1 AND r.deleted = 0 ON CONFLICT DO NOTHING`
)

// madeRooms writes the made rooms and their members.
func (x *exporter) madeRooms(dialect string) error {
	collate := ``
	if dialect == postgres {
		collate = ` COLLATE "C"`
	}
	if err := exportAll(x, typeMadeRoom, exportMadeRooms+collate, scanExportRoom); err != nil {
		return err
	}
	return exportAll(x, typeRoomMember, exportRoomMembers+collate+`, user_id`, scanExportMember)
}

// scanExportRoom does not call storable: Save has.
func scanExportRoom(row scanner) (exportMadeRoom, error) {
	r := exportMadeRoom{Type: typeMadeRoom}
	err := row.Scan(&r.Name, &r.Title, &r.Topic, &r.Access, &r.Listed, &r.Retention, &r.Creator, &r.Created,
		&r.Deleted)
	return r, err
}

func scanExportMember(row scanner) (exportRoomMember, error) {
	m := exportRoomMember{Type: typeRoomMember}
	err := row.Scan(&m.Room, &m.User, &m.Role, &m.Since)
	return m, err
}

func (im *importer) madeRoom(r exportMadeRoom) error {
	known := []chat.Access{chat.AccessOpen, chat.AccessRegistered, chat.AccessInvite}
	switch {
	case r.Name == "" || !slices.Contains(known, chat.Access(r.Access)):
		return errors.New("name or access is not sound")
	case min(r.Retention, r.Creator, r.Created, r.Deleted) < 0:
		return errors.New("a number is below 0")
	case hasZero(r.Name, r.Title, r.Topic):
		return errZero
	}
	added, err := im.insert(importMadeRoom, r.Name, r.Title, r.Topic, r.Access, r.Listed, r.Retention, r.Creator,
		r.Created, r.Deleted)
	if err == nil && added == 0 {
		err = errors.New("duplicate room")
	}
	return err
}

func (im *importer) roomMember(m exportRoomMember) error {
	known := []chat.RoomRole{chat.RoleMember, chat.RoleModerator, chat.RoleOwner}
	if !slices.Contains(known, chat.RoomRole(m.Role)) {
		return errors.New("unknown role")
	}
	added, err := im.insert(importRoomMember, m.Room, m.User, m.Role, m.Since)
	if err == nil && added == 0 {
		err = errors.New("duplicate member or owner, or no line above has the room or the account")
	}
	return err
}
