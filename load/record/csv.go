package record

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
)

// WriteCSV writes the seconds of the run to a file, one per line below a
// heading. Columns of servers and programs end with their names.
func (r *Run) WriteCSV(name string) (err error) {
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("write the seconds: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return r.csv(f)
}

// column is a column of the CSV file.
type column struct {
	name  string
	value func(*Second) string
}

func (r *Run) csv(out io.Writer) error {
	columns := r.columns()
	w := csv.NewWriter(out)
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = c.name
	}
	err := w.Write(cells)
	for s := range r.Seconds {
		for i, c := range columns {
			cells[i] = c.value(&r.Seconds[s])
		}
		err = errors.Join(err, w.Write(cells))
	}
	w.Flush()
	if err = errors.Join(err, w.Error()); err != nil {
		return fmt.Errorf("write the seconds: %w", err)
	}
	return nil
}

func (r *Run) columns() []column {
	whole := func(of func(*Second) int64) func(*Second) string {
		return func(s *Second) string { return strconv.FormatInt(of(s), 10) }
	}
	float := func(of func(*Second) float64) func(*Second) string {
		return func(s *Second) string { return strconv.FormatFloat(of(s), 'f', -1, 64) }
	}
	all := []column{
		{"at_s", float(func(s *Second) float64 { return s.At })},
		{"span_s", float(func(s *Second) float64 { return s.Span })},
		{"warmup", func(s *Second) string { return strconv.FormatBool(s.Warmup) }},
		{"connected", whole(func(s *Second) int64 { return int64(s.Connected) })},
		{"sent", whole(func(s *Second) int64 { return s.Sent })},
		{"delivered", whole(func(s *Second) int64 { return s.Delivered })},
		{"due", whole(func(s *Second) int64 { return s.Due })},
		{"lost_so_far", whole(func(s *Second) int64 { return s.Lost })},
		{"reconnects", whole(func(s *Second) int64 { return s.Reconnects })},
		{"mean_ms", float(func(s *Second) float64 { return s.Latency.Mean })},
		{"p50_ms", float(func(s *Second) float64 { return s.Latency.P50 })},
		{"p90_ms", float(func(s *Second) float64 { return s.Latency.P90 })},
		{"p99_ms", float(func(s *Second) float64 { return s.Latency.P99 })},
		{"p999_ms", float(func(s *Second) float64 { return s.Latency.P999 })},
		{"max_ms", float(func(s *Second) float64 { return s.Latency.Max })},
		{"loader_cpu_percent", float(func(s *Second) float64 { return s.Loader.CPU })},
		{"loader_memory_bytes", whole(func(s *Second) int64 { return s.Loader.Memory })},
	}
	for _, app := range r.apps() {
		all = append(all,
			column{"connected_" + app,
				whole(func(s *Second) int64 { return int64(s.Servers[app].Connected) })},
			column{"delivered_" + app, whole(func(s *Second) int64 { return s.Servers[app].Delivered })},
			column{"p99_ms_" + app, float(func(s *Second) float64 { return s.Servers[app].P99 })})
	}
	for _, part := range r.Parts {
		all = append(all,
			column{"cpu_percent_" + part, float(func(s *Second) float64 { return s.Parts[part].CPU })},
			column{"memory_bytes_" + part, whole(func(s *Second) int64 { return s.Parts[part].Memory })})
	}
	return all
}

// apps returns the APPIDs of all servers of the run.
func (r *Run) apps() []string {
	all := make(map[string]bool)
	for _, s := range r.Seconds {
		for app := range s.Servers {
			all[app] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}
