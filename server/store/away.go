package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	sqlitedriver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Away says whether an error of a Store means that the database cannot be reached or does not take the request now, though there is nothing wrong with
// the request: the same one may succeed later. Whether it was done is then unknown. What took too long
// is meant, what was cancelled is not.
func Away(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return awayPostgres(e.Code)
	}
	if e, ok := errors.AsType[*sqlitedriver.Error](err); ok {
		return slices.Contains(awaySQLite, e.Code()&0xff) // the rest of the code says more about the same
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if errors.Is(err, context.Canceled) {
		return false
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return true
	}
	for _, lost := range []error{driver.ErrBadConn, sql.ErrConnDone, io.ErrUnexpectedEOF, context.DeadlineExceeded} {
		if errors.Is(err, lost) {
			return true
		}
	}
	return pgconn.SafeToRetry(err) // the connection was found closed before anything was sent on it
}

// awayPostgres judges a SQLSTATE.
func awayPostgres(code string) bool {
	for _, class := range []string{
		"08",    // the connection
		"28",    // a login that was refused: we have logged in before, so it is being set up anew
		"40",    // undone in favour of others, more often than inTx tries
		"53",    // no memory, disk or connection left
		"57P",   // it is being stopped, has crashed, or is starting
		"58",    // its disk
		"25006", // it only reads: it is a standby, as after a failover
		"55P03", // a lock
	} {
		if strings.HasPrefix(code, class) {
			return true
		}
	}
	return false
}

// awaySQLite are the codes of a file that another process writes to for longer than we wait, or that the disk does not give or take.
var awaySQLite = []int{sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_READONLY}

// IsRefused says whether an error of a Store means that the database can never
// take what it was given, for what that is: too large, or no value of its kind.
func IsRefused(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.HasPrefix(e.Code, "22") || strings.HasPrefix(e.Code, "54")
	}
	if e, ok := errors.AsType[*sqlitedriver.Error](err); ok {
		return slices.Contains([]int{sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH}, e.Code()&0xff)
	}
	return false
}
