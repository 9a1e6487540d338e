package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"livechat/server/chat"
)

// Edit gives a message of a private chat another text.
type Edit struct {
	ID      string // UUID, lower case, of the edit; "" if it will not be sent again
	Chat    string
	Message string // id of the message
	Author  int64
	Text    string
	At      time.Time
	// Since is the time of the oldest message that may still be edited; zero if
	// all may.
	Since time.Time
}

const (
	selectEditOf = `SELECT chat, n, digest FROM message_edits WHERE id = $1`
	insertEditOf = `INSERT INTO message_edits (id, chat, n, digest) VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO NOTHING`
	deleteEdits  = `DELETE FROM message_edits WHERE chat = $1 AND n = $2`
	countReaders = `SELECT count(*) FROM users WHERE id IN ($1, $2) AND deleted IS NULL`

	// In SQLite the words follow by themselves.
	changeText  = `UPDATE messages SET text = $3, edited = $4, deleted = $5, reactions = $6`
	changeWords = `, words = CAST($7 AS tsvector)`
	whereNumber = ` WHERE chat = $1 AND n = $2`
	forgetOne   = `UPDATE members SET unread = unread - 1
		WHERE chat = $1 AND user_id <> $2 AND read_n < $3 AND unread > 0`
)

// EditMessage gives a message another text, and returns it as it is then. The
// events for both members are written in the same transaction; edits of one chat
// have the order of their commits. An edit whose ID was made before changes
// nothing, whatever came after it, and changed is false. Errors: those of
// AddMessage; ErrNoMessage: the chat has no such message, or it is deleted;
// ErrNotYours: it is of another author; ErrTooOld: it is from before e.Since; ErrNoText: Text is
// empty, and the message has no files.
func (s *Store) EditMessage(ctx context.Context, e Edit) (m Message, changed bool, err error) {
	if e.ID != "" && !isID(e.ID) {
		return Message{}, false, fmt.Errorf("edit a message: %w", errBadID)
	}
	err = s.changeMessage(ctx, e.Chat, e.Message, e.Author, func(tx *sql.Tx, c owned) error {
		m, changed = c.Message, false
		made, err := isMade(ctx, tx, e, m.N)
		if err != nil || made {
			return err
		}
		var readers int
		if err := tx.QueryRowContext(ctx, countReaders, c.a, c.b).Scan(&readers); err != nil {
			return err
		}
		blocked := checkBlocked(ctx, tx, e.Author, c.a+c.b-e.Author)
		switch {
		case m.Deleted:
			return ErrNoMessage
		case readers < 2:
			return ErrGone
		case blocked != nil:
			return blocked
		case m.At.Before(e.Since):
			return ErrTooOld
		case e.Text == "" && len(m.Files) == 0:
			return ErrNoText
		}
		if e.ID != "" {
			switch n, err := exec(ctx, tx, insertEditOf, e.ID, e.Chat, m.N, chat.Digest(e.Text)); {
			case err != nil:
				return err
			case n == 0: // an edit in another chat has it since a moment
				return ErrConflict
			}
		}
		// Clocks of servers differ: a later edit must not have an earlier time.
		at := max(e.At.UnixMilli(), m.At.UnixMilli(), m.Edited.UnixMilli()+1)
		m.Text, m.Edited, changed = e.Text, fromMS(at), true
		return s.rewrite(ctx, tx, EventEdit, m, at, c)
	})
	if err != nil {
		return Message{}, false, fmt.Errorf("edit a message: %w", err)
	}
	return m, changed, nil
}

// isMade reports whether an edit was made before. ErrConflict: another one has
// its id.
func isMade(ctx context.Context, tx *sql.Tx, e Edit, n int64) (bool, error) {
	if e.ID == "" {
		return false, nil
	}
	var of, digest string
	var number int64
	err := tx.QueryRowContext(ctx, selectEditOf, e.ID).Scan(&of, &number, &digest)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, err
	case of != e.Chat || number != n || digest != chat.Digest(e.Text):
		return false, ErrConflict
	}
	return true, nil
}

// DeleteMessage empties a message for good: its row keeps the number. Its files
// are deleted, and the events for both members written, in the same transaction. If it is deleted
// already, nothing changes and changed is false. Errors: ErrNotFound, as for
// AddMessage; ErrNoMessage: the chat has no such message; ErrNotYours: it is of
// another author.
func (s *Store) DeleteMessage(ctx context.Context, of, message string, author int64, at time.Time) (
	changed bool, err error) {
	err = s.changeMessage(ctx, of, message, author, func(tx *sql.Tx, c owned) error {
		if changed = !c.Deleted; !changed {
			return nil
		}
		m := c.Message
		m.Text, m.Edited, m.Reactions, m.Files, m.Deleted = "", time.Time{}, "", nil, true
		for _, forget := range [...]string{deleteEdits, forgetReactions} {
			if _, err := exec(ctx, tx, forget, m.Chat, m.N); err != nil {
				return err
			}
		}
		if len(c.Files) > 0 {
			if err := s.deleteFilesOfChat(ctx, tx, m.Chat, m.ID); err != nil {
				return err
			}
			if _, err := exec(ctx, tx, setMessageFiles, m.Chat, m.N, ""); err != nil {
				return err
			}
		}
		if _, err := exec(ctx, tx, forgetOne, m.Chat, m.Author, m.N); err != nil {
			return err
		}
		return s.rewrite(ctx, tx, EventDelete, m, at.UnixMilli(), c)
	})
	if err != nil {
		return false, fmt.Errorf("delete a message: %w", err)
	}
	return changed, nil
}

// owned is a message and the two members of its chat.
type owned struct {
	Message
	a, b int64
}

// changeMessage runs a change of a message by its author, as inChat does.
func (s *Store) changeMessage(ctx context.Context, of, message string, author int64,
	do func(tx *sql.Tx, c owned) error) error {
	return s.inChat(ctx, of, message, author, func(tx *sql.Tx, c owned) error {
		if c.Author != author {
			return ErrNotYours
		}
		return do(tx, c)
	})
}

// inChat runs what a member does to a message in a transaction that has the lock
// of the chat, as those of new messages have: the events of a chat are in the
// outbox in the order of what they tell.
func (s *Store) inChat(ctx context.Context, of, message string, member int64,
	do func(tx *sql.Tx, c owned) error) error {
	switch {
	case !isID(of):
		return ErrNotFound
	case !isID(message):
		return ErrNoMessage
	}
	return s.inTx(ctx, func(tx *sql.Tx) (err error) {
		var c owned
		var last int64
		err = tx.QueryRowContext(ctx, selectLast+s.queries.forUpdate, of).Scan(&last, &c.a, &c.b)
		if err != nil {
			return notFound(err)
		}
		if member != c.a && member != c.b {
			return ErrNotFound
		}
		c.Message, err = scanMessage(tx.QueryRowContext(ctx, selectMessage, message))
		switch {
		case errors.Is(err, sql.ErrNoRows) || err == nil && c.Chat != of:
			return ErrNoMessage
		case err != nil:
			return err
		}
		return do(tx, c)
	})
}

// rewrite stores what has changed of a message, and tells both members.
func (s *Store) rewrite(ctx context.Context, tx *sql.Tx, kind string, m Message, at int64, c owned) error {
	var edited int64
	if !m.Edited.IsZero() {
		edited = m.Edited.UnixMilli()
	}
	statement, args := changeText+whereNumber, []any{m.Chat, m.N, m.Text, edited, m.Deleted, m.Reactions}
	if s.dialect == postgres {
		statement, args = changeText+changeWords+whereNumber, append(args, wordsPostgres(m.Chat, m.Text))
	}
	if _, err := exec(ctx, tx, statement, args...); err != nil {
		return err
	}
	return addEvents(ctx, tx, event{kind: kind, chat: m.Chat, n: m.N, author: m.Author, at: at}, c.a, c.b)
}
