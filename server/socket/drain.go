package socket

import (
	"context"
	"time"

	"livechat/server/wire"
)

// Drain refuses new connections and asks the existing ones to move, spread over
// the period. A client opens its new socket, on another server, before it
// closes the old one. Connections still open when the period ends are closed.
// When ctx is done first, the rest is cut off.
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

	ended := make(chan struct{})
	go func() { // ends: the readers end by themselves or are cut off below
		defer close(ended)
		s.readers.Wait()
	}()
	select {
	case <-ended:
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
	<-ended
}

// wait returns after the period, or when no connection is left or ctx is done.
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
