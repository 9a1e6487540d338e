package store

import (
	"context"
	"fmt"
	"time"
)

// hiddenFrom returns the condition that a room is closed to somebody: as
// chat.RoomRules.Admits, but in the database, which has the truth. The
// arguments are SQL: the name of the room, the account (0: a guest) and the
// time in ms. A room that nobody made is closed to nobody. Admins need a role
// like everybody else.
func hiddenFrom(room, user, now string) string {
	user = `CAST(` + user + ` AS BIGINT)`
	return `EXISTS (SELECT 1 FROM rooms h WHERE h.name = ` + room + ` AND (h.deleted <> 0
	OR h.access <> 'open' AND (` + user + ` = 0
		OR h.access <> 'registered' AND NOT EXISTS (
			SELECT 1 FROM room_members i WHERE i.room = h.name AND i.user_id = ` + user + `)
		OR EXISTS (SELECT 1 FROM bans b WHERE b.room = h.name AND b.kind = 'ban'
			AND b.subject_kind = 'account' AND b.subject = CAST(` + user + ` AS TEXT)
			AND (b.ends = 0 OR b.ends > ` + now + `)))))`
}

var isHidden = `SELECT ` + hiddenFrom(`$1`, `$2`, `$3`)

// MayRead reports whether an account, 0 for a guest, may read what was said in a
// room. Open rooms, and those that nobody made, everybody may read.
func (s *Store) MayRead(ctx context.Context, room string, user int64) (bool, error) {
	var hidden bool
	err := s.read.QueryRowContext(ctx, isHidden, room, user, time.Now().UnixMilli()).Scan(&hidden)
	if err != nil {
		return false, fmt.Errorf("read who may be in a room: %w", s.seen(err))
	}
	return !hidden, nil
}
