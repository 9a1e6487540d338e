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

// expireBatch is the number of messages that one transaction looks at. It
// deletes at most as many. Between two transactions SQLite's only writer is
// free for others, and PostgreSQL's locks are released.
const expireBatch = 500

// All of these use the index on (room, epoch, seq), on both databases: SQLite
// has none by time.
const (
	selectNextLog = `SELECT room, epoch FROM room_messages WHERE (room, epoch) > ($1, $2)
		ORDER BY room, epoch LIMIT 1`
	selectNewest = `SELECT seq, at FROM room_messages WHERE room = $1 AND epoch = $2 ORDER BY seq DESC
		LIMIT 1`
	countLog  = `SELECT count(*) FROM room_messages WHERE room = $1 AND epoch = $2`
	selectNth = `SELECT seq FROM room_messages WHERE room = $1 AND epoch = $2 ORDER BY seq DESC
		LIMIT 1 OFFSET $3`
	selectBatch = `
SELECT max(seq) FROM (SELECT seq FROM room_messages WHERE room = $1 AND epoch = $2 AND seq > $3
ORDER BY seq LIMIT $4) batch`
	inBatch = `WHERE room = $1 AND epoch = $2 AND seq > $3 AND seq <= $4
		AND (at < $5 OR seq < $6)`
	deleteBatch = `DELETE FROM room_messages ` + inBatch
	// A message may have another row, which is in the log. After a summary its
	// message is gone, but reactions may have come later.
	deleteBatchReactions = `DELETE FROM room_reactions WHERE room = $1 AND target IN (
		SELECT id FROM room_messages m ` + inBatch + ` AND type = '' AND ` + inLog + `
		UNION SELECT reacted FROM room_messages ` + inBatch + ` AND type = 'reactions')`
)

// roomLog is the archived part of one epoch of a room.
type roomLog struct {
	room, epoch string
	seq, at     int64 // of its newest message
}

// ExpireRooms deletes archived messages that are older than age, and in each
// room all but the newest count, with their files and who reacted to them; 0
// means no limit. It returns the number of deleted messages, also with an error.
// It works in small transactions, so servers can archive and read meanwhile, and
// several servers may call it at once. The next call continues after an error or
// a cancelled ctx.
//
// The newest messages of a room are determined by their numbers within an
// epoch, and by the time of the last message between epochs. A message that a
// log repair restored under another epoch counts twice.
func (s *Store) ExpireRooms(ctx context.Context, now time.Time, age time.Duration, count int64) (
	deleted int64, err error) {
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

// nextLog returns the log that follows l. sql.ErrNoRows: l was the last.
func (s *Store) nextLog(ctx context.Context, l roomLog) (next roomLog, err error) {
	if err := s.read.QueryRowContext(ctx, selectNextLog, l.room, l.epoch).Scan(
		&next.room, &next.epoch); err != nil {
		return roomLog{}, err
	}
	err = s.read.QueryRowContext(ctx, selectNewest, next.room, next.epoch).Scan(&next.seq, &next.at)
	if errors.Is(err, sql.ErrNoRows) { // another server has just expired it: return an empty log
		err = nil
	}
	return next, err
}

// expireRoom goes through the logs of a room from the newest to the oldest,
// until it has seen the count messages to keep.
func (s *Store) expireRoom(ctx context.Context, logs []roomLog, oldest, count int64) (
	deleted int64, err error) {
	slices.SortFunc(logs, func(a, b roomLog) int {
		return cmp.Or(cmp.Compare(b.at, a.at), cmp.Compare(b.seq, a.seq), cmp.Compare(b.epoch, a.epoch))
	})
	left := count
	for _, l := range logs {
		keep := int64(math.MinInt64) // messages from this number on are kept
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

// keepFrom returns the number of the first message of a log to keep, if left
// messages may be kept, and how many of the earlier logs may be kept then.
func (s *Store) keepFrom(ctx context.Context, l roomLog, left int64) (seq, rest int64, err error) {
	if left == 0 {
		return math.MaxInt64, 0, nil
	}
	err = s.read.QueryRowContext(ctx, selectNth, l.room, l.epoch, left-1).Scan(&seq)
	if err == nil {
		return seq, 0, nil
	}
	if !errors.Is(err, sql.ErrNoRows) { // the log has fewer messages
		return 0, 0, err
	}
	var has int64
	if err := s.read.QueryRowContext(ctx, countLog, l.room, l.epoch).Scan(&has); err != nil {
		return 0, 0, err
	}
	return math.MinInt64, max(0, left-has), nil
}

// expireLog deletes messages before keep or older than oldest, from the front,
// until a batch has none. Times do not always rise with the numbers, because
// servers' clocks differ, so one younger message does not stop it.
func (s *Store) expireLog(ctx context.Context, l roomLog, oldest, keep int64) (deleted int64, err error) {
	for from := int64(math.MinInt64); ; {
		var to sql.NullInt64
		if err := s.read.QueryRowContext(ctx, selectBatch, l.room, l.epoch, from, expireBatch).Scan(
			&to); err != nil {
			return deleted, err
		}
		if !to.Valid {
			return deleted, nil
		}
		var n int64
		err := s.inTx(ctx, func(tx *sql.Tx) error {
			batch := []any{l.room, l.epoch, from, to.Int64, oldest, keep}
			if _, err := exec(ctx, tx, deleteBatchReactions, batch...); err != nil {
				return err
			}
			if err := s.deleteFilesIn(ctx, tx, batch); err != nil {
				return err
			}
			n, err = exec(ctx, tx, deleteBatch, batch...)
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
