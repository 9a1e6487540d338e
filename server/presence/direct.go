package presence

import (
	"maps"
	"slices"
	"time"
)

// Names go only to servers with clients in the room, each on a channel of its
// own. The counts in reports tell which servers these are.
//
// - A server that gets its first clients in a room says so in its report. The
//   others with clients in the room then send it all of their names.
// - Later they send it the names that join and leave.
// - When its last clients have left it says so, and forgets the others' names.
//
// Messages to one server are numbered like reports: a server that misses one
// asks for the full state. There may be nothing to send for a long time, so the
// last number is repeated from time to time.

const (
	// renumberEvery is the number of intervals after which the number of the
	// last message to a server is repeated.
	renumberEvery = 5
	// missingFor is the number of intervals after which a server is asked for
	// missing names: normally they are on their way.
	missingFor = 3
)

// out is the state of this server's messages to one peer.
type out struct {
	n     uint64              // of the last message
	sent  time.Time           // when it was sent
	rooms map[string]struct{} // rooms whose names must be sent
	all   bool                // the full state must be sent
	at    time.Time           // not before
}

// owedFull reports whether something other than changes must be sent.
func (p *peer) owedFull() bool { return p.out.all || len(p.out.rooms) > 0 }

// in is the state of one peer's messages to this server.
type in struct {
	n     uint64 // of the last message
	whole bool   // no message since its last full one was missed
}

// missing is a room of which a server has not sent its names yet.
type missing struct{ node, room string }

// directsLocked returns the messages to single servers. All servers that share
// a changed room get the change.
func (p *Presence) directsLocked(now time.Time, changes map[string]change) (directs []direct) {
	for _, node := range slices.Sorted(maps.Keys(p.peers)) {
		to := p.peers[node]
		if to.legacy() {
			continue
		}
		m := message{Type: typePresence, Node: p.opts.Node, To: node, Rooms: make(map[string]change)}
		for name, c := range changes {
			if to.rooms[name] != nil {
				m.Rooms[name] = c
			}
		}
		if !now.Before(to.out.at) && to.owedFull() {
			p.addOwedLocked(&m, to)
			to.out.at = now.Add(p.opts.Interval / 10)
			if m.Full {
				to.out.at = now.Add(p.opts.Interval)
			}
		}
		if len(m.Rooms) > 0 || m.Full {
			to.out.n++
		} else if to.out.n == 0 || now.Sub(to.out.sent) < renumberEvery*p.opts.Interval {
			continue
		}
		m.D, to.out.sent = to.out.n, now
		directs = append(directs, direct{node, encode(m)})
	}
	return directs
}

// addOwedLocked adds what a server must get to a message. It brings the server
// to the state of those that have received all reports, and no further: changes
// sent later must still be changes to it.
func (p *Presence) addOwedLocked(m *message, to *peer) {
	o := &p.report
	if to.out.all {
		m.Full, m.App, m.Role, m.N, m.Total, m.Unavailable, m.Every =
			true, p.opts.App, p.opts.Role, o.n, o.total, p.unavailable, p.everyMSLocked()
		m.Counts = maps.Clone(o.announced)
		for name := range o.announced {
			if to.rooms[name] != nil {
				m.Rooms[name] = p.wholeLocked(name)
			}
		}
	}
	for name := range to.out.rooms {
		if _, ok := o.announced[name]; ok {
			m.Rooms[name] = p.wholeLocked(name)
		}
	}
	to.out.all = false
	clear(to.out.rooms)
}

// wholeLocked returns who is in a room as announced so far.
func (p *Presence) wholeLocked(name string) change {
	c := change{Online: p.ownLocked(name), All: []string{}}
	connections := make(map[string]int)
	if c.Online == 0 { // the last leave is not announced yet, and may never be
		c.Online = p.report.announced[name]
	}
	touched := p.report.rooms[name]
	r := p.rooms[name]
	if r != nil {
		maps.Copy(connections, r.own)
	}
	maps.Copy(connections, touched) // what they were
	for person, n := range connections {
		if n > 0 {
			c.All = append(c.All, person)
		}
	}
	c.Connections = several(c.All, connections)
	if r != nil {
		c.Accounts = r.accountsIn(c.All)
	}
	return c
}

// applyDirectLocked applies a message to this server alone.
func (p *Presence) applyDirectLocked(m message, from *peer) {
	switch {
	case m.Full:
		if m.N >= from.n {
			p.applyFullLocked(message{Node: m.Node, Role: m.Role, Counts: m.Counts}, from)
			p.noteLocked(m, from)
		}
		from.in.whole = true
		p.dropUnlistedLocked(m, from)
	case m.D <= from.in.n: // a repetition, or late
		return
	case m.D == from.in.n+1 && from.in.whole && len(m.Rooms) > 0:
	default:
		from.in.whole = false
		p.requestFullLocked(m.Node)
		return
	}
	from.in.n = m.D
	for name, c := range m.Rooms {
		p.applyNamesLocked(m.Node, from, name, c)
	}
}

// applyNamesLocked applies names of a room if this server has announced that it
// has clients there. Otherwise they may date from before it announced that it
// has none any more.
func (p *Presence) applyNamesLocked(node string, from *peer, name string, c change) {
	if p.report.announced[name] == 0 {
		p.countLocked(node, from, name, c.Online)
		return
	}
	first := from.rooms[name] == nil // so it had no clients there, and sends who joined
	p.applyChangeLocked(node, from, name, c)
	if first || c.All != nil {
		delete(p.missing, missing{node, name})
	}
	if r := p.rooms[name]; c.All != nil && r != nil && time.Since(r.opened) < 2*p.opts.Interval {
		p.soonLocked(r) // a client looks at an empty list
	}
}

// dropUnlistedLocked forgets names that a full message does not list: it lists
// all names of the rooms that both servers share.
func (p *Presence) dropUnlistedLocked(m message, from *peer) {
	for name, s := range from.rooms {
		if _, ok := m.Rooms[name]; !ok && len(s.names) > 0 {
			r := p.roomLocked(name)
			p.forgetNamesLocked(r, s)
			p.changedLocked(r, 0, 0)
		}
	}
}

// sharedLocked records that a server has its first clients in a room.
func (p *Presence) sharedLocked(node string, from *peer, name string) {
	if from.legacy() || p.report.announced[name] == 0 {
		return
	}
	if from.out.rooms == nil {
		from.out.rooms = make(map[string]struct{})
	}
	from.out.rooms[name] = struct{}{}
	p.missing[missing{node, name}] = time.Now()
	wake(p.wakeReport)
}

// openLocked records that this server announces clients in a room.
func (p *Presence) openLocked(name string, now time.Time) {
	for node, from := range p.peers {
		if s := from.rooms[name]; s != nil && !from.legacy() {
			p.missing[missing{node, name}] = now
		}
	}
}

// closeLocked records that this server announces that it has no more clients in
// a room: it gets no names of it from now on.
func (p *Presence) closeLocked(name string) {
	for node, from := range p.peers {
		s := from.rooms[name]
		if s == nil || from.legacy() {
			continue
		}
		r := p.roomLocked(name)
		p.forgetNamesLocked(r, s)
		p.changedLocked(r, 0, 0)
		delete(from.out.rooms, name)
		delete(p.missing, missing{node, name})
	}
}

// requestMissingLocked asks for names that have been missing for too long: a
// server may have missed that they are needed.
func (p *Presence) requestMissingLocked(now time.Time) {
	for at, since := range p.missing {
		if now.Sub(since) >= missingFor*p.opts.Interval {
			p.missing[at] = now
			p.requestFullLocked(at.node)
		}
	}
}
