package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// Found is a search result: a message of a private chat (Chat and N) or of a
// live room (Room, Epoch and Seq).
type Found struct {
	Chat string // "" for a message of a room
	N    int64

	Room, Epoch string // "" for a message of a chat
	Seq         int64

	ID     string
	Author string
	Text   string
	Extra  string // see RoomMessage; of a private message, its files
	At     time.Time

	Reactions string // see RoomMessage
}

// SearchQuery is what a search is for.
type SearchQuery struct {
	User   int64  // whose chats and closed rooms are searched, too; 0 for none
	Words  string // all of them must be in a message
	Room   string // only messages of this room; "" for all rooms and the user's chats
	From   string // only messages by this name, in any case (of ASCII letters); "" for all
	Before string // next of the page before; "" for the first page
	Limit  int
}

// maxSearchWords is how many words of a query count. maxSearchChats is how many
// of a user's chats are searched, those with the newest activity first; nearly
// all users have fewer.
const (
	maxSearchWords = 16
	maxSearchChats = "1000"
)

const (
	// foundChat and foundRoom select the same columns from two tables. What
	// precedes is the row's place in the order of SQLite.
	foundChat = `m.chat, m.n, '', '', 0, m.id, coalesce(u.name, '` + DeletedName + `'), m.text,
		CASE m.files WHEN '' THEN '' ELSE '"files":' || m.files END, m.at, m.reactions `
	foundRoom = `'', 0, m.room, m.epoch, m.seq, m.id, m.name, m.text, m.extra, m.at,
		m.reactions `

	// A chat's id is a word of the vector of its messages (see the migration),
	// so the index finds the words within a chat. It searches chat by chat: for
	// all chats in one query the index would compare each message of each with
	// each. The chat of the message is checked all the same.
	searchChatsPostgres = `SELECT 0, ` + foundChat + `
FROM (SELECT chat, user_id, other FROM members WHERE user_id = $2 ORDER BY updated DESC, chat DESC
LIMIT ` + maxSearchChats + `) k
CROSS JOIN LATERAL (
	SELECT * FROM messages
	WHERE words @@ (CAST($1 AS tsquery) && CAST(quote_literal(k.chat) AS tsquery))
	AND at <= $5 AND (at, chat, n) < ($5, CAST($6 AS uuid), $7)
	AND ($4 = '' OR author IN (
		SELECT id FROM users WHERE id IN (k.user_id, k.other) AND lower(name) = lower($4)))
	ORDER BY at DESC, chat DESC, n DESC LIMIT $3
) m
JOIN users u ON u.id = m.author
WHERE m.chat = k.chat
ORDER BY m.at DESC, m.chat DESC, m.n DESC LIMIT $3`

	// FTS5 returns the newest rows first and stops at the limit. CROSS JOIN
	// keeps SQLite from starting with another table.
	searchChatsSQLite = `SELECT m.rid, ` + foundChat + `
FROM messages_words w
CROSS JOIN messages m ON m.rid = w.rowid
JOIN members k ON k.chat = m.chat AND k.user_id = $2
JOIN users u ON u.id = m.author
WHERE w.messages_words MATCH $1 AND w.rowid < $5 AND ($4 = '' OR lower(u.name) = lower($4))
ORDER BY w.rowid DESC LIMIT $3`
)

var (
	searchRoomsPostgres = `SELECT 0, ` + foundRoom + `
FROM room_messages m
WHERE m.words @@ CAST($1 AS tsquery) AND ` + inLog + `
AND m.at <= $5 AND (m.at, m.room, m.epoch, m.seq) < ($5, $6, $7, $8)
AND ($3 = '' OR m.room = $3) AND ($4 = '' OR lower(m.name) = lower($4))
` + searchable(`$9`, `$10`) + `
ORDER BY m.at DESC, m.room DESC, m.epoch DESC, m.seq DESC LIMIT $2`

	searchRoomsSQLite = `SELECT m.rid, ` + foundRoom + `
FROM room_messages_words w
CROSS JOIN room_messages m ON m.rid = w.rowid
WHERE w.room_messages_words MATCH $1 AND w.rowid < $5 AND ` + inLog + `
AND ($3 = '' OR m.room = $3) AND ($4 = '' OR lower(m.name) = lower($4))
` + searchable(`$6`, `$7`) + `
ORDER BY w.rowid DESC LIMIT $2`
)

// searchable is the condition that a user may read the room of a message. If one
// room is searched ($3), that is asked once: asked of each message, it makes
// PostgreSQL read all matches in the room before it sorts them.
func searchable(user, now string) string {
	return `AND ($3 = '' OR NOT ` + hiddenFrom(`CAST($3 AS TEXT)`, user, now) + `)
AND NOT ` + hiddenFrom(`CASE WHEN $3 = '' THEN m.room END`, user, now)
}

// Search returns up to limit messages that contain all words of the query, the
// newest first, from the user's chats and from the archive of those live rooms
// that the user may read
// (without messages past the end of their epoch, see EndEpochs). Words are
// whole runs of letters and digits, in any case and any normal form;
// punctuation separates them. In scripts without spaces the search text may be
// anywhere (see words.go). A query without a word finds nothing.
//
// next is the Before of the page that follows, and "" on the last one. Messages
// that come in between change no later page. ErrBadCursor: Before is not a next.
func (s *Store) Search(ctx context.Context, q SearchQuery) (found []Found, next string, err error) {
	place, err := s.parseSearchPlace(q.Before)
	if err != nil {
		return nil, "", err
	}
	words := queryTerms(q.Words)
	if len(words) == 0 {
		return nil, "", nil
	}
	var chats, rooms []hit
	q.Limit++ // one more tells whether a page follows
	err = s.searching(ctx, func(db querier) (err error) {
		if q.User != 0 && q.Room == "" {
			if chats, err = s.searchChats(ctx, db, q, words, place.Chats); err != nil {
				return fmt.Errorf("search the chats: %w", err)
			}
		}
		if rooms, err = s.searchRooms(ctx, db, q, words, place.Rooms); err != nil {
			return fmt.Errorf("search the rooms: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	found, isLast := place.take(chats, rooms, q.Limit-1)
	slices.SortStableFunc(found, func(a, b Found) int { return b.At.Compare(a.At) })
	if isLast {
		return found, "", nil
	}
	return found, place.text(), nil
}

// searching runs queries with a statement timeout of searchLimit on PostgreSQL,
// which may not notice that the client has gone. SQLite runs in this process
// and stops when ctx ends.
func (s *Store) searching(ctx context.Context, do func(q querier) error) error {
	if s.dialect == sqlite {
		return do(s.read)
	}
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("begin to search: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // nothing was changed
	if _, err := tx.ExecContext(ctx, limitSearch, searchLimit); err != nil {
		return fmt.Errorf("begin to search: %w", err)
	}
	return do(tx)
}

const (
	searchLimit = "6s" // longer than any caller waits
	limitSearch = `SELECT set_config('statement_timeout', $1, true)`
)

func (s *Store) searchChats(ctx context.Context, db querier, q SearchQuery, words []term, from searchKey) (
	[]hit, error) {
	args := s.planned(s.match(words), q.User, q.Limit, q.From)
	if s.dialect == postgres {
		args = append(args, from.At, from.ID, from.N)
	} else {
		args = append(args, from.Row)
	}
	return list(ctx, db, scanHit, s.queries.searchChats, args...)
}

func (s *Store) searchRooms(ctx context.Context, db querier, q SearchQuery, words []term, from searchKey) (
	[]hit, error) {
	args := s.planned(s.match(words), q.Limit, q.Room, q.From)
	if s.dialect == postgres {
		args = append(args, from.At, from.ID, from.Epoch, from.N)
	} else {
		args = append(args, from.Row)
	}
	args = append(args, q.User, time.Now().UnixMilli()) // for closed rooms
	return list(ctx, db, scanHit, s.queries.searchRooms, args...)
}

// planned makes PostgreSQL plan a query for the given values each time. The
// best plan depends on how common the words are: a generic one can be a
// thousand times as slow.
func (s *Store) planned(args ...any) []any {
	if s.dialect == postgres {
		return append([]any{pgx.QueryExecModeCacheDescribe}, args...)
	}
	return args
}

// match returns a query for all the terms.
func (s *Store) match(terms []term) string {
	if s.dialect == sqlite {
		return matchSQLite(terms)
	}
	return matchPostgres(terms)
}

func scanHit(row scanner) (hit, error) {
	var h hit
	var at int64
	if err := row.Scan(&h.row, &h.Chat, &h.N, &h.Room, &h.Epoch, &h.Seq, &h.ID, &h.Author, &h.Text,
		&h.Extra, &at, &h.Reactions); err != nil {
		return hit{}, err
	}
	h.At = fromMS(at)
	return h, nil
}
