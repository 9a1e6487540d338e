package presence

import (
	"time"

	"github.com/go-json-experiment/json"
)

// peer is another server. Everything is guarded by Presence.mu.
type peer struct {
	app   string
	role  string    // "" if it does not say
	n     uint64    // of its last report
	total int       // connections in all rooms
	away  bool      // it takes no new clients
	seen  time.Time // when it was heard last
	whole bool      // every report since its last full one has been heard
	rooms map[string]*share
}

// share is what one server has in one room.
type share struct {
	online int
	names  map[string]struct{}
}

// Receive takes what came on the channel of the servers. What is not for presence is ignored.
func (p *Presence) Receive(payload []byte) {
	var m message
	if err := json.Unmarshal(payload, &m); err != nil || m.Node == "" {
		p.opts.Logger.Debug("somebody talks on the servers' channel", "bytes", len(payload), "error", err)
		return
	}
	switch {
	case m.Type == typeTyping:
		if m.Node != p.opts.Node && p.mayType(m.Room) {
			p.opts.EmitTyping(m.Room, m.Session, m.Name)
		}
	case m.Type != typePresence:
	case m.Ask:
		if m.Node != p.opts.Node && (m.To == "" || m.To == p.opts.Node) {
			p.tellAll()
		}
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

func (p *Presence) tellAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.report.full = true
	wake(p.wakeReport)
}

// take takes a report.
func (p *Presence) take(m message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if m.Node == p.opts.Node {
		p.echo = now
		if p.deafLocked(now) {
			p.listenLocked(now)
		}
		p.heard = now
		return
	}
	if m.Bye {
		p.dropLocked(m.Node)
		return
	}
	from := p.peers[m.Node]
	if from == nil {
		from = &peer{rooms: make(map[string]*share)}
		p.peers[m.Node] = from
		wake(p.wakeEmit) // for the day on which it is not heard any more
	}
	from.seen = now
	if m.N <= from.n {
		return
	}
	switch {
	case m.Full:
		p.replaceLocked(from, m.Rooms)
		from.whole = true
	case from.whole && m.N == from.n+1:
		for name, c := range m.Rooms {
			p.applyLocked(from, name, c)
		}
	default: // what is known of it stays until it has told all
		from.whole = false
		p.askLocked(m.Node) // again with each report, since the question can be lost as well
	}
	from.app, from.role, from.n, from.total, from.away = m.App, m.Role, m.N, m.Total, m.Away
}

func (p *Presence) askLocked(node string) {
	if p.report.askSome == nil {
		p.report.askSome = make(map[string]struct{})
	}
	p.report.askSome[node] = struct{}{}
	wake(p.wakeReport)
}

// applyLocked makes one change in what a peer has in a room.
func (p *Presence) applyLocked(from *peer, name string, c change) {
	r := p.roomLocked(name)
	s := from.rooms[name]
	if s == nil {
		s = &share{names: make(map[string]struct{})}
		from.rooms[name] = s
	}
	for _, person := range c.Joined {
		if _, ok := s.names[person]; !ok {
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
	came := max(c.Online, 0) - s.online
	s.online += came
	if s.online == 0 && len(s.names) == 0 {
		delete(from.rooms, name)
	}
	p.changedLocked(r, came, 0)
}

// replaceLocked makes what a peer has what a full report says.
func (p *Presence) replaceLocked(from *peer, rooms map[string]change) {
	for name, s := range from.rooms {
		if _, ok := rooms[name]; !ok {
			p.applyLocked(from, name, change{Left: keys(s.names)})
		}
	}
	for name, c := range rooms {
		c.Joined, c.Left = c.All, nil
		if s := from.rooms[name]; s != nil {
			here := make(map[string]struct{}, len(c.All))
			for _, person := range c.All {
				here[person] = struct{}{}
			}
			for person := range s.names {
				if _, ok := here[person]; !ok {
					c.Left = append(c.Left, person)
				}
			}
		}
		p.applyLocked(from, name, c)
	}
}

// dropLocked forgets a server and all of its people.
func (p *Presence) dropLocked(node string) {
	if from := p.peers[node]; from != nil {
		p.replaceLocked(from, nil)
		delete(p.peers, node)
	}
}

func keys(m map[string]struct{}) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return out
}
