package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Message is what one member wrote in a private chat.
type Message struct {
	ID         string // UUID, lower case, given by its author's client
	Chat       string
	N          int64 // dense from 1 in its chat
	Author     int64
	AuthorName string // DeletedName once the account is deleted
	Text       string
	At         time.Time
}

const (
	// countMessage takes the next number. The row stays locked until the commit, so the next writer's number is committed later:
	// whoever sees n has all before it. It asks in the same breath whether the author is a member, and whether he and the other one still have
	// their accounts.
	countMessage = `
UPDATE chats SET last_n = last_n + 1
WHERE id = $1 AND (a = $2 OR b = $2) AND EXISTS (SELECT 1 FROM users WHERE id = $2 AND deleted IS NULL)
RETURNING last_n, a, b, (SELECT name FROM users WHERE id = $2), EXISTS (SELECT 1 FROM users WHERE id IN (a, b) AND id <> $2 AND deleted IS NULL)`
	insertMessage = `INSERT INTO messages (chat, n, id, author, text, at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING`
	touchMembers  = `
UPDATE members
SET unread = unread + CASE WHEN user_id = $2 THEN 0 ELSE 1 END, updated = CASE WHEN updated < $3 THEN $3 ELSE updated END
WHERE chat = $1`

	// The name is looked up in the list of columns and not by a join, which PostgreSQL might do first: for the plan that it keeps for any
	// value it takes each chat for a small one, and would then sort a large one by author and again by n for every page.
	selectMessages = `
SELECT m.id, m.chat, m.n, m.author, coalesce((SELECT u.name FROM users u WHERE u.id = m.author), '` + DeletedName + `'), m.text, m.at
FROM messages m
`
	selectMessage        = selectMessages + `WHERE m.id = $1`
	selectMessagesBefore = selectMessages + `WHERE m.chat = $1 AND m.n < $2 AND m.n > $3 ORDER BY m.n DESC LIMIT $4`
	selectMessagesAfter  = selectMessages + `WHERE m.chat = $1 AND m.n > $2 ORDER BY m.n LIMIT $3`

	selectRead   = `SELECT read_n FROM members WHERE chat = $1 AND user_id = $2`
	selectLast   = `SELECT last_n, a, b FROM chats WHERE id = $1`
	countUnread  = `SELECT count(*) FROM messages WHERE chat = $1 AND n > $2 AND author <> $3`
	updateMember = `UPDATE members SET read_n = $3, unread = $4 WHERE chat = $1 AND user_id = $2`
)

// errRepeated ends a transaction whose message is there already.
var errRepeated = errors.New("message is there already")

// AddMessage appends to a chat: m's ID, Chat, Author, Text and At are given, the answer has N and AuthorName too. The events for both
// members are written in the same transaction. The same ID again by the same author in the same chat with the same text returns the first
// one, and created is false; any other use of a known ID is ErrConflict. ErrNotFound: there is no such chat, or Author is no member.
// ErrGone: nobody would read it, since the other member's account is deleted. None is added once DeleteUser has returned.
func (s *Store) AddMessage(ctx context.Context, m Message) (stored Message, created bool, err error) {
	switch {
	case !isID(m.Chat):
		err = ErrNotFound
	case !isID(m.ID):
		err = errBadID
	case s.dialect == postgres:
		stored, err = s.posts.ask(ctx, m)
	default:
		err = s.inTx(ctx, func(tx *sql.Tx) error {
			stored, err = addMessage(ctx, tx, m)
			return err
		})
	}
	if errors.Is(err, errRepeated) {
		stored, err = s.repeated(ctx, m)
		return stored, false, err
	}
	if err != nil {
		return Message{}, false, fmt.Errorf("add a message: %w", err)
	}
	return stored, true, nil
}

func addMessage(ctx context.Context, tx *sql.Tx, m Message) (Message, error) {
	m.At = fromMS(m.At.UnixMilli())
	at := m.At.UnixMilli()
	var a, b int64
	var heard bool
	if err := tx.QueryRowContext(ctx, countMessage, m.Chat, m.Author).Scan(&m.N, &a, &b, &m.AuthorName, &heard); err != nil {
		return Message{}, notFound(err)
	}
	added, err := exec(ctx, tx, insertMessage, m.Chat, m.N, m.ID, m.Author, m.Text, at)
	if err != nil {
		return Message{}, err
	}
	if added == 0 {
		return Message{}, errRepeated // and the rollback gives the number back
	}
	if !heard {
		return Message{}, ErrGone // likewise. It is asked last: what was added before the deletion has its old answer
	}
	if _, err := tx.ExecContext(ctx, touchMembers, m.Chat, m.Author, at); err != nil {
		return Message{}, err
	}
	return m, addEvents(ctx, tx, event{kind: EventMessage, chat: m.Chat, n: m.N, author: m.Author, at: at}, a, b)
}

// repeated returns the message that has m's ID, if it is the same one. It looks where it was written, not at a follower.
func (s *Store) repeated(ctx context.Context, m Message) (Message, error) {
	first, err := scanMessage(s.write.QueryRowContext(ctx, selectMessage, m.ID))
	if err == nil && (first.Chat != m.Chat || first.Author != m.Author || first.Text != m.Text) {
		err = ErrConflict
	}
	if err != nil {
		return Message{}, fmt.Errorf("add a message again: %w", notFound(err))
	}
	return first, nil
}

// FromStart is the after of a first page that begins with the oldest message, where 0 stands for no after at all.
const FromStart = -1

// Messages returns up to limit messages of a chat, always the oldest first: with before > 0 the newest of those with n < before (and, if
// after > 0 too, n > after); else with after > 0 or FromStart the oldest of those with n > after; with neither the newest.
// ErrNotFound: there is no such chat, or the user is no member.
func (s *Store) Messages(ctx context.Context, chat string, user int64, before, after int64, limit int) ([]Message, error) {
	if err := s.checkMember(ctx, chat, user); err != nil {
		return nil, fmt.Errorf("list messages: %w", err)
	}
	all, err := page(before, after, func(before, after int64) ([]Message, error) {
		return list(ctx, s.read, scanMessage, selectMessagesBefore, chat, before, after, limit)
	}, func(after int64) ([]Message, error) {
		return list(ctx, s.read, scanMessage, selectMessagesAfter, chat, after, limit)
	})
	if err != nil {
		return nil, fmt.Errorf("list messages: %w", err)
	}
	return all, nil
}

// page chooses between the two ways through a list, and turns what comes newest first.
func page[T any](before, after int64, down func(before, after int64) ([]T, error), up func(after int64) ([]T, error)) ([]T, error) {
	if before <= 0 && after != 0 {
		return up(after)
	}
	if before <= 0 {
		before = math.MaxInt64
	}
	all, err := down(before, after)
	slices.Reverse(all)
	return all, err
}

func (s *Store) checkMember(ctx context.Context, chat string, user int64) error {
	if !isID(chat) {
		return ErrNotFound
	}
	var member bool
	if err := s.read.QueryRowContext(ctx, selectMember, chat, user).Scan(&member); err != nil {
		return err
	}
	if !member {
		return ErrNotFound
	}
	return nil
}

func scanMessage(row scanner) (Message, error) {
	var m Message
	var at int64
	if err := row.Scan(&m.ID, &m.Chat, &m.N, &m.Author, &m.AuthorName, &m.Text, &at); err != nil {
		return Message{}, err
	}
	m.At = fromMS(at)
	return m, nil
}

// MarkRead says that a member has read up to n. The mark never goes back, and never beyond the last message; read is where it stands now.
// When it moved, an event tells both members. ErrNotFound: there is no such chat, or the user is no member.
func (s *Store) MarkRead(ctx context.Context, chat string, user int64, n int64) (moved bool, read int64, err error) {
	if !isID(chat) {
		return false, 0, fmt.Errorf("mark as read: %w", ErrNotFound)
	}
	// Most calls move nothing (each of somebody's tabs reports): those take no lock.
	if err := s.read.QueryRowContext(ctx, selectRead, chat, user).Scan(&read); err != nil {
		return false, 0, fmt.Errorf("mark as read: %w", notFound(err))
	}
	if n <= read {
		return false, read, nil
	}
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		moved, read, err = s.markRead(ctx, tx, chat, user, n)
		return err
	})
	if err != nil {
		return false, 0, fmt.Errorf("mark as read: %w", err)
	}
	return moved, read, nil
}

// markRead locks the chat's row first, as AddMessage does: what is unread is counted while nobody adds.
func (s *Store) markRead(ctx context.Context, tx *sql.Tx, chat string, user, n int64) (moved bool, read int64, err error) {
	var last, a, b int64
	if err := tx.QueryRowContext(ctx, selectLast+s.queries.forUpdate, chat).Scan(&last, &a, &b); err != nil {
		return false, 0, notFound(err)
	}
	if err := tx.QueryRowContext(ctx, selectRead, chat, user).Scan(&read); err != nil {
		return false, 0, notFound(err)
	}
	n = min(n, last)
	if n <= read {
		return false, read, nil
	}
	var unread int64
	if err := tx.QueryRowContext(ctx, countUnread, chat, n, user).Scan(&unread); err != nil {
		return false, 0, err
	}
	if _, err := tx.ExecContext(ctx, updateMember, chat, user, n, unread); err != nil {
		return false, 0, err
	}
	return true, n, addEvents(ctx, tx, event{kind: EventRead, chat: chat, n: n, author: user, at: time.Now().UnixMilli()}, a, b)
}
