// Package verdict decides whether a run passes: whether its figures are within
// the limits that were given, and not worse than those of an earlier run.
package verdict

import (
	"slices"
	"strings"

	"livechat/load/record"
)

// Units of figures, as they are recorded.
const (
	unitTime   = "ms"
	unitCPU    = "µs"
	unitMemory = "bytes"
	unitRate   = "/s"
	unitCount  = ""
)

// figure is a figure of a run.
type figure struct {
	name string
	unit string
	// value returns the figure, and whether the run has it.
	value func(*record.Run) (v float64, measured bool)
	// compared means that less is better, and that runs which are otherwise
	// alike are near each other in it. The longest latencies are not.
	compared bool
}

// figures are all figures, in the order of the documents.
var figures = []figure{
	{"p50", unitTime, latency(func(l record.Latency) float64 { return l.P50 }), true},
	{"p90", unitTime, latency(func(l record.Latency) float64 { return l.P90 }), true},
	{"p99", unitTime, latency(func(l record.Latency) float64 { return l.P99 }), true},
	{"p999", unitTime, latency(func(l record.Latency) float64 { return l.P999 }), false},
	{"max", unitTime, latency(func(l record.Latency) float64 { return l.Max }), false},
	{"mean", unitTime, latency(func(l record.Latency) float64 { return l.Mean }), true},
	{"lost", unitCount, total(func(t *record.Totals) int64 { return t.Lost }), true},
	{"duplicated", unitCount, total(func(t *record.Totals) int64 { return t.Duplicated }), true},
	{"reordered", unitCount, total(func(t *record.Totals) int64 { return t.Reordered }), true},
	{"refused", unitCount, unless("acks", refused), true},
	{"unanswered", unitCount, unless("acks", func(t *record.Totals) int64 { return t.Unanswered }), true},
	{"reconnects", unitCount, total(func(t *record.Totals) int64 {
		return max(0, t.Reconnects-t.Moved) // the broken ones
	}), true},
	{"moved", unitCount, unless("moves on request", func(t *record.Totals) int64 { return t.Moved }), false},
	{"failed", unitCount, total(func(t *record.Totals) int64 { return t.Failed }), true},
	{"rate", unitRate, func(r *record.Run) (float64, bool) {
		return float64(r.Totals.Delivered) / max(r.Totals.Seconds, 1e-9), r.Totals.Seconds > 0
	}, false},
	{"cpu", unitCPU, func(r *record.Run) (float64, bool) {
		return r.Totals.ServerEach, r.Totals.ServerEach > 0
	}, true},
	{"memory", unitMemory, memory, true},
}

func latency(of func(record.Latency) float64) func(*record.Run) (float64, bool) {
	return func(r *record.Run) (float64, bool) { return of(r.Latency), r.Totals.Measured > 0 }
}

func total(of func(*record.Totals) int64) func(*record.Run) (float64, bool) {
	return func(r *record.Run) (float64, bool) { return float64(of(&r.Totals)), true }
}

// unless is total of a figure that targets without that do not have.
func unless(what string, of func(*record.Totals) int64) func(*record.Run) (float64, bool) {
	return func(r *record.Run) (float64, bool) {
		return float64(of(&r.Totals)), !slices.Contains(r.NotAvailable, what)
	}
}

func refused(t *record.Totals) (sum int64) {
	for _, n := range t.Refused {
		sum += n
	}
	return sum
}

// memory returns the most that the watched programs had together.
func memory(r *record.Run) (most float64, measured bool) {
	for _, s := range r.Seconds {
		sum := 0.0
		for _, p := range s.Parts {
			sum += float64(p.Memory)
		}
		most = max(most, sum)
	}
	return most, most > 0
}

// Names returns the names of all figures, separated by commas.
func Names() string {
	var all []string
	for _, f := range figures {
		all = append(all, f.name)
	}
	return strings.Join(all, ", ")
}
