package run

import (
	"maps"
	"slices"
	"sync"
	"time"

	"livechat/load/record"
)

// sampler records each second, and what the programs used during the load.
type sampler struct {
	mu         sync.Mutex
	seconds    []record.Second
	parts      []string
	last       time.Time
	usage      map[string]Usage
	self       Usage
	sent       int64
	expected   int64
	reconnects int64

	// Over the load, without joining and leaving.

	usageAtStart     map[string]Usage
	selfAtStart      Usage
	since            time.Time
	deliveredAtStart int64
	cpu              time.Duration // of all parts
	selfCPU          time.Duration
	took             time.Duration
	delivered        int64
}

// ticks records a second each second until the returned function is called,
// which records the remainder.
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

// tick records what happened since the last tick.
func (r *run) tick() {
	s := &r.sampler
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	span := now.Sub(s.last)
	if span < 50*time.Millisecond {
		return // too short for rates
	}
	second := r.meter.second()
	second.At, second.Span = now.Sub(r.began).Seconds(), span.Seconds()
	second.Connected = int(r.online.Load())
	sent, owed, recons := r.sent.Load(), r.expected.Load(), r.reconnects.Load()
	second.Sent, second.Due, second.Reconnects = sent-s.sent, owed-s.expected, recons-s.reconnects
	second.Lost = r.counts.lost.Load()
	s.sent, s.expected, s.reconnects, s.last = sent, owed, recons, now
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

// processes adds what the programs used.
func (s *sampler) processes(r *run, second *record.Second, span time.Duration) {
	usage, self := r.watcher.Look(), r.watcher.Self()
	second.Parts = make(map[string]record.Process)
	percent := func(now,
		before Usage) float64 {
		return 100 * (now.CPU - before.CPU).Seconds() / span.Seconds()
	}
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

// sending reports whether the load has begun. r.mu must be held.
func (r *run) sending() bool { return !r.zero.IsZero() }

// report reports the progress.
func (r *run) report(second record.Second) {
	r.mu.Lock()
	zero, measured := r.zero, r.measured
	r.mu.Unlock()
	live := Live{Second: second, Lost: second.Lost, Other: r.counts.duplicated.Load() +
		r.counts.reordered.Load(), Whole: r.settings.Warmup + r.settings.For}
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
	r.progress(live)
}

func (s *sampler) begin(r *run) {
	s.usageAtStart, s.selfAtStart, s.since, s.deliveredAtStart =
		r.watcher.Look(), r.watcher.Self(), time.Now(), r.meter.count()
}

func (s *sampler) finish(r *run) {
	s.took, s.selfCPU, s.delivered =
		time.Since(s.since), r.watcher.Self().CPU-s.selfAtStart.CPU, r.meter.count()-s.deliveredAtStart
	for name, now := range r.watcher.Look() {
		if before, ok := s.usageAtStart[name]; ok && now.CPU >= before.CPU {
			s.cpu += now.CPU - before.CPU
		}
	}
}
