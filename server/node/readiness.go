package node

import (
	"context"
	"net/http"
	"time"

	"livechat/server/balance"
	"livechat/server/chat"
	"livechat/server/config"
	"livechat/server/web"
)

// readiness is the answer of /readyz, and what the other servers are told. It
// describes this server alone. 404 makes HAProxy keep the server's sockets and
// send new ones elsewhere; 503 would cut them.
//
// An isolated server, one that does not receive its own reports through Redis,
// delivers nothing, whatever the state of its connections, so new clients are
// better off elsewhere. It cannot know whether other servers fare better,
// because it would learn that through Redis. HAProxy knows: when no server is
// ready, it uses all that are alive.
//
// A Redis that refuses writes usually does so for all servers. That is also a
// 404: clients stay connected, see each other and read, and new ones can still
// connect, since HAProxy then uses all servers that are alive. A 503 would cut
// every socket, only to send its client to a server with the same Redis.
//
// A database that is down does not change the status. It is down for all
// servers at once, rooms work without it, and the API's own answer, "try
// again", tells clients more than a load balancer without servers.
func (n *Node) readiness() (int, web.Readiness) { return n.readyz(web.ScopeAll) }

// readyz is the readiness of a scope. With web.ScopeSelf only the server itself
// counts, not Redis: Kubernetes has nothing like HAProxy's use of servers that
// are alive when none is ready. An outage of Redis would take all pods out of
// their Service at once.
func (n *Node) readyz(scope web.Scope) (int, web.Readiness) {
	age := n.presence.SubscriptionAge()
	isolated := age > n.isolatedAfter()
	body := web.Readiness{
		Status: "ready", App: n.cfg.Server.App, Redis: "down", FeedAge: age.Milliseconds(),
		Connections: n.sockets.Count(),
	}
	if n.redisUp.Load() && !isolated {
		body.Redis = "up"
	}
	refusal := n.bus.Refusal()
	if refusal != chat.NoRefusal {
		body.Redis = string(refusal)
	}
	if n.services.store != nil {
		body.Database = n.services.watcher.State()
	}
	switch {
	case n.draining.Load():
		body.Status = "draining"
		return http.StatusNotFound, body
	case !n.ready.Load():
		body.Status = "starting"
		return http.StatusServiceUnavailable, body
	case scope == web.ScopeSelf:
		return http.StatusOK, body
	case isolated:
		body.Status = "deaf"
		return http.StatusNotFound, body
	case refusal != chat.NoRefusal:
		body.Status = "read-only"
		return http.StatusNotFound, body
	}
	return http.StatusOK, body
}

// isolatedAfter is the age of the last report received from Redis at which this
// server counts as isolated: the subscription's timeout, and at least three
// intervals, because single reports may get lost.
func (n *Node) isolatedAfter() time.Duration {
	return max(n.cfg.Redis.SubscriptionTimeout, 3*n.cfg.Presence.Interval)
}

// watch checks the state of the servers once a second. It tells the others
// whether this one takes new clients, and asks clients to move if it has too
// many.
func (n *Node) watch(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var b balance.Balancer
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			status, _ := n.readiness()
			n.presence.SetUnavailable(status != http.StatusOK || n.cfg.Server.Role == config.RoleAPI)
			if n.cfg.Balance.Balance && n.embedded == nil && n.cfg.Server.Role != config.RoleAPI {
				n.balance(&b, now, status == http.StatusOK)
			}
		}
	}
}

// balance runs one step of the balancer.
func (n *Node) balance(b *balance.Balancer, now time.Time, ready bool) {
	own := 0
	var others []balance.Load
	for _, o := range n.presence.Servers() {
		if o.Node == n.id {
			own = o.Total
			continue
		}
		others = append(others, balance.Load{
			Node: o.Node, Connections: o.Total, Stale: o.Stale, Unavailable: o.Unavailable,
		})
	}
	if !ready || n.presence.SubscriptionAge() > 5*n.cfg.Presence.Interval/2 {
		others = nil
	}
	step := b.Step(now, own, others)
	if step.Quota > 0 {
		n.logger.Info("balance: asking clients to move to emptier servers",
			"connections", own, "clients", step.Quota)
	}
	n.sockets.Move(step.Ask, step.Before, time.Second)
}
