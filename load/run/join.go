package run

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// joinTimeout limits the time without a new connection while clients join.
const joinTimeout = 20 * time.Second

// join starts the clients, with stages the first ones, one after the other over
// the ramp and waits until all of them are connected. They are until leave is called.
func (r *run) join(ctx context.Context) error {
	r.reading, r.hangUp = context.WithCancel(context.WithoutCancel(ctx))
	if err := r.meet(ctx); err != nil {
		return err
	}
	began := time.Now()
	first := r.own(r.settings.ClientsAt(0))
	for _, m := range r.members[first:] {
		m.away.Store(true)
	}
	for i, m := range r.members[:first] {
		if d := time.Until(
			began.Add(r.settings.Ramp * time.Duration(i) / time.Duration(first))); d > 0 {
			m.sleep(ctx, d)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		r.enter(r.reading, m)
	}
	most, since := int64(0), time.Now()
	return poll(ctx, func() (bool, error) {
		n := r.online.Load()
		if n > most {
			most, since = n, time.Now()
		}
		if n < int64(first) && time.Since(since) > joinTimeout {
			r.mu.Lock()
			defer r.mu.Unlock()
			return false, fmt.Errorf("%d of %d clients connected, no more within %s; last error: %w", n,
				first, joinTimeout, orUnknown(r.failure))
		}
		return n == int64(first), nil
	})
}

// leave ends all connections and waits until they have ended. It may be called
// more than once.
func (r *run) leave() {
	if r.hangUp != nil {
		r.hangUp()
	}
	r.readers.Wait()
	r.successors.Wait()
	r.network.close()
	r.besides.parted.Do(r.part)
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
