package run

import (
	"maps"
	"slices"
	"sync"
	"time"

	"livechat/load/record"
)

// sampler writes down each second, and what the programs used over the whole load.
type sampler struct {
	mu      sync.Mutex
	seconds []record.Second
	parts   []string
	last    time.Time
	usage   map[string]Usage
	self    Usage
	sent    int64
	owed    int64
	recons  int64

	// Over the load, without joining and leaving.

	begun   map[string]Usage
	selfAt  Usage
	since   time.Time
	deliver int64
	cpu     time.Duration // of all parts
	selfCPU time.Duration
	took    time.Duration
	got     int64
}

// ticks writes a second down once a second, until the returned function is called, which writes the last piece down.
func (r *run) ticks() (stop func()) {
	s := &r.sampler
	s.last, s.usage, s.self = time.Now(), r.watcher.Look(), r.watcher.Self()
	ticker, quit, done := time.NewTicker(time.Second), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-ticker.C:
				r.tick()
			case <-quit:
				return
			}
		}
	}()
	return sync.OnceFunc(func() {
		ticker.Stop()
		close(quit)
		<-done
		r.tick()
	})
}

// tick writes down what has happened since the last one.
func (r *run) tick() {
	s := &r.sampler
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	span := now.Sub(s.last)
	if span < 50*time.Millisecond {
		return // too short for figures per second
	}
	second := r.meter.second()
	second.At, second.Span = now.Sub(r.began).Seconds(), span.Seconds()
	second.Connected = int(r.online.Load())
	sent, owed, recons := r.sent.Load(), r.owed.Load(), r.reconnects.Load()
	second.Sent, second.Due, second.Reconnects = sent-s.sent, owed-s.owed, recons-s.recons
	second.Lost = r.counts.lost.Load()
	s.sent, s.owed, s.recons, s.last = sent, owed, recons, now
	r.mu.Lock()
	second.Warmup = r.sending() && now.Before(r.measured)
	for app, n := range r.onlineBy {
		server := second.Servers[app]
		server.Connected = n
		second.Servers[app] = server
	}
	r.mu.Unlock()
	s.processes(r, &second, span)
	s.seconds = append(s.seconds, second)
	r.report(second)
}

// processes fills in what the programs used.
func (s *sampler) processes(r *run, second *record.Second, span time.Duration) {
	usage, self := r.watcher.Look(), r.watcher.Self()
	second.Parts = make(map[string]record.Process)
	percent := func(now, before Usage) float64 { return 100 * (now.CPU - before.CPU).Seconds() / span.Seconds() }
	for _, name := range slices.Sorted(maps.Keys(usage)) {
		if !slices.Contains(s.parts, name) {
			s.parts = append(s.parts, name)
		}
		process := record.Process{Memory: usage[name].Memory}
		if before, ok := s.usage[name]; ok && usage[name].CPU >= before.CPU {
			process.CPU = percent(usage[name], before)
		}
		second.Parts[name] = process
	}
	second.Loader = record.Process{CPU: percent(self, s.self), Memory: self.Memory}
	s.usage, s.self = usage, self
}

// sending reports whether the load has begun; r.mu must be held.
func (r *run) sending() bool { return !r.zero.IsZero() }

// report tells how far it is.
func (r *run) report(second record.Second) {
	r.mu.Lock()
	zero, measured := r.zero, r.measured
	r.mu.Unlock()
	live := Live{Second: second, Lost: second.Lost, Other: r.counts.doubled.Load() + r.counts.reordered.Load(), Whole: r.settings.Warmup + r.settings.For}
	switch {
	case zero.IsZero():
		live.Phase = "joining"
	case time.Now().Before(measured):
		live.Phase = "warming up"
	case time.Now().Before(r.ends()):
		live.Phase = r.settings.Scenario.Name
	default:
		live.Phase = "settling"
	}
	if !zero.IsZero() {
		live.Past = min(live.Whole, max(0, time.Since(zero)))
	}
	r.tell(live)
}

func (s *sampler) begin(r *run) {
	s.begun, s.selfAt, s.since, s.deliver = r.watcher.Look(), r.watcher.Self(), time.Now(), r.meter.count()
}

func (s *sampler) finish(r *run) {
	s.took, s.selfCPU, s.got = time.Since(s.since), r.watcher.Self().CPU-s.selfAt.CPU, r.meter.count()-s.deliver
	for name, now := range r.watcher.Look() {
		if before, ok := s.begun[name]; ok && now.CPU >= before.CPU {
			s.cpu += now.CPU - before.CPU
		}
	}
}
