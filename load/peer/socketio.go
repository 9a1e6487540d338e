package peer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// socketIO is a connection to Socket.IO 3 or 4: Engine.IO 4 over WebSocket
// alone. The first digit of a frame is Engine.IO's, the second Socket.IO's:
//
//	0{"sid":…,"pingInterval":25000,"pingTimeout":20000}   ← the first frame
//	40/load,                                              → enter the namespace /load
//	40/load,{"sid":…}                                     ← it is entered
//	42/load,["message","text"]                            ↔ an event
//	2, 3                                                  ← ping, → pong
//
// The namespace / is left out: 40, 42["message","text"]. The server sends each
// event "message" of a client to everybody in the namespace.
// https://socket.io/docs/v4/socket-io-protocol/
type socketIO struct {
	*socket
	event string // how a frame with an event begins
}

// Frames begin with the packet type of Engine.IO and, of its messages, that of
// Socket.IO.
const (
	eioOpen      = "0"
	eioClose     = "1"
	eioPing      = "2"
	eioPong      = "3"
	sioConnect   = "40"
	sioLeave     = "41"
	sioEvent     = "42"
	sioError     = "44"
	messageEvent = `["message","`
)

// socketIOAddress adds to an address what Engine.IO wants to have there.
func socketIOAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address // the dialer says what is wrong
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/socket.io/"
	}
	query := u.Query()
	query.Set("EIO", "4")
	query.Set("transport", "websocket")
	u.RawQuery = query.Encode()
	return u.String()
}

func dialSocketIO(_ context.Context, s *socket, o Options) (Conn, error) {
	namespace := "" // of the beginning of each packet
	if o.Room != "" && o.Room != "/" {
		namespace = "/" + strings.TrimPrefix(o.Room, "/") + ","
	}
	c := &socketIO{socket: s, event: sioEvent + namespace}
	frame, err := s.read()
	if err != nil {
		return nil, err
	}
	var open struct {
		Interval int `json:"pingInterval"` // milliseconds
		Timeout  int `json:"pingTimeout"`
	}
	text, ok := bytes.CutPrefix(frame, []byte(eioOpen))
	if !ok || json.Unmarshal(text, &open) != nil {
		return nil, fmt.Errorf("%w: %.100q instead of Engine.IO's open packet", errProtocol, frame)
	}
	if silence := open.Interval + open.Timeout; silence > 0 {
		s.silence = time.Duration(silence) * time.Millisecond
	}
	if err := s.write(sioConnect + namespace); err != nil {
		return nil, err
	}
	return c, c.await(namespace)
}

// await reads until the namespace is entered.
func (c *socketIO) await(namespace string) error {
	for {
		frame, err := c.read()
		if err != nil {
			return err
		}
		text := string(frame)
		switch {
		case strings.HasPrefix(text, sioConnect+namespace):
			return nil
		case strings.HasPrefix(text, sioError):
			return fmt.Errorf("enter namespace %q: %s", strings.TrimSuffix(namespace, ","), text[len(sioError):])
		case text == eioPing:
			if err := c.write(eioPong); err != nil {
				return err
			}
		}
	}
}

func (c *socketIO) Next() (Event, error) {
	for {
		frame, err := c.read()
		if err != nil {
			return Event{}, err
		}
		if rest, ok := bytes.CutPrefix(frame, []byte(c.event)); ok {
			if text, ok := message(rest); ok {
				return Event{Kind: Text, Text: text}, nil
			}
			continue
		}
		switch text := string(frame); {
		case text == eioPing:
			if err := c.write(eioPong); err != nil {
				return Event{}, err
			}
		case text == eioClose, strings.HasPrefix(text, sioLeave):
			return Event{}, fmt.Errorf("disconnected by the server: %q", text)
		}
	}
}

// message returns the text of an event "message". Most are as short as can be,
// and need no decoder.
func message(packet []byte) ([]byte, bool) {
	if rest, ok := bytes.CutPrefix(packet, []byte(messageEvent)); ok {
		text, _, ok := bytes.Cut(rest, []byte{'"'})
		if ok && bytes.IndexByte(text, '\\') < 0 {
			return text, true
		}
	}
	var parts []json.RawMessage
	if json.Unmarshal(packet, &parts) != nil || len(parts) < 2 || string(parts[0]) != `"message"` {
		return nil, false
	}
	return unquoted(parts[1]), true
}

func (c *socketIO) Publish(_ uint32, text string) error {
	return c.write(c.event + messageEvent + text + `"]`)
}

func (c *socketIO) Server() string      { return "" }
func (c *socketIO) Position() *Position { return nil }
