package report

import (
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"livechat/load/record"
)

// Outcomes that fail a run.
const (
	exceeded = "EXCEEDED"
	worse    = "WORSE"
)

// Failures returns everything that failed the run, a sentence each.
func Failures(r *record.Run) []string {
	all := append([]string(nil), r.Verdict...)
	for _, l := range r.Limits {
		if l.Exceeded {
			all = append(all, fmt.Sprintf("limit %s: %s", l.Text, measured(l)))
		}
	}
	if b := r.Baseline; b != nil {
		for _, c := range b.Figures {
			if c.Worse {
				all = append(all, fmt.Sprintf("%s is worse than in %s by more than %.4g %%: %s, was %s",
					c.Figure, filepath.Base(b.File), b.Worse, inUnit(c.Now, c.Unit),
					inUnit(c.Before, c.Unit)))
			}
		}
	}
	return all
}

// passed says what was checked of a run without failures.
func passed(r *record.Run) string {
	text := "every client received every message once and in order"
	if r.Settings.Target != "" {
		text = "every client received every message once and in the order of its publisher while it was " +
			"connected"
	}
	if len(r.Limits) > 0 {
		text += ", and no limit was exceeded"
	}
	if r.Baseline != nil {
		text += fmt.Sprintf(", and nothing is worse than in %s by more than %.4g %%",
			filepath.Base(r.Baseline.File), r.Baseline.Worse)
	}
	return text
}

// sentence makes a sentence of what does not begin with a figure's name.
func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] + "." }

// measured formats the figure of a limit.
func measured(l record.Limit) string {
	if !l.Measured {
		return "not measured"
	}
	return inUnit(l.Value, l.Unit)
}

// inUnit formats a figure.
func inUnit(v float64, unit string) string {
	switch unit {
	case "ms":
		return milli(v)
	case "µs":
		return fmt.Sprintf("%.1f µs", v)
	case "bytes":
		return memory(int64(v))
	case "/s":
		return count(int64(v)) + "/s"
	}
	return count(int64(v))
}

// limitRows returns rows of limit, figure, and outcome.
func limitRows(r *record.Run) (rows [][]string) {
	for _, l := range r.Limits {
		outcome := "held"
		if l.Exceeded {
			outcome = exceeded
		}
		rows = append(rows, []string{l.Text, measured(l), outcome})
	}
	return rows
}

// baselineRows returns rows of figure, its value before and now, the change,
// and the outcome.
func baselineRows(r *record.Run) (rows [][]string) {
	if r.Baseline == nil {
		return nil
	}
	for _, c := range r.Baseline.Figures {
		outcome := ""
		if c.Worse {
			outcome = worse
		}
		rows = append(rows, []string{c.Figure, inUnit(c.Before, c.Unit), inUnit(c.Now, c.Unit),
			change(c.Before, c.Now), outcome})
	}
	return rows
}

// change formats the change from a to b.
func change(a, b float64) string {
	switch {
	case a == b:
		return "same"
	case a != 0 && !math.IsNaN(a) && !math.IsNaN(b):
		return fmt.Sprintf("%+.1f %%", 100*(b/a-1))
	}
	return ""
}

// verdictText writes the limits and the comparison with the baseline.
func verdictText(out io.Writer, r *record.Run) error {
	for _, table := range []struct {
		title string
		rows  [][]string
	}{
		{"limits", limitRows(r)},
		{"baseline", baselineRows(r)},
	} {
		if len(table.rows) == 0 {
			continue
		}
		title := table.title
		if r.Baseline != nil && title == "baseline" {
			title += " " + r.Baseline.File
		}
		fmt.Fprintf(out, "\n%s\n", title)
		tab := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
		for _, cells := range table.rows {
			fmt.Fprintf(tab, "  %s\n", strings.TrimRight(strings.Join(cells, "\t"), "\t"))
		}
		if err := tab.Flush(); err != nil {
			return fmt.Errorf("write the verdict: %w", err)
		}
	}
	return nil
}

// verdictTables returns the same for the page.
func verdictTables(r *record.Run) (all []table) {
	if rows := limitRows(r); len(rows) > 0 {
		all = append(all, table{"Limits", []string{"fails the run", "measured", ""}, rows})
	}
	if rows := baselineRows(r); len(rows) > 0 {
		all = append(all, table{"Against " + filepath.Base(r.Baseline.File),
			[]string{"", "before", "now", "change", ""}, rows})
	}
	return all
}
