package room

import (
	"context"
	"fmt"

	"livechat/server/chat"
	"livechat/server/wire"
)

// resumeBehind completes the start of a client whose After the ring, which begins with have, does not reach back to. What neither the log nor the
// archive has it is told at once; while one of them is away, what they have counts as lost.
func (r *Room) resumeBehind(ctx context.Context, s Start, l chat.Log, have uint64) Start {
	first := have // that can be had, behind what cannot
	if page, err := r.log.After(ctx, r.Name, s.After, 1); err != nil {
		r.slog.Warn("cannot read the log for a client that resumes", "error", err)
	} else if entries := parse(l, page); len(entries) > 0 {
		first = min(first, entries[0].Position.Seq)
	}
	if r.old != nil && first > s.After+1 {
		before := first
		first = r.archivedFrom(ctx, l, s.After, before)
		s.Archived = first < before
		s.Recovered = s.Recovered && first == s.After+1 && r.isWhole(ctx, l, s.After, before)
	}
	if first > s.After+1 {
		s.Recovered, s.From, s.To, s.After = false, s.After+1, first-1, first-1
	}
	return s
}

// archivedFrom returns the first message behind after that the archive has; before if it has none before that.
func (r *Room) archivedFrom(ctx context.Context, l chat.Log, after, before uint64) uint64 {
	page, err := r.old.Between(ctx, r.Name, l, after, before, 1)
	if err != nil {
		r.slog.Warn("cannot read the archive for a client that resumes", "error", err)
	}
	if entries := parse(l, page); err == nil && len(entries) > 0 {
		return entries[0].Position.Seq
	}
	return before
}

// isWhole says whether the archive has all messages between after and before. If it does not know in time, nothing is promised: the client gets
// what there is, and is told where something is missing.
func (r *Room) isWhole(ctx context.Context, l chat.Log, after, before uint64) bool {
	n, err := r.old.Count(ctx, r.Name, l, after, before)
	if err != nil {
		r.slog.Warn("cannot count what the archive has for a client that resumes", "error", err)
	}
	return err == nil && n == before-after-1
}

// Page returns what follows after in the log, or before the log's beginning in
// the archive, at most n messages and gaps and so many bytes of them, but for a
// single message that is longer, and the position behind them. It is for
// clients that are further behind than the ring. Nothing more means that there
// is nothing before what the ring has.
func (r *Room) Page(ctx context.Context, after chat.Position, n, bytes int) (frames [][]byte, next chat.Position, err error) {
	l, entries, before, err := r.read(ctx, after.Seq, n)
	if err != nil {
		return nil, after, err
	}
	next = after
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
		}
		if end, over := l.Past.End(next.Epoch); over && next.Seq >= end {
			next.Epoch = l.Head.Epoch
			frames = append(frames, resetFrame(next))
		}
		frames, next.Seq = append(frames, e.Frame), e.Position.Seq
	}
	if len(frames) == 0 && next.Seq+1 < before {
		frames, next.Seq = append(frames, gapFrame(next.Seq+1, before-1)), before-1
	}
	return frames, next, nil
}

// read returns the messages behind after, at most n, and the log that they are of. What is missing among them nobody has; if there are none, nobody has
// what is before the last result.
func (r *Room) read(ctx context.Context, after uint64, n int) (l chat.Log, entries []wire.Entry, before uint64, err error) {
	limit := n
	if r.old != nil && after+1 < r.begins.Load() {
		limit = 1 // it would be read for nothing; one tells where the log begins by now
	}
	payloads, err := r.log.After(ctx, r.Name, after, limit)
	if err != nil {
		return l, nil, 0, fmt.Errorf("read log of %s: %w", r.Name, err)
	}
	l, have := r.known()
	entries, before = upToHole(parse(l, payloads), r.old != nil), have
	if len(entries) > 0 {
		before = entries[0].Position.Seq
	}
	if after+1 < have && have < before { // the ring has what is between
		entries, before = nil, have
	}
	r.noteBegin(after, before)
	if r.old == nil || before <= after+1 {
		return l, entries, before, nil
	}
	payloads, err = r.old.Between(ctx, r.Name, l, after, before, n)
	if err != nil {
		return l, nil, 0, fmt.Errorf("read archive of %s: %w", r.Name, err)
	}
	return l, parse(l, payloads), before, nil // what the log has behind them is another page
}

// upToHole returns the entries that follow each other without a hole, if there is somebody else to be asked for what is missing; else all.
func upToHole(entries []wire.Entry, ask bool) []wire.Entry {
	for i := 1; ask && i < len(entries); i++ {
		if entries[i].Position.Seq != entries[i-1].Position.Seq+1 {
			return entries[:i]
		}
	}
	return entries
}

// noteBegin notes that the log has nothing between after and before, or that it has what follows after, where that was not known.
func (r *Room) noteBegin(after, before uint64) {
	if after+1 < max(before, r.begins.Load()) {
		r.begins.Store(max(before, after+1))
	}
}

// known returns the log as far as this server has it, and the first message that the ring has of it.
func (r *Room) known() (chat.Log, uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, have := r.oldest()
	return chat.Log{Head: r.pos, Past: r.past}, have
}

func gapFrame(from, to uint64) []byte {
	return wire.Frame(wire.Gap{Type: "gap", From: from, To: to})
}
