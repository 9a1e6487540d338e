package record

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"
)

func TestCSVHasEverySecond(t *testing.T) {
	r := Run{Parts: []string{"redis, 6"}, Seconds: []Second{
		{At: 1, Span: 1, Warmup: true, Connected: 5, Servers: map[string]Server{"1000": {Connected: 5}}},
		{At: 2.5, Span: 1.5, Delivered: 700, Latency: Latency{P99: 1.25},
			Servers: map[string]Server{"1000": {Connected: 3}, "2000": {Connected: 2, P99: 1.5}},
			Parts:   map[string]Process{"redis, 6": {CPU: 12.5, Memory: 1 << 20}}},
	}}
	file := filepath.Join(t.TempDir(), "seconds.csv")
	if err := r.WriteCSV(file); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll() // fails unless all have the same number of cells
	if err != nil || len(rows) != 3 {
		t.Fatalf("%v: %q", err, rows)
	}
	for i, name := range rows[0] {
		want, ok := map[string]string{"at_s": "2.5", "span_s": "1.5", "warmup": "false", "delivered": "700",
			"p99_ms": "1.25", "connected_1000": "3", "connected_2000": "2", "p99_ms_2000": "1.5",
			"cpu_percent_redis, 6": "12.5", "memory_bytes_redis, 6": "1048576"}[name]
		if ok && rows[2][i] != want {
			t.Errorf("%s is %s, want %s", name, rows[2][i], want)
		}
	}
	if err := r.WriteCSV(filepath.Join(file, "x")); err == nil {
		t.Error("wrote into a file that is no folder")
	}
}
