package room

import (
	"context"
	"time"

	"livechat/server/chat"
)

// Start is where a client begins to read.
type Start struct {
	Cursor   uint64        // the first position in the ring
	Live     uint64        // side entries before this position are not for it: they were live before it came
	After    uint64        // messages up to this seq are not for it, it has seen them; no longer once a Reset was passed
	Position chat.Position // the newest message in the room

	// Of a resume only:
	Recovered bool   // everything after the position asked for follows
	From, To  uint64 // what is not in reach, inclusive; 0, 0 if nothing
	Behind    bool   // the ring does not reach back to After: until it does, the client is given pages of the log
	Archived  bool   // nor does the log: the first of those pages are of the archive
	Rewound   bool   // the log does not have the newest that it has seen: the numbers behind After are others', the client must forget its own

	Reset []byte // of Reach: a reset frame to be sent first, after which the client is at After in the epoch of Position
}

// Join returns the start of a client that wants the newest history messages.
func (r *Room) Join(history int) Start {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.join(history)
}

// Resume returns the start of a client that has seen the log up to after, on whichever server. If that was another log, it
// starts like one that joins with history. If the ring does not reach back so far, the log itself is asked how far it does, and then the archive.
func (r *Room) Resume(ctx context.Context, after chat.Position, history int) Start {
	r.mu.Lock()
	for !r.knowsLocked(after.Epoch) {
		turned := r.turned
		r.mu.Unlock()
		if !r.becomes(ctx, after.Epoch, turned) {
			return r.Join(history)
		}
		r.mu.Lock()
	}
	end, over := r.past.End(after.Epoch)
	rewound := over && after.Seq > end
	if rewound {
		after.Seq = end
	}
	s, ok := r.reachLocked(after.Seq)
	s.Rewound = rewound
	s.Recovered = s.Recovered && (!rewound || end > 0) // of an adopted epoch only what servers still had comes again
	_, have := r.oldest()
	ahead := after.Seq > r.pos.Seq
	l := chat.Log{Head: r.pos, Past: r.past}
	r.mu.Unlock()
	if ahead {
		return r.resumeAhead(ctx, after, history, s)
	}
	if ok {
		return s
	}
	s.Behind = true
	return r.resumeBehind(ctx, s, l, have)
}

// knowsLocked says whether an epoch is one of this log, as far as it is known here.
func (r *Room) knowsLocked(epoch string) bool {
	_, over := r.past.End(epoch)
	return over || epoch == r.pos.Epoch
}

// adoptTime is how long a server may take to tell the log of an epoch that it knows, and the log does not.
const adoptTime = 500 * time.Millisecond

// becomes waits for this server to hear of an epoch that the log has gone over to, since the client comes from a server that has. It returns false if
// the log does not know the epoch and nobody tells it, or if it takes too long. Closed when the epoch changes: turned.
func (r *Room) becomes(ctx context.Context, epoch string, turned <-chan struct{}) bool {
	l, err := r.log.OpenLog(ctx, r.Name, r.Position())
	if _, over := l.Past.End(epoch); err == nil && !over && epoch != l.Head.Epoch {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, adoptTime)
		defer cancel()
	}
	select {
	case <-turned:
		return true
	case <-ctx.Done():
		return false
	}
}

// resumeAhead returns the start of a client that has seen more than this server, which as a rule will hear the same in a moment: s. If the
// log has gone on in another epoch, this server will hear that, and so will the client. But if it has not, and has less than the client,
// it has lost what it said with every server that remembered: then it gives those numbers to other messages. The client must not drop them as
// known, so it begins like one that joins, and is told to forget. The log is not closed for it: then anybody could close it.
func (r *Room) resumeAhead(ctx context.Context, after chat.Position, history int, s Start) Start {
	l, err := r.log.OpenLog(ctx, r.Name, r.Position())
	if err != nil || l.Head.Epoch != after.Epoch || l.Head.Seq >= after.Seq {
		return s
	}
	r.slog.Warn("a client has seen more than the log has", "client", after, "log", l.Head)
	s = r.Join(history)
	s.Rewound = true
	return s
}

// Reach returns where a client goes on in the ring that has seen the log up to at, or false while the ring does not reach back to it. A client whose
// epoch is over, and who has seen the end of it, gets a Reset on the way.
func (r *Room) Reach(at chat.Position) (Start, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	end, over := r.past.End(at.Epoch)
	from := at.Seq
	switch {
	case over:
		from = min(from, end)
	case at.Epoch != r.pos.Epoch: // of a log that was replaced
		_, have := r.oldest()
		from = have - 1
	}
	s, ok := r.reachLocked(from)
	if at.Epoch != r.pos.Epoch && (!over || at.Seq >= end) {
		s.Reset = resetFrame(chat.Position{Epoch: r.pos.Epoch, Seq: from})
	}
	return s, ok
}

// reachLocked is Reach within this epoch. A client may be ahead of this server: it comes from one that heard the newest messages a
// moment earlier. Nothing is missing then; After keeps those from being shown to it twice.
func (r *Room) reachLocked(after uint64) (Start, bool) {
	oldest, have := r.oldest()
	s := Start{Live: r.ring.Head(), After: after, Position: r.pos, Recovered: true}
	if after+1 < have {
		return s, false
	}
	s.Cursor = r.ring.Find(oldest, after)
	return s, true
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
