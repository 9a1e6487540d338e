package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
)

//go:embed migrations
var embedded embed.FS

// migrationLock is the key of the advisory lock: any number that nothing else
// uses in this database.
const migrationLock = 0x6c697665636861 // "livecha"

// migrations returns the migrations for this kind of database, in order. A
// migration is a script, which the database runs as a whole: goose would read it
// statement by statement, with a buffer of 4 MB for each line that the race
// detector often throws away, which took a seventh of the time of some tests.
func (s *Store) migrations() (*goose.Provider, error) {
	paths, err := fs.Glob(embedded, "migrations/"+s.dialect+"/*.sql")
	if err != nil {
		return nil, err
	}
	var all []*goose.Migration
	for _, name := range paths {
		text, err := embedded.ReadFile(name)
		if err != nil {
			return nil, err
		}
		version, err := goose.NumericComponent(name)
		if err != nil {
			return nil, err
		}
		up, down, ok := strings.Cut(string(text), "-- +goose Down\n")
		if !ok || !strings.Contains(up, "-- +goose Up\n") {
			return nil, fmt.Errorf("%s lacks a part", name)
		}
		all = append(all, goose.NewGoMigration(version, script(name, up), script(name, down)))
	}
	dialect := goose.DialectPostgres
	if s.dialect == sqlite {
		dialect = goose.DialectSQLite3
	}
	return goose.NewProvider(dialect, s.write, nil, goose.WithGoMigrations(all...))
}

// script runs a text of many statements in the transaction of a migration.
func script(name, text string) *goose.GoFunc {
	return &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("%s: %w", path.Base(name), err)
		}
		return nil
	}}
}

// migrate applies the migrations that this database lacks. One server does so
// at a time: the others wait and then find nothing to do.
func (s *Store) migrate(ctx context.Context) error {
	provider, err := s.migrations()
	if err != nil {
		return err
	}
	if s.dialect == sqlite {
		return migrateAgain(ctx, provider)
	}
	// The lock belongs to a transaction, so it is released with the connection,
	// and works through a PgBouncer in transaction mode. With goose's own lock,
	// the second server would retry only after seconds.
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(migrationLock)); err != nil {
		return fmt.Errorf("wait for other servers' migrations: %w", err)
	}
	_, err = provider.Up(ctx)
	return err
}

// migrateAgain runs the migrations of SQLite, which has no lock apart from its
// tables. Each migration is a transaction that records itself. If two processes
// run one at the same time, one fails as a whole, retries, and finds the work
// done.
func migrateAgain(ctx context.Context, provider *goose.Provider) error {
	const tries, pause = 20, 50 * time.Millisecond
	for try := 1; ; try++ {
		_, err := provider.Up(ctx)
		if err == nil || try == tries {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}
