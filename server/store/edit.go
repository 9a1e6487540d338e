package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"

	"livechat/server/chat"
)

// A message has the text of its newest edit, by number. Entries may be archived
// in any order and more than once, by several archivers, and a repair of the
// log may have given a message or an edit another number. So a new edit looks
// for its message, and a new message for its edits.

// editReach is how far from an edit its message is looked for if it is not
// where the edit says: servers republish no more than their rings hold.
const editReach = 5000

// editLock is the key of the advisory lock that keeps a message and its edit
// from being archived at the same moment, each without seeing the other.
const editLock = 0x65646974 // "edit"

const (
	sameAuthor = `author = $6 AND (author <> '' OR session = $7)`
	// In SQLite the words follow by themselves. A message past the end of its
	// epoch is not in the log: it may be elsewhere.
	setText     = `UPDATE room_messages AS m SET text = $1, edited = $2, edit_seq = $3`
	setWords    = `, words = CAST($10 AS tsvector)`
	whereTarget = ` WHERE room = $4 AND id = $5 AND type = '' AND ` + sameAuthor + ` AND edit_seq < $3
		AND NOT deleted AND seq >= $8 AND seq <= $9 AND ` + inLog
	selectEdit = `SELECT text, at, seq FROM room_messages WHERE room = $1 AND target = $2 AND target <> ''
		AND type = 'edit' AND author = $3 AND (author <> '' OR session = $4) AND NOT deleted
		ORDER BY seq DESC LIMIT 1`
)

// target is the message that an entry is about.
type target struct {
	Seq int64  `json:"seq"`
	ID  string `json:"id"`
}

// target returns it for an edit, a delete, a summary of reactions and a reply,
// and zero otherwise.
func (m *RoomMessage) target() target {
	var extra struct {
		Target target `json:"target"`
		Reply  target `json:"reply"`
	}
	if m.Extra == "" || json.Unmarshal([]byte("{"+m.Extra+"}"), &extra) != nil {
		return target{}
	}
	switch m.Type {
	case chat.TypeEdit, chat.TypeDelete, chat.TypeReactions:
		return extra.Target
	case "":
		return extra.Reply
	}
	return target{}
}

// about returns the id of the message that an entry is about, as target or, for
// a summary of reactions, as reacted.
func (m *RoomMessage) about() (target, reacted string) {
	if m.Type == chat.TypeReactions {
		return "", m.target().ID
	}
	return m.target().ID, ""
}

// lockEdits lets batches with entries about messages in one at a time. SQLite
// has one writer.
func (s *Store) lockEdits(ctx context.Context, tx *sql.Tx, messages []RoomMessage) error {
	if s.dialect == sqlite {
		return nil
	}
	lock := `SELECT pg_advisory_xact_lock_shared($1)`
	for _, m := range messages {
		if m.Type == chat.TypeEdit || m.Type == chat.TypeDelete || m.Type == chat.TypeReactions {
			lock = `SELECT pg_advisory_xact_lock($1)`
		}
	}
	if _, err := tx.ExecContext(ctx, lock, int64(editLock)); err != nil {
		return fmt.Errorf("wait for edits: %w", err)
	}
	return nil
}

// applyEdits gives messages the texts of their edits, if either is new.
func (s *Store) applyEdits(ctx context.Context, tx *sql.Tx, messages []RoomMessage,
	edited map[named]bool) error {
	for _, m := range messages {
		if t := m.target(); m.Type == chat.TypeEdit && !m.Deleted && t.ID != "" {
			if err := s.applyEdit(ctx, tx, m, t); err != nil {
				return fmt.Errorf("apply an edit: %w", err)
			}
		}
	}
	for _, m := range messages {
		if m.Type != "" || !edited[named{m.Room, m.ID}] {
			continue
		}
		e := m
		var at int64
		err := tx.QueryRowContext(ctx, selectEdit, m.Room, m.ID, storable(m.Author), storable(m.Session)).Scan(
			&e.Text, &at, &e.Seq)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err == nil {
			e.At = fromMS(at)
			_, err = s.setText(ctx, tx, e, m.ID, m.Seq, m.Seq)
		}
		if err != nil {
			return fmt.Errorf("apply an earlier edit: %w", err)
		}
	}
	return nil
}

func (s *Store) applyEdit(ctx context.Context, tx *sql.Tx, e RoomMessage, t target) error {
	n, err := s.setText(ctx, tx, e, t.ID, t.Seq, t.Seq)
	if err != nil || n > 0 {
		return err
	}
	_, err = s.setText(ctx, tx, e, t.ID, e.Seq-editReach, e.Seq+editReach)
	return err
}

// setText gives the messages of e's author with this id, whose numbers are from
// first to last, the text of e, unless they have that of a newer edit.
func (s *Store) setText(ctx context.Context, tx *sql.Tx, e RoomMessage, id string, first, last int64) (
	int64, error) {
	args := []any{storable(e.Text), e.At.UnixMilli(), e.Seq, e.Room, id, storable(e.Author), storable(e.Session),
		first, last}
	if s.dialect == sqlite {
		return exec(ctx, tx, setText+whereTarget, args...)
	}
	return exec(ctx, tx, setText+setWords+whereTarget, append(args, wordsPostgres("", storable(e.Text)))...)
}
