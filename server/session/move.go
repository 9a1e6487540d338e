package session

import (
	"slices"
	"time"

	"livechat/server/wire"
)

// Move asks n connections to move to another server, each at its own moment of the period, and returns how many it has asked: fewer than n if there are not as
// many that were here at the time before and have not been asked already. The oldest go first. Nobody is closed: a client that does not know how to move
// stays.
func (s *Server) Move(n int, before time.Time, period time.Duration) int {
	if n <= 0 {
		return 0
	}
	s.mu.Lock()
	var able []*conn
	for c := range s.conns {
		if c.admitted && !c.asked && c.joined.Before(before) {
			able = append(able, c)
		}
	}
	slices.SortFunc(able, func(a, b *conn) int { return a.joined.Compare(b.joined) })
	able = able[:min(n, len(able))]
	for _, c := range able {
		c.asked = true
	}
	s.mu.Unlock()
	for i, c := range able {
		c.askToMove(i, len(able), period)
	}
	return len(able)
}

// askToMove asks the i-th of n connections to move, so that they go evenly over the period. Its last tenth stays free: it takes a moment to move, and a
// drain closes who has not.
func (c *conn) askToMove(i, n int, period time.Duration) {
	after := period * 9 / 10 * time.Duration(i) / time.Duration(n)
	c.out.Send(wire.Frame(wire.Reconnect{Type: "reconnect", AfterMS: after.Milliseconds()}))
}
