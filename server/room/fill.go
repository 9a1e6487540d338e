package room

import (
	"context"
	"errors"
	"fmt"

	"livechat/server/chat"
	"livechat/server/metrics"
	"livechat/server/wire"
)

// backfill appends everything that follows the newest message in the log l.
func (r *Room) backfill(ctx context.Context, l chat.Log) error {
	defer r.wake(r)
	for {
		payloads, err := r.log.After(ctx, r.Name, r.pos.Seq, pageSize)
		if err != nil {
			return fmt.Errorf("read log of %s: %w", r.Name, err)
		}
		before := r.pos.Seq
		if err := r.appendAll(ctx, l, parse(l, payloads)); err != nil {
			return err
		}
		if len(payloads) < pageSize || r.pos.Seq == before {
			break
		}
	}
	return r.finish(ctx, l)
}

// fill backfills the messages missed before seq, which has just been received.
func (r *Room) fill(ctx context.Context, seq uint64) error {
	defer r.republishLost()
	have := r.pos.Seq
	r.logger.Warn("room: messages missed by the subscription, reading the log", "have", have, "received", seq)
	// Read to the end of the log, not to seq: anyone with access to Redis can
	// publish any seq.
	err := r.backfill(ctx, r.logState())
	if r.pos.Seq >= seq {
		r.count.Missed.WithLabelValues(metrics.Filled).Add(float64(seq - have - 1))
	}
	return err
}

// appendAll appends entries of l. A message missing between two of them is
// lost: no server has it.
func (r *Room) appendAll(ctx context.Context, l chat.Log, entries []wire.Entry) error {
	for _, e := range entries {
		if e.Position.Seq <= r.pos.Seq {
			continue
		}
		if missing := e.Position.Seq - r.pos.Seq - 1; missing > 0 {
			r.appendGap(e.Position.Seq - 1)
		}
		r.changeEpoch(l)
		if err := r.append(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// finish runs when the log has been read to its end. If messages up to the
// log's head are still missing, either they were lost together with every
// server that had them, or Redis lost the log after it was opened. In the
// second case other servers, or this room's queue, may have them.
func (r *Room) finish(ctx context.Context, l chat.Log) error {
	defer r.wake(r)
	if r.pos.Seq < l.Head.Seq {
		now, err := r.log.OpenLog(ctx, r.Name, r.Position())
		switch {
		case errors.Is(err, chat.ErrLogClosed):
			r.changeEpoch(l)
			return nil
		case err != nil:
			return fmt.Errorf("open log of %s: %w", r.Name, err)
		case now.Head.Epoch != l.Head.Epoch:
			r.changeEpoch(l)
			return r.Sync(ctx)
		}
		r.appendGap(l.Head.Seq)
	}
	r.changeEpoch(l)
	return nil
}

// appendGap appends an entry for the messages up to to, which are lost. It is
// replayed like a message.
func (r *Room) appendGap(to uint64) {
	r.logger.Error("room: messages no longer in the log", "from", r.pos.Seq+1, "to", to)
	r.count.Missed.WithLabelValues(metrics.Lost).Add(float64(to - r.pos.Seq))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ring.Append(to, Message, gapFrame(r.pos.Seq+1, to))
	r.republishGapLocked(to)
	r.pos.Seq, r.lost = to, to
	r.receivedLocked()
}
