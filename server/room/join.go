package room

import "livechat/server/chat"

// Start is where a client begins to read.
type Start struct {
	Cursor   uint64        // the first position in the ring
	Live     uint64        // side entries before this position are not for it: they were live before it came
	After    uint64        // messages up to this seq are not for it, it has seen them; no longer once a Reset was passed
	Position chat.Position // the newest message in the room

	// Of a resume only:
	Recovered bool   // everything after the position asked for follows
	From, To  uint64 // what is not in reach, inclusive; 0, 0 if nothing
}

// Join returns the start of a client that wants the newest history messages.
func (r *Room) Join(history int) Start {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.join(history)
}

// Resume returns the start of a client that has seen the log up to after, on whichever server. If that was another log, it
// starts like one that joins with history.
func (r *Room) Resume(after chat.Position, history int) Start {
	r.mu.Lock()
	defer r.mu.Unlock()
	if after.Epoch != r.pos.Epoch {
		return r.join(history)
	}
	oldest, have := r.oldest()
	s := Start{Live: r.ring.Head(), After: after.Seq, Position: r.pos, Recovered: true}
	if after.Seq+1 < have {
		s.Recovered, s.From, s.To, s.After = false, after.Seq+1, have-1, have-1
	}
	// A client may be ahead of this server: it comes from one that heard the newest messages a moment earlier. Nothing is
	// missing then; After keeps those from being shown to it twice.
	s.Cursor = r.ring.Find(oldest, s.After)
	return s
}

func (r *Room) join(history int) Start {
	oldest, have := r.oldest()
	after := r.pos.Seq - min(r.pos.Seq, uint64(history))
	after = max(after, have-1)
	return Start{Cursor: r.ring.Find(oldest, after), Live: r.ring.Head(), After: after, Position: r.pos}
}

// oldest returns the first position of this epoch from which the ring can be read, and the seq of the first message from there on.
// The very oldest entries are left out: the next messages would overtake who begins with them.
func (r *Room) oldest() (pos, seq uint64) {
	pos = r.first
	if tail := r.ring.Tail(); tail > 0 {
		pos = max(pos, tail+uint64(len(r.ring.slots)/8))
	}
	if pos == r.ring.Head() {
		return pos, r.pos.Seq + 1
	}
	e := r.ring.At(pos)
	if e.Kind == Message {
		return pos, e.Seq
	}
	return pos, e.Seq + 1
}
