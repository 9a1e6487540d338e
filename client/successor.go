package client

import (
	"context"
	"time"
)

// successor is a connection in the making that is to take over from one that still works, because its server is about to leave. Until the new
// one stands, the old one goes on; what both of them bring is told apart by seq.
type successor struct {
	hurry chan struct{} // closed when the old connection is gone: no reason to wait any longer
	ready chan *Conn    // gets one value: the connection, or nil if it could not be made
}

// succeed starts a connection that takes over from old after the given time, and closes old then. Run collects it. A server that asks
// every new connection for the next one is followed, but no faster than one that breaks.
func (s *Session) succeed(ctx context.Context, old *Conn, after time.Duration) {
	if s.heir != nil {
		return // asked for already
	}
	if time.Since(s.began) < steady {
		after += s.options.backoff(s.attempt, nil)
		s.attempt++
	}
	heir := &successor{hurry: make(chan struct{}), ready: make(chan *Conn, 1)}
	s.heir = heir
	go func() {
		conn := s.prepare(ctx, heir, after)
		if conn != nil {
			old.Close() // so that serve returns
		}
		heir.ready <- conn
	}()
}

// prepare dials until it succeeds, until it is clear that it will not, or until it is not its business any more.
func (s *Session) prepare(ctx context.Context, heir *successor, wait time.Duration) *Conn {
	for attempt := 0; ; attempt++ {
		timer := time.NewTimer(wait)
		hurried := false
		select {
		case <-timer.C:
		case <-heir.hurry:
			hurried = true
		case <-ctx.Done():
		}
		timer.Stop()
		conn, err := Dial(ctx, s.resume())
		if err == nil {
			return conn
		}
		if hurried || ctx.Err() != nil || final(err) {
			return nil
		}
		wait = s.options.backoff(attempt, err)
	}
}

// inherit returns the connection that takes over, nil if there is none. It waits if one is being made.
func (s *Session) inherit() *Conn {
	if s.heir == nil {
		return nil
	}
	close(s.heir.hurry)
	conn := <-s.heir.ready
	s.heir = nil
	return conn
}
