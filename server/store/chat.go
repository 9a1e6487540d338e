package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"
)

// Chat is a private chat as one of its two members sees it.
type Chat struct {
	ID        string // UUID, lower case
	Other     User   // the other member
	Created   time.Time
	Last      *Message // nil if the chat has no messages
	Unread    int64    // messages of the other member after Read
	Read      int64    // this member has read up to this n
	OtherRead int64    // the other member has read up to this n; 0 after a block
	Updated   time.Time

	Blocking bool // this member blocks the other one
	Blocked  bool // the other one blocks this member
}

// ChatCursor is a position in a list of chats: the last chat of a page.
type ChatCursor struct {
	Updated time.Time
	ID      string
}

// The position before all chats. It stands for no cursor, so that one query
// serves the first page and the others.
const (
	topUpdated = math.MaxInt64
	topID      = "ffffffff-ffff-ffff-ffff-ffffffffffff"
)

const (
	insertChat   = `INSERT INTO chats (id, a, b, created) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`
	selectPair   = `SELECT id FROM chats WHERE a = $1 AND b = $2`
	insertMember = `INSERT INTO members (chat, user_id, other, updated) VALUES ($1, $2, $3, $4)`
	selectMember = `SELECT EXISTS (SELECT 1 FROM members WHERE chat = $1 AND user_id = $2)`

	// The page is cut out of the index before the joins. Otherwise every page
	// would read all chats of the user. For EXISTS, PostgreSQL would read all
	// blocks.
	selectChats = `
SELECT m.chat, m.other, coalesce(u.name, '` + DeletedName + `'), u.created,
       c.created, m.unread, m.read_n, o.read_n, m.updated,
       l.id, l.n, l.author, coalesce(w.name, '` + DeletedName + `'), l.text, l.at,
       l.edited, l.deleted, l.reactions, l.files,
       coalesce((SELECT TRUE FROM blocks WHERE user_id = o.other AND blocked = m.other), FALSE),
       coalesce((SELECT TRUE FROM blocks WHERE user_id = m.other AND blocked = o.other), FALSE)
FROM (SELECT chat, other, unread, read_n, updated FROM members `
	joinChats = `) m
JOIN chats c ON c.id = m.chat
JOIN members o ON o.chat = m.chat AND o.user_id = m.other
JOIN users u ON u.id = m.other
LEFT JOIN messages l ON l.chat = m.chat AND l.n = c.last_n
LEFT JOIN users w ON w.id = l.author
ORDER BY m.updated DESC, m.chat DESC`
	selectChat      = selectChats + `WHERE chat = $1 AND user_id = $2` + joinChats
	selectChatsPage = selectChats + `WHERE user_id = $1 AND (updated, chat) < ($2, $3)
		ORDER BY updated DESC, chat DESC LIMIT $4` + joinChats
)

// CreateChat creates the chat of two users under the given id, with a `chat`
// event for both. If they have one already, it returns the id of that.
// ErrNotFound: one of the users is unknown or deleted. ErrConflict: the id
// belongs to another chat. ErrBlocking, ErrBlocked: they have none, and a blocks
// b, or b blocks a.
func (s *Store) CreateChat(ctx context.Context, id string, a, b int64, now time.Time) (
	chatID string, created bool, err error) {
	switch {
	case !isID(id):
		err = errBadID
	case a == b:
		err = errOneself
	default:
		err = s.inTx(ctx, func(tx *sql.Tx) error {
			chatID, created, err = s.createChat(ctx, tx, id, a, b, now.UnixMilli())
			return err
		})
	}
	if err != nil {
		return "", false, fmt.Errorf("create a chat: %w", err)
	}
	return chatID, created, nil
}

func scanID(row scanner) (id int64, err error) {
	err = row.Scan(&id)
	return id, err
}

// createChat keeps both users from being deleted meanwhile: a deletion has to
// know all chats of its user.
func (s *Store) createChat(ctx context.Context, tx *sql.Tx, id string, creator, other, now int64) (
	string, bool, error) {
	known, err := list(ctx, tx, scanID, selectTwoUsers+s.queries.forShare, creator, other)
	if err != nil {
		return "", false, err
	}
	if len(known) != 2 {
		return "", false, ErrNotFound
	}
	low, high := min(creator, other), max(creator, other)
	added, err := exec(ctx, tx, insertChat, id, low, high, now)
	if err != nil {
		return "", false, err
	}
	if added == 0 { // they have a chat already, or another chat has the id
		var existing string
		err := tx.QueryRowContext(ctx, selectPair, low, high).Scan(&existing)
		if errors.Is(err, sql.ErrNoRows) {
			err = ErrConflict
		}
		return existing, false, err
	}
	if err := checkBlocked(ctx, tx, creator, other); err != nil {
		return "", false, err
	}
	for _, m := range [2][2]int64{{low, high}, {high, low}} {
		if _, err := tx.ExecContext(ctx, insertMember, id, m[0], m[1], now); err != nil {
			return "", false, err
		}
	}
	return id, true, addEvents(ctx, tx, event{kind: EventChat, chat: id, author: creator, at: now}, low, high)
}

// ChatOf returns the id of the chat of two users. ErrNotFound: they have none.
func (s *Store) ChatOf(ctx context.Context, a, b int64) (id string, err error) {
	if err := s.read.QueryRowContext(ctx, selectPair, min(a, b), max(a, b)).Scan(&id); err != nil {
		return "", fmt.Errorf("find a chat: %w", notFound(err))
	}
	return id, nil
}

// Chat returns a chat of a user. ErrNotFound: no chat has this id, or the user
// is not a member.
func (s *Store) Chat(ctx context.Context, chat string, user int64) (Chat, error) {
	if !isID(chat) {
		return Chat{}, fmt.Errorf("read a chat: %w", ErrNotFound)
	}
	c, err := scanChat(s.read.QueryRowContext(ctx, selectChat, chat, user))
	if err != nil {
		return Chat{}, fmt.Errorf("read a chat: %w", notFound(err))
	}
	return c, nil
}

// Chats returns up to limit chats of a user, those with the newest activity
// first. With a cursor it returns those after it.
func (s *Store) Chats(ctx context.Context, user int64, before *ChatCursor, limit int) ([]Chat, error) {
	updated, id := int64(topUpdated), topID
	if before != nil {
		updated, id = before.Updated.UnixMilli(), before.ID
	}
	if !isID(id) {
		return nil, fmt.Errorf("list chats: %w", errBadID)
	}
	chats, err := list(ctx, s.read, scanChat, selectChatsPage, user, updated, id, limit)
	if err != nil {
		return nil, fmt.Errorf("list chats: %w", err)
	}
	return chats, nil
}

func scanChat(row scanner) (Chat, error) {
	var c Chat
	var otherCreated, created, updated int64
	var id, author, text, reactions, files sql.NullString
	var n, authorID, at, edited sql.NullInt64
	var deleted sql.NullBool
	err := row.Scan(&c.ID, &c.Other.ID, &c.Other.Name, &otherCreated, &created, &c.Unread, &c.Read,
		&c.OtherRead, &updated,
		&id, &n, &authorID, &author, &text, &at, &edited, &deleted, &reactions, &files,
		&c.Blocking, &c.Blocked)
	if err != nil {
		return Chat{}, err
	}
	if c.Blocking || c.Blocked {
		c.OtherRead = 0
	}
	c.Other.Created, c.Created, c.Updated = fromMS(otherCreated), fromMS(created), fromMS(updated)
	if id.Valid {
		c.Last = &Message{
			ID: id.String, Chat: c.ID, N: n.Int64, Author: authorID.Int64, AuthorName: author.String,
			Text: text.String, At: fromMS(at.Int64), Edited: editedAt(edited.Int64), Deleted: deleted.Bool,
			Reactions: reactions.String, Files: parseFiles(files.String),
		}
	}
	return c, nil
}
