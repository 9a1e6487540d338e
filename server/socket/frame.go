package socket

import (
	"errors"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"livechat/server/wire"
)

// Frames are read here and not by gorilla, which accepts non-minimal lengths, a
// close frame of one byte and a close reason that is not UTF-8, and does not
// limit the number of fragments. This reader also waits for the next frame on a
// small stack, allocates only for bytes that have arrived, and knows how many
// frames and how much time a message took.

// message is the part of a message that has arrived.
type message struct {
	text   []byte
	frames int
	began  time.Time
}

// Why a connection ends whose client sends a close frame.
var (
	errClientClosed = errors.New("closed by the client")
	errAnswered     = errors.New("closed by the server, and answered")
)

// messages are pooled: connections are many and mostly silent.
var messages = sync.Pool{New: func() any { return new(message) }}

// dropMessage returns the message to the pool.
func (c *conn) dropMessage() {
	if m := c.message; m != nil {
		c.message = nil
		if cap(m.text) <= 64<<10 { // a rare large one would stay in the pool
			m.text = m.text[:0]
			messages.Put(m)
		}
	}
}

// readFrame reads and executes one frame. An error means that the connection
// broke or is being closed.
func (c *conn) readFrame() error {
	h, err := c.readHeader()
	if err != nil {
		return err
	}
	c.out.Alive()
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

// readHeader reads the next frame header, and no more of it than it takes to
// reject an invalid one.
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
			_, _ = c.in.Discard(size) // buffered, so it cannot fail
			return h, nil
		}
		need = size
	}
}

// readControl executes a control frame, which fits the read buffer.
func (c *conn) readControl(h wire.Header) error {
	payload, err := c.in.Peek(int(h.Length))
	if err != nil {
		return err
	}
	wire.Unmask(payload, h.Mask)
	if f := c.follower.Load(); f != nil {
		f.In(h.Op, payload)
	}
	switch h.Op {
	case wire.OpClose:
		err := errClientClosed
		if c.out.Closed() != 0 {
			err = errAnswered
		}
		c.awaitAcks()
		c.out.SendClose(wire.AnswerClose(payload))
		return err
	case wire.OpPing:
		c.out.Pong(payload)
	}
	_, _ = c.in.Discard(len(payload))
	if c.small.hit(time.Now(), maxSmall, smallWindow) {
		return c.end(wire.CloseTooFast)
	}
	return c.inTime()
}

// admitFrame reports whether a data frame is allowed now, and reserves its
// message.
func (c *conn) admitFrame(h wire.Header) error {
	// a message inside another one, or a continuation of nothing
	if (h.Op == wire.OpContinuation) != (c.message != nil) {
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

// readPayload appends a frame's payload to the message. Memory is allocated for
// what arrives, not for what the header announces.
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

// inTime closes a connection whose message takes too long. It is called
// whenever something arrives of an incomplete message; a client that sends
// nothing at all does not answer pings either.
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
