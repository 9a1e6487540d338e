package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

const (
	postgres = "postgres"
	sqlite   = "sqlite"

	// maxConns is the largest number of connections that one server holds to
	// PostgreSQL. Queries wait when all are busy: more of them at once would
	// not make PostgreSQL faster, and its own limit (100 by default) is shared
	// by all servers.
	maxConns = 16
	idleTime = 5 * time.Minute // an unused connection is closed after this time
	memory   = ":memory:"
)

// Open opens the database and migrates its tables; several servers may do so at
// once. The url is postgres://USER:PASSWORD@HOST/NAME (PostgreSQL 15 or later,
// settings may follow as in libpq's URLs), sqlite:PATH for a file, or
// sqlite::memory: for a database that lives as long as the Store. Errors do not
// contain the url, which may hold a password.
func Open(ctx context.Context, url string) (*Store, error) {
	var s *Store
	var err error
	path, isSQLite := strings.CutPrefix(url, sqlite+":")
	switch {
	case isSQLite && path != "":
		s, err = openSQLite(path)
	case isPostgres(url):
		s, err = openPostgres(url)
	default:
		err = errURL
	}
	if err != nil {
		return nil, err
	}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("bring the tables up to date: %w", err), s.Close())
	}
	return s, nil
}

var errURL = errors.New("the database's url must be postgres://…, postgresql://… or sqlite:PATH")

func isPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

func newStore(dialect string, q queries) *Store {
	return &Store{dialect: dialect, holder: rand.Text(), queries: q, filesDeleted: make(chan struct{}, 1)}
}

func openPostgres(url string) (*Store, error) {
	config, err := pgx.ParseConfig(url) // its errors hide the password
	if err != nil {
		return nil, fmt.Errorf("read the database's url: %w", err)
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "livechat"
	}
	// The planner's estimate for a full-text search over all chats of a user is
	// high enough to compile the query (JIT), which takes a hundred times as
	// long as the search. This is not a connection parameter because PgBouncer
	// refuses parameters that it does not know.
	db := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "SET jit = off")
		return err
	}))
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxConns)
	db.SetConnMaxIdleTime(idleTime)
	s := newStore(postgres, postgresQueries)
	s.write, s.read = db, db
	s.posts, s.sessions = s.newPosts(), s.newSessions()
	return s, nil
}

var postgresQueries = queries{
	now:       nowPostgres,
	forUpdate: " FOR UPDATE",
	forChange: " FOR NO KEY UPDATE",
	forShare:  " FOR SHARE",
	published: markSent + nowPostgres + ` END
		FROM json_each_text($1::text::json) n WHERE sent <= 0 AND seq = n.key::bigint`,
	resend:       `UPDATE outbox SET sent = -sent WHERE sent > 0 AND user_id = ANY ($1::bigint[])`,
	searchChats:  searchChatsPostgres,
	searchRooms:  searchRoomsPostgres,
	addRoomBatch: addRoomBatchPostgres,
}

func openSQLite(path string) (*Store, error) {
	s := newStore(sqlite, sqliteQueries)
	err := createFile(path)
	if err != nil {
		return nil, fmt.Errorf("open SQLite: %w", err)
	}
	// Transactions take the write lock when they begin: one that began by
	// reading could fail when it first writes.
	if s.write, err = sql.Open(sqlite, sqliteURL(path, "_txlock", "immediate")); err != nil {
		return nil, fmt.Errorf("open SQLite: %w", err)
	}
	s.write.SetMaxOpenConns(1)
	s.read = s.write
	if path == memory { // each connection would have its own database
		return s, nil
	}
	if s.read, err = sql.Open(sqlite, sqliteURL(path, "_pragma", "query_only(1)")); err != nil {
		return nil, errors.Join(fmt.Errorf("open SQLite: %w", err), s.write.Close())
	}
	s.read.SetMaxOpenConns(max(4, runtime.GOMAXPROCS(0)))
	s.read.SetMaxIdleConns(max(4, runtime.GOMAXPROCS(0)))
	return s, nil
}

// openSQLiteToRead opens a file that another process owns. It does not create
// the file.
func openSQLiteToRead(path string) (*Store, error) {
	s := newStore(sqlite, sqliteQueries)
	var err error
	if s.read, err = sql.Open(sqlite, sqliteURL(path, "mode", "rw", "_pragma", "query_only(1)")); err != nil {
		return nil, fmt.Errorf("open SQLite: %w", err)
	}
	s.read.SetMaxOpenConns(readConns)
	s.write = s.read
	return s, nil
}

// createFile creates the file, if it is missing, readable by its owner only.
// SQLite would create it readable by everybody; the files that SQLite puts
// beside it get the same permissions.
func createFile(path string) error {
	if path == memory {
		return nil
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// sqliteURL returns the data source name: the file, and the settings of every
// connection to it. WAL lets readers read while one connection writes. A commit
// still waits for the disk (synchronous stays FULL), because an acknowledged
// message must survive a power cut.
func sqliteURL(path string, further ...string) string {
	// milliseconds
	v := url.Values{"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "foreign_keys(1)"}}
	for i := 0; i < len(further); i += 2 {
		v.Add(further[i], further[i+1])
	}
	if path != memory {
		path = (&url.URL{Path: path}).EscapedPath()
	}
	return "file:" + path + "?" + v.Encode()
}

var sqliteQueries = queries{
	now: nowSQLite,
	published: markSent + nowSQLite + ` END
		FROM json_each($1) n WHERE sent <= 0 AND seq = CAST(n.key AS INTEGER)`,
	resend: `UPDATE outbox SET sent = -sent WHERE sent > 0
		AND user_id IN (SELECT value FROM json_each($1))`,
	searchChats: searchChatsSQLite,
	searchRooms: searchRoomsSQLite,
}
