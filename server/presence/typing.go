package presence

import "context"

// typingRate is how many typing events a second the clients in one room get at
// most, from all servers together.
const typingRate = 5

// Typing tells the clients in a room, here and on other servers, that a user is
// typing. Events beyond the rate are dropped.
func (p *Presence) Typing(room, session, name string) {
	if !p.mayType(room) {
		return
	}
	p.opts.EmitTyping(room, session, name)
	select {
	case p.typing <- message{Type: typeTyping, Node: p.opts.Node, Room: room, Session: session, Name: name}:
	default: // Redis is slow or down, and this is not worth waiting for
	}
}

// mayType reports whether the room has clients here and the rate permits
// another event.
func (p *Presence) mayType(room string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.rooms[room]
	return r != nil && len(r.sessions) > 0 && r.typing.Allow()
}

// sendTyping sends an event to the servers with clients in the room. If these
// are most of them, one message to all costs Redis less.
func (p *Presence) sendTyping(ctx context.Context, m message) bool {
	var directs []direct
	p.mu.Lock()
	all := false
	for node, to := range p.peers {
		all = all || to.legacy()
		if to.rooms[m.Room] != nil {
			directs = append(directs, direct{node: node})
		}
	}
	all = all || 2*len(directs) > len(p.peers)
	p.mu.Unlock()
	switch {
	case all:
		return p.sendOne(ctx, encode(m))
	case len(directs) == 0:
		return true
	}
	for i := range directs {
		m.To = directs[i].node
		directs[i].payload = encode(m)
	}
	return p.sendDirects(ctx, directs)
}
