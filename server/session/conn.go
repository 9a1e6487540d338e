package session

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"livechat/server/chat"
	"livechat/server/fanout"
	"livechat/server/room"
	"livechat/server/wire"
)

// A connection is closed when it does these too often; each single time it gets an error.
const (
	maxBadRequests = 4 // a minute; the fifth closes with 4500
	typingPause    = time.Second
)

// admitTime is how long a message may wait for a server that cannot keep up. While it waits nothing else of its sender is read.
const admitTime = 5 * time.Second

// After a close frame the rest of the input is read and thrown away, at most so much of it, so that the close frame arrives:
// closing a socket with unread input resets it.
const (
	lingerTime  = 2 * time.Second
	lingerBytes = 32 << 20
)

// conn is one connection, and its reader.
type conn struct {
	// Set at construction.
	server  *Server
	room    *room.Room
	session string
	name    string
	ws      *websocket.Conn // for reading
	in      *bufio.Reader   // the buffer that ws reads from
	sock    *socket
	raw     syscall.RawConn
	out     *fanout.Client // for writing

	// Set before the reader starts.
	admitted bool // within the limit of connections; presence has been told

	// Owned by the reader.
	limit       *limiter // nil before the first message
	badRequests strikes
	typed       time.Time
}

// buffers are for messages while they are read. Connections are many and mostly silent.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// read takes what the client sends until the connection ends, and cleans up.
func (c *conn) read() {
	log := c.server.opts.Logger
	log.Debug("joined", "room", c.room.Name, "session", c.session)
	err := c.readAll()
	if !errors.Is(err, net.ErrClosed) && !errors.Is(err, io.EOF) && !errors.Is(err, os.ErrDeadlineExceeded) {
		c.linger()
	}
	_ = c.sock.Close()
	c.out.Detach()
	c.server.remove(c)
	log.Debug("left", "room", c.room.Name, "session", c.session, "code", int(c.out.Closed()), "error", err)
}

func (c *conn) readAll() error {
	for {
		if err := c.waitReadable(); err != nil {
			return err
		}
		kind, r, err := c.ws.NextReader()
		if err != nil {
			c.tooBig(err)
			return err
		}
		c.out.Heard()
		if kind != websocket.TextMessage {
			c.out.Close(wire.CloseBinary)
			return errors.New("binary frame")
		}
		if err := c.readMessage(r); err != nil {
			return err
		}
	}
}

func (c *conn) readMessage(r io.Reader) error {
	buf := buffers.Get().(*bytes.Buffer)
	defer func() { buf.Reset(); buffers.Put(buf) }()
	if _, err := buf.ReadFrom(r); err != nil {
		c.tooBig(err)
		return err
	}
	if !utf8.Valid(buf.Bytes()) { // gorilla leaves this to its user; RFC 6455 section 8.1 wants it
		c.out.Close(wire.CloseBadUTF8)
		return errors.New("invalid UTF-8")
	}
	req, err := wire.ParseRequest(buf.Bytes())
	switch {
	case err != nil:
		return c.refuse(req.ID, err)
	case req.Type == wire.TypeTyping:
		c.typing()
		return nil
	}
	return c.message(req)
}

// tooBig closes with 1009 where gorilla has only given up: at a length with its top bit set (RFC 6455 section 5.2).
func (c *conn) tooBig(err error) {
	if errors.Is(err, websocket.ErrReadLimit) {
		c.out.Close(wire.CloseTooBig)
	}
}

// message publishes what the client says.
func (c *conn) message(req wire.Request) error {
	if c.limit == nil {
		c.limit = newLimiter(c.server.opts.MessageRate, c.server.opts.MessageBurst)
	}
	if wait, persists := c.limit.take(time.Now()); wait > 0 {
		c.sendError(req.ID, &chat.Error{
			Code: chat.CodeRateLimited, Message: "too many messages in a short time", Retryable: true, RetryAfterMS: max(1, wait.Milliseconds()),
		})
		if persists {
			c.out.Close(wire.CloseTooFast)
			return errors.New("too fast")
		}
		return nil
	}
	text, err := chat.CleanText(req.Text, c.server.opts.MaxText)
	if err != nil {
		return c.refuse(req.ID, err)
	}
	m := chat.Message{ID: req.ID, App: c.server.opts.App, Session: c.session, Name: c.name, Text: text}
	if m.ID == "" {
		m.ID = uuid.NewString()
	}
	if !c.room.Admit(c.server.ctx, admitTime) {
		c.sendError(req.ID, &chat.Error{Code: chat.CodeUnavailable, Message: "this server cannot keep up", Retryable: true, RetryAfterMS: 1000})
		return nil
	}
	err = c.server.opts.Publisher.Publish(c.server.ctx, c.room.Name, m, func(at chat.Position, duplicate bool, err error) {
		if err != nil {
			c.sendError(req.ID, err)
			return
		}
		c.room.Published(at.Seq)
		if req.ID != "" {
			c.out.Send(wire.Frame(wire.Ack{Type: "ack", ID: req.ID, Seq: at.Seq, Duplicate: duplicate}))
		}
	})
	if err != nil {
		c.sendError(req.ID, err)
	}
	return nil
}

// typing tells the room, now and then.
func (c *conn) typing() {
	if now := time.Now(); now.Sub(c.typed) >= typingPause {
		c.typed = now
		c.server.opts.Presence.Typing(c.room.Name, c.session, c.name)
	}
}

// refuse answers what cannot be taken. Who keeps sending such things is closed.
func (c *conn) refuse(id string, err error) error {
	c.sendError(id, err)
	if chat.AsError(err).Code == chat.CodeBadRequest && c.badRequests.hit(time.Now(), maxBadRequests, time.Minute) {
		c.out.Close(wire.CloseBadRequests)
		return errors.New("too many bad requests")
	}
	return nil
}

func (c *conn) sendError(id string, err error) {
	e := chat.AsError(err)
	if e.Code == chat.CodeInternal {
		c.server.opts.Logger.Error("handle request", "room", c.room.Name, "session", c.session, "error", err)
	}
	c.out.Send(wire.Frame(wire.Error{
		Type: "error", ID: id, Code: string(e.Code), Message: e.Message, Retryable: e.Retryable, RetryAfterMS: e.RetryAfterMS,
	}))
}

// linger lets the close frame arrive.
func (c *conn) linger() {
	if c.sock.SetReadDeadline(time.Now().Add(lingerTime)) == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(c.sock, lingerBytes)) // ends by the client's FIN or the deadline; both are fine
	}
}
