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
	// unlockTimeout bounds how long a stopping relay takes to return its lease.
	unlockTimeout = 2 * time.Second
	// maxBlocked is how many batches a read may extend past events that cannot
	// be published, so that those do not delay the events after them.
	maxBlocked = 10
)

// pass reads a batch from the outbox, publishes it and notes that there. full
// means that more events may follow.
func (r *Relay) pass(ctx context.Context) (published int, full bool, err error) {
	if err := r.resendDoubted(ctx); err != nil {
		return 0, false, err
	}
	limit := r.opts.Batch + r.blocked
	events, err := r.read(ctx, limit)
	if err != nil {
		return 0, false, err
	}
	if len(events) == 0 {
		r.blocked = 0
		return 0, false, nil
	}
	seqs, first, err := r.publish(ctx, events)
	r.blocked = min(len(events)-len(seqs), maxBlocked*r.opts.Batch)
	r.published.Add(first)
	if len(seqs) == 0 {
		return 0, r.doubts.any(), err
	}
	// Also while stopping: another relay publishes again what is not noted.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.opts.Timeout)
	defer cancel()
	if failed := r.opts.Store.Published(ctx, seqs); failed != nil {
		return 0, false, errors.Join(err, fmt.Errorf("note published events: %w", failed))
	}
	return len(seqs), len(events) >= limit || r.doubts.any(), err
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

// publish publishes events, those of each user in order. It returns the Seq of
// each event that is in its log now, how many of those are there for the first
// time, and one of the errors that occurred.
func (r *Relay) publish(ctx context.Context, events []store.Event) (seqs []int64, first int64, failed error) {
	var mu sync.Mutex // guards the results
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
				if !e.Resent {
					first++
				}
			}
			if err != nil {
				failed = err
			}
		})
	}
	lanes.Wait()
	return seqs, first, failed
}

// publishLane publishes the events of one user and returns how many are in the
// log now.
func (r *Relay) publishLane(ctx context.Context, lane []store.Event) (n int, err error) {
	for i, e := range lane {
		switch err := r.publishOne(ctx, e); {
		case errors.Is(err, errInDoubt):
			return i, nil // the next pass begins with the events before it
		case err != nil:
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
	epoch, ok := r.doubts.epoch(e.User)
	if !ok {
		r.doubts.add(e.User)
		return errInDoubt
	}
	now, err := r.opts.Publisher.PublishEvent(ctx, chat.FeedRoom(e.User), e.ID, Body(e, r.opts.App),
		chat.Digest(e.Text), epoch)
	switch {
	case err == nil:
		r.doubts.published(e.User, now)
	case epoch != "" && errors.Is(err, chat.ErrLogClosed):
		r.doubts.add(e.User)
		return errInDoubt
	case chat.AsError(err).Code == chat.CodeIDConflict:
		// The conflict would repeat for ever and block all events after it. The
		// store generates the ids, so someone has edited the log by hand.
		r.opts.Logger.Error("relay: dropped an event whose id another event of the feed has", "event", e.ID,
			"user", e.User)
		return nil
	}
	return err
}

// byUser groups events by user and keeps their order.
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
