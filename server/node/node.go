// Package node builds the parts of a server, starts them and stops them. main and the tests use the same.
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

	"github.com/alicebob/miniredis/v2"

	"livechat/server/api"
	"livechat/server/bus"
	"livechat/server/chat"
	"livechat/server/cluster"
	"livechat/server/config"
	"livechat/server/fanout"
	"livechat/server/metrics"
	"livechat/server/presence"
	"livechat/server/room"
	"livechat/server/session"
	"livechat/server/store"
	"livechat/server/web"
	"livechat/static"
)

// Node is one server.
type Node struct {
	// Set by Start.
	cfg          config.Config
	log          *slog.Logger
	id           string               // names this process among all that ever were
	embedded     *miniredis.Miniredis // nil when there is a real Redis
	bus          *bus.Bus
	rooms        *room.Registry
	feeds        *room.Registry
	fan          *fanout.Fan
	presence     *presence.Presence
	metrics      *metrics.Set
	monitor      monitor
	passes       cluster.Passes
	cluster      *cluster.Hub
	sessions     *session.Server
	past         *store.Store // the archive, to be read; nil: this server has none
	services     services
	databaseLock io.Closer // nil: there is nothing to lock
	names        names
	listener     net.Listener
	http         *web.Server
	failed       chan error
	stop         context.CancelFunc // ends the loops; the fan-out's ends last
	stopFan      context.CancelFunc
	loops        sync.WaitGroup
	fanLoop      sync.WaitGroup

	// What /readyz tells.
	ready    atomic.Bool
	draining atomic.Bool
	redisUp  atomic.Bool
}

const (
	// feedRing is how many events of a user's feed are in memory; who lacks more gets them from the stream. Users are many.
	feedRing = 256
	// maxFeeds is the most users whose feeds are heard on one server.
	maxFeeds = 100_000
	// revokeEvery is how often a server asks which users were logged out, while it has feeds.
	revokeEvery = 400 * time.Millisecond
	// bodyTimeout is how long a client may take to send the body of a request,
	// and answerTimeout how long a handler may take before it begins to answer:
	// longer than requests to the API, which end by themselves.
	bodyTimeout   = 10 * time.Second
	answerTimeout = 15 * time.Second
	// settleName is how long who registers has to come in under his name, before guests under it have to leave: he may be one of them.
	settleName = 3 * time.Second
)

// Start builds a node and sets it going. When it returns without an error the address is taken and answers; the node becomes ready as
// soon as Redis does. The caller ends it by Shutdown.
func Start(cfg config.Config, log *slog.Logger, version string) (*Node, error) {
	n := &Node{cfg: cfg, log: slog.New(api.LogHandler(log.Handler())).With("app", cfg.Server.App), id: newID(), metrics: metrics.NewSet(), failed: make(chan error, 1)}
	if err := n.build(version); err != nil {
		n.closeParts()
		return nil, err
	}
	n.run()
	n.log.Info("listening", "addr", n.Addr(), "redis", n.redisName(), "channel", cfg.Redis.Channel, "metrics", n.MetricsAddr(), "version", version)
	if n.embedded != nil {
		n.log.Info("this is a server on its own: Redis is inside the process, and of what is said the archive alone stays")
	}
	return n, nil
}

// build makes the parts, from the bottom upwards.
func (n *Node) build(version string) (err error) {
	if n.listener, err = net.Listen("tcp", n.cfg.Server.Addr); err != nil {
		return fmt.Errorf("ADDR=%s: listen: %w", n.cfg.Server.Addr, err)
	}
	n.monitor = openMonitor(n.cfg.Metrics.Addr, n.metrics, n.log)
	url := n.cfg.Redis.URL
	if url == "" {
		if n.embedded, url, err = startEmbedded(); err != nil {
			return fmt.Errorf("start the embedded Redis: %w", err)
		}
	}
	n.bus, err = bus.Open(bus.Options{
		URL: url, Name: n.id, Channel: n.cfg.Redis.Channel, HistoryLength: n.cfg.Room.HistoryLength, IDTTL: n.cfg.Redis.IDTTL,
		RoomTTL: n.cfg.Room.RoomTTL, FeedTTL: n.cfg.Room.FeedTTL,
		PublishTimeout: n.cfg.Redis.PublishTimeout, FeedTimeout: n.cfg.Redis.FeedTimeout, Archived: n.archived, Log: n.log, Metrics: n.metrics,
	})
	if err != nil {
		return fmt.Errorf("REDIS_URL: %w", err)
	}
	if err := n.checkRights(); err != nil {
		return fmt.Errorf("REDIS_URL: %w", err)
	}
	n.names.bus = n.bus
	n.names.api = func() bool { return n.cfg.Server.Role != config.RoleWS || hasAPI(n.presence.Nodes()) }
	s := n.cfg.Session
	n.fan = fanout.New(fanout.Options{
		FlushInterval: s.FlushInterval, WriteTimeout: s.WriteTimeout, PingInterval: s.PingInterval, PongTimeout: s.PongTimeout,
		SendBuffer: s.SendBuffer, Logger: n.log, Metrics: n.metrics, Passed: n.passes.Add,
	})
	if err := n.openDatabase(); err != nil {
		return err
	}
	rooms := room.Options{
		RingSize: n.cfg.Room.RingSize, MaxRooms: n.cfg.Room.MaxRooms, Linger: n.cfg.Room.Linger,
		Log: logs{n.bus}, Archive: n.archive(), Feed: n.bus, Wake: n.fan.Wake, Logger: n.log, Metrics: n.metrics,
	}
	n.rooms = room.NewRegistry(rooms)
	rooms.RingSize, rooms.MaxRooms, rooms.Archive = min(feedRing, rooms.RingSize), maxFeeds, nil
	n.feeds = room.NewRegistry(rooms)
	n.presence = presence.New(presence.Options{
		Node: n.id, App: n.cfg.Server.App, Role: n.cfg.Server.Role, Interval: n.cfg.Presence.Interval, Expiry: n.cfg.Presence.Expiry,
		Send: n.bus.PublishSide, SendTo: n.bus.PublishSideTo, Emit: n.emitPresence, EmitTyping: n.emitTyping, Logger: n.log,
	})
	n.cluster = cluster.New(cluster.Options{
		Node: n.id, App: n.cfg.Server.App, Version: version, Embedded: n.embedded != nil,
		Figures: n.figures, Send: n.bus.PublishSide, Logger: n.log,
	})
	l := n.cfg.Limits
	n.sessions = session.New(session.Options{
		App: n.cfg.Server.App, AllowedOrigins: n.cfg.Server.AllowedOrigins, MaxConnections: l.MaxConnections, MaxFrame: l.MaxFrame,
		MaxText: l.MaxText, MessageRate: l.MessageRate, MessageBurst: l.MessageBurst, ClientAddr: web.ClientAddr(n.cfg.Server.TrustedProxies.Prefixes()),
		Rooms: n.rooms, Fan: n.fan, Publisher: publisher{n.bus}, Presence: people{n.presence}, Watch: n.cluster.Watch, Logger: n.log, Metrics: n.metrics,
		Users: n.userOptions(),
	})
	if err := n.buildServices(); err != nil {
		return err
	}
	deps := web.Deps{API: n.services.handler, Static: static.Files, Ready: n.readiness, Online: n.online, App: n.cfg.Server.App, Version: version, Log: n.log}
	deps.Room, deps.Watch, deps.Feed = n.sockets()
	handler, err := web.New(deps)
	if err != nil {
		return err
	}
	_, requests := config.ShareFiles(config.OpenFiles())
	n.http = web.NewServer(handler, web.Timeouts{
		Header: n.cfg.Server.HeaderTimeout, Body: bodyTimeout, Answer: answerTimeout, Write: s.WriteTimeout, Idle: time.Minute,
	}, requests, n.log)
	n.gauges()
	return nil
}

// run starts the loops.
func (n *Node) run() {
	var ctx, fanCtx context.Context
	ctx, n.stop = context.WithCancel(context.Background())
	fanCtx, n.stopFan = context.WithCancel(context.Background())
	n.fanLoop.Go(func() { n.fan.Run(fanCtx) })
	n.loops.Go(func() {
		if err := n.bus.Run(ctx, feed{n}); err != nil && ctx.Err() == nil {
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
	n.loops.Go(func() { n.sessions.RunUsers(ctx) })
	n.runServices(ctx)
	if n.cfg.Server.Role != config.RoleAPI { // it is no server as the cluster's page means it
		n.loops.Go(func() { n.cluster.Run(ctx) })
	}
	n.loops.Go(func() { n.watch(ctx) })
	n.loops.Go(func() { n.openDefaultRoom(ctx) })
	n.loops.Go(func() {
		if err := n.monitor.serve(); err != nil {
			n.fail(err)
		}
	})
	if n.embedded != nil {
		n.loops.Go(func() { n.ageEmbedded(ctx) })
	}
	n.loops.Go(func() {
		if err := n.http.Serve(n.listener); err != nil {
			n.fail(fmt.Errorf("serve: %w", err))
		}
	})
}

// openDefaultRoom opens the room that everybody comes to, and keeps it open. The node is ready when it is. The API hears no rooms: it is ready when
// Redis answers.
func (n *Node) openDefaultRoom(ctx context.Context) {
	n.waitForArchive(ctx)
	if n.cfg.Server.Role == config.RoleAPI {
		n.waitForRedis(ctx)
	} else if _, err := n.rooms.Acquire(ctx, chat.DefaultRoom); err != nil {
		return // ctx is done
	}
	if ctx.Err() == nil {
		n.ready.Store(true)
		n.log.Info("ready")
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

// Failed delivers the error of a part without which the node cannot go on. The caller then shuts it down.
func (n *Node) Failed() <-chan error { return n.failed }

// Addr returns the address that the node listens on.
func (n *Node) Addr() string { return n.listener.Addr().String() }

// Shutdown drains the node and stops it: /readyz answers 404, after a while the connections are closed one by one, then
// everything ends. When ctx is done before that, it ends at once.
func (n *Node) Shutdown(ctx context.Context) error {
	n.draining.Store(true)
	n.presence.SetAway(true)
	delay, period := n.cfg.Drain.Delay, n.cfg.Drain.Period
	if n.embedded != nil {
		delay, period = 0, 0 // there is no other server that could take the clients
	}
	n.log.Info("draining", "connections", n.sessions.Count(), "delay", delay, "period", period)
	select {
	case <-time.After(delay):
	case <-ctx.Done():
	}
	n.sessions.Drain(ctx, period)
	err := n.http.Shutdown(ctx)
	if err != nil {
		err = fmt.Errorf("stop the HTTP server: %w", err)
	}
	n.stop()
	n.monitor.close()
	n.loops.Wait()
	n.stopFan()
	n.fanLoop.Wait()
	n.closeParts()
	n.log.Info("stopped")
	return err
}

// closeParts closes what build has opened.
func (n *Node) closeParts() {
	if n.listener != nil {
		_ = n.listener.Close() // the HTTP server may have done so
	}
	n.monitor.close()
	n.closeDatabase()
	if n.bus != nil {
		if err := n.bus.Close(); err != nil {
			n.log.Debug("close the bus", "error", err)
		}
	}
	if n.embedded != nil {
		n.embedded.Close()
	}
}
