package store

import (
	"context"
	"fmt"
	"time"
)

// A lease lets one process at a time do something. It expires when its holder
// dies. Only the database's clock counts, because it is the same for all.

const (
	nowPostgres = `(extract(epoch FROM clock_timestamp()) * 1000)::bigint`
	nowSQLite   = `CAST(unixepoch('subsec') * 1000 AS INTEGER)`
)

// takeLease uses the current time twice.
const takeLease = `INSERT INTO leases (name, holder, ends) VALUES ($1, $2, %[1]s + $3)
	ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, ends = excluded.ends
	WHERE leases.holder = excluded.holder OR leases.ends <= %[1]s`

// TryLock takes or extends the named lease for ttl. It returns false if another
// Store holds it. Each opened Store is a holder.
func (s *Store) TryLock(ctx context.Context, name string, ttl time.Duration) (bool, error) {
	n, err := exec(ctx, s.write, fmt.Sprintf(takeLease, s.queries.now), name, s.holder, ttl.Milliseconds())
	if err != nil {
		return false, fmt.Errorf("take the lease %q: %w", name, s.seen(err))
	}
	return n > 0, nil
}

// Unlock releases the lease. It does nothing if this Store does not hold it.
func (s *Store) Unlock(ctx context.Context, name string) error {
	if _, err := exec(ctx, s.write, `DELETE FROM leases WHERE name = $1
		AND holder = $2`, name, s.holder); err != nil {
		return fmt.Errorf("release the lease %q: %w", name, err)
	}
	return nil
}
