package live

import (
	"maps"
	"slices"
	"sort"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/prometheus/client_golang/prometheus"

	"livechat/load/record"
)

// buckets are the upper bounds of the latencies: 0.5 ms to 65 s.
var buckets = prometheus.ExponentialBuckets(0.5e-3, 2, 18)

// latencies is a histogram with these buckets.
type latencies struct {
	counts []uint64 // not cumulative; the last one is above all bounds
	sum    float64  // seconds
	count  uint64
}

func newLatencies() latencies { return latencies{counts: make([]uint64, len(buckets)+1)} }

// add adds latencies in microseconds.
func (l *latencies) add(h *hdrhistogram.Histogram) {
	if h == nil || h.TotalCount() == 0 {
		return
	}
	for _, bar := range h.Distribution() {
		if bar.Count > 0 {
			seconds := float64(bar.To) / 1e6
			l.counts[sort.SearchFloat64s(buckets, seconds)] += uint64(bar.Count)
		}
	}
	l.count += uint64(h.TotalCount())
	l.sum += h.Mean() * float64(h.TotalCount()) / 1e6
}

// cumulative returns how many latencies are at most each bound.
func (l *latencies) cumulative() map[float64]uint64 {
	all, n := make(map[float64]uint64, len(buckets)), uint64(0)
	for i, bound := range buckets {
		n += l.counts[i]
		all[bound] = n
	}
	return all
}

// counted are the counters, as far as they have no labels.
var counted = []struct {
	name, help string
	value      func(*record.Totals) int64
}{
	{"messages_sent_total", "Messages sent, of the warm-up as well, with edits, deletes and reactions.",
		func(t *record.Totals) int64 { return t.Sent }},
	{"messages_acked_total", "Messages that servers acked.",
		func(t *record.Totals) int64 { return t.Acked }},
	{"deliveries_total", "Messages received by a client, of the warm-up as well.",
		func(t *record.Totals) int64 { return t.Delivered }},
	{"deliveries_duplicated_total", "Deliveries that a client had received already.",
		func(t *record.Totals) int64 { return t.Duplicated }},
	{"deliveries_reordered_total", "Deliveries that came after a later one, or at another place than elsewhere.",
		func(t *record.Totals) int64 { return t.Reordered }},
	{"missed_deliveries_total", "Deliveries that clients without a connection missed, of other servers than " +
		"livechat, which have no means to bring them back.",
		func(t *record.Totals) int64 { return t.Missed }},
	{"log_resets_total", "Times that a client's log was replaced.",
		func(t *record.Totals) int64 { return t.Resets }},
	{"reconnects_total", "Broken connections of clients that came back.",
		func(t *record.Totals) int64 { return t.Reconnects }},
	{"moves_total", "Clients that moved to another connection without an interruption, as a server asked.",
		func(t *record.Totals) int64 { return t.Moved }},
	{"connect_failures_total", "Attempts to connect that failed, refused handshakes included.",
		func(t *record.Totals) int64 { return t.Failed }},
}

// maxLabels bounds the values of a label that come from servers.
const maxLabels = 100

// collector computes the metrics from the state when they are read.
type collector struct {
	state *state
	descs map[string]*prometheus.Desc
}

func newCollector(s *state) *collector {
	c := &collector{s, make(map[string]*prometheus.Desc)}
	add := func(name, help string, labels ...string) {
		c.descs[name] = prometheus.NewDesc("livechat_load_"+name, help, labels, nil)
	}
	for _, one := range counted {
		add(one.name, one.help)
	}
	add("messages_refused_total", "Messages that servers refused, by error code.", "code")
	add("connections_closed_total", "Connections that ended, by close code.", "code")
	add("deliveries_due_total", "Deliveries to expect of what was sent: to each connected client of the room.")
	add("lost_deliveries",
		"Deliveries that are missing so far. One that arrives after all does not count any more.")
	add("clients_connected", "Clients that are connected.")
	add("clients_wanted", "Clients that should be connected.")
	add("server_clients", "Clients that are connected, by the APPID of their server.", "app")
	add("message_rate_target", "Messages a second that should be sent now.")
	add("delivery_latency_seconds",
		"Time from when a message was due to its receipt, after the warm-up, of clients that are not slow.")
	add("cpu_cores", "Processor time of the load tool and its workers in the last second, in cores.")
	add("memory_bytes", "Resident memory of the load tool and its workers.")
	add("info", "What is run.", "scenario", "target", "address")
	add("phase", "What the run does: starting, joining, warming up, running, settling or ended.", "phase")
	add("start_time_seconds", "When the run began, as Unix time.")
	return c
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	s := c.state
	s.mu.Lock()
	defer s.mu.Unlock()
	t, last := &s.live.Totals, &s.live.Second
	count := func(name string, n int64, labels ...string) {
		out <- prometheus.MustNewConstMetric(c.descs[name], prometheus.CounterValue, float64(n), labels...)
	}
	gauge := func(name string, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(c.descs[name], prometheus.GaugeValue, v, labels...)
	}
	for _, one := range counted {
		count(one.name, one.value(t))
	}
	for code, n := range bounded(t.Refused) {
		count("messages_refused_total", n, code)
	}
	for code, n := range bounded(t.Closed) {
		count("connections_closed_total", n, code)
	}
	count("deliveries_due_total", s.due)
	gauge("lost_deliveries", float64(t.Lost))
	gauge("clients_connected", float64(last.Connected))
	gauge("clients_wanted", float64(s.live.Wanted))
	clients := make(map[string]int64, len(last.Servers))
	for app, server := range last.Servers {
		clients[app] = int64(server.Connected)
	}
	for app, n := range bounded(clients) {
		gauge("server_clients", float64(n), app)
	}
	gauge("message_rate_target", s.rate)
	out <- prometheus.MustNewConstHistogram(c.descs["delivery_latency_seconds"], s.latencies.count,
		s.latencies.sum, s.latencies.cumulative())
	gauge("cpu_cores", last.Loader.CPU/100)
	gauge("memory_bytes", float64(last.Loader.Memory))
	target := s.settings.Target
	if target == "" {
		target = "livechat"
	}
	gauge("info", 1, s.settings.Scenario.Name, target, s.address())
	gauge("phase", 1, s.phaseLocked())
	if began := s.live.Began; !began.IsZero() {
		gauge("start_time_seconds", float64(began.UnixNano())/float64(time.Second))
	}
}

// phaseLocked returns the phase without the name of the scenario.
func (s *state) phaseLocked() string {
	if s.phase == s.settings.Scenario.Name {
		return "running"
	}
	return s.phase
}

// bounded returns the counts with at most maxLabels keys. The rest are other.
func bounded(counts map[string]int64) map[string]int64 {
	if len(counts) <= maxLabels {
		return counts
	}
	all := make(map[string]int64, maxLabels)
	for i, key := range slices.Sorted(maps.Keys(counts)) {
		label := key
		if i >= maxLabels-1 {
			label = "other"
		}
		all[label] += counts[key]
	}
	return all
}
