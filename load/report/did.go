package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"livechat/load/record"
)

// experiment names an experiment.
func experiment(e *record.Experiment) string {
	if e.About == "" {
		return e.File
	}
	return e.File + ": " + e.About
}

// did says what the scenario did and what came of it, a sentence each.
func did(r *record.Run) []string {
	t := &r.Totals
	all := slices.Clone(r.Did)
	switch {
	case r.Scale != nil:
		for _, s := range r.Scale.Steps {
			all = append(all, fmt.Sprintf("%s: %s, %s; %s each; %s moved, %s interrupted, longest wait %s",
				stepName(&s), stepServers(&s), stepEven(&s), stepClients(&s), count(s.Moved),
				count(s.Interrupted), milli(s.Longest)))
		}
		all = append(all, "even: "+r.Scale.Even+"; counted from the start of the command")
	case r.Settings.Stages != "" && t.Left+t.Joined == 0: // only the rate changed
	case r.Settings.Stages != "":
		all = append(all, fmt.Sprintf("%s clients joined and %s left while messages were sent",
			count(t.Joined), count(t.Left)))
	case t.Left > 0 || t.Joined > 0:
		all = append(all, fmt.Sprintf("%s clients left, %s came in their place", count(t.Left),
			count(t.Joined)))
	case t.Slow > 0:
		how := "deliveries were announced to them as missing"
		if r.Settings.Target != "" {
			how = "deliveries did not reach them while they were connected"
		}
		all = append(all, fmt.Sprintf("%s clients read slowly; their connections ended %s times, and %s %s",
			count(t.Slow), count(t.CutOff), count(t.Excused), how))
	}
	return all
}

// stepName says what the command of a step was given.
func stepName(s *record.ScaleStep) string {
	if s.N == nil {
		return "changed at " + fmt.Sprintf("%.0f s", s.At)
	}
	return "{n} = " + strconv.Itoa(*s.N)
}

func stepServers(s *record.ScaleStep) string {
	switch {
	case s.Want >= 0 && s.Want != s.Servers:
		return fmt.Sprintf("%d to %d servers instead of %d", s.Before, s.Servers, s.Want)
	case s.Before == s.Servers:
		return fmt.Sprintf("%d servers", s.Servers)
	}
	return fmt.Sprintf("%d to %d servers", s.Before, s.Servers)
}

func stepEven(s *record.ScaleStep) string {
	switch {
	case s.Even == nil:
		return fmt.Sprintf("never even in %.0f s", s.For)
	case *s.Even < evenAtOnce:
		return "even at once"
	}
	return fmt.Sprintf("even after %.1f s", *s.Even)
}

// evenAtOnce is a time in seconds that is only that of the first look.
const evenAtOnce = 0.5

func stepClients(s *record.ScaleStep) string {
	least, most := count(int64(max(s.Least, 0))), count(int64(s.Most))
	if least == most {
		return least + " clients"
	}
	return least + " to " + most + " clients"
}

// scaleTable has the steps of scale.
func scaleTable(s *record.Scale) table {
	t := table{Title: "Steps", Columns: []string{"", "servers", "command ran", "even after", "clients each",
		"moved", "interrupted", "99 %", "longest wait"}}
	for _, step := range s.Steps {
		even := "never"
		if step.Even != nil {
			even = fmt.Sprintf("%.1f s", *step.Even)
		}
		t.Rows = append(t.Rows, []string{stepName(&step), strings.TrimSuffix(stepServers(&step), " servers"),
			fmt.Sprintf("%.1f s", step.Took), even, strings.TrimSuffix(stepClients(&step), " clients"),
			count(step.Moved), count(step.Interrupted), milli(step.P99), milli(step.Longest)})
	}
	return t
}

// tablesOf returns the tables before the charts.
func tablesOf(r *record.Run) []table {
	var all []table
	if r.Scale != nil {
		all = append(all, scaleTable(r.Scale))
	}
	if len(r.Acts) > 0 {
		all = append(all, actTable(r))
	}
	if r.Network != nil {
		all = append(all, networkTable(r))
	}
	return append(all, verdictTables(r)...)
}
