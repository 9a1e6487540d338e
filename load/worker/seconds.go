package worker

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"livechat/load/plan"
	"livechat/load/record"
	"livechat/load/run"
)

// patience is for how many seconds a second waits for the last worker. After
// that its latencies are those of the others.
const patience = 5

// seconds merges the seconds of all workers. A second is complete when each
// worker has told it, and then its latencies are computed.
type seconds struct {
	began   time.Time
	workers int
	tell    func(run.Live)

	mu      sync.Mutex
	open    map[int]*sum
	done    []record.Second
	last    []*second // by worker
	next    int       // the first one that is not done
	parts   map[int]map[string]record.Process
	phase   string
	zero    time.Time
	whole   time.Duration
	warmups time.Duration
}

// sum is one second of several workers.
type sum struct {
	record.Second
	from      []bool // by worker
	n         int
	latencies run.Histogram
	marks     []record.Mark
	servers   map[string]run.Histogram
}

func newSeconds(began time.Time, workers int, tell func(run.Live)) *seconds {
	return &seconds{began: began, workers: workers, tell: tell, open: make(map[int]*sum), next: 1,
		last: make([]*second, workers), parts: make(map[int]map[string]record.Process), phase: "joining"}
}

// slot returns which second of the run a worker's is: it may have been measured
// late, and the last one is short.
func slot(s *record.Second) int { return int(math.Floor(s.At-s.Span/2)) + 1 }

// add adds a second of a worker.
func (t *seconds) add(worker int, one *second) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := max(slot(&one.Second), t.next) // too late: counts with the next one
	s := t.open[at]
	if s == nil {
		s = &sum{from: make([]bool, t.workers), latencies: run.NewHistogram(),
			servers: make(map[string]run.Histogram)}
		s.Servers = make(map[string]record.Server)
		t.open[at] = s
	}
	s.add(one)
	if worker == 0 {
		s.marks = append(s.marks, one.Marks...)
	}
	if !s.from[worker] {
		s.from[worker], s.n = true, s.n+1
	}
	t.last[worker] = one
	for t.completeLocked(t.next) {
		t.closeLocked(t.next)
	}
}

// add adds what one worker did in this second.
func (s *sum) add(one *second) {
	s.At, s.Span = max(s.At, one.At), max(s.Span, one.Span)
	s.Warmup = s.Warmup || one.Warmup
	s.Planned += one.Planned
	s.Sent += one.Sent
	s.Delivered += one.Delivered
	s.Due += one.Due
	s.Reconnects += one.Reconnects
	s.Loader.CPU += one.Loader.CPU
	s.Loader.Memory += one.Loader.Memory
	for app, server := range one.Servers {
		all := s.Servers[app]
		all.Connected += server.Connected
		all.Delivered += server.Delivered
		s.Servers[app] = all
	}
	for app, h := range one.Latencies {
		if s.servers[app].Histogram == nil {
			s.servers[app] = run.NewHistogram()
		}
		s.servers[app].Merge(h.Histogram)
		s.latencies.Merge(h.Histogram)
	}
}

// completeLocked reports whether the second at is there from all workers, or
// too late.
func (t *seconds) completeLocked(at int) bool {
	if s := t.open[at]; s != nil && s.n == t.workers {
		return true
	}
	return len(t.open) > 0 && int(time.Since(t.began).Seconds()) > at+patience
}

// closeLocked computes a second and tells it.
func (t *seconds) closeLocked(at int) {
	s := t.open[at]
	delete(t.open, at)
	t.next = at + 1
	if s == nil {
		return // nobody had it
	}
	if n := len(t.done); n > 0 {
		s.At = max(s.At, t.done[n-1].At) // also if one was measured late
	}
	live := run.Live{Phase: t.phase, Whole: t.whole, Marks: s.marks, Histogram: s.latencies.Histogram,
		Servers: s.servers, Began: t.began}
	for _, last := range t.last {
		if last != nil {
			s.Connected += last.Connected
			s.Lost += last.Lost
			live.Other += last.Other
			live.Wanted += last.Wanted
			run.AddTotals(&live.Totals, &last.Totals)
		}
	}
	s.Latency = run.LatencyOf(s.latencies)
	for app, h := range s.servers {
		server := s.Servers[app]
		server.P99 = run.LatencyOf(h).P99
		s.Servers[app] = server
	}
	s.Parts = t.parts[at]
	delete(t.parts, at)
	t.done = append(t.done, s.Second)
	live.Second, live.Lost = s.Second, s.Lost
	if now := time.Now(); !t.zero.IsZero() {
		live.Past = min(t.whole, max(0, now.Sub(t.zero)))
		switch {
		case live.Past < t.warmups:
			live.Phase = "warming up"
		case live.Past == t.whole:
			live.Phase = "settling"
		}
	}
	t.tell(live)
}

// start says when the first message is due.
func (t *seconds) start(s *plan.Settings, zero time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.phase, t.zero, t.warmups, t.whole = s.Scenario.Name, zero, s.Warmup, s.Warmup+s.For
}

// all returns all seconds. The workers must have ended.
func (t *seconds) all() []record.Second {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.open) > 0 {
		t.closeLocked(t.next)
	}
	return t.done
}

// watch samples the programs under load each second until the returned function
// is called.
func (r *spreadRun) watch(ctx context.Context) (stop func() *run.Programs) {
	programs := run.NewPrograms(r.watcher)
	programs.Begin()
	quit := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		last := time.Now()
		timer := time.NewTimer(run.UntilSecond(r.began))
		defer timer.Stop()
		for {
			select {
			case <-timer.C:
			case <-quit:
				return
			case <-ctx.Done():
				return
			}
			now := time.Now()
			parts, _ := programs.Sample(now.Sub(last))
			r.seconds.sampled(int(math.Round(now.Sub(r.began).Seconds())), parts)
			last = now
			timer.Reset(run.UntilSecond(r.began))
		}
	})
	return sync.OnceValue(func() *run.Programs {
		close(quit)
		watching.Wait()
		return programs
	})
}

// sampled adds what the programs under load have used in a second.
func (t *seconds) sampled(at int, parts map[string]record.Process) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at >= t.next {
		t.parts[at] = parts
		return
	}
	for i := range slices.Backward(t.done) { // the workers were faster
		if slot(&t.done[i]) == at {
			t.done[i].Parts = parts
			return
		}
	}
}
