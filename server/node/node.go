// Package node builds the parts of a server, starts them and stops them. main
// and the tests use it alike.
package node

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"livechat/server/api"
	"livechat/server/auth"
	"livechat/server/bus"
	"livechat/server/chat"
	"livechat/server/cluster"
	"livechat/server/config"
	"livechat/server/connections"
	"livechat/server/embedded"
	"livechat/server/fanout"
	"livechat/server/metrics"
	"livechat/server/moderation"
	"livechat/server/presence"
	"livechat/server/private"
	"livechat/server/room"
	"livechat/server/socket"
	"livechat/server/store"
	"livechat/server/web"
)

// Node is one server.
type Node struct {
	// Set by Start.
	cfg           config.Config
	logger        *slog.Logger
	id            string          // unique among all processes, past ones included
	embedded      *embedded.Redis // nil: a Redis outside the process is used
	bus           *bus.Bus
	auth          *auth.Client
	rooms         *room.Registry
	feeds         *room.Registry
	fan           *fanout.Fan
	presence      *presence.Presence
	metrics       *metrics.Set
	monitor       *metrics.Monitor // nil: it is off
	passes        cluster.Passes
	cluster       *cluster.Hub
	sockets       *socket.Server
	connections   *connections.Hub
	database      *store.Store // nil: this server has no database
	services      services
	databaseLock  io.Closer // nil: no database file is locked
	names         *auth.Reserved
	ruled         *moderation.Watch
	privateGossip *private.Gossip
	listener      net.Listener
	http          *web.Server
	failed        chan error
	stop          context.CancelFunc // ends all loops but the fan-out's
	stopFan       context.CancelFunc
	loops         sync.WaitGroup
	fanLoop       sync.WaitGroup

	// Read by /readyz.
	ready    atomic.Bool
	draining atomic.Bool
	redisUp  atomic.Bool
}

const (
	// feedRing is the number of a feed's events kept in memory. There may be
	// many feeds, so it is small; a client that missed more gets them from
	// Redis.
	feedRing = 256
	// maxFeeds bounds the feeds that one server subscribes to.
	maxFeeds = 100_000
	// revokeEvery is the interval at which a server asks for revoked sessions
	// while it has sockets of accounts.
	revokeEvery = 400 * time.Millisecond
	// bodyTimeout bounds the time a client takes to send the body of a request,
	// and answerTimeout the time until a handler starts its answer. It exceeds
	// the time limits of the API's own handlers.
	bodyTimeout   = 10 * time.Second
	answerTimeout = 15 * time.Second
	// registrationGrace is the grace period after a registration before guests
	// using that name are disconnected (the new owner may be one of them).
	registrationGrace = 3 * time.Second
)

// Start builds a node and starts it. When it returns without an error, the
// address is bound and answers. The node becomes ready once Redis is connected.
// The caller ends it with Shutdown.
func Start(cfg config.Config, logger *slog.Logger, version string) (*Node, error) {
	n := &Node{
		cfg: cfg, logger: slog.New(api.LogHandler(logger.Handler())).With("app", cfg.Server.App),
		id: newID(), metrics: metrics.NewSet(), failed: make(chan error, 1),
	}
	if err := n.build(version); err != nil {
		n.closeParts()
		return nil, err
	}
	n.run()
	n.logger.Info("server: listening", "addr", n.Addr(), "redis", n.redisName(), "channel", cfg.Redis.Channel,
		"metrics", n.MetricsAddr(), "version", version)
	return n, nil
}

// run starts the loops.
func (n *Node) run() {
	var ctx, fanCtx context.Context
	ctx, n.stop = context.WithCancel(context.Background())
	fanCtx, n.stopFan = context.WithCancel(context.Background())
	n.fanLoop.Go(func() { n.fan.Run(fanCtx) })
	n.loops.Go(func() {
		if err := n.bus.Run(ctx, subscriber{n}, repairSource{n}); err != nil && ctx.Err() == nil {
			n.fail(fmt.Errorf("run the bus: %w", err))
		}
	})
	n.loops.Go(func() {
		if err := n.presence.Run(ctx); err != nil && ctx.Err() == nil {
			n.fail(fmt.Errorf("run presence: %w", err))
		}
	})
	n.loops.Go(func() { n.rooms.Run(ctx) })
	n.loops.Go(func() { n.feeds.Run(ctx) })
	n.loops.Go(func() { n.sockets.RunUsers(ctx) })
	n.loops.Go(func() { n.ruled.Run(ctx) })
	n.loops.Go(func() { n.connections.Run(ctx) })
	n.runServices(ctx)
	if n.cfg.Server.Role != config.RoleAPI { // the cluster page shows servers with sockets only
		n.loops.Go(func() { n.cluster.Run(ctx) })
	}
	n.loops.Go(func() { n.watch(ctx) })
	n.loops.Go(func() { n.openDefaultRoom(ctx) })
	n.loops.Go(func() {
		if err := n.monitor.Serve(); err != nil {
			n.fail(err)
		}
	})
	if n.embedded != nil {
		n.loops.Go(func() { n.embedded.Run(ctx) })
	}
	n.loops.Go(func() {
		if err := n.http.Serve(n.listener); err != nil {
			n.fail(fmt.Errorf("serve: %w", err))
		}
	})
}

// openDefaultRoom opens the default room and keeps it open, and then marks the
// node ready. The API opens no rooms: it is ready when Redis is connected.
func (n *Node) openDefaultRoom(ctx context.Context) {
	n.waitForArchive(ctx)
	if n.cfg.Server.Role == config.RoleAPI {
		n.waitForRedis(ctx)
	} else if _, err := n.rooms.Acquire(ctx, chat.DefaultRoom); err != nil {
		return // ctx is done
	}
	if ctx.Err() == nil {
		n.ready.Store(true)
		n.logger.Info("server: ready")
	}
}

func (n *Node) waitForRedis(ctx context.Context) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !n.redisUp.Load() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (n *Node) fail(err error) {
	select {
	case n.failed <- err:
	default:
	}
}

// Failed delivers the error of a part that the node cannot run without. The
// caller then shuts it down.
func (n *Node) Failed() <-chan error { return n.failed }

// Addr returns the address that the node listens on.
func (n *Node) Addr() string { return n.listener.Addr().String() }

// Shutdown drains the node and stops it: /readyz answers 404, after a delay the
// connections are closed one by one, then all loops end. When ctx is done, it
// skips the waiting.
func (n *Node) Shutdown(ctx context.Context) error {
	n.draining.Store(true)
	n.presence.SetUnavailable(true)
	delay, period := n.cfg.Drain.Delay, n.cfg.Drain.Period
	if n.embedded != nil {
		delay, period = 0, 0 // no other server could take the clients
	}
	n.logger.Info("server: draining", "connections", n.sockets.Count(), "delay", delay, "period", period)
	select {
	case <-time.After(delay):
	case <-ctx.Done():
	}
	n.sockets.Drain(ctx, period)
	err := n.http.Shutdown(ctx)
	if err != nil {
		err = fmt.Errorf("stop the HTTP server: %w", err)
	}
	n.rooms.SettleReactions(ctx)
	n.stop()
	n.monitor.Close()
	n.loops.Wait()
	n.stopFan()
	n.fanLoop.Wait()
	n.closeParts()
	n.logger.Info("server: stopped")
	return err
}
