package node

import (
	"net/http"

	"livechat/server/chat"
	"livechat/server/config"
)

// MetricsAddr returns the address of /metrics; "" if there is none.
func (n *Node) MetricsAddr() string { return n.monitor.Addr() }

// gauge is a metric that is computed when it is scraped.
type gauge struct {
	name, help string
	value      func() float64
}

// gauges adds the metrics that are computed when scraped.
func (n *Node) gauges() {
	gauges := n.clusterGauges()
	if n.cfg.Server.Role != config.RoleAPI { // a 0 would look like a server that lost its clients
		gauges = append(gauges, n.socketGauges()...)
	}
	for _, g := range gauges {
		n.metrics.Gauge(g.name, g.help, g.value)
	}
	for _, why := range []chat.Refusal{chat.Full, chat.ReadOnly, chat.RefusesWrites} {
		n.metrics.GaugeOf("redis_refuses_writes",
			"1 if Redis takes no writes, by reason.", "reason", string(why),
			func() float64 { return oneIf(n.bus.Refusal() == why) })
	}
	if n.services.store != nil {
		n.serviceGauges()
	}
	if a := n.services.archiver; a != nil {
		n.metrics.Gauge("archive_lag_messages", "Messages of all rooms that are not archived yet.",
			func() float64 { return float64(a.Lag().Entries) })
		n.metrics.Gauge(
			"archive_lag_ratio",
			"Share of a room's log that waits for the archive, in the room that is furthest behind; "+
				"at 1 the archive loses messages.",
			func() float64 { return a.Lag().Ratio },
		)
	}
}

// oneIf returns 1 if is is true, else 0.
func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// socketGauges are the gauges of a server with sockets.
func (n *Node) socketGauges() []gauge {
	return []gauge{
		{
			"connections",
			"WebSocket connections of this server.",
			func() float64 { return float64(n.sockets.Count()) },
		},
		{"rooms", "Rooms open on this server.", func() float64 { return float64(n.rooms.Open()) }},
		{
			"ring_lag_entries",
			"Entries that the slowest shard of any room, or its laggards, are behind.",
			func() float64 { return float64(n.rooms.Lag().Followers) },
		},
		{
			"straggler_lag_entries",
			"Entries that the slowest client that still reads is behind; " +
				"from half of RING_SIZE on its room slows down for it.",
			func() float64 { return float64(n.rooms.Lag().Straggler) },
		},
	}
}

// clusterGauges are the gauges that every process has.
func (n *Node) clusterGauges() []gauge {
	return []gauge{
		{
			"subscription_age_seconds",
			"Time since this server last received its own report through Redis.",
			func() float64 { return n.presence.SubscriptionAge().Seconds() },
		},
		{"ready", "1 if this server takes new clients.", func() float64 {
			status, _ := n.readiness()
			return oneIf(status == http.StatusOK)
		}},
		{
			"servers",
			"Servers with sockets that are up, as this one knows.",
			func() float64 { return float64(len(n.presence.Servers())) },
		},
		{"cluster_connections", "WebSocket connections of all servers, as this one knows.", func() float64 {
			all := 0
			for _, o := range n.presence.Servers() {
				all += o.Total
			}
			return float64(all)
		}},
	}
}
