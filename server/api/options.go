package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"livechat/server/store"
)

// Accounts are the users with a name and a password. Errors for users are
// *chat.Error.
type Accounts interface {
	Register(ctx context.Context, name, password, addr string) (store.User, error)
	ChangePassword(ctx context.Context, user int64, old, next string) error // ends all sessions
	Delete(ctx context.Context, user int64, password string) error
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
	Post(ctx context.Context, me int64, chat, id, text string) (m store.Message, created bool, err error)
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
}

// Archive has the messages of rooms.
type Archive interface {
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

// Options are the services behind the API and its settings. The services must
// be safe for concurrent use.
type Options struct {
	Accounts Accounts
	Chats    Chats
	Archive  Archive
	Search   Search
	Tickets  Tickets
	Logger   *slog.Logger

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
	// Timeout limits a request including its body. After that the answer is
	// unavailable. 0 means 10 s.
	Timeout time.Duration
	// Observe is called after each answer with the method and route, such as
	// GET and /chats/{id}/; both are "" if no route matches. It may be nil.
	Observe func(method, route string, status int, took time.Duration)
	// ClientAddr returns the address by which logins and registrations are
	// limited. nil means that of the connection, without its port.
	ClientAddr func(*http.Request) string
	// SearchTurn waits until the user at that address may search; user 0 is a
	// guest, who is known by the address alone. The caller calls leave when it
	// is done. The error is a chat.Error that refuses the search. nil means no
	// limit.
	SearchTurn func(ctx context.Context, user int64, addr string) (leave func(), err error)
}
