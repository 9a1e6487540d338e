package verdict

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"livechat/load/record"
)

// Limits are the limits for the figures of a run.
type Limits []limit

// limit fails a run of which a figure compares with bound as operator says.
type limit struct {
	text     string
	figure   figure
	operator string
	bound    float64 // in the figure's unit
}

var limitForm = regexp.MustCompile(`^\s*([^<>=\s]+)\s*(>=|<=|>|<)\s*(\S.*?)\s*$`)

// Parse parses limits that are separated by commas: p99>200ms, lost>0. The
// error names all that are wrong, one per line, and what is accepted.
func Parse(list string) (all Limits, err error) {
	var faults []error
	for text := range strings.SplitSeq(list, ",") {
		if strings.TrimSpace(text) == "" {
			continue
		}
		l, err := parse(text)
		if err != nil {
			faults = append(faults, err)
		}
		all = append(all, l)
	}
	return all, errors.Join(faults...)
}

func parse(text string) (l limit, err error) {
	parts := limitForm.FindStringSubmatch(text)
	if parts == nil {
		return l, fmt.Errorf("limit %q: want a figure, one of > >= < <=, and a value, such as p99>200ms",
			strings.TrimSpace(text))
	}
	i := slices.IndexFunc(figures, func(f figure) bool { return f.name == parts[1] })
	if i < 0 {
		return l, fmt.Errorf("limit %q: no figure %q; want one of %s", parts[0], parts[1], Names())
	}
	l = limit{text: parts[1] + parts[2] + parts[3], figure: figures[i], operator: parts[2]}
	if l.bound, err = parseValue(parts[3], l.figure.unit); err != nil {
		return l, fmt.Errorf("limit %q: %w", l.text, err)
	}
	return l, nil
}

// parseValue parses a value in one of the units that are accepted for unit.
func parseValue(text, unit string) (v float64, err error) {
	switch unit {
	case unitTime, unitCPU:
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 {
			return 0, fmt.Errorf("want a time with one of the units us, ms, s, such as %s",
				map[string]string{unitTime: "200ms", unitCPU: "10us"}[unit])
		}
		if unit == unitCPU {
			return float64(d) / float64(time.Microsecond), nil
		}
		return float64(d) / float64(time.Millisecond), nil
	case unitMemory:
		return parseBytes(text)
	case unitRate:
		if v, err = strconv.ParseFloat(strings.TrimSuffix(text, "/s"), 64); err != nil || !valid(v) {
			return 0, errors.New("want deliveries a second, such as 1000 or 1000/s")
		}
		return v, nil
	}
	if v, err = strconv.ParseFloat(text, 64); err != nil || !valid(v) {
		return 0, errors.New("want a number without a unit, such as 0")
	}
	return v, nil
}

// parseBytes parses a size. A KB has 1024 bytes, as in the report.
func parseBytes(text string) (float64, error) {
	for i, suffix := range []string{"KB", "MB", "GB"} {
		digits, ok := strings.CutSuffix(text, suffix)
		if !ok {
			continue
		}
		if v, err := strconv.ParseFloat(strings.TrimSpace(digits), 64); err == nil && valid(v) {
			return v * math.Pow(1024, float64(i+1)), nil
		}
	}
	return 0, errors.New("want a size with one of the units KB, MB, GB, such as 500MB")
}

func valid(v float64) bool { return v >= 0 && !math.IsInf(v, 1) }

// Judge records what became of the limits. A figure that was not measured
// exceeds its limit: otherwise a run in which no program was found would pass
// every limit of its cost.
func (all Limits) Judge(r *record.Run) {
	r.Limits = nil
	for _, l := range all {
		value, measured := l.figure.value(r)
		r.Limits = append(r.Limits, record.Limit{Text: l.text, Figure: l.figure.name, Unit: l.figure.unit,
			Bound: l.bound, Value: value, Measured: measured, Exceeded: !measured || l.holds(value)})
	}
}

// holds reports whether the comparison is true.
func (l limit) holds(v float64) bool {
	switch l.operator {
	case ">":
		return v > l.bound
	case ">=":
		return v >= l.bound
	case "<":
		return v < l.bound
	}
	return v <= l.bound
}
