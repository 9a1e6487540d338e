// Package run executes a plan: it connects the clients, sends the messages when
// they are due, accounts for each message at every client, and returns the
// measurements.
package run

import (
	"context"
	"crypto/tls"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"livechat/client"
	"livechat/load/peer"
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
	// Histogram has the measured latencies of Second, in microseconds.
	Histogram *hdrhistogram.Histogram
	Lost      int64         // so far, without those that arrived later
	Other     int64         // duplicated and reordered
	Marks     []record.Mark // since the last call
	// Servers is the same as Histogram by APPID.
	Servers map[string]Histogram
	Began   time.Time // the 0 of seconds and marks
	Wanted  int64     // clients that should be connected
	// Totals is what has been counted so far, the warm-up included. What only
	// the end of a run can tell is 0.
	Totals record.Totals
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
	tls      *tls.Config   // of the settings
	rooms    []*room
	target   *peer.Target // nil: livechat
	streams  []*stream    // by publisher; only of another target than livechat
	members  []*member
	began    time.Time // the 0 of seconds and marks
	speakers []speaker // of this process

	publishers int  // of all processes
	led        bool // another process performs the scenario

	// Owned by the goroutine that runs join, load, settle and leave.

	reading context.Context    // of readers
	hangUp  context.CancelFunc // of reading; nil before join
	readers sync.WaitGroup
	waiting patience
	cut     map[*roomLog]uint64 // how far each log counts

	// Safe for concurrent use.

	start atomic.Pointer[start] // nil: the load has not begun
	quiet chan struct{}         // closed when no more messages are sent
	stop  chan struct{}         // closed to end early
	once  sync.Once             // of stop
	endAt atomic.Int64          // end of the schedule, Unix nanoseconds

	numbers    atomic.Uint64
	successors sync.WaitGroup

	uploads    *uploads
	acts       acts
	besides    *besides
	network    *slowNetwork // nil: all clients have that of this machine
	counts     counts
	slowCounts counts       // of slow readers, of another target than livechat
	missed     atomic.Int64 // by clients without a connection, likewise
	sent       atomic.Int64
	edits      atomic.Int64 // of those sent
	deletes    atomic.Int64 // of those sent
	reactions  atomic.Int64 // of those sent
	files      atomic.Int64 // of those sent
	acked      atomic.Int64
	expected   atomic.Int64 // expected deliveries of what was sent
	windowed   atomic.Int64 // of expected: up to the last window
	online     atomic.Int64
	wanted     atomic.Int64 // clients that should be connected
	elsewhere  atomic.Int64 // connected clients of other processes of the run
	breaks     atomic.Int64 // ended connections
	reconnects atomic.Int64
	moved      atomic.Int64
	left       atomic.Int64
	joined     atomic.Int64 // that were not there before
	cutOff     atomic.Int64 // ended connections of slow readers
	failures   atomic.Int64

	mu             sync.Mutex
	onlineBy       map[string]int
	emptied        map[string]bool // servers that have lost their last client
	did            []string        // by the scenario
	scale          *record.Scale   // of the scenario
	closedBy       map[string]int64
	refusedBy      map[string]int64
	uploadsBy      map[string]int64 // failed ones
	failure        error            // the last one
	marks          []record.Mark
	knee           *record.Knee
	scenarioErrors []string // of the scenario itself

	sampler sampler
}

// start is when the load starts.
type start struct {
	zero     time.Time // when the first message is due
	measured time.Time // messages due from here on are measured
}

// speaker is a client that publishes.
type speaker struct {
	*member
	number int // among the publishers
}

// startDelay is the time from when all are connected to the first message.
const startDelay = 100 * time.Millisecond

// Do executes a plan. It calls tell about once a second from one goroutine. If
// ctx ends, the run ends early and Do still returns the measurements. An error
// means that nothing was measured.
func Do(ctx context.Context, s plan.Settings, w Watcher, tell func(Live)) (*record.Run, error) {
	limit, err := Probe(ctx, &s)
	if err != nil {
		return nil, explain(err)
	}
	publishers, advice := s.ChoosePublishers(limit)
	r := build(s, w, tell, publishers)
	defer r.leave()
	ticking := r.ticks()
	defer ticking()
	if err := r.join(ctx); err != nil {
		return nil, explain(err)
	}
	r.load(ctx, context.WithoutCancel(ctx), time.Now().Add(startDelay))
	for range 2 { // summaries of reactions come up to a second after their acks
		r.settle(context.WithoutCancel(ctx), r.positions())
	}
	ticking()
	r.leave()
	o := r.outcome()
	return o.Record(&s, Summary{Began: r.began, Publishers: publishers, Seconds: r.sampler.seconds,
		Parts: r.sampler.programs.Names, Machine: Machine(), Complete: ctx.Err() == nil,
		Advice: advice, Limit: limit}), nil
}

// sharedLimits is the advice if connections keep their own limit.
const sharedLimits = "the servers limit what all clients send to one room or from one public address: " +
	"use more -rooms, or start them with ROOM_RATE=0 and ADDRESS_RATE=0"

// build returns a run of the settings' share of the clients.
func build(s plan.Settings, w Watcher, tell func(Live), publishers int) *run {
	r := &run{settings: s, watcher: w, progress: tell, ids: ids{NewRunID()}, meter: newMeter(),
		publishers: publishers, cut: make(map[*roomLog]uint64),
		network: newSlowNetwork(&s),
		tls:     s.TLS(), gate: make(chan struct{}, s.Handshakes), began: time.Now(),
		quiet: make(chan struct{}), stop: make(chan struct{}), onlineBy: make(map[string]int),
		emptied:  make(map[string]bool),
		closedBy: make(map[string]int64), refusedBy: make(map[string]int64),
		uploadsBy: make(map[string]int64)}
	r.uploads, r.besides = newUploads(&s, r.network), newBesides(&s, r.network)
	for i, size := range r.settings.RoomSizes() {
		r.rooms = append(r.rooms, &room{name: s.RoomNamed(i), share: float64(size) / float64(s.Clients)})
	}
	first, clients := s.Own()
	for i := first; i < first+clients; i++ {
		m := &member{run: r, index: i, room: r.rooms[r.settings.RoomOf(i)], random: s.Random(i),
			reconnected: make(chan struct{}, 1)}
		if s.Mix.Changes() {
			m.key = client.NewGuestKey()
		}
		m.account = account{counts: &r.counts, room: m.room}
		if r.network != nil && s.Network.Has(i) {
			r.network.clients++
			m.network, m.account.excused = r.network, true
		}
		m.room.clients++
		r.members = append(r.members, m)
	}
	for i := range publishers {
		if c := s.Publisher(i, publishers) - first; c >= 0 && c < clients {
			m := r.members[c]
			m.pending = make(map[uint64]change)
			r.speakers = append(r.speakers, speaker{m, i})
		}
	}
	if s.Scenario.Slow {
		r.slowDown()
	}
	if s.Target != "" {
		r.aim(publishers)
	}
	return r
}

// slowDown makes the configured share of the clients slow, except publishers.
func (r *run) slowDown() {
	for _, m := range r.members {
		if r.settings.IsSlow(m.index) && m.pending == nil {
			m.slow, m.account.excused = true, true
		}
	}
}

// load sends the messages until they are answered, or until nothing has arrived
// for the time of -settle. If ctx ends, the schedule does. patience ends the
// wait for answers as well.
func (r *run) load(ctx, patience context.Context, zero time.Time) {
	measured := zero.Add(r.settings.Warmup)
	due := measured.Add(r.settings.For)
	r.endAt.Store(due.UnixNano())
	if r.lasts() {
		r.endAt.Store(math.MaxInt64) // awaitEnd decides
	}
	r.start.Store(&start{zero, measured})
	r.watcher.Find()
	r.sampler.begin(r, zero)
	r.mark("messages begin")

	publishing, silence := context.WithCancel(context.WithoutCancel(ctx))
	var all sync.WaitGroup
	defer r.uploads.wait()
	defer r.besides.doing.Wait()
	defer all.Wait()
	defer silence()
	for _, one := range r.speakers {
		all.Go(func() {
			r.publish(publishing, one.member, r.settings.DueTimes(one.number, r.publishers))
		})
	}
	if len(r.settings.Stages) > 0 {
		all.Go(func() { r.follow(measured) })
	}
	acting, enough := context.WithCancel(ctx)
	defer enough()
	acted := make(chan struct{})
	if act := r.settings.Scenario.Act; r.led {
		// the coordinator acts, and ends a scenario that lasts
	} else if act == nil {
		close(acted)
	} else {
		all.Go(func() {
			defer close(acted)
			err := act(acting, &r.settings, NewWorld(r, r.began, measured))
			if err != nil && acting.Err() == nil {
				r.scenarioFailed(err)
				r.end() // what follows would say nothing
			}
		})
	}
	var commands []plan.Command
	if !r.led {
		commands = r.settings.Commands
	}
	undo := Commands(ctx, commands, r, r.began, measured, r.scenarioFailed)
	r.awaitEnd(ctx, due, acted)
	close(r.quiet)
	r.mark("messages end")
	r.network.ease()
	undo() // before the wait for answers, which may need it
	r.await(patience, r.allAnswered)
}
