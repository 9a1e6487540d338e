package report

import (
	"fmt"
	"html/template"
	"io"
	"math"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"livechat/load/record"
)

// figure is one row of a comparison.
type figure struct {
	name  string
	value func(*record.Run) float64
	write func(float64) string
}

// figures returns the rows of a comparison.
func figures() []figure {
	number := func(v float64) string { return count(int64(v)) }
	micro := func(v float64) string { return fmt.Sprintf("%.1f µs", v) }
	percent := func(v float64) string { return fmt.Sprintf("%.0f %%", v) }
	return []figure{
		{"clients", func(r *record.Run) float64 { return float64(r.Settings.Clients) }, number},
		{"messages a second", func(r *record.Run) float64 { return r.Settings.Rate },
			func(v float64) string { return fmt.Sprintf("%.4g", v) }},
		{"deliveries", func(r *record.Run) float64 { return float64(r.Totals.Delivered) }, number},
		{"deliveries a second",
			func(r *record.Run) float64 {
				return float64(r.Totals.Delivered) / max(r.Totals.Seconds, 1e-9)
			}, number},
		{"latency, median", func(r *record.Run) float64 { return r.Latency.P50 }, milli},
		{"latency, 90 %", func(r *record.Run) float64 { return r.Latency.P90 }, milli},
		{"latency, 99 %", func(r *record.Run) float64 { return r.Latency.P99 }, milli},
		{"latency, 99.9 %", func(r *record.Run) float64 { return r.Latency.P999 }, milli},
		{"latency, longest", func(r *record.Run) float64 { return r.Latency.Max }, milli},
		{"lost", func(r *record.Run) float64 { return float64(r.Totals.Lost) }, number},
		{"duplicated", func(r *record.Run) float64 { return float64(r.Totals.Duplicated) }, number},
		{"out of order", func(r *record.Run) float64 { return float64(r.Totals.Reordered) }, number},
		{"reconnects", func(r *record.Run) float64 { return float64(r.Totals.Reconnects) }, number},
		{"watched programs, per delivery", func(r *record.Run) float64 { return r.Totals.ServerEach }, micro},
		{"load tool, per delivery", func(r *record.Run) float64 { return r.Totals.LoaderEach }, micro},
		{"load tool, of a core",
			func(r *record.Run) float64 {
				return 100 * r.Totals.LoaderCPU / max(r.Totals.Seconds, 1e-9)
			}, percent},
	}
}

// comparison returns rows of name, a, b, and the change from a to b.
func comparison(a, b *record.Run) (rows [][]string) {
	for _, f := range figures() {
		one, other := f.value(a), f.value(b)
		change := ""
		switch {
		case one == other:
			change = "same"
		case one != 0:
			change = fmt.Sprintf("%+.1f %%", 100*(other/one-1))
		}
		rows = append(rows, []string{f.name, f.write(one), f.write(other), change})
	}
	return rows
}

// CompareText writes a comparison of two runs as text.
func CompareText(out io.Writer, a, b *record.Run, fileA, fileB string) error {
	tab := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tab, "\t%s\t%s\t\t\n\t%s\t%s\t\t\n", filepath.Base(fileA), filepath.Base(fileB), outcome(a),
		outcome(b))
	for _, cells := range comparison(a, b) {
		for _, cell := range cells {
			fmt.Fprintf(tab, "%s\t", cell)
		}
		fmt.Fprintln(tab)
	}
	if err := tab.Flush(); err != nil {
		return fmt.Errorf("write the comparison: %w", err)
	}
	return nil
}

func outcome(r *record.Run) string {
	if len(r.Verdict) > 0 {
		return r.Settings.Scenario + ", failed"
	}
	return r.Settings.Scenario + ", passed"
}

// CompareHTML writes a comparison of two runs as a page.
func CompareHTML(out io.Writer, a, b *record.Run, fileA, fileB string) error {
	names := []string{filepath.Base(fileA), filepath.Base(fileB)}
	runs := []*record.Run{a, b}
	v := view{Title: names[0] + " and " + names[1], Style: template.CSS(style),
		Failed:  len(a.Verdict)+len(b.Verdict) > 0,
		Lead:    fmt.Sprintf("%s: %s. %s: %s.", names[0], load(a), names[1], load(b)),
		Columns: []string{"", names[0], names[1], "change"}, Rows: comparison(a, b), Machine: a.Machine}
	if b.Machine != a.Machine {
		v.Machine += "; " + b.Machine
		v.Advice = append(v.Advice, "The runs come from different machines.")
	}
	for i, r := range runs {
		for _, fault := range r.Verdict {
			v.Verdict = append(v.Verdict, names[i]+": "+fault)
		}
	}
	v.Charts = append(v.Charts, curveChart(runs, names),
		sideBySide(runs, names, latencyChart, 0, "99th percentile"), sideBySide(runs, names,
			deliveriesChart, 1, "Deliveries a second"),
		sideBySide(runs, names, cpuTotal, 0, "Processor"))
	return v.write(out)
}

// sideBySide draws one line of a chart for each run.
func sideBySide(runs []*record.Run, names []string, of func(*record.Run) *chart, index int,
	title string) *chart {
	var all *chart
	for i, r := range runs {
		c := of(r)
		l := c.lines[index]
		l.name, l.colour, l.dashed = names[i], 1+4*i, false
		if all == nil {
			all = c
			all.Title, all.lines = title, nil
			all.Note, _, _ = strings.Cut(all.Note, ";") // the rest is about an omitted line
		}
		all.span = max(all.span, c.span)
		all.lines = append(all.lines, l)
	}
	return all
}

// cpuTotal draws what all watched processes used together.
func cpuTotal(r *record.Run) *chart {
	return &chart{Note: "percent of one core, all watched programs together", unit: "%", span: span(r),
		lines: []line{
			overTime(r, "all", 1, func(s *record.Second) (sum float64) {
				if s.Span < 0.5 {
					return math.NaN()
				}
				for _, p := range s.Parts {
					sum += p.CPU
				}
				return sum
			}),
		}}
}
