package private

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

const (
	// farewell is how long a relay that has been told to end takes to say what it has done.
	farewell = 2 * time.Second
	// maxHeld is by how many batches a read may reach beyond events that cannot be published, so that they do not keep those behind them waiting.
	maxHeld = 10
)

// pass reads a batch from the outbox, publishes it and has it forgotten. full says that there may be more behind it.
func (r *Relay) pass(ctx context.Context) (published int, full bool, err error) {
	limit := r.opts.Batch + r.held
	events, err := r.read(ctx, limit)
	if err != nil {
		return 0, false, err
	}
	if len(events) == 0 {
		r.held = 0
		return 0, false, nil
	}
	seqs, err := r.publish(ctx, events)
	r.held = min(len(events)-len(seqs), maxHeld*r.opts.Batch)
	r.count.Add(int64(len(seqs)))
	if len(seqs) == 0 {
		return 0, false, err
	}
	// Also on the way out: what is not forgotten is published again by another relay.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.opts.Timeout)
	defer cancel()
	if forget := r.opts.Store.Published(ctx, seqs); forget != nil {
		return 0, false, errors.Join(err, fmt.Errorf("forget published events: %w", forget))
	}
	return len(seqs), len(events) >= limit, err
}

func (r *Relay) read(ctx context.Context, limit int) ([]store.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, r.opts.Timeout)
	defer cancel()
	events, err := r.opts.Store.Outbox(ctx, limit)
	if err != nil {
		return nil, fmt.Errorf("read outbox: %w", err)
	}
	return events, nil
}

// publish publishes events, those of each user in order, and returns the Seq of those that are in the logs now. The error is one of those that
// there were.
func (r *Relay) publish(ctx context.Context, events []store.Event) (seqs []int64, failed error) {
	var mu sync.Mutex // guards both results
	var lanes sync.WaitGroup
	slots := make(chan struct{}, r.opts.Lanes)
	for _, lane := range byUser(events) {
		slots <- struct{}{}
		lanes.Go(func() {
			defer func() { <-slots }()
			n, err := r.publishLane(ctx, lane)
			mu.Lock()
			defer mu.Unlock()
			for _, e := range lane[:n] {
				seqs = append(seqs, e.Seq)
			}
			if err != nil {
				failed = err
			}
		})
	}
	lanes.Wait()
	return seqs, failed
}

// publishLane publishes the events of one user and returns how many are in the log now.
func (r *Relay) publishLane(ctx context.Context, lane []store.Event) (n int, err error) {
	for i, e := range lane {
		if err := r.publishOne(ctx, e); err != nil {
			return i, fmt.Errorf("publish event %s: %w", e.ID, err)
		}
	}
	return len(lane), nil
}

func (r *Relay) publishOne(ctx context.Context, e store.Event) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, r.opts.Timeout)
	defer cancel()
	err := r.opts.Publisher.Publish(ctx, chat.FeedRoom(e.User), e.ID, Body(e, r.opts.App), Digest(e))
	if err != nil && chat.AsError(err).Code == chat.CodeIDConflict {
		// It would be so for ever, and hold up all that follows. The store draws the ids, so somebody has been at the log by hand.
		r.opts.Logger.Error("an event was dropped: its feed has another one under its id", "event", e.ID, "user", e.User)
		return nil
	}
	return err
}

// byUser parts events into those of each user, which stay in order.
func byUser(events []store.Event) (lanes [][]store.Event) {
	at := make(map[int64]int)
	for _, e := range events {
		i, ok := at[e.User]
		if !ok {
			i = len(lanes)
			at[e.User] = i
			lanes = append(lanes, nil)
		}
		lanes[i] = append(lanes[i], e)
	}
	return lanes
}
