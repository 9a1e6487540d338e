package presence

import (
	"time"
)

// applyReportLocked applies a report to all servers.
func (p *Presence) applyReportLocked(m message, from *peer) {
	if m.N <= from.n {
		return
	}
	switch {
	case m.Full:
		p.applyFullLocked(m, from)
	case from.whole && m.N == from.n+1:
		p.applyCountsLocked(m, from)
	default: // keep what is known until the full report arrives
		from.whole = false
		p.requestFullLocked(m.Node) // ask again with each report: the question can be lost
	}
	p.noteLocked(m, from)
}

// noteLocked records what every report contains.
func (p *Presence) noteLocked(m message, from *peer) {
	from.app, from.role, from.n, from.total, from.unavailable = m.App, m.Role, m.N, m.Total, m.Unavailable
	from.every = max(p.opts.Interval, min(time.Duration(m.Every)*time.Millisecond, maxEvery))
}

// maxEvery is the longest time between reports that a peer may announce.
const maxEvery = time.Minute

// applyCountsLocked applies changed counts. A legacy server's report also
// contains names.
func (p *Presence) applyCountsLocked(m message, from *peer) {
	for name, n := range m.Counts {
		p.countLocked(m.Node, from, name, n)
	}
	if from.legacy() {
		for name, c := range m.Rooms {
			p.applyChangeLocked(m.Node, from, name, c)
		}
	}
}

// applyFullLocked applies a full report: the server has no connections in other
// rooms.
func (p *Presence) applyFullLocked(m message, from *peer) {
	from.whole = true
	from.role = m.Role
	for name := range from.rooms {
		if _, old := m.Rooms[name]; m.Counts[name] <= 0 && (!from.legacy() || !old) {
			p.countLocked(m.Node, from, name, 0)
		}
	}
	for name, c := range m.Rooms {
		if c.All == nil { // no list of names means that it is empty
			c.All = []string{}
			m.Rooms[name] = c
		}
	}
	p.applyCountsLocked(m, from)
}

// countLocked records how many connections a server has in a room.
func (p *Presence) countLocked(node string, from *peer, name string, n int) {
	n = max(n, 0)
	s := from.rooms[name]
	if s == nil {
		if n == 0 {
			return
		}
		s = &share{}
		from.rooms[name] = s
		p.sharedLocked(node, from, name)
	}
	r := p.roomLocked(name)
	came := n - s.online
	s.online = n
	if n == 0 {
		p.forgetNamesLocked(r, s)
		delete(from.rooms, name)
		delete(from.out.rooms, name)
		delete(p.missing, missing{node, name})
	}
	p.changedLocked(r, came, 0)
}

// applyChangeLocked applies one change to what a peer has in a room.
func (p *Presence) applyChangeLocked(node string, from *peer, name string, c change) {
	p.countLocked(node, from, name, c.Online)
	s := from.rooms[name]
	if s == nil {
		return
	}
	r := p.roomLocked(name)
	if c.All != nil {
		c.Joined, c.Left = c.All, missingIn(s.names, c.All)
	}
	accounts := make(map[string]struct{}, len(c.Accounts))
	for _, person := range c.Accounts {
		accounts[person] = struct{}{}
	}
	for _, person := range c.Joined {
		if _, ok := accounts[person]; ok {
			r.mark(person)
		}
		if s.names == nil {
			s.names = make(map[string]int)
		}
		is := max(c.Connections[person], 1)
		r.add(person, is-s.names[person])
		s.names[person] = is
	}
	for _, person := range c.Left {
		if was, ok := s.names[person]; ok {
			delete(s.names, person)
			r.add(person, -was)
		}
	}
	p.changedLocked(r, 0, 0)
}

// forgetNamesLocked forgets the names that a peer has in a room.
func (p *Presence) forgetNamesLocked(r *room, s *share) {
	for person, was := range s.names {
		r.add(person, -was)
	}
	s.names = nil
}

// dropLocked forgets a server and all of its clients.
func (p *Presence) dropLocked(node string) {
	from := p.peers[node]
	if from == nil {
		return
	}
	for name := range from.rooms {
		p.countLocked(node, from, name, 0)
	}
	delete(p.peers, node)
	delete(p.report.askSome, node)
}

// missingIn returns the names that are not in list.
func missingIn(names map[string]int, list []string) (gone []string) {
	here := make(map[string]struct{}, len(list))
	for _, person := range list {
		here[person] = struct{}{}
	}
	for person := range names {
		if _, ok := here[person]; !ok {
			gone = append(gone, person)
		}
	}
	return gone
}
