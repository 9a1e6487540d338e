package session

import (
	"errors"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"livechat/server/wire"
)

// Frames are read here and not by gorilla, which takes lengths that are not minimal, a close frame of one byte and a reason that is no UTF-8, and cannot
// tell how many fragments a message has; and because of what else clients may do with them: this reader waits for any next one on a small stack, holds
// memory only for what has come of a message, and knows how many frames a message was cut into and how long that took.

// message is what has come of a message so far.
type message struct {
	text   []byte
	frames int
	began  time.Time
}

// messages are lent to connections while they read one. Connections are many and mostly silent.
var messages = sync.Pool{New: func() any { return new(message) }}

// dropMessage gives back what the connection was lent.
func (c *conn) dropMessage() {
	if m := c.message; m != nil {
		c.message = nil
		if cap(m.text) <= 64<<10 { // a rare giant would stay in the pool
			m.text = m.text[:0]
			messages.Put(m)
		}
	}
}

// readFrame reads one frame and does what it asks for. An error means that the connection is over: it broke, or it is being closed.
func (c *conn) readFrame() error {
	h, err := c.readHeader()
	if err != nil {
		return err
	}
	c.out.Heard()
	if h.Control() {
		return c.readControl(h)
	}
	if err := c.admitFrame(h); err != nil {
		return err
	}
	if err := c.readPayload(h); err != nil {
		return err
	}
	if !h.Fin {
		return c.inTime()
	}
	defer c.dropMessage()
	if !utf8.Valid(c.message.text) { // RFC 6455 section 8.1
		return c.end(wire.CloseBadUTF8)
	}
	return c.handle(c.message.text)
}

// readHeader reads the next frame's header, as little at a time as tells a wrong one.
func (c *conn) readHeader() (h wire.Header, err error) {
	for need := 2; ; {
		b, err := c.in.Peek(need)
		if err != nil {
			return h, err
		}
		h, size, code := wire.ParseHeader(b)
		switch {
		case code != 0:
			return h, c.end(code)
		case size <= need:
			_, _ = c.in.Discard(size) // it is there
			return h, nil
		}
		need = size
	}
}

// readControl takes a control frame, which fits the read buffer.
func (c *conn) readControl(h wire.Header) error {
	payload, err := c.in.Peek(int(h.Length))
	if err != nil {
		return err
	}
	wire.Unmask(payload, h.Mask)
	switch h.Op {
	case wire.OpClose:
		c.settle()
		c.out.SendClose(wire.AnswerClose(payload))
		return errors.New("closed by the client")
	case wire.OpPing:
		c.out.Pong(payload)
	}
	_, _ = c.in.Discard(len(payload))
	if c.small.hit(time.Now(), maxSmall, smallWindow) {
		return c.end(wire.CloseTooFast)
	}
	return c.inTime()
}

// admitFrame says whether a data frame may come now, and makes room for its message.
func (c *conn) admitFrame(h wire.Header) error {
	if (h.Op == wire.OpContinuation) != (c.message != nil) { // a message begins inside another one, or goes on without a beginning
		return c.end(wire.CloseProtocol)
	}
	if h.Op == wire.OpBinary {
		return c.end(wire.CloseBinary)
	}
	if c.message == nil {
		c.message = messages.Get().(*message)
		c.message.frames, c.message.began = 0, time.Time{}
	}
	m := c.message
	m.frames++
	if h.Length > uint64(c.server.opts.MaxFrame-len(m.text)) || m.frames > maxFragments {
		return c.end(wire.CloseTooBig)
	}
	return nil
}

// readPayload adds a frame's payload to the message. What it announces but does not bring takes no memory.
func (c *conn) readPayload(h wire.Header) error {
	const piece = 512
	m := c.message
	begin := len(m.text)
	end := begin + int(h.Length)
	for len(m.text) < end {
		m.text = slices.Grow(m.text, min(end-len(m.text), piece))
		n, err := c.in.Read(m.text[len(m.text):min(cap(m.text), end)])
		m.text = m.text[:len(m.text)+n]
		if err != nil {
			return err
		}
		if len(m.text) < end {
			if err := c.inTime(); err != nil {
				return err
			}
		}
	}
	wire.Unmask(m.text[begin:], h.Mask)
	return nil
}

// inTime closes a connection whose message has been on its way for too long. It is asked whenever something has come while a message is not
// complete: who sends nothing at all does not answer pings either.
func (c *conn) inTime() error {
	m := c.message
	if m == nil {
		return nil
	}
	now := time.Now()
	if m.began.IsZero() {
		m.began = now
	}
	if now.Sub(m.began) > messageTime {
		return c.end(wire.CloseTooSlow)
	}
	return nil
}
