package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
)

// Conn is one connection to a room. One goroutine at a time may call Next; all
// other methods may be called from any goroutine. A Conn starts no goroutine:
// nothing is read, pings are not answered and acks do not arrive unless some
// goroutine is in Next.
type Conn struct {
	// Set at construction.

	ws           *websocket.Conn
	link         *link
	skim         bool
	idle         time.Duration
	writeTimeout time.Duration

	// Owned by the goroutine in Next.

	extendedAt time.Time // when the read deadline was last moved
	frame      *[]byte   // holds Raw of the last message, when skimming
	skimmed    Message   // returned again and again, when skimming
	head       Position  // of the room on joining; zero in a log that replaced that one
	err        error     // why reading ended

	// Guarded by writing: one frame at a time.

	writing sync.Mutex

	// Guarded by waiting.

	waiting sync.Mutex
	answers map[string]chan answer // the pending Sends by id; nil once reading has ended
	over    bool
}

// answer is the outcome of a message: an ack or an error.
type answer struct {
	ack Ack
	err error
}

// Next returns the server's next event. Types of later protocol versions are
// skipped, unless they are entries of the log: those are an Entry. Acks and
// errors that belong to a Send go there. An interrupted read cannot be resumed,
// so the end of ctx closes the connection, with 1000. After an error, which is
// a *CloseError or wraps ctx's cause, all further calls return the same error.
func (c *Conn) Next(ctx context.Context) (Event, error) {
	if err := ctx.Err(); err != nil {
		c.Close()
		return nil, c.fail(ctx, err)
	}
	c.link.watch = watch{c, ctx}
	defer func() { c.link.watch = watch{} }()
	return c.next(ctx)
}

// next is Next for a caller that watches ctx itself, once for many events.
func (c *Conn) next(ctx context.Context) (Event, error) {
	for {
		event, err := c.read()
		if err != nil {
			return nil, c.fail(ctx, err)
		}
		if event == nil || c.resolve(event) {
			continue
		}
		return event, nil
	}
}

// fail records why reading ended and releases all callers that wait for an ack.
func (c *Conn) fail(ctx context.Context, err error) error {
	if c.err == nil {
		c.err = err
		if cause := context.Cause(ctx); cause != nil {
			c.err = fmt.Errorf("read from the server: %w", cause)
		}
		c.ws.Close()
		c.release(c.err)
	}
	return c.err
}

// buffers hold frames while they are decoded.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 1024); return &b }}

// recycle keeps exceptionally large buffers out of the pool, where they would
// stay.
func recycle(b *[]byte) {
	if cap(*b) <= 64<<10 {
		buffers.Put(b)
	}
}

// read returns the next frame's event, nil if its type is unknown.
func (c *Conn) read() (Event, error) {
	if c.frame != nil {
		recycle(c.frame)
		c.frame = nil
	}
	if c.err != nil {
		return nil, c.err
	}
	c.extendDeadline()
	kind, r, err := c.ws.NextReader()
	if err != nil {
		return nil, closed(err)
	}
	frame := buffers.Get().(*[]byte)
	*frame, err = readAll((*frame)[:0], r)
	if err != nil {
		recycle(frame)
		return nil, closed(err)
	}
	if c.skim {
		if seq, _, ok := Skim(*frame); ok {
			c.frame = frame
			c.skimmed = Message{Seq: seq, Raw: *frame, History: seq <= c.head.Seq}
			return &c.skimmed, nil
		}
	}
	defer recycle(frame)
	if kind != websocket.TextMessage {
		return nil, nil
	}
	event, err := decode(*frame)
	c.place(event)
	return event, err
}

// place marks messages that the room had before this connection.
func (c *Conn) place(event Event) {
	switch e := event.(type) {
	case *Welcome:
		c.head = Position{Epoch: e.Epoch, Seq: e.Seq}
	case *Reset:
		if e.Epoch != c.head.Epoch { // what follows has other numbers, and is new or was missed
			c.head = Position{}
		}
	case *Message:
		e.History = e.Seq <= c.head.Seq
	case *Edited:
		e.History = e.Seq <= c.head.Seq
	case *Deleted:
		e.History = e.Seq <= c.head.Seq
	case *Tombstone:
		e.History = e.Seq <= c.head.Seq
	case *Reactions:
		e.History = e.Seq <= c.head.Seq
	}
}

// readAll appends the contents of r to b: io.ReadAll into a given buffer.
func readAll(b []byte, r io.Reader) ([]byte, error) {
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if errors.Is(err, io.EOF) {
			return b, nil
		}
		if err != nil {
			return b, err
		}
	}
}

// extendDeadline moves the read deadline. Under load it does so only a few
// times a minute, because moving a timer for each message would cost noticeable
// time.
func (c *Conn) extendDeadline() {
	if now := time.Now(); now.Sub(c.extendedAt) > c.idle/8 {
		c.extendedAt = now
		// fails only on a closed socket; the read will return that
		_ = c.ws.SetReadDeadline(now.Add(c.idle))
	}
}

// Send posts text and waits until the server acks it. Some goroutine must be
// calling Next meanwhile. The error is a *Error if the server declined, ctx's
// if that ended first, or wraps ErrEnded if the connection ended: then it is
// unknown whether the message is in the log.
func (c *Conn) Send(ctx context.Context, text string, more ...More) (Ack, error) {
	id := uuid.NewString()
	answers := make(chan answer, 1)
	if err := c.await(id, answers); err != nil {
		return Ack{}, err
	}
	defer c.forget(id)
	if err := c.Post(id, text, more...); err != nil {
		return Ack{}, err
	}
	select {
	case a := <-answers:
		return a.ack, a.err
	case <-ctx.Done():
		return Ack{}, fmt.Errorf("wait for the ack: %w", context.Cause(ctx))
	}
}

func (c *Conn) await(id string, answers chan answer) error {
	c.waiting.Lock()
	defer c.waiting.Unlock()
	if c.over {
		return ErrEnded
	}
	if c.answers == nil {
		c.answers = make(map[string]chan answer)
	}
	c.answers[id] = answers
	return nil
}

func (c *Conn) forget(id string) {
	c.waiting.Lock()
	defer c.waiting.Unlock()
	delete(c.answers, id)
}

// resolve passes event to the Send that waits for it, if there is one.
func (c *Conn) resolve(event Event) bool {
	id, a, ok := answered(event)
	if !ok {
		return false
	}
	c.waiting.Lock()
	defer c.waiting.Unlock()
	answers, ok := c.answers[id]
	if ok {
		delete(c.answers, id)
		answers <- a
	}
	return ok
}

// answered returns the id that event answers, and the answer.
func answered(event Event) (string, answer, bool) {
	switch e := event.(type) {
	case *Ack:
		return e.ID, answer{ack: *e}, e.ID != ""
	case *Error:
		return e.ID, answer{err: e}, e.ID != ""
	}
	return "", answer{}, false
}

// release tells all callers that wait for an ack that none will come.
func (c *Conn) release(cause error) {
	c.waiting.Lock()
	defer c.waiting.Unlock()
	c.over = true
	for _, answers := range c.answers {
		answers <- answer{err: fmt.Errorf("%w: %w", ErrEnded, cause)}
	}
	c.answers = nil
}
