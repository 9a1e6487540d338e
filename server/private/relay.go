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

// Outbox is what Relay needs of the store.
type Outbox interface {
	// Outbox returns events to be published, by Seq. For each chat and user it
	// returns them from the first one on, without a gap.
	Outbox(ctx context.Context, limit int) ([]store.Event, error)
	// Published notes that events were published, and in which epoch of the
	// feed, by Seq. It ignores unknown ones.
	Published(ctx context.Context, epochs map[int64]string) error
	// Resend makes Outbox return published events of these users again.
	Resend(ctx context.Context, users []int64) error
	// ResendAll does the same for all users.
	ResendAll(ctx context.Context) error
	// ForgetPublished removes at most limit events that were first published
	// longer than age ago, and returns how many.
	ForgetPublished(ctx context.Context, age time.Duration, limit int) (int64, error)
	// TryLock acquires or extends the named lease. false means that another
	// holder has it, or that there was an error. Each open store is a holder.
	TryLock(ctx context.Context, name string, ttl time.Duration) (bool, error)
	// Unlock releases the lease. It does nothing if the store does not have it.
	Unlock(ctx context.Context, name string) error
}

var _ Outbox = (*store.Store)(nil)

// Publisher adds events to the logs of rooms. It is safe for concurrent use.
type Publisher interface {
	// PublishEvent returns the epoch of the room's log once the event is in it.
	// Repeated with the same id it changes nothing and is no error, whatever
	// else has changed. After an error the event may or may not be in the log.
	//
	// If epoch is not empty, and the log is in another one or has to be opened
	// first, the error is chat.ErrLogClosed.
	PublishEvent(ctx context.Context, room string, e chat.Message, epoch string) (now string, err error)
}

// RelayOptions configure a Relay. Store, Publisher and App are required.
type RelayOptions struct {
	Store     Outbox
	Publisher Publisher
	App       string       // APPID of this process
	Logger    *slog.Logger // default: none
	// Nudge makes the relays of all processes call Nudged, because the outbox
	// has events. It may get lost, and must return when ctx is done. Only Run
	// calls it. Default: nothing, and events written by a process without the
	// lease wait for Grace.
	Nudge func(ctx context.Context)

	Batch   int           // events read at once; default 200
	Lanes   int           // users published for concurrently; default 128
	Tick    time.Duration // how often the outbox is read without a wake-up; default 1s
	Timeout time.Duration // of one publication and one store query; default 10s
	Lease   time.Duration // until another relay replaces a dead leader; default 5s
	Grace   time.Duration // how long followers wait for the leader; default 50ms
}

// Relay publishes events from the outbox in the feeds.
//
// # Order
//
// It publishes the events of a user one after the other and stops at the first
// failure. It reads them from the first unpublished one on. So for each chat a
// feed always has a prefix of what happened there. That holds with several
// relays at once, and for a relay that was suspended and repeats old events:
// the log knows their ids and ignores them. If Redis has lost events since, the
// log is in another epoch than the event before was published in, and refuses
// the next one. Across the chats of one user the
// order is approximate, because a transaction may commit a little late.
//
// # Leadership
//
// Order does not need a leader, but it would be a waste if every process
// published everything. So only the holder of the lease publishes at once. A
// follower that is woken nudges it and waits for Grace. If the first event is
// still the same then, the follower publishes: the leader may have just died.
// If events come and go, it leaves them to the leader.
type Relay struct {
	// Set at construction.
	opts RelayOptions
	// Holds a token if the outbox may have new events since the last read;
	// never closed.
	wake chan struct{}

	running   atomic.Bool
	leading   atomic.Bool // the last attempt got the lease; written by Run
	published atomic.Int64
	doubts    *doubts
	// Until when feeds may be doubted without the lease, in Unix nanoseconds;
	// written by Run.
	doubtsUntil atomic.Int64

	// Owned by Run.
	lastTry    time.Time // last attempt to get the lease
	lastForget time.Time // when old events were last removed
	blocked    int       // events of the last batch that failed to publish
	failing    bool      // the last batch failed; logged once
	backoff    *backoff.ExponentialBackOff
}

// NewRelay returns a Relay.
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
	pause := &backoff.ExponentialBackOff{InitialInterval: 50 * time.Millisecond, Multiplier: 2,
		RandomizationFactor: 0.5, MaxInterval: 3 * time.Second}
	return &Relay{opts: o, wake: make(chan struct{}, 1), doubts: newDoubts(), backoff: pause}
}

func setDefault[T int | time.Duration](v *T, to T) {
	if *v <= 0 {
		*v = to
	}
}

// Wake tells the relay that events were committed to the outbox. It is safe for
// concurrent use and does not block.
func (r *Relay) Wake() {
	select {
	case r.wake <- struct{}{}:
	default: // Run has not taken the earlier token yet, so it reads the outbox after this
	}
}

// Nudged is Wake if this relay leads. Otherwise it does nothing: woken
// followers would nudge each other for ever.
func (r *Relay) Nudged() {
	if r.leading.Load() {
		r.Wake()
	}
}

// Count returns how many events this relay has published for the first time. An
// event that two relays published counts in both.
func (r *Relay) Count() int64 { return r.published.Load() }

// Leads reports whether this relay has the lease.
func (r *Relay) Leads() bool { return r.leading.Load() }

// Run publishes until ctx is done. It can run only once. When it returns,
// everything that it started has ended.
func (r *Relay) Run(ctx context.Context) error {
	if r.running.Swap(true) {
		return errors.New("the relay has already run")
	}
	tick := time.NewTicker(r.opts.Tick)
	defer tick.Stop()
	defer r.resign(ctx)
	due := true // there may be events from before the start
	for ctx.Err() == nil {
		r.forget(ctx)
		if due {
			if !r.tryLead(ctx) && !r.doubts.any() {
				if help, more := r.yieldToLeader(ctx); !help {
					due = more
					continue
				}
			}
			due = r.publishBatch(ctx)
			continue
		}
		select {
		case <-ctx.Done():
		case <-r.wake:
			due = true
		case <-tick.C:
			due = r.tryLead(ctx)
		}
	}
	return nil
}

// publishBatch publishes a batch and reports whether to go on at once. If
// nothing could be published it first waits, longer each time.
func (r *Relay) publishBatch(ctx context.Context) (again bool) {
	select {
	// The read below covers this wake-up.
	case <-r.wake:
	default:
	}
	published, full, err := r.pass(ctx)
	switch {
	case ctx.Err() != nil:
		return false
	case err == nil:
		if r.failing {
			r.opts.Logger.Info("relay: publishing again")
		}
		r.failing = false
		r.backoff.Reset()
		return full
	case !r.failing:
		level := slog.LevelWarn
		// Other components warn about these, once for all.
		if store.Unavailable(err) || chat.AsError(err).Code == chat.CodeUnavailable {
			level = slog.LevelInfo
		}
		r.opts.Logger.Log(ctx, level, "relay: cannot publish all events, retrying", "blocked", r.blocked,
			"error", err)
		r.failing = true
	}
	// Some feeds fail. The others go on, and these are retried along with them.
	if published > 0 {
		r.backoff.Reset()
		return full
	}
	sleep(ctx, r.backoff.NextBackOff())
	return true
}

// sleep waits for d or until ctx is done.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
