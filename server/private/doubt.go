package private

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"livechat/server/chat"
)

// Redis may lose the newest events of a feed after it has acknowledged them,
// together with the process that published them. Where a server remembers
// earlier ones, the repaired feed looks as if nothing else had been in it, and
// clients that resume are not told. So published events stay in the outbox for
// keepPublished, and are published again whenever a feed may have lost some:
//
//   - another process may have published them: after taking over the lease;
//   - Redis may have restarted: after the link to it was lost;
//   - the feed was sealed for repair, or began again: the gossip channel says so;
//   - its epoch is not the one in which the last event was published. The outbox
//     knows that epoch, whichever relay it was. Such a feed refuses the next
//     event, so that those before it come first.
//
// Events that the feed still has are not added twice, because it knows the ids.

const (
	// keepPublished is how long a published event stays in the outbox. It is
	// shorter than the time for which ids are remembered in logs, and not
	// shorter than the time for which a server vouches for what it has
	// published.
	keepPublished = chat.RepublishAge
	forgetEvery   = 5 * time.Second
	forgetBatch   = 1000 // events removed by one statement
)

// errInDoubt means that a feed may have lost events before this one.
var errInDoubt = errors.New("the feed may have lost events")

// doubts are the feeds that may have lost events. Its methods may be called from
// any goroutine.
type doubts struct {
	mu    sync.Mutex
	all   bool               // guarded by mu
	users map[int64]struct{} // guarded by mu
}

func newDoubts() *doubts { return &doubts{users: make(map[int64]struct{})} }

func (d *doubts) addAll() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = true
}

func (d *doubts) add(users ...int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, user := range users {
		d.users[user] = struct{}{}
	}
}

// take returns what has been added.
func (d *doubts) take() (users []int64, all bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	users, all = slices.Collect(maps.Keys(d.users)), d.all
	d.all = false
	clear(d.users)
	return users, all
}

func (d *doubts) any() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.all || len(d.users) > 0
}

// Doubt says that the feed of a user may have lost events. It is safe for
// concurrent use and does not block.
func (r *Relay) Doubt(user int64) {
	if r.mayDoubt() {
		r.doubts.add(user)
		r.Wake()
	}
}

// DoubtAll says so of all feeds.
func (r *Relay) DoubtAll() {
	if r.mayDoubt() {
		r.doubts.addAll()
		r.Wake()
	}
}

// mayDoubt reports whether the events of feeds that lose some are resent by
// this relay. The leader does so; one that takes over resends all. Another relay
// that has just published may note that only after the leader's resending.
func (r *Relay) mayDoubt() bool {
	return r.leading.Load() || time.Now().UnixNano() < r.doubtsUntil.Load()
}

// resendDoubted has the events of feeds that may have lost some published
// again.
func (r *Relay) resendDoubted(ctx context.Context) error {
	users, all := r.doubts.take()
	if len(users) == 0 && !all {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, r.opts.Timeout)
	defer cancel()
	resend := func() error { return r.opts.Store.Resend(ctx, users) }
	if all {
		resend = func() error { return r.opts.Store.ResendAll(ctx) }
	}
	if err := resend(); err != nil {
		r.doubts.add(users...)
		if all {
			r.doubts.addAll()
		}
		return err
	}
	return nil
}

// forget removes published events from the outbox once they are old.
func (r *Relay) forget(ctx context.Context) {
	if !r.leading.Load() || time.Since(r.lastForget) < forgetEvery {
		return
	}
	r.lastForget = time.Now()
	ctx, cancel := context.WithTimeout(ctx, r.opts.Timeout)
	defer cancel()
	for {
		n, err := r.opts.Store.ForgetPublished(ctx, keepPublished, forgetBatch)
		if err != nil {
			r.opts.Logger.Debug("relay: cannot remove published events", "error", err)
		}
		if err != nil || n < forgetBatch {
			return
		}
	}
}
