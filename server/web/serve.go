package web

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// Timeouts bound how long a client may keep an HTTP connection busy. All must
// be above 0. They end when a WebSocket takes the connection over.
type Timeouts struct {
	Header time.Duration // for the request line and the headers
	Body   time.Duration // for the body, after Header at the latest
	Answer time.Duration // from the headers to the first byte of the answer
	Write  time.Duration // for each writeStep bytes of the answer
	Idle   time.Duration // between two requests
}

const (
	// writeStep is how much of an answer one Timeouts.Write is for: a client
	// has to take that much in that time, but not the whole of a long answer.
	writeStep = 64 << 10
	// A shutdown gives requests that have not come in whole, and answers that
	// the client has not taken, so long. Handlers have limits of their own.
	restOfRequest = 200 * time.Millisecond
	restOfAnswer  = 2 * time.Second
)

// Server serves HTTP/1 so that no client can hold a connection, or a shutdown,
// by doing nothing: each read and each write has a deadline.
type Server struct {
	http     http.Server
	timeouts Timeouts
	most     int

	mu     sync.Mutex
	conns  map[net.Conn]*conn // neither hijacked nor closed
	ending bool
	empty  chan struct{} // closed when ending is set and no connection is left
}

// NewServer returns a server for handler. It has about most connections at once:
// one more is taken in the place of that which has gone without a whole request
// for the longest, so that whoever asks something is answered however many ask
// nothing. log gets what net/http has to say, at debug level.
func NewServer(handler http.Handler, timeouts Timeouts, most int, log *slog.Logger) *Server {
	s := &Server{timeouts: timeouts, most: most, conns: map[net.Conn]*conn{}, empty: make(chan struct{})}
	s.http = http.Server{
		Handler:           s.follow(handler),
		ReadHeaderTimeout: timeouts.Header, ReadTimeout: timeouts.Header + timeouts.Body,
		WriteTimeout: timeouts.Answer + timeouts.Write, IdleTimeout: timeouts.Idle, MaxHeaderBytes: 16 << 10,
		ErrorLog:  slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		ConnState: s.changed,
		ConnContext: func(ctx context.Context, nc net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, s.add(nc))
		},
	}
	return s
}

// Serve answers on l until Shutdown or Close; then it returns nil.
func (s *Server) Serve(l net.Listener) error {
	if err := s.http.Serve(&listener{l, s}); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Shutdown closes the listener and all connections but those of requests that
// have come in whole, whose answers it waits for. At the end of ctx it closes
// these as well and returns the error of ctx. Hijacked connections are not its
// business.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	if !s.ending {
		s.ending = true
		s.checkEmptyLocked()
	}
	s.mu.Unlock()

	var stopping sync.WaitGroup
	waiting, stop := context.WithCancel(ctx)
	stopping.Go(func() { _ = s.http.Shutdown(waiting) }) // closes the listener and what is idle; we know sooner when all have gone
	defer stopping.Wait()
	defer stop()

	begin, look := time.Now(), time.NewTicker(20*time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-s.empty:
			return nil
		case <-ctx.Done():
			s.closeAll(func(*conn) bool { return true })
			return context.Cause(ctx)
		case now := <-look.C:
			s.closeAll(func(c *conn) bool { return c.overdue(begin, now) })
		}
	}
}

// Close closes the listener and every connection that is not hijacked, at once.
func (s *Server) Close() error { return s.http.Close() }

// closeAll closes the connections that which is true for.
func (s *Server) closeAll(which func(*conn) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for nc, c := range s.conns {
		if which(c) {
			_ = nc.Close() // net/http notices, and tells changed
		}
	}
}

// changed follows the state of a connection. net/http calls it.
func (s *Server) changed(nc net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch state {
	case http.StateActive, http.StateIdle:
		if c := s.conns[nc]; c != nil {
			c.step, c.since = reading, time.Now()
		}
	case http.StateHijacked, http.StateClosed:
		delete(s.conns, nc)
		s.checkEmptyLocked()
	}
}

// checkEmptyLocked tells Shutdown when no connection is left.
func (s *Server) checkEmptyLocked() {
	if s.ending && len(s.conns) == 0 {
		select {
		case <-s.empty:
		default:
			close(s.empty)
		}
	}
}

// add begins to follow a connection.
func (s *Server) add(nc net.Conn) *conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.conns) >= s.most {
		s.dropLocked()
	}
	c := &conn{server: s, since: time.Now()}
	s.conns[nc] = c
	return c
}

// dropLocked closes the connection that has been without a whole request for
// the longest, and reports whether there was one.
func (s *Server) dropLocked() bool {
	var oldest net.Conn
	for nc, c := range s.conns {
		if c.step == reading && !c.dropped && (oldest == nil || c.since.Before(s.conns[oldest].since)) {
			oldest = nc
		}
	}
	if oldest == nil {
		return false
	}
	s.conns[oldest].dropped = true
	_ = oldest.Close() // net/http notices, and tells changed
	return true
}

// listener takes connections also when the process has no files left, in the
// place of one that asks nothing.
type listener struct {
	net.Listener
	server *Server
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	for {
		nc, err := l.Listener.Accept()
		if !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE) {
			return nc, err
		}
		l.server.mu.Lock()
		dropped := l.server.dropLocked()
		l.server.mu.Unlock()
		if !dropped {
			return nil, err // net/http waits a moment
		}
	}
}

// connKey is the key of a request's *conn in its context.
type connKey struct{}

// conn is how far a connection has come with its request.
type conn struct {
	server *Server

	// Guarded by server.mu.
	step    step
	since   time.Time // when the step began
	dropped bool      // for another connection
}

// step is a part of the life of a request.
type step int

const (
	reading step = iota // the request is not there, or not all of it
	working             // the handler has the whole request
	writing             // the client gets the answer
)

// received notes that the whole request is there.
func (c *conn) received() { c.advance(reading, working) }

// answered notes that the client gets an answer. If the request is not there in
// whole, that remains what the connection waits for.
func (c *conn) answered() { c.advance(working, writing) }

func (c *conn) advance(from, to step) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if c.step == from {
		c.step, c.since = to, time.Now()
	}
}

// overdue reports whether a shutdown that began at begin has waited long enough
// for the connection. It is called with server.mu held.
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

// follow notes how far the requests have come that next answers.
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

// followedBody tells when the whole body has been read.
type followedBody struct {
	io.ReadCloser
	conn *conn
}

// Read implements io.Reader.
func (b *followedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		b.conn.received()
	}
	return n, err
}

// followedAnswer gives each step of an answer a deadline.
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

// Unwrap is how http.ResponseController finds the other powers of the ResponseWriter.
func (a *followedAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
