package report

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/plotter"

	"livechat/load/record"
)

// chartsOf returns all pictures of a run.
func chartsOf(r *record.Run) []*chart {
	all := []*chart{latencyChart(r), curveChart([]*record.Run{r}, []string{"all deliveries"}), deliveriesChart(r), connectionsChart(r), cpuChart(r), memoryChart(r),
		slowestChart(r), reconnectsChart(r)}
	for _, c := range all {
		if c.ticks == nil {
			c.marks = marksOf(r)
		}
	}
	return all
}

// overTime returns a line of what value tells of each second; NaN leaves one out.
func overTime(r *record.Run, name string, colour int, value func(*record.Second) float64) line {
	l := line{name: name, colour: colour}
	for i := range r.Seconds {
		if y := value(&r.Seconds[i]); !math.IsNaN(y) {
			l.points = append(l.points, plotter.XY{X: r.Seconds[i].At, Y: y})
		}
	}
	return l
}

// perSecond is n in a span that need not be quite a second. A last piece that is much shorter says nothing.
func perSecond(n int64, s *record.Second) float64 {
	if s.Span < 0.5 {
		return math.NaN()
	}
	return float64(n) / s.Span
}

func span(r *record.Run) float64 {
	if len(r.Seconds) == 0 {
		return 1
	}
	return r.Seconds[len(r.Seconds)-1].At
}

// marksOf numbers what happened.
func marksOf(r *record.Run) (all []mark) {
	for i, m := range r.Marks {
		all = append(all, mark{m.At, strconv.Itoa(i + 1)})
	}
	return all
}

func latencyChart(r *record.Run) *chart {
	c := &chart{Title: "Latency", Note: "from the moment a message was due to its receipt, by second", unit: "ms", span: span(r)}
	of := func(value func(record.Latency) float64) func(*record.Second) float64 {
		return func(s *record.Second) float64 {
			if s.Latency.Max == 0 {
				return math.NaN() // nothing was measured
			}
			return value(s.Latency)
		}
	}
	c.lines = []line{
		overTime(r, "99 %", 5, of(func(l record.Latency) float64 { return l.P99 })),
		overTime(r, "90 %", 7, of(func(l record.Latency) float64 { return l.P90 })),
		overTime(r, "median", 1, of(func(l record.Latency) float64 { return l.P50 })),
	}
	return c
}

// curveChart draws the percentile curves of some runs.
func curveChart(runs []*record.Run, names []string) *chart {
	c := &chart{Title: "Latency by percentile", Note: "so many percent of the deliveries took at most so long", unit: "ms", log: true}
	for i, r := range runs {
		l := line{name: names[i], colour: 1 + 4*i}
		for _, p := range r.Curve {
			x := nines(p.Percentile)
			if p.Percentile == 100 && len(l.points) > 0 {
				x = l.points[len(l.points)-1].X + 0.1
			}
			l.points = append(l.points, plotter.XY{X: x, Y: max(p.MS, 0.001)})
			c.span = max(c.span, x)
		}
		c.lines = append(c.lines, l)
	}
	c.log = c.span > 0
	c.ticks = percentileTicks{c.span}
	return c
}

func deliveriesChart(r *record.Run) *chart {
	due := overTime(r, "due", 8, func(s *record.Second) float64 { return perSecond(s.Due, s) })
	due.dashed = true
	return &chart{Title: "Deliveries", Note: "messages that came to clients in a second; due is how many should have", unit: "/s", span: span(r), lines: []line{
		due,
		overTime(r, "delivered", 3, func(s *record.Second) float64 { return perSecond(s.Delivered, s) }),
	}}
}

// connectionsChart stacks the servers, the last one on top, so that the upper edge is all clients.
func connectionsChart(r *record.Run) *chart {
	c := &chart{Title: "Connections", Note: "of each server, by its APPID, one upon the other", span: span(r), stacked: true}
	below := make([]float64, len(r.Seconds))
	for i, app := range apps(r) {
		l := overTime(r, app, colourOf(i), func(s *record.Second) float64 { return float64(s.Servers[app].Connected) })
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
	c := &chart{Title: "99th percentile by server", Note: "of the latency at the clients of each, by second", unit: "ms", span: span(r)}
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

// apps returns the APPIDs that clients met.
func apps(r *record.Run) []string {
	all := make(map[string]bool)
	for _, s := range r.Seconds {
		for app := range s.Servers {
			all[app] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

func colourOf(i int) int { return i%(colours-1) + 1 } // the last one is the loader's

func cpuChart(r *record.Run) *chart {
	c := &chart{Title: "Processor", Note: processNote(r, "percent of one core"), unit: "%", span: span(r)}
	c.lines = processLines(r, func(p record.Process) float64 { return p.CPU })
	return c
}

func memoryChart(r *record.Run) *chart {
	c := &chart{Title: "Memory", Note: processNote(r, "resident"), unit: "MB", span: span(r)}
	c.lines = processLines(r, func(p record.Process) float64 { return float64(p.Memory) / (1 << 20) })
	return c
}

func processNote(r *record.Run, unit string) string {
	if len(r.Parts) == 0 {
		return unit + ", of the loader alone: no server was found on this machine (-pids and -metrics name some)"
	}
	return unit + ", of each program; the loader is not the server"
}

// processLines are one per program, servers first in the colours of their connections, and the loader.
func processLines(r *record.Run, value func(record.Process) float64) (all []line) {
	servers := apps(r)
	parts := slices.Clone(r.Parts)
	slices.SortStableFunc(parts, func(a, b string) int {
		one, other := slices.Index(servers, a), slices.Index(servers, b)
		if (one < 0) != (other < 0) {
			return other - one // who is none, -1, comes later
		}
		return strings.Compare(a, b)
	})
	for i, part := range parts {
		all = append(all, overTime(r, part, colourOf(i), func(s *record.Second) float64 {
			p, ok := s.Parts[part]
			if !ok || s.Span < 0.5 {
				return math.NaN()
			}
			return value(p)
		}))
	}
	loader := overTime(r, "loader", 8, func(s *record.Second) float64 {
		if s.Span < 0.5 {
			return math.NaN()
		}
		return value(s.Loader)
	})
	loader.dashed = true
	return append(all, loader)
}

func reconnectsChart(r *record.Run) *chart {
	return &chart{Title: "Reconnects", Note: "clients who came back, a second", unit: "/s", span: span(r), lines: []line{
		overTime(r, "reconnects", 2, func(s *record.Second) float64 { return perSecond(s.Reconnects, s) }),
	}}
}
