package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"livechat/load/record"
)

// contextRows returns rows of what the run was done with.
func contextRows(r *record.Run) (rows [][]string) {
	c := r.Context
	if c == nil {
		return nil
	}
	add := func(name, value string) {
		if value != "" {
			rows = append(rows, []string{name, value})
		}
	}
	for _, s := range c.Servers {
		add("server "+s.App, fmt.Sprintf("%s, %s", s.Version, s.Go))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Programs)) {
		add(name, c.Programs[name])
	}
	if c.MessageRate != nil {
		add("MESSAGE_RATE", limitText(*c.MessageRate))
	}
	if c.Insecure {
		add("certificates", "not checked (-insecure)")
	}
	add("load tool", strings.Trim(c.Tool+", "+c.Go, ", "))
	add("kernel", c.Kernel)
	add("cores", fmt.Sprint(c.Cores))
	if c.Memory > 0 {
		add("memory", memory(c.Memory))
	}
	add("container", limitsOf(c.Container))
	add("open files", count(int64(min(c.OpenFiles, 1<<62))))
	for _, name := range slices.Sorted(maps.Keys(c.Sysctls)) {
		add(name, c.Sysctls[name])
	}
	return rows
}

// limitText describes a limit of messages a second.
func limitText(rate float64) string {
	if rate == 0 {
		return "no limit"
	}
	return fmt.Sprintf("%.4g a second", rate)
}

// limitsOf describes the limits of a container.
func limitsOf(c *record.Container) string {
	if c == nil {
		return ""
	}
	var all []string
	if c.Cores > 0 {
		all = append(all, fmt.Sprintf("%.4g cores", c.Cores))
	}
	if c.Memory > 0 {
		all = append(all, memory(c.Memory))
	}
	if len(all) == 0 {
		all = []string{"no limit"}
	}
	return fmt.Sprintf("%s (cgroup v%d)", strings.Join(all, ", "), c.Version)
}

// versions returns the versions that took part, for the summary.
func versions(c *record.Context) string {
	var all []string
	if len(c.Servers) > 0 {
		all = append(all, "servers "+strings.Join(c.Versions(), ", "))
	}
	if c.Tool != "" {
		all = append(all, "load tool "+c.Tool)
	}
	return strings.Join(all, "; ")
}
