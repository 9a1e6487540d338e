package node

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"livechat/server/account"
	"livechat/server/api"
	"livechat/server/archive"
	"livechat/server/chat"
	"livechat/server/config"
	"livechat/server/private"
	"livechat/server/store"
	"livechat/server/web"
	"livechat/server/wire"
)

// services is what a server with the API has besides: accounts, private chats, and the archive.
type services struct {
	store    *store.Store // nil: this server has no API
	accounts *account.Service
	revoker  *revoker
	relay    *private.Relay
	archiver *archive.Archiver
	database link
	outbox   atomic.Pointer[outbox] // as last measured; nil: not yet
	handler  http.Handler           // nil: this server has no API
}

func (n *Node) buildServices() (err error) {
	if n.cfg.Server.Role == config.RoleWS {
		return nil
	}
	s := &n.services
	s.accounts = account.New(account.Options{
		Store: s.store, Logger: n.log, Register: account.NewLimit(n.cfg.Limits.RegisterRate, n.cfg.Limits.RegisterBurst),
	})
	s.revoker = &revoker{bus: n.bus, store: s.store, log: n.log}
	s.relay = private.NewRelay(private.RelayOptions{
		Store: s.store, Publisher: events{n.bus}, App: n.cfg.Server.App, Logger: n.log,
		Nudge: func(ctx context.Context) { _ = n.bus.PublishSide(ctx, nudge) }, // that it may get lost is foreseen
	})
	if s.archiver, err = archive.New(archive.Options{Source: n.bus.Archive(), Store: s.store, MaxAge: n.cfg.Archive.Age, Log: n.log}); err != nil {
		return err
	}
	chats := private.New(private.Options{Store: s.store, MaxText: n.cfg.Limits.MaxText, Allow: n.allowPosts(), Wake: s.relay.Wake})
	s.handler, err = api.New(api.Options{
		Accounts: accounts{s.accounts, n.bus, s.revoker}, Chats: countedChats{chats, n.metrics}, Archive: s.store, Search: s.store,
		Tickets: tickets{s.accounts, n.bus}, Log: n.log, AllowedOrigins: allOrigins(n.cfg.Server.AllowedOrigins),
		ClientAddr: web.ClientAddr(n.cfg.Server.TrustedProxies.Prefixes()), Secure: n.cfg.Server.SecureCookies,
		Observe: n.observeRequest, SearchTurn: searchTurn(),
	})
	return err
}

// nudge is what relays say to each other on the side channel.
var nudge = []byte(`{"type":"relay"}`)

// receive takes what other servers say on the side channel, if it is for the services.
func (n *Node) receive(payload []byte) bool {
	if !bytes.Equal(payload, nudge) {
		return false
	}
	if n.services.relay != nil {
		n.services.relay.Nudged()
	}
	return true
}

// allOrigins leaves the star out, which says that any page may open a socket, not that any page may act for its reader.
func allOrigins(origins []string) (some []string) {
	for _, o := range origins {
		if o != "*" {
			some = append(some, o)
		}
	}
	return some
}

// runServices starts what the services do by themselves.
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
	n.loops.Go(func() { n.watchDatabase(ctx) })
	n.loops.Go(func() { n.services.revoker.run(ctx) })
	n.loops.Go(func() { n.indexWords(ctx) })
	names := announcer{bus: n.bus, store: n.services.store, log: n.log}
	n.loops.Go(func() { names.run(ctx) })
	n.loops.Go(func() { n.expire(ctx) })
	n.loops.Go(func() {
		if err := n.services.archiver.Run(ctx); err != nil && ctx.Err() == nil {
			n.fail(fmt.Errorf("run the archive: %w", err))
		}
	})
}

// How often the archive is looked through for what is too old, and the lease that keeps all but one process from doing so.
const (
	expireEvery = 10 * time.Minute
	expireLease = "expire"
)

// expire deletes what the archive is not to keep any longer.
func (n *Node) expire(ctx context.Context) {
	if n.cfg.Archive.Age == 0 && n.cfg.Archive.Count == 0 {
		return
	}
	tick := time.NewTicker(expireEvery)
	defer tick.Stop()
	for {
		mine, err := n.services.store.TryLock(ctx, expireLease, expireEvery)
		if mine {
			var deleted int64
			if deleted, err = n.services.store.ExpireRooms(ctx, time.Now(), n.cfg.Archive.Age, n.cfg.Archive.Count); deleted > 0 {
				n.log.Info("archive expired", "messages", deleted)
			}
		}
		if err != nil && ctx.Err() == nil {
			n.log.Warn("cannot expire the archive", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// noSockets answers handshakes on a server that has none.
var noSockets = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	wire.WriteProblem(w, chat.Errorf(chat.CodeNotFound, "this server has no sockets; it is the API"))
})

// sockets are the handlers of handshakes.
func (n *Node) sockets() (room, watch, feed http.Handler) {
	if n.cfg.Server.Role == config.RoleAPI {
		return noSockets, noSockets, noSockets
	}
	return n.sessions, http.HandlerFunc(n.sessions.Watch), http.HandlerFunc(n.sessions.Feed)
}
