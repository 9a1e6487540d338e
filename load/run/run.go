// Package run executes a plan: it connects the clients, sends the messages when
// they are due, accounts for each message at every client, and returns the
// measurements.
package run

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"livechat/client"
	"livechat/load/plan"
	"livechat/load/record"
)

// Watcher watches the programs under load.
type Watcher interface {
	// Find looks for programs. It is called while clients are connected.
	Find()
	// Look returns what each program has used since it started.
	Look() map[string]Usage
	// Self returns the same for this process.
	Self() Usage
}

// Usage is what a program has used.
type Usage struct {
	CPU    time.Duration
	Memory int64 // resident bytes, now
}

// Live is the progress of a run.
type Live struct {
	Phase  string        // one word
	Past   time.Duration // of Whole
	Whole  time.Duration
	Second record.Second // the last one
	Lost   int64         // so far, without those that arrived later
	Other  int64         // duplicated and reordered
}

// run is one run. Fields without a heading are safe for concurrent use.
type run struct {
	// Set at construction.

	settings plan.Settings
	watcher  Watcher
	progress func(Live)
	ids      ids
	meter    *meter
	gate     chan struct{} // limits concurrent handshakes
	rooms    []*room
	members  []*member
	began    time.Time

	// Set under mu before the first message is sent. Code that handles messages
	// needs no lock.

	zero     time.Time // when the first message is due
	measured time.Time // messages due from here on are measured

	quiet chan struct{} // closed when no more messages are sent
	stop  chan struct{} // closed to end early
	once  sync.Once     // of stop
	endAt atomic.Int64  // end of the schedule, Unix nanoseconds

	table      table[atomic.Int64] // by number: when the message was due, in ns since began
	numbers    atomic.Uint64
	successors sync.WaitGroup

	uploads    *uploads
	counts     counts
	sent       atomic.Int64
	edits      atomic.Int64 // of those sent
	deletes    atomic.Int64 // of those sent
	reactions  atomic.Int64 // of those sent
	files      atomic.Int64 // of those sent
	acked      atomic.Int64
	expected   atomic.Int64 // expected deliveries of what was sent
	online     atomic.Int64
	breaks     atomic.Int64 // ended connections
	reconnects atomic.Int64
	moved      atomic.Int64
	left       atomic.Int64
	failures   atomic.Int64

	mu             sync.Mutex
	onlineBy       map[string]int
	closedBy       map[string]int64
	refusedBy      map[string]int64
	uploadsBy      map[string]int64 // failed ones
	failure        error            // the last one
	marks          []record.Mark
	knee           *record.Knee
	scenarioErrors []string // of the scenario itself

	sampler sampler
}

// Do executes a plan. It calls tell about once a second from one goroutine. If
// ctx ends, the run ends early and Do still returns the measurements. An error
// means that nothing was measured.
func Do(ctx context.Context, s plan.Settings, w Watcher, tell func(Live)) (*record.Run, error) {
	limit, err := probe(ctx, &s)
	if err != nil {
		return nil, explain(err)
	}
	publishers, advice := s.ChoosePublishers(limit)
	r := build(s, w, tell, publishers)
	reading, leave := context.WithCancel(context.WithoutCancel(ctx))
	var readers sync.WaitGroup
	defer func() { leave(); readers.Wait(); r.successors.Wait() }()

	ticking := r.ticks()
	defer ticking()
	if err := r.join(ctx, reading, &readers); err != nil {
		return nil, explain(err)
	}
	r.load(ctx, publishers)
	ticking()
	leave()
	readers.Wait()
	r.successors.Wait()
	result := r.result(publishers, ctx.Err() == nil)
	if advice != "" && result.Totals.Refused["rate_limited"] > 0 {
		result.Advice = append(result.Advice, advice)
	}
	return result, nil
}

func build(s plan.Settings, w Watcher, tell func(Live), publishers int) *run {
	r := &run{settings: s, watcher: w, progress: tell, ids: newIDs(), meter: newMeter(),
		uploads: newUploads(s.FileSize),
		gate:    make(chan struct{}, s.Handshakes), began: time.Now(),
		quiet: make(chan struct{}), stop: make(chan struct{}), onlineBy: make(map[string]int),
		closedBy: make(map[string]int64), refusedBy: make(map[string]int64),
		uploadsBy: make(map[string]int64)}
	for i := range s.Rooms {
		r.rooms = append(r.rooms, &room{name: s.Room(i)})
	}
	for i := range s.Clients {
		m := &member{run: r, index: i, room: r.rooms[i%s.Rooms], random: s.Random(i),
			reconnected: make(chan struct{}, 1)}
		if s.Edits+s.Deletes+s.Reactions+s.WithFile > 0 {
			m.key = client.NewGuestKey()
		}
		m.account = account{counts: &r.counts, room: m.room}
		r.members = append(r.members, m)
	}
	for i := range publishers {
		r.publisher(i, publishers).pending = make(map[uint64]change)
	}
	if s.Scenario.Slow {
		r.slowDown()
	}
	return r
}

func (r *run) publisher(i, n int) *member { return r.members[r.settings.Publisher(i, n)] }

// slowDown makes the configured share of the clients slow, except publishers.
func (r *run) slowDown() {
	share := r.settings.Slow / 100
	for i, m := range r.members {
		if int(float64(i+1)*share) > int(float64(i)*share) && m.pending == nil {
			m.slow, m.account.excused = true, true
		}
	}
}

// load sends the messages and waits until they are delivered.
func (r *run) load(ctx context.Context, publishers int) {
	r.mu.Lock()
	r.zero = time.Now().Add(100 * time.Millisecond)
	r.measured = r.zero.Add(r.settings.Warmup)
	r.mu.Unlock()
	r.endAt.Store(r.measured.Add(r.settings.For).UnixNano())
	r.watcher.Find()
	r.sampler.begin(r)
	r.mark("messages begin")

	publishing, silence := context.WithCancel(context.WithoutCancel(ctx))
	var all sync.WaitGroup
	defer r.uploads.wait()
	defer all.Wait()
	defer silence()
	for i := range publishers {
		all.Go(func() {
			r.publish(publishing, r.publisher(i, publishers),
				r.settings.DueTimes(i, publishers))
		})
	}
	acting, enough := context.WithCancel(ctx)
	defer enough()
	if act := r.settings.Scenario.Act; act != nil {
		all.Go(func() {
			if err := act(acting, &r.settings, &world{run: r}); err != nil && acting.Err() == nil {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.scenarioErrors = append(r.scenarioErrors, err.Error())
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
	r.mark("messages end")
	r.awaitAcks(context.WithoutCancel(ctx))
	r.sampler.finish(r)
}

// end ends the schedule now.
func (r *run) end() {
	r.once.Do(func() {
		r.endAt.Store(time.Now().UnixNano())
		close(r.stop)
	})
}

func (r *run) ends() time.Time { return time.Unix(0, r.endAt.Load()) }

// awaitAcks waits until every message is answered and delivered, or until
// nothing has arrived for the time of -settle.
func (r *run) awaitAcks(ctx context.Context) {
	var came int64
	since := time.Now()
	_ = poll(ctx, func() (bool, error) { // never canceled
		if now := r.meter.count() + r.acked.Load(); now != came {
			came, since = now, time.Now()
		}
		return r.allDelivered() || time.Since(since) > r.settings.Settle, nil
	})
}

func (r *run) allDelivered() bool {
	for _, m := range r.members {
		if m.pending != nil && (!m.done.Load() || len(m.unanswered()) > 0) {
			return false
		}
		log := m.log.Load()
		if log == nil || m.account.high.Load() < log.acked.Load() {
			return false
		}
	}
	return r.wrongReactions() == 0
}

// due returns when a message was due.
func (r *run) due(number uint64, c *cursor[atomic.Int64]) time.Time {
	return r.began.Add(time.Duration(r.table.at(number, c).Load()))
}
