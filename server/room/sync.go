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

// Sync reads everything from the log that the ring does not have. The room's
// owner calls it whenever the subscription of the room's channel is established
// and when the log has been repaired: what was published before that moment is
// in the log, what comes after arrives by the subscription. While the log is
// sealed, Sync does nothing and will be called again. After any other error the
// owner retries by itself.
func (r *Room) Sync(ctx context.Context) error {
	defer r.republishLost()
	err := r.readLog(ctx)
	if err == nil && r.opened && r.registry != nil && r.registry.reactions != nil {
		r.registry.reactions.taken.found(r.Name, r.Position().Epoch)
	}
	return err
}

// readLog is Sync without what follows it.
func (r *Room) readLog(ctx context.Context) error {
	open := r.startOpen()
	l, err := r.log.OpenLog(ctx, r.Name, r.Position())
	if err == nil {
		r.dropForgotten(open, l)
	}
	switch {
	case errors.Is(err, chat.ErrLogClosed):
		return nil
	case err != nil:
		return fmt.Errorf("open log of %s: %w", r.Name, err)
	case !r.opened:
		if err := r.load(ctx, l); err != nil {
			return err
		}
		r.opened = true
		close(r.ready)
		return nil
	}
	end, known := l.Epochs.End(r.pos.Epoch)
	switch {
	case r.pos.Epoch == l.Head.Epoch:
		r.learnEpochs(l.Epochs)
		return r.backfill(ctx, l)
	case known && r.pos.Seq <= end:
		return r.backfill(ctx, l)
	case known:
		return r.rewind(ctx, l, end)
	}
	return r.replace(ctx, l)
}

// learnEpochs records the log's history, which other servers may have extended.
func (r *Room) learnEpochs(past chat.EpochHistory) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(past, r.epochs) {
		r.epochs = past
		r.notifyEpochLocked()
		r.reconcileLocked()
	}
}

// notifyEpochLocked wakes those that wait for an epoch to become known.
func (r *Room) notifyEpochLocked() {
	close(r.epochChanged)
	r.epochChanged = make(chan struct{})
}

// load fills the ring with the newest part of the log.
func (r *Room) load(ctx context.Context, l chat.Log) error {
	entries, start, err := r.tail(ctx, l)
	if err != nil {
		return err
	}
	if archived := r.archivedBefore(ctx, l, start, len(entries)); len(archived) > 0 {
		r.startAt(l, chat.Position{Epoch: start.Epoch, Seq: archived[0].Position.Seq - 1})
		r.appendArchived(archived)
		if err := r.appendAll(ctx, l, entries); err != nil {
			return err
		}
		return r.finish(ctx, l)
	}
	return r.fillFrom(ctx, l, start, entries)
}

// archiveFill is how many messages a ring starts with if there are that many:
// what a client may ask for when it joins, and some more. archiveFillTime is
// how long the archive may take to return them.
const (
	archiveFill     = 256
	archiveFillTime = time.Second
)

// archivedBefore returns archived messages up to start when Redis has only a
// few after it: after a restart of a server with embedded Redis, or when the
// room had been evicted from Redis. It stops at the first missing message,
// counting back from start: an archiver may be about to store that one, and a
// ring that skipped it would tell every client that it is lost.
func (r *Room) archivedBefore(ctx context.Context, l chat.Log, start chat.Position, have int) []wire.Entry {
	want := min(archiveFill, int(r.ring.size/2)) - have
	if r.archive == nil || start.Seq == 0 || want <= 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, archiveFillTime)
	defer cancel()
	payloads, err := r.archive.Between(ctx, r.Name, l, start.Seq-min(start.Seq, uint64(want)), start.Seq+1,
		want)
	if err != nil {
		r.logger.Debug("room: cannot read the archive, opening with what Redis has", "error", err)
		return nil
	}
	entries, next := parse(l, payloads), start.Seq
	from := len(entries)
	for from > 0 && entries[from-1].Position.Seq == next {
		from, next = from-1, next-1
	}
	return entries[from:]
}

// appendArchived appends archived messages. They are old: this server did not
// receive them and must never republish them.
func (r *Room) appendArchived(entries []wire.Entry) {
	for _, e := range entries {
		r.mu.Lock()
		r.pos.Seq = e.Position.Seq
		r.ring.append(Entry{Seq: e.Position.Seq, Kind: Message, appended: longAgo(), Frame: e.Frame})
		r.forgetLocked(e.Frame)
		r.mu.Unlock()
	}
}

// tail reads the newest part of the log and returns the position before it. It
// reads half a ring, so that the next messages do not overtake clients that
// start there.
func (r *Room) tail(ctx context.Context,
	l chat.Log) (entries []wire.Entry, start chat.Position, err error) {
	payloads, err := r.log.Tail(ctx, r.Name, int(r.ring.size/2))
	if err != nil {
		return nil, start, fmt.Errorf("read tail of %s: %w", r.Name, err)
	}
	entries, start = parse(l, payloads), l.Head
	if len(entries) > 0 {
		start.Seq = entries[0].Position.Seq - 1
	}
	return entries, start, nil
}

// fillFrom restarts the ring at start, followed by entries.
func (r *Room) fillFrom(ctx context.Context, l chat.Log, start chat.Position, entries []wire.Entry) error {
	r.startAt(l, start)
	if err := r.appendAll(ctx, l, entries); err != nil {
		return err
	}
	return r.finish(ctx, l)
}

// startAt makes start the newest position, whatever is in the ring. Connected
// clients get a Reset.
func (r *Room) startAt(l chat.Log, start chat.Position) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.first = r.ring.Head()
	r.pos, r.lost = start, min(r.lost, start.Seq)
	if r.opened {
		r.changeEpochLocked(l)
	}
	r.epochs = l.Epochs
	r.reconcileLocked()
}

// changeEpochLocked switches to the newest epoch of l after the newest message.
// Connected clients get a Reset.
func (r *Room) changeEpochLocked(l chat.Log) {
	r.pos.Epoch, r.epochs = l.Head.Epoch, l.Epochs
	r.count.EpochChanges.Inc()
	r.ring.Append(r.pos.Seq, Reset, resetFrame(r.pos))
	r.notifyEpochLocked()
	r.reconcileLocked()
}

func resetFrame(p chat.Position) []byte {
	return wire.Frame(wire.Reset{Type: "reset", Epoch: p.Epoch, Seq: p.Seq})
}

// parse returns the payloads that belong to l.
func parse(l chat.Log, payloads [][]byte) []wire.Entry {
	entries := make([]wire.Entry, 0, len(payloads))
	for _, p := range payloads {
		if e, ok := wire.ParseEntry(p); ok && l.HasEntry(e.Position) {
			entries = append(entries, e)
		}
	}
	return entries
}

// changeEpoch switches to the newest epoch once the current one has been read
// to its end.
func (r *Room) changeEpoch(l chat.Log) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if end, over := l.Epochs.End(r.pos.Epoch); over && r.pos.Seq >= end {
		r.changeEpochLocked(l)
	}
}
