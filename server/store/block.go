package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// An account blocks others whose private messages it does not want. Neither of
// the two can write to the other then.

var (
	ErrBlocking      = errors.New("blocked by oneself") // the other account
	ErrBlocked       = errors.New("blocked")            // by the other account
	ErrTooManyBlocks = errors.New("too many blocked accounts")
)

// MaxBlocks is how many others an account may block.
const MaxBlocks = 1000

// Block is an account that another one has blocked.
type Block struct {
	Name  string
	Since time.Time
}

const (
	// Of an account that is not deleted. SQLite has one writer at a time;
	// PostgreSQL locks both accounts before.
	insertBlock = `INSERT INTO blocks (user_id, blocked, since)
		SELECT $1, id, $3 FROM users WHERE id = $2 AND deleted IS NULL ON CONFLICT DO NOTHING`
	deleteBlock  = `DELETE FROM blocks WHERE user_id = $1 AND blocked = $2`
	deleteBlocks = `DELETE FROM blocks WHERE user_id = $1 OR blocked = $1`
	countBlocks  = `SELECT count(*) FROM blocks WHERE user_id = $1`
	selectBlocks = `SELECT u.name, b.since FROM blocks b JOIN users u ON u.id = b.blocked
		WHERE b.user_id = $1 AND u.name > $2 ORDER BY u.name LIMIT $3`
	// Two booleans: whether $1 blocks $2, and $2 blocks $1.
	selectBlocked = `SELECT EXISTS (SELECT 1 FROM blocks WHERE user_id = $1 AND blocked = $2),
		EXISTS (SELECT 1 FROM blocks WHERE user_id = $2 AND blocked = $1)`
)

// Block has user block another account. changed is false if it did so already. A
// message that is being added at that moment may be committed after it.
// ErrNotFound: one of them is unknown or deleted. ErrTooManyBlocks: user blocks
// MaxBlocks others.
func (s *Store) Block(ctx context.Context, user, other int64, now time.Time) (changed bool, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		changed, err = s.block(ctx, tx, user, other, now)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("block an account: %w", err)
	}
	return changed, nil
}

func (s *Store) block(ctx context.Context, tx *sql.Tx, user, other int64, now time.Time) (bool, error) {
	// Meanwhile neither is deleted, nor does one block others, nor is a chat of
	// the two made: createChat takes a lock that this one excludes.
	known, err := list(ctx, tx, scanID, selectTwoUsers+s.queries.forChange, user, other)
	if err != nil {
		return false, err
	}
	if len(known) != 2 {
		return false, ErrNotFound
	}
	n, err := exec(ctx, tx, insertBlock, user, other, now.UnixMilli())
	if err != nil || n == 0 {
		return false, err
	}
	var all int64
	if err := tx.QueryRowContext(ctx, countBlocks, user).Scan(&all); err != nil {
		return false, err
	}
	if all > MaxBlocks {
		return false, ErrTooManyBlocks
	}
	return true, nil
}

// Unblock ends a block. changed is false if there was none.
func (s *Store) Unblock(ctx context.Context, user, other int64) (changed bool, err error) {
	n, err := exec(ctx, s.write, deleteBlock, user, other)
	if err != nil {
		return false, fmt.Errorf("unblock an account: %w", s.seen(err))
	}
	return n > 0, nil
}

// Blocks returns up to limit of the accounts that user blocks, by name, after a
// name.
func (s *Store) Blocks(ctx context.Context, user int64, after string, limit int) ([]Block, error) {
	all, err := list(ctx, s.read, func(row scanner) (b Block, err error) {
		var since int64
		err = row.Scan(&b.Name, &since)
		b.Since = fromMS(since)
		return b, err
	}, selectBlocks, user, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list blocked accounts: %w", err)
	}
	return all, nil
}

// checkBlocked returns ErrBlocking or ErrBlocked if one of two accounts blocks
// the other.
func checkBlocked(ctx context.Context, tx *sql.Tx, user, other int64) error {
	var blocking, blocked bool
	if err := tx.QueryRowContext(ctx, selectBlocked, user, other).Scan(&blocking, &blocked); err != nil {
		return err
	}
	switch {
	case blocking:
		return ErrBlocking
	case blocked:
		return ErrBlocked
	}
	return nil
}
