package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"livechat/server/chat"
)

// Queries for all that one person has written, page by page: for an Erasure,
// and for the person.

const (
	ofAuthor   = ` FROM room_messages m WHERE author = $1 AND author <> '' AND at <= $2 `
	afterPlace = `AND (room, seq, epoch) > ($3, $4, $5) `
	inOrder    = `ORDER BY room, seq, epoch LIMIT $6`

	selectWritten  = `SELECT ` + roomColumns + ofAuthor + afterPlace + inOrder
	selectErasable = `SELECT ` + roomColumns + ofAuthor + afterPlace + `AND type = '' AND NOT deleted ` + inOrder
	selectNameless = `SELECT ` + roomColumns + ofAuthor + `ORDER BY room, seq, epoch LIMIT $3`
	renameEntry    = `UPDATE room_messages SET name = $4, author = $5` + whereAt
	renameFiles    = `UPDATE files SET owner = $2 WHERE owner = $1 AND owner <> '' AND room <> ''
		AND created <= $3`
	renameReports = `UPDATE reports SET name = $2, author = $3
		WHERE author = $1 AND author <> '' AND at <= $4`
	deleteFilesByOwner = `UPDATE files SET deleted = $2 WHERE owner = $1 AND owner <> '' AND user_id = $4
		AND created <= $3 AND deleted = 0`

	selectFilesOfUser = `SELECT ` + fileColumns + ` FROM files WHERE user_id = $1 AND deleted = 0 AND id > $2
		ORDER BY id LIMIT $3`
	selectFilesOfGuest = `SELECT ` + fileColumns + ` FROM files WHERE owner = $1 AND owner <> '' AND user_id = 0
		AND deleted = 0 AND id > $2 ORDER BY id LIMIT $3`

	selectPrivateTexts = `SELECT m.id, m.chat, m.n FROM members c JOIN messages m ON m.chat = c.chat
		WHERE c.user_id = $1 AND m.author = $1 AND NOT m.deleted AND c.chat >= $2 AND (m.chat, m.n) > ($2, $3)
		ORDER BY m.chat, m.n LIMIT $4`
	selectPrivateLikes = `SELECT r.chat, m.id, r.n, r.emoji, r.at FROM members c
		JOIN message_reactions r ON r.chat = c.chat JOIN messages m ON m.chat = r.chat AND m.n = r.n
		WHERE c.user_id = $1 AND r.user_id = $1 AND c.chat >= $2 AND (r.chat, r.n, r.emoji) > ($2, $3, $4)
		ORDER BY r.chat, r.n, r.emoji LIMIT $5`
	selectLiked = `SELECT room, target, emoji, name, at, is_on FROM room_reactions WHERE author = $1
		AND author <> '' AND at <= $2 AND (room, target, emoji) > ($3, $4, $5)
		ORDER BY room, target, emoji LIMIT $6`
	selectLikedMessages = `SELECT DISTINCT room, target FROM room_reactions WHERE author = $1 AND author <> ''
		AND at <= $2 AND is_on AND (room, target) > ($3, $4) ORDER BY room, target LIMIT $5`
	forgetLiked = `DELETE FROM room_reactions WHERE author = $1 AND author <> '' AND at <= $2`

	selectNear = selectRooms + `AND id = $2 AND seq >= $3 AND seq <= $4 AND NOT deleted AND ` + inLog +
		` ORDER BY seq DESC LIMIT 1`
)

// firstID is before the ids of all chats and files.
const firstID = "00000000-0000-0000-0000-000000000000"

// Written returns up to limit archived entries of an author, of every type, up
// to a time, in the order of ErasePlace, after a place.
func (s *Store) Written(ctx context.Context, author string, upto time.Time, after ErasePlace, limit int) (
	[]RoomMessage, error) {
	return s.written(ctx, selectWritten, author, upto, after, limit)
}

// Erasable returns only the messages that are not deleted.
func (s *Store) Erasable(ctx context.Context, author string, upto time.Time, after ErasePlace, limit int) (
	[]RoomMessage, error) {
	return s.written(ctx, selectErasable, author, upto, after, limit)
}

func (s *Store) written(ctx context.Context, query, author string, upto time.Time, after ErasePlace,
	limit int) ([]RoomMessage, error) {
	all, err := list(ctx, s.read, scanRoomMessage, query, author, upto.UnixMilli(), after.Room, after.Seq,
		after.Epoch, limit)
	if err != nil {
		return nil, fmt.Errorf("list what somebody has written: %w", err)
	}
	return all, nil
}

// Place returns where the message is in what its author has written.
func (m *RoomMessage) Place() ErasePlace { return ErasePlace{m.Room, m.Seq, m.Epoch} }

// TakeName takes the name and the author from up to limit archived entries of an
// author up to a time, and the name from what quotes them. It returns how many
// there were.
func (s *Store) TakeName(ctx context.Context, author string, upto time.Time, limit int) (n int, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		if err := s.lockEdits(ctx, tx, []RoomMessage{{Type: chat.TypeEdit}}); err != nil {
			return err
		}
		all, err := list(ctx, tx, scanRoomMessage, selectNameless, author, upto.UnixMilli(), limit)
		if err != nil {
			return err
		}
		for _, m := range all {
			if err := takeName(ctx, tx, m); err != nil {
				return err
			}
		}
		n = len(all)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("take a name from the archive: %w", err)
	}
	return n, nil
}

func takeName(ctx context.Context, tx *sql.Tx, m RoomMessage) error {
	if _, err := exec(ctx, tx, renameEntry, m.Room, m.Epoch, m.Seq, DeletedName,
		chat.DeletedAuthor); err != nil || m.Type != "" {
		return err
	}
	about, err := list(ctx, tx, scanRoomMessage, selectAbout, m.Room, m.ID)
	if err != nil {
		return err
	}
	for _, reply := range about {
		if reply.Type != "" || reply.target().Seq != m.Seq {
			continue
		}
		if extra, ok := chat.RenameReply(reply.Extra, m.ID, DeletedName); ok {
			if _, err := exec(ctx, tx, eraseQuote+whereAt, reply.Room, reply.Epoch, reply.Seq, extra); err != nil {
				return err
			}
		}
	}
	return nil
}

// TakeOwner takes the author from the files of rooms, and name and author from
// reports on messages.
func (s *Store) TakeOwner(ctx context.Context, author string, upto time.Time) error {
	_, err := exec(ctx, s.write, renameFiles, author, chat.DeletedAuthor, upto.UnixMilli())
	if err != nil {
		return fmt.Errorf("take an author from files: %w", err)
	}
	if _, err := exec(ctx, s.write, renameReports, author, DeletedName, chat.DeletedAuthor,
		upto.UnixMilli()); err != nil {
		return fmt.Errorf("take an author from reports: %w", err)
	}
	return nil
}

// DeleteFilesBy deletes all files that an author has uploaded up to a time, of
// the account user; 0: a guest.
func (s *Store) DeleteFilesBy(ctx context.Context, author string, user int64, upto time.Time) error {
	n, err := exec(ctx, s.write, deleteFilesByOwner, author, time.Now().UnixMilli(), upto.UnixMilli(), user)
	return s.deleting(n, err)
}

// FilesOf returns up to limit files that an account has uploaded, or, if user is
// 0, a guest with that author, after the one with the id after; "": the first.
func (s *Store) FilesOf(ctx context.Context, author string, user int64, after string, limit int) (
	all []StoredFile, err error) {
	if after == "" {
		after = firstID
	}
	if user != 0 {
		all, err = list(ctx, s.read, scanFile, selectFilesOfUser, user, after, limit)
	} else {
		all, err = list(ctx, s.read, scanFile, selectFilesOfGuest, author, after, limit)
	}
	if err != nil {
		return nil, fmt.Errorf("list files of somebody: %w", err)
	}
	return all, nil
}

// PrivateTexts returns up to limit private messages of an author that are not
// deleted, without their texts, after one of a chat: the zero value for the
// first page.
func (s *Store) PrivateTexts(ctx context.Context, user int64, after ErasePlace, limit int) (
	[]Message, error) {
	all, err := list(ctx, s.read, func(row scanner) (m Message, err error) {
		m.Author = user
		return m, row.Scan(&m.ID, &m.Chat, &m.N)
	}, selectPrivateTexts, user, chatOf(after), after.Seq, limit)
	if err != nil {
		return nil, fmt.Errorf("list private messages of somebody: %w", err)
	}
	return all, nil
}

func chatOf(p ErasePlace) string {
	if p.Room == "" {
		return firstID
	}
	return p.Room
}

// Like is a reaction of somebody to a message.
type Like struct {
	Room    string // "": in a chat
	Chat    string
	N       int64  // the number of the message in the chat
	Message string // its id
	Emoji   string
	Name    string // of who reacted, as it was then, in rooms
	At      time.Time
	On      bool // false: it was taken back
}

// PrivateLikes returns up to limit reactions of a user to private messages, after
// one: At.Room is its chat, At.Seq the number of its message, At.Epoch the emoji.
func (s *Store) PrivateLikes(ctx context.Context, user int64, after ErasePlace, limit int) ([]Like, error) {
	all, err := list(ctx, s.read, func(row scanner) (l Like, err error) {
		var at int64
		err = row.Scan(&l.Chat, &l.Message, &l.N, &l.Emoji, &at)
		l.At, l.On = fromMS(at), true
		return l, err
	}, selectPrivateLikes, user, chatOf(after), after.Seq, after.Epoch, limit)
	if err != nil {
		return nil, fmt.Errorf("list private reactions of somebody: %w", err)
	}
	return all, nil
}

// Likes returns up to limit reactions of an author to messages of rooms up to a
// time, also those that were taken back, after one of a room, a message and an
// emoji.
func (s *Store) Likes(ctx context.Context, author string, upto time.Time, after Like, limit int) (
	[]Like, error) {
	all, err := list(ctx, s.read, func(row scanner) (l Like, err error) {
		var at int64
		err = row.Scan(&l.Room, &l.Message, &l.Emoji, &l.Name, &at, &l.On)
		l.At = fromMS(at)
		return l, err
	}, selectLiked, author, upto.UnixMilli(), after.Room, after.Message, after.Emoji, limit)
	if err != nil {
		return nil, fmt.Errorf("list reactions of somebody: %w", err)
	}
	return all, nil
}

// LikedMessages returns up to limit messages of rooms to which an author reacted
// up to a time, if that was not taken back: in At.Room the room, in At.Epoch the
// id, after one of them.
func (s *Store) LikedMessages(ctx context.Context, author string, upto time.Time, after ErasePlace,
	limit int) ([]ErasePlace, error) {
	all, err := list(ctx, s.read, func(row scanner) (p ErasePlace, err error) {
		return p, row.Scan(&p.Room, &p.Epoch)
	}, selectLikedMessages, author, upto.UnixMilli(), after.Room, after.Epoch, limit)
	if err != nil {
		return nil, fmt.Errorf("list what somebody reacted to: %w", err)
	}
	return all, nil
}

// ForgetLikes deletes what the archive knows of those reactions.
func (s *Store) ForgetLikes(ctx context.Context, author string, upto time.Time) error {
	if _, err := exec(ctx, s.write, forgetLiked, author, upto.UnixMilli()); err != nil {
		return fmt.Errorf("forget reactions of somebody: %w", err)
	}
	return nil
}

// ReactedTo returns the archived message that reactions to an id are to, by their
// newest summary. ErrNotFound: there is none, or it is deleted.
func (s *Store) ReactedTo(ctx context.Context, room, id string) (m RoomMessage, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		summaries, err := s.summariesOf(ctx, tx, map[named]bool{{room, id}: true})
		if err != nil {
			return err
		}
		for _, summary := range summaries {
			t := summary.target()
			for _, reach := range [...]int64{0, editReach} {
				m, err = scanRoomMessage(tx.QueryRowContext(ctx, selectNear, room, id, t.Seq-reach, t.Seq+reach))
				if !errors.Is(err, sql.ErrNoRows) {
					return err
				}
			}
		}
		return ErrNotFound
	})
	if err != nil {
		return RoomMessage{}, fmt.Errorf("find what was reacted to: %w", err)
	}
	return m, nil
}
