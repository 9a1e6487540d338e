package report

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"livechat/load/record"
)

// mix says what people did besides sending plain messages, and how often.
func mix(s *record.Settings) (text string) {
	order := []string{"edits", "deletes", "reactions", "uploads", "typing", "history", "search", "private"}
	for _, kind := range order {
		percent, ok := s.Mix[kind]
		if !ok {
			continue
		}
		if text += fmt.Sprintf(", %.4g %% %s", percent, kind); kind == "uploads" {
			text += fmt.Sprintf(" of %s bytes", count(int64(s.FileSize)))
		}
	}
	return text
}

// acts says what people did, a line for each kind.
func acts(r *record.Run) (all []string) {
	for _, a := range r.Acts {
		text := fmt.Sprintf("%s: %s tried", a.Kind, count(a.Tried))
		if a.Answered > 0 {
			text += fmt.Sprintf(", %s answered", count(a.Answered))
		}
		if a.P50 > 0 {
			text += fmt.Sprintf(", median %s, 99 %% %s", milli(a.P50), milli(a.P99))
		}
		if a.Received > 0 {
			text += fmt.Sprintf(", received %s times", count(a.Received))
		}
		if len(a.Failed) > 0 {
			text += ", failed " + reasons(a.Failed)
		}
		all = append(all, text)
	}
	return all
}

func reasons(failed map[string]int64) string {
	var all []string
	for _, reason := range slices.Sorted(maps.Keys(failed)) {
		all = append(all, fmt.Sprintf("%s (%s)", count(failed[reason]), reason))
	}
	return strings.Join(all, ", ")
}

// actTable has the same for the page.
func actTable(r *record.Run) table {
	t := table{Title: "What people did", Columns: []string{"", "of the messages", "tried", "answered",
		"failed", "median", "99 %", "longest", "received"}}
	for _, a := range r.Acts {
		share, failed := "", count(a.Failures())
		if percent, ok := r.Settings.Mix[a.Kind]; ok {
			share = fmt.Sprintf("%.4g %%", percent)
		}
		if len(a.Failed) > 0 {
			failed = reasons(a.Failed)
		}
		answered, times := count(a.Answered), []string{"", "", ""}
		if a.Kind == "typing" {
			answered = "" // there are no answers
		}
		if a.P50 > 0 {
			times = []string{milli(a.P50), milli(a.P99), milli(a.Max)}
		}
		received := ""
		if a.Received > 0 {
			received = count(a.Received)
		}
		t.Rows = append(t.Rows, []string{a.Kind, share, count(a.Tried), answered, failed, times[0], times[1],
			times[2], received})
	}
	return t
}

// actFigures are the rows of a comparison about what people did in one of the
// runs.
func actFigures(runs []*record.Run) (all []figure) {
	var kinds []string
	for _, r := range runs {
		for _, a := range r.Acts {
			if !slices.Contains(kinds, a.Kind) && a.Kind != "typing" {
				kinds = append(kinds, a.Kind)
			}
		}
	}
	for _, kind := range kinds {
		all = append(all, figure{kind + ", 99 % answered within", func(r *record.Run) float64 {
			if a := r.ActOf(kind); a.Answered > 0 {
				return a.P99
			}
			return math.NaN()
		}, milli}, figure{kind + ", failed", func(r *record.Run) float64 {
			a := r.ActOf(kind)
			if a.Tried == 0 {
				return math.NaN()
			}
			return float64(a.Failures())
		}, func(v float64) string { return count(int64(v)) }})
	}
	return all
}
