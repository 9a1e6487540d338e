package peer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// centrifugo is a connection to Centrifugo by its JSON protocol over WebSocket:
//
//	{"id":1,"connect":{}}                                 → {"id":1,"connect":{…}}
//	{"id":2,"subscribe":{"channel":"load"}}               → {"id":2,"subscribe":{…}}
//	{"id":3,"publish":{"channel":"load","data":"text"}}   → {"id":3,"publish":{}}
//	                                                      ← {"push":{"channel":"load","pub":{…}}}
//	{}                                                    ← {}, every "ping" seconds
//
// A frame has several of these, one per line. If the channel has a history, a
// client that says where it was gets what it missed with the reply to subscribe.
// https://centrifugal.dev/docs/transports/client_protocol
type centrifugo struct {
	*socket
	channel string
	node    string
	pongs   bool

	rest     []byte // of the frame that was read last
	missed   []publication
	position *Position // nil: the channel has no history
}

// Numbers of commands. Those of messages follow.
const (
	cmdConnect = 1 + iota
	cmdSubscribe
	cmdPublish
)

// reply is what the server sends.
type reply struct {
	ID    uint32 `json:"id"`
	Error *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
	Connect *struct {
		Node string `json:"node"`
		Ping int    `json:"ping"` // seconds; 0: none
		Pong bool   `json:"pong"` // answers are wanted
	} `json:"connect"`
	Subscribe *struct {
		Recoverable  bool          `json:"recoverable"`
		Epoch        string        `json:"epoch"`
		Offset       uint64        `json:"offset"`
		Publications []publication `json:"publications"`
	} `json:"subscribe"`
	Push *struct {
		Channel     string       `json:"channel"`
		Pub         *publication `json:"pub"`
		Unsubscribe *struct {
			Code   int    `json:"code"`
			Reason string `json:"reason"`
		} `json:"unsubscribe"`
	} `json:"push"`
}

type publication struct {
	Data   json.RawMessage `json:"data"`
	Offset uint64          `json:"offset"`
}

func dialCentrifugo(_ context.Context, s *socket, o Options) (Conn, error) {
	c := &centrifugo{socket: s, channel: o.Room, position: o.Resume}
	if err := c.write(`{"id":1,"connect":{}}`); err != nil {
		return nil, err
	}
	if err := c.await(cmdConnect); err != nil {
		return nil, fmt.Errorf("%w: without a token it lets clients in only with "+
			"client.allow_anonymous_connect_without_token", err)
	}
	subscribe := `{"id":2,"subscribe":{"channel":` + strconv.Quote(o.Room)
	if p := o.Resume; p != nil {
		subscribe += fmt.Sprintf(`,"recover":true,"epoch":%q,"offset":%d`, p.Epoch, p.Offset)
	}
	if err := c.write(subscribe + "}}"); err != nil {
		return nil, err
	}
	if err := c.await(cmdSubscribe); err != nil {
		return nil, fmt.Errorf("subscribe to channel %q: %w: its namespace needs allow_subscribe_for_client, "+
			"allow_publish_for_client and, without a token, …_for_anonymous", o.Room, err)
	}
	return c, nil
}

// await reads until the reply to a command. Only subscribe comes with anything
// else that matters, and after the reply.
func (c *centrifugo) await(command uint32) error {
	for {
		line, err := c.line()
		if err != nil {
			return err
		}
		var r reply
		if err := json.Unmarshal(line, &r); err != nil {
			return fmt.Errorf("%w: %.100q", errProtocol, line)
		}
		switch {
		case r.ID != command:
			if err := c.idle(line); err != nil {
				return err
			}
			continue
		case r.Error != nil:
			return fmt.Errorf("error %d, %s", r.Error.Code, r.Error.Message)
		case command == cmdConnect && r.Connect != nil:
			c.node, c.pongs = r.Connect.Node, r.Connect.Pong
			if ping := r.Connect.Ping; ping > 0 {
				c.silence = time.Duration(ping)*time.Second + pingSlack
			}
			return nil
		case command == cmdSubscribe && r.Subscribe != nil:
			c.subscribed(&r)
			return nil
		}
		return fmt.Errorf("%w: %.100q", errProtocol, line)
	}
}

// pingSlack is how much later than announced a ping may come.
const pingSlack = 15 * time.Second

// subscribed takes the position and what was missed. If the server could not
// bring all of it, the accounts show what is missing.
func (c *centrifugo) subscribed(r *reply) {
	before := c.position
	c.position, c.missed = nil, r.Subscribe.Publications
	if !r.Subscribe.Recoverable {
		return
	}
	c.position = &Position{Epoch: r.Subscribe.Epoch, Offset: r.Subscribe.Offset}
	if len(c.missed) > 0 && before != nil {
		c.position.Offset = before.Offset // until they are read
	}
}

// line returns the next line of the frames.
func (c *centrifugo) line() ([]byte, error) {
	for {
		for len(c.rest) > 0 {
			line, rest, _ := bytes.Cut(c.rest, []byte{'\n'})
			if c.rest = rest; len(line) > 0 {
				return line, nil
			}
		}
		var err error
		if c.rest, err = c.read(); err != nil {
			return nil, err
		}
	}
}

// idle answers a ping. It ignores everything else.
func (c *centrifugo) idle(line []byte) error {
	if string(line) == "{}" && c.pongs {
		return c.write("{}")
	}
	return nil
}

func (c *centrifugo) Next() (Event, error) {
	for {
		if len(c.missed) > 0 {
			p := c.missed[0]
			c.missed = c.missed[1:]
			c.at(p.Offset)
			return Event{Kind: Text, Text: unquoted(p.Data)}, nil
		}
		line, err := c.line()
		if err != nil {
			return Event{}, err
		}
		if text, offset, ok := c.skim(line); ok {
			c.at(offset)
			return Event{Kind: Text, Text: text}, nil
		}
		if string(line) == "{}" {
			if err := c.idle(line); err != nil {
				return Event{}, err
			}
			continue
		}
		if event, ok, err := c.event(line); ok || err != nil {
			return event, err
		}
	}
}

// event returns the event of a line, if it has one.
func (c *centrifugo) event(line []byte) (e Event, ok bool, err error) {
	var r reply
	if err := json.Unmarshal(line, &r); err != nil {
		return e, false, fmt.Errorf("%w: %.100q", errProtocol, line)
	}
	switch {
	case r.Push != nil && r.Push.Channel == c.channel && r.Push.Pub != nil:
		c.at(r.Push.Pub.Offset)
		return Event{Kind: Text, Text: unquoted(r.Push.Pub.Data)}, true, nil
	case r.Push != nil && r.Push.Channel == c.channel && r.Push.Unsubscribe != nil:
		u := r.Push.Unsubscribe
		return e, false, fmt.Errorf("unsubscribed by the server: %d, %s", u.Code, u.Reason)
	case r.ID >= cmdPublish && r.Error != nil:
		return Event{Kind: Refused, Number: r.ID - cmdPublish,
			Code: strconv.Itoa(r.Error.Code) + " " + r.Error.Message}, true, nil
	case r.ID >= cmdPublish:
		return Event{Kind: Acked, Number: r.ID - cmdPublish}, true, nil
	}
	return e, false, nil
}

// at records how far the client is.
func (c *centrifugo) at(offset uint64) {
	if c.position != nil && offset > 0 {
		c.position.Offset = offset
	}
}

// skim returns the text and the offset of a push with a text, without decoding
// it: clients of a busy room receive little else.
func (c *centrifugo) skim(line []byte) (text []byte, offset uint64, ok bool) {
	rest, found := bytes.CutPrefix(line, []byte(`{"push":{"channel":"`))
	if !found {
		return nil, 0, false
	}
	if rest, found = bytes.CutPrefix(rest, []byte(c.channel)); !found {
		return nil, 0, false
	}
	if rest, found = bytes.CutPrefix(rest, []byte(`","pub":{"data":"`)); !found {
		return nil, 0, false
	}
	text, rest, found = bytes.Cut(rest, []byte{'"'})
	if !found || bytes.IndexByte(text, '\\') >= 0 {
		return nil, 0, false
	}
	if _, digits, found := bytes.Cut(rest, []byte(`"offset":`)); found {
		for _, d := range digits {
			if d < '0' || d > '9' {
				break
			}
			offset = offset*10 + uint64(d-'0')
		}
	}
	return text, offset, true
}

// unquoted returns the text of a JSON string; empty if it is none.
func unquoted(data []byte) []byte {
	var text string
	_ = json.Unmarshal(data, &text) // what is no string is not ours
	return []byte(text)
}

func (c *centrifugo) Publish(number uint32, text string) error {
	return c.write(`{"id":` + strconv.FormatUint(uint64(number)+cmdPublish, 10) +
		`,"publish":{"channel":` + strconv.Quote(c.channel) + `,"data":"` + text + `"}}`)
}

func (c *centrifugo) Server() string { return c.node }

func (c *centrifugo) Position() *Position { return c.position }
