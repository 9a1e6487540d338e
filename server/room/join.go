package room

import (
	"context"
	"time"

	"livechat/server/chat"
)

// Start is the point at which a client begins to read.
type Start struct {
	Cursor uint64 // first position in the ring
	// Ephemeral entries before this position are skipped: they were sent before
	// the client joined.
	Live uint64
	// Messages up to this seq are skipped: the client has seen them. No longer
	// applies once a Reset entry was passed.
	After    uint64
	Position chat.Position // newest message in the room

	// Set by Resume only:
	Recovered bool   // everything after the requested position follows
	From, To  uint64 // unavailable messages, inclusive; 0, 0 if none
	Gap       bool   // some of what follows is lost, which a gap frame says there
	// The ring does not reach back to After: the client gets pages of the log
	// until it does.
	Replay bool
	// Neither does the log: the first pages come from the archive.
	Archived bool
	// The log no longer has the newest messages the client has seen. The
	// numbers after After were given to other messages; the client must drop
	// its own.
	Rewound bool

	// Set by Reach: a reset frame to send first. After it the client is at
	// After in the epoch of Position.
	Reset []byte
}

// Join returns the start of a client that wants the newest history messages.
func (r *Room) Join(history int) Start {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.join(history)
}

// Resume returns the start of a client that has seen the log up to after, on
// any server. If after is in another log, the client starts as in
// Join(history). If the ring does not reach back to after, the log is
// consulted, then the archive.
func (r *Room) Resume(ctx context.Context, after chat.Position, history int) Start {
	r.mu.Lock()
	for !r.knowsLocked(after.Epoch) {
		changed := r.epochChanged
		r.mu.Unlock()
		if !r.waitForEpoch(ctx, after.Epoch, changed) {
			return r.Join(history)
		}
		r.mu.Lock()
	}
	end, over := r.epochs.End(after.Epoch)
	rewound := over && after.Seq > end
	if rewound {
		after.Seq = end
	}
	s, ok := r.reachLocked(after.Seq)
	s.Rewound = rewound
	// Only what servers still had of an adopted epoch is sent again.
	s.Recovered = s.Recovered && (!rewound || end > 0)
	_, have := r.oldest()
	ahead := after.Seq > r.pos.Seq
	l, lost := chat.Log{Head: r.pos, Epochs: r.epochs}, r.lost
	r.mu.Unlock()
	if ahead {
		return r.resumeAhead(ctx, after, history, s)
	}
	if ok {
		return s
	}
	s.Replay = true
	if r.archive != nil && !s.Recovered && !s.Rewound && lost < have {
		s.Recovered = r.archiveComplete(ctx, l, after.Seq, lost+1) // then it fills the gap
		s.Gap = !s.Recovered
	}
	return r.resumeBehind(ctx, s, l, have)
}

// knowsLocked reports whether an epoch belongs to this log, as far as this
// server knows.
func (r *Room) knowsLocked(epoch string) bool {
	_, over := r.epochs.End(epoch)
	return over || epoch == r.pos.Epoch
}

// epochWait is how long another server may take to make the log adopt an epoch
// that the log does not know.
const epochWait = 500 * time.Millisecond

// waitForEpoch waits until this server learns about an epoch change: the client
// comes from a server that already has. It returns false if the log does not
// know the epoch and no server makes it adopt the epoch, or if it takes too
// long. changed is closed when the epochs change.
func (r *Room) waitForEpoch(ctx context.Context, epoch string, changed <-chan struct{}) bool {
	l, err := r.log.OpenLog(ctx, r.Name, r.Position())
	if _, over := l.Epochs.End(epoch); err == nil && !over && epoch != l.Head.Epoch {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, epochWait)
		defer cancel()
	}
	select {
	case <-changed:
		return true
	case <-ctx.Done():
		return false
	}
}

// resumeAhead returns the start of a client that has seen more than this
// server. Normally this server receives the same messages in a moment: it
// returns s. If the log has moved to another epoch, this server and the client
// will both be told.
//
// Otherwise the log has less than the client has seen: Redis lost messages
// together with every server that had them, and gives their numbers to other
// messages. The client must not drop those as duplicates, so it starts as in
// Join and is told to drop what it has. The log is not sealed for this: any
// client could then seal it.
func (r *Room) resumeAhead(ctx context.Context, after chat.Position, history int, s Start) Start {
	l, err := r.log.OpenLog(ctx, r.Name, r.Position())
	if err != nil || l.Head.Epoch != after.Epoch || l.Head.Seq >= after.Seq {
		return s
	}
	r.logger.Debug("room: client has seen more than the log has", "client", after, "log", l.Head)
	s = r.Join(history)
	s.Rewound = true
	return s
}

// Reach returns where a client that has seen the log up to at continues in the
// ring, or false while the ring does not reach back that far. A client that has
// seen the end of a past epoch gets a Reset on the way.
func (r *Room) Reach(at chat.Position) (Start, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	end, over := r.epochs.End(at.Epoch)
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

// reachLocked is Reach within the current epoch. A client may be ahead of this
// server: its last server received the newest messages earlier. Nothing is
// missing then, and After keeps the client from getting them twice.
func (r *Room) reachLocked(after uint64) (Start, bool) {
	oldest, have := r.oldest()
	gap := after < r.lost
	s := Start{Live: r.ring.Head(), After: after, Position: r.pos, Recovered: !gap, Gap: gap}
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

// oldest returns the first position of this epoch at which a client can start,
// and the seq of the first message from there on. It leaves out the oldest
// eighth of the ring: the next messages would overtake a client that starts
// there.
func (r *Room) oldest() (pos, seq uint64) {
	pos = r.first
	if tail := r.ring.Tail(); tail > 0 {
		pos = max(pos, tail+r.ring.size/8)
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
