package client

import "time"

// A message is sent again only if it is not in the log. A message of its own
// that the session sees in the room needs no ack. On a new connection nothing
// is sent before the messages that were missed have come, because it may be
// among them. When servers may have forgotten its id, it is not sent again at
// all.

// catchUpLimit is how long sends wait for the messages that a welcome promised.
const catchUpLimit = 2 * time.Second

// sending is a message without an ack. All fields but answers are guarded by
// Session.mu.
type sending struct {
	answers chan answer
	posted  time.Time // for the first time; zero: not yet
	seen    *Ack      // it has come as a message
}

// catchUp is the time between a welcome and the last message that it promised,
// guarded by Session.mu.
type catchUp struct {
	conn  *Conn
	seq   uint64
	limit *time.Timer
}

// beforePost reports whether a message is finished, and how; otherwise it
// records that the message is sent now.
func (s *Session) beforePost(m *sending) (done bool, ack Ack, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case m.seen != nil:
		return true, *m.seen, nil
	case m.posted.IsZero():
		m.posted = time.Now()
	case time.Since(m.posted) > s.options.ResendFor:
		return true, Ack{}, ErrUnknown
	}
	return false, Ack{}, nil
}

// linkAfter makes conn the connection for Sends: at once, or, if a message sent
// on an earlier connection may be among them, when the messages that its
// welcome promised have come.
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

// caughtUp ends a wait, unless it has ended.
func (s *Session) caughtUp(c *catchUp) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.catchUp == c {
		s.relinkLocked(c.conn)
	}
}

// reachedLocked records how far the session has come.
func (s *Session) reachedLocked() {
	if c := s.catchUp; c != nil && s.at.Seq >= c.seq {
		s.relinkLocked(c.conn)
	}
}

// confirm records that an entry of this session came back. While its
// connection lasts, the ack comes as well; on another one it does not.
func (s *Session) confirm(id, author string, seq uint64) {
	if s.stale {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	own, ok := s.sends[id]
	if !ok || own.posted.IsZero() || author != s.author {
		return
	}
	own.seen = &Ack{ID: id, Seq: seq, Duplicate: true}
	if s.link == nil {
		put(own.answers, answer{ack: *own.seen})
	}
}
