package private

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"

	"livechat/server/chat"
	"livechat/server/store"
)

// lockName is the lease that relays ask for.
const lockName = "relay"

// Outbox is what Relay needs of the store.
type Outbox interface {
	// Outbox returns events that have not been published, by Seq. Of each chat, a user's are returned from the first one on, without a hole.
	Outbox(ctx context.Context, limit int) ([]store.Event, error)
	// Published forgets events. Those that it does not know it passes over.
	Published(ctx context.Context, seqs []int64) error
	// TryLock takes the lease of that name for a time, or prolongs it; false says that another store has it, or comes with an error. Each opened store is a holder of its own.
	TryLock(ctx context.Context, name string, ttl time.Duration) (bool, error)
	// Unlock gives the lease back. It does nothing if the store does not have it.
	Unlock(ctx context.Context, name string) error
}

var _ Outbox = (*store.Store)(nil)

// Publisher puts events into the logs of rooms. It is used by several goroutines.
type Publisher interface {
	// Publish returns when the event is in the log of the room. Once more with the same id it adds nothing, and is no error either. With an
	// error the event may be in the log or not. id_conflict says that another event has the id.
	Publish(ctx context.Context, room, id string, body []byte, digest string) error
}

// RelayOptions are what a Relay is made of. Store, Publisher and App must be set.
type RelayOptions struct {
	Store     Outbox
	Publisher Publisher
	App       string       // APPID of this process
	Logger    *slog.Logger // default: nowhere
	// Nudge tells the relays of all processes that something is in the outbox: there Nudged is called. It may get lost, and has to be back
	// when ctx is done. Only Run calls it. Default: nothing, and then what a process without the lease has put there waits for Grace.
	Nudge func(ctx context.Context)

	Batch   int           // events read at once; default 200
	Lanes   int           // users whose events are published at the same time; default 128
	Tick    time.Duration // how often the outbox is looked at without being woken; default 1s
	Timeout time.Duration // of one publication, and of one question to the store; default 10s
	Lease   time.Duration // how long after the death of the relay that works another one takes its place; default 5s
	Grace   time.Duration // how long the others leave it to that one; default 50ms
}

// Relay brings events from the outbox to the feeds.
//
// # Order
//
// It publishes the events of a user one after the other and stops at the first that fails; it reads them from the first one on that
// has not been published. So what a feed has of a chat is at any time a beginning of what happened there, also when several relays do this at
// once, or one that stood still goes on with what others have long done: to a log that knows their ids it adds nothing. Between the
// chats of one user the order is about that in which things happened: a transaction may be committed a little late.
//
// # Who works
//
// Order does not need it, but it would be a waste if each process published everything. So the one that holds the lease
// works at once. Another one that is woken nudges it and gives it a little time. If the first event is still the same one then, it does what is
// there: the lease may be that of a process which has just died. If events come and go, it leaves them to the one that works.
type Relay struct {
	// Set at construction.
	opts RelayOptions
	wake chan struct{} // holds a token while something may have been put into the outbox since it was read; never closed

	running atomic.Bool
	leading atomic.Bool // we have had the lease when we asked last; written by Run
	count   atomic.Int64

	// Owned by Run.
	asked   time.Time // when the lease was asked for last
	held    int       // events of the last batch that could not be published
	failing bool      // the last turn failed, which the log says once
	pause   *backoff.ExponentialBackOff
}

// NewRelay makes a Relay.
func NewRelay(o RelayOptions) *Relay {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Nudge == nil {
		o.Nudge = func(context.Context) {}
	}
	setDefault(&o.Batch, 200)
	setDefault(&o.Lanes, 128)
	setDefault(&o.Tick, time.Second)
	setDefault(&o.Timeout, 10*time.Second)
	setDefault(&o.Lease, 5*time.Second)
	setDefault(&o.Grace, 50*time.Millisecond)
	pause := &backoff.ExponentialBackOff{InitialInterval: 50 * time.Millisecond, Multiplier: 2, RandomizationFactor: 0.5, MaxInterval: 3 * time.Second}
	return &Relay{opts: o, wake: make(chan struct{}, 1), pause: pause}
}

func setDefault[T int | time.Duration](v *T, to T) {
	if *v <= 0 {
		*v = to
	}
}

// Wake says that something was put into the outbox, and committed. It may be called from any goroutine, and does not block.
func (r *Relay) Wake() {
	select {
	case r.wake <- struct{}{}:
	default: // Run has not yet taken the token before, so it reads the outbox after this
	}
}

// Nudged is Wake for this relay if it has the lease, and nothing otherwise: those without it, woken by each other, would nudge for ever.
func (r *Relay) Nudged() {
	if r.leading.Load() {
		r.Wake()
	}
}

// Count returns how many events this relay has published; one that another relay has published as well counts in both.
func (r *Relay) Count() int64 { return r.count.Load() }

// Run publishes until ctx is done. It can run once; what it started has ended when it returns.
func (r *Relay) Run(ctx context.Context) error {
	if r.running.Swap(true) {
		return errors.New("the relay has already run")
	}
	tick := time.NewTicker(r.opts.Tick)
	defer tick.Stop()
	defer r.resign(ctx)
	due := true // there may be something from before
	for ctx.Err() == nil {
		if due {
			if !r.lead(ctx) {
				if help, more := r.stepAside(ctx); !help {
					due = more
					continue
				}
			}
			due = r.turn(ctx)
			continue
		}
		select {
		case <-ctx.Done():
		case <-r.wake:
			due = true
		case <-tick.C:
			due = r.lead(ctx)
		}
	}
	return nil
}

// turn publishes a batch and says whether to go on with the next one at once. When nothing at all could be done it waits first, longer each time.
func (r *Relay) turn(ctx context.Context) (again bool) {
	select {
	case <-r.wake: // what it stands for is read now
	default:
	}
	published, full, err := r.pass(ctx)
	switch {
	case ctx.Err() != nil:
		return false
	case err == nil:
		if r.failing {
			r.opts.Logger.Info("events are published again")
		}
		r.failing = false
		r.pause.Reset()
		return full
	case !r.failing:
		level := slog.LevelWarn
		// of that others warn, once for all
		if store.Away(err) || chat.AsError(err).Code == chat.CodeUnavailable {
			level = slog.LevelInfo
		}
		r.opts.Logger.Log(ctx, level, "cannot publish all events; trying again", "held", r.held, "error", err)
		r.failing = true
	}
	if published > 0 { // some feeds fail: the others go on as ever, and these are tried again with them
		r.pause.Reset()
		return full
	}
	sleep(ctx, r.pause.NextBackOff())
	return true
}

// stepAside leaves it for a time to the relay with the lease to do what is to be done. help says that it has not done so, or that one cannot know;
// more, that there is something to be done.
func (r *Relay) stepAside(ctx context.Context) (help, more bool) {
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

// first returns the Seq of the first event in the outbox, 0 if there is none.
func (r *Relay) first(ctx context.Context) (int64, error) {
	events, err := r.read(ctx, 1)
	if err != nil || len(events) == 0 {
		return 0, err
	}
	return events[0].Seq, nil
}

// nudge nudges the relay with the lease for a time whenever there is more. Somebody who writes all the time must not make a nudge of each message, so
// there are about ten in that time.
func (r *Relay) nudge(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, r.opts.Grace)
	defer cancel()
	for ctx.Err() == nil {
		r.opts.Nudge(ctx)
		sleep(ctx, r.opts.Grace/10)
		select {
		case <-ctx.Done():
		case <-r.wake: // what it stands for is read afterwards
		}
	}
}

// lead says whether the lease is ours. It asks for it, or prolongs it, when the last time is long enough ago.
func (r *Relay) lead(ctx context.Context) bool {
	every := r.opts.Tick / 2 // less than a tick, since ticks do not come evenly
	if r.leading.Load() {
		every = r.opts.Lease / 3
	}
	now := time.Now()
	if now.Sub(r.asked) < every {
		return r.leading.Load()
	}
	r.asked = now
	ctx, cancel := context.WithTimeout(ctx, r.opts.Timeout)
	defer cancel()
	ok, err := r.opts.Store.TryLock(ctx, lockName, r.opts.Lease)
	if err != nil {
		r.opts.Logger.Debug("cannot ask for the lease of the relay", "error", err)
	}
	if ok != r.leading.Swap(ok) {
		r.opts.Logger.Debug("the lease of the relay", "ours", ok)
	}
	return ok
}

// resign gives the lease back, so that another one works at once.
func (r *Relay) resign(ctx context.Context) {
	if !r.leading.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	if err := r.opts.Store.Unlock(ctx, lockName); err != nil {
		r.opts.Logger.Debug("cannot give back the lease of the relay", "error", err)
	}
}

// sleep waits, but not longer than ctx.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
