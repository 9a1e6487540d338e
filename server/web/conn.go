package web

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// connKey is the key of a request's *conn in its context.
type connKey struct{}

// conn tracks the progress of a connection's request.
type conn struct {
	server *Server

	// Guarded by server.mu.
	step    step
	since   time.Time // when the step began
	dropped bool      // closed to make room for another connection
}

// step is a stage of a request.
type step int

const (
	reading step = iota // the request has not been received completely
	working             // the handler has the whole request
	writing             // the client is sent the answer
)

// progressed records that a part of the request has arrived, so that a long
// upload is not the connection that has gone longest without a request.
func (c *conn) progressed() { c.advance(reading, reading) }

// received records that the whole request has arrived.
func (c *conn) received() { c.advance(reading, working) }

// answered records that an answer is being sent. If the request is incomplete,
// the connection still waits for its rest.
func (c *conn) answered() { c.advance(working, writing) }

func (c *conn) advance(from, to step) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if c.step == from {
		c.step, c.since = to, time.Now()
	}
}

// overdue reports whether a shutdown that began at begin has waited long enough
// for the connection. Called with server.mu held.
func (c *conn) overdue(begin, now time.Time) bool {
	switch c.step {
	case reading:
		return now.Sub(begin) >= restOfRequest
	case writing:
		return now.Sub(begin) >= restOfAnswer && now.Sub(c.since) >= restOfAnswer
	default:
		return false
	}
}

// follow records the progress of the requests that next answers.
func (s *Server) follow(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := r.Context().Value(connKey{}).(*conn)
		if r.Body == http.NoBody {
			c.received()
		} else {
			r.Body = &followedBody{r.Body, c}
		}
		next.ServeHTTP(&followedAnswer{ResponseWriter: w, control: http.NewResponseController(w), conn: c}, r)
		c.answered()
	})
}

// followedBody reports when parts of the body and when all of it have been read.
type followedBody struct {
	io.ReadCloser
	conn *conn
}

// Read implements io.Reader.
func (b *followedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	switch {
	case errors.Is(err, io.EOF):
		b.conn.received()
	case n > 0:
		b.conn.progressed()
	}
	return n, err
}

// followedAnswer sets a deadline for each part of an answer.
type followedAnswer struct {
	http.ResponseWriter
	control *http.ResponseController
	conn    *conn
}

// Write implements http.ResponseWriter.
func (a *followedAnswer) Write(p []byte) (written int, err error) {
	a.conn.answered()
	for {
		if err := a.control.SetWriteDeadline(time.Now().Add(a.conn.server.timeouts.Write)); err != nil {
			return written, err
		}
		n, err := a.ResponseWriter.Write(p[:min(len(p), writeStep)])
		written += n
		if p = p[n:]; err != nil || len(p) == 0 {
			return written, err
		}
	}
}

// Unwrap lets http.ResponseController reach the methods of the wrapped
// ResponseWriter.
func (a *followedAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
