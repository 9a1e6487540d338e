package worker

import (
	"testing"
	"time"

	"livechat/load/record"
	"livechat/load/run"
)

// measured is a second of a worker with n deliveries that took ms each.
func measured(at, span float64, n int64, ms int64) *second {
	h := run.NewHistogram()
	_ = h.RecordValues(1000*ms, n)
	one := &second{Second: record.Second{At: at, Span: span, Connected: 5, Sent: 1, Delivered: n, Lost: 1,
		Servers: map[string]record.Server{"a": {Connected: 5, Delivered: n}},
		Loader:  record.Process{CPU: 10, Memory: 1}}, Latencies: map[string]run.Histogram{"a": h}}
	return one
}

// Seconds of several workers are added once all have told them; percentiles are
// those of all deliveries.
func TestSecondsAreMerged(t *testing.T) {
	var told []run.Live
	s := newSeconds(time.Now(), 2, func(l run.Live) { told = append(told, l) })
	s.add(0, measured(1.001, 1, 99, 1))
	s.add(0, measured(2.4, 1.4, 10, 1)) // measured late, by a busy machine
	if len(told) != 0 {
		t.Fatalf("told %d seconds before the other worker", len(told))
	}
	s.add(1, measured(1.002, 1, 1, 500))
	s.add(1, measured(2, 1, 10, 1))
	s.add(1, measured(2.3, 0.3, 4, 1)) // the end of this worker
	if len(told) != 2 {
		t.Fatalf("told %d seconds, want 2", len(told))
	}
	first := told[0].Second
	if first.Delivered != 100 || first.Sent != 2 || first.Connected != 10 || first.Lost != 2 ||
		first.Loader.CPU != 20 || first.At != 1.002 {
		t.Errorf("%+v", first)
	}
	if l := first.Latency; l.P50 > 1.1 || l.P99 > 1.1 || l.Max < 499 {
		t.Errorf("latencies %+v", l)
	}
	if server := first.Servers["a"]; server.Connected != 10 || server.Delivered != 100 || server.P99 > 1.1 {
		t.Errorf("server %+v", server)
	}
	all := s.all()
	if len(all) != 3 || all[2].Delivered != 4 || all[2].Connected != 10 || all[2].Lost != 2 {
		t.Errorf("all: %+v", all)
	}
}

// A worker that is far behind does not hold the others up.
func TestSecondsDoNotWaitForever(t *testing.T) {
	told := 0
	s := newSeconds(time.Now().Add(-time.Minute), 2, func(run.Live) { told++ })
	s.add(0, measured(50, 1, 1, 1))
	if told != 1 {
		t.Errorf("told %d seconds, want 1", told)
	}
	s.add(1, measured(50, 1, 3, 1)) // counts with a later one
	var delivered int64
	for _, one := range s.all() {
		delivered += one.Delivered
	}
	if delivered != 4 {
		t.Errorf("%d deliveries, want 4", delivered)
	}
}

// The last seconds, which are told when the workers have ended, do not wait for
// the result that they become part of.
func TestResultTellsTheLastSeconds(t *testing.T) {
	var told []run.Live
	r := &spreadRun{settings: settings, began: time.Now(),
		peers: []*peer{{name: "a", clocks: make([]reading, 2)}, {name: "b", clocks: make([]reading, 2)}}}
	r.seconds = newSeconds(r.began, 2, r.tell(func(l run.Live) { told = append(told, l) }))
	r.seconds.add(0, measured(1, 1, 5, 1))
	r.Mark(time.Now(), "now")
	outcomes := []*run.Outcome{{Latency: run.NewHistogram(), Totals: record.Totals{Lost: 1}},
		{Latency: run.NewHistogram(), Totals: record.Totals{Lost: 2}}}
	result := r.result(outcomes, 1, "", true)
	if len(told) != 1 || len(told[0].Marks) != 1 || len(result.Seconds) != 1 || result.Totals.Lost != 3 {
		t.Errorf("told %+v, result %+v", told, result)
	}
}
