package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"livechat/server/chat"
)

const (
	// The newest change of a person's reaction counts. Of two at one moment the
	// one that comes later does.
	newestReaction = ` ON CONFLICT (room, target, person, emoji) DO UPDATE
		SET author = excluded.author, name = excluded.name, at = excluded.at, is_on = excluded.is_on
		WHERE room_reactions.at < excluded.at
		OR room_reactions.at = excluded.at AND room_reactions.is_on <> excluded.is_on`
	addReactionColumns = `INSERT INTO room_reactions (room, target, person, emoji, author, name, at, is_on) `
	addReactionsAtOnce = addReactionColumns + `SELECT $1, $2, person, emoji, author, name, at, is_on
		FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::boolean[])
		g (person, emoji, author, name, at, is_on)` + newestReaction
	addReaction    = addReactionColumns + `VALUES ($1, $2, $3, $4, $5, $6, $7, $8)` + newestReaction
	importReaction = addReactionColumns + `VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`
	selectCopies   = `SELECT DISTINCT deleted FROM room_messages m WHERE room = $1 AND id = $2
		AND type = '' AND seq >= $3 AND seq <= $4 AND ` + inLog

	selectReactions = `SELECT person, author, name, emoji, at, is_on FROM room_reactions
		WHERE room = $1 AND target = $2 ORDER BY at, person, emoji`
	selectReacted = `SELECT emoji, n, name, author, at FROM (
		SELECT emoji, name, author, at, person, count(*) OVER (PARTITION BY emoji) AS n,
			row_number() OVER (PARTITION BY emoji ORDER BY at DESC, person) AS place
		FROM room_reactions WHERE room = $1 AND target = $2 AND is_on) r
		WHERE place <= $3 ORDER BY n DESC, emoji, place`
	eraseReactions = `DELETE FROM room_reactions WHERE room = $1 AND target = $2`
)

// Reacted are the people who reacted to a message with one emoji.
type Reacted struct {
	Emoji  string
	Count  int64           // of all of them
	People []chat.Reaction // the newest first; without Person, which is not for others
}

// AddReactions records reactions to a message, of which a summary is archived.
// A reaction that is known already and newer stays. A deleted message has none.
func (s *Store) AddReactions(ctx context.Context, room, target string, reactions []chat.Reaction) error {
	if len(reactions) == 0 {
		return nil
	}
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		if err := s.lockEdits(ctx, tx, nil); err != nil {
			return err
		}
		room, target := storable(room), storable(target)
		there, deleted, err := s.copies(ctx, tx, named{room, target})
		if err != nil || deleted && !there {
			return err
		}
		news, err := newReactions(ctx, tx, room, target, reactions)
		if err != nil || len(news) == 0 {
			return err
		}
		if s.dialect == postgres {
			return addReactions(ctx, tx, room, target, news)
		}
		return addReactionsOneByOne(ctx, tx, room, target, news)
	})
	if err != nil {
		return fmt.Errorf("record who reacted: %w", err)
	}
	return nil
}

// newReactions returns, as they are stored, the newest of each person's reactions
// that are not known: every summary comes with all of them. They are in order,
// so that two archivers do not wait for each other.
func newReactions(ctx context.Context, tx *sql.Tx, room, target string, reactions []chat.Reaction) (
	news []chat.Reaction, err error) {
	known, err := list(ctx, tx, scanReaction, selectReactions, room, target)
	if err != nil {
		return nil, err
	}
	type key struct{ person, emoji string }
	newest := make(map[key]chat.Reaction, len(known))
	for _, r := range known {
		newest[key{r.Person, r.Emoji}] = r
	}
	changed := make(map[key]bool)
	for _, r := range reactions {
		r.Person, r.Emoji = storable(r.Person), storable(r.Emoji)
		k := key{r.Person, r.Emoji}
		if before, ok := newest[k]; !ok || before.At < r.At || before.At == r.At && before.On != r.On {
			newest[k], changed[k] = r, true
		}
	}
	for k := range changed {
		news = append(news, newest[k])
	}
	slices.SortFunc(news, func(a, b chat.Reaction) int {
		return cmp.Or(cmp.Compare(a.Person, b.Person), cmp.Compare(a.Emoji, b.Emoji))
	})
	return news, nil
}

func addReactions(ctx context.Context, tx *sql.Tx, room, target string, reactions []chat.Reaction) error {
	var texts [4][]string
	var times []int64
	var on []bool
	for _, r := range reactions {
		for i, text := range [...]string{r.Person, r.Emoji, storable(r.Author), storable(r.Name)} {
			texts[i] = append(texts[i], text)
		}
		times, on = append(times, r.At), append(on, r.On)
	}
	_, err := tx.ExecContext(ctx, addReactionsAtOnce, room, target, texts[0], texts[1], texts[2], texts[3],
		times, on)
	return err
}

func addReactionsOneByOne(ctx context.Context, tx *sql.Tx, room, target string,
	reactions []chat.Reaction) error {
	insert, err := tx.PrepareContext(ctx, addReaction)
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, r := range reactions {
		if _, err := insert.ExecContext(ctx, room, target, r.Person, r.Emoji, storable(r.Author),
			storable(r.Name), r.At, r.On); err != nil {
			return err
		}
	}
	return nil
}

// copies returns whether a message with this id is there, and whether one is
// deleted: at or near these numbers, and where the newest summary of its
// reactions says that it is. An author may send a message under the id of
// another one, which is not theirs, and delete it: reactions to the other one
// stay.
func (s *Store) copies(ctx context.Context, tx *sql.Tx, n named, seqs ...int64) (
	there, deleted bool, err error) {
	newest, err := s.summariesOf(ctx, tx, map[named]bool{n: true})
	if err != nil {
		return false, false, err
	}
	for _, summary := range newest {
		seqs = append(seqs, summary.target().Seq)
	}
	for _, seq := range seqs {
		for _, reach := range [...]int64{0, editReach} {
			found, err := list(ctx, tx, func(row scanner) (is bool, err error) { return is, row.Scan(&is) },
				selectCopies, n.room, n.id, seq-reach, seq+reach)
			if err != nil {
				return false, false, fmt.Errorf("look for messages with an id: %w", err)
			}
			there, deleted = there || slices.Contains(found, false), deleted || slices.Contains(found, true)
			if len(found) > 0 {
				break
			}
		}
	}
	return there, deleted, nil
}

// Reactions returns the last change of each person's reactions to a message,
// also of those that were taken back, the oldest first.
func (s *Store) Reactions(ctx context.Context, room, target string) ([]chat.Reaction, error) {
	all, err := list(ctx, s.read, scanReaction, selectReactions, room, target)
	if err != nil {
		return nil, fmt.Errorf("read who reacted: %w", err)
	}
	return all, nil
}

func scanReaction(row scanner) (r chat.Reaction, err error) {
	return r, row.Scan(&r.Person, &r.Author, &r.Name, &r.Emoji, &r.At, &r.On)
}

// Reacted returns who reacted to a message, the most frequent emoji first, with
// at most most people for each.
func (s *Store) Reacted(ctx context.Context, room, target string, most int) ([]Reacted, error) {
	all, err := listReacted(ctx, s.read, selectReacted, room, target, most)
	if err != nil {
		return nil, fmt.Errorf("list who reacted: %w", err)
	}
	return all, nil
}

// listReacted groups rows of emoji, count, name, author and time by emoji.
func listReacted(ctx context.Context, q querier, query string, args ...any) (all []Reacted, err error) {
	_, err = list(ctx, q, func(row scanner) (_ struct{}, err error) {
		r, count := chat.Reaction{On: true}, int64(0)
		if err := row.Scan(&r.Emoji, &count, &r.Name, &r.Author, &r.At); err != nil {
			return struct{}{}, err
		}
		if n := len(all); n == 0 || all[n-1].Emoji != r.Emoji {
			all = append(all, Reacted{Emoji: r.Emoji, Count: count})
		}
		of := &all[len(all)-1]
		of.People = append(of.People, r)
		return struct{}{}, nil
	}, query, args...)
	return all, err
}
