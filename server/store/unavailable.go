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

// Unavailable reports whether an error of a Store means that the database cannot be
// reached, or does not take the request now, although nothing is wrong with the
// request: the same request may succeed later. Whether it was done is then
// unknown. This includes timeouts, but not cancelled requests.
func Unavailable(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return unavailablePostgres(e.Code)
	}
	if e, ok := errors.AsType[*sqlitedriver.Error](err); ok {
		return slices.Contains(unavailableSQLite, e.Code()&0xff) // the other bits are the extended code
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
	for _, lost := range []error{driver.ErrBadConn, sql.ErrConnDone, io.ErrUnexpectedEOF,
		context.DeadlineExceeded} {
		if errors.Is(err, lost) {
			return true
		}
	}
	// the connection turned out to be closed before anything was sent
	return pgconn.SafeToRetry(err)
}

// notUp reports whether an error of Open means that PostgreSQL is not up: nobody
// answers there, or it is starting or stopping. A refused login is no such error.
func notUp(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.HasPrefix(e.Code, "57P")
	}
	_, ok := errors.AsType[*pgconn.ConnectError](err)
	return ok
}

// unavailablePostgres classifies a SQLSTATE.
func unavailablePostgres(code string) bool {
	for _, class := range []string{
		"08",    // connection
		"28",    // login refused: logins have worked before, so the database is being set up again
		"40",    // rolled back in favour of others, more often than inTx retries
		"53",    // out of memory, disk or connections
		"57P",   // stopping, crashed or starting
		"58",    // system error, such as its disk
		"25006", // read-only: a standby, as after a failover
		"55P03", // lock not available
	} {
		if strings.HasPrefix(code, class) {
			return true
		}
	}
	return false
}

// unavailableSQLite are the codes for a file that another process has locked for
// longer than we wait, or that the disk cannot read or write.
var unavailableSQLite = []int{sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR,
	sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_READONLY}

// IsRefused reports whether an error of a Store means that the database can
// never take the values it was given: one is too large, or has the wrong type.
func IsRefused(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.HasPrefix(e.Code, "22") || strings.HasPrefix(e.Code, "54")
	}
	if e, ok := errors.AsType[*sqlitedriver.Error](err); ok {
		return slices.Contains([]int{sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH}, e.Code()&0xff)
	}
	return false
}
