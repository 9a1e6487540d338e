package run

import (
	"fmt"
	"maps"
	"sync"
	"time"

	"livechat/load/plan"
	"livechat/load/record"
)

// acts counts what people do. It is safe for concurrent use.
type acts struct {
	mu  sync.Mutex
	all [plan.Acts]ActCount
}

// ActCount is what was counted of one kind of act. All of it adds up.
type ActCount struct {
	Tried    int64
	Answered int64
	Failed   map[string]int64
	Received int64
	Lost     int64
	Latency  Histogram // of those that are measured; nil if there are none
}

func (a *acts) tried(what plan.Act) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all[what].Tried++
}

// answered counts an answer, and its latency if measured is true.
func (a *acts) answered(what plan.Act, latency time.Duration, measured bool) {
	us := min(max(latency, shortest), longest).Microseconds()
	a.mu.Lock()
	defer a.mu.Unlock()
	one := &a.all[what]
	one.Answered++
	if !measured {
		return
	}
	if one.Latency.Histogram == nil {
		one.Latency = NewHistogram()
	}
	_ = one.Latency.RecordValue(us) // fails only out of range
}

func (a *acts) failed(what plan.Act, reason string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	one := &a.all[what]
	if one.Failed == nil {
		one.Failed = make(map[string]int64)
	}
	one.Failed[reason]++
}

// received counts what came of an act at somebody.
func (a *acts) received(what plan.Act) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all[what].Received++
}

// lose counts what did not come.
func (a *acts) lose(what plan.Act, n int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all[what].Lost += n
}

// progress returns a number that grows with every answer and receipt.
func (a *acts) progress() (sum int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range a.all {
		sum += a.all[i].Answered + a.all[i].Received
	}
	return sum
}

// counts returns the counts by act. Nobody may act any more.
func (a *acts) counts() []ActCount { return a.all[:] }

// addActs adds what another process has counted.
func addActs(to, from []ActCount) []ActCount {
	if len(to) == 0 {
		to = make([]ActCount, plan.Acts)
	}
	for i := range from {
		t, f := &to[i], &from[i]
		t.Tried, t.Answered, t.Received, t.Lost = t.Tried+f.Tried, t.Answered+f.Answered,
			t.Received+f.Received, t.Lost+f.Lost
		if len(f.Failed) > 0 {
			t.Failed = maps.Clone(t.Failed)
		}
		for reason, n := range f.Failed {
			if t.Failed == nil {
				t.Failed = make(map[string]int64)
			}
			t.Failed[reason] += n
		}
		if f.Latency.Histogram == nil {
			continue
		}
		if t.Latency.Histogram == nil {
			t.Latency = NewHistogram()
		}
		t.Latency.Merge(f.Latency.Histogram)
	}
	return to
}

// actsOf returns the counts as the result has them: of what was tried, if there
// is a mix.
func actsOf(s *plan.Settings, counts []ActCount) (all []record.Act) {
	if s.Mix == (plan.Mix{}) {
		return nil
	}
	for i, c := range counts {
		if c.Tried == 0 {
			continue
		}
		one := record.Act{Kind: plan.Act(i).String(), Tried: c.Tried, Answered: c.Answered, Failed: c.Failed,
			Received: c.Received, Lost: c.Lost}
		if h := c.Latency.Histogram; h != nil {
			one.P50, one.P99, one.Max = ms(h.ValueAtQuantile(50)), ms(h.ValueAtQuantile(99)), ms(h.Max())
		}
		all = append(all, one)
	}
	return all
}

// actFaults returns the faults of what people did, a sentence each.
func actFaults(all []record.Act) (faults []string) {
	for _, a := range all {
		if a.Lost > 0 {
			faults = append(faults, fmt.Sprintf("%d private messages did not reach a feed", a.Lost))
		}
		if n := a.Failed[disorder]; n > 0 {
			faults = append(faults, fmt.Sprintf("%d pages of the history were out of order", n))
		}
	}
	return faults
}

// actAnswered counts the answer to what was due so long after the first
// message. The latency of clients with a slow network does not count.
func (r *run) actAnswered(what plan.Act, who *member, after time.Duration) {
	start := r.start.Load()
	if start == nil {
		return
	}
	due := start.zero.Add(after)
	r.acts.answered(what, time.Since(due), !who.isApart() && !due.Before(start.measured))
}
