package socket

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"livechat/server/chat"
	"livechat/server/fanout"
	"livechat/server/metrics"
	"livechat/server/room"
	"livechat/server/wire"
)

// Publisher appends messages to rooms' logs.
type Publisher interface {
	// Publish queues a message of by, who is bound by the rules of the room. It
	// blocks while the queue is full, until ctx
	// is done. done is called once, when the message is in the log or its fate is
	// known to be failure or unknown; it must not block. It is not called if
	// Publish returns an error.
	Publish(ctx context.Context, room string, m chat.Message, by chat.Writer,
		done func(at chat.Position, duplicate bool, err error)) error
}

// Presence is told who is connected.
type Presence interface {
	Join(room, session, name string) // a guest
	JoinAccount(room, session, name string)
	Leave(room, session string)
	Typing(room, session, name string)
	Snapshot(room string) []byte // a frame, which must not be changed
	// Here reports whether somebody in the room has this name.
	Here(room, name string) bool
}

// Options configure a Server.
type Options struct {
	App            string
	AllowedOrigins []string      // besides the request's own host on any port; "*" = all
	MaxConnections int           // 0 = no limit
	MaxFrame       int           // bytes
	MaxText        int           // characters
	MessageRate    float64       // sustained messages per second; 0 = no limit
	MessageBurst   int           // messages before MessageRate applies
	AddressRate    float64       // of all connections of an address together; 0 = no limit
	AddressBurst   int           // messages before AddressRate applies
	RoomRate       float64       // of all clients of this server in a room together; 0 = no limit
	RoomBurst      int           // messages before RoomRate applies
	NoEdits        bool          // messages cannot be edited
	EditWindow     time.Duration // how long a message may be edited; 0 = for ever

	// the client's address, as far as trusted proxies tell it
	ClientAddr func(*http.Request) string
	// AddressKey returns what AddressRate is counted by; empty: such an address
	// has no limit
	AddressKey func(addr string) string

	Rooms     *room.Registry
	Fan       *fanout.Fan
	Publisher Publisher
	Presence  Presence
	// sends frames to a watcher until leave is called; ok is false if there are
	// too many watchers
	Watch func(send func(frame []byte)) (leave func(), ok bool)
	Users *UserOptions // nil: guests only
	Rules *RuleOptions // nil: rooms have no rules
	Files *FileOptions // nil: files cannot be sent
	// Moderate does what an account asks for in a moderate frame. A *chat.Error
	// is the client's answer. Nil: nobody can moderate here.
	Moderate func(ctx context.Context, user int64, room string, req wire.Request) error
	Metrics  *metrics.Set
	Logger   *slog.Logger
}
