// Package private implements chats between two accounts: the rules of what each
// may do, and the delivery of changes to the feeds of both.
//
// A chat belongs to two accounts, and no one else can tell that it exists. Its
// messages are numbered from 1 without a gap, and each side has a read mark.
// The data is in the store; Service has the rules.
//
// # From the store to the socket
//
// A change to a chat writes an event for each of the two into the outbox, in
// the same transaction. Relay takes the events from there and publishes them in
// the feeds. The feed of an account is a room (see chat.FeedRoom), so ordering,
// resume and log repair work as they do for rooms.
//
// No event is lost, because it leaves the outbox only after the log has it.
// None appears twice: the log remembers the ids of its events for some time,
// and after that clients ignore an id that they have seen.
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

const maxName = 32 // in bytes; no account's name is longer

// Store is what Service needs of the store. Its errors are those of translate;
// any other is the database's.
type Store interface {
	UserByName(ctx context.Context, name string) (u store.User, hash string, err error)
	CreateChat(ctx context.Context, id string, a, b int64, now time.Time) (chatID string, created bool,
		err error)
	ChatOf(ctx context.Context, a, b int64) (chatID string, err error)
	Chat(ctx context.Context, chatID string, user int64) (store.Chat, error)
	Chats(ctx context.Context, user int64, before *store.ChatCursor, limit int) ([]store.Chat, error)
	AddMessage(ctx context.Context, m store.Message) (stored store.Message, created bool, err error)
	EditMessage(ctx context.Context, e store.Edit) (m store.Message, changed bool, err error)
	DeleteMessage(ctx context.Context, chatID, message string, author int64, at time.Time) (changed bool,
		err error)
	ReactPrivately(ctx context.Context, r store.PrivateReaction) (changed bool, err error)
	ReactedPrivately(ctx context.Context, chatID, message string, user int64) ([]store.Reacted, error)
	MessageSince(ctx context.Context, chatID string, user int64, at time.Time) (int64, error)
	Messages(ctx context.Context, chatID string, user int64, before, after int64,
		limit int) ([]store.Message, error)
	Block(ctx context.Context, user, other int64, now time.Time) (changed bool, err error)
	Unblock(ctx context.Context, user, other int64) (changed bool, err error)
	Blocks(ctx context.Context, user int64, after string, limit int) ([]store.Block, error)
	MarkRead(ctx context.Context, chatID string, user int64, n int64) (moved bool, read int64, err error)
}

var _ Store = (*store.Store)(nil)

// Options configure a Service. Store and MaxText are required.
type Options struct {
	Store   Store
	MaxText int              // characters in a message
	Now     func() time.Time // default time.Now

	// NoEdits means that messages cannot be edited. EditWindow is for how long
	// they can; 0 = for ever.
	NoEdits    bool
	EditWindow time.Duration

	// Allow is called before me stores something for others: a message, even a
	// repeated one, an edit, a delete or a reaction; and before me opens a chat,
	// blocks or unblocks, even with a name that no account has, so that nobody can
	// probe names in bulk. Its error means that this is too often. Default:
	// everything is allowed.
	Allow func(me int64) error
	// AllowChat is called before me opens a chat that it does not have yet. Its
	// error means that this is too often; refund is called if no chat was made.
	// Default: everything is allowed.
	AllowChat func(me int64) (refund func(), err error)
	// AllowTyping is called before me tells someone that they are writing. Its
	// error means that this is too often. Default: everything is allowed.
	AllowTyping func(me int64) error
	// TellTyping tells an account that someone is writing in a chat. It may get
	// lost, and must not take longer than a moment. Default: nothing.
	TellTyping func(ctx context.Context, to int64, chatID, name string)
	// Wake is called after each write to the outbox, and is Relay.Wake. It must
	// not block. Default: nothing.
	Wake func()
}

// Service is what an account can do with its chats. me is the account in all
// methods, and the caller has authenticated it. The methods are safe for
// concurrent use. Their errors carry a *chat.Error, or are the store's.
type Service struct {
	opts Options
}

// New returns a Service.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Allow == nil {
		o.Allow = func(int64) error { return nil }
	}
	if o.AllowChat == nil {
		o.AllowChat = func(int64) (func(), error) { return func() {}, nil }
	}
	if o.AllowTyping == nil {
		o.AllowTyping = func(int64) error { return nil }
	}
	if o.TellTyping == nil {
		o.TellTyping = func(context.Context, int64, string, string) {}
	}
	if o.Wake == nil {
		o.Wake = func() {}
	}
	return &Service{opts: o}
}

// Create returns the chat between me and the named account. created means that
// it is new. Codes: bad_chat for a chat with oneself, unknown_user,
// rate_limited; for a new one cannot_write and blocking, as for Post.
func (s *Service) Create(ctx context.Context, me int64, otherName string) (c store.Chat, created bool,
	err error) {
	if err := s.opts.Allow(me); err != nil {
		return store.Chat{}, false, err
	}
	other, err := s.user(ctx, otherName)
	if err != nil {
		return store.Chat{}, false, err
	}
	if other.ID == me {
		return store.Chat{}, false, chat.Errorf(chat.CodeBadChat,
			"You cannot chat with yourself. Choose another user.")
	}
	id, err := s.opts.Store.ChatOf(ctx, me, other.ID)
	if errors.Is(err, store.ErrNotFound) {
		id, created, err = s.open(ctx, me, other.ID)
	}
	switch {
	case errors.Is(err, store.ErrBlocking):
		return store.Chat{}, false, errBlocking
	case errors.Is(err, store.ErrBlocked):
		return store.Chat{}, false, errBlocked
	case errors.Is(err, store.ErrNotFound): // deleted meanwhile
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

// open makes the chat of two accounts, if me may open another one. One that
// another request has just made does not count, and is not refused.
func (s *Service) open(ctx context.Context, me, other int64) (id string, created bool, err error) {
	refund, limited := s.opts.AllowChat(me)
	if limited != nil {
		if id, err = s.opts.Store.ChatOf(ctx, me, other); errors.Is(err, store.ErrNotFound) {
			err = limited
		}
		return id, false, err
	}
	id, created, err = s.opts.Store.CreateChat(ctx, uuid.NewString(), me, other, s.opts.Now())
	if !created {
		refund()
	}
	return id, created, err
}

// user looks up an account by its name, in any case. Invalid names are not
// looked up: a database refuses some of them.
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
		return store.User{}, fmt.Errorf("look up user: %w", err)
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

// List returns a page of my chats, most recent activity first. cursor is empty
// for the first page, else next of the previous one; next is empty on the last
// page. A chat that changes between two pages moves to the front, so no later
// page shows it again. limit 0 means 50. Codes: bad_request.
func (s *Service) List(ctx context.Context, me int64, cursor string, limit int) (chats []store.Chat,
	next string, err error) {
	if limit, err = chat.PageSize(limit); err != nil {
		return nil, "", err
	}
	before, err := parseCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	chats, err = s.opts.Store.Chats(ctx, me, before, limit+1) // one more shows whether another page follows
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

// Get returns one of my chats. Codes: not_found.
func (s *Service) Get(ctx context.Context, me int64, chatID string) (store.Chat, error) {
	chatID, err := parseChat(chatID)
	if err != nil {
		return store.Chat{}, err
	}
	c, err := s.opts.Store.Chat(ctx, chatID, me)
	return c, translate("read chat", err)
}

// Post adds a message to a chat, with a text, files that me has uploaded, or
// both. With an id chosen by the client it can be repeated: the same text and
// files then return the first message, and created is false. Codes: not_found,
// bad_text, too_long, bad_request for an id that is not a UUID, unknown_file,
// id_conflict for the id of another message, account_deleted if the other
// account is gone, cannot_write if it blocks me, blocking if me blocks it,
// rate_limited.
func (s *Service) Post(ctx context.Context, me int64, chatID, id, text string, files ...chat.FileRef) (
	m store.Message, created bool, err error) {
	if chatID, err = parseChat(chatID); err != nil {
		return store.Message{}, false, err
	}
	if id, err = messageID(id); err != nil {
		return store.Message{}, false, err
	}
	if text != "" || len(files) == 0 {
		if text, err = chat.CleanText(text, s.opts.MaxText); err != nil {
			return store.Message{}, false, err
		}
	}
	if err := s.opts.Allow(me); err != nil {
		return store.Message{}, false, err
	}
	m, created, err = s.opts.Store.AddMessage(ctx, store.Message{
		ID: id, Chat: chatID, Author: me, Text: text, At: s.opts.Now(), Files: chat.UnknownFiles(files)})
	if err != nil {
		return store.Message{}, false, translate("add message", err)
	}
	if created {
		s.opts.Wake()
	}
	return m, created, nil
}

// History returns a page of a chat's messages, oldest first: the newest before
// number `before`, the oldest after number `after` (store.FromStart: from the
// first one), or the newest of all if both are 0. Numbers have no gap, so a
// page that begins above 1 has messages before it. limit 0 means 50. Codes:
// not_found, bad_request.
func (s *Service) History(ctx context.Context, me int64, chatID string, before, after int64,
	limit int) ([]store.Message, error) {
	limit, err := chat.PageSize(limit)
	if err != nil {
		return nil, err
	}
	if before < 0 || after < store.FromStart || before > 0 && after != 0 {
		return nil, chat.Errorf(chat.CodeBadRequest,
			"before and after are numbers of messages. Give only one of them.")
	}
	if chatID, err = parseChat(chatID); err != nil {
		return nil, err
	}
	list, err := s.opts.Store.Messages(ctx, chatID, me, before, after, limit)
	return list, translate("read messages", err)
}
