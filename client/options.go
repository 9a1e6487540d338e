package client

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Position is a client's position in a room's log: after message Seq of the log
// named Epoch. A log that was lost and begun again has a new epoch, so its
// numbers are not confused with the old ones.
type Position struct {
	Epoch string
	Seq   uint64
}

// String returns the form of the protocol, "<epoch>:<seq>".
func (p Position) String() string { return p.Epoch + ":" + strconv.FormatUint(p.Seq, 10) }

// ParsePosition parses the form that String returns.
func ParsePosition(s string) (Position, error) {
	epoch, digits, found := strings.Cut(s, ":")
	seq, err := strconv.ParseUint(digits, 10, 64)
	if !found || epoch == "" || err != nil {
		return Position{}, fmt.Errorf("parse position %q: want <epoch>:<seq>", s)
	}
	return Position{Epoch: epoch, Seq: seq}, nil
}

// Options configure a connection. Only URL is required; the zero value of any
// other field means the default named beside it.
type Options struct {
	// The server and the room.

	// ws:// or wss:// address of a server or load balancer; http and https are
	// accepted, too
	URL string
	// shown to others; empty: the server chooses a guest name, which a Session
	// then keeps
	Name string
	Room string // empty: the default room
	// History is how many past messages to start with; nil means the server's
	// default, 50. See Message.History.
	History *int
	After   *Position // resume after this position, instead of History

	// GuestKey identifies a guest across reconnects, so that its message ids
	// are its own: see NewGuestKey. It is a secret. If it is empty, a Session
	// draws one, unless Header has subprotocols (an account's ticket); a Conn
	// uses none.
	GuestKey string

	// How to connect.

	Header           http.Header   // added to the handshake, for instance Origin
	TLS              *tls.Config   // for wss
	HandshakeTimeout time.Duration // from the first SYN to the 101; 10 s
	WriteTimeout     time.Duration // for the kernel to take one message; 10 s
	// without any frame, not even a ping, the link counts as dead; 75 s, three
	// of the server's pings
	IdleTimeout time.Duration

	// How a Session stays in the room.

	// upper bound of the first random wait before reconnecting, which doubles
	// with each failure; 500 ms
	MinBackoff time.Duration
	MaxBackoff time.Duration // where the bound stops doubling; 20 s
	// without an ack for so long on a link that looks alive, the message is
	// sent again with the same id; 10 s
	AckTimeout time.Duration

	// ResendFor is how long after it was first sent a message may be sent
	// again. Servers must remember ids for longer (ID_TTL, 20 min by default).
	ResendFor time.Duration // 15 min

	Load LoadOptions // for load generators only
}

// NewGuestKey returns a random guest key: 128 bits in hexadecimal.
func NewGuestKey() string {
	var b [16]byte
	rand.Read(b[:]) // crypto/rand never fails
	return hex.EncodeToString(b[:])
}

// Subprotocols that send a guest key; the server answers with the first.
const (
	userProtocol  = "livechat.user"
	guestProtocol = "livechat.guest."
)

// hasProtocols reports whether the header has its own subprotocols.
func (o Options) hasProtocols() bool { return len(o.Header.Values("Sec-WebSocket-Protocol")) > 0 }

// subprotocols returns the subprotocols to ask for; gorilla allows none in
// addition to the header's.
func (o Options) subprotocols() []string {
	if o.GuestKey == "" || o.hasProtocols() {
		return nil
	}
	return []string{userProtocol, guestProtocol + o.GuestKey}
}

// withDefaults returns o with the documented defaults in place of zero values.
func (o Options) withDefaults() Options {
	o.HandshakeTimeout = orDefault(o.HandshakeTimeout, 10*time.Second)
	o.WriteTimeout = orDefault(o.WriteTimeout, 10*time.Second)
	o.IdleTimeout = orDefault(o.IdleTimeout, 75*time.Second)
	o.Load.ReadBuffer = orDefault(o.Load.ReadBuffer, 4096)
	o.MinBackoff = orDefault(o.MinBackoff, 500*time.Millisecond)
	o.MaxBackoff = orDefault(o.MaxBackoff, 20*time.Second)
	o.AckTimeout = orDefault(o.AckTimeout, 10*time.Second)
	o.ResendFor = orDefault(o.ResendFor, 15*time.Minute)
	return o
}

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

// address returns the URL to dial, with the query that joins the room.
func (o Options) address() (string, error) {
	u, err := url.Parse(o.URL)
	if err != nil {
		return "", fmt.Errorf("parse the server's address: %w", err)
	}
	switch u.Scheme {
	case "ws", "wss":
	case "http":
		u.Scheme = "ws"
	case "https":
		u.Scheme = "wss"
	default:
		return "", fmt.Errorf("parse the server's address %q: want ws://host:port or wss://host:port", o.URL)
	}
	query := u.Query()
	if o.Name != "" {
		query.Set("name", o.Name)
	}
	if o.Room != "" {
		query.Set("room", o.Room)
	}
	switch {
	case o.After != nil:
		query.Set("after", o.After.String())
	case o.History != nil:
		query.Set("history", strconv.Itoa(*o.History))
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}
