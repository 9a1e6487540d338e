// Package cluster shows the state of all servers live.
//
// A watcher has a socket at any of the servers. Now and then that server
// publishes on the gossip channel that it has watchers. Servers that received
// this lately publish their figures on the channel once a second, and the
// server with the watcher puts them together into frames. Without watchers
// nothing is published and nothing is computed.
//
// Messages:
//
//	{"type":"watch","node":"5f1c…"}
//	{"type":"figures","n":7,"node":"77ab…","app":"1000","state":"ready","connections":31,…}
//
// See wire.ClusterServer for the figures. Every server receives all figures,
// with or without watchers. So a watcher whose server dies sees on the next
// server that it did.
package cluster

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"livechat/server/wire"
)

const (
	period   = time.Second // interval between figures, and between frames
	patience = 2200 * time.Millisecond
	remember = time.Minute     // how long a server is shown after its figures stopped
	repeat   = 2 * time.Second // interval at which a server publishes that it has watchers
	interest = 5 * time.Second // how long figures are published after that
	gather   = 30 * time.Millisecond

	// maxWatchers is the number of sockets that may watch through one server.
	// Each costs one frame a second.
	maxWatchers = 100
)

// Sample is the state of this server at one moment.
type Sample struct {
	State       string // one of the first five states of wire.ClusterServer
	Connections int
	In          uint64        // messages accepted from clients since the start
	Out         uint64        // messages delivered to clients since the start
	P99         time.Duration // 99th percentile of the passes since the last Sample; 0 without any
}

// Figures takes a Sample. One goroutine calls it.
type Figures func() Sample

// Options of a Hub. All but Embedded are required.
type Options struct {
	Node, App, Version string
	Embedded           bool // Redis runs inside this process

	Figures Figures
	// Send publishes to all servers, this one included, at most once. One
	// goroutine calls it.
	Send   func(ctx context.Context, payload []byte) error
	Logger *slog.Logger
}

// Hub is the part of one server. All methods may be called from any goroutine.
type Hub struct {
	// Set at construction.
	opts    Options
	started time.Time
	publish chan struct{} // holds a token when publishing may have to start; never closed
	show    chan struct{} // holds a token when there may be news to show; never closed

	// Guarded by mu.
	mu       sync.Mutex
	watchers map[*watcher]struct{}
	asked    time.Time // when a watch message was received last
	servers  map[string]*server
	// when this server's own messages were received last; at first, when it
	// subscribed
	echo time.Time
	n    uint64    // number of its newest figures
	said time.Time // when those were sent
	trip time.Duration
}

// watcher is a watching socket of this server.
type watcher struct{ send func(frame []byte) }

// New returns a Hub, which works once Run is called.
func New(o Options) *Hub {
	return &Hub{
		opts: o, started: time.Now(), publish: make(chan struct{}, 1), show: make(chan struct{}, 1),
		watchers: make(map[*watcher]struct{}), servers: make(map[string]*server),
	}
}

// Run publishes figures and sends frames while there are watchers, until ctx
// ends.
func (h *Hub) Run(ctx context.Context) {
	var showing sync.WaitGroup
	showing.Go(func() { h.runShow(ctx) })
	h.runPublish(ctx)
	showing.Wait()
}

// Watch passes frames to send, which must not block, until leave is called. If
// there are too many watchers, ok is false and leave nil.
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
	if _, ok := h.servers[h.opts.Node]; ok { // otherwise the first figures arrive in a moment
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

// Watchers returns the number of watchers of this server.
func (h *Hub) Watchers() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.watchers)
}

// interestLocked records that there is a watcher. Reports from an earlier time
// with watchers are outdated.
func (h *Hub) interestLocked(now time.Time) {
	if !h.wantedLocked(now) {
		clear(h.servers)
		h.echo, h.trip = now, 0
	}
	h.asked = now
}

// wantedLocked reports whether this server or another one has watchers.
func (h *Hub) wantedLocked(now time.Time) bool {
	return len(h.watchers) > 0 || now.Sub(h.asked) < interest
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
