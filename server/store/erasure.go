package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"
)

// Erasure is the order to erase what somebody has written everywhere, or, if
// Keep, to take the name from it in the archive of the rooms. Package personal
// carries it out, step by step, and keeps here how far it is.
type Erasure struct {
	ID     int64
	Author string // of messages in rooms
	User   int64  // 0: a guest
	Keep   bool
	Asked  time.Time
	Upto   time.Time // the time of the last message that is meant
	Stage  int64
	At     ErasePlace // what was done last in that stage
	// Messages that are erased so far, or without their name. Some may be counted
	// twice after a crash.
	Messages int64
	Due      time.Time // when it goes on
	Finished time.Time // zero: it is not
}

// ErasePlace is a place in a list of what somebody has written, by Room, Seq and
// Epoch: of a room's message where it is, of a chat's message the chat and its
// number.
type ErasePlace struct {
	Room  string
	Seq   int64
	Epoch string
}

const (
	erasureColumns = `id, author, user_id, keep, asked, upto, stage, room, seq, epoch, messages, due, finished`
	selectErasure  = `SELECT ` + erasureColumns + ` FROM erasures `
	// An erasure that is asked for again, or for more, starts from the
	// beginning.
	startErasure = `INSERT INTO erasures (author, user_id, keep, asked, upto, due)
		VALUES ($1, $2, $3, $4, $5, $4) ON CONFLICT (author) WHERE finished = 0 DO UPDATE
		SET keep = erasures.keep AND excluded.keep, asked = excluded.asked, upto = excluded.upto, stage = 0,
			room = '', seq = 0, epoch = '', due = excluded.due`
	accountErasure = `INSERT INTO erasures (author, user_id, keep, asked, upto, due)
		SELECT '@' || name, id, $2, $3, $4, $3 FROM users WHERE id = $1 AND deleted IS NULL`
	saveErasure = `UPDATE erasures SET stage = $3, room = $4, seq = $5, epoch = $6, messages = $7, due = $8
		WHERE id = $1 AND asked = $2 AND finished = 0`
	// The name of a deleted account is nobody's business any more.
	finishErasure = `UPDATE erasures SET finished = $3, messages = $4,
		author = CASE WHEN user_id = 0 THEN author ELSE '' END WHERE id = $1 AND asked = $2 AND finished = 0`
	deleteErasures = `DELETE FROM erasures WHERE finished > 0 AND finished < $1`
)

// forAll is the Upto of an erasure of all that somebody has written.
const forAll = math.MaxInt64

// eraseAccount orders an erasure in the transaction that deletes an account.
func eraseAccount(ctx context.Context, tx *sql.Tx, user int64, keep bool) error {
	if _, err := exec(ctx, tx, accountErasure, user, keep, time.Now().UnixMilli(), int64(forAll)); err != nil {
		return fmt.Errorf("order an erasure: %w", err)
	}
	return nil
}

// Erase orders an erasure of what a guest has written up to now, and returns it.
// If there is one that is not finished, it begins again, for all up to now.
func (s *Store) Erase(ctx context.Context, author string, keep bool, now time.Time) (Erasure, error) {
	err := s.inTx(ctx, func(tx *sql.Tx) error { return eraseGuest(ctx, tx, author, keep, now) })
	if err != nil {
		return Erasure{}, fmt.Errorf("order an erasure: %w", err)
	}
	return s.erasureOf(ctx, s.write, author)
}

// EraseGuest is Erase for an operator.
func (s *Store) EraseGuest(ctx context.Context, by By, author string, keep bool, now time.Time) error {
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		if err := eraseGuest(ctx, tx, author, keep, now); err != nil {
			return err
		}
		return record(ctx, tx, AuditEntry{
			By: by, Action: ActionEraseGuest, Target: AuditTarget{Kind: TargetGuest, ID: author},
		})
	})
	if err != nil {
		return fmt.Errorf("order an erasure: %w", err)
	}
	return nil
}

func eraseGuest(ctx context.Context, tx *sql.Tx, author string, keep bool, now time.Time) error {
	_, err := exec(ctx, tx, startErasure, author, 0, keep, now.UnixMilli(), now.UnixMilli())
	return err
}

// ErasureOf returns the newest erasure of what an author has written.
// ErrNotFound: there was none lately.
func (s *Store) ErasureOf(ctx context.Context, author string) (Erasure, error) {
	return s.erasureOf(ctx, s.read, author)
}

func (s *Store) erasureOf(ctx context.Context, q querier, author string) (Erasure, error) {
	e, err := scanErasure(q.QueryRowContext(ctx, selectErasure+`WHERE author = $1 ORDER BY id DESC LIMIT 1`,
		author))
	if err != nil {
		return Erasure{}, fmt.Errorf("read an erasure: %w", notFound(err))
	}
	return e, nil
}

// Erasures returns up to limit erasures, the newest first, with an id below
// before; 0: all.
func (s *Store) Erasures(ctx context.Context, before int64, limit int) ([]Erasure, error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	all, err := list(ctx, s.read, scanErasure, selectErasure+`WHERE id < $1 ORDER BY id DESC LIMIT $2`, before,
		limit)
	if err != nil {
		return nil, fmt.Errorf("list the erasures: %w", err)
	}
	return all, nil
}

// DueErasure returns the erasure that waits longest to go on. ok is false if none
// is due.
func (s *Store) DueErasure(ctx context.Context, now time.Time) (e Erasure, ok bool, err error) {
	e, err = scanErasure(s.read.QueryRowContext(ctx, selectErasure+
		`WHERE finished = 0 AND due <= $1 ORDER BY due, id LIMIT 1`, now.UnixMilli()))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Erasure{}, false, nil
	case err != nil:
		return Erasure{}, false, fmt.Errorf("look for an erasure: %w", s.seen(err))
	}
	return e, true, nil
}

// SaveErasure keeps how far an erasure is. It does nothing if the erasure has
// begun again meanwhile.
func (s *Store) SaveErasure(ctx context.Context, e Erasure) error {
	_, err := exec(ctx, s.write, saveErasure, e.ID, e.Asked.UnixMilli(), e.Stage, storable(e.At.Room), e.At.Seq,
		storable(e.At.Epoch), e.Messages, e.Due.UnixMilli())
	if err != nil {
		return fmt.Errorf("save an erasure: %w", s.seen(err))
	}
	return nil
}

// FinishErasure ends an erasure. That of an account forgets its author. It does
// nothing if the erasure has begun again meanwhile.
func (s *Store) FinishErasure(ctx context.Context, e Erasure, now time.Time) error {
	_, err := exec(ctx, s.write, finishErasure, e.ID, e.Asked.UnixMilli(), now.UnixMilli(), e.Messages)
	if err != nil {
		return fmt.Errorf("finish an erasure: %w", s.seen(err))
	}
	return nil
}

// ForgetErasures deletes what is known of erasures that were finished before a
// time.
func (s *Store) ForgetErasures(ctx context.Context, before time.Time) error {
	if _, err := exec(ctx, s.write, deleteErasures, before.UnixMilli()); err != nil {
		return fmt.Errorf("forget old erasures: %w", s.seen(err))
	}
	return nil
}

func scanErasure(row scanner) (e Erasure, err error) {
	var asked, upto, due, finished int64
	if err := row.Scan(&e.ID, &e.Author, &e.User, &e.Keep, &asked, &upto, &e.Stage, &e.At.Room, &e.At.Seq,
		&e.At.Epoch, &e.Messages, &due, &finished); err != nil {
		return Erasure{}, err
	}
	e.Asked, e.Upto, e.Due, e.Finished = fromMS(asked), fromMS(upto), fromMS(due), editedAt(finished)
	return e, nil
}
