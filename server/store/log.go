package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	sqlitedriver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// These read the archive as the log that it was: forward, within one epoch.
// Both use the index on (room, epoch, seq).
const (
	selectLog = `SELECT ` + toText + `, ` + newestText + `, ` + fromAt + ` FROM room_messages o
		WHERE room = $1 AND epoch = $2 AND seq > $3 AND seq < $4 ORDER BY seq LIMIT $5`
	// An edit has the text of the newest of its message, so that a replay does
	// not show to everybody what was taken back.
	newestText = `CASE WHEN o.type <> 'edit' OR o.deleted THEN o.text ELSE coalesce((
		SELECT m.text FROM room_messages m WHERE m.room = o.room AND m.target = o.target AND m.target <> ''
			AND m.type = 'edit' AND m.seq > o.seq AND m.author = o.author
			AND (o.author <> '' OR m.session = o.session) AND NOT m.deleted AND ` + inLog + `
		ORDER BY m.seq DESC LIMIT 1), o.text) END`
	countPart = `SELECT count(*) FROM room_messages WHERE room = $1 AND epoch = $2 AND seq > $3
		AND seq < $4`
	selectLastEntry = `SELECT epoch, seq FROM room_messages m WHERE room = $1 AND ` + inLog + `
		ORDER BY seq DESC, at DESC, epoch DESC LIMIT 1`
	// Numbers in a row make one range: they are as far from their rank.
	selectOthers = `SELECT min(seq), max(seq) FROM (
		SELECT seq, seq - row_number() OVER (ORDER BY seq) AS run FROM (
			SELECT DISTINCT seq FROM room_messages m WHERE room = $1 AND type <> '' AND seq > $2 AND seq < $3
				AND ($4 = '' OR epoch = $4) AND ` + inLog + `) numbers) runs
		GROUP BY run ORDER BY 1`
)

// LogPage returns the archived entries, of every type, of one epoch of a room
// with after < seq < before, the oldest first, at most limit. Edits have the
// text that their message has now.
func (s *Store) LogPage(ctx context.Context, room, epoch string, after, before int64, limit int) (
	[]RoomMessage, error) {
	all, err := list(ctx, s.read, scanRoomMessage, selectLog, room, epoch, after, before, limit)
	if err != nil {
		return nil, fmt.Errorf("read a page of the archive: %w", err)
	}
	return all, nil
}

// CountLog returns the number of those entries. It looks at each of them: a
// fifth of a second for a million.
func (s *Store) CountLog(ctx context.Context, room, epoch string, after, before int64) (n int64, err error) {
	if err := s.read.QueryRowContext(ctx, countPart, room, epoch, after, before).Scan(&n); err != nil {
		return 0, fmt.Errorf("count messages in the archive: %w", err)
	}
	return n, nil
}

// LastEntry returns the newest archived entry of a room's log, of any type. seq
// is 0 if nothing is archived.
func (s *Store) LastEntry(ctx context.Context, room string) (epoch string, seq int64, err error) {
	err = s.read.QueryRowContext(ctx, selectLastEntry, room).Scan(&epoch, &seq)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", 0, fmt.Errorf("find the newest entry of the archive: %w", err)
	}
	return epoch, seq, nil
}

// Range is numbers of a log, from First to Last, inclusive.
type Range struct{ First, Last int64 }

// RoomOthers returns the numbers between after and before, exclusive, that
// archived entries of other types than message have. With RoomMessages it tells
// which numbers are missing. An empty epoch means all epochs.
func (s *Store) RoomOthers(ctx context.Context, room, epoch string, after, before int64) ([]Range, error) {
	all, err := list(ctx, s.read, func(row scanner) (r Range, err error) {
		return r, row.Scan(&r.First, &r.Last)
	}, selectOthers, room, after, before, epoch)
	if err != nil {
		return nil, fmt.Errorf("list the numbers of other entries: %w", err)
	}
	return all, nil
}

// Missing reports whether an error of a Store that only reads means that there
// is no database, or none with our tables, so that nothing has ever been
// archived in it. The servers that create it have not started yet.
func Missing(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "3D000" || e.Code == "42P01" // no such database, no such table
	}
	if e, ok := errors.AsType[*sqlitedriver.Error](err); ok {
		return e.Code()&0xff == sqlite3.SQLITE_CANTOPEN || strings.Contains(e.Error(), "no such table")
	}
	return false
}

// A server that only reads uses few connections: PostgreSQL's limit is shared
// by all servers.
const (
	readConns    = 2
	readIdleTime = time.Minute
)

// OpenToRead returns a database that others write, for methods that read. It
// does not check that the database or its tables exist: each call finds that
// out. Urls are as in Open; a database in memory belongs to its process, so it
// is an error.
func OpenToRead(url string) (*Store, error) {
	path, isSQLite := strings.CutPrefix(url, sqlite+":")
	switch {
	case isSQLite && path == memory:
		return nil, errors.New("a database in memory belongs to the process that created it")
	case isSQLite && path != "":
		return openSQLiteToRead(path)
	case isPostgres(url):
		s, err := openPostgres(url)
		if err != nil {
			return nil, err
		}
		s.read.SetMaxOpenConns(readConns)
		s.read.SetConnMaxIdleTime(readIdleTime)
		return s, nil
	}
	return nil, errURL
}
