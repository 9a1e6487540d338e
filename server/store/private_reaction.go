package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"livechat/server/chat"
)

// PrivateReaction is an emoji that a member of a private chat puts on a message,
// or takes back.
type PrivateReaction struct {
	Chat, Message string
	User          int64
	Emoji         string
	On            bool
	At            time.Time
}

const (
	insertReaction = `INSERT INTO message_reactions (chat, n, user_id, emoji, at)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`
	deleteReaction = `DELETE FROM message_reactions
		WHERE chat = $1 AND n = $2 AND user_id = $3 AND emoji = $4`
	forgetReactions = `DELETE FROM message_reactions WHERE chat = $1 AND n = $2`
	countReactions  = `SELECT emoji, count(*) FROM message_reactions WHERE chat = $1 AND n = $2
		GROUP BY emoji`
	changeReactions = `UPDATE messages SET reactions = $3 WHERE chat = $1 AND n = $2`
	// The name is looked up as in selectMessages.
	selectPrivateReacted = `
SELECT r.emoji, count(*) OVER (PARTITION BY r.emoji) AS many,
       coalesce((SELECT u.name FROM users u WHERE u.id = r.user_id), '` + DeletedName + `'), '', r.at
FROM messages m JOIN message_reactions r ON r.chat = m.chat AND r.n = m.n
WHERE m.id = $1 AND m.chat = $2 ORDER BY many DESC, r.emoji, r.at DESC, r.user_id`
)

// ReactPrivately records a reaction of a member, and writes the events for both
// members in the same transaction. If it is as it was, nothing changes and
// changed is false. Errors: ErrNotFound, as for AddMessage; ErrNoMessage: the
// chat has no such message, or it is deleted; ErrTooMany: there are
// chat.MaxReactionKinds of other emoji; ErrGone: the account of a member is
// deleted, so nobody would see it; ErrBlocking, ErrBlocked: as for AddMessage,
// but a reaction can be taken back.
func (s *Store) ReactPrivately(ctx context.Context, r PrivateReaction) (changed bool, err error) {
	err = s.inChat(ctx, r.Chat, r.Message, r.User, func(tx *sql.Tx, c owned) (err error) {
		if c.Deleted {
			return ErrNoMessage
		}
		at := r.At.UnixMilli()
		if changed, err = setReaction(ctx, tx, r, c, at); err != nil || !changed {
			return err
		}
		counts := make(map[string]int64)
		if _, err := list(ctx, tx, func(row scanner) (n int64, err error) {
			var emoji string
			err = row.Scan(&emoji, &n)
			counts[emoji] = n
			return n, err
		}, countReactions, c.Chat, c.N); err != nil {
			return err
		}
		if r.On && len(counts) > chat.MaxReactionKinds {
			return ErrTooMany
		}
		if _, err := exec(ctx, tx, changeReactions, c.Chat, c.N, countsJSON(counts)); err != nil {
			return err
		}
		return addEvents(ctx, tx, event{
			kind: EventReactions, chat: c.Chat, n: c.N, author: r.User, at: at}, c.a, c.b)
	})
	if err != nil {
		return false, fmt.Errorf("react to a message: %w", err)
	}
	return changed, nil
}

func setReaction(ctx context.Context, tx *sql.Tx, r PrivateReaction, c owned, at int64) (bool, error) {
	if !r.On {
		n, err := exec(ctx, tx, deleteReaction, c.Chat, c.N, r.User, r.Emoji)
		return n > 0, err
	}
	// First, since what was made may be repeated whoever has gone or been blocked.
	n, err := exec(ctx, tx, insertReaction, c.Chat, c.N, r.User, r.Emoji, at)
	if err != nil || n == 0 {
		return false, err
	}
	var readers int
	if err := tx.QueryRowContext(ctx, countReaders, c.a, c.b).Scan(&readers); err != nil {
		return false, err
	}
	if readers < 2 {
		return false, ErrGone
	}
	if err := checkBlocked(ctx, tx, r.User, c.a+c.b-r.User); err != nil {
		return false, err
	}
	return true, nil
}

// ReactedPrivately returns who reacted to a message of a private chat, as Reacted
// does. ErrNotFound: there is no such chat, or the user is not a member.
func (s *Store) ReactedPrivately(ctx context.Context, of, message string, user int64) ([]Reacted, error) {
	err := s.checkMember(ctx, of, user)
	var all []Reacted
	if err == nil && isID(message) {
		all, err = listReacted(ctx, s.read, selectPrivateReacted, message, of)
	}
	if err != nil {
		return nil, fmt.Errorf("list who reacted: %w", err)
	}
	return all, nil
}
