package session

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/google/uuid"

	"livechat/server/chat"
	"livechat/server/fanout"
	"livechat/server/metrics"
	"livechat/server/room"
	"livechat/server/wire"
)

// typingPause is the least time between two reports to the room that somebody is typing.
const typingPause = time.Second

// admitTime is how long a message may wait for a server that cannot keep up. While it waits nothing else of its sender is read.
const admitTime = 5 * time.Second

// settleTime is how long a close frame waits for the acks of messages that were taken before. Publishing takes milliseconds; who
// waits in vain sends the messages again, with the same ids.
const settleTime = time.Second

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
	room    *room.Room // nil for one that watches the cluster
	session string
	name    string
	author  string // of what it says; empty if nobody knows
	who     uint64 // see slowpokes
	sock    *socket
	raw     syscall.RawConn
	out     *fanout.Client // for writing
	user    *User          // nil: a guest
	named   bool           // a guest who gave his name
	feed    bool           // room is the user's feed
	unwatch func()         // of one that watches: ends what it is shown; may be nil

	// Set before the reader starts.
	admitted bool // it takes a place of those that there are; presence has been told

	unproven atomic.Bool // a guest whose name could not be asked for yet: only a reader. Changed under server.mu

	// Guarded by server.mu.
	joined time.Time
	asked  bool // to move

	// Owned by the reader.
	in          *bufio.Reader // lent, and reads sock; nil while nothing comes
	message     *message      // that is not complete; nil between messages
	speech      *speech       // nil before the first message
	small       strikes       // frames that are no messages
	badRequests strikes
	typed       time.Time
}

// over ends a connection of which nothing more is read, and why is err.
func (c *conn) over(err error) {
	c.hangUp(err)
	if c.room == nil {
		c.server.stopWatching(c)
	} else {
		c.server.remove(c)
		c.server.opts.Metrics.Closed.WithLabelValues(c.out.Closed().Label()).Inc()
		c.server.opts.Logger.Debug("left", "room", c.room.Name, "session", c.session, "code", int(c.out.Closed()), "error", err)
	}
	c.server.readers.Done()
}

// hangUp ends the connection when its close frame, if there is one, has had the time to arrive.
func (c *conn) hangUp(err error) {
	if !errors.Is(err, net.ErrClosed) && !errors.Is(err, io.EOF) && !errors.Is(err, os.ErrDeadlineExceeded) {
		c.linger()
	}
	c.out.Detach()
}

// handle does what a message from the client asks for.
func (c *conn) handle(payload []byte) error {
	c.server.opts.Metrics.BytesIn.Add(float64(len(payload)))
	switch {
	case c.room == nil:
		return c.refuse("", errWatches)
	case c.feed:
		return c.refuse("", errListens)
	}
	if !c.admitted {
		return nil // it is being told why not; what it says until that has arrived is not taken
	}
	req, err := wire.ParseRequest(payload)
	switch {
	case err != nil:
		return c.refuse(req.ID, err)
	case c.unproven.Load():
		c.sendError(req.ID, errUnproven)
		return nil
	case req.Type == wire.TypeTyping:
		return c.typing()
	}
	return c.say(req)
}

// say publishes what the client says.
func (c *conn) say(req wire.Request) error {
	if c.speech == nil {
		c.speech = &speech{limit: newLimiter(c.server.opts.MessageRate, c.server.opts.MessageBurst)}
	}
	if wait, persists := c.speech.limit.take(time.Now()); wait > 0 {
		c.sendError(req.ID, &chat.Error{
			Code: chat.CodeRateLimited, Message: "too many messages in a short time", Retryable: true, RetryAfterMS: max(1, wait.Milliseconds()),
		})
		if persists {
			return c.end(wire.CloseTooFast)
		}
		return nil
	}
	text, err := chat.CleanText(req.Text, c.server.opts.MaxText)
	if err != nil {
		return c.refuse(req.ID, err)
	}
	m := chat.Message{ID: req.ID, App: c.server.opts.App, Session: c.session, Author: c.author, Name: c.name, Text: text}
	if m.ID == "" {
		m.ID = uuid.NewString()
	}
	began := time.Now()
	defer func() { c.speech.limit.hold(time.Since(began)) }()
	if !c.room.Admit(c.server.ctx, admitTime, len(m.Text)) {
		c.sendError(req.ID, &chat.Error{Code: chat.CodeUnavailable, Message: "this server cannot keep up", Retryable: true, RetryAfterMS: 1000})
		return nil
	}
	speech := c.speech
	speech.begin()
	err = c.server.opts.Publisher.Publish(c.server.ctx, c.room.Name, m, func(at chat.Position, duplicate bool, err error) {
		defer speech.finish()
		if err != nil {
			c.room.Refused(len(m.Text))
			c.sendError(req.ID, err)
			return
		}
		m.Epoch, m.Seq, m.At = at.Epoch, at.Seq, time.Now().UnixMilli() // it bears the time of Redis, which is not told
		c.room.Published(m)
		c.server.opts.Metrics.Received.WithLabelValues(taken(duplicate)).Inc()
		if req.ID != "" {
			c.out.Send(wire.Frame(wire.Ack{Type: "ack", ID: req.ID, Seq: at.Seq, Duplicate: duplicate}))
		}
	})
	if err != nil {
		c.room.Refused(len(m.Text))
		speech.finish()
		c.sendError(req.ID, err)
	}
	return nil
}

func taken(duplicate bool) string {
	if duplicate {
		return metrics.Duplicate
	}
	return metrics.Taken
}

// typing tells the room, now and then.
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

// refuse answers what cannot be taken. Who keeps sending such things is closed.
func (c *conn) refuse(id string, err error) error {
	c.sendError(id, err)
	if chat.AsError(err).Code == chat.CodeBadRequest && c.badRequests.hit(time.Now(), maxBadRequests, time.Minute) {
		return c.end(wire.CloseBadRequests)
	}
	return nil
}

func (c *conn) sendError(id string, err error) {
	e := chat.AsError(err)
	c.server.opts.Metrics.Received.WithLabelValues(string(e.Code)).Inc()
	if e.Code == chat.CodeInternal {
		c.server.opts.Logger.Error("handle request", "room", c.room.Name, "session", c.session, "error", err)
	}
	c.out.Send(errorFrame(id, e))
}

func errorFrame(id string, e *chat.Error) []byte {
	return wire.Frame(wire.Error{
		Type: "error", ID: id, Code: string(e.Code), Message: e.Message, Retryable: e.Retryable, RetryAfterMS: e.RetryAfterMS,
	})
}

// end closes the connection with a code. The error that it returns ends the reader.
func (c *conn) end(code wire.CloseCode) error {
	c.settle()
	c.out.Close(code)
	return errors.New(code.String())
}

// settle gives the answers to what the client said before a moment to come: nothing follows a close frame.
func (c *conn) settle() {
	if c.speech == nil {
		return
	}
	over := time.NewTimer(settleTime)
	defer over.Stop()
	select {
	case <-c.speech.answered():
	case <-over.C:
	}
}

// linger lets the close frame arrive.
func (c *conn) linger() {
	if c.sock.SetReadDeadline(time.Now().Add(lingerTime)) == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(c.sock, lingerBytes)) // ends by the client's FIN or the deadline; both are fine
	}
}
