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
	// maxControl is the length of the control queue: acks and errors for a
	// client that sends but does not read.
	maxControl = 1024
	// linger is how long a client may take to answer our close frame. What it
	// sends until then is read and discarded: closing a socket with unread
	// input resets it, and the close frame might never arrive.
	linger = 2 * time.Second
)

// Client is a connection in the fan-out. It is safe for concurrent use.
type Client struct {
	// Set at construction.
	conn  *net.TCPConn // only the shard closes it, in Detach
	fd    uintptr      // of conn; valid until Detach
	shard *shard

	// Owned by the writer: the shard, or the goroutine the shard handed the
	// client to.
	room       *room.Room // nil until attached
	cursor     uint64     // next position in the room's ring
	live       uint64     // see room.Start
	after      uint64     // see room.Start
	catchingUp bool       // live or after still apply

	// See Tap; nil for almost all. It is here because the writer reads it with
	// each write, like what is around it.
	tap atomic.Pointer[func(frames [][]byte)]

	// epoch of the log that it gets pages of, because the ring does not reach
	// back to after; "" if it does not
	replaying string
	// control frames taken from the queue, and the rest of a started frame;
	// empty unless slow
	unsent [][]byte

	// Owned by the shard.
	index         int         // in its group's clients; -1 if in none
	slot          int64       // tick of its pings
	pinged        int64       // tick of the oldest unanswered ping; 0 if none
	slow          bool        // handed to a goroutine of its own
	fullAt        int64       // tick at which it last became slow
	detached      bool        // Detach was processed
	pendingAttach *attachment // attached while slow; processed when the shard has it back

	lastSeen     atomic.Int64  // tick of the last sign of life
	lastProgress atomic.Int64  // tick at which it last took bytes while slow
	progressAt   atomic.Uint64 // its cursor at that tick

	// Guarded by mu.
	mu         sync.Mutex
	finalFrame func() []byte // see OnTooSlow
	opening    []byte        // see Open
	control    [][]byte
	// Answer to the newest ping; RFC 6455 section 5.5.3 allows skipping earlier
	// ones.
	pong []byte
	code wire.CloseCode // why we close; 0 while we do not
	// The last frame of control is a close frame; nothing follows it.
	closing bool
	queued  bool // the shard knows that control has frames
}

// Send queues a frame for this client alone. It is sent before room frames that
// have not been sent yet. A client whose queue is full is closed.
func (c *Client) Send(frame []byte) {
	c.mu.Lock()
	if c.closing {
		c.mu.Unlock()
		return
	}
	if len(c.control) >= maxControl {
		c.closeLocked(wire.CloseTooSlow)
	} else {
		c.control = append(c.control, frame)
	}
	c.flushLocked()
}

// Open queues the answer to the client's handshake, which is sent before
// anything else. It goes out with the next call, for example Flush.
func (c *Client) Open(answer []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opening = answer
}

// Queue is Send without waking the shard: the next call sends the frame.
func (c *Client) Queue(frame []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closing {
		c.control = append(c.control, frame)
	}
}

// Flush sends what was queued.
func (c *Client) Flush() {
	c.mu.Lock()
	c.flushLocked()
}

// Pong queues the answer to a ping. Of several pings only the newest is
// answered if no answer could be sent yet.
func (c *Client) Pong(payload []byte) {
	c.mu.Lock()
	if c.closing { // nothing follows a close frame
		c.mu.Unlock()
		return
	}
	c.pong = wire.PongFrame(payload)
	c.flushLocked()
}

// Close sends a close frame after the control queue, then shuts down the
// sending side. The connection's reader sees the end within the linger time and
// then closes the connection. Only the first call has an effect.
func (c *Client) Close(code wire.CloseCode) {
	c.mu.Lock()
	c.closeLocked(code)
	c.flushLocked()
}

// SendClose is Close with an already encoded close frame: the answer to the
// client's own.
func (c *Client) SendClose(frame []byte, code wire.CloseCode) {
	c.mu.Lock()
	if !c.closing {
		c.closing, c.code = true, code
		c.control = append(c.control, frame)
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
	c.control = append(c.control, wire.CloseFrame(code))
}

// OnTooSlow sets a function that is called when the client is closed as too
// slow, before the close frame is queued. If it returns a frame, that is sent
// first, provided the socket accepts it. The function must not call methods of
// the client.
func (c *Client) OnTooSlow(finalFrame func() []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finalFrame = finalFrame
}

func (c *Client) tooSlowLocked() {
	if c.finalFrame == nil {
		return
	}
	if frame := c.finalFrame(); frame != nil {
		c.control = append(c.control, frame)
	}
}

// flushLocked wakes the shard unless it already knows, and unlocks.
func (c *Client) flushLocked() {
	tell := !c.queued
	c.queued = true
	c.mu.Unlock()
	if tell {
		c.shard.post(func(in *inbox) { in.flush = append(in.flush, c) })
	}
}

// Tap has a function called with all frames that are written to the client from
// now on: those of which a part was. Of a frame that was written in several
// parts the rest comes again, as it is. The function is called by whoever writes,
// and must not block. It may keep the frames, which do not change, but not the
// slice. Nil ends it.
func (c *Client) Tap(tap func(frames [][]byte)) {
	if tap == nil {
		c.tap.Store(nil)
		return
	}
	c.tap.Store(&tap)
}

// wrote tells the tap, if there is one, of the frames in the first n bytes.
func (c *Client) wrote(frames [][]byte, n int) {
	tap := c.tap.Load()
	if tap == nil {
		return
	}
	begun := 0
	for ; begun < len(frames) && n > 0; begun++ {
		n -= len(frames[begun])
	}
	(*tap)(frames[:begun])
}

// Closed returns the code with which we closed or are closing the connection; 0
// if we are not.
func (c *Client) Closed() wire.CloseCode {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.code
}

// Alive records a sign of life.
func (c *Client) Alive() { c.lastSeen.Store(c.shard.clock.Load()) }

// takeControl moves the control queue into b and reports whether a close frame
// ends it.
func (c *Client) takeControl(b *batch) (closing bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.opening != nil {
		b.addOwn(c.opening)
		c.opening = nil
	}
	if c.pong != nil {
		b.addOwn(c.pong)
		c.pong = nil
	}
	for i, frame := range c.control {
		b.addOwn(frame)
		c.control[i] = nil
	}
	c.control = c.control[:0]
	if cap(c.control) > 1 {
		c.control = nil // there are many clients, and most get only a ping now and then
	}
	c.queued = false
	return c.closing
}

// endSending runs when the close frame has been written.
func (c *Client) endSending() {
	_ = c.conn.CloseWrite()
	_ = c.conn.SetReadDeadline(time.Now().Add(linger)) // fails only if it is closed already
}
