package socket

import (
	"slices"
	"time"

	"livechat/server/wire"
)

// Move asks up to n connections to move to another server, spread over the
// period, and returns how many it asked. Only connections from before the given
// time that were not asked yet qualify, oldest first. Nobody is closed: a
// client that does not support moving stays.
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

// askToMove asks the i-th of n connections to move, so that they leave evenly
// over the period. The last tenth stays free, because moving takes a moment and
// a drain closes those that have not.
func (c *conn) askToMove(i, n int, period time.Duration) {
	after := period * 9 / 10 * time.Duration(i) / time.Duration(n)
	c.out.Send(wire.Frame(wire.Reconnect{Type: "reconnect", AfterMS: after.Milliseconds()}))
}
