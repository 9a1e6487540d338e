package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// On PostgreSQL, messages that are posted at the same time are added together:
// one round trip, one commit and one wait for the disk for all of them. Alone,
// each message needs six round trips, one commit and one wait. All statements
// are sent at once and form one transaction.

const (
	// limitWait sets how long the transaction waits for a lock.
	limitWait = `SELECT set_config('lock_timeout', $1, true)`

	// lockChats serializes the writers of these chats. It locks in one order,
	// so that no two transactions wait for each other. The statement after it
	// sees what was committed before it got the locks.
	lockChats = `SELECT FROM chats WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE`

	// addMessages adds the messages that are allowed and returns a row for
	// each, in their order: whether its author is a member with an account; the
	// author's name; whether the id is known; and the number, NULL if the id is
	// known, the other member's account is deleted, or one blocks the other, which
	// the last two columns tell. The numbers have no hole, because last_n grows by
	// what was added. OFFSET 0, and coalesce instead of EXISTS, make PostgreSQL
	// look up each row by its key: on a new database the plan would be one for
	// empty tables, and read all of each table every time.
	addMessages = `
WITH given AS (
	SELECT g.*, c.a, c.b, c.last_n, u.name, o.id AS other,
	       (SELECT m.n FROM messages m WHERE m.id = g.id) AS known,
	       coalesce((SELECT TRUE FROM blocks WHERE user_id = g.author AND blocked = o.id), FALSE) AS blocking,
	       coalesce((SELECT TRUE FROM blocks WHERE user_id = o.id AND blocked = g.author), FALSE) AS blocked
	FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::bigint[], $6::text[])
		WITH ORDINALITY g (chat, id, author, text, at, words, place)
	LEFT JOIN LATERAL (SELECT * FROM chats WHERE id = g.chat OFFSET 0) c ON c.a = g.author OR c.b = g.author
	LEFT JOIN LATERAL (SELECT * FROM users WHERE id = g.author OFFSET 0) u ON u.deleted IS NULL
	LEFT JOIN LATERAL (
		SELECT * FROM users WHERE id = CASE g.author WHEN c.a THEN c.b ELSE c.a END OFFSET 0
	) o ON o.deleted IS NULL
), numbered AS (
	SELECT *, last_n + row_number() OVER (PARTITION BY chat ORDER BY place) AS n
	FROM given
	WHERE a IS NOT NULL AND name IS NOT NULL AND other IS NOT NULL AND known IS NULL
	      AND NOT blocking AND NOT blocked
), counted AS (
	UPDATE chats c SET last_n = k.n FROM (SELECT chat, max(n) AS n FROM numbered GROUP BY chat) k
	WHERE c.id = k.chat
), added AS (
	INSERT INTO messages (chat, n, id, author, text, at, words)
	SELECT chat, n, id, author, text, at, CAST(words AS tsvector) FROM numbered ORDER BY place
), touched AS (
	UPDATE members m SET unread = m.unread + k.unread, updated = greatest(m.updated, k.at)
	FROM (
		SELECT chat, member, count(*) FILTER (WHERE author <> member) AS unread, max(at) AS at
		FROM numbered, LATERAL (VALUES (a), (b)) v (member) GROUP BY chat, member
	) k
	WHERE m.chat = k.chat AND m.user_id = k.member
), told AS (
	INSERT INTO outbox (id, user_id, kind, chat, n, author, at)
	SELECT gen_random_uuid(), member, '` + EventMessage + `', chat, n, author, at
	FROM numbered, LATERAL (VALUES (a), (b)) v (member) ORDER BY place
)
SELECT given.a IS NOT NULL AND given.name IS NOT NULL, coalesce(given.name, ''),
       given.known IS NOT NULL, numbered.n, given.blocking, given.blocked
FROM given LEFT JOIN numbered USING (place)
ORDER BY place`
)

type posted = question[Message, Message]

func (s *Store) newPosts() *batcher[Message, Message] {
	return &batcher[Message, Message]{most: maxBatch, lanes: batchLanes, timeout: batchTimeout, do: s.postAll}
}

// postAll answers a batch. If PostgreSQL refuses the batch, its messages are
// tried one by one: an id may be in another batch, a text may be refused, a
// chat may be locked for long by a stalled process. A message with the id of an
// earlier one in the batch is also tried alone.
func (s *Store) postAll(ctx context.Context, batch []*posted, alone bool) (left []*posted) {
	batch, again := distinct(batch)
	err := s.tryPosts(ctx, batch, alone)
	if _, refused := errors.AsType[*pgconn.PgError](err); refused && !alone {
		return append(batch, again...)
	}
	if err != nil {
		for _, p := range batch {
			p.err = err
		}
	}
	return again
}

// distinct splits off messages with the id of an earlier one.
func distinct(batch []*posted) (first, again []*posted) {
	seen := make(map[string]bool, len(batch))
	for _, p := range batch {
		if seen[p.in.ID] {
			again = append(again, p)
			continue
		}
		seen[p.in.ID] = true
		first = append(first, p)
	}
	return first, again
}

// tryPosts adds a batch in one transaction. It retries if another transaction
// wins.
func (s *Store) tryPosts(ctx context.Context, batch []*posted, alone bool) (err error) {
	wait := laneWait
	if alone {
		wait = "0" // no limit but ctx
	}
	for range attempts {
		if err = s.withConn(ctx, func(conn *pgx.Conn) error {
			return addPosts(
				ctx, conn, batch, wait)
		}); !lostRace(err) {
			break
		}
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == uniqueViolation && alone {
		batch[0].err = errRepeated // the id was used in another chat since the statement began
		return nil
	}
	return err
}

// uniqueViolation is PostgreSQL's code for a duplicate key.
const uniqueViolation = "23505"

// withConn lends a connection of the pool as a *pgx.Conn.
func (s *Store) withConn(ctx context.Context, do func(conn *pgx.Conn) error) error {
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return s.seen(conn.Raw(func(driver any) error { return do(driver.(*stdlib.Conn).Conn()) }))
}

// laneWait is how long a batch waits for its chats: a chat that is locked for
// longer must not delay the others.
const laneWait = "200ms"

func addPosts(ctx context.Context, conn *pgx.Conn, batch []*posted, wait string) error {
	n := len(batch)
	chats, ids, texts, words := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	authors, times := make([]int64, n), make([]int64, n)
	for i, p := range batch {
		m := p.in
		chats[i], ids[i], authors[i], texts[i], times[i] = m.Chat, m.ID, m.Author, m.Text, m.At.UnixMilli()
		words[i] = wordsPostgres(m.Chat, m.Text)
	}
	both := &pgx.Batch{}
	both.Queue(limitWait, wait)
	both.Queue(lockChats, slices.Compact(slices.Sorted(slices.Values(chats))))
	both.Queue(addMessages, chats, ids, authors, texts, times, words)
	results := conn.SendBatch(ctx, both)
	defer results.Close()
	for range 2 {
		if _, err := results.Exec(); err != nil {
			return fmt.Errorf("lock chats: %w", err)
		}
	}
	rows, err := results.Query()
	if err != nil {
		return err
	}
	for _, p := range batch {
		var member, known, blocking, blocked bool
		var name string
		var number sql.NullInt64
		if !rows.Next() {
			break
		}
		if err := rows.Scan(&member, &name, &known, &number, &blocking, &blocked); err != nil {
			return err
		}
		switch {
		case !member:
			p.err = ErrNotFound
		case known:
			p.err = errRepeated
		case blocking:
			p.err = ErrBlocking
		case blocked:
			p.err = ErrBlocked
		case !number.Valid:
			p.err = ErrGone
		default:
			p.out, p.err = p.in, nil
			p.out.N, p.out.AuthorName, p.out.At = number.Int64, name, fromMS(p.in.At.UnixMilli())
		}
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return err
	}
	return results.Close() // this commits
}
