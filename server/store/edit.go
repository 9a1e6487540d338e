package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
)

// A message has the text of its newest edit, by number. Entries may be archived
// in any order and more than once, by several archivers, and a repair of the
// log may have given a message or an edit another number. So a new edit looks
// for its message, and a new message for its edits.

// typeEdit is the Type of edits, as in chat.
const typeEdit = "edit"

// editReach is how far from an edit its message is looked for if it is not
// where the edit says: servers republish no more than their rings hold.
const editReach = 5000

// editLock is the key of the advisory lock that keeps a message and its edit
// from being archived at the same moment, each without seeing the other.
const editLock = 0x65646974 // "edit"

const (
	sameAuthor = `author = $6 AND (author <> '' OR session = $7)`
	// In SQLite the words follow by themselves. What is past the end of its
	// epoch is not in the log: the message may be elsewhere.
	setText     = `UPDATE room_messages AS m SET text = $1, edited = $2, edit_seq = $3`
	setWords    = `, words = CAST($10 AS tsvector)`
	whereTarget = ` WHERE room = $4 AND id = $5 AND type = '' AND ` + sameAuthor + ` AND edit_seq < $3
		AND seq >= $8 AND seq <= $9 AND ` + inLog
	selectEdit = `SELECT text, at, seq FROM room_messages WHERE room = $1 AND target = $2 AND target <> ''
		AND type = 'edit' AND author = $3 AND (author <> '' OR session = $4) ORDER BY seq DESC LIMIT 1`
	selectEdited = `SELECT DISTINCT target FROM room_messages WHERE target <> ''
		AND (room, target) IN (SELECT * FROM unnest($1::text[], $2::text[]))`
	// CROSS JOIN keeps SQLite from reading all edits for each id.
	selectEditedSQLite = `SELECT DISTINCT m.target FROM json_each($1) j CROSS JOIN room_messages m
		ON m.room = json_extract(j.value, '$[0]') AND m.target = json_extract(j.value, '$[1]')
		AND m.target <> ''`
)

// target is the message that an entry is about.
type target struct {
	Seq int64  `json:"seq"`
	ID  string `json:"id"`
}

// target returns it for an edit, and zero otherwise.
func (m *RoomMessage) target() target {
	var extra struct {
		Target target `json:"target"`
	}
	if m.Type != typeEdit || json.Unmarshal([]byte("{"+m.Extra+"}"), &extra) != nil {
		return target{}
	}
	return extra.Target
}

// lockEdits lets batches with edits in one at a time. SQLite has one writer.
func (s *Store) lockEdits(ctx context.Context, tx *sql.Tx, messages []RoomMessage) error {
	if s.dialect == sqlite {
		return nil
	}
	lock := `SELECT pg_advisory_xact_lock_shared($1)`
	for _, m := range messages {
		if m.Type == typeEdit {
			lock = `SELECT pg_advisory_xact_lock($1)`
		}
	}
	if _, err := tx.ExecContext(ctx, lock, int64(editLock)); err != nil {
		return fmt.Errorf("wait for edits: %w", err)
	}
	return nil
}

// applyEdits gives messages the texts of their edits, if either is new.
func (s *Store) applyEdits(ctx context.Context, tx *sql.Tx, messages []RoomMessage) error {
	for _, m := range messages {
		if t := m.target(); t.ID != "" {
			if err := s.applyEdit(ctx, tx, m, t); err != nil {
				return fmt.Errorf("apply an edit: %w", err)
			}
		}
	}
	edited, err := s.editedOf(ctx, tx, messages)
	if err != nil {
		return fmt.Errorf("look for edits: %w", err)
	}
	for _, m := range messages {
		if m.Type != "" || !edited[m.ID] {
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

// editedOf returns the ids among those of messages that edits are about. Most
// batches have none, so one question for all of them is all that they cost.
func (s *Store) editedOf(ctx context.Context, tx *sql.Tx, messages []RoomMessage) (map[string]bool, error) {
	rooms, ids := make([]string, len(messages)), make([]string, len(messages))
	pairs := make([][2]string, len(messages))
	for i, m := range messages {
		rooms[i], ids[i] = storable(m.Room), storable(m.ID)
		pairs[i] = [2]string{rooms[i], ids[i]}
	}
	question, args := selectEdited, []any{rooms, ids}
	if s.dialect == sqlite {
		asked, err := json.Marshal(pairs)
		if err != nil {
			return nil, err
		}
		question, args = selectEditedSQLite, []any{string(asked)}
	}
	found, err := list(ctx, tx, func(row scanner) (id string, err error) { return id, row.Scan(&id) },
		question, args...)
	edited := make(map[string]bool, len(found))
	for _, id := range found {
		edited[id] = true
	}
	return edited, err
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
