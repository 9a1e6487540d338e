// Package peer speaks the protocols of other chat servers, so that the load tool
// can put them under the same load as livechat. It knows as much of them as that
// takes: to connect, to be in a room, to publish a text, to receive those of
// all, and to keep the connection alive.
package peer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
)

// Target is a kind of server.
type Target struct {
	Name string
	URL  string // where it listens if nobody says otherwise
	// Acks means that the server confirms or refuses what it is sent.
	Acks bool
	// Rooms means that it has more than one room. Without, everybody receives
	// everything.
	Rooms bool
	Room  string // if nobody says otherwise; empty: the server's own default
	// Lacks is what livechat has and the protocol, or this package, has not.
	Lacks []string

	address func(string) string // to dial for the one that was given; nil: the same
	dial    func(context.Context, *socket, Options) (Conn, error)
}

// common is what no other protocol has a notion of.
var common = []string{"one order over all publishers", "resending without duplicates", "moves on request",
	"edits", "deletes", "reactions", "files"}

// Targets returns all kinds of servers, in the order of the help text.
func Targets() []*Target {
	return []*Target{
		{Name: "centrifugo", URL: "ws://localhost:8000/connection/websocket", Acks: true, Rooms: true,
			Room: "load", Lacks: common, dial: dialCentrifugo},
		{Name: "socketio", URL: "ws://localhost:3000/socket.io/", Rooms: true, dial: dialSocketIO,
			address: socketIOAddress, Lacks: append([]string{"acks", "resume"}, common...)},
		{Name: "gorilla", URL: "ws://localhost:8080/ws", dial: dialGorilla,
			Lacks: append([]string{"acks", "resume", "rooms"}, common...)},
	}
}

// ByName returns a kind of server by its name.
func ByName(name string) (*Target, error) {
	var names []string
	for _, t := range Targets() {
		if t.Name == name {
			return t, nil
		}
		names = append(names, t.Name)
	}
	return nil, fmt.Errorf("-target %q: want livechat or one of %s", name, strings.Join(names, ", "))
}

// Options are the options of a connection.
type Options struct {
	URL  string
	Room string // empty: the server's own default
	// LocalAddr is the address to connect from; nil: the kernel's choice.
	LocalAddr net.Addr
	TLS       *tls.Config // for wss; nil: the default
	// Resume is the Position of the connection that this one continues; nil if
	// there was none.
	Resume *Position
}

// Position is how far a connection has received the room.
type Position struct {
	Epoch  string
	Offset uint64
}

// Conn is a connection that is in its room. Publish and Close may be called
// while another goroutine calls Next, but Publish by one goroutine alone.
type Conn interface {
	// Next returns the next event. CloseCode says what its error means.
	Next() (Event, error)
	// Publish sends a text of printable ASCII without quotes and backslashes to
	// the room. An ack or a refusal has the same number.
	Publish(number uint32, text string) error
	// Server names the server, if it says who it is; else it is empty.
	Server() string
	// Position returns how far Next has got, or nil if the server does not bring
	// what a client has missed. Only between calls of Next.
	Position() *Position
	// Close closes the connection. It may be called more than once.
	Close() error
}

// Event is what a server sends.
type Event struct {
	Kind   Kind
	Text   []byte // of a Text; valid until the next call of Next
	Number uint32 // of Acked and Refused
	Code   string // of Refused
}

// Kind is a kind of event.
type Kind int

// Values of Kind.
const (
	Text Kind = iota
	Acked
	Refused
)

// errProtocol is wrapped by the errors of Dial and Next about a server that says
// something else than its protocol has it.
var errProtocol = errors.New("not as its protocol has it")

// Dial connects to a server and enters the room. When it returns, everything
// that is published from then on is due to the connection.
func (t *Target) Dial(ctx context.Context, o Options) (Conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, dialTime, fmt.Errorf("no answer within %s", dialTime))
	defer cancel()
	if t.address != nil {
		o.URL = t.address(o.URL)
	}
	s, err := open(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("connect to %s at %s: %w", t.Name, o.URL, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	c, err := t.dial(ctx, s, o)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = s.Close()
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return nil, fmt.Errorf("connect to %s at %s: %w", t.Name, o.URL, err)
	}
	return c, nil
}
