package client

// This file holds what makes a session deliver every message once and in order, over any number of connections.

// begin sets the position in a log that is new to the session. If known is false, the next message sets its Seq, whichever it is.
func (s *Session) begin(at Position, known bool) {
	s.memory.turn()
	s.ahead = nil
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at, s.known = at, known
}

// turn goes to another log, which stands at head and of which some part follows. Until the first message of it is here the session stays where it
// was: a connection that breaks before is resumed from there.
func (s *Session) turn(head Position) {
	s.memory.turn()
	s.ahead = &head
}

// arrive ends what turn began: what comes next in the new log is seq.
func (s *Session) arrive(seq uint64) {
	if s.ahead == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at, s.known = Position{Epoch: s.ahead.Epoch, Seq: min(seq-1, s.ahead.Seq)}, true
	s.ahead = nil
}

// welcome takes the position from a connection's first event. A room has one even before its first message, so that whoever has heard nothing
// yet can resume too; only where history is still to come does the first message of it set the position. With another epoch the log is
// another one, of which the newest part follows.
func (s *Session) welcome(w *Welcome) {
	s.mu.Lock()
	s.name = w.Name
	at, known := s.at, s.known
	s.mu.Unlock()

	head := Position{Epoch: w.Epoch, Seq: w.Seq}
	history := (s.options.History == nil || *s.options.History > 0) && w.Seq > 0
	switch {
	case !known:
		s.begin(head, !history)
	case at.Epoch != w.Epoch:
		told := s.ahead != nil && s.ahead.Epoch == w.Epoch
		s.turn(head)
		if !told {
			s.handle(&Reset{Epoch: w.Epoch, Seq: w.Seq})
		}
	default:
		s.ahead = nil
	}
}

// deliver hands out a message unless it has been before, by the connection that this one overlaps with or from a log that was replaced. A hole that
// nobody announced is announced here.
func (s *Session) deliver(m *Message) {
	s.arrive(m.Seq)
	s.mu.Lock()
	last, known := s.at.Seq, s.known
	if known && m.Seq <= last {
		s.mu.Unlock()
		return
	}
	s.at.Seq, s.known = m.Seq, true
	s.mu.Unlock()

	if known && m.Seq > last+1 {
		s.handle(&Gap{From: last + 1, To: m.Seq - 1})
	}
	if s.memory.has(m.ID) {
		return
	}
	s.memory.add(m.ID)
	s.handle(m)
}

// skip takes note of messages that will not come, as far as they have not been delivered before.
func (s *Session) skip(g *Gap) {
	s.arrive(g.From)
	s.mu.Lock()
	last, known := s.at.Seq, s.known
	if known && g.To <= last {
		s.mu.Unlock()
		return
	}
	s.at.Seq, s.known = g.To, true
	s.mu.Unlock()

	if known {
		g.From = max(g.From, last+1)
	}
	s.handle(g)
}
