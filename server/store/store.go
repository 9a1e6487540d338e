// Package store keeps what must outlive the servers: accounts, private chats and the archive of the live rooms, in PostgreSQL or,
// for a server that stands alone, in SQLite. It is the only package that speaks SQL.
//
// Both databases get the same queries, but for the full-text search, for lists as parameters, and for what comes with each message, which PostgreSQL is asked for many at a time. Times are kept as Unix
// milliseconds: what comes back is what was given, cut to the millisecond, in UTC. All methods may be called from many goroutines
// at once, and by many servers on one database.
//
// Who may see what is asked here, in the query itself: a method that takes a user answers ErrNotFound for a chat that he is no
// member of, just as for one that does not exist.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
)

// The errors that callers branch on. All others mean that the database could not do it, or not now.
var (
	ErrNotFound = errors.New("not found")         // none, or none of this user's
	ErrTaken    = errors.New("taken")             // another account has the name, or one that looks like it
	ErrConflict = errors.New("id used before")    // the id belongs to another message or chat
	ErrGone     = errors.New("account deleted")   // that of the other member
	errBadID    = errors.New("id is not a UUID")  // a bug of the caller: ids are checked before
	errOneself  = errors.New("chat with oneself") // likewise
)

// Store is an open database.
type Store struct {
	dialect string
	holder  string  // names this Store among those that want a lease
	queries queries // where the two databases differ
	refused refused

	// On PostgreSQL one pool. SQLite has one writer at a time: its connection is taken in turn, instead of failing with "busy".
	write, read *sql.DB

	// What comes with each message, on PostgreSQL; nil on SQLite.
	posts    *batcher[Message, Message]
	sessions *batcher[sessionAt, Session]
}

// queries are those that cannot be the same on both databases.
type queries struct {
	now          string // Unix milliseconds
	forUpdate    string // locks the rows that a query in a transaction has read
	forShare     string // keeps others from changing them
	published    string
	searchChats  string
	searchRooms  string
	addRoomBatch string // "" where rows are added one by one
}

// Dialect says which database this is: "postgres" or "sqlite".
func (s *Store) Dialect() string { return s.dialect }

// Ping asks the database whether it is there. It does not wait for SQLite's writer.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.read.PingContext(ctx); err != nil {
		return fmt.Errorf("ping the database: %w", err)
	}
	return nil
}

// Close ends all connections when new messages are answered for; other calls that still run fail.
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

// attempts is how often a transaction is tried that lost against another one.
const attempts = 5

// inTx runs do in a transaction and commits. A transaction that the database gave up in favour of another one is run again, so do
// may run several times and must change nothing but the database and what it overwrites each time.
func (s *Store) inTx(ctx context.Context, do func(tx *sql.Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := s.seen(s.tryTx(ctx, do))
		if err == nil || attempt == attempts || !lostRace(err) {
			return err
		}
	}
}

func (s *Store) tryTx(ctx context.Context, do func(tx *sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing; after an error that one is told, not this
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// lostRace says whether PostgreSQL undid the whole transaction because of another one: a deadlock or a serialization failure.
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
func list[T any](ctx context.Context, q querier, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
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

// scanner is a row that can be read.
type scanner interface{ Scan(into ...any) error }

// notFound makes ErrNotFound of an empty answer.
func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return err
}

// isID says whether s is a UUID in its usual form, lower case. Asked before the database is: PostgreSQL would answer with an error where
// SQLite finds nothing.
func isID(s string) bool {
	id, err := uuid.Parse(s)
	return err == nil && id.String() == s
}

func fromMS(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
