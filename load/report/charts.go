package report

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/plotter"

	"livechat/load/record"
)

// chartsOf returns all charts of a run.
func chartsOf(r *record.Run) []*chart {
	all := []*chart{latencyChart(r), curveChart([]*record.Run{r}, []string{"all deliveries"}),
		deliveriesChart(r), connectionsChart(r), cpuChart(r), memoryChart(r),
		slowestChart(r), reconnectsChart(r)}
	if r.Scale != nil {
		all = slices.DeleteFunc(all, func(c *chart) bool {
			return c.Title == connectionsTitle || c.Title == slowestTitle
		})
	}
	for _, c := range all {
		if c.ticks == nil {
			c.marks = marksOf(r)
		}
	}
	if r.Scale != nil {
		all = slices.Concat(scaleCharts(r), all)
	}
	return all
}

// overTime returns a line of a value of each second. NaN omits a second.
func overTime(r *record.Run, name string, colour int, value func(*record.Second) float64) line {
	l := line{name: name, colour: colour}
	for i := range r.Seconds {
		if y := value(&r.Seconds[i]); !math.IsNaN(y) {
			l.points = append(l.points, plotter.XY{X: r.Seconds[i].At, Y: y})
		}
	}
	return l
}

// perSecond returns n per second for a span of about a second. A much shorter
// span returns NaN.
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

// marksOf numbers the marks.
func marksOf(r *record.Run) (all []mark) {
	for i, m := range r.Marks {
		all = append(all, mark{m.At, strconv.Itoa(i + 1)})
	}
	return all
}

func latencyChart(r *record.Run) *chart {
	c := &chart{Title: "Latency", Note: "from when a message was due to its receipt, by second", unit: "ms",
		span: span(r)}
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

// curveChart draws the percentile curves of the runs.
func curveChart(runs []*record.Run, names []string) *chart {
	c := &chart{Title: "Latency by percentile", Note: "share of the deliveries that took at most this long",
		unit: "ms", log: true}
	for i, r := range runs {
		l := sideLine(i, names[i])
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
	due := overTime(r, "due", loaderColour, func(s *record.Second) float64 { return perSecond(s.Due, s) })
	due.dashed = true
	return &chart{Title: "Deliveries",
		Note: "messages received by clients per second; due is the expected number",
		unit: "/s", span: span(r), lines: []line{
			due,
			overTime(r, "delivered", 3, func(s *record.Second) float64 { return perSecond(s.Delivered, s) }),
		}}
}

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
		return unit +
			", load tool only: no server was found on this machine (name some with -pids or -metrics)"
	}
	return unit + ", by program; the load tool is not a server"
}

// processLines returns one line per process and one for the load tool. Servers
// come first, in the colours of the connections chart.
func processLines(r *record.Run, value func(record.Process) float64) (all []line) {
	servers := apps(r)
	parts := slices.Clone(r.Parts)
	slices.SortStableFunc(parts, func(a, b string) int {
		one, other := slices.Index(servers, a), slices.Index(servers, b)
		if (one < 0) != (other < 0) {
			return other - one // parts that are not servers (-1) come later
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
	loader := overTime(r, "load tool", loaderColour, func(s *record.Second) float64 {
		if s.Span < 0.5 {
			return math.NaN()
		}
		return value(s.Loader)
	})
	loader.dashed = true
	return append(all, loader)
}

func reconnectsChart(r *record.Run) *chart {
	return &chart{Title: "Reconnects", Note: "clients that reconnected, per second", unit: "/s",
		span: span(r), lines: []line{
			overTime(r, "reconnects", 2,
				func(s *record.Second) float64 { return perSecond(s.Reconnects, s) }),
		}}
}
