// Package run carries a plan out: it connects the clients, sends the messages when they are due, accounts for each of them at every client, and
// returns what it measured.
package run

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"livechat/load/plan"
	"livechat/load/record"
)

// Watcher looks at the programs that are under load.
type Watcher interface {
	// Find looks which programs there are, now that clients are connected to them.
	Find()
	// Look returns what each has used since it was started.
	Look() map[string]Usage
	// Self returns that of this process.
	Self() Usage
}

// Usage is what a program has used.
type Usage struct {
	CPU    time.Duration
	Memory int64 // resident bytes, now
}

// Live is what can be told while it runs.
type Live struct {
	Phase  string        // what is going on, in a word
	Past   time.Duration // of the whole
	Whole  time.Duration
	Second record.Second // the last one
	Lost   int64         // so far, and not come since
	Other  int64         // doubled and reordered
}

// run is one run. What is not grouped is safe for all.
type run struct {
	// Set at construction.

	settings plan.Settings
	watcher  Watcher
	tell     func(Live)
	ids      ids
	meter    *meter
	gate     chan struct{} // handshakes at once
	rooms    []*room
	members  []*member
	began    time.Time

	// Set under mu before the first message is sent; who has to do with messages needs no lock.

	zero     time.Time // when the first one is due
	measured time.Time // messages due from then on are measured

	quiet chan struct{} // closed when no more are sent
	stop  chan struct{} // closed to end before the time
	once  sync.Once     // of stop
	cut   atomic.Int64  // when it was, Unix nanoseconds

	table   table[atomic.Int64] // by number: when the message was due, nanoseconds since began
	numbers atomic.Uint64
	heirs   sync.WaitGroup

	counts     counts
	sent       atomic.Int64
	acked      atomic.Int64
	owed       atomic.Int64 // deliveries there should have been of what was sent
	online     atomic.Int64
	breaks     atomic.Int64 // connections that ended
	reconnects atomic.Int64
	moved      atomic.Int64
	left       atomic.Int64
	failures   atomic.Int64

	mu        sync.Mutex
	onlineBy  map[string]int
	closedBy  map[string]int64
	refusedBy map[string]int64
	failure   error // the last one
	marks     []record.Mark
	knee      *record.Knee
	trouble   []string // of the scenario itself

	sampler sampler
}

// Do carries out a plan. tell is called about once a second, from one goroutine. The end of ctx ends the run early; what was measured until then is
// returned all the same. An error means that there was nothing to measure.
func Do(ctx context.Context, s plan.Settings, w Watcher, tell func(Live)) (*record.Run, error) {
	limit, err := probe(ctx, &s)
	if err != nil {
		return nil, explain(err)
	}
	publishers, advice := s.Speak(limit)
	r := build(s, w, tell, publishers)
	reading, leave := context.WithCancel(context.WithoutCancel(ctx))
	var readers sync.WaitGroup
	defer func() { leave(); readers.Wait(); r.heirs.Wait() }()

	ticking := r.ticks()
	defer ticking()
	if err := r.join(ctx, reading, &readers); err != nil {
		return nil, explain(err)
	}
	r.load(ctx, publishers)
	ticking()
	leave()
	readers.Wait()
	r.heirs.Wait()
	result := r.result(publishers, ctx.Err() == nil)
	if advice != "" && result.Totals.Refused["rate_limited"] > 0 {
		result.Advice = append(result.Advice, advice)
	}
	return result, nil
}

func build(s plan.Settings, w Watcher, tell func(Live), publishers int) *run {
	r := &run{settings: s, watcher: w, tell: tell, ids: newIDs(), meter: newMeter(), gate: make(chan struct{}, s.Handshakes), began: time.Now(),
		quiet: make(chan struct{}), stop: make(chan struct{}), onlineBy: make(map[string]int), closedBy: make(map[string]int64), refusedBy: make(map[string]int64)}
	for i := range s.Rooms {
		r.rooms = append(r.rooms, &room{name: s.Room(i)})
	}
	for i := range s.Clients {
		m := &member{run: r, index: i, room: r.rooms[i%s.Rooms], random: s.Random(i), again: make(chan struct{}, 1)}
		m.account = account{counts: &r.counts, room: m.room}
		r.members = append(r.members, m)
	}
	for i := range publishers {
		r.publisher(i, publishers).pending = make(map[uint64]struct{})
	}
	if s.Scenario.Slow {
		r.slowDown()
	}
	return r
}

func (r *run) publisher(i, n int) *member { return r.members[r.settings.Publisher(i, n)] }

// slowDown makes the asked-for part of the clients slow, publishers last.
func (r *run) slowDown() {
	share := r.settings.Slow / 100
	for i, m := range r.members {
		if int(float64(i+1)*share) > int(float64(i)*share) && m.pending == nil {
			m.slow, m.account.excused = true, true
		}
	}
}

// patience is how long nobody new may come while clients join.
const patience = 20 * time.Second

// join lets the clients come, one after the other over the ramp, and waits for all.
func (r *run) join(ctx, reading context.Context, readers *sync.WaitGroup) error {
	for i, m := range r.members {
		if d := time.Until(r.began.Add(r.settings.Ramp * time.Duration(i) / time.Duration(len(r.members)))); d > 0 {
			m.rest(ctx, d)
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
		if n < int64(len(r.members)) && time.Since(since) > patience {
			r.mu.Lock()
			defer r.mu.Unlock()
			return false, fmt.Errorf("%d of %d clients connected, and no more for %s; the last failure: %w", n, len(r.members), patience, orUnknown(r.failure))
		}
		return n == int64(len(r.members)), nil
	})
}

func orUnknown(err error) error {
	if err == nil {
		return errors.New("none, connections end by themselves")
	}
	return err
}

// poll asks ready every 20 ms, until it is, or fails, or ctx ends.
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

// load sends the messages and waits until they have come.
func (r *run) load(ctx context.Context, publishers int) {
	r.mu.Lock()
	r.zero = time.Now().Add(100 * time.Millisecond)
	r.measured = r.zero.Add(r.settings.Warmup)
	r.mu.Unlock()
	r.cut.Store(r.measured.Add(r.settings.For).UnixNano())
	r.watcher.Find()
	r.sampler.begin(r)
	r.mark("messages flow")

	publishing, silence := context.WithCancel(context.WithoutCancel(ctx))
	var all sync.WaitGroup
	defer all.Wait()
	defer silence()
	for i := range publishers {
		all.Go(func() { r.publish(publishing, r.publisher(i, publishers), r.settings.Dues(i, publishers)) })
	}
	acting, enough := context.WithCancel(ctx)
	defer enough()
	if act := r.settings.Scenario.Act; act != nil {
		all.Go(func() {
			if err := act(acting, &r.settings, &world{run: r}); err != nil && acting.Err() == nil {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.trouble = append(r.trouble, err.Error())
			}
		})
	}
	end := time.NewTimer(time.Until(r.ends()))
	defer end.Stop()
	select {
	case <-end.C:
	case <-r.stop:
	case <-ctx.Done():
		r.end()
	}
	close(r.quiet)
	r.mark("no more messages")
	r.settle(context.WithoutCancel(ctx))
	r.sampler.finish(r)
}

// end makes this the time at which no more messages are due.
func (r *run) end() {
	r.once.Do(func() {
		r.cut.Store(time.Now().UnixNano())
		close(r.stop)
	})
}

func (r *run) ends() time.Time { return time.Unix(0, r.cut.Load()) }

// settle waits until every message was answered and is everywhere, or until nothing has come for the time of -settle.
func (r *run) settle(ctx context.Context) {
	var came int64
	since := time.Now()
	_ = poll(ctx, func() (bool, error) { // its context does not end
		if now := r.meter.count() + r.acked.Load(); now != came {
			came, since = now, time.Now()
		}
		return r.settled() || time.Since(since) > r.settings.Settle, nil
	})
}

func (r *run) settled() bool {
	for _, m := range r.members {
		if m.pending != nil && (!m.done.Load() || len(m.unanswered()) > 0) {
			return false
		}
		log := m.log.Load()
		if log == nil || m.account.high.Load() < log.acked.Load() {
			return false
		}
	}
	return true
}

// due returns when a message was due.
func (r *run) due(number uint64, c *cursor[atomic.Int64]) time.Time {
	return r.began.Add(time.Duration(r.table.at(number, c).Load()))
}
