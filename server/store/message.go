package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"livechat/server/chat"
)

// Message is a message of a private chat.
type Message struct {
	ID         string // UUID, lower case, chosen by the author's client
	Chat       string
	N          int64 // dense from 1 in its chat
	Author     int64
	AuthorName string // DeletedName once the account is deleted
	Text       string // as it is now; "" if it is deleted
	At         time.Time
	Edited     time.Time // when it got its text by an edit; zero: never
	Deleted    bool
	Reactions  string // as in RoomMessage
	Files      []chat.File
}

const (
	// countMessage takes the next number. The row stays locked until the
	// commit, so the next writer's number is committed later: a reader that
	// sees n sees all numbers before it. The same query checks that the author
	// is a member, and that both members still have their accounts.
	countMessage = `
UPDATE chats SET last_n = last_n + 1
WHERE id = $1 AND (a = $2 OR b = $2) AND EXISTS (SELECT 1 FROM users WHERE id = $2 AND deleted IS NULL)
RETURNING last_n, a, b, (SELECT name FROM users WHERE id = $2),
       EXISTS (SELECT 1 FROM users WHERE id IN (a, b) AND id <> $2 AND deleted IS NULL)`
	insertMessage = `INSERT INTO messages (chat, n, id, author, text, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO NOTHING`
	// In SQLite the words follow by themselves.
	insertWithWords = `INSERT INTO messages (chat, n, id, author, text, at, words)
		VALUES ($1, $2, $3, $4, $5, $6, CAST($7 AS tsvector)) ON CONFLICT (id) DO NOTHING`
	touchMembers = `
UPDATE members
SET unread = unread + CASE WHEN user_id = $2 THEN 0 ELSE 1 END,
    updated = CASE WHEN updated < $3 THEN $3 ELSE updated END
WHERE chat = $1`

	// The name is looked up in the list of columns. PostgreSQL might do a join
	// first: its generic plan assumes small chats, and would sort a large one
	// by author and again by n for every page.
	selectMessages = `
SELECT m.id, m.chat, m.n, m.author,
       coalesce((SELECT u.name FROM users u WHERE u.id = m.author), '` + DeletedName + `'), m.text, m.at,
       m.edited, m.deleted, m.reactions, m.files
FROM messages m
`
	selectMessage        = selectMessages + `WHERE m.id = $1`
	selectMessagesBefore = selectMessages + `WHERE m.chat = $1 AND m.n < $2 AND m.n > $3
		ORDER BY m.n DESC LIMIT $4`
	selectMessagesAfter = selectMessages + `WHERE m.chat = $1 AND m.n > $2 ORDER BY m.n LIMIT $3`

	selectRead  = `SELECT read_n FROM members WHERE chat = $1 AND user_id = $2`
	selectLast  = `SELECT last_n, a, b FROM chats WHERE id = $1`
	countUnread = `SELECT count(*) FROM messages WHERE chat = $1 AND n > $2 AND author <> $3
		AND NOT deleted`
	updateMember = `UPDATE members SET read_n = $3, unread = $4 WHERE chat = $1 AND user_id = $2`
)

// errRepeated rolls back a transaction whose message exists already.
var errRepeated = errors.New("message exists already")

// AddMessage appends to a chat. ID, Chat, Author, Text and At of m are given,
// of its Files the ID and Alt; the result also has N, AuthorName and what the
// database knows of the files. The events for both members are written, and the
// files bound to the message, in the same transaction. The same ID, author,
// chat, text and files again return the first message, and created is false;
// any other use of a known ID is ErrConflict. The text of a message that was
// edited or deleted since may have been any. ErrNoFile: a file does not exist,
// is not the author's, or is in another message. ErrNotFound: there is no such
// chat, or Author is not a member. ErrGone: the other member's account is
// deleted, so nobody would read the message. ErrBlocking, ErrBlocked: the author
// blocks the other member, or is blocked. No message is added after DeleteUser
// has returned.
func (s *Store) AddMessage(ctx context.Context, m Message) (stored Message, created bool, err error) {
	switch {
	case !isID(m.Chat):
		err = ErrNotFound
	case !isID(m.ID):
		err = errBadID
	case s.dialect == postgres && len(m.Files) == 0:
		stored, err = s.posts.ask(ctx, m)
	default:
		err = s.inTx(ctx, func(tx *sql.Tx) error {
			stored, err = s.addMessage(ctx, tx, m)
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

func (s *Store) addMessage(ctx context.Context, tx *sql.Tx, m Message) (Message, error) {
	m.At = fromMS(m.At.UnixMilli())
	at := m.At.UnixMilli()
	var a, b int64
	var reader bool
	if err := tx.QueryRowContext(ctx, countMessage, m.Chat, m.Author).Scan(
		&m.N, &a, &b, &m.AuthorName, &reader); err != nil {
		return Message{}, notFound(err)
	}
	insert, args := insertMessage, []any{m.Chat, m.N, m.ID, m.Author, m.Text, at}
	if s.dialect == postgres {
		insert, args = insertWithWords, append(args, wordsPostgres(m.Chat, m.Text))
	}
	added, err := exec(ctx, tx, insert, args...)
	if err != nil {
		return Message{}, err
	}
	if added == 0 {
		return Message{}, errRepeated // the rollback returns the number
	}
	if !reader {
		// likewise. Checked last: a message from before the deletion keeps its
		// old answer
		return Message{}, ErrGone
	}
	if err := checkBlocked(ctx, tx, m.Author, a+b-m.Author); err != nil {
		return Message{}, err // likewise
	}
	if m.Files, err = attachFiles(ctx, tx, m, refsOf(m.Files)); err != nil {
		return Message{}, err
	}
	if _, err := tx.ExecContext(ctx, touchMembers, m.Chat, m.Author, at); err != nil {
		return Message{}, err
	}
	return m, addEvents(ctx, tx, event{kind: EventMessage, chat: m.Chat, n: m.N, author: m.Author, at: at},
		a, b)
}

// refsOf returns how a sender names files.
func refsOf(files []chat.File) (refs []chat.FileRef) {
	for _, f := range files {
		refs = append(refs, chat.FileRef{ID: f.ID, Alt: f.Alt})
	}
	return refs
}

func sameFile(a, b chat.File) bool { return a.ID == b.ID }

// repeated returns the message that has m's ID, if it equals m. It reads from
// the primary, not from a replica.
func (s *Store) repeated(ctx context.Context, m Message) (Message, error) {
	first, err := scanMessage(s.write.QueryRowContext(ctx, selectMessage, m.ID))
	changed := first.Deleted || !first.Edited.IsZero()
	if err == nil && (first.Chat != m.Chat || first.Author != m.Author || first.Text != m.Text && !changed ||
		!first.Deleted && !slices.EqualFunc(first.Files, m.Files, sameFile)) {
		err = ErrConflict
	}
	if err != nil {
		return Message{}, fmt.Errorf("add a message again: %w", notFound(err))
	}
	return first, nil
}

// FromStart is the after of a first page that begins with the oldest message; 0
// means that no after is given.
const FromStart = -1

// Messages returns up to limit messages of a chat, always the oldest first.
// With before > 0: the newest with n < before (and n > after, if after > 0).
// Otherwise, with after > 0 or FromStart: the oldest with n > after. With
// neither: the newest. ErrNotFound: there is no such chat, or the user is not a
// member.
func (s *Store) Messages(ctx context.Context, chat string, user int64, before, after int64, limit int) (
	[]Message, error) {
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

// page picks one of the two directions through a list, and reverses what comes
// newest first.
func page[T any](before, after int64, down func(before, after int64) ([]T, error),
	up func(after int64) ([]T, error)) ([]T, error) {
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
	var at, edited int64
	var files string
	if err := row.Scan(&m.ID, &m.Chat, &m.N, &m.Author, &m.AuthorName, &m.Text, &at, &edited,
		&m.Deleted, &m.Reactions, &files); err != nil {
		return Message{}, err
	}
	m.At, m.Edited, m.Files = fromMS(at), editedAt(edited), parseFiles(files)
	return m, nil
}

// MarkRead records that a member has read up to n. The mark never moves back,
// nor past the last message; read is its new position. When it moves, an event
// tells both members, or the member alone if one of them blocks the other.
// ErrNotFound: there is no such chat, or the user is not a member.
func (s *Store) MarkRead(ctx context.Context, chat string, user int64, n int64) (
	moved bool, read int64, err error) {
	if !isID(chat) {
		return false, 0, fmt.Errorf("mark as read: %w", ErrNotFound)
	}
	// Most calls move nothing, because each tab of a user reports. Those take
	// no lock.
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

// markRead locks the chat's row first, as AddMessage does, so that no message
// is added while the unread ones are counted.
func (s *Store) markRead(ctx context.Context, tx *sql.Tx, chat string, user, n int64) (
	moved bool, read int64, err error) {
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
	e := event{kind: EventRead, chat: chat, n: n, author: user, at: time.Now().UnixMilli()}
	switch err := checkBlocked(ctx, tx, user, a+b-user); {
	case errors.Is(err, ErrBlocking), errors.Is(err, ErrBlocked):
		return true, n, addEvent(ctx, tx, e, user)
	case err != nil:
		return false, 0, err
	}
	return true, n, addEvents(ctx, tx, e, a, b)
}
