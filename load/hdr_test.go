package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The log of histograms has every measured delivery, in nanoseconds, and the CSV
// file every second.
func TestRawResults(t *testing.T) {
	addr := startServer(t, map[string]string{"MESSAGE_RATE": "0", "ROOM_RATE": "0", "LOG_LEVEL": "warn"})
	dir := t.TempDir()
	hdr, csv := filepath.Join(dir, "run.hlog"), filepath.Join(dir, "run.csv")
	r, text, err := runLoad(t, "-url", "ws://"+addr, "-clients", "10", "-rate", "20", "-for", "2s", "-warmup",
		"300ms", "-hdr", hdr, "-csv", csv)
	if err != nil || !strings.Contains(text, "histograms: "+hdr) || !strings.Contains(text, "seconds: "+csv) {
		t.Errorf("%v: %s", err, text)
	}
	lines, err := os.ReadFile(csv)
	if err != nil || bytes.Count(lines, []byte("\n")) != 1+len(r.Seconds) {
		t.Errorf("%v and %d seconds in\n%s", err, len(r.Seconds), lines)
	}
	log, err := os.Open(hdr)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	all, reader := hdrhistogram.New(1, int64(nsRange), 3), hdrhistogram.NewHistogramLogReader(log)
	for {
		h, err := reader.NextIntervalHistogram()
		if err != nil {
			t.Fatal(err)
		}
		if h == nil {
			break
		}
		if at := time.UnixMilli(h.StartTimeMs()); at.Before(r.Began.Add(-2*time.Second)) ||
			h.EndTimeMs() <= h.StartTimeMs() || time.UnixMilli(h.EndTimeMs()).After(time.Now()) {
			t.Errorf("an interval from %s to %s in a run from %s", at, time.UnixMilli(h.EndTimeMs()), r.Began)
		}
		all.Merge(h)
	}
	if all.TotalCount() != r.Totals.Measured || r.Totals.Measured == 0 {
		t.Errorf("%d deliveries in the log, %d measured", all.TotalCount(), r.Totals.Measured)
	}
	p99 := float64(all.ValueAtQuantile(99)) / float64(time.Millisecond)
	if p99 < 0.99*r.Latency.P99 || p99 > 1.01*r.Latency.P99 {
		t.Errorf("99 %% within %g ms in the log, %g ms in the figures", p99, r.Latency.P99)
	}
}
