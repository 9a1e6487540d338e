package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
)

// RoomMessage is an archived entry of a live room's log: a message, or an entry
// of another type.
type RoomMessage struct {
	Room, Epoch string
	Seq         int64
	Type        string // as in chat.Message; "" for a message
	ID          string
	App         string // the server that accepted it
	Session     string // the connection that sent it
	Author      string // as in chat.Message; may be empty
	Name, Text  string
	Extra       string // as in chat.Message
	At          time.Time
	Edited      time.Time // when a message got its text by an edit; zero: never
	Deleted     bool      // it had a text, a message or an edit, and has none any more
	// how often people reacted to a message, by emoji, as a JSON object; "" if
	// they did not
	Reactions string
}

const (
	roomColumns    = toText + `, text, ` + fromAt
	toText         = `room, epoch, seq, id, app, session, name`
	fromAt         = `at, author, type, extra, edited, deleted, reactions`
	addRoomColumns = `INSERT INTO room_messages (room, epoch, seq, id, app, session, name, text, at, author,
		type, extra, target, deleted, reacted`
	addRoomMessage = addRoomColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
		$15)
		ON CONFLICT (room, epoch, seq) DO NOTHING`
	addRoomBatchPostgres = addRoomColumns + `, words)
SELECT room, epoch, seq, id, app, session, name, text, at, author, type, extra, target, deleted,
	reacted, CAST(words AS tsvector)
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[],
            $8::text[], $9::bigint[], $10::text[], $11::text[], $12::text[], $13::text[],
            $14::boolean[], $15::text[], $16::text[])
	g (room, epoch, seq, id, app, session, name, text, at, author, type, extra, target, deleted, reacted,
	words)
ON CONFLICT (room, epoch, seq) DO NOTHING`

	selectEntries    = `SELECT ` + roomColumns + ` FROM room_messages m WHERE room = $1 `
	selectRooms      = selectEntries + `AND type = '' `
	selectRoom       = selectRooms + `AND epoch = $2 `
	selectRoomBefore = selectRoom + `AND ` + inEpoch + ` AND seq < $3 AND seq > $4 ORDER BY seq DESC
		LIMIT $5`
	selectRoomAfter = selectRoom + `AND ` + inEpoch + ` AND seq > $3 ORDER BY seq LIMIT $4`

	selectAnyEpoch       = selectRooms + `AND ` + inLog + ` `
	selectAnyEpochBefore = selectAnyEpoch + `AND seq < $2 AND seq > $3 ORDER BY seq DESC, epoch DESC
		LIMIT $4`
	selectAnyEpochAfter = selectAnyEpoch + `AND seq > $2 ORDER BY seq, epoch LIMIT $3`
	selectAnyEpochAt    = selectAnyEpoch + `AND seq = $2`
)

// AddRoomMessages archives entries, all or none, and returns how many were
// new. Messages that are archived already (same room, epoch and seq) stay as
// they are, so a batch may be given again. Their files are archived with them, and
// deleted with a delete. Text that no database can store (a
// zero byte, invalid UTF-8) becomes U+FFFD: one bad message must not hold up
// those after it.
func (s *Store) AddRoomMessages(ctx context.Context, messages []RoomMessage) (added int64, err error) {
	if len(messages) == 0 {
		return 0, nil
	}
	add := addRoomOneByOne
	if s.queries.addRoomBatch != "" {
		add = s.addRoomAtOnce
	}
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		if err := s.lockEdits(ctx, tx, messages); err != nil {
			return err
		}
		if added, err = add(ctx, tx, messages); err != nil {
			return err
		}
		about, err := s.targetsOf(ctx, tx, messages)
		if err != nil {
			return fmt.Errorf("look for edits and deletes: %w", err)
		}
		if err := s.applyEdits(ctx, tx, messages, about.edited); err != nil {
			return err
		}
		if err := s.applyReactions(ctx, tx, messages); err != nil {
			return err
		}
		if err := s.markFilesArchived(ctx, tx, messages); err != nil {
			return err
		}
		return s.applyDeletes(ctx, tx, messages, about.deleted)
	})
	if err != nil {
		return 0, fmt.Errorf("archive room messages: %w", err)
	}
	return added, nil
}

// addRoomAtOnce passes columns as arrays: the statement is the same for any
// number of rows.
func (s *Store) addRoomAtOnce(ctx context.Context, tx *sql.Tx, messages []RoomMessage) (int64, error) {
	n := len(messages)
	// room, epoch, id, app, session, name, text, author, type, extra, target, reacted, words
	var texts [13][]string
	for i := range texts {
		texts[i] = make([]string, 0, n)
	}
	seqs, times, deleted := make([]int64, 0, n), make([]int64, 0, n), make([]bool, 0, n)
	for _, m := range messages {
		target, reacted := m.about()
		for i, text := range [...]string{m.Room, m.Epoch, m.ID, m.App, m.Session, m.Name, m.Text, m.Author,
			m.Type, m.Extra, target, reacted, wordsPostgres("", storable(m.searchable()))} {
			texts[i] = append(texts[i], storable(text))
		}
		seqs, times, deleted = append(seqs, m.Seq), append(times, m.At.UnixMilli()), append(deleted, m.Deleted)
	}
	return exec(ctx, tx, s.queries.addRoomBatch, texts[0], texts[1], seqs, texts[2], texts[3], texts[4],
		texts[5], texts[6], times, texts[7], texts[8], texts[9], texts[10], deleted, texts[11],
		texts[12])
}

// searchable returns the text by which searches find a message; other entries
// are not found.
func (m *RoomMessage) searchable() string {
	if m.Type != "" {
		return ""
	}
	return m.Text
}

func addRoomOneByOne(ctx context.Context, tx *sql.Tx, messages []RoomMessage) (added int64, err error) {
	insert, err := tx.PrepareContext(ctx, addRoomMessage)
	if err != nil {
		return 0, err
	}
	defer insert.Close()
	for _, m := range messages {
		target, reacted := m.about()
		result, err := insert.ExecContext(ctx, storable(m.Room), storable(m.Epoch), m.Seq, storable(m.ID),
			storable(m.App),
			storable(m.Session), storable(m.Name), storable(m.Text), m.At.UnixMilli(), storable(m.Author),
			storable(m.Type), storable(m.Extra), storable(target), m.Deleted, storable(reacted))
		if err != nil {
			return 0, err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return 0, err
		}
		added += n
	}
	return added, nil
}

func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// RoomMessages returns up to limit messages of one epoch of a room, the oldest
// first, without entries of other types; before and after are as in Messages,
// by seq. Messages past the end of the epoch are left out: see EndEpochs.
//
// An empty epoch means all epochs: numbers continue from one to the next. A
// message that a log repair restored, or that was republished under another
// number, appears once in a page, so a page may be shorter than limit although
// there are more messages. It may also be longer. Where a log was started
// without reading the archive, two epochs have the same numbers; a client that
// continues from the seq at the end of a page would miss the others with that
// seq, so all of them are in the page.
func (s *Store) RoomMessages(ctx context.Context, room, epoch string, before, after int64, limit int) (
	[]RoomMessage, error) {
	selectBefore, selectAfter, of := selectRoomBefore, selectRoomAfter, []any{room, epoch}
	if epoch == "" {
		selectBefore, selectAfter, of = selectAnyEpochBefore, selectAnyEpochAfter, []any{room}
	}
	all, err := page(before, after, func(before, after int64) ([]RoomMessage, error) {
		return list(ctx, s.read, scanRoomMessage, selectBefore,
			append(slices.Clone(of), before, after, limit)...)
	}, func(after int64) ([]RoomMessage, error) {
		return list(ctx, s.read, scanRoomMessage, selectAfter, append(slices.Clone(of), after, limit)...)
	})
	if err == nil && epoch == "" && len(all) == limit && limit > 0 {
		all, err = s.withTies(ctx, room, all, before <= 0 && after != 0)
	}
	if err != nil {
		return nil, fmt.Errorf("list room messages: %w", err)
	}
	if epoch == "" {
		slices.SortFunc(all, compareRoomMessages)
		all = once(all)
	}
	return all, nil
}

// withTies adds the messages that share the seq from which the next page
// continues: the last seq if up, the first otherwise.
func (s *Store) withTies(ctx context.Context, room string, all []RoomMessage, up bool) (
	[]RoomMessage, error) {
	end := all[0].Seq
	if up {
		end = all[len(all)-1].Seq
	}
	ties, err := list(ctx, s.read, scanRoomMessage, selectAnyEpochAt, room, end)
	if err != nil {
		return nil, err
	}
	rest := slices.DeleteFunc(all, func(m RoomMessage) bool { return m.Seq == end })
	return append(rest, ties...), nil
}

// compareRoomMessages orders by seq, then by time, then by epoch.
func compareRoomMessages(a, b RoomMessage) int {
	return cmp.Or(cmp.Compare(a.Seq, b.Seq), a.At.Compare(b.At), cmp.Compare(a.Epoch, b.Epoch))
}

// once keeps each message only at its latest position, which is the one in the
// log. When a log lost its newest messages, servers that received them
// republish them under their ids, and the archive may have them already.
func once(all []RoomMessage) (kept []RoomMessage) {
	// an id may be reused once it is forgotten, and by other authors
	type said struct{ id, author, name, text string }
	of := func(m RoomMessage) said { return said{m.ID, m.Author, m.Name, m.Text} }
	last := make(map[said]int, len(all))
	for i, m := range all {
		if before, ok := last[of(m)]; !ok || !m.At.Before(all[before].At) {
			last[of(m)] = i
		}
	}
	for i, m := range all {
		if last[of(m)] == i {
			kept = append(kept, m)
		}
	}
	return kept
}

func scanRoomMessage(row scanner) (RoomMessage, error) {
	var m RoomMessage
	var at, edited int64
	if err := row.Scan(&m.Room, &m.Epoch, &m.Seq, &m.ID, &m.App, &m.Session, &m.Name, &m.Text, &at,
		&m.Author, &m.Type, &m.Extra, &edited, &m.Deleted, &m.Reactions); err != nil {
		return RoomMessage{}, err
	}
	m.At, m.Edited = fromMS(at), editedAt(edited)
	return m, nil
}
