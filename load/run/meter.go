package run

import (
	"runtime"
	"sync"
	"time"

	"livechat/load/plan"
	"livechat/load/record"
)

// shard counts the deliveries of some clients of one server. Each server has
// several, to reduce contention.
type shard struct {
	app string

	mu        sync.Mutex
	histogram Histogram
	delivered int64
}

// delivery counts one delivery, and its latency if measured is true.
func (s *shard) delivery(latency time.Duration, measured bool) {
	us := min(max(latency, shortest), longest).Microseconds()
	s.mu.Lock()
	s.delivered++
	if measured {
		_ = s.histogram.RecordValue(us) // fails only out of range
	}
	s.mu.Unlock()
}

// meter collects the shards.
type meter struct {
	mu        sync.Mutex
	shards    map[string][]*shard // by APPID
	spare     Histogram           // empty
	total     Histogram
	delivered int64

	since map[string]*tally // by APPID, since the last second
	step  *tally            // since the last window
}

// tally is what was measured in some time.
type tally struct {
	histogram Histogram
	delivered int64
}

// window returns the figures of the tally.
func (t *tally) window(due int64) plan.Window {
	return plan.Window{P99: time.Duration(t.histogram.ValueAtQuantile(99)) * time.Microsecond,
		Longest:   time.Duration(t.histogram.Max()) * time.Microsecond,
		Delivered: t.delivered, Due: due}
}

func newTally() *tally { return &tally{histogram: NewHistogram()} }

func newMeter() *meter {
	return &meter{shards: make(map[string][]*shard), spare: NewHistogram(), total: NewHistogram(),
		since: make(map[string]*tally), step: newTally()}
}

// shard returns the shard for a client of a server.
func (m *meter) shard(app string, client int) *shard {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.shards[app]
	if all == nil {
		for range runtime.GOMAXPROCS(0) {
			all = append(all, &shard{app: app, histogram: NewHistogram()})
		}
		m.shards[app], m.since[app] = all, newTally()
	}
	return all[client%len(all)]
}

// collectLocked moves the counts of the shards to the tallies.
func (m *meter) collectLocked() {
	for app, shards := range m.shards {
		for _, s := range shards {
			s.mu.Lock()
			h, delivered := s.histogram, s.delivered
			s.histogram, s.delivered = m.spare, 0
			s.mu.Unlock()
			for _, t := range []*tally{m.since[app], m.step} {
				t.histogram.Merge(h.Histogram)
				t.delivered += delivered
			}
			m.total.Merge(h.Histogram)
			m.delivered += delivered
			h.Reset()
			m.spare = h
		}
	}
}

// second returns the deliveries since the last call, in total and by server,
// and the latencies of all of them and by server.
func (m *meter) second() (all record.Second, whole Histogram, byServer map[string]Histogram) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.collectLocked()
	whole = NewHistogram()
	all.Servers, byServer = make(map[string]record.Server), make(map[string]Histogram)
	for app, t := range m.since {
		whole.Merge(t.histogram.Histogram)
		all.Delivered += t.delivered
		all.Servers[app] = record.Server{Delivered: t.delivered, P99: ms(t.histogram.ValueAtQuantile(99))}
		byServer[app] = t.histogram
		m.since[app] = newTally()
	}
	all.Latency = LatencyOf(whole)
	return all, whole, byServer
}

// window returns the deliveries since the last call.
func (m *meter) window() *tally {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.collectLocked()
	t := m.step
	m.step = newTally()
	return t
}

// count returns the number of all deliveries.
func (m *meter) count() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.delivered
	for _, shards := range m.shards {
		for _, s := range shards {
			s.mu.Lock()
			n += s.delivered
			s.mu.Unlock()
		}
	}
	return n
}

// whole returns the latencies and the number of deliveries of the whole run.
func (m *meter) whole() (latencies Histogram, delivered int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.collectLocked()
	return m.total, m.delivered
}
