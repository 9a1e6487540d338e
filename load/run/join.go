package run

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// joinTimeout limits the time without a new connection while clients join.
const joinTimeout = 20 * time.Second

// join starts the clients one after the other over the ramp and waits until all
// are connected.
func (r *run) join(ctx, reading context.Context, readers *sync.WaitGroup) error {
	for i, m := range r.members {
		if d := time.Until(
			r.began.Add(r.settings.Ramp * time.Duration(i) / time.Duration(len(r.members)))); d > 0 {
			m.sleep(ctx, d)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		readers.Go(func() { m.live(reading) })
	}
	most, since := int64(0), time.Now()
	return poll(ctx, func() (bool, error) {
		n := r.online.Load()
		if n > most {
			most, since = n, time.Now()
		}
		if n < int64(len(r.members)) && time.Since(since) > joinTimeout {
			r.mu.Lock()
			defer r.mu.Unlock()
			return false, fmt.Errorf("%d of %d clients connected, no more within %s; last error: %w", n,
				len(r.members), joinTimeout, orUnknown(r.failure))
		}
		return n == int64(len(r.members)), nil
	})
}

func orUnknown(err error) error {
	if err == nil {
		return errors.New("none, connections ended after the handshake")
	}
	return err
}

// poll calls ready every 20 ms until it returns true or an error, or ctx is
// done.
func poll(ctx context.Context, ready func() (bool, error)) error {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		if ok, err := ready(); ok || err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
