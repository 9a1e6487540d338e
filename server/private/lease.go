package private

import (
	"context"
	"time"
)

// lockName is the lease of the leading relay.
const lockName = "relay"

// yieldToLeader gives the leader time to publish what is in the outbox. help
// means that it has not done so, or that this is unknown; more means that the
// outbox has events.
func (r *Relay) yieldToLeader(ctx context.Context) (help, more bool) {
	before, err := r.first(ctx)
	if err == nil && before == 0 {
		return false, false
	}
	r.nudge(ctx)
	after, errAfter := r.first(ctx)
	if err != nil || errAfter != nil {
		return true, true
	}
	return after == before, after != 0
}

// first returns the Seq of the first event in the outbox, 0 if it is empty.
func (r *Relay) first(ctx context.Context) (int64, error) {
	events, err := r.read(ctx, 1)
	if err != nil || len(events) == 0 {
		return 0, err
	}
	return events[0].Seq, nil
}

// nudge nudges the leader repeatedly for Grace. A user who writes all the time
// must not cause a nudge per message, so there are about ten.
func (r *Relay) nudge(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, r.opts.Grace)
	defer cancel()
	for ctx.Err() == nil {
		r.opts.Nudge(ctx)
		sleep(ctx, r.opts.Grace/10)
		select {
		case <-ctx.Done():
		// A later read covers this wake-up.
		case <-r.wake:
		}
	}
}

// tryLead reports whether this relay has the lease. It acquires or extends it
// if the last attempt is long enough ago.
func (r *Relay) tryLead(ctx context.Context) bool {
	every := r.opts.Tick / 2 // less than a tick, because ticks are not exact
	if r.leading.Load() {
		every = r.opts.Lease / 3
	}
	now := time.Now()
	if now.Sub(r.lastTry) < every {
		return r.leading.Load()
	}
	r.lastTry = now
	ctx, cancel := context.WithTimeout(ctx, r.opts.Timeout)
	defer cancel()
	ok, err := r.opts.Store.TryLock(ctx, lockName, r.opts.Lease)
	if err != nil {
		r.opts.Logger.Debug("relay: cannot acquire the lease", "error", err)
	}
	if ok != r.leading.Swap(ok) {
		if ok {
			r.doubts.addAll() // the process that led may have died, and Redis with it
		}
		r.opts.Logger.Debug("relay: leadership changed", "leading", ok)
	}
	return ok
}

// resign releases the lease, so that another relay leads at once.
func (r *Relay) resign(ctx context.Context) {
	if !r.leading.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unlockTimeout)
	defer cancel()
	if err := r.opts.Store.Unlock(ctx, lockName); err != nil {
		r.opts.Logger.Debug("relay: cannot release the lease", "error", err)
	}
}
