package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"livechat/server/auth"
	"livechat/server/bus"
	"livechat/server/cluster"
	"livechat/server/config"
	"livechat/server/connections"
	"livechat/server/embedded"
	"livechat/server/fanout"
	"livechat/server/limit"
	"livechat/server/presence"
	"livechat/server/room"
	"livechat/server/socket"
	"livechat/server/web"
	"livechat/static"
)

// build makes the parts, bottom up.
func (n *Node) build(version string) (err error) {
	// WebSockets are pinged and requests have deadlines, so that TCP's own probes
	// would find nothing; setting them costs four system calls a connection.
	listen := net.ListenConfig{KeepAlive: -1}
	if n.listener, err = listen.Listen(context.Background(), "tcp", n.cfg.Server.Addr); err != nil {
		return fmt.Errorf("ADDR=%s: %w", n.cfg.Server.Addr, err)
	}
	if addr := n.cfg.Metrics.Addr; addr != config.MetricsOff {
		n.monitor = n.metrics.Listen(addr, n.logger)
	}
	if err := n.openBus(); err != nil {
		return err
	}
	n.auth = auth.New(n.bus, n.cfg.Redis.Channel)
	n.names = auth.NewReserved(n.auth, func() bool {
		return n.cfg.Server.Role != config.RoleWS || hasAPI(n.presence.Nodes())
	})
	s := n.cfg.Socket
	n.fan = fanout.New(fanout.Options{
		FlushInterval: s.FlushInterval, WriteTimeout: s.WriteTimeout, PingInterval: s.PingInterval,
		PongTimeout: s.PongTimeout,
		SendBuffer:  s.SendBuffer, Logger: n.logger, Metrics: n.metrics, Passed: n.passes.Add,
	})
	if err := n.openDatabase(); err != nil {
		return err
	}
	n.buildRooms()
	n.buildPresence(version)
	n.buildRules()
	n.buildPrivateGossip()
	n.sockets = socket.New(n.socketOptions())
	n.buildConnections(version)
	if err := n.buildServices(); err != nil {
		return err
	}
	n.buildWeb(version)
	n.gauges()
	return nil
}

// openBus connects the bus, to the embedded Redis if there is no other one.
func (n *Node) openBus() (err error) {
	r := n.cfg.Redis
	if r.URL == "" {
		if n.embedded, err = embedded.Start(newID()); err != nil {
			return fmt.Errorf("start the embedded Redis: %w", err)
		}
		r.URL = n.embedded.URL()
	}
	n.bus, err = bus.Open(bus.Options{
		URL: r.URL, Name: n.id, Channel: r.Channel, HistoryLength: n.cfg.Room.HistoryLength,
		IDTTL: r.IDTTL, RoomTTL: n.cfg.Room.RoomTTL, FeedTTL: n.cfg.Room.FeedTTL,
		PublishTimeout: r.PublishTimeout, SubscriptionTimeout: r.SubscriptionTimeout,
		Archived: n.archived, Logger: n.logger, Metrics: n.metrics,
		Rules: n.loadRules, RulesNeeded: n.rulesNeeded, Words: n.wordOptions(),
		Commands: append(auth.Commands(r.Channel), connections.Commands(r.Channel)...),
	})
	if err == nil {
		err = n.checkRights()
	}
	if err != nil {
		return fmt.Errorf("REDIS_URL: %w", err)
	}
	return nil
}

// rightsTime bounds the check of the rights in Redis at startup.
const rightsTime = 2 * time.Second

// checkRights returns an error if the Redis user lacks a right. A Redis that
// does not answer is no error: it may come up later.
func (n *Node) checkRights() error {
	if n.embedded != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), rightsTime)
	defer cancel()
	err := n.bus.CheckRights(ctx)
	if errors.Is(err, bus.ErrNoRight) {
		return err
	}
	if err != nil {
		n.logger.Debug("redis: rights not checked", "error", err)
	}
	return nil
}

// buildRooms makes the rooms, and the feeds of users.
func (n *Node) buildRooms() {
	rooms := room.Options{
		RingSize: n.cfg.Room.RingSize, MaxRooms: n.cfg.Room.MaxRooms, Linger: n.cfg.Room.Linger,
		Log: n.bus, Archive: n.archive(), Reactions: n.bus.Reactions(), App: n.cfg.Server.App, Node: n.id,
		Gossip:        n.bus.PublishGossip,
		Subscriptions: n.bus, Wake: n.fan.Wake, Logger: n.logger, Metrics: n.metrics,
	}
	if n.cfg.Server.Role == config.RoleAPI { // it opens no rooms
		rooms.Reactions = nil
	}
	n.rooms = room.NewRegistry(rooms)
	rooms.RingSize, rooms.MaxRooms = min(feedRing, rooms.RingSize), maxFeeds
	rooms.Archive, rooms.Reactions = nil, nil
	n.feeds = room.NewRegistry(rooms)
}

// buildPresence makes what servers tell each other about who is where, and how
// they are.
func (n *Node) buildPresence(version string) {
	n.presence = presence.New(presence.Options{
		Node: n.id, App: n.cfg.Server.App, Role: n.cfg.Server.Role, Interval: n.cfg.Presence.Interval,
		Expiry: n.cfg.Presence.Expiry,
		Send:   n.bus.PublishGossip, SendTo: n.bus.PublishGossipTo, Emit: n.emitPresence,
		Encode: presenceFrame, EmitTyping: n.emitTyping, Logger: n.logger,
	})
	n.cluster = cluster.New(cluster.Options{
		Node: n.id, App: n.cfg.Server.App, Version: version, Embedded: n.embedded != nil,
		Figures: n.figures, Send: n.bus.PublishGossip, Logger: n.logger,
	})
}

func (n *Node) socketOptions() socket.Options {
	l := n.cfg.Limits
	return socket.Options{
		App: n.cfg.Server.App, AllowedOrigins: n.cfg.Server.AllowedOrigins,
		MaxConnections: l.MaxConnections, MaxFrame: l.MaxFrame,
		MaxText: l.MaxText, MessageRate: l.MessageRate, MessageBurst: l.MessageBurst,
		AddressRate: l.AddressRate, AddressBurst: l.AddressBurst, AddressKey: limit.PublicKey,
		RoomRate: l.RoomRate, RoomBurst: l.RoomBurst,
		NoEdits: l.EditWindow == config.WindowOff, EditWindow: max(0, time.Duration(l.EditWindow)),
		ClientAddr: web.ClientAddr(n.cfg.Server.TrustedProxies.Prefixes()),
		Rooms:      n.rooms, Fan: n.fan, Publisher: n.bus, Presence: n.presence,
		Watch: n.cluster.Watch, Logger: n.logger, Metrics: n.metrics,
		Users: n.userOptions(), Files: n.fileOptions(), Rules: n.ruleOptions(),
		Moderate: n.moderateOptions(),
	}
}

// buildWeb makes the server of HTTP.
func (n *Node) buildWeb(version string) {
	deps := web.Deps{
		API: n.services.handler, Static: static.Files, Ready: n.readyz, Online: n.online,
		App: n.cfg.Server.App, Version: version, Logger: n.logger,
		Kept: web.Kept{Seconds: int64(n.cfg.Archive.Age.Seconds()), Count: n.cfg.Archive.Count},
	}
	deps.Room, deps.Watch, deps.Feed = n.handshakes()
	_, requests := config.ShareFiles(config.OpenFiles())
	n.http = web.NewServer(web.New(deps), web.Timeouts{
		Header: n.cfg.Server.HeaderTimeout, Body: bodyTimeout, Answer: answerTimeout,
		Write: n.cfg.Socket.WriteTimeout, Idle: time.Minute,
	}, requests, n.logger)
}

// closeParts closes what build opened.
func (n *Node) closeParts() {
	if n.listener != nil {
		_ = n.listener.Close() // the HTTP server may have closed it
	}
	n.monitor.Close()
	n.closeFiles()
	n.closeDatabase()
	if n.bus != nil {
		if err := n.bus.Close(); err != nil {
			n.logger.Debug("redis: close failed", "error", err)
		}
	}
	if n.embedded != nil {
		n.embedded.Close()
	}
}
