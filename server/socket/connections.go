package socket

import (
	"cmp"
	"slices"

	"livechat/server/chat"
	"livechat/server/connections"
	"livechat/server/wire"
)

// person returns who a client is: an account or a guest. A guest without a key
// is somebody else with each connection.
func (c *conn) person() chat.Subject {
	if c.user != nil {
		return chat.AccountSubject(c.user.ID)
	}
	return chat.GuestSubject(cmp.Or(c.author, c.session))
}

// matchLocked returns the connection as admins see it, if a query means it.
func (c *conn) matchLocked(q connections.Query) (v connections.Connection, ok bool) {
	if !c.admitted || q.Session != "" && q.Session != c.session || c.out.Closed() != 0 {
		return v, false
	}
	v = connections.Connection{
		Session: c.session, App: c.server.opts.App, Name: c.name, Person: c.person().Word(),
		Since: c.joined.UnixMilli(),
	}
	if !c.feed {
		v.Room = c.room.Name
	}
	return v, q.Matches(v)
}

// Connections returns a page of the connections that a query means, in the order
// of their places, and how many there are on all pages. Those that are being
// refused or closed are left out.
func (s *Server) Connections(q connections.Query) (page []connections.Connection, total int) {
	s.mu.Lock()
	for c := range s.conns {
		v, ok := c.matchLocked(q)
		if !ok {
			continue
		}
		total++
		if v.Place() > q.After {
			page = append(page, v)
		}
	}
	s.mu.Unlock()
	slices.SortFunc(page, connections.Connection.Compare)
	return page[:min(len(page), q.Limit)], total
}

// CloseConnections closes the connections that a query means, whatever its page,
// and returns how many. Their clients come back to a room only when their users
// want to, and to a feed by themselves: without it they would miss what others
// write to them.
func (s *Server) CloseConnections(q connections.Query) (closed int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if _, ok := c.matchLocked(q); !ok {
			continue
		}
		closed++
		if c.feed {
			c.out.Close(wire.CloseLoggedOut)
			continue
		}
		c.out.Send(errorFrame("", errKicked))
		c.out.Close(wire.CloseKicked)
	}
	return closed
}
