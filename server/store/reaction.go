package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"

	"github.com/go-json-experiment/json"

	"livechat/server/chat"
)

// A message has the counts of the newest summary of its reactions, by number,
// whichever of the two is archived first. Summaries are looked up each time
// rather than compared with what the message has: a repair of the log may have
// taken back the one that it got.

const (
	// In both the newest summary is one step in the index.
	newestSummary = `FROM room_messages m WHERE m.room = k.room AND m.reacted = k.id AND m.reacted <> ''
		AND ` + inLog + ` ORDER BY m.seq DESC, m.at DESC LIMIT 1`
	selectSummaries = `SELECT n.room, n.extra FROM unnest($1::text[], $2::text[]) k (room, id)
		CROSS JOIN LATERAL (SELECT m.room, m.extra ` + newestSummary + `) n`
	selectSummariesSQLite = `SELECT n.room, n.extra FROM (SELECT json_extract(value, '$[0]') AS room,
		json_extract(value, '$[1]') AS id FROM json_each($1)) k
		CROSS JOIN room_messages n ON n.rid = (SELECT m.rid ` + newestSummary + `)`
	setReactions = `UPDATE room_messages AS m SET reactions = $1 WHERE room = $2 AND id = $3 AND type = ''
		AND NOT deleted AND seq >= $4 AND seq <= $5 AND ` + inLog
)

// applyReactions gives messages the counts of their reactions, if either is
// new.
func (s *Store) applyReactions(ctx context.Context, tx *sql.Tx, messages []RoomMessage) error {
	about := make(map[named]bool, len(messages))
	for _, m := range messages {
		switch id := m.target().ID; {
		case m.Type == "" && !m.Deleted:
			about[named{m.Room, m.ID}] = true
		case m.Type == chat.TypeReactions && id != "":
			about[named{m.Room, id}] = true
		}
	}
	newest, err := s.summariesOf(ctx, tx, about)
	if err != nil {
		return err
	}
	for _, summary := range newest {
		if err := applySummary(ctx, tx, summary); err != nil {
			return fmt.Errorf("apply reactions: %w", err)
		}
	}
	return nil
}

// summariesOf returns the newest summaries of the reactions to some messages.
func (s *Store) summariesOf(ctx context.Context, tx *sql.Tx, about map[named]bool) ([]RoomMessage, error) {
	if len(about) == 0 {
		return nil, nil
	}
	question, args, err := s.askNamed(about, selectSummaries, selectSummariesSQLite)
	if err != nil {
		return nil, err
	}
	newest, err := list(ctx, tx, func(row scanner) (RoomMessage, error) {
		m := RoomMessage{Type: chat.TypeReactions}
		return m, row.Scan(&m.Room, &m.Extra)
	}, question, args...)
	if err != nil {
		return nil, fmt.Errorf("look for reactions: %w", err)
	}
	return newest, nil
}

// askNamed returns the statement for some messages, and its arguments.
func (s *Store) askNamed(about map[named]bool, postgresql, sqlite3 string) (
	question string, args []any, err error) {
	rooms, ids := make([]string, 0, len(about)), make([]string, 0, len(about))
	pairs := make([][2]string, 0, len(about))
	for n := range about {
		pair := [2]string{storable(n.room), storable(n.id)}
		rooms, ids, pairs = append(rooms, pair[0]), append(ids, pair[1]), append(pairs, pair)
	}
	if s.dialect == postgres {
		return postgresql, []any{rooms, ids}, nil
	}
	asked, err := json.Marshal(pairs)
	return sqlite3, []any{string(asked)}, err
}

// applySummary looks for the message where the summary says that it was, and
// then near it: a repair may have moved it.
func applySummary(ctx context.Context, tx *sql.Tx, summary RoomMessage) error {
	t, counts := summary.target(), countsOf(summary.Extra)
	for _, reach := range [...]int64{0, editReach} {
		n, err := exec(ctx, tx, setReactions, counts, summary.Room, t.ID, t.Seq-reach, t.Seq+reach)
		if err != nil || n > 0 {
			return err
		}
	}
	return nil
}

// countsOf returns the counts in the members of a summary, as JSON, the same for
// the same counts; empty if there are none.
func countsOf(extra string) string {
	var members struct {
		Counts map[string]int64 `json:"counts"`
	}
	if json.Unmarshal([]byte("{"+extra+"}"), &members) != nil {
		return ""
	}
	return countsJSON(members.Counts)
}

// countsJSON returns the counts that are not 0.
func countsJSON(all map[string]int64) string {
	maps.DeleteFunc(all, func(_ string, n int64) bool { return n <= 0 })
	if len(all) == 0 {
		return ""
	}
	counts, err := json.Marshal(all, json.Deterministic(true))
	if err != nil {
		return ""
	}
	return storable(string(counts))
}
