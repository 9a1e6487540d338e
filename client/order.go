package client

import "slices"

// This file holds what makes a session deliver every message once and in order, over any number of connections.

// begin sets the position in a log that is new to the session. If known is false, the next message sets its Seq, whichever it is.
func (s *Session) begin(at Position, known bool) {
	s.memory.turn()
	s.ahead = nil
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaveLocked(at.Epoch)
	s.at, s.known = at, known
}

// epochsLeft is how many of the logs that it came from a session can tell from new ones.
const epochsLeft = 64

// leaveLocked takes note of the log that the session leaves for another.
func (s *Session) leaveLocked(next string) {
	if s.at.Epoch == "" || s.at.Epoch == next {
		return
	}
	s.left = append(s.left, s.at.Epoch)
	if len(s.left) > epochsLeft {
		s.left = s.left[1:]
	}
}

// replace follows a connection to another log, unless the session has been in that one before.
func (s *Session) replace(r *Reset) {
	if s.stale {
		s.mu.Lock()
		here := r.Epoch == s.at.Epoch
		before := slices.Contains(s.left, r.Epoch)
		s.mu.Unlock()
		s.stale = before
		if here || before {
			return
		}
	}
	told := s.ahead != nil && s.ahead.Epoch == r.Epoch // by its welcome, of which this is the exact position
	s.begin(Position{Epoch: r.Epoch, Seq: r.Seq}, true)
	s.mu.Lock()
	s.reachedLocked()
	s.mu.Unlock()
	if !told {
		s.handle(r)
	}
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
	s.leaveLocked(s.ahead.Epoch)
	s.at, s.known = Position{Epoch: s.ahead.Epoch, Seq: min(seq-1, s.ahead.Seq)}, true
	s.ahead = nil
}

// welcome takes the position from a connection's first event. A room has one even before its first message, so that whoever has heard nothing
// yet can resume too; only where history is still to come does the first message of it set the position. With another epoch the log is
// another one, of which the newest part follows. Or else it is one that the session has left, as the connection was begun before, or as its server is
// behind: then nothing of it counts until it has come to where the session is.
func (s *Session) welcome(w *Welcome) {
	s.mu.Lock()
	s.name = w.Name
	at, known := s.at, s.known
	s.stale = known && at.Epoch != w.Epoch && slices.Contains(s.left, w.Epoch)
	s.mu.Unlock()
	if s.stale {
		return
	}

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
	if s.stale {
		return
	}
	s.hear(m)
	s.arrive(m.Seq)
	s.mu.Lock()
	last, known := s.at.Seq, s.known
	if known && m.Seq <= last {
		s.mu.Unlock()
		return
	}
	s.at.Seq, s.known = m.Seq, true
	s.reachedLocked()
	s.mu.Unlock()

	if known && m.Seq > last+1 {
		s.handle(&Gap{From: last + 1, To: m.Seq - 1})
	}
	if s.memory.has(m) {
		return
	}
	s.memory.add(m)
	s.handle(m)
}

// skip takes note of messages that will not come, as far as they have not been delivered before.
func (s *Session) skip(g *Gap) {
	if s.stale {
		return
	}
	s.arrive(g.From)
	s.mu.Lock()
	last, known := s.at.Seq, s.known
	if known && g.To <= last {
		s.mu.Unlock()
		return
	}
	s.at.Seq, s.known = g.To, true
	s.reachedLocked()
	s.mu.Unlock()

	if known {
		g.From = max(g.From, last+1)
	}
	s.handle(g)
}
