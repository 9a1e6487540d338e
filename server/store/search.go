package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// Found is a message that a search has found: one of a private chat (Chat and N) or one of a live room (Room, Epoch and Seq).
type Found struct {
	Chat string // "" for a room's message
	N    int64

	Room, Epoch string // "" for a chat's message
	Seq         int64

	ID     string
	Author string
	Text   string
	At     time.Time
}

// maxSearchWords is how many words of a query count. maxSearchChats is how many of a user's chats are searched, those with the newest
// activity: all of them, for nearly everybody.
const (
	maxSearchWords = 16
	maxSearchChats = "1000"
)

const (
	// foundChat and foundRoom are the same columns out of two tables.
	foundChat = `SELECT m.chat, m.n, '', '', 0, m.id, coalesce(u.name, '` + DeletedName + `'), m.text, m.at `
	foundRoom = `SELECT '', 0, m.room, m.epoch, m.seq, m.id, m.name, m.text, m.at `

	// A chat is a word of its messages' vectors (see the migration), so the index finds what is in it with the words: chat by chat, since all of them
	// in one query cost the index a comparison of each message of each with each. That the message is one of the chat is asked all the same.
	searchChatsPostgres = foundChat + `
FROM (SELECT chat FROM members WHERE user_id = $2 ORDER BY updated DESC, chat DESC LIMIT ` + maxSearchChats + `) k
CROSS JOIN LATERAL (
	SELECT * FROM messages
	WHERE words @@ (CAST($1 AS tsquery) && CAST(quote_literal(k.chat) AS tsquery)) ORDER BY at DESC LIMIT $3
) m
JOIN users u ON u.id = m.author
WHERE m.chat = k.chat
ORDER BY m.at DESC LIMIT $3`
	searchRoomsPostgres = foundRoom + `
FROM room_messages m
WHERE m.words @@ CAST($1 AS tsquery) AND ` + inLog + `
ORDER BY m.at DESC LIMIT $2`

	// FTS5 gives the newest rows first by itself and stops at the limit; CROSS JOIN keeps SQLite from beginning with another table.
	searchChatsSQLite = foundChat + `
FROM messages_words w
CROSS JOIN messages m ON m.rid = w.rowid
JOIN members k ON k.chat = m.chat AND k.user_id = $2
JOIN users u ON u.id = m.author
WHERE w.messages_words MATCH $1
ORDER BY w.rowid DESC LIMIT $3`
	searchRoomsSQLite = foundRoom + `
FROM room_messages_words w
CROSS JOIN room_messages m ON m.rid = w.rowid
WHERE w.room_messages_words MATCH $1 AND ` + inLog + `
ORDER BY w.rowid DESC LIMIT $2`
)

// Search returns up to limit messages that contain all words of the query, the
// newest first, out of the user's chats and the live rooms' archive, as far as
// it is in their logs (see EndEpochs). Words are letters and digits, whole, in
// any case and any normal form; signs separate them. In scripts without spaces
// what is looked for can be anywhere (see words.go). A query without a word
// finds nothing.
func (s *Store) Search(ctx context.Context, user int64, query string, limit int) ([]Found, error) {
	words := queryTerms(query)
	if len(words) == 0 {
		return nil, nil
	}
	var chats, rooms []Found
	err := s.searching(ctx, func(q querier) (err error) {
		if chats, err = s.searchChats(ctx, q, user, words, limit); err != nil {
			return fmt.Errorf("search the chats: %w", err)
		}
		if rooms, err = s.searchRooms(ctx, q, words, limit); err != nil {
			return fmt.Errorf("search the rooms: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	all := append(chats, rooms...)
	slices.SortStableFunc(all, func(a, b Found) int { return cmp.Compare(b.At.UnixMilli(), a.At.UnixMilli()) })
	return all[:min(limit, len(all))], nil
}

// searching runs queries that PostgreSQL gives up by itself after searchLimit: if a
// client goes away, word of that may not reach it. SQLite runs in this process and
// stops when ctx is done.
func (s *Store) searching(ctx context.Context, do func(q querier) error) error {
	if s.dialect == sqlite {
		return do(s.read)
	}
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("begin to search: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it has changed nothing
	if _, err := tx.ExecContext(ctx, limitSearch, searchLimit); err != nil {
		return fmt.Errorf("begin to search: %w", err)
	}
	return do(tx)
}

const (
	searchLimit = "6s" // more than any caller waits
	limitSearch = `SELECT set_config('statement_timeout', $1, true)`
)

func (s *Store) searchChats(ctx context.Context, q querier, user int64, words []term, limit int) ([]Found, error) {
	return list(ctx, q, scanFound, s.queries.searchChats, s.planned(s.match(words), user, limit)...)
}

func (s *Store) searchRooms(ctx context.Context, q querier, words []term, limit int) ([]Found, error) {
	return list(ctx, q, scanFound, s.queries.searchRooms, s.planned(s.match(words), limit)...)
}

// planned makes PostgreSQL plan a query for the given values each time. How to search depends on how common the words are: a plan kept
// for any words can be a thousand times as slow.
func (s *Store) planned(args ...any) []any {
	if s.dialect == postgres {
		return append([]any{pgx.QueryExecModeCacheDescribe}, args...)
	}
	return args
}

// match is a query for all the terms.
func (s *Store) match(terms []term) string {
	if s.dialect == sqlite {
		return matchSQLite(terms)
	}
	return matchPostgres(terms)
}

func scanFound(row scanner) (Found, error) {
	var f Found
	var at int64
	if err := row.Scan(&f.Chat, &f.N, &f.Room, &f.Epoch, &f.Seq, &f.ID, &f.Author, &f.Text, &at); err != nil {
		return Found{}, err
	}
	f.At = fromMS(at)
	return f, nil
}
