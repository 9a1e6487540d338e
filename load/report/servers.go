package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"livechat/load/record"
)

// Titles of charts that scale has in another place.
const (
	connectionsTitle = "Connections"
	slowestTitle     = "99th percentile by server"
)

// scaleCharts are the charts of scale that come first: what each server had to
// do while the number of servers changed.
func scaleCharts(r *record.Run) []*chart {
	clients := connectionsChart(r)
	clients.Note = "clients of each server, stacked; marks: servers before → after, and when even"
	all := []*chart{clients, stacked(r, "Deliveries by server",
		"messages received per second by the clients of each server, stacked", "/s",
		func(s *record.Second, app string) float64 { return perSecond(s.Servers[app].Delivered, s) }),
		slowestChart(r)}
	for _, c := range all {
		c.marks = scaleMarks(r.Scale)
	}
	return all
}

// scaleMarks has the number of servers at each change, and when the clients were
// spread evenly.
func scaleMarks(s *record.Scale) (all []mark) {
	for i, step := range s.Steps {
		if i == 0 && step.Before == step.Servers {
			continue // nothing changed
		}
		all = append(all, mark{step.At, fmt.Sprintf("%d → %d", step.Before, step.Servers)})
		if step.Even != nil && *step.Even >= evenAtOnce {
			all = append(all, mark{step.At + *step.Even, "even"})
		}
	}
	return all
}

// connectionsChart stacks the servers, so that the upper edge is the number of
// all clients.
func connectionsChart(r *record.Run) *chart {
	c := stacked(r, connectionsTitle, "by APPID of the server, stacked", "",
		func(s *record.Second, app string) float64 { return float64(s.Servers[app].Connected) })
	if r.Settings.Stages != "" {
		planned := overTime(r, "planned", loaderColour, func(s *record.Second) float64 {
			return float64(s.Planned)
		})
		planned.dashed = true
		c.lines = slices.Insert(c.lines, 0, planned)
		c.Note += "; planned is what the stages say"
	}
	return c
}

// stacked stacks a value of all servers. NaN omits a second.
func stacked(r *record.Run, title, note, unit string,
	value func(s *record.Second, app string) float64) *chart {
	c := &chart{Title: title, Note: note, unit: unit, span: span(r), stacked: true}
	below := make([]float64, len(r.Seconds))
	for i, app := range apps(r) {
		l := overTime(r, app, colourOf(i), func(s *record.Second) float64 { return value(s, app) })
		for k := range l.points {
			l.points[k].Y += below[k]
			below[k] = l.points[k].Y
		}
		l.filled = true
		c.lines = append(c.lines, l)
	}
	slices.Reverse(c.lines)
	return c
}

func slowestChart(r *record.Run) *chart {
	c := &chart{Title: slowestTitle,
		Note: "latency at the clients of each server, by second", unit: "ms", span: span(r)}
	for i, app := range apps(r) {
		c.lines = append(c.lines, overTime(r, app, colourOf(i), func(s *record.Second) float64 {
			if s.Servers[app].P99 == 0 {
				return math.NaN()
			}
			return s.Servers[app].P99
		}))
	}
	return c
}

// apps returns the APPIDs of all servers of the run; numbers in their order.
func apps(r *record.Run) []string {
	all := make(map[string]bool)
	for _, s := range r.Seconds {
		for app := range s.Servers {
			all[app] = true
		}
	}
	return slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
}

// colourOf returns the colour of the i-th server or program: any but that of the
// load tool. A cluster of twelve has no colour twice.
func colourOf(i int) int {
	if i %= colours - 1; i >= loaderColour-1 {
		return i + 2
	}
	return i + 1
}
