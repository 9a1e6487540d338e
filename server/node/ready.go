package node

import (
	"context"
	"net/http"
	"time"

	"livechat/server/chat"
	"livechat/server/config"
	"livechat/server/web"
)

// readiness is what /readyz answers: the truth about this server alone. 404 makes HAProxy keep the sockets that it has and send new ones
// elsewhere; 503 would cut them.
//
// A server that does not hear itself through Redis does not deliver, whatever its links look like, and new clients are better off elsewhere. It cannot
// know whether the others are any better, since it would hear that through Redis. HAProxy knows: when no server is ready, it uses all that are alive.
//
// A Redis that takes no writes is the same for all servers, as a rule. So this is
// 404 as well, and not 503: people stay connected, see each other and read, and
// new ones may still come in, since HAProxy then uses all that are alive. 503
// would cut everybody's socket, only to send them to a server with the same Redis.
//
// A database that is away turns nothing off either. It is away for all servers at once, rooms do without, and the API's own answer, "try again", tells clients
// more than a balancer without servers could.
func (n *Node) readiness() (int, web.Readiness) {
	age := n.presence.FeedAge()
	deaf := age > n.deafAfter()
	body := web.Readiness{
		Status: "ready", App: n.cfg.Server.App, Redis: "down", FeedAge: age.Milliseconds(), Connections: n.sessions.Count(),
	}
	if n.redisUp.Load() && !deaf {
		body.Redis = "up"
	}
	refusal := n.bus.Refusal()
	if refusal != chat.NoRefusal {
		body.Redis = string(refusal)
	}
	if n.services.store != nil {
		body.Database = n.services.database.String()
	}
	switch {
	case n.draining.Load():
		body.Status = "draining"
		return http.StatusNotFound, body
	case !n.ready.Load():
		body.Status = "starting"
		return http.StatusServiceUnavailable, body
	case deaf:
		body.Status = "deaf"
		return http.StatusNotFound, body
	case refusal != chat.NoRefusal:
		body.Status = "read-only"
		return http.StatusNotFound, body
	}
	return http.StatusOK, body
}

// deafAfter is how old the feed may be: as old as the subscription may be silent, and three reports at least, as one may get lost.
func (n *Node) deafAfter() time.Duration {
	return max(n.cfg.Redis.FeedTimeout, 3*n.cfg.Presence.Interval)
}

// watch looks once a second at how this server and the others are: it tells the others whether it takes clients, and moves some of its
// own when it has too many.
func (n *Node) watch(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var b balancer
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			status, _ := n.readiness()
			n.presence.SetAway(status != http.StatusOK || n.cfg.Server.Role == config.RoleAPI)
			if n.cfg.Balance.Balance && n.embedded == nil && n.cfg.Server.Role != config.RoleAPI {
				n.balance(&b, now, status == http.StatusOK)
			}
		}
	}
}

// balance takes a step of the balancer.
func (n *Node) balance(b *balancer, now time.Time, ready bool) {
	own := 0
	var others []load
	for _, o := range n.presence.Servers() {
		if o.Node == n.id {
			own = o.Total
			continue
		}
		others = append(others, load{o.Node, o.Total, o.Late, o.Away})
	}
	if !ready || n.presence.FeedAge() > 5*n.cfg.Presence.Interval/2 {
		others = nil
	}
	began := b.began
	ask, before := b.step(now, own, others)
	if b.began != began && !b.began.IsZero() && b.quota > 0 {
		n.log.Info("asking clients to move to emptier servers", "connections", own, "clients", b.quota)
	}
	n.sessions.Move(ask, before, time.Second)
}
