package client

import (
	"context"
	"time"
)

// successor is a connection being prepared to take over from one that still
// works, because its server is about to leave. The old one is used until the
// new one is established; messages that both bring are told apart by seq.
type successor struct {
	expedite chan struct{} // closed when the old connection has ended: no reason to wait longer
	ready    chan *Conn    // gets one value: the connection, or nil if there is none
}

// succeed starts a connection that takes over from old after the given time,
// and then closes old. Run collects it. A server that asks every new connection
// to reconnect is obeyed, but with the back-off of a connection that breaks.
func (s *Session) succeed(ctx context.Context, old *Conn, after time.Duration) {
	if s.successor != nil {
		return // asked for already
	}
	if time.Since(s.began) < steady {
		after += s.options.backoff(s.attempt, nil)
		s.attempt++
	}
	next := &successor{expedite: make(chan struct{}), ready: make(chan *Conn, 1)}
	s.successor = next
	go func() {
		conn := s.prepare(ctx, next, after)
		if conn != nil {
			old.Close() // so that serve returns
		}
		next.ready <- conn
	}()
}

// prepare dials until it succeeds, until success is ruled out, or until the old
// connection has ended.
func (s *Session) prepare(ctx context.Context, next *successor, wait time.Duration) *Conn {
	for attempt := 0; ; attempt++ {
		timer := time.NewTimer(wait)
		expedited := false
		select {
		case <-timer.C:
		case <-next.expedite:
			expedited = true
		case <-ctx.Done():
		}
		timer.Stop()
		conn, err := Dial(ctx, s.resume())
		if err == nil {
			return conn
		}
		if expedited || ctx.Err() != nil || final(err) {
			return nil
		}
		wait = s.options.backoff(attempt, err)
	}
}

// takeOver returns the connection that takes over, nil if there is none. It
// waits for one that is being made.
func (s *Session) takeOver() *Conn {
	if s.successor == nil {
		return nil
	}
	close(s.successor.expedite)
	conn := <-s.successor.ready
	s.successor = nil
	return conn
}
