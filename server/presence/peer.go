package presence

import (
	"time"

	"github.com/go-json-experiment/json"
)

// peer is another server. Everything is guarded by Presence.mu.
type peer struct {
	app   string
	role  string        // "" if it does not say
	n     uint64        // of its last report
	total int           // connections in all rooms
	away  bool          // it takes no new clients
	seen  time.Time     // when it was heard last
	every time.Duration // between two of its reports
	whole bool          // every report since its last full one has been heard
	rooms map[string]*share

	out out // what it alone is told
	in  in  // what it has told this server alone
}

// old says that the server is older than messages to one server: its reports
// have all names, and it reads them in reports only.
func (p *peer) old() bool { return p.role == "" }

// share is what one server has in one room.
type share struct {
	online int
	names  map[string]struct{} // nil until there is one; of a room that this server has told it has people in
}

// Receive takes what came on the channel of the servers, or on this server's own. What is not for presence is ignored.
func (p *Presence) Receive(payload []byte) {
	var m message
	if err := json.Unmarshal(payload, &m); err != nil || m.Node == "" {
		p.opts.Logger.Debug("somebody talks on the servers' channel", "bytes", len(payload), "error", err)
		return
	}
	if m.To != "" && m.To != p.opts.Node {
		return
	}
	switch {
	case m.Type == typeTyping:
		if m.Node != p.opts.Node && p.mayType(m.Room) {
			p.opts.EmitTyping(m.Room, m.Session, m.Name)
		}
	case m.Type != typePresence:
	case m.Node == p.opts.Node:
		p.hearItself(m)
	default:
		p.take(m)
	}
}

// Reset says that the channel has been subscribed anew, and that what was said on it before may have been missed: everybody is asked.
func (p *Presence) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listenLocked(time.Now())
	p.report.askAll = true
	wake(p.wakeReport)
}

// listenLocked begins to listen: nobody is dead only for not having been heard while nobody listened.
func (p *Presence) listenLocked(now time.Time) {
	p.heard = now
	for _, peer := range p.peers {
		peer.seen = now
	}
	wake(p.wakeEmit)
}

// deafLocked says that this server does not even hear itself. Then the line is broken, and who is not heard may be well.
func (p *Presence) deafLocked(now time.Time) bool { return now.Sub(p.heard) > 2*p.opts.Interval }

func (p *Presence) tellAllLocked() {
	p.report.full = true
	wake(p.wakeReport)
}

// hearItself takes this server's own report.
func (p *Presence) hearItself(m message) {
	if m.Ask {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if sent := p.began.Add(time.Duration(m.Sent) * time.Millisecond); sent.After(p.echo) {
		p.echo = sent
	}
	if p.deafLocked(now) {
		p.listenLocked(now)
	}
	p.heard = now
}

// take takes what another server says.
func (p *Presence) take(m message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m.Bye {
		p.dropLocked(m.Node)
		return
	}
	if m.Ask && m.Role == "" { // it is old
		p.tellAllLocked()
		return
	}
	now := time.Now()
	from := p.peers[m.Node]
	if from == nil && m.To != "" && m.Role == "" { // it was taken for dead, and has more to say than this
		p.askLocked(m.Node)
		return
	}
	if from == nil {
		from = &peer{app: m.App, role: m.Role, away: m.Away, every: p.opts.Interval, rooms: make(map[string]*share)}
		p.peers[m.Node] = from
		if from.old() {
			p.tellAllLocked() // it knows nobody's names yet
		}
		wake(p.wakeEmit) // for the day on which it is not heard any more
	}
	from.seen = now
	switch {
	case m.Ask:
		from.out.all = true
		wake(p.wakeReport)
	case m.To != "":
		p.takeDirectLocked(m, from)
	default:
		p.takeReportLocked(m, from)
	}
}

// takeReportLocked takes what a server tells all.
func (p *Presence) takeReportLocked(m message, from *peer) {
	if m.N <= from.n {
		return
	}
	switch {
	case m.Full:
		p.takeAllLocked(m, from)
	case from.whole && m.N == from.n+1:
		p.takeCountsLocked(m, from)
	default: // what is known of it stays until it has told all
		from.whole = false
		p.askLocked(m.Node) // again with each report, since the question can be lost as well
	}
	p.noteLocked(m, from)
}

// noteLocked notes what every report says of its server.
func (p *Presence) noteLocked(m message, from *peer) {
	from.app, from.role, from.n, from.total, from.away = m.App, m.Role, m.N, m.Total, m.Away
	from.every = max(p.opts.Interval, min(time.Duration(m.Every)*time.Millisecond, maxEvery))
}

// maxEvery bounds what a report says of the time to the next.
const maxEvery = time.Minute

// takeCountsLocked takes what has changed. An old server also says who came and went.
func (p *Presence) takeCountsLocked(m message, from *peer) {
	for name, n := range m.Counts {
		p.countLocked(m.Node, from, name, n)
	}
	if from.old() {
		for name, c := range m.Rooms {
			p.applyLocked(m.Node, from, name, c)
		}
	}
}

// takeAllLocked takes a full report: in other rooms the server has nobody.
func (p *Presence) takeAllLocked(m message, from *peer) {
	from.whole = true
	from.role = m.Role
	for name := range from.rooms {
		if _, old := m.Rooms[name]; m.Counts[name] <= 0 && (!from.old() || !old) {
			p.countLocked(m.Node, from, name, 0)
		}
	}
	for name, c := range m.Rooms {
		if c.All == nil { // with nobody's name it has nobody
			c.All = []string{}
			m.Rooms[name] = c
		}
	}
	p.takeCountsLocked(m, from)
}

func (p *Presence) askLocked(node string) {
	p.report.askSome[node] = struct{}{}
	wake(p.wakeReport)
}

// countLocked notes how many connections a server has in a room.
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

// applyLocked makes one change in what a peer has in a room.
func (p *Presence) applyLocked(node string, from *peer, name string, c change) {
	p.countLocked(node, from, name, c.Online)
	s := from.rooms[name]
	if s == nil {
		return
	}
	r := p.roomLocked(name)
	if c.All != nil {
		c.Joined, c.Left = c.All, missingIn(s.names, c.All)
	}
	for _, person := range c.Joined {
		if _, ok := s.names[person]; !ok {
			if s.names == nil {
				s.names = make(map[string]struct{})
			}
			s.names[person] = struct{}{}
			r.add(person)
		}
	}
	for _, person := range c.Left {
		if _, ok := s.names[person]; ok {
			delete(s.names, person)
			r.remove(person)
		}
	}
	p.changedLocked(r, 0, 0)
}

// forgetNamesLocked forgets the names that a peer has in a room.
func (p *Presence) forgetNamesLocked(r *room, s *share) {
	for person := range s.names {
		r.remove(person)
	}
	s.names = nil
}

// dropLocked forgets a server and all of its people.
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

// missingIn returns the names that are not in a list.
func missingIn(names map[string]struct{}, list []string) (gone []string) {
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
