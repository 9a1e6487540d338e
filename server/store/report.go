package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"livechat/server/chat"
)

// A report tells those who moderate a room of a message. It has a copy of the
// text as it was then, which is gone when the message is deleted.

const (
	// MaxReports is how many open reports a room has at most.
	MaxReports = 1000
	// closedAge is how long a report is kept after it was closed, openAge how long
	// one that nobody closes.
	closedAge = 30 * 24 * time.Hour
	openAge   = 180 * 24 * time.Hour
)

// ErrTooManyReports says that a room has as many open reports as it may have.
var ErrTooManyReports = errors.New("too many open reports in this room")

// Report is a report on a message of a room.
type Report struct {
	ID           int64 // given by the database
	Room         string
	Message      chat.Message // Seq, ID, Author, Session, Name and Text; no text once it is deleted
	Reporter     chat.Subject // an account or a guest
	ReporterName string       // of an account
	Reason       string
	At           time.Time
	Closed       time.Time // zero: it is open
	ClosedBy     string
	Outcome      string // what was done, in a word
}

const (
	reportColumns = `room, seq, target, author, session, name, text, reporter, reporter_name, reason, at`
	addReport     = `INSERT INTO reports (` + reportColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (room, target, author, session, reporter) WHERE closed = 0 DO NOTHING`
	countReports  = `SELECT count(*) FROM (SELECT 1 FROM reports WHERE room = $1 AND closed = 0 LIMIT $2) open`
	selectReports = `SELECT id, ` + reportColumns + `, closed, closed_by, outcome FROM reports `
	inRoom        = `AND room = $3 `
	newestReports = `ORDER BY id DESC LIMIT $2`
	openReports   = selectReports + `WHERE closed = 0 AND id < $1 `
	closedReports = selectReports + `WHERE closed > 0 AND id < $1 `
	closeReport   = `UPDATE reports SET closed = $3, closed_by = $4, outcome = $5
		WHERE id = $1 AND room = $2 AND closed = 0`
	selectReport = selectReports + `WHERE id = $1 AND room = $2`
	// Of the text and the author a delete is about.
	eraseReports = `UPDATE reports SET text = '' WHERE room = $1 AND target = $2 AND author = $3
		AND (author <> '' OR session = $4)`
	isDeleted = `SELECT EXISTS (SELECT 1 FROM room_messages WHERE room = $1 AND target = $2 AND target <> ''
		AND type = 'delete' AND author = $3 AND (author <> '' OR session = $4))`
	dropClosed = `DELETE FROM reports WHERE id IN (SELECT id FROM reports
		WHERE closed > 0 AND closed < $1 ORDER BY closed LIMIT $2)`
	dropOpen = `DELETE FROM reports WHERE id IN (SELECT id FROM reports
		WHERE closed = 0 AND at < $1 ORDER BY at LIMIT $2)`
)

// AddReport adds a report. isNew is false if there is an open one on this
// message by the same person. ErrTooManyReports.
func (s *Store) AddReport(ctx context.Context, r Report) (isNew bool, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		// A delete that is archived at this moment finds this report, or is found.
		if err := s.lockEdits(ctx, tx, nil); err != nil {
			return err
		}
		var open int
		if err := tx.QueryRowContext(ctx, countReports, r.Room, MaxReports).Scan(&open); err != nil {
			return err
		}
		if open >= MaxReports {
			return ErrTooManyReports
		}
		m, deleted := r.Message, false
		if err := tx.QueryRowContext(ctx, isDeleted, r.Room, m.ID, m.Author, m.Session).Scan(&deleted); err != nil {
			return err
		}
		if deleted {
			m.Text = ""
		}
		n, err := exec(ctx, tx, addReport, r.Room, int64(m.Seq), m.ID, storable(m.Author), storable(m.Session),
			storable(m.Name), storable(m.Text), string(r.Reporter), storable(r.ReporterName),
			storable(r.Reason), r.At.UnixMilli())
		isNew = n > 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("add a report: %w", err)
	}
	return isNew, nil
}

// Reports returns up to limit reports, the newest first, open or closed ones: of
// a room or, if that is empty, of all; those before a number, unless that is 0.
func (s *Store) Reports(ctx context.Context, room string, closed bool, before int64, limit int) (
	[]Report, error) {
	question := openReports
	if closed {
		question = closedReports
	}
	if before == 0 {
		before = math.MaxInt64
	}
	args := []any{before, limit}
	if room != "" {
		question += inRoom
		args = append(args, room)
	}
	all, err := list(ctx, s.read, scanReport, question+newestReports, args...)
	if err != nil {
		return nil, fmt.Errorf("list reports: %w", s.seen(err))
	}
	return all, nil
}

// CloseReport closes an open report of a room, and returns it. ErrNotFound:
// there is no such report, or it is closed.
func (s *Store) CloseReport(ctx context.Context, room string, id int64, now time.Time, by, outcome string,
	also func(Report) Also) (r Report, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		n, err := exec(ctx, tx, closeReport, id, room, now.UnixMilli(), storable(by), storable(outcome))
		switch {
		case err != nil:
			return err
		case n == 0:
			return ErrNotFound
		}
		if r, err = scanReport(tx.QueryRowContext(ctx, selectReport, id, room)); err != nil {
			return notFound(err)
		}
		if do := also(r); do != nil {
			return do(ctx, &Tx{tx})
		}
		return nil
	})
	if err != nil {
		return Report{}, fmt.Errorf("close a report: %w", err)
	}
	return r, nil
}

// ExpireReports deletes reports that were closed long ago, or that nobody has
// closed for long, at most expireBatch in a transaction. It returns how many.
func (s *Store) ExpireReports(ctx context.Context, now time.Time) (deleted int64, err error) {
	for drop, age := range map[string]time.Duration{dropClosed: closedAge, dropOpen: openAge} {
		for n := int64(expireBatch); n == expireBatch; {
			if n, err = exec(ctx, s.write, drop, now.Add(-age).UnixMilli(), expireBatch); err != nil {
				return deleted, fmt.Errorf("expire reports: %w", s.seen(err))
			}
			deleted += n
		}
	}
	return deleted, nil
}

func scanReport(row scanner) (r Report, err error) {
	var at, closed, seq int64
	err = row.Scan(&r.ID, &r.Room, &seq, &r.Message.ID, &r.Message.Author, &r.Message.Session, &r.Message.Name,
		&r.Message.Text, &r.Reporter, &r.ReporterName, &r.Reason, &at, &closed, &r.ClosedBy, &r.Outcome)
	r.Message.Seq, r.At, r.Closed = uint64(seq), fromMS(at), editedAt(closed)
	return r, err
}
