package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// expireBatch is how many messages are looked at, and at most deleted, in one transaction: between two of them SQLite's only writer is free
// for others, and PostgreSQL's locks are gone.
const expireBatch = 500

// All of these go along the index of (room, epoch, seq), on both databases: SQLite has none by time.
const (
	selectNextLog = `SELECT room, epoch FROM room_messages WHERE (room, epoch) > ($1, $2) ORDER BY room, epoch LIMIT 1`
	selectNewest  = `SELECT seq, at FROM room_messages WHERE room = $1 AND epoch = $2 ORDER BY seq DESC LIMIT 1`
	countLog      = `SELECT count(*) FROM room_messages WHERE room = $1 AND epoch = $2`
	selectNth     = `SELECT seq FROM room_messages WHERE room = $1 AND epoch = $2 ORDER BY seq DESC LIMIT 1 OFFSET $3`
	selectBatch   = `
SELECT max(seq) FROM (SELECT seq FROM room_messages WHERE room = $1 AND epoch = $2 AND seq > $3 ORDER BY seq LIMIT $4) batch`
	deleteBatch = `DELETE FROM room_messages WHERE room = $1 AND epoch = $2 AND seq > $3 AND seq <= $4 AND (at < $5 OR seq < $6)`
)

// roomLog is what one epoch of a room has in the archive.
type roomLog struct {
	room, epoch string
	seq, at     int64 // of its newest message
}

// ExpireRooms deletes the archived messages that are older than age, and in each room all but the newest count; 0 means without limit. It
// returns how many were deleted, also with an error. It works in small transactions, so servers archive and read meanwhile, and several may
// call it at once; what an error or a cancelled ctx leaves is for the next call.
//
// Which messages of a room are the newest is said by their numbers within an epoch, and between epochs by the time of the last message. A message
// that was put back under another epoch when a log was mended counts twice.
func (s *Store) ExpireRooms(ctx context.Context, now time.Time, age time.Duration, count int64) (deleted int64, err error) {
	if age <= 0 && count <= 0 {
		return 0, nil
	}
	oldest := int64(math.MinInt64)
	if age > 0 {
		oldest = now.Add(-age).UnixMilli()
	}
	var logs []roomLog // of one room
	for next := (roomLog{}); ; {
		next, err = s.nextLog(ctx, next)
		done := errors.Is(err, sql.ErrNoRows)
		if err != nil && !done {
			return deleted, fmt.Errorf("expire room messages: %w", err)
		}
		if len(logs) > 0 && (done || next.room != logs[0].room) {
			n, err := s.expireRoom(ctx, logs, oldest, count)
			if deleted += n; err != nil {
				return deleted, fmt.Errorf("expire room messages: %w", err)
			}
			logs = logs[:0]
		}
		if done {
			return deleted, nil
		}
		logs = append(logs, next)
	}
}

// nextLog returns the log behind another one. sql.ErrNoRows: that was the last.
func (s *Store) nextLog(ctx context.Context, l roomLog) (next roomLog, err error) {
	if err := s.read.QueryRowContext(ctx, selectNextLog, l.room, l.epoch).Scan(&next.room, &next.epoch); err != nil {
		return roomLog{}, err
	}
	err = s.read.QueryRowContext(ctx, selectNewest, next.room, next.epoch).Scan(&next.seq, &next.at)
	if errors.Is(err, sql.ErrNoRows) { // another server has just expired it: an empty log is as good
		err = nil
	}
	return next, err
}

// expireRoom goes through the logs of a room from the newest to the oldest, until count messages are to be kept.
func (s *Store) expireRoom(ctx context.Context, logs []roomLog, oldest, count int64) (deleted int64, err error) {
	slices.SortFunc(logs, func(a, b roomLog) int {
		return cmp.Or(cmp.Compare(b.at, a.at), cmp.Compare(b.seq, a.seq), cmp.Compare(b.epoch, a.epoch))
	})
	left := count
	for _, l := range logs {
		keep := int64(math.MinInt64) // messages from this one on are kept
		if count > 0 {
			if keep, left, err = s.keepFrom(ctx, l, left); err != nil {
				return deleted, err
			}
		}
		n, err := s.expireLog(ctx, l, oldest, keep)
		if deleted += n; err != nil {
			return deleted, err
		}
	}
	return deleted, nil
}

// keepFrom returns the first message of a log that is kept where left messages may be, and how many of the logs before it may be then.
func (s *Store) keepFrom(ctx context.Context, l roomLog, left int64) (seq, rest int64, err error) {
	if left == 0 {
		return math.MaxInt64, 0, nil
	}
	err = s.read.QueryRowContext(ctx, selectNth, l.room, l.epoch, left-1).Scan(&seq)
	if err == nil {
		return seq, 0, nil
	}
	if !errors.Is(err, sql.ErrNoRows) { // else it has fewer
		return 0, 0, err
	}
	var has int64
	if err := s.read.QueryRowContext(ctx, countLog, l.room, l.epoch).Scan(&has); err != nil {
		return 0, 0, err
	}
	return math.MinInt64, max(0, left-has), nil
}

// expireLog deletes what is before keep or older than oldest, from the front, until it comes to a batch that has nothing of the kind. Times do not always
// rise with the numbers, since servers' clocks differ, so one younger message does not end it.
func (s *Store) expireLog(ctx context.Context, l roomLog, oldest, keep int64) (deleted int64, err error) {
	for from := int64(math.MinInt64); ; {
		var to sql.NullInt64
		if err := s.read.QueryRowContext(ctx, selectBatch, l.room, l.epoch, from, expireBatch).Scan(&to); err != nil {
			return deleted, err
		}
		if !to.Valid {
			return deleted, nil
		}
		var n int64
		err := s.inTx(ctx, func(tx *sql.Tx) error {
			n, err = exec(ctx, tx, deleteBatch, l.room, l.epoch, from, to.Int64, oldest, keep)
			return err
		})
		if err != nil {
			return deleted, err
		}
		if deleted += n; n == 0 {
			return deleted, nil
		}
		from = to.Int64
	}
}
