package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"time"

	driversqlite "modernc.org/sqlite"
)

// New messages are indexed when they are written. IndexWords indexes the others
// in batches: messages from before the index had its present form, and those
// that an older server or an import writes.

// The triggers on SQLite's tables call this function, so every connection has
// it.
func init() {
	driversqlite.MustRegisterDeterministicScalarFunction(
		"livechat_words", 1, func(_ *driversqlite.FunctionContext, args []driver.Value) (
			driver.Value, error) {
			text, _ := args[0].(string)
			return wordsSQLite(text), nil
		})
}

const (
	unindexedMessages = `SELECT chat, n, text FROM messages WHERE words IS NULL
		LIMIT $1 FOR UPDATE SKIP LOCKED`
	indexMessages = `
UPDATE messages m SET words = CAST(g.words AS tsvector)
FROM unnest($1::text[], $2::bigint[], $3::text[]) g (chat, n, words)
WHERE m.chat = CAST(g.chat AS uuid) AND m.n = g.n`
	unindexedRooms = `SELECT room, epoch, seq, CASE WHEN type = '' THEN text ELSE '' END
		FROM room_messages WHERE words IS NULL
		LIMIT $1 FOR UPDATE SKIP LOCKED`
	indexRooms = `
UPDATE room_messages m SET words = CAST(g.words AS tsvector)
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) g (room, epoch, seq, words)
WHERE m.room = g.room AND m.epoch = g.epoch AND m.seq = g.seq`

	// The unindexed part of a table begins at its lowest row and ends at upto.
	selectUnindexed = `SELECT source, upto FROM unindexed ORDER BY source LIMIT 1`
	selectRids      = `SELECT count(*), coalesce(min(rid), 0) FROM (SELECT rid FROM %s WHERE rid <= $1
		ORDER BY rid DESC LIMIT $2)`
	indexBatch = `INSERT INTO %[1]s_words (rowid, words) SELECT rid, livechat_words(text) FROM %[1]s
		WHERE rid BETWEEN $1 AND $2`
	moveUnindexed = `UPDATE unindexed SET upto = $2 WHERE source = $1`
	endUnindexed  = `DELETE FROM unindexed WHERE source = $1`
)

// IndexWords indexes up to limit messages that searches do not find yet, in one
// transaction, and returns how many; 0 means that all are indexed. Several
// servers may call it at once.
func (s *Store) IndexWords(ctx context.Context, limit int) (n int, err error) {
	index := indexWordsPostgres
	if s.dialect == sqlite {
		index = indexWordsSQLite
	}
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		n, err = index(ctx, tx, limit)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("index words: %w", err)
	}
	return n, nil
}

func indexWordsPostgres(ctx context.Context, tx *sql.Tx, limit int) (int, error) {
	var messages struct {
		chats, words []string
		numbers      []int64
	}
	_, err := list(ctx, tx, func(row scanner) (struct{}, error) {
		var chat, text string
		var n int64
		err := row.Scan(&chat, &n, &text)
		messages.chats, messages.numbers = append(messages.chats, chat), append(messages.numbers, n)
		messages.words = append(messages.words, wordsPostgres(chat, text))
		return struct{}{}, err
	}, unindexedMessages, limit)
	if err != nil {
		return 0, err
	}
	if _, err := tx.ExecContext(ctx, indexMessages, messages.chats, messages.numbers,
		messages.words); err != nil {
		return 0, err
	}
	rooms, err := indexRoomsPostgres(ctx, tx, limit-len(messages.chats))
	return len(messages.chats) + rooms, err
}

func indexRoomsPostgres(ctx context.Context, tx *sql.Tx, limit int) (int, error) {
	var rooms, epochs, words []string
	var seqs []int64
	_, err := list(ctx, tx, func(row scanner) (struct{}, error) {
		var room, epoch, text string
		var seq int64
		err := row.Scan(&room, &epoch, &seq, &text)
		rooms, epochs, seqs = append(rooms, room), append(epochs, epoch), append(seqs, seq)
		words = append(words, wordsPostgres("", text))
		return struct{}{}, err
	}, unindexedRooms, limit)
	if err != nil || len(rooms) == 0 {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, indexRooms, rooms, epochs, seqs, words)
	return len(rooms), err
}

// indexWordsSQLite indexes from the newest message to the oldest.
func indexWordsSQLite(ctx context.Context, tx *sql.Tx, limit int) (n int, err error) {
	for n == 0 {
		var source string
		var upto, from int64
		switch err := tx.QueryRowContext(ctx, selectUnindexed).Scan(&source, &upto); {
		case errors.Is(err, sql.ErrNoRows):
			return 0, nil
		case err != nil:
			return 0, err
		}
		if err := tx.QueryRowContext(ctx, fmt.Sprintf(selectRids, source), upto, limit).Scan(
			&n, &from); err != nil {
			return 0, err
		}
		if n == 0 {
			if _, err := tx.ExecContext(ctx, endUnindexed, source); err != nil {
				return 0, err
			}
			continue
		}
		if _, err := tx.ExecContext(ctx, fmt.Sprintf(indexBatch, source), from, upto); err != nil {
			return 0, err
		}
		if _, err := tx.ExecContext(ctx, moveUnindexed, source, from-1); err != nil {
			return 0, err
		}
	}
	return n, nil
}

const (
	indexPage  = 500                   // messages indexed at a time
	indexPause = 20 * time.Millisecond // between pages, for other queries
	indexLook  = time.Minute           // between looks for more when nothing was left
)

// RunIndexer indexes messages that searches do not find yet until ctx is done:
// those of an older server version and of imports.
func (s *Store) RunIndexer(ctx context.Context, logger *slog.Logger) {
	wait, done := time.NewTimer(0), 0
	defer wait.Stop()
	for {
		select {
		case <-wait.C:
		case <-ctx.Done():
			return
		}
		indexed, err := s.IndexWords(ctx, indexPage)
		if err != nil && ctx.Err() == nil {
			// The Watcher has warned if the database is down.
			logger.Debug("search: cannot index messages", "error", err)
		}
		if done += indexed; indexed > 0 {
			wait.Reset(indexPause)
			continue
		}
		if done > 0 && err == nil {
			logger.Info("search: indexed older messages", "messages", done)
			done = 0
		}
		wait.Reset(indexLook)
	}
}
