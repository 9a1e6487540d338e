package main

import (
	"fmt"

	"livechat/load/plan"
)

// setStages makes the run follow the stages that -stages lists. given are the
// flags that the user has set.
func setStages(s *plan.Settings, list string, given map[string]bool) error {
	if list == "" {
		return nil
	}
	all, clients, rate, err := plan.ParseStages(list)
	if err != nil {
		return fmt.Errorf("-stages: %w", err)
	}
	for name, said := range map[string]bool{"clients": clients, "rate": rate} {
		if said && given[name] {
			return fmt.Errorf("-%s: the stages say it; change them or leave it out", name)
		}
	}
	s.SetStages(all, clients, rate)
	if !given["for"] {
		s.For = all[len(all)-1].At
	}
	if !given["warmup"] {
		s.Warmup = 0 // the first stages are one
	}
	return nil
}
