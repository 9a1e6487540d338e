package worker

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"livechat/load/record"
	"livechat/load/run"
)

// result merges the outcomes.
func (r *spreadRun) result(outcomes []*run.Outcome, publishers int, advice string, complete bool) (
	result *record.Run,
) {
	var sum run.Outcome
	var logs [][]run.Log
	for i, o := range outcomes {
		sum.Add(o)
		logs = append(logs, r.peers[i].logs)
	}
	reordered, duplicated := run.Conflicts(logs)
	sum.Totals.Reordered += reordered
	sum.Totals.Duplicated += duplicated
	sum.ServerCPU = r.serverCPU
	seconds := r.seconds.all() // tells the last ones, which takes mu
	r.mu.Lock()
	defer r.mu.Unlock()
	sum.Marks = append(slices.Clone(outcomes[0].Marks), r.marks...) // those of the others are the same
	slices.SortStableFunc(sum.Marks, func(a, b record.Mark) int { return int(1000 * (a.At - b.At)) })
	sum.Knee, sum.Did, sum.Scale, sum.Faults = r.knee, r.did, r.scale, r.faults
	result = sum.Record(&r.settings, run.Summary{Began: r.began, Publishers: publishers,
		Seconds: seconds, Parts: r.parts, Machine: r.machines(), Complete: complete,
		Advice: advice, Limit: r.limit})
	for i, p := range r.peers {
		o := outcomes[i]
		first, last := p.clocks[1], p.clocks[len(p.clocks)-1]
		result.Workers = append(result.Workers, record.Worker{Address: p.name, Machine: p.machine,
			Clients: p.share.Count, Delivered: o.Totals.Delivered, Lost: o.Totals.Lost,
			CPU:   o.Totals.LoaderCPU,
			Clock: ms(first.wall), Error: ms(first.error), Drift: ms(last.offset - first.offset)})
		if o.Busy != "" {
			result.Advice = append(result.Advice, "worker "+p.name+": "+o.Busy)
		}
	}
	if note := clockNote(result); note != "" {
		result.Advice = append(result.Advice, note)
	}
	return result
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }

// clockNote returns advice if the error of the clocks is not small compared to
// the latencies.
func clockNote(r *record.Run) string {
	if wrong := r.ClockError(); wrong > r.Latency.P50/10 {
		return fmt.Sprintf("latencies between workers can be wrong by %.3g ms, because that is how well "+
			"their clocks are known", wrong)
	}
	return ""
}

// machines returns the machines of all workers.
func (r *spreadRun) machines() string {
	var all []string
	for _, p := range r.peers {
		if !slices.Contains(all, p.machine) {
			all = append(all, p.machine)
		}
	}
	return strings.Join(all, "; ")
}
