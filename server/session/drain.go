package session

import (
	"context"
	"time"

	"livechat/server/wire"
)

// Drain takes no connections any more and asks those that there are to move, each at its own moment of the period: a client opens its new
// socket, on another server, before it closes the old one. Who is left at the end of the period is closed. When ctx is done before
// everybody has gone, the rest is cut off.
func (s *Server) Drain(ctx context.Context, period time.Duration) {
	s.mu.Lock()
	s.draining = true
	left := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		left = append(left, c)
	}
	for c := range s.watchers {
		c.out.Close(wire.CloseRestart)
	}
	s.mu.Unlock()

	for i, c := range left {
		c.askToMove(i, len(left), period)
	}
	if period > 0 && len(left) > 0 {
		s.wait(ctx, period)
	}
	s.mu.Lock()
	for c := range s.conns {
		c.out.Close(wire.CloseRestart)
	}
	s.mu.Unlock()

	gone := make(chan struct{})
	go func() { // ends: either they go, or they are cut off below
		defer close(gone)
		s.readers.Wait()
	}()
	select {
	case <-gone:
	case <-ctx.Done():
		s.mu.Lock()
		for c := range s.conns {
			c.out.HangUp()
		}
		for c := range s.watchers {
			c.out.HangUp()
		}
		s.mu.Unlock()
	}
	s.cancel()
	<-gone
}

// wait returns after the period, or earlier when everybody has gone or ctx is done.
func (s *Server) wait(ctx context.Context, period time.Duration) {
	over := time.NewTimer(period)
	defer over.Stop()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for s.Count() > 0 {
		select {
		case <-look.C:
		case <-over.C:
			return
		case <-ctx.Done():
			return
		}
	}
}
