package client

import "slices"

// This file makes a session deliver every message once and in order, over any
// number of connections.

// begin sets the position in a log that is new to the session. If known is
// false, the next message sets its Seq.
func (s *Session) begin(at Position, known bool) {
	s.memory.changeLog()
	s.ahead = nil
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaveLocked(at.Epoch)
	s.at, s.known = at, known
}

// epochsLeft is how many of its earlier logs a session can tell from new ones.
const epochsLeft = 64

// leaveLocked records the log that the session leaves for another.
func (s *Session) leaveLocked(next string) {
	if s.at.Epoch == "" || s.at.Epoch == next {
		return
	}
	s.left = append(s.left, s.at.Epoch)
	if len(s.left) > epochsLeft {
		s.left = s.left[1:]
	}
}

// replace follows a connection to another log, unless the session has been in
// that one before.
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
	// announced by its welcome; this is its exact position
	told := s.ahead != nil && s.ahead.Epoch == r.Epoch
	s.begin(Position{Epoch: r.Epoch, Seq: r.Seq}, true)
	s.mu.Lock()
	s.reachedLocked()
	s.mu.Unlock()
	if !told {
		s.handle(r)
	}
}

// changeLog moves to another log, which stands at head and of which some part
// follows. Until its first message arrives, the session keeps its old position:
// a connection that breaks before is resumed from there.
func (s *Session) changeLog(head Position) {
	s.memory.changeLog()
	s.ahead = &head
}

// arrive completes what changeLog began: seq is the next message in the new
// log.
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

// welcome takes the position from a connection's first event. A room has a
// position even before its first message, so that a client without messages can
// resume, too; only if history is still to come does its first message set the
// position. Another epoch means another log, of which the newest part follows;
// or one that the session has left, because the connection was opened before,
// or because its server lags behind. In that case nothing of it counts until it
// has caught up with the session.
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
		s.changeLog(head)
		if !told {
			s.handle(&Reset{Epoch: w.Epoch, Seq: w.Seq})
		}
	default:
		s.ahead = nil
	}
}

// deliver delivers a message unless it was delivered before, by the connection
// that this one overlaps with or from a log that was replaced.
func (s *Session) deliver(m *Message) {
	if s.stale {
		return
	}
	s.confirm(m.ID, m.Author, m.Seq)
	if !s.advance(m.Seq) || s.memory.has(m) {
		return
	}
	s.memory.add(m)
	s.handle(m)
}

// advance moves the position to an entry of the log, and announces a hole that
// the server did not announce. It returns false if the session is not in this
// log, or has had the entry before.
func (s *Session) advance(seq uint64) bool {
	if s.stale {
		return false
	}
	s.arrive(seq)
	s.mu.Lock()
	last, known := s.at.Seq, s.known
	if known && seq <= last {
		s.mu.Unlock()
		return false
	}
	s.at.Seq, s.known = seq, true
	s.reachedLocked()
	s.mu.Unlock()

	if known && seq > last+1 {
		s.handle(&Gap{From: last + 1, To: seq - 1})
	}
	return true
}

// skip records messages that will not come, unless they were delivered before.
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
