package socket

import "livechat/server/connections"

// follower is a Follower in a connection.
type follower struct{ connections.Follower }

// Follow tells a Follower about a connection of this server, until stop is
// called or the connection ends. ok is false if there is no such connection, or
// it has a Follower already.
func (s *Server) Follow(session string, f connections.Follower) (stop func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if c.session != session || !c.admitted {
			continue
		}
		in := &follower{f}
		if !c.follower.CompareAndSwap(nil, in) {
			return nil, false
		}
		c.out.Tap(f.Out)
		return func() {
			if c.follower.CompareAndSwap(in, nil) {
				c.out.Tap(nil)
			}
		}, true
	}
	return nil, false
}
