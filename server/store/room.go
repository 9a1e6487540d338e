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

// RoomMessage is a message of a live room, as the archive keeps it.
type RoomMessage struct {
	Room, Epoch string
	Seq         int64
	ID          string
	App         string // the server that took it
	Session     string // the connection that sent it
	Author      string // who sent it, as chat.Message has it; may be empty
	Name, Text  string
	At          time.Time
}

const (
	addRoomColumns       = `INSERT INTO room_messages (room, epoch, seq, id, app, session, name, text, at, author`
	addRoomMessage       = addRoomColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (room, epoch, seq) DO NOTHING`
	addRoomBatchPostgres = addRoomColumns + `, words)
SELECT room, epoch, seq, id, app, session, name, text, at, author, CAST(words AS tsvector)
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[], $10::text[], $11::text[])
	g (room, epoch, seq, id, app, session, name, text, at, author, words)
ON CONFLICT (room, epoch, seq) DO NOTHING`

	selectRooms      = `SELECT room, epoch, seq, id, app, session, name, text, at, author FROM room_messages m WHERE room = $1 `
	selectRoom       = selectRooms + `AND epoch = $2 `
	selectRoomBefore = selectRoom + `AND ` + inEpoch + ` AND seq < $3 AND seq > $4 ORDER BY seq DESC LIMIT $5`
	selectRoomAfter  = selectRoom + `AND ` + inEpoch + ` AND seq > $3 ORDER BY seq LIMIT $4`

	selectAnyEpoch       = selectRooms + `AND ` + inLog + ` `
	selectAnyEpochBefore = selectAnyEpoch + `AND seq < $2 AND seq > $3 ORDER BY seq DESC, epoch DESC LIMIT $4`
	selectAnyEpochAfter  = selectAnyEpoch + `AND seq > $2 ORDER BY seq, epoch LIMIT $3`
	selectAnyEpochAt     = selectAnyEpoch + `AND seq = $2`
)

// AddRoomMessages archives messages, all or none, and returns how many were new. Those that are there already (same room, epoch and seq)
// are left as they are, so a batch may be given again. What no database can keep (a zero byte, broken UTF-8) becomes U+FFFD: one strange
// message must not hold up all behind it.
func (s *Store) AddRoomMessages(ctx context.Context, messages []RoomMessage) (added int64, err error) {
	if len(messages) == 0 {
		return 0, nil
	}
	add := addRoomOneByOne
	if s.queries.addRoomBatch != "" {
		add = s.addRoomAtOnce
	}
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		added, err = add(ctx, tx, messages)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("archive room messages: %w", err)
	}
	return added, nil
}

// addRoomAtOnce sends columns: one statement of one form for any number of rows.
func (s *Store) addRoomAtOnce(ctx context.Context, tx *sql.Tx, messages []RoomMessage) (int64, error) {
	n := len(messages)
	var texts [9][]string // room, epoch, id, app, session, name, text, author, words
	for i := range texts {
		texts[i] = make([]string, 0, n)
	}
	seqs, times := make([]int64, 0, n), make([]int64, 0, n)
	for _, m := range messages {
		for i, text := range [9]string{m.Room, m.Epoch, m.ID, m.App, m.Session, m.Name, m.Text, m.Author, wordsPostgres("", storable(m.Text))} {
			texts[i] = append(texts[i], storable(text))
		}
		seqs, times = append(seqs, m.Seq), append(times, m.At.UnixMilli())
	}
	return exec(ctx, tx, s.queries.addRoomBatch, texts[0], texts[1], seqs, texts[2], texts[3], texts[4], texts[5], texts[6], times, texts[7], texts[8])
}

func addRoomOneByOne(ctx context.Context, tx *sql.Tx, messages []RoomMessage) (added int64, err error) {
	insert, err := tx.PrepareContext(ctx, addRoomMessage)
	if err != nil {
		return 0, err
	}
	defer insert.Close()
	for _, m := range messages {
		result, err := insert.ExecContext(ctx, storable(m.Room), storable(m.Epoch), m.Seq, storable(m.ID), storable(m.App),
			storable(m.Session), storable(m.Name), storable(m.Text), m.At.UnixMilli(), storable(m.Author))
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
// first; before and after are as in Messages, by seq. What an epoch has behind
// its end is in none: see EndEpochs.
//
// An empty epoch means all of them: numbers go on from one to the next. A
// message that was put back when a log was mended, or said again under another
// number, is once in a page, so a page may be shorter than limit although there
// are more. It may be longer, too: where a log began without a look into the
// archive two epochs have the same numbers, and who goes on by the seq at the
// end of a page would miss the others that have it. So they are all in it.
func (s *Store) RoomMessages(ctx context.Context, room, epoch string, before, after int64, limit int) ([]RoomMessage, error) {
	selectBefore, selectAfter, of := selectRoomBefore, selectRoomAfter, []any{room, epoch}
	if epoch == "" {
		selectBefore, selectAfter, of = selectAnyEpochBefore, selectAnyEpochAfter, []any{room}
	}
	all, err := page(before, after, func(before, after int64) ([]RoomMessage, error) {
		return list(ctx, s.read, scanRoomMessage, selectBefore, append(slices.Clone(of), before, after, limit)...)
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

// withTies adds to a page the messages that have the seq at the end from which
// the next page goes on: up, that is the last one.
func (s *Store) withTies(ctx context.Context, room string, all []RoomMessage, up bool) ([]RoomMessage, error) {
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

// compareRoomMessages orders by seq, and what has the same by time.
func compareRoomMessages(a, b RoomMessage) int {
	return cmp.Or(cmp.Compare(a.Seq, b.Seq), a.At.Compare(b.At), cmp.Compare(a.Epoch, b.Epoch))
}

// once leaves each message at the place that it got last, which is the one in the log: when a log goes on without its newest messages, servers that
// have heard them say them again, under their ids, while the archive may have them already.
func once(all []RoomMessage) (kept []RoomMessage) {
	type said struct{ id, author, name, text string } // an id may be used again when it is forgotten, and by others
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
	var at int64
	if err := row.Scan(&m.Room, &m.Epoch, &m.Seq, &m.ID, &m.App, &m.Session, &m.Name, &m.Text, &at, &m.Author); err != nil {
		return RoomMessage{}, err
	}
	m.At = fromMS(at)
	return m, nil
}
