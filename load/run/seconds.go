package run

import (
	"slices"
	"sync"
	"time"

	"livechat/load/record"
)

// sampler records each second, and what the programs used during the load.
type sampler struct {
	mu         sync.Mutex
	seconds    []record.Second
	programs   *Programs
	last       time.Time
	sent       int64
	expected   int64
	reconnects int64
	told       int // marks that were reported

	// Over the load, without joining and leaving.

	since            time.Time
	deliveredAtStart int64
	cpu              time.Duration // of all programs
	selfCPU          time.Duration
	took             time.Duration
	delivered        int64
}

// ticks records a second each second until the returned function is called,
// which records the remainder. The seconds are those since began, which all
// processes of a run share.
func (r *run) ticks() (stop func()) {
	s := &r.sampler
	s.last, s.programs = time.Now(), NewPrograms(r.watcher)
	timer, quit, done := time.NewTimer(UntilSecond(r.began)), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-timer.C:
				r.tick()
				timer.Reset(UntilSecond(r.began))
			case <-quit:
				return
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(quit)
		<-done
		timer.Stop()
		time.Sleep(shortestSpan - time.Since(s.last)) // or it would be left out
		r.tick()
	})
}

// shortestSpan is the shortest time that is recorded as a second. Rates of less
// say nothing.
const shortestSpan = 50 * time.Millisecond

// UntilSecond returns how long it is to the next full second since began.
func UntilSecond(began time.Time) time.Duration {
	past := time.Since(began)
	return past.Truncate(time.Second) + time.Second - past
}

// tick records what happened since the last tick.
func (r *run) tick() {
	s := &r.sampler
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	span := now.Sub(s.last)
	if span < shortestSpan {
		return
	}
	second, whole, byServer := r.meter.second()
	second.At, second.Span = now.Sub(r.began).Seconds(), span.Seconds()
	second.Connected = int(r.online.Load())
	if len(r.settings.Stages) > 0 {
		second.Planned = int(r.wanted.Load())
	}
	sent, expected, recons := r.sent.Load(), r.expected.Load(), r.reconnects.Load()
	second.Sent, second.Due, second.Reconnects = sent-s.sent, expected-s.expected, recons-s.reconnects
	second.Lost = r.counts.lost.Load()
	s.sent, s.expected, s.reconnects, s.last = sent, expected, recons, now
	r.mu.Lock()
	start := r.start.Load()
	second.Warmup = start != nil && now.Before(start.measured)
	for app, n := range r.onlineBy {
		server := second.Servers[app]
		server.Connected = n
		second.Servers[app] = server
	}
	r.mu.Unlock()
	second.Parts, second.Loader = s.programs.Sample(span)
	s.seconds = append(s.seconds, second)
	r.report(Live{Second: second, Histogram: whole.Histogram, Servers: byServer})
}

// report reports the progress: what live has, and the rest.
func (r *run) report(live Live) {
	start := r.start.Load()
	live.Lost, live.Whole = live.Second.Lost, r.settings.Warmup+r.settings.For
	live.Other = r.counts.duplicated.Load() + r.counts.reordered.Load()
	live.Began, live.Wanted, live.Totals = r.began, r.wanted.Load(), r.totals()
	switch {
	case start == nil:
		live.Phase = "joining"
	case time.Now().Before(start.measured):
		live.Phase = "warming up"
	case time.Now().Before(r.ends()):
		live.Phase = r.settings.Scenario.Name
	default:
		live.Phase = "settling"
	}
	if start != nil {
		live.Past = min(live.Whole, max(0, time.Since(start.zero)))
	}
	r.mu.Lock()
	live.Marks = slices.Clone(r.marks[r.sampler.told:])
	r.sampler.told = len(r.marks)
	r.mu.Unlock()
	r.progress(live)
}

// begin begins the load, whose first message is due at zero: with workers some
// time after they have been told, which would make rates too low.
func (s *sampler) begin(r *run, zero time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.programs.Begin()
	s.since, s.deliveredAtStart = zero, r.meter.count()
}

func (s *sampler) finish(r *run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took, s.delivered = max(0, time.Since(s.since)), r.meter.count()-s.deliveredAtStart
	s.cpu, s.selfCPU = s.programs.Used()
}
