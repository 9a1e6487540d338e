// Package cluster lets people watch how the servers are.
//
// Somebody who wants to see that has a socket at any of the servers. This server says once in a while, on the channel that all servers hear,
// that somebody is watching; each server that has heard so lately publishes its figures there once a second, and this one
// makes one frame of all of them. When nobody watches nothing is said and nothing is computed.
//
// What servers say:
//
//	{"type":"watch","node":"5f1c…"}
//	{"type":"figures","n":7,"node":"77ab…","app":"1000","state":"ready","connections":31,"rate_in":5.2,…}      see wire.ClusterServer
//
// Every server hears all figures, whether it has watchers or not. So somebody whose server dies sees on the next one that it did.
package cluster

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"livechat/server/wire"
)

const (
	period   = time.Second // between two figures, and two frames
	patience = 2200 * time.Millisecond
	remember = time.Minute     // how long a server that is not heard any more is shown
	repeat   = 2 * time.Second // between two times that a server says that it has watchers
	interest = 5 * time.Second // how long after the last such time the figures go on
	gather   = 30 * time.Millisecond

	// maxWatchers is how many sockets may watch through one server. Each costs a frame a second.
	maxWatchers = 100
)

// Sample is how this server is at a moment.
type Sample struct {
	State       string // of wire.ClusterServer, one of the first five
	Connections int
	In          uint64        // messages taken from clients since the start
	Out         uint64        // messages delivered to clients since the start
	P99         time.Duration // 99 of 100 passes since the last Sample took at most so long; 0 if there were none
}

// Figures takes a Sample. It is called by one goroutine.
type Figures func() Sample

// Options are what a Hub is made of. All but Embedded must be set.
type Options struct {
	Node, App, Version string
	Embedded           bool // Redis is inside this process

	Figures Figures
	// Send tells all servers, this one included, something at most once. It is called by one goroutine.
	Send   func(ctx context.Context, payload []byte) error
	Logger *slog.Logger
}

// Hub is one server's part in this. All methods may be called from any goroutine.
type Hub struct {
	// Set at construction.
	opts    Options
	started time.Time
	publish chan struct{} // holds a token when publishing may have to begin; never closed
	show    chan struct{} // holds a token when there may be something new to show; never closed

	// Guarded by mu.
	mu       sync.Mutex
	watchers map[*watcher]struct{}
	asked    time.Time // when somebody was last heard to watch
	servers  map[string]*server
	echo     time.Time // when it last heard itself; at first, when it began to listen
	n        uint64    // of its newest figures
	said     time.Time // when they were sent
	trip     time.Duration
}

// watcher is somebody who watches through this server.
type watcher struct{ send func(frame []byte) }

// New returns a Hub that works when Run is called.
func New(o Options) *Hub {
	return &Hub{
		opts: o, started: time.Now(), publish: make(chan struct{}, 1), show: make(chan struct{}, 1),
		watchers: make(map[*watcher]struct{}), servers: make(map[string]*server),
	}
}

// Run publishes and shows while somebody watches, until ctx is done.
func (h *Hub) Run(ctx context.Context) {
	var showing sync.WaitGroup
	showing.Go(func() { h.runShow(ctx) })
	h.runPublish(ctx)
	showing.Wait()
}

// Watch gives somebody frames by send, which must not block, until leave is called. ok is false, and leave nil, if there are too many already.
func (h *Hub) Watch(send func(frame []byte)) (leave func(), ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.watchers) >= maxWatchers {
		return nil, false
	}
	w := &watcher{send}
	now := time.Now()
	h.interestLocked(now)
	h.watchers[w] = struct{}{}
	if _, ok := h.servers[h.opts.Node]; ok { // else the first figures are there in a moment
		send(wire.Frame(h.frameLocked(now)))
	}
	wake(h.publish)
	wake(h.show)
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.watchers, w)
	}, true
}

// Watchers returns how many watch through this server.
func (h *Hub) Watchers() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.watchers)
}

// interestLocked notes that somebody watches. What is known from the last time that somebody did is not true any more.
func (h *Hub) interestLocked(now time.Time) {
	if !h.wantedLocked(now) {
		clear(h.servers)
		h.echo, h.trip = now, 0
	}
	h.asked = now
}

// wantedLocked says whether somebody watches, here or elsewhere.
func (h *Hub) wantedLocked(now time.Time) bool {
	return len(h.watchers) > 0 || now.Sub(h.asked) < interest
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
