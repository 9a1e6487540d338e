package store

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"
)

// Lists for admins, over all accounts and all rooms.

const (
	// The pattern is '%' if all names are wanted.
	selectFoundUsers = `SELECT id, name, role, created, (SELECT count(*) FROM sessions s WHERE s.user_id = u.id
		AND s.expires > $1), 0, 0, 0 FROM users u WHERE name > $2 AND name LIKE $3 ESCAPE '!'
		AND ($4 = '' OR role = $4) ORDER BY name LIMIT $5`

	// Newest first. The rest of the key is in the order of the text, as one.
	banPlace      = `room || ' ' || kind || ' ' || subject_kind || ' ' || subject`
	selectAllBans = `SELECT ` + banColumns + ` FROM bans WHERE (ends = 0 OR ends > $1)
		AND (at < $2 OR at = $2 AND ` + banPlace + ` > $3) ORDER BY at DESC, ` + banPlace + ` LIMIT $4`

	// One look-up in the index for each room: there may be millions of messages.
	selectKnownRooms = `
WITH RECURSIVE archived (room) AS (
	SELECT min(room) FROM room_messages
	UNION ALL
	SELECT (SELECT min(m.room) FROM room_messages m WHERE m.room > archived.room) FROM archived
		WHERE archived.room IS NOT NULL
)
SELECT room FROM (SELECT room FROM archived WHERE room IS NOT NULL LIMIT $1) found
UNION SELECT room FROM (SELECT room FROM rooms_rules ORDER BY room LIMIT $1) ruled
UNION SELECT name FROM (SELECT name FROM rooms WHERE deleted = 0 ORDER BY name LIMIT $1) made`

	selectFileTypes = `SELECT type, count(*), coalesce(sum(stored), 0) FROM files WHERE stored > 0 GROUP BY type`
)

// UserQuery says which accounts are wanted.
type UserQuery struct {
	Text  string // a part of the name; "": any
	Role  string // "": any
	After string // the name before the page
}

// FindUsers returns up to limit accounts in the order of their names.
func (s *Store) FindUsers(ctx context.Context, q UserQuery, now time.Time, limit int) ([]UserFigures, error) {
	pattern := "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(q.Text) + "%"
	all, err := list(ctx, s.read, scanUserFigures, selectFoundUsers, now.UnixMilli(), q.After, pattern, q.Role,
		limit)
	if err != nil {
		return nil, fmt.Errorf("search the users: %w", err)
	}
	return all, nil
}

// AllBans returns up to limit mutes and bans of all rooms that have not ended,
// newest first: those after one that it has returned, or the newest of all for
// the zero value.
func (s *Store) AllBans(ctx context.Context, before Ban, now time.Time, limit int) ([]Ban, error) {
	at, place := int64(math.MaxInt64), ""
	if !before.At.IsZero() {
		kind, id := before.Subject.Split()
		at = before.At.UnixMilli()
		place = strings.Join([]string{before.Room, before.Kind, kind, id}, " ")
	}
	all, err := list(ctx, s.read, scanBan, selectAllBans, now.UnixMilli(), at, place, limit)
	if err != nil {
		return nil, fmt.Errorf("list all bans: %w", s.seen(err))
	}
	return all, nil
}

// KnownRooms returns rooms that are in the archive, have rules or were made by
// somebody, in no order; of each kind at most limit.
func (s *Store) KnownRooms(ctx context.Context, limit int) ([]string, error) {
	rooms, err := list(ctx, s.read, scanText, selectKnownRooms, limit)
	if err != nil {
		return nil, fmt.Errorf("list the rooms: %w", s.seen(err))
	}
	return rooms, nil
}

// FileType is how many files have a media type, and their bytes with previews.
type FileType struct {
	Type         string
	Files, Bytes int64
}

// FileTypes returns what files there are, by media type. It reads all rows of
// files.
func (s *Store) FileTypes(ctx context.Context) ([]FileType, error) {
	types, err := list(ctx, s.read, func(row scanner) (t FileType, err error) {
		return t, row.Scan(&t.Type, &t.Files, &t.Bytes)
	}, selectFileTypes)
	if err != nil {
		return nil, fmt.Errorf("count files by type: %w", err)
	}
	return types, nil
}
