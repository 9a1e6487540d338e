package store

import (
	"context"
	"database/sql"
	"fmt"

	"livechat/server/chat"
)

// A delete empties its message and deletes the files of that, and empties its
// edits, who reacted to it, and what replies quote of it and reports
// copied of it, whichever of them is
// archived first: a new delete looks for them, and they look for deletes. Rows
// past the end of their epoch are emptied as well: no page shows them, but a
// dump does.

const (
	byAuthor     = `author = $3 AND (author <> '' OR session = $4)`
	eraseMessage = `UPDATE room_messages SET text = '', extra = '', edited = 0, edit_seq = 0,
		reactions = '', deleted = TRUE`
	// The name was taken from the message since it was written. Nobody else can
	// have a message with its number.
	whereNameless = ` WHERE room = $1 AND id = $2 AND type = '' AND author = '` + chat.DeletedAuthor + `'
		AND seq = $3 AND NOT deleted`
	// In SQLite the words follow by themselves.
	eraseWords  = `, words = CAST('' AS tsvector)`
	whereErased = ` WHERE room = $1 AND id = $2 AND type = '' AND ` + byAuthor + ` AND seq >= $5 AND seq <= $6
		AND NOT deleted`
	eraseEdit   = `UPDATE room_messages SET text = '', extra = $4, deleted = TRUE`
	eraseQuote  = `UPDATE room_messages SET extra = $4`
	whereAt     = ` WHERE room = $1 AND epoch = $2 AND seq = $3`
	selectAbout = `SELECT ` + roomColumns + ` FROM room_messages WHERE room = $1 AND target = $2
		AND target <> '' AND NOT deleted ORDER BY seq`
	selectTargets = `SELECT DISTINCT room, target, type FROM room_messages WHERE target <> '' AND type <> ''
		AND (room, target) IN (SELECT * FROM unnest($1::text[], $2::text[]))`
	// CROSS JOIN keeps SQLite from reading all edits for each id.
	selectTargetsSQLite = `SELECT DISTINCT m.room, m.target, m.type FROM json_each($1) j
		CROSS JOIN room_messages m ON m.room = json_extract(j.value, '$[0]')
		AND m.target = json_extract(j.value, '$[1]') AND m.target <> '' AND m.type <> ''`
)

// named is a message by its room and id.
type named struct{ room, id string }

// targets are the messages that edits and deletes are about.
type targets struct{ edited, deleted map[named]bool }

// targetsOf returns which of the messages in a batch, and of those that its
// entries are about, edits and deletes are about. Most batches have none, so
// one question for all of them is all that they cost.
func (s *Store) targetsOf(ctx context.Context, tx *sql.Tx, messages []RoomMessage) (t targets, err error) {
	about := make(map[named]bool, len(messages))
	for _, m := range messages {
		for _, id := range [...]string{m.ID, m.target().ID} {
			if id != "" {
				about[named{m.Room, id}] = true
			}
		}
	}
	question, args, err := s.askNamed(about, selectTargets, selectTargetsSQLite)
	if err != nil {
		return t, err
	}
	t = targets{edited: make(map[named]bool), deleted: make(map[named]bool)}
	_, err = list(ctx, tx, func(row scanner) (n named, err error) {
		var kind string
		if err := row.Scan(&n.room, &n.id, &kind); err != nil {
			return n, err
		}
		switch kind {
		case chat.TypeEdit:
			t.edited[n] = true
		case chat.TypeDelete:
			t.deleted[n] = true
		}
		return n, nil
	}, question, args...)
	return t, err
}

// applyDeletes empties what deletes are about, if either is new.
func (s *Store) applyDeletes(ctx context.Context, tx *sql.Tx, messages []RoomMessage,
	deleted map[named]bool) error {
	if len(deleted) == 0 {
		return nil
	}
	copies := make(map[named][]int64) // where a new message is
	for _, m := range messages {
		if n := (named{m.Room, m.ID}); m.Type == "" && deleted[n] {
			copies[n] = append(copies[n], m.Seq)
		}
	}
	for n := range deleted {
		about, err := list(ctx, tx, scanRoomMessage, selectAbout, n.room, n.id)
		if err != nil {
			return err
		}
		for _, d := range about {
			if d.Type == chat.TypeDelete {
				if err := s.erase(ctx, tx, d, about, copies[n]); err != nil {
					return fmt.Errorf("apply a delete: %w", err)
				}
			}
		}
	}
	return nil
}

// erase applies one delete to its message, which may also be at some numbers,
// and to the entries about that.
func (s *Store) erase(ctx context.Context, tx *sql.Tx, d RoomMessage, about []RoomMessage,
	copies []int64) error {
	if err := s.eraseByAuthor(ctx, tx, d, copies); err != nil {
		return err
	}
	if err := s.eraseNameless(ctx, tx, d); err != nil {
		return err
	}
	t := d.target()
	there, _, err := s.copies(ctx, tx, named{d.Room, t.ID}, t.Seq)
	if err != nil {
		return err
	}
	if !there {
		if _, err := exec(ctx, tx, eraseReactions, d.Room, t.ID); err != nil {
			return err
		}
	}
	if _, err := exec(ctx, tx, eraseReports, d.Room, t.ID, d.Author, d.Session); err != nil {
		return err
	}
	if err := unpin(ctx, tx, d); err != nil {
		return err
	}
	for _, m := range about {
		if err := eraseIn(ctx, tx, m, d); err != nil {
			return err
		}
	}
	return nil
}

// eraseByAuthor erases a message of the author of the delete, at its number, at
// those of copies and near the delete, and its files.
func (s *Store) eraseByAuthor(ctx context.Context, tx *sql.Tx, d RoomMessage, copies []int64) error {
	t := d.target()
	ranges := [][2]int64{{t.Seq, t.Seq}, {d.Seq - editReach, d.Seq + editReach}}
	for _, seq := range copies {
		ranges = append(ranges, [2]int64{seq, seq})
	}
	if err := s.deleteFilesOf(ctx, tx, d.Room, t.ID, chat.FileOwner(d.Author, d.Session)); err != nil {
		return err
	}
	for _, r := range ranges {
		if _, err := exec(ctx, tx, s.eraseStatement()+whereErased, d.Room, t.ID, d.Author, d.Session, r[0],
			r[1]); err != nil {
			return err
		}
	}
	return nil
}

// eraseNameless erases the message if its author has been deleted since, and its
// files and reports then.
func (s *Store) eraseNameless(ctx context.Context, tx *sql.Tx, d RoomMessage) error {
	t := d.target()
	n, err := exec(ctx, tx, s.eraseStatement()+whereNameless, d.Room, t.ID, t.Seq)
	if err != nil || n == 0 {
		return err
	}
	if err := s.deleteFilesOf(ctx, tx, d.Room, t.ID, chat.DeletedAuthor); err != nil {
		return err
	}
	_, err = exec(ctx, tx, eraseReports, d.Room, t.ID, chat.DeletedAuthor, "")
	return err
}

// eraseStatement returns the statement that erases a message, without its
// condition.
func (s *Store) eraseStatement() string {
	if s.dialect == postgres {
		return eraseMessage + eraseWords
	}
	return eraseMessage
}

// eraseIn erases from an entry what it has of the message that d deletes: the
// text of an edit, or a quote in a reply.
func eraseIn(ctx context.Context, tx *sql.Tx, m, d RoomMessage) error {
	t := d.target()
	question, extra := "", ""
	switch m.Type {
	case chat.TypeEdit:
		at := m.target()
		if m.Author == d.Author && (m.Author != "" || m.Session == d.Session) ||
			m.Author == chat.DeletedAuthor && at.Seq == t.Seq {
			question, extra = eraseEdit, chat.ExtraOf(chat.Target{Seq: uint64(at.Seq), ID: at.ID})
		}
	case "":
		if without, ok := chat.ForgetReply(m.Extra, t.ID); ok {
			question, extra = eraseQuote, without
		}
	}
	if question == "" {
		return nil
	}
	_, err := exec(ctx, tx, question+whereAt, m.Room, m.Epoch, m.Seq, extra)
	return err
}
