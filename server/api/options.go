package api

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"livechat/server/blob"
	"livechat/server/chat"
	"livechat/server/files"
	"livechat/server/rooms"
	"livechat/server/store"
)

// Accounts are the users with a name and a password. Errors for users are
// *chat.Error.
type Accounts interface {
	Register(ctx context.Context, name, password, addr string) (store.User, error)
	ChangePassword(ctx context.Context, user int64, old, next string) error // ends all sessions
	// Delete also has the messages erased, or, if keep, their name.
	Delete(ctx context.Context, user int64, password string, keep bool) error
	Sessions
}

// Sessions authenticate requests. A token is opaque and fits in a cookie.
type Sessions interface {
	Login(ctx context.Context, name, password, addr string) (token string, u store.User, err error)
	// NewSession is for a user who has just given the password.
	NewSession(ctx context.Context, user int64) (token string, err error)
	// WhoAmI fails with unauthorized if the token is not valid, or not any
	// more.
	WhoAmI(ctx context.Context, token string) (store.User, error)
	// Logout does not fail if there is no such session.
	Logout(ctx context.Context, token string) error
	LogoutAll(ctx context.Context, user int64) error
}

// Chats are the private chats of the user me. What does not belong to me is
// not_found.
type Chats interface {
	Create(ctx context.Context, me int64, otherName string) (c store.Chat, created bool, err error)
	// List returns an empty next on the last page.
	List(ctx context.Context, me int64, cursor string, limit int) (chats []store.Chat, next string, err error)
	Get(ctx context.Context, me int64, chat string) (store.Chat, error)
	Post(ctx context.Context, me int64, inChat, id, text string, files ...chat.FileRef) (m store.Message,
		created bool, err error)
	// EditMessage returns the message as it is then.
	EditMessage(ctx context.Context, me int64, chat, message, id, text string) (store.Message, error)
	// DeleteMessage does not fail if the message is deleted already.
	DeleteMessage(ctx context.Context, me int64, chat, message string) error
	// React puts an emoji of mine on a message, or takes it back.
	React(ctx context.Context, me int64, chat, message, emoji string, on bool) error
	// WhoReacted returns the most frequent emoji first.
	WhoReacted(ctx context.Context, me int64, chat, message string) ([]store.Reacted, error)
	// History returns the oldest message first. 0 means not given; after can be
	// store.FromStart.
	History(ctx context.Context, me int64, chat string, before, after int64,
		limit int) ([]store.Message, error)
	// Since returns the number of the first message at or after a time, 0 for
	// none.
	Since(ctx context.Context, me int64, chat string, at time.Time) (int64, error)
	Read(ctx context.Context, me int64, chat string, n int64) (moved bool, read int64, err error)
	// Typing tells the other member that me is writing.
	Typing(ctx context.Context, me store.User, chat string) error
	Blocks
}

// Blocks are the accounts whose private messages me does not want.
type Blocks interface {
	// Blocks returns a page in the order of the names, and whether there are more.
	Blocks(ctx context.Context, me int64, after string, limit int) (
		page []store.Block, more bool, err error)
	// Block and Unblock do not fail if it is so already.
	Block(ctx context.Context, me int64, name string) error
	Unblock(ctx context.Context, me int64, name string) error
}

// Archive has the messages of rooms.
type Archive interface {
	// MayRead reports whether a user, 0 for a guest, may read a room. The other
	// methods do not ask.
	MayRead(ctx context.Context, room string, user int64) (bool, error)
	// RoomMessages returns messages, oldest first. At most one of before and
	// after is given (not 0); after can be store.FromStart. The epoch "" stands
	// for all epochs, sorted by number.
	RoomMessages(ctx context.Context, room, epoch string, before, after int64,
		limit int) ([]store.RoomMessage, error)
	// RoomOthers returns the numbers between after and before, exclusive, of
	// entries that are not messages.
	RoomOthers(ctx context.Context, room, epoch string, after, before int64) ([]store.Range, error)
	// RoomSince returns the seq of the first message at or after a time, 0 for
	// none.
	RoomSince(ctx context.Context, room string, at time.Time) (int64, error)
	// Reacted returns who reacted to the message with this id, the most
	// frequent emoji first, with at most most people for each.
	Reacted(ctx context.Context, room, target string, most int) ([]store.Reacted, error)
}

// Rooms are the rooms that people make. A room that somebody may not know of is
// not_found, like one that does not exist. Errors for users are *chat.Error.
type Rooms interface {
	// List returns a page in the order of the names, and whether there are more.
	List(ctx context.Context, by rooms.Actor, q store.RoomsQuery) (page []rooms.View, more bool, err error)
	Make(ctx context.Context, by rooms.Actor, d rooms.Draft) (rooms.View, error)
	Get(ctx context.Context, by rooms.Actor, room string) (rooms.View, error)
	Set(ctx context.Context, by rooms.Actor, room string, c rooms.Changes) (rooms.View, error)
	Delete(ctx context.Context, by rooms.Actor, room string) error
	RoomMembers
	Invites
}

// RoomMembers are the accounts with a role in a room.
type RoomMembers interface {
	// Members returns a page in the order of the names, and whether there are more.
	Members(ctx context.Context, by rooms.Actor, room, after string, limit int) (page []store.RoomMember,
		more bool, err error)
	SetRole(ctx context.Context, by rooms.Actor, room, name string, role chat.RoomRole) error
	Remove(ctx context.Context, by rooms.Actor, room, name string) error
}

// Invites make members of those who have their token.
type Invites interface {
	Invite(ctx context.Context, by rooms.Actor, room string, uses int64, lasts time.Duration) (token string,
		i store.Invite, err error)
	Invites(ctx context.Context, by rooms.Actor, room string) ([]store.Invite, error)
	Uninvite(ctx context.Context, by rooms.Actor, room, id string) error
	// Invited returns the room of an invite.
	Invited(ctx context.Context, token string) (rooms.View, error)
	Join(ctx context.Context, by rooms.Actor, token string) (rooms.View, error)
}

// Search finds messages among those that a user may see. store.ErrBadCursor: the
// query's Before is not a next.
type Search interface {
	Search(ctx context.Context, q store.SearchQuery) (found []store.Found, next string, err error)
}

// Tickets open sockets. They are short-lived and can be used once.
type Tickets interface {
	// Issue returns a ticket for the user's session with that token.
	Issue(ctx context.Context, user int64, token string) (ticket string, expires time.Time, err error)
}

// Files keeps the files of messages. Errors for users are *chat.Error. Readers
// are read by one goroutine; how fast is their caller's business.
type Files interface {
	// Store takes a file in one go. created is false if there is a file with that
	// id of the same owner already.
	Store(ctx context.Context, u files.Upload, r io.Reader) (f files.Stored, created bool, err error)
	// Get returns a file that the user, 0 for a guest, may fetch.
	Get(ctx context.Context, id string, user int64) (files.Stored, error)
	// Open opens a file, or its preview of that size. The caller closes it.
	Open(ctx context.Context, f files.Stored, size int) (content blob.Object, mediaType string, err error)
	// Cancel deletes an upload, or a file that is in no message.
	Cancel(ctx context.Context, id string, o files.Owner) error
	Uploads
}

// Uploads are files that come in pieces.
type Uploads interface {
	// Begin returns the upload with that id, and how much of it there is already.
	Begin(ctx context.Context, u files.Upload) (id string, offset int64, err error)
	Offset(ctx context.Context, id string, o files.Owner) (offset, size int64, err error)
	// Append adds what comes after offset, and returns the offset then, also with
	// an error.
	Append(ctx context.Context, id string, o files.Owner, offset int64, r io.Reader) (int64, error)
	// Finish makes a file of an upload that is complete. It can be repeated.
	Finish(ctx context.Context, id string, o files.Owner) (files.Stored, error)
}

// Options are the services behind the API and its settings. The services must
// be safe for concurrent use.
type Options struct {
	Accounts Accounts
	Chats    Chats
	Archive  Archive
	Rooms    Rooms
	Search   Search
	Tickets  Tickets
	Files    Files // nil: there are none
	Admin    Admin
	Personal Personal
	Logger   *slog.Logger

	Moderation Moderation
	// AllowReport refuses a report of somebody at an address who reports too
	// often, with a *chat.Error. Default: 10 of one person, then one each 30 s, and
	// 30 of one address, then one each 10 s.
	AllowReport func(person, addr string) error

	// AllowWrite refuses what somebody at an address writes in private chats too
	// often, with a *chat.Error. nil means no limit.
	AllowWrite func(addr string) error

	// AllowedOrigins are other origins whose pages may use the whole API, as
	// scheme://host[:port] in the form that browsers send. A "*" is ignored,
	// because requests carry cookies.
	AllowedOrigins []string
	// Secure means that clients use TLS although this process does not see it,
	// because a proxy terminates it.
	Secure bool
	// SessionAge is how long a browser keeps the cookie. The session may end
	// earlier. 0 means 30 days.
	SessionAge time.Duration
	// Timeout limits a request including its body, unless it moves a file. After
	// that the answer is unavailable. 0 means 10 s.
	Timeout time.Duration
	// MaxFile is the size of the largest file in bytes.
	MaxFile int64
	// StepTimeout is how long a client may take to send 64 KiB of a file. 0 means
	// 15 s.
	StepTimeout time.Duration
	// Observe is called after each answer with the method and route, such as
	// GET and /chats/{id}/; both are "" if no route matches. It may be nil.
	Observe func(method, route string, status int, took time.Duration)
	// ClientAddr returns the address by which logins and registrations are
	// limited. nil means that of the connection, without its port.
	ClientAddr func(*http.Request) string
}
