package presence

import (
	"maps"
	"slices"
	"time"
)

// Names go only to the servers that have people in the room, each on a channel
// of its own. Which servers these are is known from the counts in reports.
//
//   - A server that gets its first people in a room says so in its report. The
//     others that have people there then tell it all of their names.
//   - Later they tell it who came and went.
//   - When its last people have left it says so, and forgets the others' names.
//
// What a server tells another is numbered as reports are: who misses something
// asks for the whole. Since there may be nothing to tell for a long time, the
// last number is said again now and then.

const (
	// repeatEvery is the number of intervals after which the number of the last
	// message to a server is said again.
	repeatEvery = 5
	// missingFor is the number of intervals that names may be missing for before
	// a server is asked for them: as a rule they are on their way.
	missingFor = 3
)

// out is what this server tells another one alone.
type out struct {
	n     uint64              // of the last message
	sent  time.Time           // when it was sent
	rooms map[string]struct{} // rooms of which it is owed all names
	all   bool                // it is owed everything
	at    time.Time           // when it may be told so, after the last time
}

// owes says that something is to be told besides changes.
func (p *peer) owes() bool { return p.out.all || len(p.out.rooms) > 0 }

// in is what another server has told this one alone.
type in struct {
	n     uint64 // of the last message
	whole bool   // every message since its last full one has been heard
}

// missing is a room of which a server has not told its names yet.
type missing struct{ node, room string }

// directsLocked returns what is to be told to single servers. All who share a
// changed room are told the change.
func (p *Presence) directsLocked(now time.Time, changes map[string]change) (directs []direct) {
	for _, node := range slices.Sorted(maps.Keys(p.peers)) {
		to := p.peers[node]
		if to.old() {
			continue
		}
		m := message{Type: typePresence, Node: p.opts.Node, To: node, Rooms: make(map[string]change)}
		for name, c := range changes {
			if to.rooms[name] != nil {
				m.Rooms[name] = c
			}
		}
		if !now.Before(to.out.at) && to.owes() {
			p.payLocked(&m, to)
			to.out.at = now.Add(p.opts.Interval / 10)
			if m.Full {
				to.out.at = now.Add(p.opts.Interval)
			}
		}
		if len(m.Rooms) > 0 || m.Full {
			to.out.n++
		} else if to.out.n == 0 || now.Sub(to.out.sent) < repeatEvery*p.opts.Interval {
			continue
		}
		m.D, to.out.sent = to.out.n, now
		directs = append(directs, direct{node, encode(m)})
	}
	return directs
}

// payLocked adds what a server is owed to a message, which brings it to where
// those are who have heard all reports: no further, or a change that they are
// told later would be none to it.
func (p *Presence) payLocked(m *message, to *peer) {
	o := &p.report
	if to.out.all {
		m.Full, m.App, m.Role, m.N, m.Total, m.Away, m.Every = true, p.opts.App, p.opts.Role, o.n, o.total, p.away, p.everyMSLocked()
		m.Counts = maps.Clone(o.told)
		for name := range o.told {
			if to.rooms[name] != nil {
				m.Rooms[name] = p.wholeLocked(name)
			}
		}
	}
	for name := range to.out.rooms {
		if _, ok := o.told[name]; ok {
			m.Rooms[name] = p.wholeLocked(name)
		}
	}
	to.out.all = false
	clear(to.out.rooms)
}

// wholeLocked returns who is in a room according to what has been told.
func (p *Presence) wholeLocked(name string) change {
	c := change{Online: p.ownLocked(name), All: []string{}}
	if c.Online == 0 { // that the last one has left is not told yet, and may never be
		c.Online = p.report.told[name]
	}
	touched := p.report.rooms[name]
	if r := p.rooms[name]; r != nil {
		for person := range r.own {
			if was, ok := touched[person]; !ok || was {
				c.All = append(c.All, person)
			}
		}
	}
	for person, was := range touched {
		if r := p.rooms[name]; was && (r == nil || r.own[person] == 0) {
			c.All = append(c.All, person)
		}
	}
	return c
}

// takeDirectLocked takes what another server tells this one alone.
func (p *Presence) takeDirectLocked(m message, from *peer) {
	switch {
	case m.Full:
		if m.N >= from.n {
			p.takeAllLocked(message{Node: m.Node, Role: m.Role, Counts: m.Counts}, from)
			p.noteLocked(m, from)
		}
		from.in.whole = true
		p.allNamedLocked(m, from)
	case m.D <= from.in.n: // said again, or late
		return
	case m.D == from.in.n+1 && from.in.whole && len(m.Rooms) > 0:
	default:
		from.in.whole = false
		p.askLocked(m.Node)
		return
	}
	from.in.n = m.D
	for name, c := range m.Rooms {
		p.takeNamesLocked(m.Node, from, name, c)
	}
}

// takeNamesLocked takes the names of a room, or those that came and went, if this
// server has told that it has people there. If it has not, they may be from
// before it said that it has no more.
func (p *Presence) takeNamesLocked(node string, from *peer, name string, c change) {
	if p.report.told[name] == 0 {
		p.countLocked(node, from, name, c.Online)
		return
	}
	first := from.rooms[name] == nil // so it had nobody, and says who has come
	p.applyLocked(node, from, name, c)
	if first || c.All != nil {
		delete(p.missing, missing{node, name})
	}
	if r := p.rooms[name]; c.All != nil && r != nil && time.Since(r.opened) < 2*p.opts.Interval {
		p.soonLocked(r) // somebody looks at a list of nobody
	}
}

// allNamedLocked notes that a full message has all names of the rooms that the two servers share.
func (p *Presence) allNamedLocked(m message, from *peer) {
	for name, s := range from.rooms {
		if _, ok := m.Rooms[name]; !ok && len(s.names) > 0 {
			r := p.roomLocked(name)
			p.forgetNamesLocked(r, s)
			p.changedLocked(r, 0, 0)
		}
	}
}

// sharedLocked notes that a server has its first people in a room.
func (p *Presence) sharedLocked(node string, from *peer, name string) {
	if from.old() || p.report.told[name] == 0 {
		return
	}
	if from.out.rooms == nil {
		from.out.rooms = make(map[string]struct{})
	}
	from.out.rooms[name] = struct{}{}
	p.missing[missing{node, name}] = time.Now()
	wake(p.wakeReport)
}

// openLocked notes that this server tells the others that it has people in a room.
func (p *Presence) openLocked(name string, now time.Time) {
	for node, from := range p.peers {
		if s := from.rooms[name]; s != nil && !from.old() {
			p.missing[missing{node, name}] = now
		}
	}
}

// closeLocked notes that this server tells the others that it has no more people
// in a room: from now on it is not told who is there.
func (p *Presence) closeLocked(name string) {
	for node, from := range p.peers {
		s := from.rooms[name]
		if s == nil || from.old() {
			continue
		}
		r := p.roomLocked(name)
		p.forgetNamesLocked(r, s)
		p.changedLocked(r, 0, 0)
		delete(from.out.rooms, name)
		delete(p.missing, missing{node, name})
	}
}

// missLocked asks for names that have been missing for too long: a server may not have heard that they are wanted.
func (p *Presence) missLocked(now time.Time) {
	for at, since := range p.missing {
		if now.Sub(since) >= missingFor*p.opts.Interval {
			p.missing[at] = now
			p.askLocked(at.node)
		}
	}
}
