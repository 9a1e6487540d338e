package private

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
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
	r.doubtsUntil.Store(math.MaxInt64)
	defer func() { r.doubtsUntil.Store(time.Now().Add(r.opts.Timeout).UnixNano()) }()
	limit := r.opts.Batch + r.blocked
	events, err := r.read(ctx, limit)
	if err != nil {
		return 0, false, err
	}
	if len(events) == 0 {
		r.blocked = 0
		return 0, false, nil
	}
	epochs, first, err := r.publish(ctx, events)
	r.blocked = min(len(events)-len(epochs), maxBlocked*r.opts.Batch)
	r.published.Add(first)
	if len(epochs) == 0 {
		return 0, r.doubts.any(), err
	}
	// Also while stopping: another relay publishes again what is not noted.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.opts.Timeout)
	defer cancel()
	if failed := r.opts.Store.Published(ctx, epochs); failed != nil {
		return 0, false, errors.Join(err, fmt.Errorf("note published events: %w", failed))
	}
	return len(epochs), len(events) >= limit || r.doubts.any(), err
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

// publish publishes events, those of each user in order. It returns the epochs
// of the logs in which events are now, by Seq, how many of those are there for
// the first time, and one of the errors that occurred.
func (r *Relay) publish(ctx context.Context, events []store.Event) (
	epochs map[int64]string, first int64, failed error) {
	var mu sync.Mutex // guards the results
	var lanes sync.WaitGroup
	epochs = make(map[int64]string)
	slots := make(chan struct{}, r.opts.Lanes)
	for _, lane := range byUser(events) {
		slots <- struct{}{}
		lanes.Go(func() {
			defer func() { <-slots }()
			n, epoch, err := r.publishLane(ctx, lane)
			mu.Lock()
			defer mu.Unlock()
			for _, e := range lane[:n] {
				epochs[e.Seq] = epoch
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
	return epochs, first, failed
}

// publishLane publishes the events of one user. It returns how many are in the
// log now, and its epoch.
func (r *Relay) publishLane(ctx context.Context, lane []store.Event) (n int, epoch string, err error) {
	for i, e := range lane {
		now, err := r.publishOne(ctx, e, cmp.Or(epoch, e.Epoch))
		switch {
		case errors.Is(err, errInDoubt):
			r.doubts.add(e.User)
			return i, epoch, nil // the next pass begins with the events before it
		case err != nil:
			return i, epoch, fmt.Errorf("publish event %s: %w", e.ID, err)
		}
		epoch = now
	}
	return len(lane), epoch, nil
}

// publishOne publishes an event if the log is in epoch, or in any if that is
// empty.
func (r *Relay) publishOne(ctx context.Context, e store.Event, epoch string) (now string, err error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	// Another relay has published an event before this one, in another epoch.
	if e.Epoch != "" && e.Epoch != epoch {
		return "", errInDoubt
	}
	ctx, cancel := context.WithTimeout(ctx, r.opts.Timeout)
	defer cancel()
	now, err = r.opts.Publisher.PublishEvent(ctx, chat.FeedRoom(e.User), Entry(e, r.opts.App), epoch)
	if epoch != "" && errors.Is(err, chat.ErrLogClosed) {
		return "", errInDoubt
	}
	return now, err
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
