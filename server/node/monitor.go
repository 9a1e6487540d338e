package node

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"livechat/server/chat"
	"livechat/server/config"
	"livechat/server/metrics"
)

// monitor is the port for those who watch the server.
type monitor struct {
	listener net.Listener // nil: it is off
	http     *http.Server
}

// openMonitor takes the port; serve answers on it. A server whose port is taken, by the one that was started before it as a rule, goes on
// without: nobody's chat depends on it.
func openMonitor(addr string, set *metrics.Set, log *slog.Logger) (m monitor) {
	if addr == config.MetricsOff {
		return m
	}
	var err error
	if m.listener, err = net.Listen("tcp", addr); err != nil {
		log.Warn("METRICS_ADDR cannot be used, going on without metrics", "addr", addr, "error", err)
		return monitor{}
	}
	m.http = &http.Server{
		// A ReadTimeout would end profiles, which take as long as they are asked
		// to; the WriteTimeout of a profile is set by package pprof.
		Handler: withoutBody(set.Handler()), ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	return m
}

// withoutBody gives bodies, which nothing here needs, a moment to come.
func withoutBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != http.NoBody {
			// net/http's own connection always takes one
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(time.Second))
		}
		next.ServeHTTP(w, r)
	})
}

// serve answers until close.
func (m monitor) serve() error {
	if m.listener == nil {
		return nil
	}
	if err := m.http.Serve(m.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve metrics: %w", err)
	}
	return nil
}

// close ends what is being read, too: a profile may take half a minute.
func (m monitor) close() {
	if m.listener != nil {
		_ = m.http.Close() // its error is that of the listener, which is closed either way
		_ = m.listener.Close()
	}
}

// MetricsAddr returns the address of /metrics; "" if there is none.
func (n *Node) MetricsAddr() string {
	if n.monitor.listener == nil {
		return ""
	}
	return n.monitor.listener.Addr().String()
}

// gauge is a figure that is read when somebody asks for it.
type gauge struct {
	name, help string
	value      func() float64
}

// gauges adds to the metrics what is known without counting.
func (n *Node) gauges() {
	gauges := n.clusterGauges()
	if n.cfg.Server.Role != config.RoleAPI { // which has none of this: a 0 would look like a server that lost its people
		gauges = append(gauges, n.socketGauges()...)
	}
	for _, g := range gauges {
		n.metrics.Gauge(g.name, g.help, g.value)
	}
	for _, why := range []chat.Refusal{chat.Full, chat.ReadOnly, chat.RefusesWrites} {
		n.metrics.GaugeOf("redis_refuses_writes", "1 if Redis takes no writes, by the reason that it gives.", "reason", string(why),
			func() float64 { return oneIf(n.bus.Refusal() == why) })
	}
	if n.services.store != nil {
		n.serviceGauges()
	}
	if a := n.services.archiver; a != nil {
		n.metrics.Gauge("archive_lag_messages", "Messages of all rooms that are not in the archive yet.", func() float64 { return float64(a.Lag().Entries) })
		n.metrics.Gauge("archive_lag_ratio", "Part of what a room's log can hold that waits for the archive, in the room that is the furthest behind; at 1 messages are lost to it.",
			func() float64 { return a.Lag().Ratio })
	}
}

// oneIf is a truth as a gauge shows it.
func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// socketGauges are those of a server that takes sockets.
func (n *Node) socketGauges() []gauge {
	return []gauge{
		{"connections", "WebSocket connections of this server.", func() float64 { return float64(n.sessions.Count()) }},
		{"rooms", "Rooms open on this server.", func() float64 { return float64(n.rooms.Open()) }},
		{"ring_lag_entries", "Entries that the slowest shard of any room, or its crowd, is behind.", func() float64 { return float64(n.rooms.Lag().Followers) }},
		{"straggler_lag_entries", "Entries that the last client is behind that does not keep up, but reads; from half of RING_SIZE on its room goes slower for it.",
			func() float64 { return float64(n.rooms.Lag().Straggler) }},
	}
}

// clusterGauges are those of every process.
func (n *Node) clusterGauges() []gauge {
	return []gauge{
		{"feed_age_seconds", "Time since this server heard itself through Redis.", func() float64 { return n.presence.FeedAge().Seconds() }},
		{"ready", "1 if this server takes new clients.", func() float64 {
			status, _ := n.readiness()
			return oneIf(status == http.StatusOK)
		}},
		{"servers", "Servers with sockets that are there, as this one knows.", func() float64 { return float64(len(n.presence.Servers())) }},
		{"cluster_connections", "WebSocket connections of all servers, as this one knows.", func() float64 {
			all := 0
			for _, o := range n.presence.Servers() {
				all += o.Total
			}
			return float64(all)
		}},
	}
}
