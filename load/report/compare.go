package report

import (
	"fmt"
	"html/template"
	"io"
	"math"
	"path/filepath"
	"slices"
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

// format returns a value as text; NaN is a figure that the run does not have.
func (f figure) format(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return f.write(v)
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

// comparison returns rows of a name and the value of each run, after each but
// the first the change from the first.
func comparison(runs []*record.Run) (rows [][]string) {
	for _, f := range append(figures(), actFigures(runs)...) {
		cells := []string{f.name}
		first := f.value(runs[0])
		for i, r := range runs {
			value := f.value(r)
			cells = append(cells, f.format(value))
			if i > 0 {
				cells = append(cells, change(first, value))
			}
		}
		rows = append(rows, cells)
	}
	return rows
}

// namesOf returns short names of files, different ones if the files are.
func namesOf(files []string) (names []string) {
	seen := make(map[string]bool)
	for _, file := range files {
		names = append(names, filepath.Base(file))
		seen[filepath.Base(file)] = true
	}
	if len(seen) < len(files) {
		return files
	}
	return names
}

// CompareText writes a comparison of runs, read from the files, as text.
func CompareText(out io.Writer, runs []*record.Run, files []string) error {
	names := namesOf(files)
	rows := [][]string{{""}, {""}}
	for i, r := range runs {
		rows[0], rows[1] = append(rows[0], names[i]), append(rows[1], outcome(r))
		if i > 0 {
			rows[0], rows[1] = append(rows[0], ""), append(rows[1], "")
		}
	}
	tab := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	for _, cells := range append(rows, comparison(runs)...) {
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
	what := r.Settings.Scenario
	if r.Settings.Target != "" {
		what = r.Settings.Target + ", " + what
	}
	if len(Failures(r)) > 0 {
		return what + ", failed"
	}
	return what + ", passed"
}

// CompareHTML writes a comparison of runs, read from the files, as a page.
func CompareHTML(out io.Writer, runs []*record.Run, files []string) error {
	names := namesOf(files)
	v := view{Title: enumeration(names), Style: template.CSS(Style), Columns: []string{""},
		Passed: "Every client received every message once and in order.", Rows: comparison(runs)}
	var machines []string
	for i, r := range runs {
		v.Lead += fmt.Sprintf("%s: %s. ", names[i], load(r))
		if v.Columns = append(v.Columns, names[i]); i > 0 {
			v.Columns = append(v.Columns, "change")
		}
		if !slices.Contains(machines, r.Machine) {
			machines = append(machines, r.Machine)
		}
		for _, fault := range Failures(r) {
			v.Verdict = append(v.Verdict, names[i]+": "+fault)
		}
	}
	v.Failed = len(v.Verdict) > 0
	if v.Machine = strings.Join(machines, "; "); len(machines) > 1 {
		v.Advice = append(v.Advice, "The runs come from different machines.")
	}
	v.Charts = append(v.Charts, curveChart(runs, names),
		sideBySide(runs, names, latencyChart, 0, "99th percentile"), sideBySide(runs, names,
			deliveriesChart, 1, "Deliveries a second"),
		sideBySide(runs, names, cpuTotal, 0, "Processor"))
	return v.write(out)
}

// enumeration joins names as a sentence does.
func enumeration(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// runColours are the colours of runs beside each other. The first ones differ
// most.
var runColours = []int{1, 5, 3, 7, 4, 2, 6, 8}

// sideLine is the line of the i-th run in a comparison. Runs of the same colour
// differ by dashes.
func sideLine(i int, name string) line {
	return line{name: name, colour: runColours[i%len(runColours)], dashed: i/len(runColours)%2 == 1}
}

// sideBySide draws one line of a chart for each run.
func sideBySide(runs []*record.Run, names []string, of func(*record.Run) *chart, index int,
	title string) *chart {
	var all *chart
	for i, r := range runs {
		c := of(r)
		l := sideLine(i, names[i])
		l.points = c.lines[index].points
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
