package store

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"livechat/internal/testpg"
)

// fillSQLite is fill for SQLite: the same numbers, with the words indexed at
// the end.
const fillSQLite = `
PRAGMA foreign_keys = OFF;
PRAGMA synchronous = OFF;
DROP TRIGGER messages_added;
DROP TRIGGER room_messages_added;
CREATE TEMP TABLE s AS WITH RECURSIVE s (i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM s WHERE i < 999999)
SELECT i FROM s;
BEGIN;
INSERT INTO users (id, name, skeleton, hash, created) SELECT i, 'user' || i, 'user' || i, 'x', i FROM s
WHERE i BETWEEN 1 AND 20000;
INSERT INTO chats (id, a, b, created, last_n)
    SELECT printf('00000000-0000-0000-0000-%012d', i), iif(i <= 200, 1, i), i + 20000, i, CASE WHEN i =
        1 THEN 200000 WHEN i <= 8001 THEN 100 ELSE 0 END
    FROM s WHERE i BETWEEN 1 AND 20000;
INSERT INTO members (chat, user_id, other, updated) SELECT id, a, b % 20000 + 1, created
FROM chats UNION ALL SELECT id, b % 20000 + 1, a, created FROM chats;
INSERT INTO messages (chat, n, id, author, text, at)
    SELECT printf('00000000-0000-0000-0000-%012d', iif(i < 200000, 1, (i - 200000) / 100 + 2)), iif(i <
        200000, i + 1, i % 100 + 1),
        printf('00000000-0000-4000-8000-%012d', i), iif(i < 200000, 1, 7), 'the word' || (i % 1000) ||
            ' only' || (i / 10), i
    FROM s;
INSERT INTO room_messages (room, epoch, seq, id, app, session, name, text, at)
    SELECT 'livechat', '00000000000000aa', i, i, 'A', 's', 'n', 'the word' || (i % 1000) || ' only' ||
        (i / 10), i FROM s WHERE i BETWEEN 1 AND 100000;
INSERT INTO messages_words (rowid, words) SELECT rid, livechat_words(text) FROM messages;
INSERT INTO room_messages_words (rowid, words) SELECT rid, livechat_words(text) FROM room_messages;
COMMIT;
DROP TABLE s;
ANALYZE;`

// nobody creates the rows that an empty database needs to answer at all: one
// user with one chat.
const nobody = `
INSERT INTO users (id, name, skeleton, hash, created)
VALUES (1, 'user1', 'user1', 'x', 1), (2, 'user2', 'user2', 'x', 1);
INSERT INTO chats (id, a, b, created) VALUES ('00000000-0000-0000-0000-000000000001', 1, 2, 1);
INSERT INTO members (chat, user_id, other, updated)
VALUES ('00000000-0000-0000-0000-000000000001', 1, 2, 1);`

// BenchmarkMillion runs the most frequent queries on a database with a million
// messages and on an empty one: go run ./bench -only store. The user has
// 200 chats, one of which holds a fifth of all messages.
func BenchmarkMillion(b *testing.B) {
	dir := b.TempDir()
	server := testpg.New(b)
	for _, db := range []struct{ name, size, url, fill string }{
		{"PostgreSQL", "empty", server.Database(), nobody},
		{"PostgreSQL", "full", server.Database(), fill},
		{"SQLite", "empty", "sqlite:" + filepath.Join(dir, "empty.db"), nobody},
		{"SQLite", "full", "sqlite:" + filepath.Join(dir, "full.db"), fillSQLite},
	} {
		s, err := Open(b.Context(), db.url)
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Exec(b.Context(), db.fill); err != nil {
			b.Fatalf("fill %s: %v", db.name, err)
		}
		for _, q := range probes {
			b.Run(fmt.Sprintf("%s/%s/%s", db.name, q.name, db.size), func(b *testing.B) { q.measure(b, s) })
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// probe is a query that users cause; i is how often it has run before.
type probe struct {
	name string
	ask  func(ctx context.Context, s *Store, i int) (found int, err error)
}

const million = "00000000-0000-0000-0000-000000000001" // the chat with many messages

var probes = []probe{
	{"list of chats", func(ctx context.Context, s *Store, _ int) (int, error) {
		chats, err := s.Chats(ctx, 1, nil, 51)
		return len(chats), err
	}},
	{"newest page of a chat", func(ctx context.Context, s *Store, _ int) (int, error) {
		list, err := s.Messages(ctx, million, 1, 0, 0, 50)
		return len(list), err
	}},
	{"older page of a chat", func(ctx context.Context, s *Store, i int) (int, error) {
		list, err := s.Messages(ctx, million, 1, int64(1000+i*97%190000), 0, 50)
		return len(list), err
	}},
	{"search in chats, a word in 1000 messages", func(ctx context.Context, s *Store, i int) (int, error) {
		terms := queryTerms(fmt.Sprint("word", i%1000))
		found, err := s.searchChats(ctx, s.read, SearchQuery{User: 1, Limit: 50}, terms, newestKey)
		return len(found), err
	}},
	{"search in chats, a word in 10 messages", func(ctx context.Context, s *Store, i int) (int, error) {
		terms := queryTerms(fmt.Sprint("only", i*31%20000))
		found, err := s.searchChats(ctx, s.read, SearchQuery{User: 1, Limit: 50}, terms, newestKey)
		return len(found), err
	}},
	{"search in rooms, a word in 100 messages", func(ctx context.Context, s *Store, i int) (int, error) {
		terms := queryTerms(fmt.Sprint("word", i%1000))
		found, err := s.searchRooms(ctx, s.read, SearchQuery{User: 1, Limit: 50}, terms, newestKey)
		return len(found), err
	}},
	{"search in rooms, a word in all messages", func(ctx context.Context, s *Store, _ int) (int, error) {
		found, err := s.searchRooms(ctx, s.read, SearchQuery{User: 1, Limit: 50}, queryTerms("the"), newestKey)
		return len(found), err
	}},
}

// measure runs the query b.N times and reports how long it took, in
// milliseconds, and how much it found.
func (q probe) measure(b *testing.B, s *Store) {
	took := make([]time.Duration, b.N)
	found := 0
	for i := range took {
		begin := time.Now()
		n, err := q.ask(b.Context(), s, i)
		if err != nil {
			b.Fatal(err)
		}
		took[i] = time.Since(begin)
		found = max(found, n)
	}
	slices.Sort(took)
	for name, p := range map[string]int{"median-ms": 50, "99%-ms": 99} {
		b.ReportMetric(float64(took[(len(took)-1)*p/100].Microseconds())/1000, name)
	}
	b.ReportMetric(float64(found), "found")
}
