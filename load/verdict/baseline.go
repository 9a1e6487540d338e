package verdict

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"livechat/load/record"
)

// ParsePercent parses a percentage, such as 10%.
func ParsePercent(text string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(text, "%")), 64)
	if err != nil || !valid(v) {
		return 0, fmt.Errorf("%q: want a percentage, such as 10%%", text)
	}
	return v, nil
}

// Comparable returns an error if two runs had different loads, so that a
// comparison of their figures says nothing about the server.
func Comparable(before, now *record.Settings) error {
	var faults []error
	differ := func(what string, a, b any) {
		if a != b {
			faults = append(faults, fmt.Errorf("%s: %v in the baseline, %v in this run", what, a, b))
		}
	}
	differ("target", cmp.Or(before.Target, "livechat"), cmp.Or(now.Target, "livechat"))
	differ("scenario", before.Scenario, now.Scenario)
	differ("clients", before.Clients, now.Clients)
	differ("rate", before.Rate, now.Rate)
	differ("stages", cmp.Or(before.Stages, "none"), cmp.Or(now.Stages, "none"))
	differ("rooms", before.Rooms, now.Rooms)
	differ("zipf", before.Zipf, now.Zipf)
	differ("size", before.Bytes, now.Bytes)
	differ("network", cmp.Or(before.Network, "none"), cmp.Or(now.Network, "none"))
	differ("mix", mix(before), mix(now))
	return errors.Join(faults...)
}

// mix formats the mix of a run, so that two can be compared.
func mix(s *record.Settings) string {
	var all []string
	for _, kind := range slices.Sorted(maps.Keys(s.Mix)) {
		all = append(all, fmt.Sprintf("%s %g %%", kind, s.Mix[kind]))
	}
	return cmp.Or(strings.Join(all, ", "), "none")
}

// Compare records how the run compares with an earlier one that was read from
// file. A figure may be worse by that percentage. Figures that one of the runs
// lacks are left out, and the advice says which.
func Compare(r, before *record.Run, file string, worse float64) {
	b := &record.Baseline{File: file, Worse: worse}
	var lacking []string
	for _, f := range figures {
		if !f.compared {
			continue
		}
		old, hasOld := f.value(before)
		now, hasNow := f.value(r)
		if !hasOld || !hasNow {
			lacking = append(lacking, f.name)
			continue
		}
		b.Figures = append(b.Figures, record.Change{Figure: f.name, Unit: f.unit, Before: old, Now: now,
			Worse: now > old*(1+worse/100)})
	}
	r.Baseline = b
	if len(lacking) > 0 {
		r.Advice = append(r.Advice, fmt.Sprintf("not compared with the baseline, because one of the runs "+
			"has not measured it: %s", strings.Join(lacking, ", ")))
	}
	if before.Machine != r.Machine {
		r.Advice = append(r.Advice,
			fmt.Sprintf("the baseline comes from another machine: %s", before.Machine))
	}
	if !slices.Equal(before.Parts, r.Parts) {
		r.Advice = append(r.Advice, fmt.Sprintf("the baseline watched other programs: %s",
			strings.Join(before.Parts, ", ")))
	}
}
