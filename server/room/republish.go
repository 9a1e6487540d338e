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

// rewind handles a log that was repaired while this server could not reach
// Redis: the current epoch ended at end, and the newest messages in the ring
// are not in the log. They are republished under their original IDs. This
// happens before anything can fail: after the epoch change nothing records
// which messages they were.
func (r *Room) rewind(ctx context.Context, l chat.Log, end uint64) error {
	r.logger.Warn("room: log continued without the newest messages, republishing them", "from", end+1,
		"to", r.pos.Seq, "log", l.Head)
	r.republish(l, end)
	r.startAt(l, chat.Position{Epoch: l.Head.Epoch, Seq: end})
	return r.backfill(ctx, l)
}

// replace handles a log that knows none of our epochs: a server that had never
// seen ours started a new one, and it already has messages. Ours are
// republished into it, and a client that resumes from the old log starts at the
// beginning.
func (r *Room) replace(ctx context.Context, l chat.Log) error {
	r.logger.Warn("room: log was replaced", "old", r.pos, "new", l.Head)
	epochs := []string{r.pos.Epoch}
	for _, p := range slices.Backward(r.epochs) {
		epochs = append(epochs, p.Epoch)
	}
	l, err := r.log.Adopt(ctx, r.Name, l.Head.Epoch, epochs)
	switch {
	case errors.Is(err, chat.ErrLogClosed):
		return r.Sync(ctx)
	case err != nil:
		return fmt.Errorf("adopt epochs into the log of %s: %w", r.Name, err)
	}
	entries, start, err := r.tail(ctx, l)
	if err != nil {
		// nothing has changed here; next time the log knows our epochs, and we
		// rewind
		return err
	}
	r.republish(l, 0)
	r.mu.Lock()
	r.lost = 0 // its numbers are those of another log
	r.mu.Unlock()
	return r.fillFrom(ctx, l, start, entries)
}

// longAgo returns a receipt time that is too old for republishing.
func longAgo() uint32 { return clock() - uint32(2*chat.RepublishAge/time.Second) }

// republish republishes what the ring has after end and l does not have. A
// message's age is measured by this process's monotonic clock: the message's
// own timestamp comes from another machine.
func (r *Room) republish(l chat.Log, end uint64) {
	young := clock() - uint32(chat.RepublishAge/time.Second)
	lost := r.payloadsAfter(end,
		func(e *Entry, p chat.Position) bool { return int32(e.appended-young) >= 0 && !l.Has(p) })
	r.log.Republish(r.Name, lost)
}

// Known returns the log as this server knows it; zero until it has been read.
func (r *Room) Known() chat.Log {
	select {
	case <-r.ready:
		return r.logState()
	default:
		return chat.Log{}
	}
}

// Remember returns the payloads in the ring that lie between after and before
// in the log, oldest first.
func (r *Room) Remember(after, before uint64) (list [][]byte) {
	return r.payloadsAfter(after, func(e *Entry, _ chat.Position) bool { return e.Seq < before })
}

func (r *Room) payloadsAfter(seq uint64, wanted func(*Entry, chat.Position) bool) (list [][]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := chat.Log{Head: r.pos, Epochs: r.epochs}
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
