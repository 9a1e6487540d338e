package room

import (
	"context"
	"errors"
	"fmt"

	"livechat/server/chat"
	"livechat/server/wire"
)

// resumeBehind completes the start of a client that the ring, which begins at
// have, does not reach. Messages that neither the log nor the archive has are
// announced as a gap right away. While the archive is unavailable, its messages
// count as lost. While the log is, nothing new can be said anyway: the client
// waits for it.
func (r *Room) resumeBehind(ctx context.Context, s Start, l chat.Log, have uint64) Start {
	first := have // first message after After that is available
	page, err := r.log.After(ctx, r.Name, s.After, 1)
	if err != nil {
		r.logger.Debug("room: cannot read the log for a resuming client", "error", err)
	} else if entries := parse(l, page); len(entries) > 0 {
		first = min(first, entries[0].Position.Seq)
	}
	if r.archive != nil && first > s.After+1 {
		before := first
		first = r.firstArchived(ctx, l, s.After, before)
		s.Archived = first < before
		s.Recovered = s.Recovered && first == s.After+1 && r.archiveComplete(ctx, l, s.After, before)
	}
	if first > s.After+1 {
		s.Recovered = false
		if err == nil && r.stillHas(ctx, l) {
			s.From, s.To, s.After = s.After+1, first-1, first-1
		}
	}
	return s
}

// stillHas reports whether Redis still has the log l, so that what is missing
// in it is lost. A log that Redis has lost gets back what servers have of it;
// it is another epoch then.
func (r *Room) stillHas(ctx context.Context, l chat.Log) bool {
	now, err := r.log.OpenLog(ctx, r.Name, r.Position())
	return err == nil && now.Head.Epoch == l.Head.Epoch
}

// firstArchived returns the seq of the first archived message after after, or
// before if there is none before that.
func (r *Room) firstArchived(ctx context.Context, l chat.Log, after, before uint64) uint64 {
	page, err := r.archive.Between(ctx, r.Name, l, after, before, 1)
	if err != nil {
		r.logger.Debug("room: cannot read the archive for a resuming client", "error", err)
	}
	if entries := parse(l, page); err == nil && len(entries) > 0 {
		return entries[0].Position.Seq
	}
	return before
}

// archiveComplete reports whether the archive has all messages between after
// and before. If it cannot tell in time, it returns false: the client gets what
// there is, with a gap frame wherever something is missing.
func (r *Room) archiveComplete(ctx context.Context, l chat.Log, after, before uint64) bool {
	n, err := r.archive.Count(ctx, r.Name, l, after, before)
	if err != nil {
		r.logger.Debug("room: cannot count archived messages for a resuming client", "error", err)
	}
	return err == nil && n == before-after-1
}

var errLogLost = errors.New("the log is lost, and on its way back")

// Page returns what follows after in the log, or in the archive if the log
// begins later: at most n messages and gaps, about bytes in size (a single
// message may be longer), and the position after them. It is for clients that
// the ring does not reach. An empty page means that nothing precedes the ring's
// contents. The error is errLogLost while Redis gets back what it has lost.
func (r *Room) Page(ctx context.Context, after chat.Position,
	n, bytes int) (frames [][]byte, next chat.Position, err error) {
	known, _ := r.knownRange()
	l, entries, before, err := r.read(ctx, after.Seq, n)
	if err != nil {
		return nil, after, err
	}
	next = after
	gaps := 0
	for _, e := range entries {
		if e.Position.Seq <= next.Seq {
			continue
		}
		if bytes -= len(e.Frame); bytes < 0 && len(frames) > 0 {
			break
		}
		if e.Position.Seq > next.Seq+1 {
			frames = append(frames, gapFrame(next.Seq+1, e.Position.Seq-1))
			next.Seq = e.Position.Seq - 1
			gaps++
		}
		if end, over := l.Epochs.End(next.Epoch); over && next.Seq >= end {
			next.Epoch = l.Head.Epoch
			frames = append(frames, resetFrame(next))
		}
		frames, next.Seq = append(frames, e.Frame), e.Position.Seq
	}
	if len(frames) == 0 && next.Seq+1 < before {
		frames, next.Seq = append(frames, gapFrame(next.Seq+1, before-1)), before-1
		gaps++
	}
	if gaps > 0 && !r.stillHas(ctx, known) {
		return nil, after, errLogLost
	}
	return frames, next, nil
}

// read returns at most n messages after after, and the log they belong to.
// Messages missing between them are lost. If the list is empty, everything
// below before is lost.
func (r *Room) read(ctx context.Context, after uint64,
	n int) (l chat.Log, entries []wire.Entry, before uint64, err error) {
	limit := n
	if r.archive != nil && after+1 < r.logBegins.Load() {
		// The log has nothing here: one entry tells where it begins now.
		limit = 1
	}
	payloads, err := r.log.After(ctx, r.Name, after, limit)
	if err != nil {
		return l, nil, 0, fmt.Errorf("read log of %s: %w", r.Name, err)
	}
	l, have := r.knownRange()
	entries, before = beforeGap(parse(l, payloads), r.archive != nil), have
	if len(entries) > 0 {
		before = entries[0].Position.Seq
	}
	if after+1 < have && have < before { // the ring has the messages in between
		entries, before = nil, have
	}
	r.noteLogBegins(after, before)
	if r.archive == nil || before <= after+1 {
		return l, entries, before, nil
	}
	payloads, err = r.archive.Between(ctx, r.Name, l, after, before, n)
	if err != nil {
		return l, nil, 0, fmt.Errorf("read archive of %s: %w", r.Name, err)
	}
	return l, r.forget(parse(l, payloads)), before, nil // what the log has after these is the next page
}

// beforeGap returns entries up to the first gap if another source may have what
// is missing (ask), otherwise all of them.
func beforeGap(entries []wire.Entry, ask bool) []wire.Entry {
	for i := 1; ask && i < len(entries); i++ {
		if entries[i].Position.Seq != entries[i-1].Position.Seq+1 {
			return entries[:i]
		}
	}
	return entries
}

// noteLogBegins records that the log has nothing between after and before, or
// that it does have the message after after.
func (r *Room) noteLogBegins(after, before uint64) {
	if after+1 < max(before, r.logBegins.Load()) {
		r.logBegins.Store(max(before, after+1))
	}
}

// knownRange returns the log as this server knows it, and the seq of the first
// message in the ring.
func (r *Room) knownRange() (chat.Log, uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, have := r.oldest()
	return chat.Log{Head: r.pos, Epochs: r.epochs}, have
}

func gapFrame(from, to uint64) []byte {
	return wire.Frame(wire.Gap{Type: "gap", From: from, To: to})
}
