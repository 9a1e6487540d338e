package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"livechat/load/record"
)

//go:embed page.html
var pageText string

// Style is the style sheet of the page, which others may use.
//
//go:embed style.css
var Style string

var page = template.Must(template.New("page").Funcs(template.FuncMap{"count": count, "milli": milli,
	"inc":   func(i int) int { return i + 1 },
	"bad":   func(cell string) bool { return cell == exceeded || cell == worse },
	"round": func(v float64) string { return fmt.Sprintf("%.1f", v) }}).Parse(pageText))

// view is the content of the page: one run or a comparison of two.
type view struct {
	Title    string
	Lead     string
	Style    template.CSS
	Failed   bool
	Verdict  []string
	Passed   string // what was checked, if nothing failed
	Advice   []string
	Tiles    []tile
	Charts   []*chart
	Marks    []record.Mark
	Columns  []string   // of the table
	Rows     [][]string // of the table
	Tables   []table    // before the charts
	Context  [][]string
	Seconds  [][]string
	Loader   string
	Machine  string
	Finished bool
}

// tile is one large figure.
type tile struct {
	Name, Value, More string
	Bad               bool
}

// table is a table with a title.
type table struct {
	Title   string
	Columns []string
	Rows    [][]string
}

// HTML writes the page of a run. It is self-contained: it needs no other file
// and no network.
func HTML(out io.Writer, r *record.Run) error {
	t, l := &r.Totals, &r.Latency
	v := view{
		Title: fmt.Sprintf("%s · %s clients · %.4g messages a second", r.Settings.Scenario,
			count(int64(r.Settings.Clients)), r.Settings.Rate),
		Style: template.CSS(Style), Lead: load(r) + ". Scenario: " + r.Settings.About + ".",
		Verdict: Failures(r), Passed: sentence(passed(r)), Advice: r.Advice, Charts: chartsOf(r),
		Tables: tablesOf(r), Context: contextRows(r),
		Marks: r.Marks, Finished: r.Complete,
		Machine: r.Machine + ", " + r.Began.UTC().Format("2 January 2006 15:04 UTC"),
		Tiles: []tile{
			{Name: "deliveries", Value: count(t.Delivered),
				More: count(int64(float64(t.Delivered)/max(t.Seconds, 1e-9))) + " a second"},
			{Name: "median", Value: milli(l.P50), More: "90 % " + milli(l.P90)},
			{Name: "99 %", Value: milli(l.P99), More: "99.9 % " + milli(l.P999)},
			{Name: "lost", Value: count(t.Lost), More: count(t.Announced) + " announced", Bad: t.Lost > 0},
			{Name: "duplicated", Value: count(t.Duplicated), Bad: t.Duplicated > 0, More: "received twice"},
			{Name: "out of order", Value: count(t.Reordered), Bad: t.Reordered > 0, More: "received late"},
		},
		Loader:  loaderText(r),
		Columns: []string{"", "this run"}, Seconds: secondRows(r),
	}
	if e := r.Settings.Experiment; e != nil {
		v.Lead = "Experiment " + experiment(e) + ". " + v.Lead
	}
	v.Failed = len(v.Verdict) > 0
	if len(r.Command) > 0 {
		v.Rows = append(v.Rows, []string{"command", CommandLine(r.Command)})
	}
	if len(r.Settings.URLs) > 0 {
		v.Rows = append(v.Rows, []string{"address", strings.Join(r.Settings.URLs, ", ")})
	}
	for _, line := range summary(r) {
		v.Rows = append(v.Rows, []string{line.name, strings.ReplaceAll(line.value, "\n", ". ")})
	}
	return v.write(out)
}

// CommandLine returns the command as typed into a shell.
func CommandLine(flags []string) string {
	text := "load"
	for _, f := range flags {
		if f == "" || strings.ContainsAny(f, " \t\n'\"\\$`;&|<>(){}*?!#~") {
			f = "'" + strings.ReplaceAll(f, "'", `'\''`) + "'"
		}
		text += " " + f
	}
	return text
}

func (v *view) write(out io.Writer) error {
	if err := page.Execute(out, v); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// loaderText describes the cost of the load tool itself.
func loaderText(r *record.Run) string {
	t := &r.Totals
	text := fmt.Sprintf(
		"The load tool used %.1f µs of CPU per delivery, %.0f %% of a core, and at most %s of memory.",
		t.LoaderEach, 100*t.LoaderCPU/max(t.Seconds, 1e-9), memory(loaderMemory(r)))
	if t.ServerEach > 0 {
		text += fmt.Sprintf(" The watched programs used %.1f µs per delivery.", t.ServerEach)
	}
	return text +
		" On one machine they compete for the processor, so a high latency may be caused by the load tool."
}

func secondRows(r *record.Run) (rows [][]string) {
	for _, s := range r.Seconds {
		rows = append(rows, []string{fmt.Sprintf("%.0f", s.At), count(int64(s.Connected)), count(s.Sent),
			count(s.Delivered), count(s.Lost), milli(s.Latency.P50), milli(s.Latency.P99),
			count(s.Reconnects), fmt.Sprintf("%.0f %%", s.Loader.CPU)})
	}
	return rows
}
