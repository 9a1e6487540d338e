package store

import (
	"context"
	"fmt"
	"time"
)

// A lease lets one process at a time do something. It ends by itself when its holder dies. The database's clock counts, which is the same for all.

const (
	nowPostgres = `(extract(epoch FROM clock_timestamp()) * 1000)::bigint`
	nowSQLite   = `CAST(unixepoch('subsec') * 1000 AS INTEGER)`
)

// takeLease has now twice.
const takeLease = `INSERT INTO leases (name, holder, ends) VALUES ($1, $2, %[1]s + $3)
	ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, ends = excluded.ends
	WHERE leases.holder = excluded.holder OR leases.ends <= %[1]s`

// TryLock takes the lease of that name for a time, or prolongs it; false says that another Store has it. Each opened Store is a holder of its own.
func (s *Store) TryLock(ctx context.Context, name string, ttl time.Duration) (bool, error) {
	n, err := exec(ctx, s.write, fmt.Sprintf(takeLease, s.queries.now), name, s.holder, ttl.Milliseconds())
	if err != nil {
		return false, fmt.Errorf("take the lease %q: %w", name, s.seen(err))
	}
	return n > 0, nil
}

// Unlock gives the lease back. It does nothing if this Store does not have it.
func (s *Store) Unlock(ctx context.Context, name string) error {
	if _, err := exec(ctx, s.write, `DELETE FROM leases WHERE name = $1 AND holder = $2`, name, s.holder); err != nil {
		return fmt.Errorf("give the lease %q back: %w", name, err)
	}
	return nil
}
