// Package private is the chats between two accounts: who may do what in them, and how what happened in one reaches the feeds of both.
//
// A chat belongs to two accounts and nobody else can tell that it exists. Its messages are numbered from 1 without a hole, and each side
// has a mark up to which it has read. All of that is in the store; Service holds the rules.
//
// # From the store to the socket
//
// What changes a chat writes, in the same transaction, an event for each of the two into the outbox. Relay takes events from there and
// publishes them in the feeds: the feed of an account is a room of the room log (see chat.FeedRoom), so order, resuming and the mending of a log
// that has lost something are those of rooms.
//
// No event is lost, since it leaves the outbox only after the log has it. None appears twice, since the log remembers the ids of its
// events for a time, and clients show an id only once after that.
package private

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"livechat/server/chat"
	"livechat/server/store"
)

// How many chats or messages a page has.
const (
	MaxPage     = 100
	defaultPage = 50
)

const maxName = 32 // bytes; longer ones are no account's, whatever the rules of accounts are

// Store is what Service needs of the store. Its errors are store.ErrNotFound, store.ErrConflict and store.ErrGone; any other is of the database.
type Store interface {
	UserByName(ctx context.Context, name string) (u store.User, hash string, err error)
	CreateChat(ctx context.Context, id string, a, b int64, now time.Time) (chatID string, created bool, err error)
	Chat(ctx context.Context, chatID string, user int64) (store.Chat, error)
	Chats(ctx context.Context, user int64, before *store.ChatCursor, limit int) ([]store.Chat, error)
	AddMessage(ctx context.Context, m store.Message) (stored store.Message, created bool, err error)
	Messages(ctx context.Context, chatID string, user int64, before, after int64, limit int) ([]store.Message, error)
	MarkRead(ctx context.Context, chatID string, user int64, n int64) (moved bool, read int64, err error)
}

var _ Store = (*store.Store)(nil)

// Options are what a Service is made of. Store and MaxText must be set.
type Options struct {
	Store   Store
	MaxText int              // characters in a message
	Now     func() time.Time // default time.Now
	// Allow is asked before me puts something into the store for others: a message, also one that is there already, or a new chat, also with a name that nobody
	// has: names are not for asking about in bulk. Its error says that this is too often. Default: everything is allowed.
	Allow func(me int64) error
	Wake  func() // called whenever something was put into the outbox: Relay.Wake. It must not block. Default: nothing
}

// Service is what an account may do with its chats. The account is `me` everywhere, and whoever calls has made sure that it is.
// All methods may be called from any goroutine. Their errors carry a *chat.Error, or else are of the store.
type Service struct {
	opts Options
}

// New makes a Service.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Allow == nil {
		o.Allow = func(int64) error { return nil }
	}
	if o.Wake == nil {
		o.Wake = func() {}
	}
	return &Service{opts: o}
}

// Create returns the chat between me and the account of that name, and makes it if there is none: then created is true.
// Codes: bad_chat for a chat with oneself, unknown_user, rate_limited.
func (s *Service) Create(ctx context.Context, me int64, otherName string) (c store.Chat, created bool, err error) {
	if err := s.opts.Allow(me); err != nil {
		return store.Chat{}, false, err
	}
	other, err := s.user(ctx, otherName)
	if err != nil {
		return store.Chat{}, false, err
	}
	if other.ID == me {
		return store.Chat{}, false, chat.Errorf(chat.CodeBadChat, "a chat is with somebody else")
	}
	id, created, err := s.opts.Store.CreateChat(ctx, uuid.NewString(), me, other.ID, s.opts.Now())
	switch {
	case errors.Is(err, store.ErrNotFound): // deleted since
		return store.Chat{}, false, errUnknownUser
	case err != nil:
		return store.Chat{}, false, fmt.Errorf("create chat: %w", err)
	}
	if created {
		s.opts.Wake()
	}
	c, err = s.Get(ctx, me, id)
	return c, created, err
}

// user finds an account. Names are the same regardless of case; what can be no name is not looked for, since a database refuses some of it.
func (s *Service) user(ctx context.Context, name string) (store.User, error) {
	name = strings.ToLower(name)
	if !canBeName(name) {
		return store.User{}, errUnknownUser
	}
	u, _, err := s.opts.Store.UserByName(ctx, name)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return store.User{}, errUnknownUser
	case err != nil:
		return store.User{}, fmt.Errorf("find user: %w", err)
	}
	return u, nil
}

func canBeName(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return len(s) > 0 && len(s) <= maxName
}

// List returns a page of my chats, the newest activity first. cursor is empty for the first page, else the next of the page before; next is
// empty behind the last. A chat in which something happens between two pages moves to the front, so a later page never shows it twice.
// limit 0 means 50. Codes: bad_request.
func (s *Service) List(ctx context.Context, me int64, cursor string, limit int) (chats []store.Chat, next string, err error) {
	if limit, err = pageSize(limit); err != nil {
		return nil, "", err
	}
	before, err := parseCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	chats, err = s.opts.Store.Chats(ctx, me, before, limit+1) // one more tells whether there is another page
	if err != nil {
		return nil, "", fmt.Errorf("list chats: %w", err)
	}
	if len(chats) > limit {
		chats = chats[:limit]
		last := chats[limit-1]
		next = formatCursor(store.ChatCursor{Updated: last.Updated, ID: last.ID})
	}
	return chats, next, nil
}

// Get returns a chat of mine. Codes: not_found.
func (s *Service) Get(ctx context.Context, me int64, chatID string) (store.Chat, error) {
	chatID, err := parseChat(chatID)
	if err != nil {
		return store.Chat{}, err
	}
	c, err := s.opts.Store.Chat(ctx, chatID, me)
	return c, translate("read chat", err)
}

// Post adds a message to a chat. With an id of the client's own it can be said again: the same text then is the first message, and created is
// false. Codes: not_found, bad_text, too_long, bad_request for an id that is no UUID, id_conflict for one that is another message's,
// account_deleted when nobody would read it, rate_limited.
func (s *Service) Post(ctx context.Context, me int64, chatID, id, text string) (m store.Message, created bool, err error) {
	if chatID, err = parseChat(chatID); err != nil {
		return store.Message{}, false, err
	}
	if id, err = messageID(id); err != nil {
		return store.Message{}, false, err
	}
	if text, err = chat.CleanText(text, s.opts.MaxText); err != nil {
		return store.Message{}, false, err
	}
	if err := s.opts.Allow(me); err != nil {
		return store.Message{}, false, err
	}
	m, created, err = s.opts.Store.AddMessage(ctx, store.Message{ID: id, Chat: chatID, Author: me, Text: text, At: s.opts.Now()})
	if err != nil {
		return store.Message{}, false, translate("add message", err)
	}
	if created {
		s.opts.Wake()
	}
	return m, created, nil
}

// History returns a page of a chat's messages, oldest first: the newest before number `before`, or the oldest after number `after` (store.FromStart: the
// first of all), or, when both are 0, the newest of all. Numbers have no hole, so a page that begins above 1 has messages before it. limit 0 means 50. Codes: not_found, bad_request.
func (s *Service) History(ctx context.Context, me int64, chatID string, before, after int64, limit int) ([]store.Message, error) {
	limit, err := pageSize(limit)
	if err != nil {
		return nil, err
	}
	if before < 0 || after < store.FromStart || before > 0 && after != 0 {
		return nil, chat.Errorf(chat.CodeBadRequest, "before and after are numbers of messages, and only one of them can be given")
	}
	if chatID, err = parseChat(chatID); err != nil {
		return nil, err
	}
	list, err := s.opts.Store.Messages(ctx, chatID, me, before, after, limit)
	return list, translate("read messages", err)
}

// Read says that I have read a chat up to message n. The mark never goes back, nor beyond the last message; read is where it is now, and moved
// whether that is news. Codes: not_found, bad_request.
func (s *Service) Read(ctx context.Context, me int64, chatID string, n int64) (moved bool, read int64, err error) {
	if n < 0 {
		return false, 0, chat.Errorf(chat.CodeBadRequest, "n is the number of a message")
	}
	if chatID, err = parseChat(chatID); err != nil {
		return false, 0, err
	}
	moved, read, err = s.opts.Store.MarkRead(ctx, chatID, me, n)
	if err != nil {
		return false, 0, translate("mark as read", err)
	}
	if moved {
		s.opts.Wake()
	}
	return moved, read, nil
}
