package room

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"livechat/server/chat"
	"livechat/server/wire"
)

// turnBack is for a server that could not reach Redis when the log was mended:
// its epoch ended at end, and the newest of what it has shown is not in the
// log. That goes into it again, under the ids that it had. It is handed over
// before anything can fail: once the room has turned nobody remembers what it
// was.
func (r *Room) turnBack(ctx context.Context, l chat.Log, end uint64) error {
	r.slog.Warn("the log went on without the newest messages; they are said again", "from", end+1, "to", r.pos.Seq, "log", l.Head)
	r.republish(l, end)
	r.begin(l, chat.Position{Epoch: l.Head.Epoch, Seq: end})
	return r.backfill(ctx, l)
}

// replace is for a log that knows nothing of ours: it has been begun anew by a
// server that had not heard of it, and has messages of its own. Ours go into it
// again, and who comes back from it begins at its beginning.
func (r *Room) replace(ctx context.Context, l chat.Log) error {
	r.slog.Warn("the log was replaced", "old", r.pos, "new", l.Head)
	epochs := []string{r.pos.Epoch}
	for _, p := range slices.Backward(r.past) {
		epochs = append(epochs, p.Epoch)
	}
	l, err := r.log.Adopt(ctx, r.Name, l.Head.Epoch, epochs)
	switch {
	case errors.Is(err, chat.ErrLogClosed):
		return r.Sync(ctx)
	case err != nil:
		return fmt.Errorf("tell the log of %s where it comes from: %w", r.Name, err)
	}
	entries, start, err := r.tail(ctx, l)
	if err != nil {
		// nothing has changed here; the next time the log knows our epochs, and
		// we turn back
		return err
	}
	r.republish(l, 0)
	return r.fillFrom(ctx, l, start, entries)
}

// longAgo is when something was heard that is never said again.
func longAgo() uint32 { return clock() - uint32(2*chat.SayAgainAge/time.Second) }

// republish hands over for publishing again what the ring has behind end and l
// has not. How old a message is this server's clock says, which nobody sets:
// the time that a message bears is another machine's.
func (r *Room) republish(l chat.Log, end uint64) {
	young := clock() - uint32(chat.SayAgainAge/time.Second)
	lost := r.remember(end, func(e *Entry, p chat.Position) bool { return int32(e.heard-young) >= 0 && !l.Has(p) })
	r.log.Republish(r.Name, lost)
}

// Known returns the log as far as this server has it; zero while it has not been read.
func (r *Room) Known() chat.Log {
	select {
	case <-r.ready:
		return r.logState()
	default:
		return chat.Log{}
	}
}

// Remember returns the payloads that the ring has of the log behind after and
// before before, oldest first.
func (r *Room) Remember(after, before uint64) (list [][]byte) {
	return r.remember(after, func(e *Entry, _ chat.Position) bool { return e.Seq < before })
}

func (r *Room) remember(seq uint64, wanted func(*Entry, chat.Position) bool) (list [][]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := chat.Log{Head: r.pos, Past: r.past}
	for pos := r.ring.Find(max(r.first, r.ring.Tail()), seq); pos < r.ring.Head(); pos++ {
		e := r.ring.At(pos)
		if e.Kind != Message {
			continue
		}
		at := chat.Position{Epoch: l.EpochOf(e.Seq), Seq: e.Seq}
		if !wanted(e, at) {
			continue
		}
		if p, ok := wire.Payload(e.Frame, at.Epoch); ok {
			list = append(list, p)
		}
	}
	return list
}
