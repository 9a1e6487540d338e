package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	sqlitedriver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Reading the archive as the log that it was: forward, within one epoch. Both go along the index of (room, epoch, seq).
const (
	selectLog = selectRoom + `AND seq > $3 AND seq < $4 ORDER BY seq LIMIT $5`
	countPart = `SELECT count(*) FROM room_messages WHERE room = $1 AND epoch = $2 AND seq > $3 AND seq < $4`
)

// LogPage returns the messages of one epoch of a room that are archived behind after and before before, the oldest first, at most limit.
func (s *Store) LogPage(ctx context.Context, room, epoch string, after, before int64, limit int) ([]RoomMessage, error) {
	all, err := list(ctx, s.read, scanRoomMessage, selectLog, room, epoch, after, before, limit)
	if err != nil {
		return nil, fmt.Errorf("read a page of the archive: %w", err)
	}
	return all, nil
}

// CountLog returns how many of those there are. It looks at each of them: a fifth of a second for a million.
func (s *Store) CountLog(ctx context.Context, room, epoch string, after, before int64) (n int64, err error) {
	if err := s.read.QueryRowContext(ctx, countPart, room, epoch, after, before).Scan(&n); err != nil {
		return 0, fmt.Errorf("count messages in the archive: %w", err)
	}
	return n, nil
}

// Missing says that an error of a Store that only reads means that there is no
// database, or none with our tables, so that nothing has ever been archived in
// it: those who make it are not there yet.
func Missing(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "3D000" || e.Code == "42P01" // no such database, no such table
	}
	if e, ok := errors.AsType[*sqlitedriver.Error](err); ok {
		return e.Code()&0xff == sqlite3.SQLITE_CANTOPEN || strings.Contains(e.Error(), "no such table")
	}
	return false
}

// A server that only reads makes do with few connections: PostgreSQL's limit is for all servers together.
const (
	readConns    = 2
	readIdleTime = time.Minute
)

// OpenToRead returns a database that others write, for methods that read. It does not look whether the database is there, nor whether its tables
// are: each call finds that out anew. Urls are as in Open; a database in memory is nobody else's, so it is an error.
func OpenToRead(url string) (*Store, error) {
	path, isSQLite := strings.CutPrefix(url, sqlite+":")
	switch {
	case isSQLite && path == memory:
		return nil, errors.New("a database in memory is for the process that made it")
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
