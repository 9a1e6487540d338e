package fanout

import (
	"time"

	"livechat/server/room"
	"livechat/server/wire"
)

// attachment is a client and where it starts in a room.
type attachment struct {
	client *Client
	room   *room.Room
	start  room.Start
}

// Attach starts sending the room's entries from start on. Call it at most once.
func (c *Client) Attach(r *room.Room, start room.Start) {
	c.shard.post(func(in *inbox) { in.attach = append(in.attach, attachment{c, r, start}) })
}

// AttachAlone registers a client without a room, so that it gets pings. Call it
// at most once, instead of Attach.
func (c *Client) AttachAlone() { c.Attach(nil, room.Start{}) }

// HangUp ends the connection without a close frame: pending reads and writes
// fail. The socket stays open until Detach.
func (c *Client) HangUp() {
	// An error here or below means that the connection has ended already.
	_ = c.conn.SetReadDeadline(time.Unix(1, 0))
	_ = c.conn.CloseRead()
	_ = c.conn.CloseWrite()
}

// Detach removes the client and closes the connection, which must not be used
// afterwards.
func (c *Client) Detach() {
	c.shard.post(func(in *inbox) { in.detach = append(in.detach, c) })
}

// cut ends the connection without a close frame. Closed then returns code.
func (c *Client) cut(code wire.CloseCode) {
	c.mu.Lock()
	if !c.closing {
		c.closing, c.code = true, code
		if code == wire.CloseTooSlow {
			c.tooSlowLocked()
		}
	}
	c.mu.Unlock()
	c.HangUp() // the reader's next read fails, and it cleans up
}
