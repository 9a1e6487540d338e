package client

import "time"

// A message goes out again only if it is not in the log. What the session hears
// of its own needs no ack; on a new connection, where it may be among what was
// missed, nothing goes out before that has come. And when servers may have
// forgotten its id, it does not go out again at all.

// catchUpLimit is how long sends wait for the messages that a welcome promised.
const catchUpLimit = 2 * time.Second

// sending is a message that has no ack yet. All but answers is guarded by Session.mu.
type sending struct {
	answers chan answer
	posted  time.Time // first; zero: not yet
	heard   *Ack      // it has come as a message
}

// catchUp is the time between a welcome and the last message that it promised, guarded by Session.mu.
type catchUp struct {
	conn  *Conn
	seq   uint64
	limit *time.Timer
}

// beforePost says that a message is done with, and how, or takes note that it goes out now.
func (s *Session) beforePost(m *sending) (done bool, ack Ack, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case m.heard != nil:
		return true, *m.heard, nil
	case m.posted.IsZero():
		m.posted = time.Now()
	case time.Since(m.posted) > s.options.ResendFor:
		return true, Ack{}, ErrUnknown
	}
	return false, Ack{}, nil
}

// linkAfter makes conn the place where Sends go: at once, or when the messages that its welcome promised are here, if one that went out on an earlier
// connection may be among them.
func (s *Session) linkAfter(conn *Conn, w *Welcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.author = w.Author
	if w.Seq == 0 || s.known && s.at.Epoch == w.Epoch && s.at.Seq >= w.Seq || !s.anyPostedLocked() {
		s.relinkLocked(conn)
		return
	}
	s.relinkLocked(nil)
	c := &catchUp{conn: conn, seq: w.Seq}
	c.limit = time.AfterFunc(catchUpLimit, func() { s.caughtUp(c) })
	s.catchUp = c
}

func (s *Session) anyPostedLocked() bool {
	for _, m := range s.sends {
		if !m.posted.IsZero() {
			return true
		}
	}
	return false
}

// caughtUp ends a wait, unless it is over.
func (s *Session) caughtUp(c *catchUp) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.catchUp == c {
		s.relinkLocked(c.conn)
	}
}

// reachedLocked takes note of how far the session has come.
func (s *Session) reachedLocked() {
	if c := s.catchUp; c != nil && s.at.Seq >= c.seq {
		s.relinkLocked(c.conn)
	}
}

// hear takes note of a message of this session's own. As long as its connection
// stands the ack comes, too; on another one it does not.
func (s *Session) hear(m *Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	own, ok := s.sends[m.ID]
	if !ok || own.posted.IsZero() || m.Author != s.author {
		return
	}
	own.heard = &Ack{ID: m.ID, Seq: m.Seq, Duplicate: true}
	if s.link == nil {
		offer(own.answers, answer{ack: *own.heard})
	}
}
