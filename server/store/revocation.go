package store

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
)

// A revocation records that sessions of a user have ended. It is written in the
// transaction that ends them and stays until ForgetRevocation, so it is not
// lost while Redis is unreachable or when a server stops.

// Revocation is one that was not announced yet. A user has at most one.
type Revocation struct {
	User int64
	n    int64
}

const (
	upsertRevocation = `INSERT INTO revocations (user_id, n) VALUES ($1, $2)
		ON CONFLICT (user_id) DO UPDATE SET n = excluded.n`
	selectRevocation = `SELECT user_id, n FROM revocations WHERE user_id = $1`
	selectRevoked    = `SELECT user_id, n FROM revocations ORDER BY user_id LIMIT $1`
	deleteRevocation = `DELETE FROM revocations WHERE user_id = $1 AND n = $2`
)

// revoke records that sessions of a user ended in this transaction.
func revoke(ctx context.Context, tx *sql.Tx, user int64) error {
	_, err := tx.ExecContext(ctx, upsertRevocation, user, rand.Int64())
	return err
}

// Revocations returns up to limit unannounced revocations, in no particular
// order.
func (s *Store) Revocations(ctx context.Context, limit int) ([]Revocation, error) {
	all, err := list(ctx, s.read, scanRevocation, selectRevoked, limit)
	if err != nil {
		return nil, fmt.Errorf("list revocations: %w", err)
	}
	return all, nil
}

// Revocation returns the unannounced revocation of a user. ErrNotFound: there
// is none.
func (s *Store) Revocation(ctx context.Context, user int64) (Revocation, error) {
	r, err := scanRevocation(s.read.QueryRowContext(ctx, selectRevocation, user))
	if err != nil {
		return Revocation{}, fmt.Errorf("find a revocation: %w", notFound(err))
	}
	return r, nil
}

// ForgetRevocation removes a revocation that was announced. A newer one, from
// sessions that ended since r was read, stays.
func (s *Store) ForgetRevocation(ctx context.Context, r Revocation) error {
	if _, err := s.write.ExecContext(ctx, deleteRevocation, r.User, r.n); err != nil {
		return fmt.Errorf("forget a revocation: %w", err)
	}
	return nil
}

func scanRevocation(row scanner) (r Revocation, err error) {
	err = row.Scan(&r.User, &r.n)
	return r, err
}
