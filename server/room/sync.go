package room

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"livechat/server/chat"
	"livechat/server/metrics"
	"livechat/server/wire"
)

// Sync reads from the log what the ring does not have. The room's owner calls it whenever the subscription of the room's channel
// begins, for the first time or anew, and when the log was mended: whatever was published before that moment is in the log, whatever comes
// after is heard. While the log is closed it does nothing, and is called again. After any other error the owner calls it again by itself.
func (r *Room) Sync(ctx context.Context) error {
	defer r.sayLost()
	look := r.look()
	l, err := r.log.OpenLog(ctx, r.Name, r.Position())
	if err == nil {
		r.looked(look, l)
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
	end, known := l.Past.End(r.pos.Epoch)
	switch {
	case r.pos.Epoch == l.Head.Epoch:
		r.learn(l.Past)
		return r.backfill(ctx, l)
	case known && r.pos.Seq <= end:
		return r.backfill(ctx, l)
	case known:
		return r.turnBack(ctx, l, end)
	}
	return r.replace(ctx, l)
}

// learn takes over where the log comes from, which others may have told it meanwhile.
func (r *Room) learn(past chat.Lineage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(past, r.past) {
		r.past = past
		r.changedLocked()
		r.settleLocked()
	}
}

// changedLocked lets those look again who wait for an epoch to become known.
func (r *Room) changedLocked() {
	close(r.turned)
	r.turned = make(chan struct{})
}

// load fills the ring with the newest part of the log.
func (r *Room) load(ctx context.Context, l chat.Log) error {
	entries, start, err := r.tail(ctx, l)
	if err != nil {
		return err
	}
	if old := r.before(ctx, l, start, len(entries)); len(old) > 0 {
		r.begin(l, chat.Position{Epoch: start.Epoch, Seq: old[0].Position.Seq - 1})
		r.recall(old)
		if err := r.takeAll(ctx, l, entries); err != nil {
			return err
		}
		return r.finish(ctx, l)
	}
	return r.fillFrom(ctx, l, start, entries)
}

// recallLength is how many messages a ring begins with at least, if there are
// so many: what any client may ask for when it joins, and some more. recallTime
// is how long the archive may take to find them.
const (
	recallLength = 256
	recallTime   = time.Second
)

// before returns what is archived of the log before start, where Redis has few
// messages behind it: after a restart of a server that has its own Redis, or
// when the room had left Redis. It ends where the first message is missing,
// seen from start: an archiver may be about to store that, and a ring that has
// passed it over would tell everybody that it is lost.
func (r *Room) before(ctx context.Context, l chat.Log, start chat.Position, have int) []wire.Entry {
	want := min(recallLength, len(r.ring.slots)/2) - have
	if r.old == nil || start.Seq == 0 || want <= 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, recallTime)
	defer cancel()
	payloads, err := r.old.Between(ctx, r.Name, l, start.Seq-min(start.Seq, uint64(want)), start.Seq+1, want)
	if err != nil {
		r.slog.Warn("cannot read the archive of a room that opens; who joins gets what Redis has of it", "error", err)
		return nil
	}
	entries, next := parse(l, payloads), start.Seq
	from := len(entries)
	for from > 0 && entries[from-1].Position.Seq == next {
		from, next = from-1, next-1
	}
	return entries[from:]
}

// recall appends what was archived. It is old: this server has not heard it,
// and must never say it again.
func (r *Room) recall(entries []wire.Entry) {
	for _, e := range entries {
		r.mu.Lock()
		r.pos.Seq = e.Position.Seq
		r.ring.append(Entry{Seq: e.Position.Seq, Kind: Message, heard: longAgo(), Frame: e.Frame})
		r.mu.Unlock()
	}
}

// tail reads the newest part of the log, and says behind which position it begins. Half of the ring, so that the next messages do not overtake who
// reads it.
func (r *Room) tail(ctx context.Context, l chat.Log) (entries []wire.Entry, start chat.Position, err error) {
	payloads, err := r.log.Tail(ctx, r.Name, len(r.ring.slots)/2)
	if err != nil {
		return nil, start, fmt.Errorf("read tail of %s: %w", r.Name, err)
	}
	entries, start = parse(l, payloads), l.Head
	if len(entries) > 0 {
		start.Seq = entries[0].Position.Seq - 1
	}
	return entries, start, nil
}

// fillFrom begins at start, which these entries follow.
func (r *Room) fillFrom(ctx context.Context, l chat.Log, start chat.Position, entries []wire.Entry) error {
	r.begin(l, start)
	if err := r.takeAll(ctx, l, entries); err != nil {
		return err
	}
	return r.finish(ctx, l)
}

// begin makes start the newest position, whatever the ring has. Who is there is told.
func (r *Room) begin(l chat.Log, start chat.Position) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.first = r.ring.Head()
	r.pos = start
	if r.opened {
		r.turnLocked(l)
	}
	r.past = l.Past
	r.settleLocked()
}

// turnLocked goes over to the newest epoch of l behind the newest message, and tells who is there.
func (r *Room) turnLocked(l chat.Log) {
	r.pos.Epoch, r.past = l.Head.Epoch, l.Past
	r.count.Turns.Inc()
	r.ring.Append(r.pos.Seq, Reset, resetFrame(r.pos))
	r.changedLocked()
	r.settleLocked()
}

func resetFrame(p chat.Position) []byte {
	return wire.Frame(wire.Reset{Type: "reset", Epoch: p.Epoch, Seq: p.Seq})
}

// parse reads those payloads that belong to l.
func parse(l chat.Log, payloads [][]byte) []wire.Entry {
	entries := make([]wire.Entry, 0, len(payloads))
	for _, p := range payloads {
		if e, ok := wire.ParseEntry(p); ok && l.HasEntry(e.Position) {
			entries = append(entries, e)
		}
	}
	return entries
}

// backfill reads what follows the newest message from the log l until there is no more.
func (r *Room) backfill(ctx context.Context, l chat.Log) error {
	defer r.wake(r)
	for {
		payloads, err := r.log.After(ctx, r.Name, r.pos.Seq, pageSize)
		if err != nil {
			return fmt.Errorf("read log of %s: %w", r.Name, err)
		}
		before := r.pos.Seq
		if err := r.takeAll(ctx, l, parse(l, payloads)); err != nil {
			return err
		}
		if len(payloads) < pageSize || r.pos.Seq == before {
			break
		}
	}
	return r.finish(ctx, l)
}

// fill reads what was missed on the channel before heard came.
func (r *Room) fill(ctx context.Context, heard uint64) error {
	defer r.sayLost()
	have := r.pos.Seq
	r.slog.Warn("messages were missed on the channel", "have", have, "heard", heard)
	err := r.backfill(ctx, r.logState()) // as far as the log goes, and not to what was heard: anybody can say anything on a channel
	if r.pos.Seq >= heard {
		r.count.Missed.WithLabelValues(metrics.Filled).Add(float64(heard - have - 1))
	}
	return err
}

// takeAll appends entries of l. What is missing between them nobody can have any more.
func (r *Room) takeAll(ctx context.Context, l chat.Log, entries []wire.Entry) error {
	for _, e := range entries {
		if e.Position.Seq <= r.pos.Seq {
			continue
		}
		if missing := e.Position.Seq - r.pos.Seq - 1; missing > 0 {
			r.gap(e.Position.Seq - 1)
		}
		r.turn(l)
		if err := r.append(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// turn goes over to the newest epoch once the one that we are in has been read to its end.
func (r *Room) turn(l chat.Log) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if end, over := l.Past.End(r.pos.Epoch); over && r.pos.Seq >= end {
		r.turnLocked(l)
	}
}

// finish is for when everything that the log has has been read. If that is not all, the newest messages were lost, with every server that knew them; or
// Redis has lost the log since it was opened, and others, or what waits for this room, may have them.
func (r *Room) finish(ctx context.Context, l chat.Log) error {
	defer r.wake(r)
	if r.pos.Seq < l.Head.Seq {
		now, err := r.log.OpenLog(ctx, r.Name, r.Position())
		switch {
		case errors.Is(err, chat.ErrLogClosed):
			r.turn(l)
			return nil
		case err != nil:
			return fmt.Errorf("open log of %s: %w", r.Name, err)
		case now.Head.Epoch != l.Head.Epoch:
			r.turn(l)
			return r.Sync(ctx)
		}
		r.gap(l.Head.Seq)
	}
	r.turn(l)
	return nil
}

// gap adds an entry that stands for the messages up to to, which nobody can have any more. It is replayed like a message.
func (r *Room) gap(to uint64) {
	r.slog.Error("messages are no longer in the log", "from", r.pos.Seq+1, "to", to)
	r.count.Missed.WithLabelValues(metrics.Lost).Add(float64(to - r.pos.Seq))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ring.Append(to, Message, gapFrame(r.pos.Seq+1, to))
	r.loseLocked(to)
	r.pos.Seq = to
	r.heardLocked()
}
