// Package store keeps what must outlive the servers: accounts, private chats
// and the archive of the live rooms. The database is PostgreSQL or, for a
// standalone server, SQLite. This is the only package that speaks SQL.
//
// Both databases get the same queries, with three exceptions: full-text search,
// lists as parameters, and the work that comes with each message, which
// PostgreSQL does in batches. Times are stored as Unix milliseconds: a time
// read back is the time written, truncated to the millisecond, in UTC. All
// methods may be called by many goroutines at once, and by many servers on one
// database.
//
// Access control is part of the queries: a method that takes a user returns
// ErrNotFound for a chat that the user is not a member of, just as for one that
// does not exist.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"livechat/server/chat"

	"github.com/jackc/pgx/v5/pgconn"
)

// Errors that callers branch on. Any other error means that the database could
// not do the work, or not now.
var (
	ErrNotFound = errors.New("not found") // no such row, or none that this user may see
	// another account has this name, or one that looks like it
	ErrTaken    = errors.New("taken")
	ErrConflict = errors.New("id used before")  // the id belongs to another message, edit or chat
	ErrGone     = errors.New("account deleted") // the account of the other member
	// of a message to be edited, deleted or reacted to
	ErrNoMessage = errors.New("no such message")
	ErrNotYours  = errors.New("message of another author")
	ErrTooMany   = errors.New("too many different reactions")
	ErrTooOld    = errors.New("message too old to be edited")
	ErrNoText    = errors.New("message without text and files")
	errBadID     = errors.New("id is not a UUID")  // a bug in the caller, which checks ids first
	errOneself   = errors.New("chat with oneself") // likewise
)

// Store is an open database.
type Store struct {
	dialect string
	holder  string  // identifies this Store as the holder of a lease
	queries queries // SQL that differs between the databases
	refused refused

	// PostgreSQL has one pool for both. SQLite allows one writer at a time:
	// goroutines queue for its single connection instead of failing with
	// "busy".
	write, read *sql.DB

	// Batchers for the work that comes with each message on PostgreSQL; nil on
	// SQLite.
	posts    *batcher[Message, Message]
	sessions *batcher[sessionAt, Session]

	filesDeleted chan struct{} // holds a token after files were deleted; never closed
}

// queries holds the SQL that cannot be the same on both databases.
type queries struct {
	now          string // Unix milliseconds
	forUpdate    string // locks the rows that a query in a transaction has read
	forChange    string // the same, but others may write rows that refer to them
	forShare     string // lets others read those rows but not change them
	published    string
	resend       string
	searchChats  string
	searchRooms  string
	addRoomBatch string // "" where rows are inserted one by one
}

// Dialect returns "postgres" or "sqlite".
func (s *Store) Dialect() string { return s.dialect }

// Ping checks that the database answers. It does not wait for SQLite's writer.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.read.PingContext(ctx); err != nil {
		return fmt.Errorf("ping the database: %w", err)
	}
	return nil
}

// Close waits for the batches of new messages and then closes all connections.
// Other calls that still run fail.
func (s *Store) Close() error {
	if s.dialect == postgres {
		s.posts.wait()
		s.sessions.wait()
	}
	err := s.write.Close()
	if s.read != s.write {
		err = errors.Join(err, s.read.Close())
	}
	if err != nil {
		return fmt.Errorf("close the database: %w", err)
	}
	return nil
}

// attempts is how often a transaction that lost against another one is tried.
// Before the second attempt it waits for firstPause, and each time for twice as
// long. The winner has to wake up first: an attempt that locks its first row
// again before that would be in the next deadlock with the same transaction.
const (
	attempts   = 5
	firstPause = 10 * time.Millisecond
)

// inTx runs do in a transaction and commits it. If the database rolls the
// transaction back in favour of another one, inTx runs it again. So do may run
// several times: apart from the database it may change only what it overwrites
// each time.
func (s *Store) inTx(ctx context.Context, do func(tx *sql.Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := s.seen(s.tryTx(ctx, do))
		if err == nil || attempt == attempts || !lostRace(err) {
			return err
		}
		pause := time.NewTimer(firstPause << (attempt - 1))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return err
		}
	}
}

func (s *Store) tryTx(ctx context.Context, do func(tx *sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	// no-op after Commit; after an error that error matters more
	defer func() { _ = tx.Rollback() }()
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// lostRace reports whether PostgreSQL rolled the transaction back because of
// another one: a deadlock or a serialization failure.
func lostRace(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (e.Code == "40001" || e.Code == "40P01")
}

// querier is what a transaction and a pool have in common.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// exec runs a statement and returns how many rows it changed.
func exec(ctx context.Context, q querier, query string, args ...any) (int64, error) {
	result, err := q.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// list reads all rows of a query; scan reads one.
func list[T any](ctx context.Context, q querier, scan func(scanner) (T, error), query string, args ...any) (
	[]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// scanner is a row that can be scanned.
type scanner interface{ Scan(into ...any) error }

// notFound turns sql.ErrNoRows into ErrNotFound.
func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return err
}

// isID reports whether s is a lower-case UUID in its usual form. It is checked
// before a query, because PostgreSQL returns an error for a malformed UUID
// where SQLite finds nothing.
func isID(s string) bool {
	id, ok := chat.ParseUUID(s)
	return ok && id == s
}

func fromMS(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// editedAt returns when an edit was made; zero if ms is 0, as there was none.
func editedAt(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return fromMS(ms)
}
