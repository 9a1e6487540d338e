package run

import (
	"runtime"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"livechat/load/record"
)

// Latencies are recorded from a microsecond to two minutes with three digits.
const (
	shortest = time.Microsecond
	longest  = 2 * time.Minute
	digits   = 3
)

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(int64(shortest/time.Microsecond), int64(longest/time.Microsecond), digits)
}

// shard counts the deliveries of some clients of one server. Each server has
// several, to reduce contention.
type shard struct {
	app string

	mu        sync.Mutex
	histogram *hdrhistogram.Histogram
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
	shards    map[string][]*shard     // by APPID
	spare     *hdrhistogram.Histogram // empty
	total     *hdrhistogram.Histogram
	delivered int64

	since map[string]*tally // by APPID, since the last second
	step  *tally            // since the last window
}

// tally is what was measured in some time.
type tally struct {
	histogram *hdrhistogram.Histogram
	delivered int64
}

func newTally() *tally { return &tally{histogram: newHistogram()} }

func newMeter() *meter {
	return &meter{shards: make(map[string][]*shard), spare: newHistogram(), total: newHistogram(),
		since: make(map[string]*tally), step: newTally()}
}

// shard returns the shard for a client of a server.
func (m *meter) shard(app string, client int) *shard {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.shards[app]
	if all == nil {
		for range runtime.GOMAXPROCS(0) {
			all = append(all, &shard{app: app, histogram: newHistogram()})
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
				t.histogram.Merge(h)
				t.delivered += delivered
			}
			m.total.Merge(h)
			m.delivered += delivered
			h.Reset()
			m.spare = h
		}
	}
}

// second returns the deliveries since the last call, in total and by server.
func (m *meter) second() (all record.Second) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.collectLocked()
	whole := newHistogram()
	all.Servers = make(map[string]record.Server)
	for app, t := range m.since {
		whole.Merge(t.histogram)
		all.Delivered += t.delivered
		all.Servers[app] = record.Server{Delivered: t.delivered, P99: ms(t.histogram.ValueAtQuantile(99))}
		t.histogram.Reset()
		t.delivered = 0
	}
	all.Latency = latencyOf(whole)
	return all
}

// window returns the deliveries since the last call.
func (m *meter) window() (p99 time.Duration, delivered int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.collectLocked()
	t := m.step
	m.step = newTally()
	return time.Duration(t.histogram.ValueAtQuantile(99)) * time.Microsecond, t.delivered
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

// whole returns the figures of the whole run.
func (m *meter) whole() (l record.Latency, curve []record.Point, delivered, measured int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.collectLocked()
	for _, p := range curvePoints(m.total.TotalCount()) {
		curve = append(curve, record.Point{Percentile: p, MS: ms(m.total.ValueAtQuantile(p))})
	}
	return latencyOf(m.total), curve, m.delivered, m.total.TotalCount()
}

// curvePoints returns percentiles that approach 100, as far as n values
// distinguish them, up to 99.999.
func curvePoints(n int64) (points []float64) {
	if n == 0 {
		return nil
	}
	for rest := 100.0; rest > 100/float64(n) && rest > 1e-3; rest /= 1.2589254 { // ten per additional nine
		points = append(points, 100-rest)
	}
	return append(points, 100)
}

func latencyOf(h *hdrhistogram.Histogram) record.Latency {
	if h.TotalCount() == 0 {
		return record.Latency{}
	}
	return record.Latency{Mean: h.Mean() / 1000, P50: ms(h.ValueAtQuantile(50)),
		P90: ms(h.ValueAtQuantile(90)), P99: ms(h.ValueAtQuantile(99)),
		P999: ms(h.ValueAtQuantile(99.9)), Max: ms(h.Max())}
}

// ms converts microseconds to milliseconds.
func ms(us int64) float64 { return float64(us) / 1000 }
