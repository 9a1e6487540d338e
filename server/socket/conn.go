package socket

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"livechat/server/chat"
	"livechat/server/fanout"
	"livechat/server/room"
	"livechat/server/wire"
)

// typingPause is the least time between two typing reports to the room.
const typingPause = time.Second

// admitTime bounds how long a message waits for a server that cannot keep up.
// Nothing else is read from its sender meanwhile.
const admitTime = 5 * time.Second

// ackTime bounds how long a close frame waits for the acks of earlier messages.
// Publishing takes milliseconds; a client that misses an ack resends the
// message with the same id.
const ackTime = time.Second

// After a close frame the rest of the input is read and discarded, up to a
// limit: closing a socket with unread input resets it, and the close frame
// would not arrive.
const (
	lingerTime  = 2 * time.Second
	lingerBytes = 32 << 20
)

// conn is a connection and its reader.
type conn struct {
	// Set at construction.
	server  *Server
	room    *room.Room // nil for a watcher of the cluster
	session string
	name    string
	author  string      // of its messages; empty if unknown
	who     uint64      // see slowClients
	from    string      // the client's address
	writer  chat.Writer // for the rules of its room; zero if they do not matter
	sock    *socket
	raw     syscall.RawConn
	out     *fanout.Client // for writing
	user    *User          // nil: a guest
	named   bool           // a guest that chose a name
	feed    bool           // room is the user's feed
	unwatch func()         // ends a watcher's frames; may be nil

	// Set before the reader starts.
	admitted bool // it counts towards MaxConnections, and presence knows it

	follower atomic.Pointer[follower] // see Follow; nil for almost all

	// A guest whose name could not be checked: it may only read. Changed under
	// server.mu.
	unchecked atomic.Bool

	// Guarded by server.mu.
	joined time.Time
	asked  bool // to move

	// Owned by the reader.
	in          *bufio.Reader // pooled; nil while nothing arrives
	message     *message      // the incomplete message; nil between messages
	sender      *sender       // nil before the first message
	small       penalties     // control frames and typing
	badRequests penalties
	typed       time.Time
	noteDue     time.Time // see noteAddress
}

// finish ends a connection from which nothing more is read. err is the reason.
func (c *conn) finish(err error) {
	c.hangUp(err)
	if f := c.follower.Swap(nil); f != nil {
		f.End(c.out.Closed(), errors.Is(err, errClientClosed))
	}
	if c.room == nil {
		c.server.stopWatching(c)
	} else {
		c.server.remove(c)
		c.server.opts.Metrics.Closed.WithLabelValues(c.out.Closed().Label()).Inc()
		c.server.opts.Logger.Debug("socket: closed", "room", c.room.Name, "session", c.session, "code",
			int(c.out.Closed()), "error", err)
	}
	c.server.readers.Done()
}

// hangUp closes the connection once its close frame, if any, has had time to
// arrive.
func (c *conn) hangUp(err error) {
	if !errors.Is(err, net.ErrClosed) && !errors.Is(err, io.EOF) &&
		!errors.Is(err, os.ErrDeadlineExceeded) {
		c.linger()
	}
	c.out.Detach()
}

// handle executes a message from the client.
func (c *conn) handle(payload []byte) error {
	c.server.opts.Metrics.BytesIn.Add(float64(len(payload)))
	if f := c.follower.Load(); f != nil {
		f.In(wire.OpText, payload)
	}
	switch {
	case c.room == nil:
		return c.refuse("", errWatches)
	case c.feed:
		return c.refuse("", errListens)
	}
	if !c.admitted {
		return nil // it is being refused; its messages are dropped until the close frame arrives
	}
	req, err := wire.ParseRequest(payload)
	switch {
	case err != nil:
		return c.refuse(req.ID, err)
	case c.unchecked.Load():
		c.sendError(req.ID, errUnchecked)
		return nil
	case req.Type == wire.TypeTyping:
		return c.typing()
	case req.Type == wire.TypeReact:
		return c.react(req)
	case req.Type == wire.TypeModerate:
		return c.moderate(req)
	}
	return c.publish(req)
}

// typing reports to the room that the client is typing, at most once per
// typingPause.
func (c *conn) typing() error {
	now := time.Now()
	if c.small.hit(now, maxSmall, smallWindow) {
		return c.end(wire.CloseTooFast)
	}
	if now.Sub(c.typed) >= typingPause {
		c.typed = now
		c.server.opts.Presence.Typing(c.room.Name, c.session, c.name)
	}
	return nil
}

// refuse answers an invalid message, and closes the connection of a client that
// keeps sending them.
func (c *conn) refuse(id string, err error) error {
	c.sendError(id, err)
	if chat.AsError(err).Code == chat.CodeBadRequest &&
		c.badRequests.hit(time.Now(), maxBadRequests, time.Minute) {
		return c.end(wire.CloseBadRequests)
	}
	return nil
}

func (c *conn) sendError(id string, err error) {
	e := chat.AsError(err)
	c.server.opts.Metrics.Received.WithLabelValues(string(e.Code)).Inc()
	if e.Code == chat.CodeInternal {
		c.server.opts.Logger.Error(
			"socket: cannot handle a message",
			"room",
			c.room.Name,
			"session",
			c.session,
			"error",
			err,
		)
	}
	c.out.Send(errorFrame(id, e))
}

func errorFrame(id string, e *chat.Error) []byte {
	return wire.Frame(wire.Error{
		Type: "error", ID: id, Code: string(e.Code), Message: e.Message, Retryable: e.Retryable,
		RetryAfterMS: e.RetryAfterMS,
	})
}

// end closes the connection with a code. It returns the error that ends the
// reader.
func (c *conn) end(code wire.CloseCode) error {
	c.awaitAcks()
	c.out.Close(code)
	return errors.New(code.String())
}

// awaitAcks waits briefly for the acks of earlier messages, because nothing may
// follow a close frame.
func (c *conn) awaitAcks() {
	if c.sender == nil {
		return
	}
	over := time.NewTimer(ackTime)
	defer over.Stop()
	select {
	case <-c.sender.answered():
	case <-over.C:
	}
}

// linger reads until the client closes, so that the close frame arrives.
func (c *conn) linger() {
	if c.sock.SetReadDeadline(time.Now().Add(lingerTime)) == nil {
		_, _ = io.Copy(
			io.Discard,
			io.LimitReader(c.sock, lingerBytes),
		) // the client's FIN or the deadline ends it
	}
}
