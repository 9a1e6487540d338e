package fanout

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"livechat/server/room"
	"livechat/server/wire"
)

const (
	// maxSide is how many frames may wait beside the room's: acks and errors of a client that sends but does not read.
	maxSide = 1024
	// linger is how long a client may take to answer our close frame. What it sends until then is read and thrown away:
	// closing a socket with unread input would reset it, and the close frame might never arrive.
	linger = 2 * time.Second
)

// Client is a connection's place in the fan-out. Its methods may be called from any goroutine.
type Client struct {
	// Set at construction.
	conn  *net.TCPConn // closed by the shard alone, on Detach
	fd    uintptr      // of conn, good until then: for the shard
	shard *shard

	// Owned by who writes: the shard, or the goroutine that it handed the client to.
	room     *room.Room // nil until attached
	cursor   uint64     // the next position in the room's ring
	live     uint64     // see room.Start
	after    uint64     // see room.Start
	catching bool       // live or after still matter
	paging   string     // the epoch of the log that it gets pages of, because the ring does not reach back to after; "" if it does
	owed     [][]byte   // frames of the side queue that were taken, and the rest of a frame that was begun; empty unless slow

	// Owned by the shard.
	index  int         // in its group's clients; -1 when in none
	slot   int64       // the tick at which it is pinged
	pinged int64       // the tick of the oldest ping without an answer; 0 if none
	slow   bool        // handed to a goroutine of its own
	full   int64       // the tick at which it was last
	gone   bool        // detached
	waits  *attachment // attached while slow: when it is back

	heard atomic.Int64  // the shard's tick when the client was last heard
	took  atomic.Int64  // the shard's tick when it last took something while slow
	at    atomic.Uint64 // its cursor then

	// Guarded by mu.
	mu       sync.Mutex
	lastWord func() []byte // see OnTooSlow
	opening  []byte        // see Open
	side     [][]byte
	pong     []byte         // answer to the newest ping; RFC 6455 section 5.5.3 allows to leave out those before
	code     wire.CloseCode // why we close; 0 while we do not
	closing  bool           // the last of side is a close frame; nothing follows it
	queued   bool           // the shard knows that side has something
}

// Send queues a frame for this client alone, before the room's frames that have not been sent yet. A client that lets too many
// gather is closed.
func (c *Client) Send(frame []byte) {
	c.mu.Lock()
	if c.closing {
		c.mu.Unlock()
		return
	}
	if len(c.side) >= maxSide {
		c.closeLocked(wire.CloseTooSlow)
	} else {
		c.side = append(c.side, frame)
	}
	c.flushLocked()
}

// Open gives the client the answer to its handshake, which goes out before anything else: with what is asked for next, be it Flush.
func (c *Client) Open(answer []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opening = answer
}

// Queue is Send, but leaves it to what is asked for next to have the frame written.
func (c *Client) Queue(frame []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closing {
		c.side = append(c.side, frame)
	}
}

// Flush has what was queued written.
func (c *Client) Flush() {
	c.mu.Lock()
	c.flushLocked()
}

// Pong queues the answer to a ping. Of several pings that came before an answer could be sent, only the newest gets one.
func (c *Client) Pong(payload []byte) {
	c.mu.Lock()
	if c.closing { // nothing follows a close frame
		c.mu.Unlock()
		return
	}
	c.pong = wire.PongFrame(payload)
	c.flushLocked()
}

// Close sends a close frame behind what waits in the side queue, then shuts down the sending side. The connection's reader sees the
// end within the linger time, and is who closes the connection. Only the first Close counts.
func (c *Client) Close(code wire.CloseCode) {
	c.mu.Lock()
	c.closeLocked(code)
	c.flushLocked()
}

// SendClose is Close with a close frame that was made elsewhere, the answer to the client's own.
func (c *Client) SendClose(frame []byte, code wire.CloseCode) {
	c.mu.Lock()
	if !c.closing {
		c.closing, c.code = true, code
		c.side = append(c.side, frame)
	}
	c.flushLocked()
}

func (c *Client) closeLocked(code wire.CloseCode) {
	if c.closing {
		return
	}
	c.closing, c.code = true, code
	if code == wire.CloseTooSlow {
		c.tooSlowLocked()
	}
	c.side = append(c.side, wire.CloseFrame(code))
}

// OnTooSlow says what to call when the client is cut off as too slow, before the close frame is queued. What it returns, if anything, is sent before
// it, where the socket still takes something. It must not call the client.
func (c *Client) OnTooSlow(lastWord func() []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastWord = lastWord
}

func (c *Client) tooSlowLocked() {
	if c.lastWord == nil {
		return
	}
	if frame := c.lastWord(); frame != nil {
		c.side = append(c.side, frame)
	}
}

// flushLocked tells the shard once that something waits, and unlocks.
func (c *Client) flushLocked() {
	tell := !c.queued
	c.queued = true
	c.mu.Unlock()
	if tell {
		c.shard.post(func(in *inbox) { in.flush = append(in.flush, c) })
	}
}

// Closed returns the code that we closed or are closing the connection with; 0 if we did not.
func (c *Client) Closed() wire.CloseCode {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.code
}

// Heard notes a sign of life.
func (c *Client) Heard() { c.heard.Store(c.shard.clock.Load()) }

// attachment is a client that is to get a room's entries from start on.
type attachment struct {
	client *Client
	room   *room.Room
	start  room.Start
}

// Attach begins to send the room's entries from start on. It may be called once.
func (c *Client) Attach(r *room.Room, start room.Start) {
	c.shard.post(func(in *inbox) { in.attach = append(in.attach, attachment{c, r, start}) })
}

// AttachAlone gives a client that is in no room its place among those that are
// pinged. It may be called once, in place of Attach.
func (c *Client) AttachAlone() { c.Attach(nil, room.Start{}) }

// HangUp ends the connection without a word: what waits to be read or written fails. The socket stays until Detach.
func (c *Client) HangUp() {
	_ = c.conn.SetReadDeadline(time.Unix(1, 0)) // an error here or below means that it has ended by itself
	_ = c.conn.CloseRead()
	_ = c.conn.CloseWrite()
}

// Detach ends the client's place, and closes the connection, which nobody may use any more.
func (c *Client) Detach() {
	c.shard.post(func(in *inbox) { in.detach = append(in.detach, c) })
}

// takeSide moves what waits in the side queue into b, and says whether a close frame ends it.
func (c *Client) takeSide(b *batch) (closing bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.opening != nil {
		b.addSide(c.opening)
		c.opening = nil
	}
	if c.pong != nil {
		b.addSide(c.pong)
		c.pong = nil
	}
	for i, frame := range c.side {
		b.addSide(frame)
		c.side[i] = nil
	}
	c.side = c.side[:0]
	if cap(c.side) > 1 {
		c.side = nil // clients are many, and most get no more than a ping now and then
	}
	c.queued = false
	return c.closing
}

// cut ends the connection without a word, with code as the reason that Closed tells.
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

// finish is called when the close frame has been written.
func (c *Client) finish() {
	_ = c.conn.CloseWrite()
	_ = c.conn.SetReadDeadline(time.Now().Add(linger)) // failing means it is closed already
}
