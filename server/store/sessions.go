package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Every request looks up its session. On PostgreSQL, concurrent look-ups share
// a query. No look-up is answered by a query that began before it, so a session
// that has ended is invalid at once.

// sessionAt is a look-up of a session at a time in Unix milliseconds.
type sessionAt struct {
	token string // hash of the token
	now   int64
}

const selectSessions = `
SELECT s.token, s.expires, u.id, u.name, u.created, u.role
FROM sessions s JOIN users u ON u.id = s.user_id
WHERE s.token = ANY ($1::bytea[]) AND u.deleted IS NULL`

// Session is the user of a session and the time when it expires.
type Session struct {
	User User
	Ends time.Time
}

// sessionRow is a row of sessions, with its user.
type sessionRow struct {
	token   string
	expires int64
	user    User
}

func (s *Store) newSessions() *batcher[sessionAt, Session] {
	return &batcher[sessionAt, Session]{most: maxBatch, lanes: batchLanes, timeout: batchTimeout,
		do: s.findSessions}
}

func (s *Store) findSessions(ctx context.Context, batch []*question[sessionAt, Session], _ bool) (
	left []*question[sessionAt, Session]) {
	tokens := make([][]byte, len(batch))
	for i, a := range batch {
		tokens[i] = []byte(a.in.token)
	}
	rows, err := list(ctx, s.read, scanSession, selectSessions, tokens)
	found := make(map[string]sessionRow, len(rows))
	for _, r := range rows {
		found[r.token] = r
	}
	for _, a := range batch {
		r, ok := found[a.in.token]
		switch {
		case err != nil:
			a.err = err
		case !ok || r.expires <= a.in.now:
			a.err = sql.ErrNoRows
		default:
			a.out = Session{r.user, fromMS(r.expires)}
		}
	}
	return nil
}

func scanSession(row scanner) (r sessionRow, err error) {
	var token []byte
	var created int64
	err = row.Scan(&token, &r.expires, &r.user.ID, &r.user.Name, &created, &r.user.Role)
	r.token, r.user.Created = string(token), fromMS(created)
	return r, err
}

// endSessions ends all sessions of a user, whose row the transaction has locked,
// and returns how many there were.
func endSessions(ctx context.Context, tx *sql.Tx, user int64) (ended int64, err error) {
	if ended, err = exec(ctx, tx, deleteSessions, user); err != nil {
		return 0, err
	}
	return ended, revoke(ctx, tx, user)
}

// DeleteSession ends a session and leaves a Revocation, as everything does that
// ends sessions. A session that does not exist is no error.
func (s *Store) DeleteSession(ctx context.Context, tokenHash []byte) error {
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		var user int64
		switch err := tx.QueryRowContext(ctx, deleteSession, tokenHash).Scan(&user); {
		case errors.Is(err, sql.ErrNoRows):
			return nil
		case err != nil:
			return err
		}
		return revoke(ctx, tx, user)
	})
	if err != nil {
		return fmt.Errorf("delete a session: %w", err)
	}
	return nil
}

// DeleteSessions ends all sessions of a user, including those being created: it
// waits for them.
func (s *Store) DeleteSessions(ctx context.Context, user int64) error {
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, selectOne+s.queries.forUpdate, user); err != nil {
			return err
		}
		_, err := endSessions(ctx, tx, user)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete a user's sessions: %w", err)
	}
	return nil
}

// DeleteExpired deletes expired sessions and returns how many.
func (s *Store) DeleteExpired(ctx context.Context, now time.Time) (int64, error) {
	n, err := exec(ctx, s.write, deleteExpired, now.UnixMilli())
	if err != nil {
		return 0, fmt.Errorf("delete expired sessions: %w", err)
	}
	return n, nil
}
