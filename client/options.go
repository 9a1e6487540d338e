package client

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Position says where in a room's log a client stands: behind message Seq of the log that bears the name Epoch. A log that was lost and
// begun again has a new epoch, so its numbers are never taken for the old ones.
type Position struct {
	Epoch string
	Seq   uint64
}

// String returns the form the protocol uses, "<epoch>:<seq>".
func (p Position) String() string { return p.Epoch + ":" + strconv.FormatUint(p.Seq, 10) }

// ParsePosition reads the form that String writes.
func ParsePosition(s string) (Position, error) {
	epoch, digits, found := strings.Cut(s, ":")
	seq, err := strconv.ParseUint(digits, 10, 64)
	if !found || epoch == "" || err != nil {
		return Position{}, fmt.Errorf("read position %q: want <epoch>:<seq>", s)
	}
	return Position{Epoch: epoch, Seq: seq}, nil
}

// Options say where to connect and how. Only URL is needed; the zero value of every other field means the default named beside it.
type Options struct {
	// What to join.

	URL  string // ws:// or wss:// address of a server or load balancer; http and https are taken for them
	Name string // shown to others; empty: the server makes up a guest name, which a Session then keeps
	Room string // empty: the default room
	// History is how many past messages to begin with; nil: the default of the
	// server, 50. See Message.History.
	History *int
	After   *Position // resume behind this position; takes the place of History

	// GuestKey is what makes a guest the same one after a reconnect, whose ids are nobody else's: see NewGuestKey. It is a secret. Empty: a Session draws
	// one, unless Header has subprotocols (an account's ticket); a Conn has none.
	GuestKey string

	// How to connect.

	Header           http.Header   // added to the handshake, for instance Origin
	TLS              *tls.Config   // for wss
	LocalAddr        net.Addr      // source address; a load of more than 28,000 connections to one address needs several
	HandshakeTimeout time.Duration // from the first SYN to the 101; 10 s
	WriteTimeout     time.Duration // for one message to be taken by the kernel; 10 s
	IdleTimeout      time.Duration // nothing heard for so long, not even a ping: the link is dead; 75 s, three of the server's pings
	ReadBuffer       int           // bytes per connection; 4096

	// Skim leaves messages undecoded but for their Seq: the other fields stay empty, Raw holds the frame, and both are good only
	// until the next event. For load generators.
	Skim bool

	// How a Session stays in the room.

	MinBackoff time.Duration // upper bound of the first random wait before reconnecting; 500 ms. It doubles with each failure
	MaxBackoff time.Duration // where it stops doubling; 20 s
	AckTimeout time.Duration // no ack for so long on a link that looks alive: the message is sent again, same id; 10 s

	// ResendFor is how long after it first went out a message may go out again: servers must remember ids for longer (ID_TTL, 20 min by default).
	ResendFor time.Duration // 15 min
}

// NewGuestKey draws a guest key: 128 random bits in hexadecimal.
func NewGuestKey() string {
	var b [16]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

// The subprotocols by which a guest key is sent: the first is what the server answers with.
const (
	userProtocol  = "livechat.user"
	guestProtocol = "livechat.guest."
)

// hasProtocols says whether the header brings subprotocols of its own.
func (o Options) hasProtocols() bool { return len(o.Header.Values("Sec-WebSocket-Protocol")) > 0 }

// subprotocols returns those to ask for; gorilla takes none beside those of the header.
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
	o.ReadBuffer = orDefault(o.ReadBuffer, 4096)
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
		return "", fmt.Errorf("read the server's address: %w", err)
	}
	switch u.Scheme {
	case "ws", "wss":
	case "http":
		u.Scheme = "ws"
	case "https":
		u.Scheme = "wss"
	default:
		return "", fmt.Errorf("read the server's address %q: want ws://host:port or wss://host:port", o.URL)
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
