package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

//go:embed migrations
var embedded embed.FS

// migrationLock is the key of the advisory lock: any number that nothing else
// uses in this database.
const migrationLock = 0x6c697665636861 // "livecha"

// migrations returns the migrations for this kind of database, in order.
func (s *Store) migrations() (*goose.Provider, error) {
	files, err := fs.Sub(embedded, "migrations/"+s.dialect)
	if err != nil {
		return nil, err
	}
	dialect := goose.DialectPostgres
	if s.dialect == sqlite {
		dialect = goose.DialectSQLite3
	}
	return goose.NewProvider(dialect, s.write, files)
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
