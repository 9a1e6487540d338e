package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// Timeouts limit how long a client may keep an HTTP connection busy. All must
// be above 0. They end when a WebSocket takes the connection over.
type Timeouts struct {
	Header time.Duration // for the request line and the headers
	Body   time.Duration // for the body, which begins Header later at the latest
	Answer time.Duration // from the headers to the first byte of the answer
	Write  time.Duration // for each writeStep bytes of the answer
	Idle   time.Duration // between two requests
}

const (
	// writeStep is the part of an answer that one Timeouts.Write is for: a
	// client has to take that much in that time, not the whole of a long
	// answer.
	writeStep = 64 << 10
	// restOfRequest is how long a shutdown waits for incomplete requests and
	// for clients to take their answers. Handlers have their own limits.
	restOfRequest = 200 * time.Millisecond
	restOfAnswer  = 2 * time.Second
)

// Server serves HTTP/1 such that no client can occupy a connection, or delay a
// shutdown, by doing nothing: each read and each write has a deadline.
type Server struct {
	http     http.Server
	timeouts Timeouts
	most     int

	mu      sync.Mutex
	conns   map[net.Conn]*conn // neither hijacked nor closed
	dropped int                // number of conns that are being closed to make room for others
	ending  bool
	empty   chan struct{} // closed when ending is set and no connection is left
}

// NewServer returns a server for handler. It holds about most connections at
// once. One more replaces the connection that has gone longest without a
// complete request, so that clients with requests are answered however many
// idle ones there are. log gets the messages of net/http at debug level.
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

// Serve answers on l until Shutdown or Close, then returns nil.
func (s *Server) Serve(l net.Listener) error {
	if err := s.http.Serve(&listener{l, s}); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Shutdown closes the listener and all connections except those of complete
// requests, whose answers it waits for. When ctx ends it closes these as well
// and returns the error of ctx. It does not touch hijacked connections.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	if !s.ending {
		s.ending = true
		s.checkEmptyLocked()
	}
	s.mu.Unlock()

	var stopping sync.WaitGroup
	waiting, stop := context.WithCancel(ctx)
	// closes the listener and idle connections; we notice earlier when all have
	// gone
	stopping.Go(func() { _ = s.http.Shutdown(waiting) })
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

// closeAll closes the connections for which which returns true.
func (s *Server) closeAll(which func(*conn) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for nc, c := range s.conns {
		if which(c) {
			_ = nc.Close() // net/http notices and calls changed
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
			s.trimLocked(0)
		}
	case http.StateHijacked, http.StateClosed:
		if c := s.conns[nc]; c != nil && c.dropped {
			s.dropped--
		}
		delete(s.conns, nc)
		s.checkEmptyLocked()
	}
}

// checkEmptyLocked wakes Shutdown when no connection is left.
func (s *Server) checkEmptyLocked() {
	if s.ending && len(s.conns) == 0 {
		select {
		case <-s.empty:
		default:
			close(s.empty)
		}
	}
}

// add starts to track a connection.
func (s *Server) add(nc net.Conn) *conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	// before the new one is added: if all others are being answered, it would
	// be the one to go
	s.trimLocked(1)
	c := &conn{server: s, since: time.Now()}
	s.conns[nc] = c
	return c
}

// trimLocked closes connections without a request until there is room for the
// given number of new ones.
func (s *Server) trimLocked(fresh int) {
	for len(s.conns)-s.dropped+fresh > s.most && s.dropLocked() {
	}
}

// dropLocked closes the connection that has gone longest without a complete
// request, and reports whether there was one.
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
	s.dropped++
	_ = oldest.Close() // net/http notices and calls changed
	return true
}

// listener accepts connections even when the process is out of file
// descriptors, by closing one that has no request.
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
			return nil, err // net/http pauses and retries
		}
	}
}
