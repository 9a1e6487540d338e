package node

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"livechat/server/account"
	"livechat/server/admin"
	"livechat/server/api"
	"livechat/server/archive"
	"livechat/server/auth"
	"livechat/server/chat"
	"livechat/server/config"
	"livechat/server/limit"
	"livechat/server/metrics"
	"livechat/server/moderation"
	"livechat/server/private"
	"livechat/server/rooms"
	"livechat/server/store"
	"livechat/server/web"
	"livechat/server/wire"
)

// services are the parts of an API server: accounts, private chats and
// the archive.
type services struct {
	store    *store.Store // nil: this server has no API
	accounts *account.Service
	revoker  *auth.Revoker
	relay    *private.Relay
	archiver *archive.Archiver
	rules    *moderation.Service
	desk     *moderation.Desk
	rooms    *rooms.Service
	files    fileServices
	watcher  *store.Watcher
	handler  http.Handler // nil: this server has no API
}

// buildServices makes the services of an API server.
func (n *Node) buildServices() (err error) {
	if n.cfg.Server.Role == config.RoleWS {
		return nil
	}
	if name := n.cfg.Admin.Name; name != "" {
		if err := admin.CheckName(name); err != nil {
			return fmt.Errorf("ADMIN=%s: %w", name, err)
		}
	}
	s := &n.services
	s.watcher = store.NewWatcher(s.store, n.logger)
	s.rules = moderation.New(moderation.Options{
		Store: s.store, Apply: n.bus.Rules().Set, Audit: moderation.Audit, Logger: n.logger,
	})
	s.desk = n.newDesk(s.store, s.rules)
	s.rooms = rooms.New(rooms.Options{
		Store: s.store, Apply: s.rules.Tell, Online: n.presence.Online,
		PerAccount: n.cfg.Room.PerAccount, Logger: n.logger,
	})
	s.accounts = account.New(account.Options{
		Store: s.store, Logger: n.logger,
		Register: limit.NewRate(n.cfg.Limits.RegisterRate, n.cfg.Limits.RegisterBurst),
	})
	s.revoker = auth.NewRevoker(n.auth, s.store, n.logger)
	s.relay = private.NewRelay(private.RelayOptions{
		Store: s.store, Publisher: n.bus, App: n.cfg.Server.App, Logger: n.logger,
		Nudge: n.privateGossip.Nudge,
	})
	if s.archiver, err = archive.New(archive.Options{
		Source: n.bus.Archive(), Store: s.store, MaxAge: n.cfg.Archive.Age, Logger: n.logger,
	}); err != nil {
		return err
	}
	if err := n.buildFiles(); err != nil {
		return err
	}
	s.handler = api.New(n.apiOptions())
	return nil
}

// privateChats returns what accounts can do in private chats.
func (n *Node) privateChats() *private.Service {
	l := n.cfg.Limits
	return private.New(private.Options{
		Store: n.services.store, MaxText: l.MaxText, Wake: n.services.relay.Wake,
		NoEdits: l.EditWindow == config.WindowOff, EditWindow: max(0, time.Duration(l.EditWindow)),
		Allow:       private.AllowPosts(limit.NewRate(l.PostRate, l.PostBurst), n.limited(metrics.OfAccount)),
		AllowChat:   private.AllowChats(l.ChatsHour, n.limited(metrics.OfChats)),
		AllowTyping: private.AllowTyping(), TellTyping: n.privateGossip.TellTyping,
	})
}

func (n *Node) apiOptions() api.Options {
	s, l := &n.services, n.cfg.Limits
	return api.Options{
		Accounts: accounts{s.accounts, n.auth, s.revoker},
		Chats:    countedChats{n.privateChats(), n.metrics}, Archive: s.store, Search: s.store, Rooms: s.rooms,
		Tickets: tickets{s.accounts, n.auth}, Logger: n.logger,
		Files:      countedFiles{s.files.Service, n.metrics},
		Moderation: s.desk,
		AllowWrite: api.AllowWrites(
			limit.NewRate(l.AddressRate, l.AddressBurst), n.limited(metrics.OfAddress)),
		Personal:       n.personalData(),
		MaxFile:        n.cfg.Files.MaxFile,
		StepTimeout:    n.cfg.Socket.WriteTimeout,
		AllowedOrigins: allOrigins(n.cfg.Server.AllowedOrigins),
		ClientAddr:     web.ClientAddr(n.cfg.Server.TrustedProxies.Prefixes()),
		Secure:         n.cfg.Server.SecureCookies,
		Observe:        n.observeRequest,
		Admin:          n.adminOptions(),
	}
}

// buildPrivateGossip makes what this server and others tell each other about
// private chats.
func (n *Node) buildPrivateGossip() {
	n.privateGossip = &private.Gossip{
		Publish: n.bus.PublishGossip, Typing: n.emitTypingInChat, Logger: n.logger,
		Nudged: func() {
			if r := n.services.relay; r != nil {
				r.Nudged()
			}
		},
	}
}

// allOrigins returns the origins without the star. The star allows every page
// to open a socket, but not to act for its user.
func allOrigins(origins []string) (some []string) {
	for _, o := range origins {
		if o != "*" {
			some = append(some, o)
		}
	}
	return some
}

// runServices starts the loops of the services.
func (n *Node) runServices(ctx context.Context) {
	if n.services.store == nil {
		return
	}
	n.loops.Go(func() {
		if err := n.services.relay.Run(ctx); err != nil && ctx.Err() == nil {
			n.fail(fmt.Errorf("run the relay: %w", err))
		}
	})
	n.loops.Go(func() {
		if err := n.services.accounts.Run(ctx); err != nil && ctx.Err() == nil {
			n.fail(fmt.Errorf("run accounts: %w", err))
		}
	})
	n.loops.Go(func() { n.services.watcher.Run(ctx) })
	n.loops.Go(func() { n.services.revoker.Run(ctx) })
	n.loops.Go(func() { n.services.rules.Run(ctx) })
	n.loops.Go(func() { n.services.desk.Run(ctx) })
	n.loops.Go(func() { n.services.rooms.Run(ctx) })
	n.loops.Go(func() { n.services.store.RunIndexer(ctx, n.logger) })
	n.loops.Go(func() {
		if err := n.services.files.Run(ctx); err != nil && ctx.Err() == nil {
			n.fail(fmt.Errorf("run files: %w", err))
		}
	})
	n.loops.Go(func() { n.eraser().Run(ctx) })
	n.loops.Go(func() {
		admin.Run(ctx, admin.Options{Store: n.services.store, Admin: n.cfg.Admin.Name,
			Age:    n.cfg.Admin.AuditAge,
			Logger: n.logger})
	})
	names := auth.NewAnnouncer(n.auth, n.services.store, n.logger)
	n.loops.Go(func() { names.Run(ctx) })
	n.loops.Go(func() {
		archive.Expire(ctx, n.services.store, n.cfg.Archive.Age, n.cfg.Archive.Count, n.logger)
	})
	n.loops.Go(func() {
		if err := n.services.archiver.Run(ctx); err != nil && ctx.Err() == nil {
			n.fail(fmt.Errorf("run the archive: %w", err))
		}
	})
}

// noSockets answers handshakes on a server without sockets.
var noSockets = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	wire.WriteProblem(w,
		chat.Errorf(chat.CodeNotFound, "this server only has the API; connect to a server with sockets"))
})

// handshakes returns the handlers of handshakes.
func (n *Node) handshakes() (room, watch, feed http.Handler) {
	if n.cfg.Server.Role == config.RoleAPI {
		return noSockets, noSockets, noSockets
	}
	return n.sockets, http.HandlerFunc(n.sockets.Watch), http.HandlerFunc(n.sockets.Feed)
}
