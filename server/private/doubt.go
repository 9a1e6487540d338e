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
//   - its epoch is not the one in which the last event was published. Such a
//     feed refuses the next event, so that those before it come first.
//
// What the feed still has is not added twice, because it knows the ids.

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

// doubts are the feeds that may have lost events, and the epochs of those that
// are not known to. Its methods may be called from any goroutine.
type doubts struct {
	mu     sync.Mutex
	all    bool                // guarded by mu
	users  map[int64]struct{}  // guarded by mu
	epochs map[int64]feedEpoch // guarded by mu: by user
	// guarded by mu: what other relays had published was resent, so a feed that
	// is not in epochs lacks nothing
	covered bool
}

// feedEpoch is the epoch of a feed when an event was published in it; empty if
// none was since its events were resent.
type feedEpoch struct {
	epoch string
	at    time.Time
}

func newDoubts() *doubts {
	return &doubts{users: make(map[int64]struct{}), epochs: make(map[int64]feedEpoch)}
}

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

// resent says that the events of what take has returned will be published
// again.
func (d *doubts) resent(users []int64, all bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if all {
		clear(d.epochs)
		d.covered = true
	}
	for _, user := range users {
		d.epochs[user] = feedEpoch{at: time.Now()}
	}
}

// resign says that another relay publishes from now on.
func (d *doubts) resign() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.covered = false
}

func (d *doubts) any() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.all || len(d.users) > 0
}

// epoch returns the epoch in which a user's feed has to be; empty if it may be
// in any. ok is false if its events have to be resent first.
func (d *doubts) epoch(user int64) (epoch string, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e, known := d.epochs[user]
	return e.epoch, known || d.covered
}

func (d *doubts) published(user int64, epoch string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.epochs[user] = feedEpoch{epoch, time.Now()}
}

// forget forgets the epochs of feeds whose events have left the outbox.
func (d *doubts) forget(age time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for user, e := range d.epochs {
		if time.Since(e.at) > age {
			delete(d.epochs, user)
		}
	}
}

// Doubt says that the feed of a user may have lost events. It is safe for
// concurrent use and does not block.
func (r *Relay) Doubt(user int64) {
	if r.leading.Load() { // a relay that takes over doubts all feeds
		r.doubts.add(user)
		r.Wake()
	}
}

// DoubtAll says so of all feeds.
func (r *Relay) DoubtAll() {
	if r.leading.Load() {
		r.doubts.addAll()
		r.Wake()
	}
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
	r.doubts.resent(users, all)
	return nil
}

// forget removes published events from the outbox once they are old.
func (r *Relay) forget(ctx context.Context) {
	if !r.leading.Load() || time.Since(r.lastForget) < forgetEvery {
		return
	}
	r.lastForget = time.Now()
	r.doubts.forget(keepPublished + 2*forgetEvery)
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
