package store

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"livechat/internal/testpg"
)

// SharedPostgres has migrated databases for all tests that do not stop it.
var SharedPostgres = &testpg.Shared{Prepare: func(url string) error {
	s, err := Open(context.Background(), url)
	if err != nil {
		return err
	}
	return s.Close()
}}

// migratedFile returns the bytes of a migrated SQLite database.
var migratedFile = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "livechat-store-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "livechat.db")
	s, err := Open(context.Background(), "sqlite:"+path)
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil { // puts everything into the file
		return nil, err
	}
	return os.ReadFile(path)
})

// MigratedSQLite creates a migrated database in a file and returns its URL.
func MigratedSQLite(t testing.TB) string {
	t.Helper()
	file, err := migratedFile()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "livechat.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

// Exec runs a statement directly on the database, for tests that break
// something.
func (s *Store) Exec(ctx context.Context, statement string) error {
	_, err := s.write.ExecContext(ctx, statement)
	return err
}

// Holding returns how many archived entries have a word in their text, in their
// members or among their words.
func (s *Store) Holding(ctx context.Context, word string) (n int64, err error) {
	where := ` WHERE text LIKE $1 OR extra LIKE $1`
	if s.dialect == postgres {
		where += ` OR CAST(words AS text) LIKE $1`
	}
	return n, s.read.QueryRowContext(ctx, `SELECT count(*) FROM room_messages`+where, "%"+word+"%").Scan(&n)
}

// HoldingPrivate does the same for private messages.
func (s *Store) HoldingPrivate(ctx context.Context, word string) (n int64, err error) {
	where := ` WHERE text LIKE $1`
	if s.dialect == postgres {
		where += ` OR CAST(words AS text) LIKE $1`
	}
	return n, s.read.QueryRowContext(ctx, `SELECT count(*) FROM messages`+where, "%"+word+"%").Scan(&n)
}

// AddAudit adds entries to the audit log, in one transaction.
func (s *Store) AddAudit(ctx context.Context, entries ...AuditEntry) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		for _, e := range entries {
			if err := record(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// Undo rolls back the newest migration.
func (s *Store) Undo(ctx context.Context) error {
	provider, err := s.migrations()
	if err == nil {
		_, err = provider.Down(ctx)
	}
	return err
}
